import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { FrameType, ZERO_ADDRESS, concatBytes, frameBytes, fromHex, utf8 } from '@enigma/protocol'
import { measurementOf, readBundle } from '../../src/attest/measurement.ts'
import { Op, call, testContract } from '../support/contract.ts'
import { bundle, commandLine, startHost, temporaryFolder, type HostInit, type HostedEnclave } from '../support/host.ts'
import { refusal } from '../support/local.ts'
import { DOMAIN, TestNetwork, startPrincipal, startWorker } from '../support/network.ts'

describe('the enclave process', function () {
  this.timeout(60_000)
  const cleanups: (() => unknown)[] = []
  afterEach(async () => {
    for (const clean of cleanups.splice(0).reverse()) await clean()
  })

  async function host(init: Partial<HostInit> = {}): Promise<HostedEnclave> {
    let { sealedFolder } = init
    if (sealedFolder === undefined) {
      const folder = temporaryFolder()
      cleanups.push(folder.remove)
      sealedFolder = folder.path
    }
    const started = await startHost({ ...init, sealedFolder })
    cleanups.push(() => started.stop())
    return started
  }
  async function network(): Promise<TestNetwork<HostedEnclave>> {
    const principal = await startPrincipal(await host())
    return new TestNetwork(principal, [await startWorker(await host(), principal)])
  }

  it('carries a task from deployment to the released result over its socket', async () => {
    const net = await network()
    const worker = net.workers[0]!
    const deployed = await net.record({ code: testContract, callData: utf8('over the wire') })
    await net.complete(worker, deployed)
    const sent = await net.record({ scAddr: deployed.scAddr, callData: call(Op.get) })
    const { receipt, sealedRun } = await net.complete(worker, sent)
    const released = await worker.enclave.call('release', { nonce: await net.showTask(worker, sent), sealedRun })

    expect(receipt).to.include({ ok: true, reason: 0 })
    expect(released.receipt).to.deep.equal(receipt)
  })

  it('tells by its own code what it is, and says in words that it is simulated', async () => {
    const enclave = await host()
    const { info } = await startPrincipal(enclave)

    expect(info.measurement).to.equal(measurementOf(readBundle(await bundle())))
    expect(info.isolation).to.equal('process-only')
    expect(enclave.output()).to.contain('SIMULATED IN SOFTWARE').and.to.contain(info.measurement)
    expect(enclave.output()).to.contain('"event":"ready"')
  })

  it('keeps its keys through kill -9', async () => {
    const principal = await startPrincipal(await host())
    const first = await startWorker(await host(), principal)
    const key = await first.enclave.call('encryptionKey', { epoch: 3 })
    first.enclave.process.kill('SIGKILL')
    expect(await first.enclave.exited()).to.equal('SIGKILL')
    const again = await startWorker(await host({ sealedFolder: first.enclave.sealedFolder }), principal)

    expect(again.info).to.deep.equal(first.info)
    expect(await again.enclave.call('encryptionKey', { epoch: 3 })).to.deep.equal(key)
  })

  it('ends when its host goes away, also in the middle of a frame and of a run', async () => {
    const net = await network()
    const worker = net.workers[0]!
    const sent = await net.record({ code: testContract, callData: utf8('x') })
    await net.complete(worker, sent)
    const spin = await net.record({ scAddr: sent.scAddr, callData: call(Op.spin), gasLimit: 1_000_000_000n })
    const nonce = await net.showTask(worker, spin)
    const running = refusal(worker.enclave.call('run', { nonce, ...spin }))
    worker.enclave.socket.write(Uint8Array.of(0, 0, 1))
    worker.enclave.socket.end()

    expect(await worker.enclave.exited()).to.equal(0)
    expect(await running).to.equal('HOST_EXIT')
  })

  it('answers quick calls while two runs keep both threads busy', async () => {
    const net = await network()
    const { enclave } = net.workers[0]!
    const contracts = [
      await net.record({ code: testContract, callData: utf8('1') }),
      await net.record({ code: testContract, callData: utf8('2') })
    ]
    for (const contract of contracts) await net.complete(net.workers[0]!, contract)
    let ended = 0
    const runs = await Promise.all(
      contracts.map(async ({ scAddr }) => {
        const spin = await net.record({ scAddr, callData: call(Op.spin), gasLimit: 500_000_000n })
        const nonce = await net.showTask(net.workers[0]!, spin)
        return { done: enclave.call('run', { nonce, ...spin }).finally(() => ended++) }
      })
    )
    for (let i = 0; i < 20; i++) await enclave.call('status', {})

    expect(ended).to.equal(0)
    await Promise.all(runs.map(({ done }) => done))
  })

  it('reads and writes nothing but its folders, and evaluates no text as code', async () => {
    const outside = temporaryFolder()
    cleanups.push(outside.remove)
    const dist = await bundle()
    const folder = temporaryFolder()
    cleanups.push(folder.remove)
    writeFileSync(join(outside.path, 'file'), 'x')
    const attempt = (code: string): string => {
      const flags = commandLine(folder.path, dist).slice(0, -3)
      const script = `try { ${code}; console.log('done') } catch (error) { console.log(error.code ?? error.name) }`
      return execFileSync(process.execPath, [...flags, '-e', script], { encoding: 'utf8', env: {}, cwd: '/' }).trim()
    }

    expect(attempt(`require('fs').readFileSync('${outside.path}/file')`)).to.equal('ERR_ACCESS_DENIED')
    expect(attempt(`require('fs').writeFileSync('${outside.path}/file', '')`)).to.equal('ERR_ACCESS_DENIED')
    expect(attempt(`require('fs').writeFileSync('${dist}/enclave.mjs', '')`)).to.equal('ERR_ACCESS_DENIED')
    expect(attempt(`require('child_process').execFileSync('true')`)).to.equal('ERR_ACCESS_DENIED')
    expect(attempt(`eval('1')`)).to.equal('EvalError')
    expect(attempt(`new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0))`)).to.equal('done')
  })

  it('keeps its folder and files to its owner', async () => {
    const folder = temporaryFolder()
    cleanups.push(folder.remove)
    chmodSync(folder.path, 0o755)
    await startPrincipal(await host({ sealedFolder: folder.path }))

    expect(statSync(folder.path).mode & 0o777).to.equal(0o700)
    for (const name of readdirSync(folder.path))
      expect(statSync(join(folder.path, name)).mode & 0o777, name).to.equal(0o600)
  })

  it('refuses unusable arguments, with a sentence and code 2', async () => {
    const dist = await bundle()
    const folder = temporaryFolder()
    cleanups.push(folder.remove)
    const good = commandLine(folder.path, dist)
    const commands = [
      good.slice(0, -1),
      [...good, '--more=1'],
      good.with(-1, '--isolation=sgx'),
      good.with(-2, '--sealed=relative')
    ]
    for (const command of commands) {
      const error = await startHost({ sealedFolder: folder.path, command: [process.execPath, ...command] }).then(
        () => 'started',
        (cause: Error) => cause.message
      )
      expect(error).to.match(/^exit 2: .*Usage: enclave.mjs/)
    }
  })

  it('refuses damaged sealed data, and never makes fresh keys in its place', async () => {
    const first = await host()
    const { info } = await startPrincipal(first)
    await first.call('epochSeed', { d: 0 })
    await first.stop()
    const { sealedFolder } = first
    const request = {
      role: 1,
      ...DOMAIN,
      operator: `0x${'ad'.repeat(20)}` as never,
      principalSigner: ZERO_ADDRESS,
      principal: null
    }
    const attempt = async (): Promise<string> => {
      const enclave = await startHost({ sealedFolder }).catch((error: Error) => error.message)
      if (typeof enclave === 'string') return enclave
      try {
        return await refusal(enclave.call('start', request))
      } finally {
        await enclave.stop()
      }
    }
    for (const [name, code] of [
      ['identity.sealed', /^ENCLAVE_SEAL_BROKEN$/],
      ['seeds.sealed', /^ENCLAVE_SEAL_BROKEN$/],
      ['sealing.key', /ENCLAVE_SEAL_BROKEN/]
    ] as const) {
      const path = join(sealedFolder, name)
      const good = readFileSync(path)
      for (const bad of [
        Buffer.alloc(0),
        good.subarray(1),
        good.map((byte, i) => (i === 15 ? byte ^ 1 : byte)),
        Buffer.alloc(good.length)
      ]) {
        writeFileSync(path, bad)
        expect(await attempt(), `${name} with ${bad.length} bytes`).to.match(code)
      }
      writeFileSync(path, good)
    }
    const again = await startPrincipal(await host({ sealedFolder }))
    expect(again.info).to.deep.equal(info)
  })

  it('removes what a crash in the middle of a write left behind', async () => {
    const folder = temporaryFolder()
    cleanups.push(folder.remove)
    writeFileSync(join(folder.path, 'sealing.key.0123.tmp'), 'half a key')
    await startPrincipal(await host({ sealedFolder: folder.path }))

    expect(readdirSync(folder.path).sort()).to.deep.equal(['identity.sealed', 'sealing.key'])
  })

  describe('with a host that breaks the framing', () => {
    const bad: [string, Uint8Array][] = [
      ['a length of 2^31', fromHex('0x80000000')],
      ['a length of 2^32 - 1', fromHex('0xffffffff')],
      ['a length below a header', fromHex('0x0000000600000000000000')],
      ['a version that nobody speaks', fromHex('0x00000007020000000000ff')],
      ['a type that does not exist', fromHex('0x00000007010900000000ff')],
      ['a response', frameBytes({ type: FrameType.response, id: 1, method: 16, payload: new Uint8Array() })],
      ['text', utf8('GET / HTTP/1.1\r\nhost: enclave\r\n\r\n')]
    ]
    for (const [what, bytes] of bad) {
      it(`ends with code 3 on ${what}`, async () => {
        const enclave = await host()
        enclave.socket.write(bytes)

        expect(await enclave.exited()).to.equal(3)
        expect(enclave.output()).to.contain('frame-refused')
      })
    }

    it('ends with code 3 on an id that is still under way', async () => {
      const net = await network()
      const { enclave } = net.workers[0]!
      const frame = frameBytes({ type: FrameType.request, id: 99, method: 0, payload: new Uint8Array(10) })
      enclave.socket.write(concatBytes(frame, frame))

      expect(await enclave.exited()).to.equal(3)
    })
  })

  const bwrap = findBubblewrap()
  if (bwrap !== undefined) {
    it('runs inside bubblewrap: the command line of the specification', async () => {
      const folder = temporaryFolder()
      cleanups.push(folder.remove)
      const inside = commandLine('/sealed', '/app').with(-1, '--isolation=bubblewrap')
      const cage = [
        ...['--unshare-all', '--die-with-parent', '--clearenv', '--cap-drop', 'ALL'],
        ...['--uid', '1000', '--gid', '1000', '--ro-bind', '/usr', '/usr'],
        ...['--symlink', 'usr/lib', '/lib', '--symlink', 'usr/lib64', '/lib64', '--ro-bind', process.execPath, '/node'],
        ...['--ro-bind', await bundle(), '/app', '--bind', folder.path, '/sealed'],
        ...['--proc', '/proc', '--dev', '/dev', '--chdir', '/']
      ]
      const enclave = await host({ sealedFolder: folder.path, command: [bwrap, ...cage, '/node', ...inside] })
      const { info } = await startPrincipal(enclave)

      expect(info.isolation).to.equal('bubblewrap')
      enclave.process.kill('SIGKILL')
      await enclave.exited()
      const again = await host({ sealedFolder: folder.path })
      expect((await startPrincipal(again)).info.signer).to.equal(info.signer)
    })
  }
})

/** Bubblewrap, where it is installed and allowed; the machine decides whether that test exists. */
function findBubblewrap(): string | undefined {
  const found = (process.env.PATH ?? '')
    .split(':')
    .map(folder => join(folder, 'bwrap'))
    .find(path => existsSync(path))
  if (found === undefined) return undefined
  try {
    execFileSync(found, ['--unshare-all', '--ro-bind', '/', '/', 'true'], { stdio: 'ignore', timeout: 5000 })
    return found
  } catch {
    return undefined
  }
}
