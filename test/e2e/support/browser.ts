import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { chromium, type Browser, type Page } from 'playwright-core'

const executablePath = process.env.ENIGMA_CHROMIUM ?? '/usr/bin/chromium'
const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync'
]

/** The system's Chromium, without a window. */
export const openBrowser = (): Promise<Browser> => chromium.launch({ executablePath, args })

const artefacts = join(import.meta.dirname, '../../../build/artefacts')

/** Keeps a picture of the whole page in build/artefacts, for people. */
export async function keepPicture(page: Page, name: string): Promise<void> {
  mkdirSync(artefacts, { recursive: true })
  await page.screenshot({ path: join(artefacts, `${name}.png`), fullPage: true })
}

/** Keeps a text in build/artefacts. */
export function keepText(name: string, text: string): void {
  mkdirSync(artefacts, { recursive: true })
  writeFileSync(join(artefacts, name), text)
}
