import { expect } from 'chai'
import type { Contract } from 'ethers'
import {
  TaskKind,
  TaskStatus,
  ZERO_ADDRESS,
  ZERO_HASH,
  address,
  nextHead,
  taskIdOf,
  type Hash,
  type Hex,
  type ScAddr
} from '@enigma/protocol'
import { deployContract } from '../../contracts/deploy/index.ts'
import { blockNumber, helpers, mineUpTo } from './support/chain.ts'
import { Model, type ModelWorker } from './support/model.ts'
import { replay } from './support/replay.ts'
import { randomFrom, seedOfRun, type Random } from './support/random.ts'
import {
  CODE,
  acceptance,
  commit,
  commitmentFor,
  failure,
  holders,
  label,
  nonceOf,
  opened,
  recordCompute,
  recordDeployment,
  sendBatch,
  signedReceipt,
  type Callback,
  type Commitment
} from './support/tasks.ts'
import { STAKE, artifacts, send, withPrincipal, type World } from './support/world.ts'

const STEPS = 300
const WORKERS = 5
const MONEY = 10n ** 9n

/** One random walk through the contract next to a model of it. */
class Walk {
  readonly model: Model
  /** Money given to staking addresses and users, to see where it ended. */
  given = 0n
  donated = 0n
  readonly heads = new Map<ScAddr, { head: Hash; count: bigint }>()
  readonly world: World
  readonly random: Random
  readonly done = new Map<string, number>()

  readonly probe: Contract

  constructor(world: World, probe: Contract, random: Random) {
    this.world = world
    this.probe = probe
    this.random = random
    this.model = new Model(world.actors.slice(0, WORKERS))
  }

  /** Each returns false if its turn made no sense now. */
  readonly steps: Record<string, () => Promise<boolean>> = {
    register: async () => {
      const worker = this.one(w => w.status === 'Unregistered' && !w.banned)
      if (worker === undefined) return false
      await this.world.register(worker.actor)
      worker.status = 'LoggedOut'
      return true
    },
    deposit: async () => {
      const worker = this.one(w => w.status !== 'Unregistered')
      if (worker === undefined) return false
      const amount = this.random.chance(0.7) ? STAKE : BigInt(1 + this.random.below(1_000_000))
      await this.world.deposit(worker.actor, amount)
      this.given += amount
      worker.stake += amount
      this.model.weigh(worker)
      return true
    },
    login: async () => {
      const worker = this.one(w => w.status === 'LoggedOut' && w.stake >= STAKE)
      if (worker === undefined) return false
      if (worker.banned) {
        const refused = this.world.tx(worker.actor.operator, 'login')
        await expect(refused).to.be.revertedWithCustomError(this.world.enigma, 'EnigmaSignerBanned')
        return true
      }
      await this.world.tx(worker.actor.operator, 'login')
      this.model.login(worker)
      return true
    },
    logout: async () => {
      const worker = this.one(w => w.status === 'LoggedIn')
      if (worker === undefined || this.random.chance(0.6)) return false
      const from = this.random.chance(0.5) ? worker.actor.operator : worker.actor.staking
      if (from === worker.actor.operator) await this.world.tx(from, 'logout')
      else await this.world.tx(from, 'logoutFor', worker.actor.operator.address)
      worker.status = 'LoggedOut'
      worker.logoutBlock = await blockNumber()
      this.model.weigh(worker)
      return true
    },
    withdraw: async () => {
      const worker = this.one(w => w.status === 'LoggedOut' && w.stake > 0n)
      if (worker === undefined) return false
      const amount = this.random.chance(0.5) ? worker.stake : 1n + BigInt(this.random.below(Number(worker.stake)))
      const free = worker.logoutBlock === 0 || (await blockNumber()) + 1 > worker.logoutBlock + 76
      const sent = this.world.tx(worker.actor.staking, 'withdraw', worker.actor.operator.address, amount)
      if (!free) {
        await expect(sent).to.be.revertedWithCustomError(this.world.enigma, 'EnigmaUnbonding')
        return true
      }
      await sent
      worker.stake -= amount
      return true
    },
    unregister: async () => {
      const worker = this.one(w => w.status === 'LoggedOut' && w.stake === 0n && w.credit === 0n)
      if (worker === undefined) return false
      await this.world.tx(worker.actor.operator, 'unregister')
      this.model.unregister(worker)
      return true
    },
    claim: async () => {
      const worker = this.one(w => w.credit > 0n)
      if (worker === undefined) return false
      const { operator, staking } = worker.actor
      await this.world.tx(this.random.pick([operator, staking]), 'claim', operator.address)
      worker.credit = 0n
      return true
    },
    compound: async () => {
      const worker = this.one(w => w.credit > 0n && w.status !== 'Unregistered')
      if (worker === undefined) return false
      await this.world.tx(worker.actor.staking, 'compound', worker.actor.operator.address)
      worker.stake += worker.credit
      worker.credit = 0n
      this.model.weigh(worker)
      return true
    },
    epoch: async () => {
      await this.world.callEpoch()
      return true
    },
    wait: async () => {
      await helpers.mine(1 + this.random.below(12))
      return true
    },
    donate: async () => {
      const amount = BigInt(this.random.below(1000))
      await send(this.world.token, this.world.deployer, 'transfer', this.world.address, amount)
      this.donated += amount
      return true
    },
    deploy: () => this.record(user => recordDeployment(this.world, user, this.price())),
    compute: async () => {
      const targets = [...this.heads.keys()]
      if (targets.length === 0) return false
      return this.record(user => recordCompute(this.world, user, this.random.pick(targets), this.price()))
    },
    settle: async () => this.settle(),
    refund: async () => {
      if (this.model.open.length === 0) return false
      const task = this.random.pick(this.model.open)
      const early = (await blockNumber()) + 1 <= task.recordBlock + 21
      const sent = this.world.tx(this.world.stranger, 'returnFeesForTask', task.taskId, task.terms)
      if (early) {
        await expect(sent).to.be.revertedWithCustomError(this.world.enigma, 'EnigmaDeadlineNotPassed')
        return true
      }
      await sent
      this.model.close(task, BigInt(TaskStatus.ReceiptFailedReturn))
      this.model.returned.push(task)
      return true
    },
    recordMany: async () => this.recordMany(),
    settleMany: async () => this.settleMany(),
    silence: async () => this.silence(),
    equivocate: async () => this.equivocate()
  }

