import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { createHardhatRuntimeEnvironment } from 'hardhat/hre'
import enigma from '@enigma/hardhat'
import { whileMining } from './support/mining.ts'
import { useSharedDevnet } from './support/shared-devnet.ts'

describe('e2e: the Hardhat plugin', function () {
  this.timeout(180_000)
  const shared = useSharedDevnet()
  const root = mkdtempSync(join(tmpdir(), 'enigma-hardhat-e2e-'))
  before(() => writeFileSync(join(root, 'package.json'), '{"type":"module"}'))
  after(() => rmSync(root, { recursive: true, force: true }))

  it('deploys a secret contract to a live network, and its handle computes there', async () => {
    const { devnet, nextUser } = shared()
    const config = {
      plugins: [enigma],
      networks: {
        live: { type: 'http' as const, url: devnet.chainUrl, accounts: [nextUser().privateKey] }
      },
      enigma: {
        sources: join(import.meta.dirname, '../../secret-contracts/samples'),
        networks: { live: { contract: devnet.enigma, rpc: devnet.workers.map(({ httpUrl }) => httpUrl) } }
      }
    }
    const hre = await createHardhatRuntimeEnvironment(config, {}, root)
    const connection = await hre.network.create('live')
    try {
      const calculator = await whileMining(devnet, connection.enigma.deploy('calculator'))
      expect(await whileMining(devnet, calculator.call.add!(17n, 42n))).to.equal(59n)
      const again = await connection.enigma.at('calculator', calculator.scAddr)
      expect(await whileMining(devnet, again.call.sub!(76n, 17n))).to.equal(59n)
    } finally {
      await connection.close()
    }
  })
})
