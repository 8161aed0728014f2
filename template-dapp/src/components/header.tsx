import { ThemeButton } from './theme-button.tsx'

const WORDS = {
  loading: 'Enigma setup still loading...',
  failed: 'Enigma setup still loading...',
  ready: 'Enigma setup has loaded!',
  away: 'The network does not answer.'
} as const

export function Header({ status }: { status: keyof typeof WORDS }) {
  return (
    <header className="top">
      <div className="brand">
        <img src="/icon.svg" alt="" width="36" height="36" />
        <div>
          <h1>Secret millionaires</h1>
          <p className="muted">Who is the richest? Nobody learns what the others own.</p>
        </div>
      </div>
      <div className="top-right">
        <p className={`pill pill-${status}`} role="status" data-testid="setup">
          <span className="dot" aria-hidden="true" />
          {WORDS[status]}
        </p>
        <ThemeButton />
      </div>
    </header>
  )
}
