import { ZERO_HASH } from '@enigma/protocol'
import { expect } from 'chai'
import { eeConstants as ee, utils, type Admin, type Emitter } from '../../src/compat/index.ts'
import { codeOfRefusal } from '../support/refused.ts'
import { CODE_HASH, SC_ADDR, Scene, someHash } from '../support/scene.ts'
import { errorOf, legacy, names, told } from './support.ts'

const STAKE = 25_000n * 10n ** 8n

describe('enigma-js/compat/Admin', () => {
  let scene: Scene
  let admin: Admin
  beforeEach(async () => {
    scene = await Scene.open()
    admin = (legacy(scene).admin as () => Admin)()
    const { operator, signer } = scene.enclaves[0]!
    scene.chain.workers.set(operator, { status: 2, stake: STAKE, signer })
  })
  afterEach(() => scene.close())

  it('finds workers, with status, signer and stake', async () => {
    const { operator, signer } = scene.enclaves[0]!
    expect(await admin.findBySigningAddress(signer)).to.equal(operator)
    expect(await admin.findBySigningAddress(operator)).to.equal(null)
    expect(await admin.getWorkerStatus(operator)).to.equal(2)
    expect(await admin.getWorkerSignerAddr(operator)).to.equal(signer)
    expect(await admin.getBalance(operator)).to.equal(STAKE)
    expect(await codeOfRefusal(admin.getBalance('0x12'))).to.equal('CLIENT_SETTING')
  })

  it('counts and lists secret contracts in the order of their deployment', async () => {
    const other = someHash('other')
    expect(await admin.countSecretContracts()).to.equal(0)
    for (const address of [SC_ADDR, other]) {
      scene.chain.emit('SecretContractDeployed', [address, CODE_HASH, scene.enclaves[0]!.operator])
    }
    expect(await admin.countSecretContracts()).to.equal(2)
    expect(await admin.getAllSecretContractAddresses()).to.deep.equal([SC_ADDR, other])
    expect(await admin.getSecretContractAddresses(1, 2)).to.deep.equal([other])
    expect(await admin.isDeployed(SC_ADDR)).to.equal(true)
    expect(await admin.isDeployed(someHash('none'))).to.equal(false)
    expect(await admin.getCodeHash(SC_ADDR)).to.equal(CODE_HASH)
    expect(await codeOfRefusal(admin.getCodeHash('0x12'))).to.equal('SC_UNKNOWN')
  })

  it('lists state deltas of one contract; runs that changed nothing have none', async () => {
    const { operator } = scene.enclaves[0]!
    const deltas = [someHash('deployment'), someHash('first')]
    const receipt = (scAddr: string, delta: string): void => {
      const rest = [delta, ZERO_HASH, ZERO_HASH, 1, 1, ZERO_HASH]
      scene.chain.emit('ReceiptVerified', [someHash('t'), scAddr, operator, ...rest])
    }
    receipt(SC_ADDR, deltas[0]!)
    receipt(SC_ADDR, ZERO_HASH)
    receipt(someHash('other'), someHash('foreign'))
    receipt(SC_ADDR, deltas[1]!)

    expect(await admin.getStateDeltaHash(SC_ADDR, 1)).to.equal(deltas[1])
    expect(await admin.getStateDeltaHash(SC_ADDR, 2)).to.equal(null)
    expect(await admin.getStateDeltaHashes(SC_ADDR, 0, 2)).to.deep.equal(deltas)
    expect(await admin.isValidDeltaHash(SC_ADDR, deltas[0]!)).to.equal(true)
    expect(await admin.isValidDeltaHash(SC_ADDR, someHash('foreign'))).to.equal(false)
    expect(await admin.countStateDeltas(SC_ADDR)).to.equal(0) // as the contract counts
  })

  const actions: [string, (custodian: string) => Emitter, string[], string[]][] = [
    ['login', who => admin.login(who), ['login'], [ee.LOGIN_TRANSACTION_HASH, ee.LOGIN_RECEIPT, ee.LOGIN_CONFIRMATION]],
    [
      'logout',
      who => admin.logout(who),
      ['logout'],
      [ee.LOGOUT_TRANSACTION_HASH, ee.LOGOUT_RECEIPT, ee.LOGOUT_CONFIRMATION]
    ],
    [
      'deposit',
      who => admin.deposit(who, 100n),
      ['approve', 'deposit'],
      [ee.DEPOSIT_TRANSACTION_HASH, ee.DEPOSIT_RECEIPT, ee.DEPOSIT_CONFIRMATION]
    ],
    [
      'withdraw',
      who => admin.withdraw(who, 100n),
      ['withdraw'],
      [ee.WITHDRAW_TRANSACTION_HASH, ee.WITHDRAW_RECEIPT, ee.WITHDRAW_CONFIRMATION]
    ]
  ]
  for (const [name, act, sent, events] of actions) {
    it(`${name} sends, and tells of hash, receipt and confirmation`, async () => {
      const seen = await told(act(scene.chain.sender), events, events[2]!)
      expect(names(seen)).to.deep.equal(events)
      expect(scene.chain.sent).to.deep.equal(sent)
    })
  }

  it('deposit tells NotEnoughTokens; login is refused for another account; a declined one says so', async () => {
    scene.chain.balance = 5n
    expect((await errorOf(admin.deposit(scene.chain.sender, 6))).name).to.equal('NotEnoughTokens')
    expect((await errorOf(admin.login(scene.enclaves[0]!.operator))).code).to.equal('CLIENT_SETTING')
    expect(scene.chain.sent).to.deep.equal([])
    scene.chain.rejects = true
    expect((await errorOf(admin.login(scene.chain.sender))).code).to.equal('USER_REJECTED')
  })
})

describe('enigma-js/compat/utils', () => {
  it('counts grains without losing any', () => {
    expect(utils.toGrains(1)).to.equal(100_000_000n)
    expect(utils.toGrains('0.00000001')).to.equal(1n)
    expect(utils.toGrains('150000000')).to.equal(15_000_000_000_000_000n)
  })

  it('knows the address of a deployment beforehand, and plain hexadecimal', () => {
    expect(utils.generateScAddr(`0x${'11'.repeat(20)}`, 0)).to.match(/^0x[0-9a-f]{64}$/)
    expect(utils.remove0x('0xab')).to.equal('ab')
    expect(utils.hexToAscii('0x456e69676d610000')).to.equal('Enigma')
  })
})
