import { readFileSync } from 'node:fs'
import { TaskStatus, ZERO_HASH, codeHashOf, keccak256, taskIdOf, type TaskId } from '@enigma/protocol'
import { expect } from 'chai'
import { Enigma, eeConstants as ee, type Admin, type LegacyTask } from '../../src/compat/index.ts'
import { abiBytes, decodeCall } from '../support/decode.ts'
import { codeOfRefusal } from '../support/refused.ts'
import { SC_ADDR, Scene, calculator, someHash, type Outcome } from '../support/scene.ts'
import { revert } from '../support/scripted-chain.ts'
import { GAS, code, errorOf, legacy, names, taskOf, told } from './support.ts'

const FN = 'sub(uint256,uint256)'
const ARGS = [
  [76, 'uint256'],
  [17, 'uint256']
] as const
const RIGHT: Outcome = { output: abiBytes(['uint256'], [59n]) }

describe('enigma-js/compat/Enigma', () => {
  let scene: Scene
  let enigma: Enigma
  beforeEach(async () => {
    scene = await Scene.open()
    enigma = legacy(scene)
  })
  afterEach(async () => {
    await enigma.close()
    await scene.close()
  })

  const create = (): Promise<LegacyTask> =>
    taskOf(enigma.createTask(FN, ARGS, GAS, 1, scene.chain.sender, SC_ADDR, false), ee.CREATE_TASK)
  const record = async (): Promise<LegacyTask> => taskOf(enigma.createTaskRecord(await create()), ee.CREATE_TASK_RECORD)
  const says = (status: string): void => {
    scene.server.handlers.getTaskStatus = ({ taskId }) => ({
      taskId,
      status: status as never,
      chainStatus: 1,
      events: []
    })
  }
  /** The network has settled the task. */
  const settle = (task: LegacyTask, outcome: Outcome, status = 'SUCCESS'): void => {
    scene.settle(task.taskId as TaskId, outcome)
    says(status)
  }

  describe('createTask', () => {
    it('resolves epoch and worker, encrypts, and fills in the task; nothing is sent or paid', async () => {
      const task = await create()

      const { signer, epochKey } = scene.holder(SC_ADDR, 0)
      expect(task).to.include({
        scAddr: SC_ADDR,
        sender: scene.chain.sender,
        gasLimit: BigInt(GAS),
        gasPx: 1n,
        nonce: 0
      })
      expect(task).to.include({ workerAddress: signer, workerEncryptionKey: epochKey.publicKey, firstBlockNumber: 90 })
      expect(task).to.include({ isContractDeploymentTask: false, preCode: null, taskId: null, ethStatus: 0 })
      expect(task.inputHash).to.equal(keccak256(Buffer.from(task.encryptedFn.slice(2), 'hex')))
      expect(task.userPubKey).to.match(/^0x[0-9a-f]{64}$/)
      expect(scene.inputs).to.have.length(0)
      expect(scene.chain.sent).to.deep.equal([])
    })

    it('takes bytecode for a deployment, and knows its address beforehand', async () => {
      const emitter = enigma.createTask('construct()', [], GAS, 1, scene.chain.sender, code, true)
      const task = await taskOf(emitter, ee.CREATE_TASK)

      expect(task).to.include({ isContractDeploymentTask: true, preCodeHash: codeHashOf(code) })
      expect(task.scAddr).to.equal(taskIdOf(scene.chain.sender, 0))
    })

    it('tells of a wrong signature under the encryption key as an error', async () => {
      const lie = scene.seats(SC_ADDR)
      const encKeySig = scene.enclaves[2]!.keySignature(6)
      const seats = lie.seats.map(seat => ({ ...seat, encKeySig }))
      scene.server.handlers.getWorkerEncryptionKey = () => ({ ...lie, seats })
      const error = await errorOf(enigma.createTask(FN, ARGS, GAS, 1, scene.chain.sender, SC_ADDR, false))
      expect(error.code).to.equal('KEY_SIGNATURE_WRONG')
    })

    it('tells of a contract that is not there, another sender, a wrong argument, no gas, a foreign token', async () => {
      const { sender } = scene.chain
      const failing = [
        [enigma.createTask(FN, ARGS, GAS, 1, sender, someHash('none'), false), 'SC_UNKNOWN'],
        [enigma.createTask(FN, ARGS, GAS, 1, `0x${'11'.repeat(20)}`, SC_ADDR, false), 'CLIENT_SETTING'],
        [enigma.createTask(FN, [[-1, 'uint256']], GAS, 1, sender, SC_ADDR, false), 'ABI_ARGUMENT'],
        [enigma.createTask(FN, ARGS, 0, 1, sender, SC_ADDR, false), 'GAS_OUT_OF_RANGE'],
        [legacy(scene, {}, sender).createTask(FN, ARGS, GAS, 1, sender, SC_ADDR, false), 'CHAIN_FOREIGN']
      ] as const
      for (const [error, wanted] of failing.map(([emitter, wanted]) => [errorOf(emitter), wanted] as const)) {
        expect(await error).to.have.property('code', wanted)
      }
    })
  })

  describe('createTaskRecord', () => {
    it('pays the exact fee, records, and tells of each step', async () => {
      const task = await create()
      const events = [
        ee.CREATE_TASK_RECORD_TRANSACTION_HASH,
        ee.CREATE_TASK_RECORD_RECEIPT,
        ee.CREATE_TASK_RECORD_CONFIRMATION
      ]
      const seen = await told(enigma.createTaskRecord(task), events, ee.CREATE_TASK_RECORD)

      expect(names(seen)).to.deep.equal([...events, ee.CREATE_TASK_RECORD])
      expect(seen[0]![1]).to.equal(task.transactionHash)
      expect(seen[2]!.slice(1)).to.deep.equal([1, task.receipt])
      expect(seen[3]![1]).to.equal(task)
      expect(task).to.include({ taskId: taskIdOf(scene.chain.sender, 0), ethStatus: ee.ETH_STATUS_CREATED })
      expect(task.creationBlockNumber).to.equal(scene.chain.block)
      expect(scene.chain.sent).to.deep.equal(['createTaskRecordWithPermit'])
      expect(scene.inputs).to.have.length(1) // delivered first: nothing is paid for an input that nobody has
    })

    it('tells NotEnoughTokens, before anything is delivered or paid', async () => {
      const task = await create()
      scene.chain.balance = 5n
      const error = await errorOf(enigma.createTaskRecord(task))

      expect(error).to.include({ name: 'NotEnoughTokens', code: 'INSUFFICIENT_ENG' })
      expect(error.hint).to.be.a('string')
      expect(scene.inputs).to.have.length(0)
      expect(scene.chain.sent).to.deep.equal([])
    })

    it('refuses a copy of a task: the key is not in its fields', async () => {
      const task = await create()
      expect(Object.keys(task)).to.not.include('cek')
      expect((await errorOf(enigma.createTaskRecord({ ...task }))).code).to.equal('CLIENT_SETTING')
    })
  })

  it('sendTaskInput tells sendTaskInputResult, or deploySecretContractResult for a deployment', async () => {
    const { sender } = scene.chain
    const [[, result] = []] = await told(enigma.sendTaskInput(await create()), [], ee.SEND_TASK_INPUT_RESULT)
    expect(result).to.deep.include({ sendTaskResult: true, scAddr: SC_ADDR })

    const deployment = await taskOf(enigma.createTask('construct()', [], GAS, 1, sender, code, true), ee.CREATE_TASK)
    const seen = await told(enigma.sendTaskInput(deployment), [], ee.DEPLOY_SECRET_CONTRACT_RESULT)
    expect(names(seen)).to.deep.equal(['deploySecretContractResult'])
    expect(scene.server.calls).to.include.members(['sendTaskInput', 'deploySecretContract'])
  })

  it('deploySecretContract goes through the three steps; the task’s id is the address', async () => {
    const hex = `0x${Buffer.from(code).toString('hex')}`
    const events = [ee.CREATE_TASK, ee.CREATE_TASK_RECORD]
    const emitter = enigma.deploySecretContract('construct()', [], GAS, 1, scene.chain.sender, hex)
    const seen = await told(emitter, events, ee.DEPLOY_SECRET_CONTRACT_RESULT)

    expect(names(seen)).to.deep.equal([...events, ee.DEPLOY_SECRET_CONTRACT_RESULT])
    const task = seen[1]![1] as LegacyTask
    expect(task.taskId).to.equal(task.scAddr)
    expect(scene.chain.sent).to.deep.equal(['createDeploymentTaskRecordWithPermit'])
  })

  describe('computeTask', () => {
    const compute = (retries?: number) => enigma.computeTask(FN, ARGS, GAS, 1, scene.chain.sender, SC_ADDR, retries)

    it('goes through the three steps with the arguments encrypted', async () => {
      const events = [ee.CREATE_TASK, ee.CREATE_TASK_RECORD]
      const seen = await told(compute(), events, ee.SEND_TASK_INPUT_RESULT)
      expect(names(seen)).to.deep.equal([...events, ee.SEND_TASK_INPUT_RESULT])
      const { callData } = scene.run((seen[1]![1] as LegacyTask).taskId!, RIGHT)
      expect(decodeCall(calculator, callData)).to.deep.equal(['sub', [76n, 17n]])
    })

    it('tries again once when the epoch ends in between, whatever words the node has for it', async () => {
      let left = 1
      scene.chain.onDryRun = () => {
        if (left-- > 0) throw revert('EnigmaWrongEpoch', [8])
      }
      const seen = await told(compute(), [ee.CREATE_TASK], ee.SEND_TASK_INPUT_RESULT)
      expect(names(seen)).to.deep.equal([ee.CREATE_TASK, ee.CREATE_TASK, ee.SEND_TASK_INPUT_RESULT])
      expect(scene.chain.sent).to.have.length(1)
    })

    it('tries again once with keys asked for anew, and never after it has paid', async () => {
      await taskOf(compute(), ee.SEND_TASK_INPUT_RESULT)
      for (const enclave of scene.enclaves) enclave.losesKey()
      const seen = await told(compute(0), [ee.CREATE_TASK], ee.SEND_TASK_INPUT_RESULT)
      expect(names(seen)).to.deep.equal([ee.CREATE_TASK, ee.CREATE_TASK, ee.SEND_TASK_INPUT_RESULT])
      expect(scene.chain.sent).to.have.length(2)

      scene.chain.onRecord = () => {
        for (const enclave of scene.enclaves) enclave.losesKey()
      }
      const late = await told(compute(), [ee.CREATE_TASK, ee.CREATE_TASK_RECORD], ee.SEND_TASK_INPUT_RESULT)
      expect(names(late)).to.deep.equal([ee.CREATE_TASK, ee.CREATE_TASK_RECORD, 'error'])
      expect(scene.chain.sent).to.have.length(3)
    })

    it('does not try again more often than it was told to', async () => {
      scene.chain.onDryRun = () => {
        throw revert('EnigmaWrongEpoch', [8])
      }
      const seen = await told(compute(0), [ee.CREATE_TASK], ee.SEND_TASK_INPUT_RESULT)
      expect(names(seen)).to.deep.equal([ee.CREATE_TASK, 'error'])
      expect(seen[1]![1]).to.include({ code: 'EPOCH_STALE' })
    })
  })

  describe('what is on chain', () => {
    it('getTaskRecordStatus reads the status anew', async () => {
      const task = await record()
      expect((await enigma.getTaskRecordStatus(task)).ethStatus).to.equal(ee.ETH_STATUS_CREATED)
      settle(task, RIGHT)
      expect((await enigma.getTaskRecordStatus(task)).ethStatus).to.equal(ee.ETH_STATUS_VERIFIED)
    })

    it('getTaskRecordFromTaskId and getTaskOutputHash read a task that somebody else sent', async () => {
      const task = await record()
      expect(await enigma.getTaskOutputHash(task)).to.equal(ZERO_HASH)
      settle(task, RIGHT)
      const stranger = legacy(scene)
      const found = await stranger.getTaskRecordFromTaskId(task.taskId!)
      const { inputHash } = task
      expect(found).to.include({ scAddr: SC_ADDR, sender: scene.chain.sender, inputHash, ethStatus: 2 })
      expect(found.outputHash)
        .to.equal(await enigma.getTaskOutputHash(task))
        .and.not.equal(ZERO_HASH)
      expect(await codeOfRefusal(stranger.getTaskRecordFromTaskId(someHash('none')))).to.equal('TASK_UNKNOWN')
      await stranger.close()
    })
  })

  describe('getTaskResult', () => {
    it('fills in output, gas and delta of a success, and tells of it', async () => {
      const task = await record()
      settle(task, RIGHT)
      const seen = await told(enigma.getTaskResult(task), [ee.GET_TASK_RESULT_RESULT], ee.GET_TASK_RESULT_SUCCESS)

      expect(names(seen)).to.deep.equal([ee.GET_TASK_RESULT_RESULT, ee.GET_TASK_RESULT_SUCCESS])
      expect(task).to.include({
        engStatus: ee.ENG_STATUS_SUCCESS,
        ethStatus: 2,
        usedGas: 40_000_000n,
        delta: ZERO_HASH
      })
      expect(task).to.include({ workerAddress: scene.holder(SC_ADDR, 0).signer, ethereumPayload: null })
      expect(task.workerTaskSig).to.match(/^0x[0-9a-f]{130}$/)
      expect(await enigma.verifyTaskOutput(task)).to.equal(true)
      expect(await enigma.verifyTaskStatus(task)).to.equal(true)

      task.encryptedAbiEncodedOutputs = '0x00'
      expect(await enigma.verifyTaskOutput(task)).to.equal(false)
    })

    it('tells of a failure', async () => {
      const task = await record()
      settle(task, { reason: 6, message: 'too small' }, 'FAILED')
      const seen = await told(enigma.getTaskResult(task), [], ee.GET_TASK_RESULT_FAILED)

      expect(names(seen)).to.deep.equal([ee.GET_TASK_RESULT_FAILED])
      expect(task).to.include({ engStatus: ee.ENG_STATUS_FAILED, ethStatus: ee.ETH_STATUS_FAILED })
      expect(await enigma.verifyTaskStatus(task)).to.equal(false)
    })

    for (const [status, event] of [
      [ee.ENG_STATUS_UNVERIFIED, ee.GET_TASK_RESULT_UNVERIFIED],
      [ee.ENG_STATUS_INPROGRESS, ee.GET_TASK_RESULT_INPROGRESS],
      [ee.ENG_STATUS_ETHEREUMFAILURE, ee.GET_TASK_RESULT_ETHEREUMFAILURE]
    ] as const) {
      it(`tells ${event}`, async () => {
        const task = await record()
        says(status)
        const seen = await told(enigma.getTaskResult(task), [ee.GET_TASK_RESULT_RESULT], event)
        expect(names(seen)).to.deep.equal([ee.GET_TASK_RESULT_RESULT, event])
        expect(task.engStatus).to.equal(status)
      })
    }

    it('asks again while there is none, then tells so', async () => {
      const task = await record()
      expect((await errorOf(enigma.getTaskResult(task))).code).to.equal('RESULT_UNAVAILABLE')
      const asked = scene.server.calls.filter(name => name === 'getTaskStatus')
      expect(asked).to.have.length(3) // once, and two retries
    })

    it('refuses a status that there is not', async () => {
      const task = await record()
      says('FINE')
      expect((await errorOf(enigma.getTaskResult(task))).message).to.equal('Invalid task result status')
    })

    it('believes no output that the chain does not name', async () => {
      const task = await record()
      scene.settle(task.taskId!, RIGHT, () => ({ result: `0x${'00'.repeat(256)}` }))
      says('SUCCESS')
      expect((await errorOf(enigma.getTaskResult(task))).code).to.equal('OUTPUT_HASH_WRONG')
      expect(task.encryptedAbiEncodedOutputs).to.equal(null)
    })
  })

  describe('decryptTaskResult', () => {
    it('gives the raw output, for the caller to decode', async () => {
      const task = await record()
      settle(task, RIGHT)
      await told(enigma.getTaskResult(task), [], ee.GET_TASK_RESULT_SUCCESS)
      expect(BigInt((await enigma.decryptTaskResult(task)).decryptedOutput!)).to.equal(59n)
    })

    it('gives null, with a warning, for an empty output', async () => {
      const task = await record()
      settle(task, { output: new Uint8Array() })
      await told(enigma.getTaskResult(task), [], ee.GET_TASK_RESULT_SUCCESS)
      const { warn } = console
      const warnings: unknown[] = []
      console.warn = (...words: unknown[]) => warnings.push(...words)
      try {
        expect((await enigma.decryptTaskResult(task)).decryptedOutput).to.equal(null)
      } finally {
        console.warn = warn
      }
      expect(warnings).to.deep.equal(['The task has no output.'])
    })

    it('has nothing to decrypt before getTaskResult', async () => {
      expect(await codeOfRefusal(enigma.decryptTaskResult(await record()))).to.equal('OUTPUT_UNREADABLE')
    })
  })

  it('pollTaskStatus tells every status until the network has settled the task, then the result', async () => {
    const task = await record()
    const statuses = ['UNVERIFIED', 'INPROGRESS'] as const
    let asked = 0
    scene.server.handlers.getTaskStatus = ({ taskId }) => {
      const status = statuses[asked++] ?? 'SUCCESS'
      if (asked === 3) settle(task, RIGHT)
      return { taskId, status, chainStatus: 1, events: [] }
    }
    const emitter = enigma.pollTaskStatus(task, true)
    const seen = await told(emitter, [ee.POLL_TASK_STATUS_RESULT], ee.GET_TASK_RESULT_SUCCESS)
    const polled = Array<string>(3).fill(ee.POLL_TASK_STATUS_RESULT)
    expect(names(seen)).to.deep.equal([...polled, ee.GET_TASK_RESULT_SUCCESS])
  })

  it('pollTaskETH resolves when Ethereum has a receipt, and does not wait for ever without one', async () => {
    const task = await record()
    const polled = enigma.pollTaskETH(task, 5)
    settle(task, RIGHT)
    expect((await polled).ethStatus).to.equal(ee.ETH_STATUS_VERIFIED)

    const stuck = await record()
    scene.chain.block += 40 // long past its deadline
    expect((await enigma.pollTaskETH(stuck, 5)).ethStatus).to.equal(ee.ETH_STATUS_CREATED)
  })

  it('returnFeesForTask tells InvalidTaskReturn before the deadline, and of the refund after it', async () => {
    const task = await record()
    const early = await errorOf(enigma.returnFeesForTask(task))
    expect(early).to.include({ name: 'InvalidTaskReturn', code: 'TASK_NOT_EXPIRED' })

    scene.chain.giveBack(task.taskId as TaskId, BigInt(GAS))
    const events = [ee.RETURN_FEES_FOR_TASK_TRANSACTION_HASH, ee.RETURN_FEES_FOR_TASK_RECEIPT]
    const seen = await told(enigma.returnFeesForTask(task), events, ee.RETURN_FEES_FOR_TASK_CONFIRMATION)
    expect(names(seen)).to.deep.equal([...events, ee.RETURN_FEES_FOR_TASK_CONFIRMATION])
    expect(seen[1]![1]).to.include({ amount: BigInt(GAS) })
    expect((await enigma.getTaskRecordStatus(task)).ethStatus).to.equal(ee.ETH_STATUS_FAILED_RETURN)
  })

  it('getReport gives a worker’s evidence, or null for one that does not answer', async () => {
    const [first, second] = scene.enclaves
    expect(await enigma.getReport(first!.operator)).to.deep.equal(scene.info().attested)
    expect(await enigma.getReport(second!.operator)).to.equal(null)
  })

  describe('getWorkerParams and selectWorkerGroup', () => {
    const leaf = (index: number, stake: bigint): void => {
      const { operator, signer } = scene.enclaves[index]!
      scene.chain.emit('StakeLeafUpdated', [index, operator, signer, stake])
    }
    const epoch = (): void => {
      const { mix, root, total } = scene.chain.info
      scene.chain.emit('EpochCalled', [0, 1, root, total, ZERO_HASH])
      leaf(0, 1n) // too late for the epoch that comes now
      scene.chain.emit('EpochCalled', [1, 1, ZERO_HASH, 1, ZERO_HASH])
      scene.chain.emit('EpochStarted', [1, 1, mix, root, total, scene.chain.block, 1])
    }

    it('rebuild the draw of the contract from events', async () => {
      scene.enclaves.forEach(({ index }) => leaf(index, scene.tree.prove(index).leaf.stake))
      epoch()
      const params = await enigma.getWorkerParams(scene.chain.block)
      expect(params.workers).to.deep.equal(scene.enclaves.map(({ signer }) => signer))
      expect(params).to.include({ seed: scene.chain.info.mix, firstBlockNumber: scene.chain.block - 1 })
      const group = enigma.selectWorkerGroup(SC_ADDR, params)
      expect(group[0]).to.equal(scene.holder(SC_ADDR, 0).signer)
      expect(enigma.selectWorkerGroup(SC_ADDR, params, 1)).to.have.length(1)
    })

    it('refuse a block before the first epoch, and events that do not make the root on chain', async () => {
      leaf(0, 5n)
      expect(await codeOfRefusal(enigma.getWorkerParams(scene.chain.block))).to.equal('NO_EPOCH')
      epoch()
      expect(await codeOfRefusal(enigma.getWorkerParams(scene.chain.block))).to.equal('SEAT_PROOF_WRONG')
    })
  })

  it('obtainTaskKeyPair keeps its pair; setTaskKeyPair makes another, from a seed always the same', async () => {
    const first = await enigma.obtainTaskKeyPair()
    expect(await enigma.obtainTaskKeyPair()).to.deep.equal(first)
    const fresh = await enigma.setTaskKeyPair()
    expect(fresh.privateKey)
      .to.match(/^0x[0-9a-f]{64}$/)
      .and.to.not.equal(first.privateKey)
    expect(await enigma.obtainTaskKeyPair()).to.deep.equal(fresh)
    expect(await enigma.setTaskKeyPair('seed')).to.deep.equal(await enigma.setTaskKeyPair('seed'))
  })

  it('serializeTask gives what goes to a worker', async () => {
    const task = await record()
    expect(Enigma.serializeTask(task)).to.deep.equal({
      taskId: task.taskId,
      workerAddress: task.workerAddress,
      encryptedFn: task.encryptedFn,
      encryptedArgs: task.encryptedAbiEncodedArgs,
      contractAddress: SC_ADDR,
      userDHKey: task.userPubKey
    })
  })

  it('version is the package’s; admin() replaces itself by an Admin', async () => {
    const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
    expect(enigma.version()).to.equal((JSON.parse(text) as { version: string }).version)
    const made = (enigma.admin as () => Admin)()
    expect(enigma.admin).to.equal(made)
    expect(await made.isDeployed(SC_ADDR)).to.equal(true)
  })

  it('knows the statuses of the original', () => {
    const ethereum = Object.entries(ee).filter(([name]) => name.startsWith('ETH_STATUS'))
    expect(ethereum.map(([, value]) => value).sort()).to.deep.equal(Object.values(TaskStatus).sort())
    const network = Object.entries(ee).filter(([name]) => name.startsWith('ENG_STATUS'))
    expect(network.map(([, value]) => value)).to.have.members([...Enigma.statuses])
  })
})
