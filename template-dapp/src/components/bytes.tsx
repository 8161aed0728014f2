/** Hexadecimal that nobody reads to its end: the first and the last digits, the whole of it on hover and for copying. */
export function Bytes({ value, keep = 8 }: { value: string; keep?: number }) {
  const isShort = value.length <= 2 * keep + 5
  return (
    <code className="bytes" title={value.length <= 140 ? value : `${value.slice(0, 130)}…`}>
      {isShort ? value : `${value.slice(0, keep + 2)}…${value.slice(-keep)}`}
    </code>
  )
}
