import { expect } from 'chai'
import { AbiCoder, type Contract } from 'ethers'
import {
  SIM_ROOT_INSECURE_ADDRESS,
  asciiBytes32,
  fromHex,
  keccak256,
  signDigest,
  simEvidenceDigest,
  toHex,
  utf8,
  type Hash,
  type SimEvidence
} from '@enigma/protocol'
import { deployContract, deployEnigmaWith } from '../../contracts/deploy/index.ts'
import { ethers, helpers, type TestSigner } from './support/chain.ts'
import { DAY, MEASUREMENT, MODE, enclave, evidenceFor } from './support/enclaves.ts'
import { STAKE, artifacts, deployed, withPrincipal } from './support/world.ts'
import { label } from './support/tasks.ts'

const VERIFIER = ['contracts/attestation/SimulationVerifier.sol', 'SimulationVerifier'] as const
const ORDER = BigInt('0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141')

async function verifierOnly(): Promise<Contract> {
  const [owner] = (await ethers.getSigners()) as [TestSigner]
  return deployContract(owner, artifacts, ...VERIFIER, [SIM_ROOT_INSECURE_ADDRESS])
}

describe('contracts/SimulationVerifier', () => {
  const REPORT = label('report')
  const good = evidenceFor(REPORT, 1_800_000_000)
  const verify = (verifier: Contract, evidence: string): Promise<Record<string, unknown>> =>
    verifier.getFunction('verify').staticCall(evidence)

  it('returns what the evidence states, under the mode "simulation"', async () => {
    const verifier = await helpers.loadFixture(verifierOnly)
    const said = await verify(verifier, good)

    expect(await verifier.getFunction('mode').staticCall()).to.equal(asciiBytes32('simulation'))
    expect(said.reportData).to.equal(REPORT)
    expect(said.measurement).to.equal(MEASUREMENT)
    expect(said.svn).to.equal(1n)
    expect(said.mode).to.equal(MODE)
    expect(said.issuedAt).to.equal(1_800_000_000n)
    expect(said.expiry).to.equal(BigInt(1_800_000_000 + 30 * DAY))
  })

  it('refuses evidence of another kind of enclave', async () => {
    const verifier = await helpers.loadFixture(verifierOnly)
    const tee = asciiBytes32('sgx')

    await expect(verify(verifier, evidenceFor(REPORT, 1, { tee })))
      .to.be.revertedWithCustomError(verifier, 'EnigmaNotSimulationEvidence')
      .withArgs(tee)
  })

  it('refuses a simulation that hides its debug mark', async () => {
    const verifier = await helpers.loadFixture(verifierOnly)

    await expect(verify(verifier, evidenceFor(REPORT, 1, { debug: false }))).to.be.revertedWithCustomError(
      verifier,
      'EnigmaSimulationWithoutDebugMark'
    )
  })

  it('refuses a signature of another key, over other fields, with high s, or of another length', async () => {
    const verifier = await helpers.loadFixture(verifierOnly)
    const forged = (signature: Uint8Array): string => withSignature(good, signature)
    const statement = statementOf(good)
    const own = signatureOf(good)
    const highS = Uint8Array.from(own)
    highS.set(fromHex(`0x${(ORDER - BigInt(toHex(own.subarray(32, 64)))).toString(16).padStart(64, '0')}`), 32)
    highS[64] = own[64] === 27 ? 28 : 27

    for (const evidence of [
      forged(signDigest(simEvidenceDigest(statement), enclave('thief').key)),
      forged(signatureOf(evidenceFor(label('another report'), 1_800_000_000))),
      forged(highS),
      forged(own.subarray(0, 64)),
      forged(new Uint8Array([...own, 0])),
      forged(new Uint8Array(65)),
      forged(new Uint8Array(0))
    ]) {
      await expect(verify(verifier, evidence)).to.be.revertedWithCustomError(verifier, 'EnigmaSimulationSignature')
    }
  })

  it('refuses bytes that are no evidence at all', async () => {
    const verifier = await helpers.loadFixture(verifierOnly)

    for (const evidence of ['0x', '0x00', good.slice(0, 300), toHex(new Uint8Array(320).fill(0xff))]) {
      await expect(verify(verifier, evidence)).to.be.revert(ethers)
    }
  })

  it('needs a root', async () => {
    const [owner] = (await ethers.getSigners()) as [TestSigner]
    const verifier = await helpers.loadFixture(verifierOnly)

    await expect(deployContract(owner, artifacts, ...VERIFIER, [`0x${'00'.repeat(20)}`])).to.be.revertedWithCustomError(
      verifier,
      'EnigmaSimulationRootMissing'
    )
  })
})

