/** What happens to packets from one sender. */
export interface LinkFaults {
  /** Of all packets, by chance; 100 drops everything. */
  readonly lossPercent: number
}

/** The rules of one host for nft(8): what it gets from whom. Replaces the rules of before in one step. */
export function rulesFor(from: readonly (readonly [address: string, faults: LinkFaults])[]): string {
  const drops = from.map(([address, { lossPercent }]) => {
    const chance = lossPercent >= 100 ? '' : `numgen random mod 100 < ${lossPercent} `
    return `    ip saddr ${address} ${chance}counter drop`
  })
  return [
    'add table inet faults', // so that the deletion finds one
    'delete table inet faults',
    'table inet faults {',
    '  chain input {',
    '    type filter hook input priority 0; policy accept;',
    ...drops,
    '  }',
    '}',
    ''
  ].join('\n')
}
