import type { Enigma, NetworkState } from '../hooks/index.ts'
import { eng, ether } from '../format.ts'
import { Bytes } from './bytes.tsx'
import { Card } from './card.tsx'
import { ProblemNote } from './problem-note.tsx'

export function AccountCard({ enigma, balance }: { enigma: Enigma; balance: NetworkState['balance'] }) {
  const { account, status, wallets, testAccounts, connecting, problem } = enigma
  // Not while connecting: a control that is switched off under the fingers loses the focus.
  const isOff = status !== 'ready'
  return (
    <Card title="1. Who are you?" aside={account && <span className="tag">{account.label}</span>}>
      {account === null ? (
        <p className="muted">Choose who pays and signs: a wallet of this browser, or an account of the test network.</p>
      ) : (
        <p className="account" data-testid="account">
          <Bytes value={account.address} />
          {balance !== null && (
            <span className="muted">
              {eng(balance.eng)} ENG, {ether(balance.eth)} ETH
            </span>
          )}
        </p>
      )}
      <div className="row wrap">
        {wallets.map(wallet => (
          <button key={wallet.id} type="button" disabled={isOff} onClick={() => void enigma.connectWallet(wallet)}>
            {wallet.icon !== '' && <img src={wallet.icon} alt="" width="18" height="18" />}
            {wallet.name}
          </button>
        ))}
        {testAccounts.length > 0 && (
          <label className="select">
            <span className="sr">Test account</span>
            <select
              disabled={isOff}
              value={selected(enigma)}
              onChange={event => void enigma.connectTestAccount(Number(event.target.value))}
            >
              <option value="-1" disabled>
                Use a test account
              </option>
              {testAccounts.map(({ address }, index) => (
                <option key={address} value={index}>
                  Test account {index + 1}
                </option>
              ))}
            </select>
          </label>
        )}
        {account !== null && (
          <button type="button" className="quiet" onClick={enigma.disconnect}>
            Disconnect
          </button>
        )}
      </div>
      {wallets.length === 0 && status === 'ready' && account === null && (
        <p className="muted small-text">No wallet has announced itself in this browser.</p>
      )}
      {connecting && (
        <p className="muted" role="status">
          Connecting. A wallet may ask you in a window of its own.
        </p>
      )}
      {status === 'ready' && <ProblemNote problem={problem} />}
    </Card>
  )
}

const selected = ({ account, testAccounts }: Enigma): number =>
  testAccounts.findIndex(({ address }) => address === account?.address && account.label.startsWith('Test'))
