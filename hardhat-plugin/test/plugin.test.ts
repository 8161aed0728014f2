import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { createHardhatRuntimeEnvironment } from 'hardhat/hre'
import type { HardhatUserConfig } from 'hardhat/types/config'
import enigma from '../src/index.ts'

const sources = join(import.meta.dirname, '../../secret-contracts/samples')

describe('hardhat-plugin', function () {
  this.timeout(60_000)
  const root = mkdtempSync(join(tmpdir(), 'enigma-hardhat-'))
  before(() => writeFileSync(join(root, 'package.json'), '{"type":"module"}'))
  after(() => rmSync(root, { recursive: true, force: true }))

  const environment = (config: Partial<HardhatUserConfig> = {}) =>
    createHardhatRuntimeEnvironment({ plugins: [enigma], enigma: { sources }, ...config }, {}, root)

  it('runs secret contracts beside Solidity on a simulated network, in its process', async () => {
    const hre = await environment()
    const connection = await hre.network.create()
    try {
      const calculator = await connection.enigma.deploy('calculator')
      expect(await calculator.call.add!(17n, 42n)).to.equal(59n)
      expect(await calculator.query.mul!(17n, 76n)).to.equal(1292n)
      expect(await connection.ethers.provider.getBlockNumber()).to.equal(0) // the chain beside it
    } finally {
      await connection.close()
    }
  })

  it('compiles and deploys all contracts by its tasks', async () => {
    const hre = await environment()
    const printed: string[] = []
    const { log } = console
    console.log = (line: string) => void printed.push(line)
    try {
      await hre.tasks.getTask('enigma:compile').run({})
      await hre.tasks.getTask('enigma:deploy').run({ contracts: ['calculator'] })
    } finally {
      console.log = log
    }
    expect(printed.map(line => line.split(' ')[0])).to.include.members(['calculator', 'millionaires', 'voting'])
    expect(printed.at(-1)).to.match(/^calculator {2}0x[0-9a-f]{64}$/)
    expect(readdirSync(hre.config.paths.cache)).to.include('enigma')
  })

  it('says what is missing or wrong', async () => {
    const refusal = (work: Promise<unknown>): Promise<string> =>
      work.then(
        () => 'not refused',
        (error: Error) => error.message
      )
    const hre = await environment({ networks: { far: { type: 'http', url: 'http://127.0.0.1:1' } } })
    const simulated = await hre.network.create()
    expect(await refusal(simulated.enigma.deploy('nothing'))).to.contain('there are: calculator')
    expect(await refusal(simulated.enigma.deploy('../../etc/passwd'))).to.contain('There is no secret contract')
    expect(await refusal(simulated.enigma.at('calculator', `0x${'11'.repeat(32)}`))).to.contain('on no chain here')
    await simulated.close()
    const far = await hre.network.create('far')
    expect(await refusal(far.enigma.deploy('calculator'))).to.contain('enigma.networks.far')

    const wrong = environment({ enigma: { networks: { far: { contract: '0x12', rpc: [] } } } })
    expect(await refusal(wrong))
      .to.contain('address of the Enigma contract')
      .and.to.contain('list of http addresses')
  })
})
