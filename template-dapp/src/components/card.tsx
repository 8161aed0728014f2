import { useId, type ReactNode } from 'react'

export interface CardProps {
  readonly title: string
  /** A small word at the right of the title. */
  readonly aside?: ReactNode
  readonly children: ReactNode
  readonly className?: string
  /** To be linked to. */
  readonly anchor?: string
}

export function Card({ title, aside, children, className = '', anchor }: CardProps) {
  const id = useId()
  return (
    <section id={anchor} className={`card ${className}`} aria-labelledby={id}>
      <div className="card-head">
        <h2 id={id}>{title}</h2>
        {aside}
      </div>
      {children}
    </section>
  )
}
