/** What a compiled contract may import from. */
const HOST_MODULE = 'enigma'

const IMPORT = new RegExp(String.raw`^\s*\(import "([^"]*)" "([^"]*)"`)

/**
 * Finds in the compiler's text output what every deployment would refuse: floating point, and imports that nobody offers.
 * The enclave judges the bytecode itself; this says it earlier, and names the function.
 */
export function refusedByEnclaves(text: string): string[] {
  const found = new Set<string>()
  let current = ''
  for (const line of text.split('\n')) {
    const [, module, name] = IMPORT.exec(line) ?? []
    if (module !== undefined && module !== HOST_MODULE) {
      found.add(`The contract needs ${module}.${name}, which enclaves do not offer.`)
    }
    current = /^\s*\((?:func|global) \$(\S+)/.exec(line)?.[1] ?? current
    if (/[\s(]f(?:32|64)[\s.)]/.test(line)) {
      found.add(
        `${current.startsWith('enigma-entry/') ? 'The contract' : current} computes with floating-point numbers, which enclaves refuse: their results differ between machines.`
      )
    }
  }
  return [...found]
}
