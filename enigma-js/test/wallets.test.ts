import { expect } from 'chai'
import { discoverWallets, type Wallet } from '../src/index.ts'

const provider = { request: () => Promise.resolve([]) }

/** A window in which wallets announce themselves, whenever they are asked or on their own. */
class Page extends EventTarget {
  announce(detail: unknown): void {
    this.dispatchEvent(new CustomEvent('eip6963:announceProvider', { detail }))
  }
}

const info = { uuid: 'a-1', name: 'Test Wallet', rdns: 'org.test', icon: 'data:image/svg+xml,<svg/>' }

describe('enigma-js/wallets', () => {
  it('asks wallets to announce themselves, and reports each once, late ones too', () => {
    const page = new Page()
    page.addEventListener('eip6963:requestProvider', () => page.announce({ info, provider }))
    const found: Wallet[] = []
    const stop = discoverWallets(wallet => found.push(wallet), page)
    expect(found).to.deep.equal([{ id: 'a-1', name: 'Test Wallet', rdns: 'org.test', icon: info.icon, provider }])

    page.announce({ info, provider })
    page.announce({ info: { ...info, uuid: 'b-2', name: 'Late' }, provider })
    expect(found.map(({ name }) => name)).to.deep.equal(['Test Wallet', 'Late'])

    stop()
    page.announce({ info: { ...info, uuid: 'c-3' }, provider })
    expect(found).to.have.length(2)
  })

  it('takes no announcement without a provider, and no picture from elsewhere', () => {
    const page = new Page()
    const found: Wallet[] = []
    discoverWallets(wallet => found.push(wallet), page)
    for (const detail of [null, {}, { info }, { info, provider: {} }, { info: { uuid: 1, name: 'x' }, provider }])
      page.announce(detail)
    expect(found).to.deep.equal([])

    page.announce({ info: { ...info, icon: 'https://example.org/track.png' }, provider })
    expect(found[0]!.icon).to.equal('')
  })
})
