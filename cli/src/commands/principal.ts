import { readFileSync, writeFileSync } from 'node:fs'
import { type Command, type Given } from '../command.ts'
import { CliError } from '../errors.ts'
import { manageNode, need } from '../manage.ts'

/** The commands of a principal's operator (R14). Each speaks to the node on this machine, with the token of its data folder. */

const options = {
  http: { type: 'string', value: 'URL', describe: 'address of the principal (default http://127.0.0.1:3336)' },
  'data-dir': { type: 'string', value: 'DIR', describe: "the principal's data folder, with its mgmt.token" }
} as const

const DEFAULT_URL = 'http://127.0.0.1:3336'

const manage = (given: Given, action: string, body: object = {}): Promise<Record<string, unknown>> =>
  manageNode(given, { role: 'principal', url: DEFAULT_URL }, action, body)

/** A file that one command writes and the next reads: bytes as 0x hex. */
function readHexFile(path: string): string {
  const wrong = (what: string, cause?: unknown): CliError =>
    new CliError({ code: 'CLI_FILE', path }, what, {
      hint: 'Give the file that the command before this one wrote.',
      cause
    })
  let content: string
  try {
    content = readFileSync(path, 'utf8').trim()
  } catch (cause) {
    throw wrong(`${path} cannot be read.`, cause)
  }
  if (/^0x([0-9a-f]{2}){1,8192}$/.test(content)) return content
  throw wrong(`${path} does not hold bytes as 0x hex.`)
}
const writeHexFile = (path: string, value: unknown): void => writeFileSync(path, `${String(value)}\n`, { mode: 0o600 })

export const principalRequest: Command = {
  command: 'principal request',
  describe: "Write down what a standby's enclave asks the primary for",
  positionals: [],
  options: { ...options, out: { type: 'string', value: 'FILE', describe: 'where to write the request' } },
  examples: ['enigma principal request --http http://127.0.0.1:3337 --data-dir .enigma/net/standby --out request.hex'],
  async run(given, io) {
    const out = need(given, 'out')
    writeHexFile(out, (await manage(given, 'import-request'))['request'])
    io.out(`Written to ${out}. Take it to the primary: enigma principal export --request ${out}`)
    return 0
  }
}

export const principalExport: Command = {
  command: 'principal export',
  describe: "Seal the principal's root for the enclave that asked for it, and for no other",
  positionals: [],
  options: {
    ...options,
    request: { type: 'string', value: 'FILE', describe: 'the request of the standby' },
    out: { type: 'string', value: 'FILE', describe: 'where to write the sealed root' }
  },
  examples: ['enigma principal export --data-dir .enigma/net/principal --request request.hex --out root.hex'],
  async run(given, io) {
    const out = need(given, 'out')
    const { sealed } = await manage(given, 'export-root', { request: readHexFile(need(given, 'request')) })
    writeHexFile(out, sealed)
    io.out(`Written to ${out}. Only the enclave that asked can open it: enigma principal import --root ${out}`)
    return 0
  }
}

export const principalImport: Command = {
  command: 'principal import',
  describe: 'Give a standby the root that was sealed for it',
  positionals: [],
  options: { ...options, root: { type: 'string', value: 'FILE', describe: 'the sealed root' } },
  examples: ['enigma principal import --http http://127.0.0.1:3337 --data-dir .enigma/net/standby --root root.hex'],
  async run(given, io) {
    const { signer } = await manage(given, 'import-root', { sealed: readHexFile(need(given, 'root')) })
    io.out(`The standby is the principal ${String(signer)} now, and answers workers as the primary does.`)
    return 0
  }
}

export const principalPromote: Command = {
  command: 'principal promote',
  describe: 'Let a standby send setEpoch from now on, because the primary is gone',
  positionals: [],
  options,
  examples: ['enigma principal promote --http http://127.0.0.1:3337 --data-dir .enigma/net/standby'],
  async run(given, io) {
    const { before } = await manage(given, 'promote')
    io.out(
      before === true
        ? 'It is the primary already.'
        : 'It is the primary now. Do not start the old one as a primary again.'
    )
    return 0
  }
}

export const principalRotate: Command = {
  command: 'principal rotate',
  describe: 'Begin a new generation of state keys, from the next epoch on',
  positionals: [],
  options,
  examples: ['enigma principal rotate --data-dir .enigma/net/principal'],
  async run(given, io) {
    const { generation } = await manage(given, 'rotate-generation')
    io.out(`Generation ${String(generation)} is used from the next epoch on; older deltas keep theirs.`)
    return 0
  }
}
