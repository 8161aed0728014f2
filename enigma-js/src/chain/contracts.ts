import { Interface, type Log, type LogDescription } from 'ethers'
import { enigmaFragments, tokenFragments } from './abi.ts'

type NameOf<Fragment, Kind extends string> = Fragment extends `${Kind} ${infer Name}(${string}` ? Name : never

/** Names in the client's part of the ABI, contracts/deploy/client-abi.ts: the compiler refuses another one. */
export type EnigmaFunction = NameOf<(typeof enigmaFragments)[number], 'function'>
export type EnigmaEvent = NameOf<(typeof enigmaFragments)[number], 'event'>
export type TokenFunction = NameOf<(typeof tokenFragments)[number], 'function'>

export const enigmaInterface = new Interface(enigmaFragments)
export const tokenInterface = new Interface(tokenFragments)

/** Call data of a transaction to Enigma. */
export const encodeCall = (name: EnigmaFunction, args: readonly unknown[]): string =>
  enigmaInterface.encodeFunctionData(name, args)

/** The first topic of an event's logs. */
export const topicOf = (name: EnigmaEvent): string => enigmaInterface.getEvent(name)!.topicHash

/** Null for an event that the client has no use for. */
export const parseLog = (log: Log): LogDescription | null => enigmaInterface.parseLog(log)
