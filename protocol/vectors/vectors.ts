import {
  StakeTree, TEE_SIM, ZERO_ADDRESS, ZERO_HASH, addressOfPrivateKey, asciiBytes32, cekCommitOf, codeHashOf, deltaHashOf, enclaveCodecs,
  drawPoint, epochSeedOf, fromHex, keccak256, leafNode, makeSimEvidence, mixOf, nextHead, outputHashOf, pad, parentNode,
  principalSecretOf, randomSeedOf, reportDataOf, runDigestOf, sealDelta, sealLog, sealOutput, sealTaskInput, sealTaskError,
  seedCommitOf, signDigest, simEvidenceDigest, stateKeyOf, taskIdOf, termsHash, toHex, typedDigest, utf8, x25519Pair,
  mpcAgreementOf, mpcOfferDigest, opsHashOf, sealTrace, queryBody, sealQueryOutcome, sealSnapshot, snapshotHashOf,
  type Address, type ChainView, type Hash, type Hex, type MessageName, type Receipt, type ScAddr, type StakeLeaf
} from '../src/index.ts'

/** Fixed inputs with names that say what they are for; nothing here is random. */
const bytes = (label: string): Uint8Array => fromHex(keccak256(utf8(label)))
const h = (label: string): Hash => keccak256(utf8(label))
const a = (label: string): Address => h(label).slice(0, 42) as Address

const chainId = 31337n
const enigma = a('enigma')
const domain = { chainId, enigma }
const key = bytes('signer key')
const signer = addressOfPrivateKey(key)
const sender = a('sender')

function digests() {
  const taskId = taskIdOf(sender, 7)
  const terms = {
    kind: 1, scAddr: h('contract') as Hex as ScAddr, codeHash: h('code'), inputHash: h('input'),
    gasLimit: 1_000_000n, gasPx: 3n, epoch: 42
  }
  const facts = {
    chainId, enigma, codeHash: h('code'), prevHead: h('head'), taskId, kind: 1, sender, inputHash: h('input'),
    gasLimit: 1_000_000n, recordBlock: 1234, recordTime: 1_800_000_000
  }
  const report = {
    signer, transportKey: h('transport') as never, operator: a('operator'), chainId, enigma,
    principalSigner: a('principal'), nonce: 5
  }
  const root = bytes('root secret')
  const seed = epochSeedOf(root, chainId, enigma, 3)
  return {
    taskId: { sender, nonce: 7, taskId },
    terms: { ...terms, hash: termsHash(terms) },
    codeHash: { bytecode: toHex(utf8('bytecode')), codeHash: codeHashOf(utf8('bytecode')) },
    cekCommit: { cek: toHex(bytes('cek')), commit: cekCommitOf(bytes('cek')) },
    head: { prevHead: ZERO_HASH, deltaHash: h('delta'), head: nextHead(ZERO_HASH, h('delta')) },
    runDigest: { ...facts, digest: runDigestOf(facts) },
    seed: { root: toHex(root), chainId, enigma, d: 3, seed: toHex(seed), commit: seedCommitOf(seed) },
    mix: { seed: toHex(seed), blockHash: h('block'), mix: mixOf(seed, h('block')) },
    report: { ...report, reportData: reportDataOf(report) },
    stateKey: {
      root: toHex(root), scAddr: terms.scAddr, generation: 2,
      key: toHex(stateKeyOf(root, chainId, enigma, terms.scAddr, 2))
    },
    principal: {
      root: toHex(root),
      signer: addressOfPrivateKey(principalSecretOf(root, 'signer', chainId, enigma)),
      transportKey: x25519Pair(principalSecretOf(root, 'transport', chainId, enigma)).publicKey
    }
  }
}

function evidence() {
  const body = {
    tee: TEE_SIM, measurement: h('measurement'), svn: 1, debug: true, isolation: asciiBytes32('process-only'),
    issuedAt: 1_800_000_000, expiry: 1_807_776_000, reportData: h('report')
  }
  return { ...body, digest: simEvidenceDigest(body), evidence: toHex(makeSimEvidence(body)) }
}

/** What nodes of an MPC session agree on: one that differs in any of it has other keys. */
function mpc() {
  const session = h('mpc session')
  const offers = ['node 0', 'node 1', 'node 2'].map(label => ({
    session, key: x25519Pair(bytes(`${label} key`)).publicKey, signature: new Uint8Array(65),
    attested: {
      report: {
        signer: a(label), transportKey: h(label) as never, operator: a('operator'), chainId, enigma,
        principalSigner: a('principal'), nonce: 7
      },
      evidence: utf8(label)
    }
  }))
  const terms = {
    session, prime: 'fb49eeac4dedd15d82be164ee3b0cbb22f7d79377', degree: 1, active: true, wholeBits: 32, fractionBits: 16
  }
  const request = { ...terms, timeoutMs: 10_000, offers }
  return {
    ...terms,
    nodes: offers.map(({ key, attested }) => ({
      key, signer: attested.report.signer, offer: mpcOfferDigest(session, key)
    })),
    agreement: mpcAgreementOf(request),
    openRequest: toHex(enclaveCodecs.mpcOpen.request.encode(request))
  }
}