  /** A few computations in one transaction; one in five times with one that must undo them all. */
  async recordMany(): Promise<boolean> {
    const targets = [...this.heads.keys()]
    const epoch = await this.world.currentEpoch()
    if (targets.length === 0 || epoch === 0 || this.model.open.length >= 8) return false
    const user = this.random.pick(this.world.users)
    const requests = Array.from({ length: 1 + this.random.below(4) }, () => {
      const { gasLimit, gasPx, input } = this.price()
      return { scAddr: this.random.pick(targets), inputHash: label(input), gasLimit, gasPx, epoch }
    })
    const bad = this.random.chance(0.2)
    const nonce = await nonceOf(this.world, user)
    const batch = bad ? [...requests, { ...requests[0]!, gasPx: 0n }] : requests
    const sent = this.world.tx(user, 'createTaskRecords', batch)
    if (bad) {
      await expect(sent).to.be.revertedWithCustomError(this.world.enigma, 'EnigmaZeroValue')
      return true
    }
    await sent
    for (const [i, { scAddr, ...terms }] of requests.entries()) {
      const taskId = taskIdOf(address(user.address), nonce + i)
      this.model.open.push(
        await opened(this.world, user, taskId, { kind: TaskKind.compute, scAddr, codeHash: CODE, ...terms })
      )
    }
    return true
  }

