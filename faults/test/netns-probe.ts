/** Runs inside a namespace of its own (see namespace-net.test.ts): prints what packets do, one line of JSON per question. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { startNamespaceNet } from '../src/index.ts'

const net = await startNamespaceNet(['a', 'b'])
const server = `require('net').createServer(s=>s.pipe(s)).listen(7000, '0.0.0.0', () => console.log('up'))`
const client = (to: string): string =>
  `const s=require('net').connect(7000,'${to}');s.setTimeout(700);s.write('x');
   s.on('data',()=>{console.log('answer');process.exit()});
   for (const e of ['timeout','error']) s.on(e,()=>{console.log('silence');process.exit()})`
const on = (host: string, code: string) => {
  const [program = '', ...args] = [...net.command(host), process.execPath, '-e', code]
  return spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] })
}
const servers = ['a', 'b'].map(host => on(host, server))
await Promise.all(servers.map(child => once(child.stdout, 'data')))

async function ask(from: string, to: string): Promise<string> {
  const child = on(from, client(net.address(to)))
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  return line.toString().trim()
}
const say = (what: string, found: unknown): void => console.log(JSON.stringify({ what, found }))

say('whole', [await ask('a', 'b'), await ask('b', 'a')])
await net.partition(['a'], ['b'])
say('parted', [await ask('a', 'b'), await ask('b', 'a')])
const here = connect(7000, net.address('a'))
here.write('x')
say('gateway', await Promise.race([once(here, 'data').then(() => 'answer'), once(here, 'error').then(() => 'silence')]))
here.destroy()
await net.heal()
say('healed', [await ask('a', 'b'), await ask('b', 'a')])
await net.faults('b', { a: { lossPercent: 100 } })
say('one way', [await ask('a', 'b')])
await net.faults('b', { a: { lossPercent: 10 } })
await net.rate('a', 256)
say('lossy', [await ask('a', 'b')].length)
await net.rate('a', null)
for (const child of servers) {
  child.kill('SIGKILL')
  await once(child, 'exit')
}
await net.stop()
process.exit()