export const sampleReceipt: Receipt = {
  taskId: taskIdOf(sender, 7), scAddr: h('contract') as Hex as ScAddr, kind: 1, ok: true, reason: 0,
  codeHash: h('code'), inputHash: h('input'), gasLimit: 1_000_000n, epoch: 42, recordBlock: 1234,
  recordTime: 1_800_000_000, prevHead: h('head'), deltaHash: h('delta'), outputHash: h('output'), gasUsed: 54_321n, callbackTarget: ZERO_ADDRESS,
  callbackDataHash: ZERO_HASH, callbackGas: 0
}

export const sampleView: ChainView = {
  nonce: h('nonce'), block: 1240, blockHash: h('block'), time: 1_800_000_006, epoch: 42, epochStart: 1200,
  previousEnd: 1205, generation: 0,
  contracts: [
    {
      scAddr: h('contract') as Hex as ScAddr, codeHash: h('code'), deltaCount: 9, headHash: h('head'),
      tasks: [
        {
          taskId: taskIdOf(sender, 7), kind: 1, sender, inputHash: h('input'), gasLimit: 1_000_000n, epoch: 42, generation: 0,
          recordBlock: 1234, recordTime: 1_800_000_000, status: 1, receiptBlock: 0, receiptDigest: ZERO_HASH
        }
      ]
    }
  ]
}

function typed() {
  const message = (name: MessageName, value: never) => {
    const digest = typedDigest(domain, name, value)
    return { name, value, digest, privateKey: toHex(key), signer, signature: toHex(signDigest(digest, key)) }
  }
  return {
    domain: { name: 'Enigma', version: '1', chainId, verifyingContract: enigma },
    messages: [
      message('EncryptionKey', { epoch: 42, key: h('encryption key') } as never),
      message('EpochUpdate', { d: 3, seed: h('seed'), nextCommit: h('commit'), generation: 1 } as never),
      message('TaskAccepted', { taskId: h('task'), inputHash: h('input'), recordBlock: 1234 } as never),
      message('Receipt', sampleReceipt as never),
      message('ChainView', sampleView as never),
      message('Query', { scAddr: h('contract'), envelopeHash: h('envelope'), notAfter: 1_800_000_100 } as never),
      message('QueryAnswer', {
        envelopeHash: h('envelope'), outputHash: h('output'), scAddr: h('contract'), deltaCount: 9, headHash: h('head'), block: 1240
      } as never),
      message('Snapshot', { scAddr: h('contract'), deltaCount: 9, headHash: h('head'), contentHash: h('content') } as never),
      message('Permit', {
        issuer: sender, grantee: a('grantee'), scope: h('contract'), ops: h('ops'), notBefore: 1_800_000_000,
        expiry: 1_800_086_400, maxUses: 0, nonce: h('nonce')
      } as never)
    ]
  }
}

function tree(count: number) {
  const leaves: StakeLeaf[] = Array.from({ length: count }, (_, index) => ({
    index, operator: a(`operator ${index}`), signer: a(`signer ${index}`),
    stake: index % 4 === 2 ? 0n : 2_500_000_000_000n + BigInt(index) * 10_000_000_007n // a logged-out one has none
  }))
  const built = new StakeTree(leaves)
  const mix = h(`mix ${count}`)
  const contracts = ['c1', 'c2', 'c3'].map(name => {
    const scAddr = h(name) as Hex as ScAddr
    return {
      scAddr,
      seats: built.seats(mix, scAddr).map((leaf, k) => ({
        k,
        point: drawPoint(mix, scAddr, k, built.root.sum),
        index: leaf.index,
        path: built.prove(leaf.index).siblings
      }))
    }
  })
  return { count, leaves, leafHashes: leaves.map(leaf => leafNode(leaf).hash), root: built.root, mix, contracts }
}

function draw() {
  const one = { hash: h('left'), sum: 5n }
  const two = { hash: h('right'), sum: 7n }
  const empty = { hash: ZERO_HASH, sum: 0n }
  return {
    nodes: [
      { left: one, right: two, parent: parentNode(one, two) },
      { left: one, right: empty, parent: parentNode(one, empty) },
      { left: empty, right: empty, parent: parentNode(empty, empty) }
    ],
    trees: [1, 2, 3, 5, 8, 13].map(tree)
  }
}

