import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { keepText } from './browser.ts'
import type { BrowserContext, Page } from 'playwright-core'

/** A task takes some seconds on a quiet machine, and a minute more with a person who takes their time. */
const TASK_MS = 150_000

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** The template dApp in a browser, by what a person sees of it. */
export class DappPage {
  readonly page: Page
  /** Faults that no person should have to see. */
  readonly faults: string[] = []
  /** Everything that the page sent anywhere. */
  readonly sent: string[] = []

  constructor(page: Page) {
    this.page = page
    page.setDefaultTimeout(30_000)
    page.on('pageerror', error => this.faults.push(error.message))
    page.on('console', message => {
      if (message.type() === 'error') this.faults.push(message.text())
    })
    page.on('request', request => this.sent.push(request.url(), request.postData() ?? ''))
  }

  static async open(context: BrowserContext, url: string): Promise<DappPage> {
    const dapp = new DappPage(await context.newPage())
    await dapp.page.goto(url)
    return dapp
  }

  async loaded(): Promise<void> {
    await this.page.getByText('Enigma setup has loaded!').waitFor()
  }

  async useTestAccount(number: number): Promise<string> {
    await this.page.getByLabel('Test account').selectOption({ label: `Test account ${number}` })
    await this.page.getByText(`Test account ${number}`, { exact: true }).first().waitFor()
    await this.page.locator('.card .tag', { hasText: `Test account ${number}` }).waitFor()
    return this.page.getByRole('textbox', { name: 'Owner' }).inputValue()
  }

  async deploy(): Promise<string> {
    await this.page.getByRole('button', { name: 'Deploy the contract' }).click()
    await this.finished('Deploy the contract')
    return (await this.page.getByTestId('contract').getAttribute('data-address')) ?? ''
  }

  /** Presses the button; the task has only begun then. */
  async startEntry(fortune: string): Promise<void> {
    await this.page.getByRole('textbox', { name: 'Fortune' }).fill(fortune)
    await this.page.getByRole('button', { name: 'Add encrypted entry' }).click()
    await this.running('Add a fortune')
  }

  async addEntry(fortune: string): Promise<void> {
    await this.startEntry(fortune)
    await this.finished('Add a fortune')
  }

  /** Address of the richest. */
  async askRichest(): Promise<string> {
    await this.page.getByRole('button', { name: 'Who is the richest?' }).click()
    await this.finished('Who is the richest?')
    return (await this.page.getByTestId('richest').getAttribute('data-address')) ?? ''
  }

  async running(title: string): Promise<void> {
    await this.page.locator('.task', { hasText: title }).locator('.tag-running').waitFor()
  }

  /** Until the task of this title is done. @throws with what the page says, if it failed. */
  async finished(title: string): Promise<void> {
    const card = this.page.locator('.task', { has: this.page.getByRole('heading', { name: title }) })
    await card.locator('.tag-done, .tag-failed').waitFor({ timeout: TASK_MS })
    const problem = card.getByRole('alert')
    if ((await problem.count()) > 0) throw new Error(await problem.innerText())
    expect(await this.stepStates()).to.deep.equal(Array(5).fill('done'))
  }

  stepStates(): Promise<(string | null)[]> {
    return this.page.locator('.step').evaluateAll(steps => steps.map(step => step.getAttribute('data-state')))
  }

  /** `You: Your input: addMillionaire(...)`, one per sight. */
  sights(): Promise<string[]> {
    return this.page.locator('.sight').evaluateAll(found => found.map(sight => sight.textContent.replace(/\s+/g, ' ')))
  }

  /** What an accessibility checker calls serious or worse, one line each. All that it found is kept under this name. */
  async seriousFindings(name: string): Promise<string[]> {
    await this.page.evaluate(axeSource)
    const violations = await this.page.evaluate(async () => {
      const { axe } = globalThis as unknown as { axe: { run(): Promise<{ violations: Violation[] }> } }
      interface Violation {
        readonly id: string
        readonly impact: string
        readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[]
      }
      return (await axe.run()).violations.map(({ id, impact, nodes }) => ({
        id,
        impact,
        places: nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`)
      }))
    })
    keepText(`axe-${name}.json`, JSON.stringify(violations, undefined, 2))
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id, places }) => places.map(place => `${id}: ${place}`))
  }

  /** How many pixels the page is wider than its window. */
  overflow(): Promise<number> {
    return this.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  }
}
