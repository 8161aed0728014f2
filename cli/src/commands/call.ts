import { accountOptions } from '../account.ts'
import { entryOf, readArguments } from '../abi/read-argument.ts'
import { showValue, toJson } from '../abi/show-value.ts'
import { flag, text, type Command } from '../command.ts'
import { withClient } from '../connect.ts'
import { findContract } from '../files/find-contract.ts'
import { readTaskOptions, taskOptions } from '../gas.ts'
import { networkOptions } from '../network.ts'
import { announcer, follow, sayTraced } from '../progress.ts'

export const call: Command = {
  command: 'call',
  describe: "Call a secret contract's function with encrypted arguments, and print the verified, decrypted answer",
  positionals: [
    { name: 'contract', describe: 'the address of a contract, or the name of one that was deployed from here' },
    { name: 'function', describe: 'its name' },
    {
      name: 'arguments',
      describe:
        'read by their ABI types; lists as JSON. `-` reads one from standard input, out of sight of the process list',
      rest: true
    }
  ],
  options: {
    abi: { type: 'string', value: 'FILE', describe: 'the ABI of a contract that was not deployed from here' },
    ...taskOptions,
    ...accountOptions,
    ...networkOptions,
    json: { type: 'boolean', describe: 'print the result as JSON' }
  },
  examples: ['enigma call calculator sub 76 17', 'enigma call secret-max bid - --account 12 < my-bid.txt'],

  run(given, io) {
    const [contract, name, ...words] = given.positionals as [string, string, ...string[]]
    return withClient(given, io, true, async ({ client, book }) => {
      const { scAddr, abi } = findContract(book, contract, text(given, 'abi'))
      const args = await readArguments(name, entryOf(abi, name).inputs ?? [], words, io)
      const { onStage, seen } = announcer(io)
      const task = await client.compute(scAddr, abi, name, args, { ...readTaskOptions(given), onStage })
      if (flag(given, 'trace')) sayTraced(task, io)
      const result = await follow(task, io, seen)
      if (flag(given, 'json')) io.out(toJson({ taskId: task.taskId, result: result ?? null }))
      else if (result !== undefined) io.out(showValue(result))
      return 0
    })
  }
}
