import { globSync } from 'node:fs'
import { join } from 'node:path'
import type { Row } from './row.ts'

const folder = join(import.meta.dirname, 'rows')

/** Every row that there is a file for, by number. */
export async function allRows(): Promise<Row[]> {
  const files = globSync('*.ts', { cwd: folder })
  const rows = await Promise.all(
    files.map(async file => {
      const { row } = (await import(join(folder, file))) as { row: Row }
      if (!file.startsWith(`${String(row.number).padStart(2, '0')}-`)) {
        throw new Error(`${file} holds row ${row.number}`)
      }
      return row
    })
  )
  return rows.sort((a, b) => a.number - b.number)
}
