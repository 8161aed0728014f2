import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { abiModules } from './abi.ts'
import { artifactsIn } from './artifacts.ts'

// Writes protocol/src/abi/*.ts from the built contracts. A test notices when they are out of date.
const root = fileURLToPath(new URL('../../', import.meta.url))
for (const { path, text } of await abiModules(artifactsIn())) {
  await mkdir(dirname(root + path), { recursive: true })
  await writeFile(root + path, text)
  console.log(`wrote ${path}`)
}
