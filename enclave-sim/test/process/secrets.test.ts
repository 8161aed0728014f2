import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import {
  addressOfPrivateKey,
  address,
  concatBytes,
  deltaKeyOf,
  epochSeedOf,
  openOutput,
  principalSecretOf,
  randomBytes,
  runDigestOf,
  type Receipt,
  stateKeyOf,
  x25519Pair
} from '@enigma/protocol'
import { Op, call, testContract } from '../support/contract.ts'
import { startHost, temporaryFolder, type HostedEnclave } from '../support/host.ts'
import { refusal } from '../support/local.ts'
import { DOMAIN, TestNetwork, startPrincipal, startWorker, type Member, type SentTask } from '../support/network.ts'
import { identitySecrets, leaks, openBlob } from '../support/secrets.ts'

/** Contracts with secrets of their own that live in the same enclaves: the fault matrix has twenty (ENIGMA_SECRETS). */
const SECRETS = Number(process.env['ENIGMA_SECRETS'] ?? 1)

/** A contract with a canary in its input and its state: successes, a failure, and refusals. */
async function liveOf(
  net: TestNetwork<HostedEnclave>,
  principal: Member<HostedEnclave>,
  worker: Member<HostedEnclave>
): Promise<Life> {
  const inputCanary = randomBytes(16)
  const deployed = await net.record({ code: testContract, callData: concatBytes(inputCanary, inputCanary) })
  await net.complete(worker, deployed)

  const get = await net.record({ scAddr: deployed.scAddr, callData: call(Op.get) })
  const done = await net.complete(worker, get)
  const { result } = await worker.enclave.call('release', {
    nonce: await net.showTask(worker, get),
    sealedRun: done.sealedRun
  })
  const secretCall = await net.record({ scAddr: deployed.scAddr, callData: call(Op.fail, inputCanary) })
  await net.complete(worker, secretCall)
  const random = await net.record({ scAddr: deployed.scAddr, callData: call(Op.random) })
  await net.complete(worker, random)
  // Refusals, whose texts are the likeliest place for a slip.
  const nonce = await net.showTask(worker, random)
  expect(await refusal(worker.enclave.call('run', { nonce, ...random }))).to.equal('ENCLAVE_TASK_NOT_OPEN')
  expect(await refusal(worker.enclave.call('run', { nonce, ...random, envelope: get.envelope }))).to.equal(
    'ENCLAVE_TASK_NOT_OPEN'
  )
  expect(await refusal(worker.enclave.call('release', { nonce, sealedRun: randomBytes(300) }))).to.equal(
    'ENCLAVE_SEALED_RUN'
  )
  expect(await refusal(worker.enclave.raw(200, inputCanary))).to.equal('ENCLAVE_BAD_REQUEST')
  expect(await refusal(worker.enclave.raw(12, concatBytes(inputCanary, inputCanary)))).to.equal('ENCLAVE_BAD_REQUEST')
  expect(await refusal(principal.enclave.call('epochSeed', { d: 5 }))).to.equal('ENCLAVE_SEED_ORDER')
  return { inputCanary, deployed, get, done, result, random }
}

interface Life {
  readonly inputCanary: Uint8Array
  readonly deployed: SentTask
  readonly get: SentTask
  readonly done: { readonly receipt: Receipt }
  readonly result: Uint8Array
  readonly random: SentTask
}