describe('contracts/Enigma: what evidence must say', () => {
  /** Registers worker 0 with evidence that differs from good evidence in `changes`. */
  async function attempt(changes: Partial<SimEvidence>) {
    const world = await helpers.loadFixture(withPrincipal)
    return { world, attempt: world.register(world.actors[0]!, changes) }
  }
  const now = (): Promise<number> => helpers.time.latest()

  it('shows its mode for ever, in a view and in an event', async () => {
    const world = await helpers.loadFixture(deployed)
    const [event] = await world.events('AttestationModeFixed')

    expect(await world.view('attestationMode')).to.equal(MODE)
    expect(event!.args.mode).to.equal(MODE)
    expect(event!.args.verifier).to.equal(await world.verifier.getAddress())
  })

  it('refuses evidence older than a day', async () => {
    const { world, attempt: tried } = await attempt({ issuedAt: (await now()) - DAY - 5 })
    await expect(tried).to.be.revertedWithCustomError(world.enigma, 'EnigmaEvidenceTooOld')
  })

  it('refuses evidence dated more than a quarter of an hour ahead', async () => {
    const { world, attempt: tried } = await attempt({ issuedAt: (await now()) + 16 * 60 + 30 })
    await expect(tried).to.be.revertedWithCustomError(world.enigma, 'EnigmaEvidenceFromFuture')
  })

  it('takes a clock that runs ten minutes ahead, and evidence of yesterday', async () => {
    for (const issuedAt of [(await now()) + 600, (await now()) - DAY + 600]) {
      const { world, attempt: tried } = await attempt({ issuedAt })
      await expect(tried).to.emit(world.enigma, 'WorkerRegistered')
    }
  })

  it('refuses evidence that has expired', async () => {
    const { world, attempt: tried } = await attempt({ expiry: (await now()) - 1 })
    await expect(tried).to.be.revertedWithCustomError(world.enigma, 'EnigmaAttestationExpired')
  })

  it('refuses code that is not on the list', async () => {
    const measurement = keccak256(utf8('other code'))
    const { world, attempt: tried } = await attempt({ measurement })
    await expect(tried).to.be.revertedWithCustomError(world.enigma, 'EnigmaMeasurementNotAllowed').withArgs(measurement)
  })

  it('refuses a security version below the least one', async () => {
    const [owner] = (await ethers.getSigners()) as [TestSigner]
    const { enigma, evidence } = await fixedMode(owner, MODE, 5)
    const known = enclave('principal')

    await expect(register(enigma, owner, known, await evidence(enigma, owner, known, MODE, 4)))
      .to.be.revertedWithCustomError(enigma, 'EnigmaSvnTooLow')
      .withArgs(4, 5)
    await register(enigma, owner, known, await evidence(enigma, owner, known, MODE, 5))
  })

  it('of hardware mode refuses evidence of a simulation, whatever its verifier says', async () => {
    const [owner] = (await ethers.getSigners()) as [TestSigner]
    const hardware = asciiBytes32('sgx-dcap')
    const { enigma, evidence } = await fixedMode(owner, hardware, 0)
    const known = enclave('principal')

    await expect(register(enigma, owner, known, await evidence(enigma, owner, known, MODE, 1)))
      .to.be.revertedWithCustomError(enigma, 'EnigmaWrongAttestationMode')
      .withArgs(MODE, hardware)
    await register(enigma, owner, known, await evidence(enigma, owner, known, hardware, 1))
  })
})

/** Enigma on a verifier that believes everything, so that only Enigma's own policy is tested. */
async function fixedMode(owner: TestSigner, mode: Hash, minSvn: number) {
  const verifier = await deployContract(owner, artifacts, 'contracts/test/FixedVerifier.sol', 'FixedVerifier', [mode])
  const token = await deployContract(owner, artifacts, 'contracts/EnigmaToken.sol', 'EnigmaToken', [])
  const enigma = await deployEnigmaWith(owner, artifacts, {
    token: await token.getAddress(),
    verifier: await verifier.getAddress(),
    owner: owner.address,
    minStake: STAKE,
    epochSize: 10,
    window: 7,
    proofPeriod: 30,
    minSvn,
    measurements: [MEASUREMENT]
  })
  const evidence = async (
    on: Contract,
    operator: TestSigner,
    of: ReturnType<typeof enclave>,
    as: Hash,
    svn: number
  ) => {
    const now = await helpers.time.latest()
    const report: string = await on
      .getFunction('reportData')
      .staticCall(of.signer, of.transportKey, operator.address, of.signer, 0)
    return AbiCoder.defaultAbiCoder().encode(
      ['tuple(bytes32,bytes32,uint16,bytes32,uint64,uint64)'],
      [[report, MEASUREMENT, svn, as, now, now + DAY]]
    )
  }
  return { enigma, evidence }
}

async function register(
  enigma: Contract,
  owner: TestSigner,
  of: ReturnType<typeof enclave>,
  evidence: string
): Promise<void> {
  await (enigma.connect(owner) as Contract).getFunction('registerPrincipal')(of.signer, of.transportKey, evidence)
}

const FIELDS = ['bytes32', 'bytes32', 'uint16', 'bool', 'bytes32', 'uint64', 'uint64', 'bytes32'] as const
const decode = (evidence: string) => AbiCoder.defaultAbiCoder().decode([...FIELDS, 'bytes'], evidence)
const signatureOf = (evidence: string): Uint8Array => fromHex(decode(evidence)[8] as string)

function withSignature(evidence: string, signature: Uint8Array): string {
  const values = [...decode(evidence)].slice(0, 8)
  return AbiCoder.defaultAbiCoder().encode([...FIELDS, 'bytes'], [...values, signature])
}

function statementOf(evidence: string): SimEvidence {
  const [tee, measurement, svn, debug, isolation, issuedAt, expiry, reportData] = decode(evidence)
  return {
    tee,
    measurement,
    svn: Number(svn),
    debug,
    isolation,
    issuedAt: Number(issuedAt),
    expiry: Number(expiry),
    reportData
  }
}
