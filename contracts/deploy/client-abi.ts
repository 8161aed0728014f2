import { Interface, type Fragment, type JsonFragment, type NamedFragment } from 'ethers'

/**
 * What enigma-js calls and reads. The compiler refuses a name there that is missing here; a test of enigma-js, one here that it does not
 * use. The original API (`enigma-js/compat`) is a bundle of its own and has the whole ABI.
 */
const ENIGMA_FUNCTIONS = [
  'attestationMode',
  'createDeploymentTaskRecord',
  'createDeploymentTaskRecordWithPermit',
  'createTaskRecord',
  'createTaskRecordWithPermit',
  'currentEpoch',
  'epochInfo',
  'measurementAllowed',
  'nextEpochBlock',
  'operatorOf',
  'principal',
  'returnFeesForTask',
  'secretContract',
  'taskNonce',
  'taskPeriod',
  'taskStatus',
  'token',
  'worker'
]
const ENIGMA_EVENTS = [
  'AttestationModeFixed',
  'CreditClaimed',
  'CreditCompounded',
  'LoggedIn',
  'LoggedOut',
  'ReceiptFailed',
  'ReceiptFailedETH',
  'ReceiptVerified',
  'TaskFeeReturned',
  'TaskRecordCreated',
  'Unregistered',
  'WorkerRegistered'
]
const TOKEN_FUNCTIONS = ['allowance', 'approve', 'balanceOf', 'eip712Domain', 'nonces']

/** Errors that only what enclaves, their hosts and the owner of the contract send can meet. A new one is the client's until it is named here. */
const ERRORS_OF_OTHERS = [
  // evidence and registration
  'EnigmaEvidenceFromFuture',
  'EnigmaEvidenceTooOld',
  'EnigmaNoPrincipal',
  'EnigmaNotPrincipal',
  'EnigmaNotSimulationEvidence',
  'EnigmaPrincipalAlreadyRegistered',
  'EnigmaReportMismatch',
  'EnigmaSignerTaken',
  'EnigmaSimulationOnMainnet',
  'EnigmaSimulationRootMissing',
  'EnigmaSimulationSignature',
  'EnigmaSimulationWithoutDebugMark',
  'EnigmaSvnTooLow',
  'EnigmaWrongAttestationMode',
  // epochs
  'EnigmaEpochTooEarly',
  'EnigmaGenerationFell',
  'EnigmaInvalidSignature',
  'EnigmaWrongEpochCall',
  'EnigmaWrongSeed',
  // receipts and callbacks
  'EnigmaCallbackDataMismatch',
  'EnigmaCallbackGasMissing',
  'EnigmaCallbackNotLast',
  'EnigmaCallbackTooLarge',
  'EnigmaGasAboveLimit',
  'EnigmaGatewayOnly',
  'EnigmaMalformedStakeProof',
  'EnigmaNoSuchSeat',
  'EnigmaNotSelected',
  'EnigmaNothingApplied',
  'EnigmaOutsideWindow',
  'EnigmaReceiptInconsistent',
  'EnigmaReceiptMismatch',
  'EnigmaStaleHead',
  'EnigmaWrongStakeProof',
  // penalties
  'EnigmaDifferentSigners',
  'EnigmaNoEquivocation',
  'EnigmaNothingToTake',
  'EnigmaProofPeriodOver',
  'EnigmaTaskAlreadyPunished',
  'EnigmaTaskNotReturned',
  'EnigmaUnknownSigner',
  // the constructor's, and the owner's
  'EnigmaInvalidParameter',
  'InvalidShortString',
  'OwnableInvalidOwner',
  'OwnableUnauthorizedAccount',
  'StringTooLong'
]

/** Fragments in the human-readable form of ethers. Errors have no names of fields: the client reads them by place. */
export function clientFragments(
  enigma: readonly JsonFragment[],
  token: readonly JsonFragment[]
): { readonly enigma: readonly string[]; readonly token: readonly string[] } {
  return {
    enigma: [
      ...picked(enigma, 'function', ENIGMA_FUNCTIONS),
      ...picked(enigma, 'event', ENIGMA_EVENTS),
      ...without(enigma, ERRORS_OF_OTHERS)
    ],
    token: picked(token, 'function', TOKEN_FUNCTIONS)
  }
}

const namedIn = (abi: readonly JsonFragment[], type: string): NamedFragment[] =>
  new Interface(abi).fragments.filter(
    (fragment: Fragment): fragment is NamedFragment => fragment.type === type && 'name' in fragment
  )

function picked(abi: readonly JsonFragment[], type: string, names: readonly string[]): string[] {
  const present = namedIn(abi, type)
  return names.map(name => one(present, name).format('full'))
}

function without(abi: readonly JsonFragment[], names: readonly string[]): string[] {
  const present = namedIn(abi, 'error')
  const others = names.map(name => one(present, name))
  return present.filter(fragment => !others.includes(fragment)).map(fragment => fragment.format('minimal'))
}

function one(present: readonly NamedFragment[], name: string): NamedFragment {
  const found = present.filter(fragment => fragment.name === name)
  if (found.length === 1) return found[0]!
  throw new Error(`The contracts have ${found.length} of the name ${name}: correct contracts/deploy/client-abi.ts.`)
}
