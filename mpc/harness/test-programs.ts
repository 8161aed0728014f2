import { mul } from '../src/protocols/multiply.ts'
import { openChecked } from '../src/protocols/open.ts'
import * as mpc from '../src/index.ts'
import { release } from '../src/protocols/release.ts'
import type { Party } from '../src/session/party.ts'

/** Squares of the numbers 1..count, opened: what tests of the harness run. */
export async function squares(party: Party, { count }: { count: number }): Promise<bigint[]> {
  const { field } = party
  // a constant polynomial is a sharing too
  const x = field.from(Array.from({ length: count }, (_, i) => BigInt(i + 1)))
  const { values } = await openChecked(party, await mul(party, x, x))
  return field.toBigints(values)
}

/** How often the event loop of this party came round while it multiplied, and proved what it multiplied. */
export async function turns(party: Party, { count }: { count: number }): Promise<number> {
  const op = party.operation('turns')
  const [x, y] = [op.random(count, 'x'), op.random(count, 'y')]
  let seen = 0
  let running = true
  const tick = (): void => {
    seen++
    if (running) setImmediate(tick)
  }
  setImmediate(tick)
  await release(op, await mul(op, x, y))
  running = false
  return seen
}

export async function fails(): Promise<never> {
  throw new Error('on purpose')
}

/** Computes on given shares; says what it sent, before encryption, and its result shares. */
export async function watched(
  party: Party,
  { shares }: { shares: Uint8Array }
): Promise<{ sent: Uint8Array[]; result: Uint8Array }> {
  const { field } = party
  const { channel } = party.session
  const sent: Uint8Array[] = []
  const send = channel.send.bind(channel)
  channel.send = (to, operation, step, body) => {
    sent.push(body.slice())
    return send(to, operation, step, body)
  }
  const x = mpc.secret(party, field.fromBytes(shares.slice()), { magnitude: 40 })
  const less = await mpc.lt(party, x, mpc.publicValue(party, [1000]))
  const chosen = await mpc.mul(party, less, x)
  const mean = await mpc.mean(party, chosen)
  const result = await mpc.release(party, field.concat([chosen.shares, mean.shares]))
  return { sent, result: field.toBytes(result).slice() }
}
