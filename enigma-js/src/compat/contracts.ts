import { Interface } from 'ethers'
import { enigmaAbi, tokenAbi } from '@enigma/protocol'

/** Whole, since the original API does what operators do as well. */
export const enigmaInterface = new Interface(enigmaAbi)
export const tokenInterface = new Interface(tokenAbi)
export const topic = (name: string): string => enigmaInterface.getEvent(name)!.topicHash
