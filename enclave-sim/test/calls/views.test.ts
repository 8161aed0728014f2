import { expect } from 'chai'
import {
  TaskStatus,
  addressOfPrivateKey,
  chainViewRequest as requestCodec,
  hash,
  key32,
  address,
  randomBytes,
  signDigest,
  typedDigest,
  x25519Pair,
  type ChainView,
  type ChainViewAnswer
} from '@enigma/protocol'
import { sealGrants } from '../../src/keys/grants.ts'
import { localEnclave, refusal, stopPool, type LocalEnclave } from '../support/local.ts'
import { DOMAIN, TestNetwork, startPrincipal, startWorker, type SentTask } from '../support/network.ts'
import { testContract } from '../support/contract.ts'

describe('calls/views: what a worker enclave believes of the chain', () => {
  let net: TestNetwork<LocalEnclave>
  let sent: SentTask
  beforeEach(async () => {
    const principal = await startPrincipal(await localEnclave())
    net = new TestNetwork(principal, [await startWorker(await localEnclave(), principal)])
    sent = await net.record({ code: testContract, callData: Uint8Array.of(1) })
  })
  after(stopPool)

  const worker = () => net.workers[0]!
  const contracts = () => [{ scAddr: sent.scAddr, taskIds: [sent.taskId] }]

  /** An honest answer to a fresh request, not yet given to the worker's enclave. */
  async function answered(): Promise<ChainViewAnswer> {
    const asked = await worker().enclave.call('chainViewRequest', { minBlock: net.block, contracts: contracts() })
    const { nonce } = requestCodec.decode(asked.request)
    return await net.principal.enclave.call('answerChainView', {
      asked,
      asker: worker().attested,
      view: net.view(nonce, contracts()),
      claims: net.claims(worker(), contracts())
    })
  }
  const open = (answer: ChainViewAnswer) => refusal(worker().enclave.call('openChainView', answer))

  it('takes what its principal signed for its open request, and the key with it', async () => {
    const { scAddr } = sent
    expect((await worker().enclave.call('stateTip', { scAddr })).hasKey).to.equal(false)

    expect(await open(await answered())).to.equal('not refused')

    expect((await worker().enclave.call('stateTip', { scAddr })).hasKey).to.equal(true)
    expect((await worker().enclave.call('status', {})).views).to.equal(1)
  })

  it('refuses a view that differs in any field from what was signed', async () => {
    const answer = await answered()
    const { view } = answer
    const contract = view.contracts[0]!
    const task = contract.tasks[0]!
    const other = hash(`0x${'77'.repeat(32)}`)
    const inTask = (change: object): ChainView => ({
      ...view,
      contracts: [{ ...contract, tasks: [{ ...task, ...change }] }]
    })
    const inContract = (change: object): ChainView => ({ ...view, contracts: [{ ...contract, ...change }] })
    const altered: ChainView[] = [
      { ...view, block: view.block + 1 },
      { ...view, blockHash: other },
      { ...view, time: view.time + 1 },
      { ...view, epoch: view.epoch + 1 },
      { ...view, epochStart: view.epochStart + 1 },
      { ...view, previousEnd: view.previousEnd + 1 },
      { ...view, generation: 1 },
      { ...view, contracts: [] },
      inContract({ scAddr: other }),
      inContract({ codeHash: other }),
      inContract({ deltaCount: 1 }),
      inContract({ headHash: other }),
      inContract({ tasks: [] }),
      inContract({ tasks: [task, task] }),
      inTask({ taskId: other }),
      inTask({ kind: 1 }),
      inTask({ sender: address(`0x${'66'.repeat(20)}`) }),
      inTask({ inputHash: other }),
      inTask({ gasLimit: task.gasLimit + 1n }),
      inTask({ epoch: task.epoch + 1 }),
      inTask({ generation: 1 }),
      inTask({ recordBlock: task.recordBlock - 1 }),
      inTask({ recordTime: task.recordTime + 1 }),
      inTask({ status: TaskStatus.ReceiptVerified }),
      inTask({ receiptBlock: 1 }),
      inTask({ receiptDigest: other })
    ]
    for (const changed of altered) expect(await open({ ...answer, view: changed })).to.equal('ENCLAVE_VIEW_REFUSED')
    expect(await open(answer), 'the true one still counts').to.equal('not refused')
  })

  it('refuses another nonce than that of an open request', async () => {
    const answer = await answered()
    const nonce = hash(`0x${'99'.repeat(32)}`)

    expect(await open({ ...answer, view: { ...answer.view, nonce } })).to.equal('ENCLAVE_VIEW_UNKNOWN')
  })

  it('refuses the answer to another of its own requests', async () => {
    const first = await answered()
    const second = await answered()

    expect(await open({ ...first, view: { ...first.view, nonce: second.view.nonce } })).to.equal('ENCLAVE_VIEW_REFUSED')
  })

  it('refuses a view that it has taken before', async () => {
    const answer = await answered()
    await open(answer)

    expect(await open(answer)).to.equal('ENCLAVE_VIEW_UNKNOWN')
  })

  it("refuses what was made for another worker's enclave", async () => {
    const answer = await answered()
    const other = await startWorker(await localEnclave(), net.principal)

    expect(await refusal(other.enclave.call('openChainView', answer))).to.equal('ENCLAVE_VIEW_UNKNOWN')
  })

  it('refuses a view of a principal that is not its own', async () => {
    const foreign = randomBytes(32)
    const answer = await answered()
    const digest = typedDigest(DOMAIN, 'ChainView', answer.view)

    expect(addressOfPrivateKey(foreign)).not.to.equal(net.principal.info.signer)
    expect(await open({ ...answer, signature: signDigest(digest, foreign) })).to.equal('ENCLAVE_VIEW_REFUSED')
  })

  it('refuses keys that come from somebody else than its principal', async () => {
    const answer = await answered()
    const context = {
      domain: DOMAIN,
      nonce: answer.view.nonce,
      viewDigest: typedDigest(DOMAIN, 'ChainView', answer.view),
      principalSigner: net.principal.info.signer,
      askerSigner: worker().info.signer
    }
    const forged = [{ scAddr: sent.scAddr, generation: 0, key: new Uint8Array(32) }]
    const grants = sealGrants(context, x25519Pair().privateKey, key32(worker().info.transportKey), forged)

    expect(await open({ ...answer, grants })).to.equal('ENCLAVE_VIEW_REFUSED')
  })

  it('refuses grants that were altered, cut, or belong to another view', async () => {
    const answer = await answered()
    const another = await answered()
    const bent = answer.grants.slice()
    bent[bent.length - 1]! ^= 1

    for (const grants of [bent, answer.grants.subarray(0, 40), new Uint8Array(), new Uint8Array(96), another.grants]) {
      expect(await open({ ...answer, grants })).to.equal('ENCLAVE_VIEW_REFUSED')
    }
  })

  it('forgets a request, and a view, a minute after it asked', async () => {
    const { enclave } = worker()
    const late = await answered()
    const kept = await answered()
    enclave.clock.monotonicMs += 59_000
    expect(await open(kept)).to.equal('not refused')
    const task = { nonce: kept.view.nonce, ...sent }
    await enclave.call('accept', task)
    enclave.clock.monotonicMs += 1_001

    expect(await open(late)).to.equal('ENCLAVE_VIEW_UNKNOWN')
    expect(await refusal(enclave.call('accept', task))).to.equal('ENCLAVE_VIEW_UNKNOWN')
  })

  it('does not let a host stretch a view by answering late', async () => {
    const { enclave } = worker()
    const answer = await answered()
    enclave.clock.monotonicMs += 50_000
    await open(answer)
    enclave.clock.monotonicMs += 11_000
    const task = { nonce: answer.view.nonce, ...sent }

    expect(await refusal(enclave.call('run', task))).to.equal('ENCLAVE_VIEW_UNKNOWN')
  })

  it('keeps 256 open requests, the newest', async () => {
    const first = await answered()
    for (let i = 0; i < 256; i++) await worker().enclave.call('chainViewRequest', { minBlock: 0, contracts: [] })

    expect(await open(first)).to.equal('ENCLAVE_VIEW_UNKNOWN')
  })

  it('loses a key when a later view names the contract without it, not by an earlier one', async () => {
    const { scAddr } = sent
    const hasKey = async () => (await worker().enclave.call('stateTip', { scAddr })).hasKey
    await net.show(worker(), contracts())
    await net.show(worker(), contracts(), { minBlock: 0, claims: [], view: v => ({ ...v, block: v.block - 1 }) })
    expect(await hasKey()).to.equal(true)

    await net.show(worker(), contracts(), { claims: [] })
    expect(await hasKey()).to.equal(false)
  })

  it('asks for no contract twice', async () => {
    const twice = [...contracts(), ...contracts()]

    expect(await refusal(worker().enclave.call('chainViewRequest', { minBlock: 0, contracts: twice }))).to.equal(
      'ENCLAVE_BAD_REQUEST'
    )
  })
})
