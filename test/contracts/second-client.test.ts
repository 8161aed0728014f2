import { expect } from 'chai'
import { JsonRpcProvider, Wallet } from 'ethers'
import { SIM_ROOT_INSECURE_ADDRESS } from '@enigma/protocol'
import { deployEnigma } from '../../contracts/deploy/index.ts'
import { startAnvil } from './support/anvil.ts'
import { MEASUREMENT, MODE } from './support/enclaves.ts'

/** The first of anvil's published test accounts. */
const KEY = '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80'

describe('contracts/deploy on another Ethereum client', () => {
  it('deploys through plain JSON-RPC, without Hardhat and without a pause between the transactions', async () => {
    const { url, stop } = await startAnvil()
    const provider = new JsonRpcProvider(url)
    try {
      const { enigma } = await deployEnigma(new Wallet(KEY, provider), {
        simulationRoot: SIM_ROOT_INSECURE_ADDRESS,
        measurements: [MEASUREMENT]
      })

      expect(await enigma.getFunction('attestationMode').staticCall()).to.equal(MODE)
      expect(await enigma.getFunction('measurementAllowed').staticCall(MEASUREMENT)).to.equal(true)
    } finally {
      provider.destroy()
      await stop()
    }
  })
})
