import { scAddr, taskIdOf, type ScAddr } from '@enigma/protocol'
import { readAddress } from '../connect.ts'

/** The helpers of the original that are about amounts, addresses and text. Its cryptography is not here: nothing should be encrypted by hand. */

/** The address that a deployment by `sender` with this nonce gets. */
export const generateScAddr = (sender: string, nonce: number | bigint): ScAddr =>
  scAddr(taskIdOf(readAddress(sender, 'sender'), Number(nonce)))

/** ENG as grains: 1 ENG = 10^8. Takes text, or a number that is exact. */
export function toGrains(eng: string | number | bigint): bigint {
  const [whole = '0', fraction = ''] = String(eng).split('.')
  return BigInt(whole) * 10n ** 8n + BigInt(fraction.padEnd(8, '0').slice(0, 8))
}

export const remove0x = (text: string): string => (text.startsWith('0x') ? text.slice(2) : text)

/** Bytes as the characters that they stand for, without the zeros at the end. */
export function hexToAscii(hex: string): string {
  const bytes = remove0x(hex).match(/../g) ?? []
  return bytes
    .map(pair => String.fromCharCode(parseInt(pair, 16)))
    .join('')
    .replace(/\0+$/, '')
}

export const sleep = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))
