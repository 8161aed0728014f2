import { expect } from 'chai'
import { AbiCoder, getBytes, id, keccak256, SigningKey, computeAddress, Interface } from 'ethers'
import { fromHex, toHex, utf8 } from '@enigma/protocol'
import { FAILURE_REASON } from '@enigma/enclave-sim/wasm'
import { address, createHarness, failed, fixtureSource, succeeded, type Deployed, type Harness } from './harness.ts'

const coder = AbiCoder.defaultAbiCoder()
const OWNER = address(0xabc)

describe('secret-contracts/sdk', function () {
  this.timeout(60_000)
  let harness: Harness
  let contract: Deployed
  const reverts = async (message: string | RegExp, name: string, args: unknown[] = []): Promise<void> => {
    const failure = failed(await contract.call(name, args))
    expect(failure.reason).to.equal(FAILURE_REASON.REVERT)
    if (typeof message === 'string') expect(failure.message).to.equal(message)
    else expect(failure.message).to.match(message)
  }
  before(async () => {
    harness = await createHarness()
    contract = await harness.deploy(fixtureSource('features'), [OWNER, 10n ** 30n, 'first'])
  })
  after(() => harness.stop())

  it('runs the constructor once, with its arguments', async () => {
    expect(await contract.value('owner')).to.equal('0x0000000000000000000000000000000000000aBc')
    expect(await contract.value('limit')).to.equal(10n ** 30n)
    expect(await contract.value('label')).to.equal('first')
    expect(contract.abi.deploy.inputs.map(({ type }) => type)).to.deep.equal(['address', 'uint256', 'string'])
  })

  it('refuses a deployment whose arguments are missing, malformed or unacceptable', async () => {
    const deploy = async (callData: string): Promise<ReturnType<typeof failed>> =>
      failed(await contract.raw({ entry: 'deploy', callData: fromHex(callData) }))
    const full = contract.abi.encodeDeploy([OWNER, 1n, 'x'])

    expect(await deploy('0x')).to.deep.equal({
      reason: FAILURE_REASON.BAD_INPUT,
      message: 'constructor(address,uint256,string): arguments are missing, or end too early'
    })
    expect((await deploy(full.slice(0, -2))).reason).to.equal(FAILURE_REASON.BAD_INPUT)
    expect((await deploy(`${full}00`)).reason).to.equal(FAILURE_REASON.BAD_INPUT)
    expect(await deploy(contract.abi.encodeDeploy([OWNER, 1n, '']))).to.deep.equal({
      reason: FAILURE_REASON.REVERT,
      message: 'a label is needed'
    })
  })

  it('does not offer the constructor as a function', async () => {
    const callData = fromHex(
      id('constructor(address,uint256,string)').slice(0, 10) + contract.abi.encodeDeploy([OWNER, 1n, 'x']).slice(2)
    )
    expect(failed(await contract.raw({ callData })).reason).to.equal(FAILURE_REASON.BAD_INPUT)
  })

  it('keeps lists of classes of the contract', async () => {
    for (const [i, text] of ['one', '', 'grüße 😀'].entries()) {
      expect(await contract.value('addNote', [text, [i, 7]])).to.equal(BigInt(i + 1))
    }
    expect(await contract.value('noteText', [2])).to.equal('grüße 😀')
    expect([...((await contract.value('noteMarks', [1])) as bigint[])]).to.deep.equal([1n, 7n])
    expect(await contract.value('noteAuthor', [0])).to.equal('0x000000000000000000000000000000000000cA11')
    succeeded(await contract.call('replaceNote', [0, 'x'.repeat(5000)]))
    expect(await contract.value('noteText', [0])).to.equal('x'.repeat(5000))
    expect(await contract.value('noteText', [1])).to.equal('')
    expect(await contract.value('popNote')).to.equal('grüße 😀')
    await reverts('nothing is stored as notes (list)', 'noteText', [2])
    await reverts('nothing is stored as notes (list)', 'replaceNote', [0xffffffff, ''])
  })

  it('keeps maps by address and by text', async () => {
    expect(await contract.value('credit', [address(1), 5n])).to.equal(5n)
    expect(await contract.value('credit', [address(1), 6n])).to.equal(11n)
    expect(await contract.value('credit', [address(2), 1n])).to.equal(1n)
    expect(await contract.value('balance', [address(1)])).to.equal(11n)
    await reverts('nothing is stored as balances (entry)', 'balance', [address(3)])
    expect(await contract.value('forget', [address(1)])).to.equal(true)
    expect(await contract.value('forget', [address(1)])).to.equal(false)
    await reverts('nothing is stored as balances (entry)', 'balance', [address(1)])
    const { writes } = succeeded(await contract.call('setNumber', ['a', 1n]))
    expect([...writes]).to.deep.equal([[toHex(utf8('byName\0\u0001\0\0\0a')), Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0)]])
    for (const [name, has] of [
      ['a', true],
      ['', false],
      ['a\0', false],
      ['b', false]
    ] as const) {
      expect(await contract.value('hasNumber', [name])).to.equal(has)
    }
  })

  it('stores every type, and does not read one as another', async () => {
    const values = [2n ** 256n - 1n, 2n ** 64n - 1n, true, `0x${'ab'.repeat(32)}`, '0x0102', ['', 'b', 'cc']]
    succeeded(await contract.call('storeEverything', values))
    const bytes = (await contract.value('everything')) as string
    expect([...coder.decode(['uint256', 'uint64', 'bool', 'bytes32', 'bytes'], bytes)]).to.deep.equal(
      values.slice(0, 5)
    )
    expect([...((await contract.value('strings')) as string[])]).to.deep.equal(values[5])
    await reverts('a stored value is not of the type it is read as', 'wrongType')
    await reverts('nothing is stored as nobody', 'absent')
  })

  it('knows the caller, itself, the block and the time', async () => {
    expect(await contract.value('where')).to.equal(`0x${'5c'.repeat(32)}`)
    expect([...((await contract.value('when')) as bigint[])]).to.deep.equal([1234n, 1_700_000_000n])
    expect(await contract.value('who')).to.equal('0x000000000000000000000000000000000000ca11')
  })

  it('throws even dice', async () => {
    const throws = [...((await contract.value('dice', [6n, 1800])) as bigint[])].map(Number)
    const counts = [0, 1, 2, 3, 4, 5].map(side => throws.filter(found => found === side).length)
    expect(counts.reduce((sum, count) => sum + count)).to.equal(1800)
    for (const count of counts) expect(count).to.be.within(220, 380) // 5 standard deviations around 300
    // of 2^64 values, the lowest 2^62 would come up twice as often without a second throw
    const third = 2n ** 62n
    const low = ((await contract.value('dice', [3n * third, 1800])) as bigint[]).filter(value => value < third).length
    expect(low).to.be.within(500, 700)
    await reverts('random.below(0) has no answer', 'dice', [0n, 1])
  })

  it('hashes, and recovers signers, as Ethereum does', async () => {
    const data = toHex(utf8('some data'))
    expect(await contract.value('hash', [data])).to.equal(keccak256(data))
    const key = new SigningKey(`0x${'42'.repeat(32)}`)
    const digest = keccak256(data)
    const signature = key.sign(digest).serialized
    expect(await contract.value('signer', [digest, signature])).to.equal(computeAddress(key.publicKey))
    expect(await contract.value('signer', [digest, signature.slice(0, -2)])).to.equal(address(0))
    expect(await contract.value('signer', [digest, `0x${'00'.repeat(65)}`])).to.equal(address(0))
  })

  it('seals and opens with a key of its own', async () => {
    const key = `0x${'01'.repeat(32)}`
    const sealed = (await contract.value('seal', [key, toHex(utf8('for later'))])) as string
    expect(await contract.value('open', [key, sealed])).to.equal('for later')
    expect(await contract.value('open', [`0x${'02'.repeat(32)}`, sealed])).to.equal('altered')
    expect(await contract.value('open', [key, '0x00'])).to.equal('altered')
  })

  it('asks for an Ethereum callback with call data that Solidity understands', async () => {
    const { callback } = succeeded(await contract.call('callEthereum', [address(7), 12_345n]))
    const solidity = new Interface(['function setPrice(uint256,string)'])
    expect(callback).to.deep.equal({
      target: fromHex(address(7)),
      data: getBytes(solidity.encodeFunctionData('setPrice', [12_345n, 'from the enclave'])),
      gas: 70_000
    })
  })

  it('writes to the log', async () => {
    expect(succeeded(await contract.call('logTwice', ['héllo'])).log).to.deep.equal([utf8('héllo'), utf8('héllo!')])
  })

  it('answers views as queries, and refuses writes in them', async () => {
    expect(await contract.value('label', [], { readOnly: true })).to.equal('first')
    expect(failed(await contract.call('credit', [address(1), 5n], { readOnly: true })).reason).to.equal(
      FAILURE_REASON.READ_ONLY
    )
    const views = contract.abi.fragments.filter(
      found => found.type === 'function' && contract.abi.getFunction(found.format())?.stateMutability === 'view'
    )
    expect(views).to.have.length(20)
  })

  it("names file and line when AssemblyScript's own checks end the run", async () => {
    expect(await contract.value('outOfBounds', [2])).to.equal(3n)
    await reverts(/^Index out of range \(.*array\.ts:\d+:\d+\)$/, 'outOfBounds', [3])
    await reverts(/^thrown by hand \(features\.ts:\d+:\d+\)$/, 'throwing')
  })

  it('ends a run that needs more memory than there is', async () => {
    expect(await contract.value('hoard', [7000])).to.equal(7_168_000n)
    expect(failed(await contract.call('hoard', [9000])).reason).to.equal(FAILURE_REASON.TRAP)
  })

  it('collects garbage with the incremental runtime', async () => {
    const collecting = await harness.deploy(fixtureSource('features'), [OWNER, 1n, 'x'], { runtime: 'incremental' })
    expect(await collecting.value('hoard', [50_000], { gasLimit: 1_000_000_000n })).to.equal(51_200_000n)
    expect(await collecting.value('label')).to.equal('x')
  })
})
