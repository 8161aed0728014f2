import { createEnigmaClient } from 'enigma-js'

// `enigma page` bundles this and serves it with deployed.json, which `enigma migrate` writes.
const show = text => (document.querySelector('#status').textContent = text)
const { network, contracts, testAccount } = await (await fetch('deployed.json')).json()
// In a page for others: `provider: window.ethereum` instead of a key that everybody knows.
const client = await createEnigmaClient({ privateKey: testAccount.privateKey, chainUrl: network.chainUrl, network })
const { address, abi } = contracts['secret-max']
const contract = client.contract(address, abi)
show('Ready.')

document.querySelector('#bid').addEventListener('submit', async event => {
  event.preventDefault()
  const amount = BigInt(document.querySelector('#amount').value)
  const onStage = ({ stage }) => show(`${stage} ...`)
  try {
    await contract.call.bid(amount, { onStage })
    show(`The highest bid is that of ${await contract.call.leader({ onStage })}.`)
  } catch (error) {
    show(error.code ? `${error.message} (${error.code})` : String(error))
  }
})
