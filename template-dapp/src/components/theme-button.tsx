import { useEffect, useState } from 'react'

const KEY = 'template-dapp/theme'
const prefersDark = (): boolean => matchMedia('(prefers-color-scheme: dark)').matches

/** Light or dark: as the system says, until the visitor says something else. */
export function ThemeButton() {
  const [chosen, setChosen] = useState(() => localStorage.getItem(KEY))
  useEffect(() => {
    if (chosen === null) delete document.documentElement.dataset.theme
    else document.documentElement.dataset.theme = chosen
  }, [chosen])

  const isDark = chosen === null ? prefersDark() : chosen === 'dark'
  const toggle = (): void => {
    const next = isDark ? 'light' : 'dark'
    localStorage.setItem(KEY, next)
    setChosen(next)
  }
  return (
    <button
      type="button"
      className="icon-button"
      onClick={toggle}
      aria-label={isDark ? 'Use light colours' : 'Use dark colours'}
    >
      <svg viewBox="0 0 20 20" width="18" height="18" aria-hidden="true">
        {isDark ? (
          <g stroke="currentColor" strokeWidth="1.8" strokeLinecap="round" fill="none">
            <circle cx="10" cy="10" r="3.6" />
            <path d="M10 1.8v2M10 16.2v2M1.8 10h2M16.2 10h2M4.2 4.2l1.4 1.4M14.4 14.4l1.4 1.4M4.2 15.8l1.4-1.4M14.4 5.6l1.4-1.4" />
          </g>
        ) : (
          <path d="M16.5 12.2A7 7 0 0 1 7.8 3.5a7 7 0 1 0 8.7 8.7Z" fill="currentColor" />
        )}
      </svg>
    </button>
  )
}
