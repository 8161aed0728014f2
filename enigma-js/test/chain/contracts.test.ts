import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { Interface, type NamedFragment } from 'ethers'
import { enigmaAbi, tokenAbi } from '@enigma/protocol'
import { enigmaInterface, tokenInterface } from '../../src/chain/contracts.ts'
import { revertOf } from '../../src/chain/revert.ts'

const src = join(import.meta.dirname, '../../src')

const namesOf = (abi: Interface, types: readonly string[]): string[] =>
  abi.fragments.filter(({ type }) => types.includes(type)).map(fragment => (fragment as NamedFragment).name)

describe('enigma-js/chain/contracts', () => {
  it('holds nothing that the client does not use', () => {
    const sources = readdirSync(src, { recursive: true, encoding: 'utf8' })
      .filter(path => path.endsWith('.ts') && !path.startsWith('compat') && path !== join('chain', 'abi.ts'))
      .map(path => readFileSync(join(src, path), 'utf8'))
      .join('\n')
    const names = [...namesOf(enigmaInterface, ['function', 'event']), ...namesOf(tokenInterface, ['function'])]

    const unused = names.filter(name => !new RegExp(`\\b${name.replace(/WithPermit$/, '')}\\b`).test(sources))

    expect(unused, 'take these from contracts/deploy/client-abi.ts').to.deep.equal([])
  })

  it('encodes and names as the whole ABI does', () => {
    const pairs = [
      [enigmaInterface, new Interface(enigmaAbi)],
      [tokenInterface, new Interface(tokenAbi)]
    ] as const
    for (const [own, whole] of pairs) {
      for (const fragment of own.fragments) {
        const other = whole.getFunction(fragment.format()) ?? whole.getEvent(fragment.format())
        if (fragment.type === 'error') {
          expect(whole.getError(fragment.format()), fragment.format()).to.not.equal(null)
          continue
        }
        expect(fragment.format('full')).to.equal(other?.format('full'))
      }
    }
  })

  it('reads the errors of the token, and of what an operator sends with the original API', () => {
    const whole = new Interface(enigmaAbi)
    for (const [name, args] of [
      ['ERC20InsufficientBalance', [`0x${'11'.repeat(20)}`, 3n, 5n]],
      ['EnigmaWrongEpoch', [7n]],
      ['EnigmaAttestationExpired', [1n, 2n]]
    ] as const) {
      const revert = revertOf({ data: whole.encodeErrorResult(name, args) })
      expect(revert?.name).to.equal(name)
      expect([...revert!.args]).to.deep.equal([...args])
    }
  })
})
