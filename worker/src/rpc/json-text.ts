/** How deep a parser's recursion, and ours, may go. */
export const MAX_JSON_DEPTH = 32

/** Whether arrays and objects are nested deeper than `max`. Looks at brackets outside strings only; the parser checks the rest. */
export function isDeeperThan(text: string, max: number): boolean {
  let depth = 0
  let inString = false
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (inString) {
      if (c === BACKSLASH) i += 1
      else if (c === QUOTE) inString = false
    } else if (c === QUOTE) inString = true
    else if (c === OPEN_OBJECT || c === OPEN_ARRAY) {
      if (++depth > max) return true
    } else if (c === CLOSE_OBJECT || c === CLOSE_ARRAY) depth -= 1
  }
  return false
}

const [QUOTE, BACKSLASH, OPEN_OBJECT, CLOSE_OBJECT, OPEN_ARRAY, CLOSE_ARRAY] = [...'"\\{}[]'].map(c =>
  c.charCodeAt(0)
) as [number, number, number, number, number, number]
