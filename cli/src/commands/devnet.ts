import { devnetDown, devnetStatus, devnetUp } from '@enigma/devnet'
import { flag, wholeNumber, type Command } from '../command.ts'

export const devnetUpCommand: Command = {
  command: 'devnet up',
  describe: 'Start a whole local network: chain, principal, workers, each with its enclave process',
  positionals: [],
  options: {
    simulation: {
      type: 'boolean',
      short: 's',
      describe: 'simulated enclaves; there are no others yet, but they must be asked for'
    },
    workers: { type: 'string', short: 'n', value: 'N', describe: 'number of workers, 1 to 9; default: 3' },
    'epoch-size': { type: 'string', value: 'BLOCKS', describe: 'blocks of an epoch, 2 to 200; default: 60' },
    keep: { type: 'boolean', short: 'k', describe: 'go on from the last network that was started with --keep' },
    detach: { type: 'boolean', short: 'd', describe: 'come back once it is ready' },
    'log-files': { type: 'boolean', short: 'l', describe: 'log to files only, one per process' },
    tmux: {
      type: 'boolean',
      short: 't',
      describe: 'a tmux session with a pane per process, where a terminal is attached'
    }
  },
  examples: ['enigma devnet up --simulation', 'enigma devnet up -s -d -n 5'],
  run: (given, io) =>
    devnetUp(
      {
        simulation: flag(given, 'simulation'),
        workers: wholeNumber(given, 'workers'),
        epochSize: wholeNumber(given, 'epoch-size'),
        keep: flag(given, 'keep'),
        detach: flag(given, 'detach'),
        logFiles: flag(given, 'log-files'),
        tmux: flag(given, 'tmux')
      },
      io
    )
}

export const devnetDownCommand: Command = {
  command: 'devnet down',
  describe: 'Stop the local network, and end what an earlier one left behind',
  positionals: [],
  options: {},
  examples: ['enigma devnet down'],
  run: (_, io) => devnetDown(io)
}

export const devnetStatusCommand: Command = {
  command: 'devnet status',
  describe: 'Show the processes of the local network and their health',
  positionals: [],
  options: {},
  examples: ['enigma devnet status'],
  run: (_, io) => devnetStatus(io)
}
