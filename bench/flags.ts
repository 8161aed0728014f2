const valueOf = (name: string): string | undefined => {
  const at = process.argv.indexOf(name)
  return at < 0 ? undefined : (process.argv[at + 1] ?? '')
}

/** The value of `--name VALUE` on the command line, or the standard. */
export const textFlag = (name: string, standard: string): string => valueOf(name) ?? standard

/** The same for a number, not below 0. @throws on anything else: a bench must not measure what nobody asked for */
export function numberFlag(name: string, standard: number): number {
  const text = valueOf(name)
  if (text === undefined) return standard
  if (!/^\d+(\.\d+)?$/.test(text)) throw new Error(`${name} takes a number, not '${text}'.`)
  return Number(text)
}

export const hasFlag = (name: string): boolean => process.argv.includes(name)
