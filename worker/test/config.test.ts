import { expect } from 'chai'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readConfig, readOperatorKey } from '../src/config.ts'
import type { WorkerError } from '../src/errors.ts'
import type { NetLimits } from '../src/net/limits.ts'
import { netLimitsOf } from '../src/roles/node.ts'

describe('config', () => {
  const folder = mkdtempSync(join(tmpdir(), 'enigma-config-'))
  const enigma = `0x${'Ab'.repeat(20)}`
  const base = ['--enigma', enigma, '--operator-key-file', 'key']
  after(() => rmSync(folder, { recursive: true, force: true }))
  const failing = (args: string[], env: Record<string, string> = {}): string => {
    try {
      readConfig(args, env)
    } catch (error) {
      return (error as WorkerError & { facts: { setting: string } }).facts.setting
    }
    return 'nothing'
  }

  it('takes a flag over the environment, that over the file, that over the default', () => {
    const file = join(folder, 'enigma.config.json')
    writeFileSync(file, JSON.stringify({ name: 'file', 'http-port': 1, 'p2p-port': 2, 'min-workers': 3 }))
    const env = { ENIGMA_NAME: 'environment', ENIGMA_HTTP_PORT: '4' }
    const config = readConfig([...base, '--config', file, '--name', 'flag'], env)
    expect(config).to.include({ name: 'flag', httpPort: 4, p2pPort: 2, minWorkers: 3, httpHost: '127.0.0.1' })
    expect(config.enigma).to.equal(enigma.toLowerCase())
  })

  it('listens on loopback and the documented ports unless told otherwise', () => {
    expect(readConfig(base, {})).to.include({ role: 'worker', httpPort: 3346, p2pPort: 10_301, autoLogin: false })
    expect(readConfig([...base, '--role', 'principal'], {})).to.include({ httpPort: 3336, p2pPort: 10_300 })
    expect(readConfig([...base, '--auto-login', '--bootstrap', 'a,b'], {})).to.deep.include({
      autoLogin: true,
      bootstrap: ['a', 'b']
    })
  })

  it('names the setting that is missing or wrong', () => {
    expect(failing(['--operator-key-file', 'key'])).to.equal('enigma')
    expect(failing(['--enigma', enigma])).to.equal('operator-key-file')
    expect(failing([...base, '--role', 'miner'])).to.equal('role')
    expect(failing([...base, '--http-port', '70000'])).to.equal('http-port')
    expect(failing([...base, '--min-workers', '-1'])).to.equal('flags')
    expect(failing([...base, '--min-workers=-1'])).to.equal('min-workers')
    expect(failing([...base, '--staking', '0x12'])).to.equal('staking')
    expect(failing([...base, '--chain-url', 'file:///etc/passwd'])).to.equal('chain-url')
    expect(failing([...base, '--unknown'])).to.equal('flags')
    expect(failing([...base, '--config', join(folder, 'missing.json')])).to.equal('config')
  })

  it('refuses a settings file with a name that is none, or a value that can be none', () => {
    const file = join(folder, 'slips.json')
    const failingWith = (content: unknown): string => {
      writeFileSync(file, JSON.stringify(content))
      return failing([...base, '--config', file])
    }
    expect(failingWith({ 'http-port': 1, origins: ['https://one.example', 'https://two.example'] })).to.equal('nothing')
    expect(failingWith({ 'http-prot': 1 })).to.equal('http-prot')
    expect(failingWith({ httpPort: 1 })).to.equal('httpPort')
    expect(failingWith({ constructor: 1 })).to.equal('constructor')
    expect(failingWith({ config: 'other.json' }), 'one file names no other').to.equal('config')
    expect(failingWith({ standby: null })).to.equal('standby')
    expect(failingWith({ name: {} })).to.equal('name')
    expect(failingWith([])).to.equal('config')
    expect(() => readConfig([...base, '--config', folder], {})).to.throw(/cannot be read: EISDIR/)
  })

  it('takes true and false for a switch wherever it stands, and nothing that could be meant as either', () => {
    expect(readConfig(base, { ENIGMA_STANDBY: 'true', ENIGMA_AUTO_LOGIN: '1' })).to.include({
      standby: true,
      autoLogin: true
    })
    expect(readConfig(base, { ENIGMA_STANDBY: 'false', ENIGMA_AUTO_LOGIN: '0' })).to.include({
      standby: false,
      autoLogin: false
    })
    expect(readConfig([...base, '--standby', '--verify-full'], {})).to.include({ standby: true, verifyFull: true })
    // Taken for false, it would let a standby make a root of its own.
    for (const word of ['yes', 'TRUE', 'on', 'tru'])
      expect(failing(base, { ENIGMA_STANDBY: word }), word).to.equal('standby')
    expect(failing(base, { ENIGMA_AUTO_LOGIN: 'no' })).to.equal('auto-login')
    expect(failing(base, { ENIGMA_VERIFY_FULL: 'yes' })).to.equal('verify-full')
  })

  it('reads the key from a file and never shows it in an error', () => {
    const file = join(folder, 'key')
    writeFileSync(file, `${'ab'.repeat(32)}\n`)
    expect(readOperatorKey(file)).to.equal(`0x${'ab'.repeat(32)}`)
    writeFileSync(file, `${'ab'.repeat(31)}cx`)
    const messageOf = (path: string): string => {
      try {
        return readOperatorKey(path)
      } catch (error) {
        return String(error)
      }
    }
    expect(messageOf(file)).to.contain('holds no key').and.not.contain('abab')
    expect(messageOf(join(folder, 'nowhere'))).to.contain('cannot be read')
  })

  it('announces addresses that others can dial, and refuses what they would pass over', () => {
    const places = ['/dns4/node.example/tcp/10301', '/ip4/203.0.113.7/tcp/10401/ws', '/ip6/2001:db8::7/tcp/10301']
    expect(readConfig([...base, '--announce', places.join(',')], {}).announce).to.deep.equal(places)
    const ownId = '/ip4/203.0.113.7/tcp/10301/p2p/12D3KooWJWoaqZhDaoEFshF7Rh1bpY9ohihFhzcW6d69Lr2NASuq'
    const nowhere = [
      '/ip4/0.0.0.0/tcp/10301',
      '/ip6/::/tcp/10301',
      '/ip4/203.0.113.7/tcp/0',
      '/ip4/203.0.113.7/tcp/70000'
    ]
    const others = ['203.0.113.7:10301', '/ip4/203.0.113.7', '/ip4/203.0.113.7/udp/1/quic-v1', ownId, ' ']
    for (const wrong of [...nowhere, ...others])
      expect(failing([...base, '--announce', wrong]), wrong).to.equal('announce')
    expect(failing([...base, '--announce', Array(9).fill(places[0]).join(',')])).to.equal('announce')
  })

  it('takes lists with commas between', () => {
    const { hostNames, origins } = readConfig(base, { ENIGMA_HOST_NAMES: 'worker1,node.example', ENIGMA_ORIGINS: '' })
    expect({ hostNames, origins }).to.deep.equal({ hostNames: ['worker1', 'node.example'], origins: [] })
  })

  it('lets whom all have to reach be reached by many, strangers by no more of them than elsewhere', () => {
    const limitsOf = (role: string): Partial<NetLimits> => netLimitsOf(readConfig([...base, '--role', role], {}))
    expect(limitsOf('worker')).to.include({ maxConnections: 128, maxUnverified: 32, wantedPeers: 32 })
    for (const role of ['principal', 'bootstrap']) {
      expect(limitsOf(role)).to.include({ maxConnections: 1024, maxUnverified: 64, wantedPeers: 32 })
    }
  })
})
