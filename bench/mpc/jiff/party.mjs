// One of three JIFF parties: times products and comparisons, all of a kind started at once.
import jiffMpc from 'jiff-mpc'
import bignumber from 'jiff-mpc/lib/ext/jiff-client-bignumber.js'

const [url, prime, products, comparisons] = process.argv.slice(2)
// without safemod: false it tests the modulus by trial division, which never ends
const jiff = new jiffMpc.JIFFClient(url, 'bench', {
  party_count: 3,
  autoConnect: false,
  safemod: false,
  crypto_provider: true
})
jiff.apply_extension(bignumber, { Zp: prime, safemod: false })

async function seconds(count, make) {
  const began = process.hrtime.bigint()
  await Promise.all(Array.from({ length: count }, () => new Promise(done => make().wThen(done))))
  return Number(process.hrtime.bigint() - began) / 1e9
}

jiff.wait_for([1, 2, 3], async () => {
  const x = jiff.share(7, 2)[1]
  const opened = Number(await jiff.open(x.mult(x)))
  const mul = await seconds(Number(products), () => x.mult(x))
  const lessThan = await seconds(Number(comparisons), () => x.lt(x))
  process.send({ opened, mul, lessThan })
  jiff.disconnect(true, true)
})
jiff.connect()
process.on('disconnect', () => process.exit(0))
