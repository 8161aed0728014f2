import { accountOptions } from '../account.ts'
import { entryOf, readArguments } from '../abi/read-argument.ts'
import { toJson } from '../abi/show-value.ts'
import { flag, text, type Command } from '../command.ts'
import { withClient } from '../connect.ts'
import { loadArtifact } from '../files/artifact.ts'
import { readTaskOptions, taskOptions } from '../gas.ts'
import { networkOptions } from '../network.ts'
import { announcer, follow, sayTraced } from '../progress.ts'

export const deploy: Command = {
  command: 'deploy',
  describe: 'Deploy a secret contract and print its address; the name and the ABI are remembered',
  positionals: [
    { name: 'contract', describe: 'a .wasm file with its .abi.json beside it, or the name of a sample' },
    { name: 'arguments', describe: 'of the constructor; `-` reads one from standard input', rest: true }
  ],
  options: {
    name: { type: 'string', value: 'NAME', describe: "what to call it from now on; default: the file's name" },
    abi: { type: 'string', value: 'FILE', describe: 'the ABI, if it is not beside the .wasm file' },
    ...taskOptions,
    ...accountOptions,
    ...networkOptions,
    json: { type: 'boolean', describe: 'print the result as JSON' }
  },
  examples: ['enigma deploy calculator', 'enigma deploy build/secret-max.wasm --name secret-max --account 12'],

  async run(given, io) {
    const [contract, ...words] = given.positionals as [string, ...string[]]
    const { name, wasm, abi, functions } = loadArtifact(contract, text(given, 'abi'))
    const args = await readArguments('The constructor', entryOf(abi, null).inputs ?? [], words, io)
    return withClient(given, io, true, async ({ client, book }) => {
      const { onStage, seen } = announcer(io)
      const task = await client.deploy({ wasm, abi }, args, { ...readTaskOptions(given), onStage })
      if (flag(given, 'trace')) sayTraced(task, io)
      const scAddr = await follow(task, io, seen)
      book.add({ name: text(given, 'name') ?? name, scAddr, abi, functions })
      io.out(flag(given, 'json') ? toJson({ scAddr, taskId: task.taskId }) : scAddr)
      return 0
    })
  }
}
