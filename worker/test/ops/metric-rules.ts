/**
 * What is wrong with the names of an exposition, by the rules that `promtool check metrics` enforces
 * (prometheus.io/docs/practices/naming) and those of this project.
 */
export function metricFaults(text: string): string[] {
  const faults: string[] = []
  const types = new Map<string, string>()
  const helps = new Map<string, string>()
  const samples = new Set<string>()
  for (const line of text.split('\n')) {
    const [, kind, name = '', rest = ''] = /^# (TYPE|HELP) (\S+)(?: (.*))?$/.exec(line) ?? []
    if (kind === 'TYPE' || kind === 'HELP') {
      const table = kind === 'TYPE' ? types : helps
      if (table.has(name)) faults.push(`${name}: ${kind} twice`)
      table.set(name, rest)
    } else if (line !== '' && !line.startsWith('#')) {
      samples.add(/^[^{ ]+/.exec(line)![0])
    }
  }
  const familyOf = (sample: string): string => {
    const base = sample.replace(/_(bucket|sum|count)$/, '')
    return ['histogram', 'summary'].includes(types.get(base) ?? '') ? base : sample
  }
  for (const name of new Set([...types.keys(), ...helps.keys(), ...[...samples].map(familyOf)])) {
    const type = types.get(name)
    if (type === undefined) faults.push(`${name}: no TYPE`)
    if ((helps.get(name) ?? '').trim() === '') faults.push(`${name}: no HELP`)
    faults.push(...nameFaults(name, type ?? 'untyped').map(fault => `${name}: ${fault}`))
  }
  return faults
}

/** Units that a name may not have, and those to use in their place. */
const UNITS: readonly (readonly [wrong: RegExp, right: string])[] = [
  [/^(ns|us|ms|msecs?|millis|milliseconds|microseconds|nanoseconds|sec|secs|minutes?|mins?|hours?|days?)$/, 'seconds'],
  [/^(kb|mb|gb|kib|mib|gib|kilobytes|megabytes|gigabytes|bits|octets)$/, 'bytes'],
  [/^(percent|percentage|pct)$/, 'ratio'],
  [/^(celcius|fahrenheit)$/, 'celsius'],
  [/^(grains|wei|gwei)$/, 'eng']
]
/** A unit stands at the end of the name, before what the type adds. */
const BASE_UNITS = ['seconds', 'bytes', 'ratio', 'blocks', 'eng']
/** Names of the library: they keep the unit before the statistic. */
const LIBRARY = /^enigma_(nodejs|process)_/

function nameFaults(name: string, type: string): string[] {
  const faults: string[] = []
  if (!/^enigma(_[a-z0-9]+)+$/.test(name)) faults.push('a name is enigma_ and snake_case')
  if (type === 'counter' && !name.endsWith('_total')) faults.push('a counter ends in _total')
  if (type !== 'counter' && name.endsWith('_total')) faults.push(`a ${type} does not end in _total`)
  if (type !== 'histogram' && type !== 'summary' && /_(bucket|sum|count)$/.test(name)) {
    faults.push(`a ${type} does not end in ${/_(bucket|sum|count)$/.exec(name)![0]}`)
  }
  const words = name.split('_')
  if (words.some(word => ['gauge', 'counter', 'histogram', 'summary', 'metric'].includes(word))) {
    faults.push('a name does not tell its type')
  }
  if (['enigma_values', 'enigma_events_total', 'enigma_events', 'enigma_value'].includes(name)) {
    faults.push('a name says nothing: one label for many kinds of values has no unit')
  }
  for (const word of LIBRARY.test(name) ? [] : words) {
    const found = UNITS.find(([wrong]) => wrong.test(word))
    if (found) faults.push(`its unit is ${found[1]}, not ${word}`)
  }
  const bare = type === 'counter' ? words.slice(0, -1) : words
  const unit = bare.findIndex(word => BASE_UNITS.includes(word))
  if (!LIBRARY.test(name) && unit >= 0 && unit !== bare.length - 1) faults.push('a name is to end in its unit')
  return faults
}
