import { devAccount, type DevnetState } from '@enigma/devnet'
import { expect } from 'chai'
import { createEnigmaClient } from 'enigma-js'
import type { Browser, BrowserContext, BrowserContextOptions } from 'playwright-core'
import { sample } from './support/actors.ts'
import { keepPicture, openBrowser } from './support/browser.ts'
import { DappPage } from './support/dapp-page.ts'
import { startDevServer } from './support/dev-server.ts'
import { launch, type Launched } from './support/launched.ts'
import { openRelay } from './support/relay.ts'
import { StandInWallet } from './support/wallet.ts'

const DESKTOP = { viewport: { width: 1180, height: 900 } }
const PHONE = { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true }

/** A contract with an entry, for the tests that do not deploy one themselves. */
async function deployed({ enigma = '', chainUrl = '', workers = [] }: DevnetState): Promise<string> {
  const rpc = workers.map(({ httpUrl }) => httpUrl)
  const { privateKey, address: who } = devAccount(18)
  const client = await createEnigmaClient({ privateKey, chainUrl, network: { enigma, rpc, mode: 'simulation' } })
  const artifact = sample('millionaires')
  const address = await (await client.deploy(artifact, [])).result()
  await client.contract(address, artifact.abi).call.addMillionaire!(who, 3n)
  client.close()
  return address
}

