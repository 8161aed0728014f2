import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { concatBytes, fromHex, keccak256, utf8 } from '@enigma/protocol'
import { buildEnclave } from '../../build.ts'
import { measurementOf } from '../../src/attest/measurement.ts'
import { temporaryFolder } from '../support/host.ts'

describe('attest/measurement', () => {
  const bundle = { 'enclave.mjs': utf8('one'), 'wasm-thread.mjs': utf8('two') }

  it('is the hash that the specification defines', () => {
    const preimage = concatBytes(
      ...[fromHex('0x0000000b'), utf8('enclave.mjs'), fromHex('0x00000003'), utf8('one')],
      ...[fromHex('0x0000000f'), utf8('wasm-thread.mjs'), fromHex('0x00000003'), utf8('two')]
    )

    expect(measurementOf(bundle)).to.equal(keccak256(preimage))
  })

  it('changes with every file, and when bytes move from one to the other', () => {
    const moved = { 'enclave.mjs': utf8('onetw'), 'wasm-thread.mjs': utf8('o') }

    expect(measurementOf({ ...bundle, 'enclave.mjs': utf8('One') })).not.to.equal(measurementOf(bundle))
    expect(measurementOf({ ...bundle, 'wasm-thread.mjs': utf8('Two') })).not.to.equal(measurementOf(bundle))
    expect(measurementOf(moved)).not.to.equal(measurementOf(bundle))
  })

  it('is the same for every build of the same sources, wherever it goes', async () => {
    const [a, b] = [temporaryFolder(), temporaryFolder()]
    try {
      expect(await buildEnclave(a.path)).to.equal(await buildEnclave(b.path))
      const text = readFileSync(join(a.path, 'enclave.mjs'), 'utf8')
      expect(text, 'no path of this machine').not.to.contain(process.cwd())
    } finally {
      a.remove()
      b.remove()
    }
  }).timeout(60_000)
})
