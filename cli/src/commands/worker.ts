import { codeOf, printable, type InfoResult } from '@enigma/protocol'
import { callWorker } from 'enigma-js'
import { toJson } from '../abi/show-value.ts'
import { flag, type Command } from '../command.ts'
import { findWorkers, networkOptions } from '../network.ts'

export const workerStatus: Command = {
  command: 'worker status',
  describe: 'Ask workers who they are and how far they have come',
  positionals: [],
  options: { rpc: networkOptions.rpc, json: { type: 'boolean', describe: 'print one JSON object per worker' } },
  examples: ['enigma worker status', 'enigma worker status --rpc http://127.0.0.1:3346'],

  /** Exits 0 if every worker answered, else 1. */
  async run(given, io) {
    let silent = 0
    for (const url of findWorkers(given)) {
      try {
        const info = await callWorker(url, 'getInfo', {}, { timeoutMs: 5_000 })
        io.out(flag(given, 'json') ? toJson({ url, ...info }) : lineOf(url, info))
      } catch (error) {
        silent++
        if (flag(given, 'json')) io.out(toJson({ url, error: codeOf(error) }))
        else io.out(`${url}  ${codeOf(error)}`)
      }
    }
    return silent === 0 ? 0 : 1
  }
}

function lineOf(url: string, info: InfoResult): string {
  const { name, role, status, epoch, peers, isolation, operator, simulation } = info
  const enclave = `${simulation ? 'SIMULATION' : info.mode}, ${isolation}`
  const facts = [name, role, status, `epoch ${epoch}`, `${peers} peers`, enclave, operator, url]
  return facts.map(fact => printable(String(fact))).join('  ')
}
