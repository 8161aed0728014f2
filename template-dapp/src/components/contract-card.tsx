import { useState, type FormEvent } from 'react'
import type { Problem } from '../hooks/index.ts'
import { Bytes } from './bytes.tsx'
import { Card } from './card.tsx'
import { ProblemNote } from './problem-note.tsx'

export interface ContractCardProps {
  readonly scAddr: string | null
  readonly canDeploy: boolean
  readonly problem: Problem | null
  onDeploy(): Promise<void>
  onAttach(scAddr: string): void
  onForget(): void
}

export function ContractCard({ scAddr, canDeploy, problem, onDeploy, onAttach, onForget }: ContractCardProps) {
  const [address, setAddress] = useState('')
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (address.trim() !== '') onAttach(address)
    setAddress('')
  }
  return (
    <Card title="2. The secret contract" aside={scAddr !== null && <span className="tag">deployed</span>}>
      {scAddr === null ? (
        <>
          <p className="muted">Its code is public, its state is not: it lives encrypted on every worker.</p>
          <button type="button" className="primary" disabled={!canDeploy} onClick={() => void onDeploy()}>
            Deploy the contract
          </button>
          <details>
            <summary>Use one that somebody has deployed</summary>
            <form className="row wrap" onSubmit={submit}>
              <label className="field grow">
                <span>Its address</span>
                <input
                  value={address}
                  onChange={event => setAddress(event.target.value)}
                  placeholder="0x…, 64 digits"
                  spellCheck={false}
                  autoComplete="off"
                />
              </label>
              <button type="submit">Use it</button>
            </form>
          </details>
        </>
      ) : (
        <>
          <p className="row between">
            <span data-testid="contract" data-address={scAddr}>
              <Bytes value={scAddr} keep={10} />
            </span>
            <button type="button" className="quiet" onClick={onForget}>
              Use another
            </button>
          </p>
          <ProblemNote problem={problem} />
        </>
      )}
    </Card>
  )
}