function envelope() {
  const recipients = ['seat 0', 'seat 1'].map(name => {
    const pair = x25519Pair(bytes(`encryption ${name}`))
    return { signer: a(`signer ${name}`), key: pair.publicKey, privateKey: toHex(pair.privateKey) }
  })
  const target = {
    chainId, enigma, kind: 1, scAddr: h('contract') as Hex as ScAddr, codeHash: ZERO_HASH, sender, epoch: 42
  }
  const randomness = { cek: bytes('cek'), ephemeral: bytes('ephemeral'), nonce: bytes('nonce').slice(0, 24) }
  const callData = utf8('call data')
  const sealed = sealTaskInput(target, recipients, { trace: true, callData }, randomness)
  return {
    target, recipients, trace: true, callData: toHex(callData), cek: toHex(randomness.cek), ephemeral: toHex(randomness.ephemeral),
    nonce: toHex(randomness.nonce), envelope: toHex(sealed.envelope), inputHash: sealed.inputHash
  }
}

function runs() {
  const runDigest = h('run')
  const cek = bytes('cek')
  const stateKey = bytes('state key')
  const output = sealOutput(cek, runDigest, utf8('output'))
  const error = sealTaskError(cek, runDigest, { reason: 6, message: 'division by zero' })
  const header = {
    scAddr: h('contract') as Hex as ScAddr, index: 3, generation: 0, prevHead: h('head'), runDigest
  }
  const writes = new Map<Hex, Uint8Array | null>([
    ['0x62', utf8('second')],
    ['0x61', utf8('first')],
    ['0x63', null]
  ])
  const entries = [utf8('first entry'), utf8('second')]
  const trace = {
    gasUsed: 12_345, functions: [{ index: 7, calls: 2, gas: 400 }], host: [{ call: 'log', calls: 1, gas: 2250 }],
    events: [{ call: 'state_read', gasUsed: 11_000, key: utf8('k'), size: 5, data: new Uint8Array() }], truncated: false
  }
  const delta = sealDelta(stateKey, header, writes)
  return {
    padding: [0, 252, 253, 1000].map(length => ({ length, padded: pad(new Uint8Array(length)).length })),
    output: { cek: toHex(cek), runDigest, output: toHex(utf8('output')), ciphertext: toHex(output), outputHash: outputHashOf(output) },
    error: { reason: 6, message: 'division by zero', ciphertext: toHex(error) },
    delta: {
      stateKey: toHex(stateKey), header, writes: [...writes].map(([k, v]) => [k, v && toHex(v)]),
      delta: toHex(delta), deltaHash: deltaHashOf(delta)
    },
    log: { entries: entries.map(toHex), ciphertext: toHex(sealLog(cek, runDigest, entries)) },
    trace: {
      trace: { ...trace, events: trace.events.map(e => ({ ...e, key: toHex(e.key), data: toHex(e.data) })) },
      ciphertext: toHex(sealTrace(cek, runDigest, trace))
    },
    randomSeed: toHex(randomSeedOf(stateKey, runDigest))
  }
}

function queries() {
  const cek = bytes('cek')
  const callData = utf8('call data')
  const at = { envelopeHash: h('envelope'), headHash: h('head'), block: 1240 }
  const outcome = { ok: true, reason: 0, message: '', output: utf8('answer') }
  const result = sealQueryOutcome(cek, at, outcome)
  const permit = {
    issuer: sender, grantee: a('grantee'), scope: h('contract'), ops: opsHashOf(['leader()']), notBefore: 0,
    expiry: 1_900_000_000, maxUses: 0, nonce: h('permit')
  }
  const body = { callData, permit: { permit, ops: ['leader()'], signature: new Uint8Array(65).fill(7) } }
  return {
    cek: toHex(cek), at, output: toHex(outcome.output), result: toHex(result), outputHash: outputHashOf(result),
    permit, body: toHex(queryBody.encode(body)), bodyWithoutPermit: toHex(queryBody.encode({ callData, permit: null }))
  }
}

function snapshot() {
  const stateKey = bytes('state key')
  const place = { scAddr: h('contract') as Hex as ScAddr, deltaCount: 9, headHash: h('head'), generation: 1 }
  const state = new Map<Hex, Uint8Array>([['0x62', utf8('second')], ['0x61', utf8('first')]])
  const ciphertext = sealSnapshot(stateKey, place, state)
  return {
    stateKey: toHex(stateKey), place, state: [...state].map(([k, v]) => [k, toHex(v)]),
    ciphertext: toHex(ciphertext), contentHash: snapshotHashOf(ciphertext)
  }
}

export const vectors = (): Record<string, unknown> => ({
  digests: digests(), evidence: evidence(), typed: typed(), draw: draw(), envelope: envelope(), runs: runs(), queries: queries(),
  snapshot: snapshot(), mpc: mpc()
})
