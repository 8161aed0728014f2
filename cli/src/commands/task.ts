import { inEng, type TaskFailedError } from 'enigma-js'
import { accountOptions } from '../account.ts'
import { showValue, toJson } from '../abi/show-value.ts'
import { flag, type Command } from '../command.ts'
import { withChain, withClient } from '../connect.ts'
import { report } from '../errors.ts'
import { chainOptions, networkOptions } from '../network.ts'
import { stageLine } from '../progress.ts'

const taskId = { name: 'taskId', describe: 'the id that the task has on chain' } as const

export const taskWatch: Command = {
  command: 'task watch',
  describe: 'Follow a task to its end, and print its answer if it was sent from here',
  positionals: [taskId],
  options: { ...networkOptions, json: { type: 'boolean', describe: 'print stages and result as lines of JSON' } },
  examples: ['enigma task watch 0x9c…01'],

  /** One line per stage. Exits 0 when final, 2 when the task failed, 1 on any other error. */
  run(given, io) {
    const id = given.positionals[0]!
    const json = flag(given, 'json')
    return withClient(given, io, false, async ({ client }) => {
      let failure: TaskFailedError | undefined
      for await (const progress of client.watchTask(id)) {
        failure = progress.error
        if (json) io.out(toJson({ ...progress, error: failure?.facts }))
        else if (failure === undefined) io.err(stageLine(progress))
      }
      if (failure !== undefined) return json ? 2 : report(failure, io)
      const task = await client.task(id).catch(() => null) // somebody else's: there is no key to read it with
      const result = await task?.result()
      if (task !== null && json) io.out(toJson({ result: result ?? null }))
      else if (result !== undefined) io.out(showValue(result))
      return 0
    })
  }
}

export const taskRefund: Command = {
  command: 'task refund',
  describe: 'Send the whole fee of an expired task back to its sender; anyone may, and no worker is needed',
  positionals: [taskId],
  options: { ...accountOptions, ...chainOptions, json: { type: 'boolean', describe: 'print the result as JSON' } },
  examples: ['enigma task refund 0x9c…01'],

  run(given, io) {
    return withChain(given, io, true, async client => {
      const refund = await client.refund(given.positionals[0]!)
      if (flag(given, 'json')) io.out(toJson(refund))
      else io.out(`${inEng(refund.amount)} ENG went back in block ${refund.block} (${refund.transactionHash})`)
      return 0
    })
  }
}
