import { fromHex, inputHashOf, type Hash, type Hex } from '@enigma/protocol'
import { abiBytes, decodeCall } from '../support/decode.ts'
import { expect } from 'chai'
import { memoryStorage, type EnigmaClient, type TaskProgress } from '../../src/index.ts'
import { refused } from '../support/refused.ts'
import { SC_ADDR, Scene, calculator, someHash } from '../support/scene.ts'
import { revert } from '../support/scripted-chain.ts'
import { Refusal } from '../support/worker-server.ts'

describe('enigma-js/task/submit', () => {
  let scene: Scene
  let client: EnigmaClient
  beforeEach(async () => {
    scene = await Scene.open()
    client = await scene.connect()
  })
  afterEach(() => scene.close())

  const compute = (options = {}) => client.compute(SC_ADDR, calculator, 'sub', [76n, 17n], options)

  it('pays with one permit in one transaction, after the input was delivered', async () => {
    const stages: string[] = []
    scene.chain.onRecord = () => expect(scene.inputs).to.have.length(1)

    const task = await compute({ onStage: (progress: TaskProgress) => stages.push(progress.stage) })

    expect(scene.chain.sent).to.deep.equal(['createTaskRecordWithPermit'])
    expect(stages).to.deep.equal(['encrypted', 'delivered', 'recorded'])
    expect(task.scAddr).to.equal(SC_ADDR)
    const { callData } = scene.run(task.taskId, { output: new Uint8Array() })
    expect(decodeCall(calculator, callData)).to.deep.equal(['sub', [76n, 17n]])
  })

  it('uses an allowance that stands already', async () => {
    scene.chain.allowance = 10n ** 12n

    await compute()

    expect(scene.chain.sent).to.deep.equal(['createTaskRecord'])
  })

  it('approves first where the token has no permits', async () => {
    scene.chain.permits = false

    await compute()

    expect(scene.chain.sent).to.deep.equal(['approve', 'createTaskRecord'])
    expect(scene.chain.allowance).to.equal(100_000_000n) // exactly the fee
  })

  const early: [string, () => void, string][] = [
    ['a contract that does not exist', () => scene.chain.contracts.clear(), 'SC_UNKNOWN'],
    ['an account with too little ENG', () => void (scene.chain.balance = 99_999_999n), 'INSUFFICIENT_ENG'],
    ['a network without an epoch', () => void (scene.chain.epoch = 0), 'NO_EPOCH'],
    ['a wallet whose user declines', () => void (scene.chain.rejects = true), 'USER_REJECTED']
  ]
  for (const [what, arrange, code] of early) {
    it(`refuses ${what} before anything is delivered or paid`, async () => {
      arrange()

      expect((await refused(compute())).code).to.equal(code)
      expect(scene.inputs).to.deep.equal([])
      expect(scene.chain.sent).to.deep.equal([])
    })
  }

  for (const [name, options] of [
    ['no gas', { gasLimit: 0 }],
    ['more gas than there is', { gasLimit: 10n ** 9n + 1n }],
    ['a fraction of gas', { gasLimit: 1.5 }],
    ['a price of nothing', { gasPx: 0n }]
  ] as const) {
    it(`refuses ${name}`, async () => {
      expect((await refused(compute(options))).code).to.equal('GAS_OUT_OF_RANGE')
    })
  }

  it("passes on a worker's refusal of the input, and pays nothing", async () => {
    let times = 0
    scene.server.handlers.sendTaskInput = () => {
      times += 1
      throw new Refusal('ENVELOPE_QUOTA', 'Too many inputs.')
    }

    expect((await refused(compute())).code).to.equal('ENVELOPE_QUOTA')
    expect(times).to.equal(1)
    expect(scene.chain.sent).to.deep.equal([])
  })

  describe('to seats that came back with other keys', () => {
    const keysAsked = (): number => scene.server.calls.filter(method => method === 'getWorkerEncryptionKey').length
    const holders = (): number => new Set([0, 1, 2].map(k => scene.holder(SC_ADDR, k).signer)).size
    const reasks = async (): Promise<number> => {
      const before = keysAsked()
      await compute()
      return keysAsked() - before
    }

    it('asks for the keys anew, encrypts again and is recorded once', async () => {
      expect([await reasks(), await reasks()]).to.deep.equal([1, 0])
      for (const enclave of scene.enclaves) enclave.losesKey()
      const stages: string[] = []
      scene.chain.signed.length = 0

      const task = await compute({ onStage: (progress: TaskProgress) => stages.push(progress.stage) })

      expect(scene.inputs).to.have.length(4)
      expect(stages).to.deep.equal(['encrypted', 'delivered', 'recorded'])
      expect(scene.chain.signed).to.have.length.at.most(1) // nobody is asked twice
      expect(scene.chain.sent).to.deep.equal(Array(3).fill('createTaskRecordWithPermit'))
      const { callData } = scene.run(task.taskId, { output: new Uint8Array() })
      expect(decodeCall(calculator, callData)).to.deep.equal(['sub', [76n, 17n]])
      expect(await reasks()).to.equal(0)
    })

    it('goes on with the seats that took it, and encrypts the next task to the others as well', async () => {
      await compute()
      scene.holder(SC_ADDR, 0).losesKey()
      if (holders() < 2) throw new Error('The contract of this scene has one seat holder: nothing is tested.')

      expect(await reasks()).to.equal(0)
      expect(scene.openersOf(scene.inputs.at(-1)!)).to.have.length(holders() - 1)
      expect(await reasks()).to.equal(1)
      expect(scene.openersOf(scene.inputs.at(-1)!)).to.have.length(holders())
    })

    it('gives up after it asked once, has paid nothing, and says what to do', async () => {
      const old = scene.seats(SC_ADDR) // a worker that has not heard of the new keys
      scene.server.handlers.getWorkerEncryptionKey = () => old
      for (const enclave of scene.enclaves) enclave.losesKey()

      const error = await refused(compute())

      expect(error.code).to.equal('INPUT_NOT_FOR_SEAT')
      expect(error.hint).to.match(/Nothing was paid.*name another worker/)
      expect([scene.inputs.length, keysAsked()]).to.deep.equal([2, 2])
      expect(scene.chain.sent).to.deep.equal([])
      scene.server.handlers.getWorkerEncryptionKey = () => scene.seats(SC_ADDR)
      await compute()
    })

    it('asks anew also where the entry worker reaches none of the others', async () => {
      const store = scene.server.handlers.sendTaskInput!
      for (const enclave of scene.enclaves) enclave.losesKey()
      scene.server.handlers.sendTaskInput = () => {
        scene.server.handlers.sendTaskInput = store
        throw new Refusal('NO_SEAT_REACHABLE', 'One seat has other keys, the others are away.')
      }
      expect(await reasks()).to.equal(2)
    })
  })

  it('does not pay when a worker says that nobody, or a stranger, stored the input', async () => {
    const own = (envelope: Hex): Hash => inputHashOf(fromHex(envelope))
    const [seat] = scene.seats(SC_ADDR).seats
    const answers: ((envelope: Hex) => object)[] = [
      envelope => ({ inputHash: own(envelope), stored: [] }),
      envelope => ({ inputHash: own(envelope), stored: [`0x${'99'.repeat(20)}`] }),
      envelope => ({ inputHash: own(envelope) }),
      () => ({ inputHash: someHash('another input'), stored: [seat!.signer] })
    ]
    for (const answer of answers) {
      scene.server.handlers.sendTaskInput = ({ envelope }) => answer(envelope) as never
      expect((await refused(compute())).code).to.equal('WORKER_ANSWER_WRONG')
    }
    expect(scene.chain.sent).to.deep.equal([])
  })

  it('encrypts again, without a word, when the epoch moves before the transaction', async () => {
    let first = true
    scene.chain.onDryRun = () => {
      if (first) {
        first = false
        throw revert('EnigmaWrongEpoch', [7])
      }
    }
    const stages: string[] = []

    await compute({ onStage: (progress: TaskProgress) => stages.push(progress.stage) })

    expect(scene.inputs).to.have.length(2)
    expect(stages).to.deep.equal(['encrypted', 'delivered', 'recorded'])
    expect(scene.chain.sent).to.deep.equal(['createTaskRecordWithPermit'])
  })

  describe('when the epoch ends soon', () => {
    const notices: string[] = []
    beforeEach(() => void (notices.length = 0))
    /** Of an epoch of 60 blocks so many are left. It is over as soon as the client says that it waits. */
    const endsIn = (blocks: number): ((sentence: string) => void) => {
      const { chain, server } = scene
      chain.block = chain.info.startBlock + 60 - blocks
      return sentence => {
        notices.push(sentence)
        chain.epoch = 8
        chain.info = { ...chain.info, epoch: 8, startBlock: chain.block }
        server.handlers.getWorkerEncryptionKey = ({ scAddr }) => scene.seats(scAddr, 8)
      }
    }

    it('lets it end before a person is asked for the transaction', async () => {
      scene.chain.onRecord = () => expect(scene.chain.epoch).to.equal(8)
      await compute({ onNotice: endsIn(20) })

      expect(notices).to.have.length(1)
      expect(notices[0]).to.match(/^Epoch 7 ends in about 20 s\./)
      expect(scene.chain.signed).to.deep.equal(['Permit'])
      expect(scene.inputs).to.have.length(1)
    })

    it('does not wait where there is time enough, or where few blocks are left but slow ones', async () => {
      await compute({ onNotice: endsIn(31) })
      scene.chain.blockSeconds = 12
      await compute({ onNotice: endsIn(3) })

      expect(notices).to.deep.equal([])
    })

    it('does not wait with a key of its own', async () => {
      const { BrowserProvider } = await import('ethers')
      const provider = new BrowserProvider(scene.chain, 31337)
      const signer = Object.assign(await provider.getSigner(), { signingKey: true })
      const own = await scene.connect({ provider: undefined, signer } as never)
      await own.compute(SC_ADDR, calculator, 'sub', [76n, 17n], { onNotice: endsIn(2) })

      expect(notices).to.deep.equal([])
      provider.destroy()
    })
  })

  it('asks again when a worker says that the epoch is over', async () => {
    let refusals = 2
    const { sendTaskInput } = scene.server.handlers
    scene.server.handlers.sendTaskInput = params => {
      if (refusals-- > 0) throw new Refusal('EPOCH_STALE', 'Epoch 7 is over.')
      return sendTaskInput!(params)
    }

    await compute()

    expect(scene.chain.sent).to.deep.equal(['createTaskRecordWithPermit'])
  })

  it('notices that the wallet was switched to another chain', async () => {
    scene.chain.chainId = 1n

    expect((await refused(compute())).code).to.equal('CHAIN_FOREIGN')
    expect([scene.inputs, scene.chain.sent]).to.deep.equal([[], []])
  })

  it('gives up when the epoch never stands still, and has paid nothing', async () => {
    scene.chain.onDryRun = () => {
      throw revert('EnigmaWrongEpoch', [8])
    }

    const error = await refused(compute())

    expect(error.facts).to.deep.equal({ code: 'EPOCH_STALE', epoch: 7, current: 8 })
    expect(scene.chain.sent).to.deep.equal([])
  })

  /** The record reverts on chain, once; asked afterwards, the node gives the reason. */
  const revertOnce = (): void => {
    scene.chain.onRecord = () => {
      scene.chain.onRecord = () => undefined
      scene.chain.onDryRun = () => {
        scene.chain.onDryRun = () => undefined
        throw revert('EnigmaWrongEpoch', [7])
      }
      throw new Error('reverted')
    }
  }

  it('asks a person again after the chain refused the epoch', async () => {
    revertOnce()

    expect((await refused(compute())).code).to.equal('EPOCH_STALE')
    expect(scene.chain.sent).to.have.length(1)
  })

  it('signs again by itself with a key that it holds', async () => {
    const { BrowserProvider } = await import('ethers')
    const provider = new BrowserProvider(scene.chain, 31337)
    // A signer with a key of its own, whose transactions go through the scripted wallet.
    const inner = await provider.getSigner()
    const signer = Object.assign(inner, { signingKey: true })
    const own = await scene.connect({ provider: undefined, signer } as never)
    revertOnce()

    const task = await own.compute(SC_ADDR, calculator, 'sub', [76n, 17n])

    expect(scene.chain.sent).to.have.length(2)
    expect(scene.inputs).to.have.length(2)
    expect(task.taskId).to.match(/^0x[0-9a-f]{64}$/)
    provider.destroy()
  })

  describe('asks for the signature of one permit once', () => {
    const staleAtWorker = (): void => {
      const { sendTaskInput } = scene.server.handlers
      let refusals = 2
      scene.server.handlers.sendTaskInput = params => {
        if (refusals-- > 0) throw new Refusal('EPOCH_STALE', 'Epoch 7 is over.')
        return sendTaskInput!(params)
      }
    }
    const staleSeats = (): void => {
      const { getWorkerEncryptionKey } = scene.server.handlers
      let refusals = 2
      scene.server.handlers.getWorkerEncryptionKey = params => {
        if (refusals-- > 0) throw new Refusal('EPOCH_STALE', 'Epoch 7 has not begun.')
        return getWorkerEncryptionKey!(params)
      }
    }
    /** The contract says so in the dry run, up to three times. */
    const refusedAtFirst = (name: string, args: readonly unknown[], times = 1): void => {
      scene.chain.onDryRun = () => {
        if (times-- > 0) throw revert(name, args)
      }
    }
    const paths: [string, () => void][] = [
      ['a worker says that the epoch is over', staleAtWorker],
      ['a worker is not at the epoch yet', staleSeats],
      ['the epoch ends while the wallet is open', () => refusedAtFirst('EnigmaWrongEpoch', [7], 3)]
    ]
    for (const [what, arrange] of paths) {
      it(`though ${what}`, async () => {
        arrange()
        await compute()
        expect(scene.chain.signed).to.deep.equal(['Permit'])
        expect(scene.chain.sent).to.deep.equal(['createTaskRecordWithPermit'])
      })
    }

    it("though the account's next task is another one", async () => {
      refusedAtFirst('EnigmaWrongNonce', [1])
      await client.deploy({ wasm: new Uint8Array([0, 97, 115, 109]), abi: [] }, [])
      expect(scene.chain.signed).to.deep.equal(['Permit'])
    })

    const allowanceTooLow = (): [string, unknown[]] => ['EnigmaAllowanceTooLow', [scene.chain.sender, 0n, 100_000_000n]]

    it('but again when another client of the account used its nonce', async () => {
      scene.chain.onDryRun = () => {
        scene.chain.onDryRun = () => undefined
        scene.chain.permitNonce = 1n
        throw revert(...allowanceTooLow())
      }
      await compute()
      expect(scene.chain.signed).to.deep.equal(['Permit', 'Permit'])
      expect(scene.chain.sent).to.deep.equal(['createTaskRecordWithPermit'])
    })

    it('and approves by a transaction when the token does not take it', async () => {
      refusedAtFirst(...allowanceTooLow())
      await compute()
      expect(scene.chain.signed).to.deep.equal(['Permit'])
      expect(scene.chain.sent).to.deep.equal(['approve', 'createTaskRecord'])
    })

    it('and again for the same fee after the chain refused the epoch, or the user the transaction', async () => {
      revertOnce()
      expect((await refused(compute())).code).to.equal('EPOCH_STALE')
      scene.chain.onDryRun = () => void (scene.chain.rejects = true)
      expect((await refused(compute())).code).to.equal('USER_REJECTED')
      scene.chain.onDryRun = () => undefined
      scene.chain.rejects = false
      await compute()
      expect(scene.chain.signed).to.deep.equal(['Permit'])

      scene.chain.permitNonce = 1n // it was used
      await compute()
      await compute({ gasLimit: 5 })
      expect(scene.chain.signed).to.deep.equal(['Permit', 'Permit', 'Permit'])
    })

    it('also with a key of its own, after the chain refused the epoch', async () => {
      const { BrowserProvider } = await import('ethers')
      const provider = new BrowserProvider(scene.chain, 31337)
      const signer = Object.assign(await provider.getSigner(), { signingKey: true })
      const own = await scene.connect({ provider: undefined, signer } as never)
      revertOnce()
      await own.compute(SC_ADDR, calculator, 'sub', [76n, 17n])
      expect(scene.chain.sent).to.have.length(2)
      expect(scene.chain.signed).to.deep.equal(['Permit'])
      provider.destroy()
    })
  })

  it('stores key and envelope before the transaction, so that a reloaded page goes on', async () => {
    const storage = memoryStorage()
    const page = await scene.connect({ storage })
    let storedBefore: string[] = []
    scene.chain.onRecord = () => void storage.list('enigma/').then(keys => (storedBefore = keys))

    const { taskId } = await page.compute(SC_ADDR, calculator, 'sub', [76n, 17n])
    expect(storedBefore.filter(key => key.includes('/task/'))).to.have.length(1)
    page.close()

    const reloaded = await scene.connect({ storage })
    const [again] = await reloaded.resume()
    scene.settle(taskId, { output: abiBytes(['uint256'], [59n]) })
    expect(again!.taskId).to.equal(taskId)
    expect(await again!.result()).to.equal(59n)
  })

  it('finds the task of a page that was closed while its transaction was on its way', async () => {
    const storage = memoryStorage()
    const page = await scene.connect({ storage })
    const { taskId, inputHash } = await page.compute(SC_ADDR, calculator, 'sub', [76n, 17n])
    const [key] = (await storage.list('enigma/')).filter(name => name.includes('/task/'))
    const stored = JSON.parse((await storage.get(key!))!) as object
    await storage.set(key!, JSON.stringify({ ...stored, taskId: null, transactionHash: null }))

    const [again] = await (await scene.connect({ storage })).resume()

    expect([again!.taskId, again!.inputHash]).to.deep.equal([taskId, inputHash])
  })

  it('finds its record when the wallet replaced the transaction to hurry it up', async () => {
    scene.chain.allowance = 10n ** 12n
    scene.chain.replaces = true

    const task = await compute()

    expect((await client.getTask(task.taskId)).record.inputHash).to.equal(task.inputHash)
  })

  it('forgets what was never sent', async () => {
    const storage = memoryStorage()
    const page = await scene.connect({ storage })
    scene.chain.onDryRun = () => void (scene.chain.rejects = true)

    expect((await refused(page.compute(SC_ADDR, calculator, 'sub', [76n, 17n]))).code).to.equal('USER_REJECTED')
    expect((await storage.list('enigma/')).filter(key => key.includes('/task/'))).to.deep.equal([])
  })

  it('deploys to the address that the input was encrypted for', async () => {
    const task = await client.deploy({ wasm: new Uint8Array([0, 97, 115, 109]), abi: [] }, [])

    expect(task.scAddr).to.equal(task.taskId)
    expect(scene.chain.sent).to.deep.equal(['createDeploymentTaskRecordWithPermit'])
  })

  it('stops when its signal does', async () => {
    const stop = new AbortController()
    scene.server.handlers.sendTaskInput = () => {
      stop.abort(new Error('enough'))
      return new Promise(() => undefined)
    }

    const error = await compute({ signal: stop.signal }).catch((reason: unknown) => reason)

    expect((error as Error).message).to.equal('enough')
    expect(scene.chain.sent).to.deep.equal([])
  })
})
