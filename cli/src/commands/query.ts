import { accountOptions } from '../account.ts'
import { entryOf, readArguments } from '../abi/read-argument.ts'
import { showValue, toJson } from '../abi/show-value.ts'
import { flag, text, type Command } from '../command.ts'
import { withClient } from '../connect.ts'
import { findContract } from '../files/find-contract.ts'
import { networkOptions } from '../network.ts'

export const query: Command = {
  command: 'query',
  describe: 'Ask a function that writes nothing: no transaction, no fee, and an answer certified for the present head',
  positionals: [
    { name: 'contract', describe: 'the address of a contract, or the name of one that was deployed from here' },
    { name: 'function', describe: 'its name' },
    { name: 'arguments', describe: 'as for `enigma call`', rest: true }
  ],
  options: {
    abi: { type: 'string', value: 'FILE', describe: 'the ABI of a contract that was not deployed from here' },
    ...accountOptions,
    ...networkOptions,
    json: { type: 'boolean', describe: 'print the result, and what certifies it, as JSON' }
  },
  examples: ['enigma query calculator sub 76 17', 'enigma query millionaires count --account 12'],

  run(given, io) {
    const [contract, name, ...words] = given.positionals as [string, string, ...string[]]
    return withClient(given, io, true, async ({ client, book }) => {
      const { scAddr, abi } = findContract(book, contract, text(given, 'abi'))
      const args = await readArguments(name, entryOf(abi, name).inputs ?? [], words, io)
      const { value, ...certified } = await client.query(scAddr, abi, name, args)
      if (flag(given, 'json')) io.out(toJson({ result: value ?? null, ...certified }))
      else {
        io.err(`certified  block ${certified.block}, ${certified.deltaCount} deltas, by ${certified.signer}`)
        if (value !== undefined) io.out(showValue(value))
      }
      return 0
    })
  }
}
