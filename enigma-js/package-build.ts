/**
 * `node enigma-js/package-build.ts`: the library as a package for any bundler, in dist/package.
 *
 * One ES module per source file, so that a bundler leaves out what a page does not use; type declarations beside them. `protocol`,
 * which is no package of its own outside this repository, comes along inside.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import ts from 'typescript'

const root = join(import.meta.dirname, '..')
export const packageFolder = join(import.meta.dirname, 'dist/package')

/** Imports of packages of ours, and the files behind them. */
const INSIDE: Readonly<Record<string, string>> = {
  '@enigma/protocol': 'protocol/src/index.js',
  '@enigma/protocol/secret-abi': 'protocol/src/secret-abi/index.js'
}
const ENTRIES = { '.': 'enigma-js/src/index', './compat': 'enigma-js/src/compat/index' }

/** Writes the package anew. @throws an Error with the compiler's words, if the sources do not compile. */
export function buildPackage(): void {
  rmSync(packageFolder, { recursive: true, force: true })
  const config = ts.readConfigFile(join(root, 'tsconfig.json'), path => readFileSync(path, 'utf8'))
  const { options } = ts.convertCompilerOptionsFromJson(
    (config.config as { compilerOptions: object }).compilerOptions,
    root
  )
  // Named themselves, and first: what is only reached by a package's name counts as foreign and is not written.
  const insiders = Object.values(INSIDE).map(path => path.replace(/\.js$/, '.ts'))
  const entries = [...insiders, ...Object.values(ENTRIES).map(entry => `${entry}.ts`)].map(path => join(root, path))
  const program = ts.createProgram(entries, {
    ...options,
    noEmit: false,
    declaration: true,
    rewriteRelativeImportExtensions: true,
    rootDir: root,
    outDir: join(packageFolder, 'lib'),
    target: ts.ScriptTarget.ES2022,
    types: []
  })
  const { diagnostics } = program.emit(undefined, (path, text) => write(path, text))
  const problems = [...ts.getPreEmitDiagnostics(program), ...diagnostics]
  if (problems.length > 0) throw new Error(ts.formatDiagnostics(problems, formatHost))
  writeFileSync(join(packageFolder, 'package.json'), `${JSON.stringify(manifest(), undefined, 2)}\n`)
  write(join(packageFolder, 'LICENSE'), readFileSync(join(root, 'LICENSE'), 'utf8'))
}

const formatHost: ts.FormatDiagnosticsHost = {
  getCanonicalFileName: path => path,
  getCurrentDirectory: () => root,
  getNewLine: () => '\n'
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, inside(path, text))
}

/** Imports of our own packages become relative ones; declarations keep no `.ts` either. */
function inside(path: string, text: string): string {
  const here = dirname(relative(join(packageFolder, 'lib'), path))
  const relativeTo = (target: string): string => {
    const found = relative(here, target)
    return found.startsWith('.') ? found : `./${found}`
  }
  return text
    .replace(/(from |import\()(['"])(@enigma\/[^'"]+)\2/g, (whole, before: string, quote: string, name: string) =>
      name in INSIDE ? `${before}${quote}${relativeTo(INSIDE[name]!)}${quote}` : whole
    )
    .replace(/((?:from |import\()['"]\.[^'"]*)\.ts(['"])/g, '$1.js$2')
}

function manifest(): object {
  const read = (name: string): Record<string, Record<string, string>> & { version: string } =>
    JSON.parse(readFileSync(join(root, name, 'package.json'), 'utf8')) as never
  const own = read('enigma-js')
  const { ethers: _, ...dependencies } = read('protocol').dependencies!
  const { name, version, description, license, peerDependencies } = own
  const exports = Object.fromEntries(
    Object.entries(ENTRIES).map(([entry, file]) => [
      entry,
      { types: `./lib/${file}.d.ts`, default: `./lib/${file}.js` }
    ])
  )
  return {
    name,
    version,
    description,
    license,
    type: 'module',
    sideEffects: false,
    exports,
    dependencies,
    peerDependencies
  }
}

if (import.meta.main) {
  buildPackage()
  console.log(relative(root, packageFolder))
}
