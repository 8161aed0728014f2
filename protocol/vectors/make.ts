/** Writes the vectors beside it from fixed inputs: `node protocol/vectors/make.ts`. They change only with a version. */
import { writeFileSync } from 'node:fs'
import { vectors } from './vectors.ts'

for (const [name, content] of Object.entries(vectors())) {
  const text = JSON.stringify(content, (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value), 2)
  writeFileSync(new URL(`./${name}.json`, import.meta.url), `${text}\n`)
}