describe('e2e: the template dApp', function () {
  this.timeout(240_000)
  let network: Launched
  let url: string
  let browser: Browser
  let contract: string
  let slow: Promise<{ popUps: readonly string[]; faults: readonly string[] }>
  const contexts: BrowserContext[] = []

  before(async () => {
    network = await launch()
    url = network.state.pages?.dapp ?? ''
    browser = await openBrowser()
    contract = await deployed(network.state)
    // It takes its time: it goes on beside the other tests, and is waited for at the end.
    slow = slowVisit()
    slow.catch(() => undefined)
  })
  afterEach(async () => {
    for (const context of contexts.splice(0)) await context.close()
  })
  after(async () => {
    await browser?.close()
    await network?.stop()
  })

  const context = async (options: BrowserContextOptions = DESKTOP): Promise<BrowserContext> => {
    const made = await browser.newContext({ colorScheme: 'light', ...options })
    contexts.push(made)
    return made
  }

  it('loads, deploys, takes encrypted entries from several accounts, and names the richest', async () => {
    const visit = await context()
    let release = (): void => undefined
    const held = new Promise<void>(resolve => (release = resolve))
    await visit.route('**/network.json', async route => {
      await held
      await route.continue()
    })
    const dapp = await DappPage.open(visit, url)
    await dapp.page.getByText('Enigma setup still loading...').waitFor()
    release()
    await dapp.loaded()

    await dapp.useTestAccount(1)
    expect(await dapp.deploy()).to.match(/^0x[0-9a-f]{64}$/)
    await dapp.addEntry('1 000 000')
    const rich = await dapp.useTestAccount(2)
    await dapp.addEntry('7654321987654')
    expect((await dapp.sights()).join('\n')).to.match(/Your input, in the clear.*7654321987654/)
    await keepPicture(dapp.page, 'dapp-light')
    await dapp.useTestAccount(3)
    await dapp.page.getByLabel('Ask the enclave for a trace').check()
    await dapp.addEntry('2000000')
    await dapp.page.getByTestId('trace-event').filter({ hasText: 'write' }).first().waitFor()
    const gas = dapp.page.getByTestId('trace-gas')
    await gas.filter({ hasText: 'Gas by function' }).getByText('enigma-entry/call').waitFor()
    await gas.filter({ hasText: 'Gas by call' }).getByText('state_write').waitFor()
    expect(await dapp.seriousFindings('light-trace'), 'with a trace').to.deep.equal([])
    await keepPicture(dapp.page, 'dapp-light-trace')
    await dapp.page.getByLabel('Ask the enclave for a trace').uncheck()

    expect((await dapp.askRichest()).toLowerCase()).to.equal(rich.toLowerCase())
    const seen = (await dapp.sights()).join('\n')
    for (const words of ['Ciphertext', 'Fee in escrow', 'Hash of the answer', 'Paid to the worker', 'The answer'])
      expect(seen).to.contain(words)
    expect(await dapp.page.getByTestId('worker').count()).to.equal(3)
    await dapp.page.getByTestId('receipt').nth(4).waitFor() // deployment, three entries, the question
    await keepPicture(dapp.page, 'dapp-light-answer')
    expect(dapp.faults).to.deep.equal([])

    // What left the page: ciphertext. Neither as text nor as the 32 bytes of an argument.
    const everything = dapp.sent.join('\n').toLowerCase()
    expect(everything).to.contain('sendtaskinput')
    expect(everything).to.not.contain('7654321987654').and.to.not.contain(7654321987654n.toString(16))
  })

  it('goes on with its task after a reload in the middle', async () => {
    const dapp = await DappPage.open(await context(), url)
    await dapp.loaded()
    await dapp.useTestAccount(4)
    await attach(dapp)
    await dapp.startEntry('5')
    // A quick worker may have taken it before one looks.
    await dapp.page
      .locator('.step:is([data-state="active"], [data-state="done"])', { hasText: 'A worker takes it' })
      .waitFor()
    await dapp.page.locator('.sight', { hasText: 'Transaction' }).waitFor()
    await dapp.page.reload()

    await dapp.finished('Add a fortune')
    await dapp.page.locator('.card .tag', { hasText: 'Test account 4' }).waitFor() // the account came back by itself
    expect((await dapp.sights()).join('\n')).to.contain('not stored by this page')
    expect(dapp.faults).to.deep.equal([])
  })

  it('says in a sentence, with its code, that the wallet’s user declined, and sends again at a press', async () => {
    const wallet = new StandInWallet({ account: devAccount(17), chainUrl: network.state.chainUrl ?? '' })
    const visit = await context()
    await wallet.install(visit)
    const dapp = await DappPage.open(visit, url)
    await dapp.loaded()
    wallet.declines = true
    await dapp.page.getByRole('button', { name: 'Stand-in Wallet' }).click()
    await dapp.page.getByRole('alert').getByText('USER_REJECTED').waitFor()
    wallet.declines = false
    await dapp.page.getByRole('button', { name: 'Stand-in Wallet' }).click()
    await dapp.page.locator('.card .tag', { hasText: 'Stand-in Wallet' }).waitFor()
    await attach(dapp)

    wallet.declines = true
    await dapp.startEntry('11')
    const alert = dapp.page.locator('.task').getByRole('alert')
    await alert.getByText('USER_REJECTED').waitFor()
    expect(await alert.innerText()).to.match(/declined|said no|rejected/i)
    expect(await dapp.stepStates()).to.include('failed')
    await keepPicture(dapp.page, 'dapp-declined')
    wallet.declines = false
    await dapp.page.getByRole('button', { name: 'Send again' }).click()
    await dapp.finished('Add a fortune')
  })

  it('has no serious accessibility findings, light and dark, wide and narrow, and fits a phone', async () => {
    for (const [name, options] of [
      ['light', { ...DESKTOP, colorScheme: 'light' }],
      ['dark', { ...DESKTOP, colorScheme: 'dark' }],
      ['phone-light', { ...PHONE, colorScheme: 'light' }],
      ['phone-dark', { ...PHONE, colorScheme: 'dark' }]
    ] as const) {
      const dapp = await DappPage.open(await context(options), url)
      await dapp.loaded()
      await dapp.page.getByTestId('worker').first().waitFor()
      expect(await dapp.seriousFindings(`${name}-start`), `${name}, at first`).to.deep.equal([])
      await keepPicture(dapp.page, `dapp-${name}-start`)
      await dapp.useTestAccount(5)
      await attach(dapp)
      await dapp.askRichest()
      expect(await dapp.seriousFindings(`${name}-task`), `${name}, with an answer`).to.deep.equal([])
      expect(await dapp.overflow(), `${name} is wider than its window`).to.equal(0)
      await keepPicture(dapp.page, `dapp-${name}-task`)
    }
  })

  it('can be used by keyboard alone', async () => {
    const dapp = await DappPage.open(await context(), url)
    await dapp.loaded()
    const { keyboard } = dapp.page
    /** Presses Tab until the focus is on what is called so. */
    const tabTo = async (name: RegExp): Promise<void> => {
      for (let presses = 0; presses < 60; presses++) {
        await keyboard.press('Tab')
        const focused = await dapp.page.evaluate(() => {
          const found = document.activeElement
          const label =
            found instanceof HTMLInputElement || found instanceof HTMLSelectElement ? found.labels?.[0] : found
          const outline = found === null ? '' : getComputedStyle(found).outlineStyle
          return { name: (label?.textContent ?? '') + (found?.getAttribute('aria-label') ?? ''), outline }
        })
        if (!name.test(focused.name)) continue
        expect(focused.outline, `the focus on ${String(name)} cannot be seen`).to.not.equal('none')
        return
      }
      throw new Error(`Tab never comes to ${String(name)}`)
    }

    await tabTo(/^Skip to the page/)
    await tabTo(/^Test account/)
    await keyboard.type('Test account 6')
    await keyboard.press('Enter')
    await dapp.page.locator('.card .tag', { hasText: 'Test account 6' }).waitFor()
    await tabTo(/^Use one that somebody/)
    await keyboard.press('Enter')
    await tabTo(/^Its address/)
    await keyboard.type(contract)
    await keyboard.press('Enter')
    await dapp.page.getByTestId('contract').waitFor()
    await tabTo(/^Fortune/)
    await keyboard.type('12')
    await keyboard.press('Enter')
    await dapp.finished('Add a fortune')
  })

  it('works from its sources, as `npm run dev -w template-dapp` serves them', async () => {
    const server = await startDevServer(url)
    try {
      const dapp = await DappPage.open(await context(), server.url)
      await dapp.loaded()
      await dapp.useTestAccount(7)
      expect(await dapp.deploy()).to.match(/^0x[0-9a-f]{64}$/)
      await dapp.addEntry('21')
      expect(dapp.faults).to.deep.equal([])
    } finally {
      await server.stop()
    }
  })

  it('works with a wallet whose user takes 20 s in every window, from another chain', async () => {
    const { popUps, faults } = await slow
    // The windows take longer than an epoch: what was signed before its end is good after it, also where it was sent again.
    const again = popUps.length === 5 ? ['eth_sendTransaction'] : []
    expect(popUps).to.deep.equal([
      'eth_requestAccounts',
      'wallet_addEthereumChain',
      'eth_signTypedData_v4',
      'eth_sendTransaction',
      ...again
    ])
    expect(faults).to.deep.equal([])
  })

  it('says so when the network does not answer, and goes on with one that was started in its place', async () => {
    await slow
    // At the same address before and after, as with the documented ports.
    const relay = await openRelay(url)
    try {
      const dapp = await DappPage.open(await context(), relay.url)
      await dapp.loaded()
      await dapp.useTestAccount(8)
      await attach(dapp)
      await network.stop()
      await dapp.page.getByTestId('setup').filter({ hasText: 'does not answer' }).waitFor()
      await dapp.page.getByRole('alert').getByText('CHAIN_UNREACHABLE').waitFor()
      await keepPicture(dapp.page, 'dapp-away')

      network = await launch()
      relay.target = network.state.pages?.dapp ?? ''
      await dapp.loaded()
      await dapp.page.locator('.card .tag', { hasText: 'Test account 8' }).waitFor()
      expect(await dapp.page.getByTestId('contract').count(), 'a contract of the network before').to.equal(0)
      expect(await dapp.deploy()).to.match(/^0x[0-9a-f]{64}$/)
    } finally {
      relay.close()
    }
  })

  async function slowVisit(): Promise<{ popUps: readonly string[]; faults: readonly string[] }> {
    const chainUrl = network.state.chainUrl ?? ''
    // An account that no other test uses meanwhile: a permit of its next nonce would make this one void.
    const wallet = new StandInWallet({ account: devAccount(19), chainUrl, popUpMs: 20_000, chainId: 1 })
    const visit = await browser.newContext(DESKTOP)
    await wallet.install(visit)
    const dapp = await DappPage.open(visit, url)
    await dapp.loaded()
    await dapp.page.getByRole('button', { name: 'Stand-in Wallet' }).click()
    await dapp.page.locator('.card .tag', { hasText: 'Stand-in Wallet' }).waitFor({ timeout: 90_000 })
    await attach(dapp)
    await dapp.startEntry('9')
    try {
      await dapp.finished('Add a fortune')
    } catch (error) {
      // On a machine that is slow besides, the epoch can end while the wallet shows the transaction.
      if (!(error as Error).message.includes('EPOCH_STALE')) throw error
      await dapp.page.getByRole('button', { name: 'Send again' }).click()
      await dapp.running('Add a fortune')
      await dapp.finished('Add a fortune')
    }
    await visit.close()
    return { popUps: wallet.popUps, faults: dapp.faults }
  }

  async function attach(dapp: DappPage): Promise<void> {
    await dapp.page.getByText('Use one that somebody has deployed').click()
    await dapp.page.getByLabel('Its address').fill(contract)
    await dapp.page.getByRole('button', { name: 'Use it' }).click()
    await dapp.page.getByTestId('contract').waitFor()
  }
})
