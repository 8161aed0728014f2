#!/usr/bin/env node
/** The `enigma` command. docs/cli.md */
import { terminal } from './io.ts'
import { run } from './run.ts'

process.exitCode = await run(process.argv.slice(2), terminal())
// A WebSocket of a finished watch may still be closing; nothing is left to do.
process.stdout.write('', () => process.exit())
