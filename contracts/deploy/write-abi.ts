import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { abiModules } from './abi.ts'
import { artifactsIn } from './artifacts.ts'

// Writes protocol/src/abi/*.ts and enigma-js/src/chain/abi.ts from the built contracts. With `--check` it writes nothing and exits 1 if a file is out of date.
const root = fileURLToPath(new URL('../../', import.meta.url))
const check = process.argv.includes('--check')
for (const { path, text } of await abiModules(artifactsIn())) {
  const present = await readFile(root + path, 'utf8').catch(() => '')
  if (present === text) continue
  if (check) {
    console.error(`${path} is not the ABI of the built contracts. Run "npm run build:abi" and commit the result.`)
    process.exitCode = 1
    continue
  }
  await mkdir(dirname(root + path), { recursive: true })
  await writeFile(root + path, text)
  console.log(`wrote ${path}`)
}
