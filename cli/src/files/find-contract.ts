import type { SecretContractAbi } from 'enigma-js'
import { CliError } from '../errors.ts'
import { loadAbi } from './artifact.ts'
import type { ContractBook } from './contracts-file.ts'

/** A contract by name or address, with its ABI. @throws CLI_CONTRACT, CLI_NO_ABI, CLI_FILE */
export function findContract(
  book: ContractBook,
  contract: string,
  abiPath?: string
): { scAddr: string; abi: SecretContractAbi } {
  const known = book.find(contract)
  const isAddress = /^0x[0-9a-f]{64}$/i.test(contract)
  if (known === undefined && !isAddress) {
    const names = book.all().map(({ name }) => name)
    throw new CliError({ code: 'CLI_CONTRACT', contract }, `No contract named ${contract} was deployed from here.`, {
      hint:
        names.length > 0
          ? `Known: ${names.join(', ')}`
          : 'Deploy it with `enigma deploy`, or give its address and --abi.'
    })
  }
  const abi = abiPath === undefined ? known?.abi : loadAbi(abiPath)
  if (abi === undefined) {
    throw new CliError({ code: 'CLI_NO_ABI', contract }, 'The ABI of this contract is not known here.', {
      hint: 'Give it with --abi.'
    })
  }
  return { scAddr: known?.scAddr ?? contract.toLowerCase(), abi }
}