  /** Every open task at once, some of them twice or on an old head; the chain must agree with the model on which of them count. */
  async settleMany(): Promise<boolean> {
    const { world, model } = this
    const block = (await blockNumber()) + 1
    const heads = new Map(this.heads)
    const items: Commitment[] = []
    const effects: (() => void)[] = []
    for (const task of model.open) {
      const { gasPx, gasLimit, scAddr, kind } = task.terms
      const by = (await holders(world, task))[0]!
      const worker = model.of(by.operator.address)
      const before = heads.get(scAddr) ?? { head: ZERO_HASH, count: 0n }
      const stale = this.random.chance(0.2)
      const gasUsed = BigInt(this.random.below(Number(gasLimit) + 1))
      const deltaHash = kind === TaskKind.deploy || this.random.chance(0.6) ? label(`batch ${task.taskId}`) : ZERO_HASH
      const prevHead = stale ? label('an old head') : before.head
      const item = await commitmentFor(world, task, { by, receipt: { gasUsed, deltaHash, prevHead } })
      items.push(item)
      if (this.random.chance(0.2)) items.push(item)
      if (stale || worker.banned || block > task.recordBlock + 21) continue
      if (deltaHash !== ZERO_HASH) {
        heads.set(scAddr, { head: nextHead(prevHead, deltaHash), count: before.count + 1n })
      }
      effects.push(() => {
        worker.credit += gasUsed * gasPx
        model.close(task, BigInt(TaskStatus.ReceiptVerified))
      })
    }
    if (items.length === 0) return false
    const sent = sendBatch(world, items)
    if (effects.length === 0) {
      await expect(sent).to.be.revertedWithCustomError(world.enigma, 'EnigmaNothingApplied')
      return true
    }
    await sent
    for (const effect of effects) effect()
    for (const [scAddr, head] of heads) this.heads.set(scAddr, head)
    return true
  }

  /** Somebody proves that a worker had accepted a task that was given back. */
  async silence(): Promise<boolean> {
    const { world, model, random } = this
    const task = model.returned.at(-1)
    if (task === undefined) return false
    const worker = random.pick(model.workers)
    const { gasLimit, gasPx } = task.terms
    const share = worker.stake / 1_000n
    const amount = gasLimit * gasPx < share ? gasLimit * gasPx : share
    const block = (await blockNumber()) + 1
    const signature = acceptance(world, task, worker.actor)
    const sent = world.tx(world.stranger, 'punishSilence', task.taskId, task.terms, signature)
    const registered = (await world.view('operatorOf', worker.actor.enclave.signer)) !== ZERO_ADDRESS
    const error =
      block > task.recordBlock + 21 + 30
        ? 'EnigmaProofPeriodOver'
        : !registered
          ? 'EnigmaUnknownSigner'
          : amount === 0n
            ? 'EnigmaNothingToTake'
            : undefined
    if (error !== undefined) {
      await expect(sent).to.be.revertedWithCustomError(world.enigma, error)
      if (error === 'EnigmaProofPeriodOver') model.returned.pop()
      return true
    }
    await sent
    model.returned.pop()
    model.slash(worker, amount, STAKE, block)
    return true
  }

  /** A worker's key is found to have signed two answers. Three workers stay honest, so that the walk goes on. */
  async equivocate(): Promise<boolean> {
    const { world, model, random } = this
    if (model.open.length === 0 || random.chance(0.7)) return false
    if (model.workers.filter(({ banned }) => banned).length >= WORKERS - 3) return false
    const worker = this.one(w => w.status === 'LoggedIn' && !w.banned)
    if (worker === undefined) return false
    const task = random.pick(model.open)
    const [a, b] = [
      await signedReceipt(world, task, worker.actor),
      await signedReceipt(world, task, worker.actor, { gasUsed: 0n })
    ]
    await world.tx(world.stranger, 'punishEquivocation', a, b)
    const amount = worker.stake / 20n
    worker.banned = true
    model.forfeit += amount - amount / 2n
    model.slash(worker, amount, STAKE, await blockNumber())
    return true
  }

  /** Something for a contract to call, that agrees or refuses. */
  async callback(agrees: boolean): Promise<Callback> {
    const { interface: probe } = this.probe
    const data = probe.encodeFunctionData(agrees ? 'note' : 'refuse') as Hex
    return { target: await this.probe.getAddress(), data }
  }

  price(): { gasLimit: bigint; gasPx: bigint; input: string } {
    return {
      gasLimit: BigInt(1 + this.random.below(5000)),
      gasPx: BigInt(1 + this.random.below(20)),
      input: `input ${this.random.below(3)}`
    }
  }

  one(which: (worker: ModelWorker) => boolean): ModelWorker | undefined {
    const fitting = this.model.workers.filter(which)
    return fitting.length === 0 ? undefined : this.random.pick(fitting)
  }

