const IMPORTED = /^\s*\(import\s"[^"]*" "([^"]*)" \(func /
/** `$name`, or `$"a name with other characters"`. */
const DEFINED = /^ ?\(func \$(?:"([^"]*)"|(\S+))/

/**
 * Names of a module's functions by index, from the compiler's text of it: imports first, as in the bytecode. An import has the name
 * that the platform gave it; what the compiler put between the contract and the platform keeps its path.
 */
export function functionNames(text: string): string[] {
  const imported: string[] = []
  const defined: string[] = []
  for (const line of text.split('\n')) {
    const platform = IMPORTED.exec(line)?.[1]
    if (platform !== undefined) imported.push(platform)
    const [, quoted, own = quoted] = DEFINED.exec(line) ?? []
    if (own !== undefined) defined.push(own)
  }
  return [...imported, ...defined]
}
