import { TaskStatus, inputHashOf, receiptToJson, toHex, type StoredResult } from '@enigma/protocol'
import type { ChainReader } from '../chain/reader.ts'
import type { Drain } from '../ops/drain.ts'
import { VERSION } from '../ops/version.ts'
import type { KeyExchange, TaskRelay } from '../sync/interfaces.ts'
import type { QueryRelay } from '../sync/query-relay.ts'
import { networkStatusOf } from '../task/task-events.ts'
import type { TaskService } from '../sync/task-service.ts'
import type { Caller, RpcHandlers } from './dispatch.ts'
import { RpcError } from './errors.ts'
import type { NodeStatus } from './interfaces.ts'
import { openRpcDocument } from './openrpc.ts'
import { queryMethod } from './query-method.ts'
import { seatsWithKeys } from './seat-keys.ts'
import type { TaskSubscriptions } from './subscriptions.ts'
import { timelineOf } from './task-timeline.ts'

export interface WorkerMethodsInit {
  readonly node: Pick<NodeStatus, 'info'>
  readonly chain: ChainReader
  readonly relay: TaskRelay
  readonly keys: KeyExchange
  readonly tasks: TaskService
  readonly queries: QueryRelay
  /** Stops new inputs while the node is about to stop. */
  readonly drain?: Pick<Drain, 'requireOff'>
}

/** What a worker answers. docs/spec/json-rpc.md */
export function workerMethods({ node, chain, relay, keys, tasks, queries, drain }: WorkerMethodsInit): RpcHandlers {
  async function deliver(envelope: Uint8Array, bytecode: Uint8Array | null): Promise<StoredResult> {
    drain?.requireOff()
    const { stored } = await relay.deliver(envelope, bytecode)
    return { inputHash: inputHashOf(envelope), stored }
  }

  return {
    getInfo: () => node.info(),
    getWorkerEncryptionKey: ({ scAddr, epoch }) => seatsWithKeys({ chain, keys }, scAddr, epoch),
    deploySecretContract: ({ envelope, bytecode }) => deliver(envelope, bytecode),
    sendTaskInput: ({ envelope }) => deliver(envelope, null),

    async getTaskStatus({ taskId }) {
      const events = await timelineOf(tasks, relay, taskId)
      const task = chain.task(taskId)
      const recorded = task ? TaskStatus.RecordCreated : TaskStatus.RecordUndefined
      return { taskId, status: networkStatusOf(task), chainStatus: task?.settlement?.status ?? recorded, events }
    },

    async getTaskResult({ taskId }) {
      const found = await relay.result(taskId)
      if (!found) return null
      const { receipt, signature, result, log, trace } = found
      return {
        taskId,
        receipt: receiptToJson(receipt),
        signature: toHex(signature),
        result: toHex(result),
        log: toHex(log),
        trace: toHex(trace)
      }
    },

    queryContract: queryMethod(queries),

    subscribeTask: ({ taskId }, caller) =>
      Promise.resolve().then(() => subscriptionsOf(caller, 'subscribeTask').subscribe(taskId, caller.answered)),
    unsubscribeTask: ({ subscription }, caller) =>
      Promise.resolve().then(() => subscriptionsOf(caller, 'unsubscribeTask').unsubscribe(subscription)),
    'rpc.discover': () => Promise.resolve(openRpcDocument(VERSION))
  }
}

function subscriptionsOf({ subscriptions }: Caller, method: string): TaskSubscriptions {
  if (subscriptions) return subscriptions
  throw new RpcError({ code: 'RPC_WEBSOCKET_ONLY', method }, `${method} works over a WebSocket only.`, {
    hint: 'Connect to the same address with ws:// in place of http://, or ask getTaskStatus from time to time.'
  })
}

/** Who the node is, and a refusal of everything else. */
export function refusingMethods(info: NodeStatus['info'], refusal: (method: string) => Error): RpcHandlers {
  const refuse = (method: string) => (): Promise<never> => Promise.reject(refusal(method))
  return {
    getInfo: () => info(),
    getWorkerEncryptionKey: refuse('getWorkerEncryptionKey'),
    deploySecretContract: refuse('deploySecretContract'),
    sendTaskInput: refuse('sendTaskInput'),
    getTaskStatus: refuse('getTaskStatus'),
    getTaskResult: refuse('getTaskResult'),
    queryContract: refuse('queryContract'),
    subscribeTask: refuse('subscribeTask'),
    unsubscribeTask: refuse('unsubscribeTask'),
    'rpc.discover': () => Promise.resolve(openRpcDocument(VERSION))
  }
}

/** What a node answers that runs no tasks: who it is. */
export const infoOnlyMethods = (node: Pick<NodeStatus, 'info'>, role: string): RpcHandlers =>
  refusingMethods(
    () => node.info(),
    method =>
      new RpcError({ code: 'RPC_WRONG_ROLE', method, role }, `A ${role} does not answer ${method}.`, {
        hint: 'Ask a worker.'
      })
  )
