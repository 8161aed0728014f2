import { once } from 'node:events'
import { expect } from 'chai'
import { memoryStorage } from 'enigma-js'
import { Enigma, eeConstants as ee, type Admin, type Emitter, type LegacyTask } from 'enigma-js/compat'
import { sample } from './support/actors.ts'
import { whileMining } from './support/mining.ts'
import { useSharedDevnet } from './support/shared-devnet.ts'

const GAS = 100_000_000

/** What the first of these events told. @throws the emitter's error. */
async function told(emitter: Emitter, event: string): Promise<LegacyTask> {
  const target = new EventTarget()
  const pass = (name: string): void => {
    emitter.on(name, (value: unknown) => target.dispatchEvent(new CustomEvent('told', { detail: { name, value } })))
  }
  pass(event)
  pass('error')
  const [{ detail }] = (await once(target, 'told')) as [{ detail: { name: string; value: unknown } }]
  if (detail.name === 'error') throw detail.value as Error
  return detail.value as LegacyTask
}

describe('e2e: the classes of the original API', function () {
  this.timeout(120_000)
  const shared = useSharedDevnet()

  it('deploys, computes, reads and checks the answer, and looks at workers and contracts', async () => {
    const { devnet, nextUser } = shared()
    const user = nextUser()
    const rpc = devnet.workers.map(({ httpUrl }) => httpUrl)
    const account = { privateKey: user.privateKey, chainUrl: devnet.chainUrl }
    const enigma = new Enigma(account, devnet.enigma, devnet.token, rpc, {}, { storage: memoryStorage() })
    const { wasm } = sample('calculator')

    const deploying = told(
      enigma.deploySecretContract('construct()', [], GAS, 1, user.address, wasm),
      ee.CREATE_TASK_RECORD
    )
    const deployment = await whileMining(devnet, deploying)
    const deployed = await whileMining(devnet, enigma.pollTaskETH(deployment))
    expect(deployed.ethStatus).to.equal(ee.ETH_STATUS_VERIFIED)
    expect(deployment.taskId).to.equal(deployment.scAddr)

    const args = [
      [76, 'uint256'],
      [17, 'uint256']
    ] as const
    const computing = told(
      enigma.computeTask('sub(uint256,uint256)', args, GAS, 1, user.address, deployment.scAddr),
      ee.CREATE_TASK_RECORD
    )
    const task = await whileMining(devnet, computing)
    await whileMining(devnet, told(enigma.pollTaskStatus(task, true), ee.GET_TASK_RESULT_SUCCESS))
    expect(BigInt((await enigma.decryptTaskResult(task)).decryptedOutput!)).to.equal(59n)
    expect(await enigma.verifyTaskOutput(task)).to.equal(true)
    expect(await enigma.verifyTaskStatus(task)).to.equal(true)

    const admin = (enigma.admin as () => Admin)()
    expect(await admin.getAllSecretContractAddresses()).to.include(deployment.scAddr)
    expect(await admin.countStateDeltas(deployment.scAddr)).to.equal(1)
    expect(await admin.isValidDeltaHash(deployment.scAddr, deployment.scAddr)).to.equal(false)
    const [worker] = devnet.workers
    const operator = worker!.operator.address
    expect(await admin.getWorkerStatus(operator)).to.equal(2)
    const signer = await admin.getWorkerSignerAddr(operator)
    expect(await admin.findBySigningAddress(signer)).to.equal(operator.toLowerCase())
    expect(await enigma.getReport(operator)).to.have.property('evidence')

    // The draw from the chain's events alone names the enclave that settled the task.
    const params = await enigma.getWorkerParams(task.creationBlockNumber!)
    expect(params.workers).to.include(task.workerAddress)
    expect(enigma.selectWorkerGroup(deployment.scAddr, params, 3)).to.be.an('array').that.is.not.empty
    await enigma.close()
  })
})