/** Matrix 50: after a life with successes, failures and refusals, no secret stands anywhere that its host can see. */
describe('secrets of the enclave processes', function () {
  this.timeout(60_000 + 5_000 * SECRETS)

  it('finds what it looks for: the search itself', () => {
    const secret = randomBytes(16)
    const forms = [Buffer.from(secret), Buffer.from(secret).toString('base64'), Buffer.from(secret).toString('hex')]

    for (const form of forms)
      expect(leaks({ secret }, Buffer.concat([Buffer.from('ab'), Buffer.from(form), Buffer.from('c')]))).to.deep.equal([
        'secret'
      ])
    expect(
      leaks({ secret }, Buffer.from(Buffer.concat([Buffer.from('x'), secret, Buffer.from('y')]).toString('base64')))
    ).to.deep.equal(['secret'])
    expect(leaks({ secret }, randomBytes(4096))).to.deep.equal([])
  })

  it('stand in no log line, answer, argument or sealed file', async () => {
    const folders = [temporaryFolder(), temporaryFolder()]
    const hosts: HostedEnclave[] = []
    for (const { path } of folders) hosts.push(await startHost({ sealedFolder: path }))
    try {
      const principal = await startPrincipal(hosts[0]!)
      const worker = await startWorker(hosts[1]!, principal)
      const net = new TestNetwork(principal, [worker])
      await principal.enclave.call('epochSeed', { d: 0 })
      const lives = []
      for (let i = 0; i < SECRETS; i++) lives.push(await liveOf(net, principal, worker))

      const root = identitySecrets(principal.enclave.sealedFolder).secret
      const own = identitySecrets(worker.enclave.sealedFolder)
      expect(addressOfPrivateKey(own.secret), 'these are the true secrets').to.equal(worker.info.signer)
      const sender = address(`0x${'5e'.repeat(20)}`)
      const ofLives = lives.flatMap(({ inputCanary, deployed, get, done, result, random }, i) => {
        const stateKey = stateKeyOf(root, DOMAIN.chainId, DOMAIN.enigma, deployed.scAddr, 0)
        const runDigest = runDigestOf({ ...DOMAIN, ...done.receipt, sender, gasLimit: 10_000_000n })
        const output = openOutput(get.cek, runDigest, result)
        expect(Buffer.from(output).includes(Buffer.from(inputCanary)), 'the canary went through').to.equal(true)
        const deltaKey = deltaKeyOf(stateKey, runDigest)
        const own = { stateKey, deltaKey, contentKey: get.cek, otherContentKey: random.cek, inputCanary }
        return Object.entries(own).map(([name, secret]) => [`${name} ${i}`, secret] as const)
      })
      const epochKeys = openBlob(
        readFileSync(join(worker.enclave.sealedFolder, 'sealing.key')),
        'epoch-keys',
        readFileSync(join(worker.enclave.sealedFolder, 'epoch-keys.sealed'))
      )
      const epochKey = epochKeys.slice(-32)
      expect(x25519Pair(epochKey).publicKey).to.equal(
        (await worker.enclave.call('encryptionKey', { epoch: net.epoch })).key
      )
      const secrets = {
        root,
        principalSigner: principalSecretOf(root, 'signer', DOMAIN.chainId, DOMAIN.enigma),
        principalTransport: principalSecretOf(root, 'transport', DOMAIN.chainId, DOMAIN.enigma),
        nextSeed: epochSeedOf(root, DOMAIN.chainId, DOMAIN.enigma, 1),
        workerSigner: own.secret,
        workerTransport: own.transportSecret,
        epochKey,
        ...Object.fromEntries(ofLives),
        sealingKeyOfWorker: readFileSync(join(worker.enclave.sealedFolder, 'sealing.key')),
        sealingKeyOfPrincipal: readFileSync(join(principal.enclave.sealedFolder, 'sealing.key'))
      }

      for (const host of hosts) {
        const line = readFileSync(`/proc/${host.process.pid}/cmdline`)
        const environment = readFileSync(`/proc/${host.process.pid}/environ`)
        expect(leaks(secrets, host.received()), 'answers').to.deep.equal([])
        expect(leaks(secrets, Buffer.from(host.output())), 'stdout and stderr').to.deep.equal([])
        expect(leaks(secrets, Buffer.concat([line, environment])), 'arguments and environment').to.deep.equal([])
        for (const name of readdirSync(host.sealedFolder).filter(name => name !== 'sealing.key')) {
          expect(leaks(secrets, readFileSync(join(host.sealedFolder, name))), name).to.deep.equal([])
        }
      }
      expect(hosts[1]!.output()).not.to.match(/"level":"error"/)
    } finally {
      for (const host of hosts) await host.stop()
      for (const folder of folders) folder.remove()
    }
  })
})
