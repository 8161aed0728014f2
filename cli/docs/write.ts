/** `npm run docs -w cli`: writes docs/cli.md and docs/errors.md anew. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pages } from './pages.ts'

for (const [path, text] of await pages()) {
  writeFileSync(join(import.meta.dirname, '../..', path), text)
  console.log(path)
}
