import { useEffect, useState, type FormEvent } from 'react'
import type { Account, TestAccount } from '../hooks/index.ts'
import { Bytes } from './bytes.tsx'
import { Card } from './card.tsx'

export interface EntryCardProps {
  readonly account: Account | null
  readonly known: readonly TestAccount[]
  readonly isEnabled: boolean
  /** The answer, once there is one. */
  readonly richest: string | null
  onAdd(who: string, netWorth: bigint, trace: boolean): Promise<void>
  onAsk(trace: boolean): Promise<void>
}

/** 2^256 - 1: what the contract can hold. */
const MOST = 2n ** 256n - 1n

export function EntryCard({ account, known, isEnabled, richest, onAdd, onAsk }: EntryCardProps) {
  const [who, setWho] = useState('')
  const [worth, setWorth] = useState('')
  const [trace, setTrace] = useState(false)
  const [wrong, setWrong] = useState<string | null>(null)
  useEffect(() => setWho(account?.address ?? ''), [account?.address])

  const submit = (event: FormEvent): void => {
    event.preventDefault()
    const digits = worth.replace(/[\s,_']/g, '')
    if (!/^0x[0-9a-f]{40}$/i.test(who.trim())) return setWrong('The owner is an Ethereum address: 0x and 40 digits.')
    if (!/^\d+$/.test(digits) || BigInt(digits) > MOST) return setWrong('The fortune is a whole number.')
    setWrong(null)
    setWorth('')
    void onAdd(who.trim(), BigInt(digits), trace)
  }
  return (
    <Card title="3. The fortunes">
      <form onSubmit={submit} noValidate>
        <label className="field">
          <span>Owner</span>
          <input value={who} onChange={event => setWho(event.target.value)} spellCheck={false} autoComplete="off" />
        </label>
        <label className="field">
          <span>Fortune</span>
          <input
            value={worth}
            onChange={event => setWorth(event.target.value)}
            inputMode="numeric"
            placeholder="1 000 000"
            autoComplete="off"
            aria-describedby="fortune-help"
            aria-invalid={wrong !== null}
          />
        </label>
        <p
          id="fortune-help"
          className={wrong === null ? 'muted small-text' : 'wrong'}
          role={wrong === null ? undefined : 'alert'}
        >
          {wrong ?? 'Encrypted before it leaves this page.'}
        </p>
        <label className="check">
          <input type="checkbox" checked={trace} onChange={event => setTrace(event.target.checked)} />
          Ask the enclave for a trace that only you can read
        </label>
        <div className="row wrap">
          <button type="submit" className="primary" disabled={!isEnabled}>
            Add encrypted entry
          </button>
          <button type="button" disabled={!isEnabled} onClick={() => void onAsk(trace)}>
            Who is the richest?
          </button>
        </div>
      </form>
      {!isEnabled && account === null && <p className="muted small-text">Choose an account first.</p>}
      {richest !== null && (
        <p className="answer" role="status" data-testid="richest" data-address={richest}>
          <span className="muted">The richest is</span>
          <strong>{nameOf(richest, account, known)}</strong>
          <Bytes value={richest} />
        </p>
      )}
    </Card>
  )
}

function nameOf(address: string, account: Account | null, known: readonly TestAccount[]): string {
  const same = (other: string): boolean => other.toLowerCase() === address.toLowerCase()
  const index = known.findIndex(test => same(test.address))
  const name = index < 0 ? 'somebody' : `Test account ${index + 1}`
  return account !== null && same(account.address) ? (index < 0 ? 'you' : `${name}, that is you`) : name
}
