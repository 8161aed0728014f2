/** `node devnet/src/main.ts up|down|status`: the same commands as `enigma devnet ...`, for whoever has only this package. */
import { parseArgs } from 'node:util'
import { devnetDown } from './commands/down.ts'
import type { CommandIo } from './commands/io.ts'
import { devnetStatus } from './commands/status.ts'
import { devnetUp } from './commands/up.ts'

const usage = `usage: node devnet/src/main.ts up --simulation [--workers 1..9] [--epoch-size BLOCKS] [--keep] [--detach] [--log-files] [--tmux]
       node devnet/src/main.ts down
       node devnet/src/main.ts status`

const io: CommandIo = { out: line => console.log(line), err: line => console.error(line) }

async function run(): Promise<number> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      simulation: { type: 'boolean', short: 's', default: false },
      workers: { type: 'string', short: 'n' },
      'epoch-size': { type: 'string' },
      keep: { type: 'boolean', short: 'k' },
      detach: { type: 'boolean', short: 'd' },
      'log-files': { type: 'boolean', short: 'l' },
      tmux: { type: 'boolean', short: 't' },
      help: { type: 'boolean', short: 'h' }
    }
  })
  const number = (text: string | undefined): number | undefined => (text === undefined ? undefined : Number(text))
  switch (values.help === true ? 'help' : positionals.join(' ')) {
    case 'up':
      return devnetUp(
        {
          simulation: values.simulation,
          workers: number(values.workers),
          epochSize: number(values['epoch-size']),
          keep: values.keep,
          detach: values.detach,
          logFiles: values['log-files'],
          tmux: values.tmux
        },
        io
      )
    case 'down':
      return devnetDown(io)
    case 'status':
      return devnetStatus(io)
    case 'help':
      io.out(usage)
      return 0
    default:
      io.err(usage)
      return 2
  }
}

try {
  process.exitCode = await run()
} catch (error) {
  const wrongFlag = (error as NodeJS.ErrnoException).code?.startsWith('ERR_PARSE_ARGS') === true
  io.err(wrongFlag ? `${(error as Error).message}\n${usage}` : ((error as Error).stack ?? String(error)))
  process.exitCode = wrongFlag ? 2 : 1
}