  async record(make: (user: World['deployer']) => Promise<Model['open'][number]>): Promise<boolean> {
    if ((await this.world.currentEpoch()) === 0 || this.model.open.length >= 8) return false
    const user = this.random.pick(this.world.users)
    const nonce = await nonceOf(this.world, user)
    this.model.open.push(await make(user))
    expect(await nonceOf(this.world, user)).to.equal(nonce + 1)
    return true
  }

  async settle(): Promise<boolean> {
    if (this.model.open.length === 0) return false
    const task = this.random.pick(this.model.open)
    const block = (await blockNumber()) + 1
    const seat = this.random.below(3)
    const by = (await holders(this.world, task))[seat]!
    const { gasLimit, gasPx, scAddr, kind } = task.terms
    const gasUsed = BigInt(this.random.below(Number(gasLimit) + 1))
    const ok = this.random.chance(0.7)
    const calls = ok && this.random.chance(0.3)
    const agrees = this.random.chance(0.6)
    const writes = ok && (kind === TaskKind.deploy || this.random.chance(0.6))
    const deltaHash = writes ? label(`delta ${block} ${seat}`) : ZERO_HASH
    const sent = commit(this.world, task, {
      seat,
      by,
      ...(calls ? { callback: await this.callback(agrees) } : {}),
      receipt: { gasUsed, ...(ok ? { deltaHash } : failure) }
    })
    if (block <= task.recordBlock + 7 * seat || block > task.recordBlock + 21) {
      await expect(sent).to.be.revertedWithCustomError(this.world.enigma, 'EnigmaOutsideWindow')
      return true
    }
    if (this.model.of(by.operator.address).banned) {
      await expect(sent).to.be.revertedWithCustomError(this.world.enigma, 'EnigmaSignerBanned')
      return true
    }
    await sent
    this.model.of(by.operator.address).credit += gasUsed * gasPx
    const vetoed = calls && !agrees
    const okStatus = vetoed ? TaskStatus.ReceiptFailedETH : TaskStatus.ReceiptVerified
    this.model.close(task, BigInt(ok ? okStatus : TaskStatus.ReceiptFailed))
    if (vetoed) return true
    const before = this.heads.get(scAddr) ?? { head: ZERO_HASH, count: 0n }
    if (writes) this.heads.set(scAddr, { head: nextHead(before.head, deltaHash), count: before.count + 1n })
    return true
  }

  /** Everything that must hold after every step. */
  async check(): Promise<void> {
    const { world, model } = this
    const { balance, stake, escrow, credit } = await world.accounts()
    expect({ stake, escrow, credit }).to.deep.equal({ stake: model.stake, escrow: model.escrow, credit: model.credit })
    expect(await world.view('totalForfeit')).to.equal(model.forfeit)
    expect(balance).to.equal(stake + escrow + credit + model.forfeit + this.donated)

    const [root, total] = await world.view('stakeTree')
    expect({ hash: root, sum: total }).to.deep.equal(model.tree.root)
  }

  /** The slower checks, made now and then. */
  async checkAll(): Promise<void> {
    await this.check()
    const { world, model } = this
    for (const worker of model.workers) {
      const { stake, credit, status } = await world.view('worker', worker.actor.operator.address)
      const statuses = ['Unregistered', 'LoggedOut', 'LoggedIn']
      expect([stake, credit, statuses[Number(status)]]).to.deep.equal([worker.stake, worker.credit, worker.status])
      if (worker.status === 'LoggedIn') expect(stake >= STAKE).to.equal(true)
    }
    for (const [taskId, status] of model.closed) {
      expect((await world.view('taskStatus', taskId)).status, 'a closed task stays as it was').to.equal(status)
    }
    for (const { taskId } of model.open) expect((await world.view('taskStatus', taskId)).status).to.equal(1n)
    for (const [scAddr, { head, count }] of this.heads) {
      expect((await world.view('secretContract', scAddr)).slice(1)).to.deep.equal([head, count])
    }
    const leaves = await world.leaves()
    expect(leaves, 'the events rebuild the tree').to.deep.equal(leaves.map((_, i) => model.tree.prove(i).leaf))
    const epoch = await world.currentEpoch()
    if (epoch > 0) {
      const { root, total } = await world.view('epochInfo', epoch)
      expect((await world.treeOf(epoch)).root).to.deep.equal({ hash: root, sum: total })
    }
  }

