import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { Interface } from 'ethers'
import { enigmaAbi, toHex, type Address } from '@enigma/protocol'
import { createLogger } from '../../src/ops/log.ts'
import { createStatusBoard } from '../../src/ops/status-board.ts'
import { createRegistration, type RegistrationParts } from '../../src/roles/registration.ts'

const enigma = new Interface(enigmaAbi as unknown as ConstructorParameters<typeof Interface>[0])
const nobody = `0x${'00'.repeat(20)}` as Address
const operator = `0x${'11'.repeat(20)}` as Address
const staking = `0x${'22'.repeat(20)}` as Address
const signer = `0x${'33'.repeat(20)}` as Address
const transportKey = `0x${'44'.repeat(32)}`

describe('worker/registration by hand', () => {
  const folder = mkdtempSync(join(tmpdir(), 'enigma-registration-'))
  after(() => rmSync(folder, { recursive: true, force: true }))

  it('leaves the evidence for somebody to send, sends nothing itself, and goes on once it is registered', async () => {
    let registered: Address = nobody
    const worker = (): unknown[] => [
      registered,
      registered === nobody ? 0 : 1,
      0,
      0,
      registered,
      0,
      7,
      `0x${'00'.repeat(32)}`,
      `0x${'00'.repeat(32)}`,
      0,
      0
    ]
    const rpc = {
      send: (_method: string, [call]: readonly unknown[]) => {
        const { data } = call as { data: string }
        const { name } = enigma.parseTransaction({ data })!
        return Promise.resolve(enigma.encodeFunctionResult(name, [name === 'worker' ? worker() : 7]))
      }
    }
    const asked: number[] = []
    const enclave = {
      identity: { signer, transportKey },
      call: (_name: string, { nonce }: { nonce: number }) => {
        asked.push(nonce)
        return Promise.resolve({ evidence: new Uint8Array([1, 2, 3]) })
      }
    }
    const byHand = join(folder, 'registration.json')
    const board = createStatusBoard()
    const parts = {
      chain: { rpc, facts: { enigma: nobody } },
      enclave,
      sender: { address: operator, send: () => Promise.reject(new Error('nothing may be sent')) },
      staking,
      byHand,
      autoLogin: false,
      board,
      log: createLogger({ level: 'error' }),
      signal: new AbortController().signal
    } as unknown as RegistrationParts
    const registering = createRegistration(parts).register()
    while (board.steps().find(step => step.name === 'register')?.state !== 'waiting') {
      await new Promise(resolve => setTimeout(resolve, 5))
    }

    expect(JSON.parse(readFileSync(byHand, 'utf8'))).to.deep.equal({
      operator,
      staking,
      signer,
      transportKey,
      evidence: toHex(new Uint8Array([1, 2, 3]))
    })
    expect(statSync(byHand).mode & 0o077).to.equal(0)
    expect(asked).to.deep.equal([7])
    registered = signer
    await registering
    expect(board.steps().find(step => step.name === 'register')?.state).to.equal('done')
  })
})
