// node client/bid.mjs 2500000: bids with a test account and asks who leads. Run `enigma migrate` first.
import { readFileSync } from 'node:fs'
import { createEnigmaClient } from 'enigma-js'

const { network, contracts, testAccount } = JSON.parse(readFileSync('deployed.json', 'utf8'))
// Off the test network the key is your own, in a file that nobody else can read.
const privateKey = testAccount?.privateKey ?? readFileSync(process.env.ENIGMA_PRIVATE_KEY_FILE, 'utf8').trim()
const client = await createEnigmaClient({ privateKey, chainUrl: network.chainUrl, network })
try {
  const { address, abi } = contracts['secret-max']
  const contract = client.contract(address, abi)
  await contract.call.bid(BigInt(process.argv[2] ?? '1000'))
  console.log(await contract.call.leader())
} finally {
  client.close()
}