  /** An indexer that sees only events knows the whole state. */
  async checkReplay(): Promise<void> {
    const { world } = this
    const replayed = await replay(world)
    expect(replayed.escrow).to.equal(await world.view('totalEscrow'))
    for (const [operator, expected] of replayed.workers) {
      const { status, staking, signer, nonce, stake, credit } = await world.view('worker', operator)
      expect({ status, staking, signer, nonce, stake, credit }).to.deep.equal(expected)
    }
    for (const [taskId, expected] of replayed.tasks) {
      const { slot1, sender, status } = await world.view('taskStatus', taskId)
      expect({ sender, status }).to.deep.equal({ sender: expected.sender, status: expected.status })
      if (expected.slot1 !== undefined) expect(slot1).to.equal(expected.slot1)
    }
    for (const [scAddr, expected] of replayed.contracts) {
      const { codeHash, headHash, deltaCount } = await world.view('secretContract', scAddr)
      expect({ codeHash, headHash, deltaCount }).to.deep.equal(expected)
    }
    expect(replayed.tasks.size).to.equal(this.model.open.length + this.model.closed.size)
  }

  /** Nobody's money stays behind: every task ends, every worker leaves with all it owns. */
  async everyoneExits(): Promise<void> {
    const { world, model } = this
    await helpers.mine(30)
    for (const task of [...model.open]) {
      await world.tx(world.stranger, 'returnFeesForTask', task.taskId, task.terms)
      model.close(task, BigInt(TaskStatus.ReceiptFailedReturn))
    }
    for (const worker of model.workers) {
      if (worker.status !== 'LoggedIn') continue
      await world.tx(worker.actor.operator, 'logout')
      worker.status = 'LoggedOut'
      this.model.weigh(worker)
    }
    await mineUpTo((await blockNumber()) + 80)
    for (const worker of model.workers) {
      const { operator, staking } = worker.actor
      if (worker.credit > 0n) await world.tx(staking, 'claim', operator.address)
      if (worker.stake > 0n) await world.tx(staking, 'withdraw', operator.address, worker.stake)
      if (worker.status === 'LoggedOut') await world.tx(operator, 'unregister')
    }
    const balance = this.donated + model.forfeit
    expect(await world.accounts()).to.deep.equal({ balance, stake: 0n, escrow: 0n, credit: 0n })
  }
}

describe('contracts/Enigma: invariants', () => {
  const seed = seedOfRun()
  it(`hold after each of ${STEPS} random steps, and everyone can exit (seed ${seed})`, async function () {
    this.timeout(240_000)
    const world = await helpers.loadFixture(withPrincipal)
    for (const user of world.users) await world.fund(user, MONEY)
    const gateway = await world.gateway.getAddress()
    const source = 'contracts/test/CallbackProbe.sol'
    const probe = await deployContract(world.deployer, artifacts, source, 'CallbackProbe', [gateway])
    const walk = new Walk(world, probe, randomFrom(seed))
    const names = Object.keys(walk.steps)
    for (let step = 0; step < STEPS;) {
      // Start with workers; then money-moving steps are as likely as the rest together.
      const name =
        step < 30
          ? walk.random.pick(names.slice(0, 3))
          : walk.random.pick([
              ...names,
              'settle',
              'settle',
              'deploy',
              'compute',
              'compute',
              'wait',
              'epoch',
              'refund',
              'silence'
            ])
      if (!(await walk.steps[name]!())) {
        if (step < 30) step++
        continue
      }
      walk.done.set(name, (walk.done.get(name) ?? 0) + 1)
      await walk.check()
      if (step % 20 === 0) await walk.checkAll()
      step++
    }
    await walk.checkAll()
    await walk.checkReplay()
    await walk.everyoneExits()
    await walk.checkReplay()
    for (const name of [
      'settle',
      'settleMany',
      'recordMany',
      'refund',
      'silence',
      'deposit',
      'login',
      'epoch',
      'deploy'
    ]) {
      expect(walk.done.get(name) ?? 0, `${name} was among the steps`).to.be.above(0)
    }
  })
})
