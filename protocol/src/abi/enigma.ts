/** ABI of Enigma, with the errors of the contracts it calls. Generated from contracts/ by `npm run build:abi`; do not edit. */
export const enigmaAbi = [
  {
    inputs: [
      {
        components: [
          { name: 'token', type: 'address' },
          { name: 'verifier', type: 'address' },
          { name: 'owner', type: 'address' },
          { name: 'minStake', type: 'uint128' },
          { name: 'epochSize', type: 'uint64' },
          { name: 'window', type: 'uint64' },
          { name: 'proofPeriod', type: 'uint64' },
          { name: 'minSvn', type: 'uint16' },
          { name: 'measurements', type: 'bytes32[]' }
        ],
        name: 'p',
        type: 'tuple'
      }
    ],
    stateMutability: 'nonpayable',
    type: 'constructor'
  },
  {
    inputs: [
      { name: 'payer', type: 'address' },
      { name: 'allowance', type: 'uint256' },
      { name: 'needed', type: 'uint256' }
    ],
    name: 'EnigmaAllowanceTooLow',
    type: 'error'
  },
  {
    inputs: [
      { name: 'amount', type: 'uint256' },
      { name: 'available', type: 'uint256' }
    ],
    name: 'EnigmaAmountTooHigh',
    type: 'error'
  },
  {
    inputs: [
      { name: 'expiry', type: 'uint64' },
      { name: 'timestamp', type: 'uint256' }
    ],
    name: 'EnigmaAttestationExpired',
    type: 'error'
  },
  {
    inputs: [
      { name: 'size', type: 'uint256' },
      { name: 'max', type: 'uint256' }
    ],
    name: 'EnigmaBatchSize',
    type: 'error'
  },
  {
    inputs: [
      { name: 'expected', type: 'bytes32' },
      { name: 'actual', type: 'bytes32' }
    ],
    name: 'EnigmaCallbackDataMismatch',
    type: 'error'
  },
  { inputs: [{ name: 'index', type: 'uint256' }], name: 'EnigmaCallbackNotLast', type: 'error' },
  {
    inputs: [
      { name: 'callbackGas', type: 'uint32' },
      { name: 'dataBytes', type: 'uint256' }
    ],
    name: 'EnigmaCallbackTooLarge',
    type: 'error'
  },
  {
    inputs: [
      { name: 'blockNumber', type: 'uint256' },
      { name: 'deadline', type: 'uint256' }
    ],
    name: 'EnigmaDeadlineNotPassed',
    type: 'error'
  },
  {
    inputs: [
      { name: 'a', type: 'address' },
      { name: 'b', type: 'address' }
    ],
    name: 'EnigmaDifferentSigners',
    type: 'error'
  },
  {
    inputs: [
      { name: 'blockNumber', type: 'uint256' },
      { name: 'notBefore', type: 'uint256' }
    ],
    name: 'EnigmaEpochTooEarly',
    type: 'error'
  },
  {
    inputs: [
      { name: 'issuedAt', type: 'uint64' },
      { name: 'timestamp', type: 'uint256' }
    ],
    name: 'EnigmaEvidenceFromFuture',
    type: 'error'
  },
  {
    inputs: [
      { name: 'issuedAt', type: 'uint64' },
      { name: 'timestamp', type: 'uint256' }
    ],
    name: 'EnigmaEvidenceTooOld',
    type: 'error'
  },
  {
    inputs: [
      { name: 'gasUsed', type: 'uint64' },
      { name: 'gasLimit', type: 'uint64' }
    ],
    name: 'EnigmaGasAboveLimit',
    type: 'error'
  },
  { inputs: [{ name: 'gasLimit', type: 'uint64' }], name: 'EnigmaGasLimitOutOfRange', type: 'error' },
  {
    inputs: [
      { name: 'generation', type: 'uint32' },
      { name: 'current', type: 'uint32' }
    ],
    name: 'EnigmaGenerationFell',
    type: 'error'
  },
  {
    inputs: [
      { name: 'name', type: 'string' },
      { name: 'value', type: 'uint256' }
    ],
    name: 'EnigmaInvalidParameter',
    type: 'error'
  },
  { inputs: [], name: 'EnigmaInvalidSignature', type: 'error' },
  {
    inputs: [
      { name: 'index', type: 'uint32' },
      { name: 'hashes', type: 'uint256' },
      { name: 'sums', type: 'uint256' }
    ],
    name: 'EnigmaMalformedStakeProof',
    type: 'error'
  },
  { inputs: [{ name: 'measurement', type: 'bytes32' }], name: 'EnigmaMeasurementNotAllowed', type: 'error' },
  { inputs: [], name: 'EnigmaNoEpoch', type: 'error' },
  {
    inputs: [
      { name: 'a', type: 'bytes32' },
      { name: 'b', type: 'bytes32' }
    ],
    name: 'EnigmaNoEquivocation',
    type: 'error'
  },
  { inputs: [], name: 'EnigmaNoPrincipal', type: 'error' },
  { inputs: [{ name: 'scAddr', type: 'bytes32' }], name: 'EnigmaNoSuchContract', type: 'error' },
  { inputs: [{ name: 'seat', type: 'uint8' }], name: 'EnigmaNoSuchSeat', type: 'error' },
  { inputs: [{ name: 'signer', type: 'address' }], name: 'EnigmaNotPrincipal', type: 'error' },
  {
    inputs: [
      { name: 'signer', type: 'address' },
      { name: 'seat', type: 'uint8' },
      { name: 'point', type: 'uint256' },
      { name: 'first', type: 'uint256' },
      { name: 'stake', type: 'uint256' }
    ],
    name: 'EnigmaNotSelected',
    type: 'error'
  },
  {
    inputs: [
      { name: 'sender', type: 'address' },
      { name: 'staking', type: 'address' }
    ],
    name: 'EnigmaNotStakingAddress',
    type: 'error'
  },
  { inputs: [{ name: 'skipped', type: 'uint256' }], name: 'EnigmaNothingApplied', type: 'error' },
  { inputs: [{ name: 'operator', type: 'address' }], name: 'EnigmaNothingToTake', type: 'error' },
  {
    inputs: [
      { name: 'blockNumber', type: 'uint256' },
      { name: 'first', type: 'uint256' },
      { name: 'last', type: 'uint256' }
    ],
    name: 'EnigmaOutsideWindow',
    type: 'error'
  },
  { inputs: [{ name: 'signer', type: 'address' }], name: 'EnigmaPrincipalAlreadyRegistered', type: 'error' },
  {
    inputs: [
      { name: 'blockNumber', type: 'uint256' },
      { name: 'last', type: 'uint256' }
    ],
    name: 'EnigmaProofPeriodOver',
    type: 'error'
  },
  { inputs: [{ name: 'taskId', type: 'bytes32' }], name: 'EnigmaReceiptInconsistent', type: 'error' },
  {
    inputs: [
      { name: 'taskId', type: 'bytes32' },
      { name: 'field', type: 'string' }
    ],
    name: 'EnigmaReceiptMismatch',
    type: 'error'
  },
  { inputs: [{ name: 'taskId', type: 'bytes32' }], name: 'EnigmaRecordMismatch', type: 'error' },
  {
    inputs: [
      { name: 'expected', type: 'bytes32' },
      { name: 'reported', type: 'bytes32' }
    ],
    name: 'EnigmaReportMismatch',
    type: 'error'
  },
  { inputs: [{ name: 'signer', type: 'address' }], name: 'EnigmaSignerBanned', type: 'error' },
  { inputs: [{ name: 'signer', type: 'address' }], name: 'EnigmaSignerTaken', type: 'error' },
  {
    inputs: [
      { name: 'stake', type: 'uint256' },
      { name: 'minStake', type: 'uint256' }
    ],
    name: 'EnigmaStakeTooLow',
    type: 'error'
  },
  {
    inputs: [
      { name: 'prevHead', type: 'bytes32' },
      { name: 'head', type: 'bytes32' }
    ],
    name: 'EnigmaStaleHead',
    type: 'error'
  },
  {
    inputs: [
      { name: 'svn', type: 'uint16' },
      { name: 'minSvn', type: 'uint16' }
    ],
    name: 'EnigmaSvnTooLow',
    type: 'error'
  },
  { inputs: [{ name: 'taskId', type: 'bytes32' }], name: 'EnigmaTaskAlreadyPunished', type: 'error' },
  {
    inputs: [
      { name: 'taskId', type: 'bytes32' },
      { name: 'status', type: 'uint8' }
    ],
    name: 'EnigmaTaskNotOpen',
    type: 'error'
  },
  {
    inputs: [
      { name: 'taskId', type: 'bytes32' },
      { name: 'status', type: 'uint8' }
    ],
    name: 'EnigmaTaskNotReturned',
    type: 'error'
  },
  { inputs: [{ name: 'untilBlock', type: 'uint256' }], name: 'EnigmaUnbonding', type: 'error' },
  { inputs: [{ name: 'signer', type: 'address' }], name: 'EnigmaUnknownSigner', type: 'error' },
  {
    inputs: [
      { name: 'operator', type: 'address' },
      { name: 'stake', type: 'uint256' },
      { name: 'credit', type: 'uint256' }
    ],
    name: 'EnigmaWorkerNotEmpty',
    type: 'error'
  },
  {
    inputs: [
      { name: 'mode', type: 'bytes32' },
      { name: 'accepted', type: 'bytes32' }
    ],
    name: 'EnigmaWrongAttestationMode',
    type: 'error'
  },
  { inputs: [{ name: 'current', type: 'uint64' }], name: 'EnigmaWrongEpoch', type: 'error' },
  {
    inputs: [
      { name: 'd', type: 'uint64' },
      { name: 'expected', type: 'uint64' }
    ],
    name: 'EnigmaWrongEpochCall',
    type: 'error'
  },
  { inputs: [{ name: 'current', type: 'uint256' }], name: 'EnigmaWrongNonce', type: 'error' },
  {
    inputs: [
      { name: 'commitOfSeed', type: 'bytes32' },
      { name: 'expected', type: 'bytes32' }
    ],
    name: 'EnigmaWrongSeed',
    type: 'error'
  },
  {
    inputs: [
      { name: 'root', type: 'bytes32' },
      { name: 'expected', type: 'bytes32' }
    ],
    name: 'EnigmaWrongStakeProof',
    type: 'error'
  },
  {
    inputs: [
      { name: 'operator', type: 'address' },
      { name: 'status', type: 'uint8' }
    ],
    name: 'EnigmaWrongWorkerStatus',
    type: 'error'
  },
  { inputs: [{ name: 'name', type: 'string' }], name: 'EnigmaZeroValue', type: 'error' },
  { inputs: [], name: 'InvalidShortString', type: 'error' },
  { inputs: [{ name: 'owner', type: 'address' }], name: 'OwnableInvalidOwner', type: 'error' },
  { inputs: [{ name: 'account', type: 'address' }], name: 'OwnableUnauthorizedAccount', type: 'error' },
  { inputs: [], name: 'ReentrancyGuardReentrantCall', type: 'error' },
  {
    inputs: [
      { name: 'bits', type: 'uint8' },
      { name: 'value', type: 'uint256' }
    ],
    name: 'SafeCastOverflowedUintDowncast',
    type: 'error'
  },
  { inputs: [{ name: 'token', type: 'address' }], name: 'SafeERC20FailedOperation', type: 'error' },
  { inputs: [{ name: 'str', type: 'string' }], name: 'StringTooLong', type: 'error' },
  {
    anonymous: false,
    inputs: [
      { indexed: true, name: 'mode', type: 'bytes32' },
      { indexed: false, name: 'verifier', type: 'address' }
    ],
    name: 'AttestationModeFixed',
    type: 'event'
  },
  {
    anonymous: false,
    inputs: [
      { indexed: true, name: 'operator', type: 'address' },
      { indexed: true, name: 'staking', type: 'address' },
      { indexed: false, name: 'amount', type: 'uint256' }
    ],
    name: 'CreditClaimed',
    type: 'event'
  },
  {
    anonymous: false,
    inputs: [
      { indexed: true, name: 'operator', type: 'address' },
      { indexed: false, name: 'amount', type: 'uint256' },
      { indexed: false, name: 'stake', type: 'uint256' }
    ],
    name: 'CreditCompounded',
    type: 'event'
  },
  {
    anonymous: false,
    inputs: [
      { indexed: true, name: 'operator', type: 'address' },
      { indexed: true, name: 'staking', type: 'address' },
      { indexed: false, name: 'amount', type: 'uint256' },
      { indexed: false, name: 'stake', type: 'uint256' }
    ],
    name: 'Deposited',
    type: 'event'
  },
  { anonymous: false, inputs: [], name: 'EIP712DomainChanged', type: 'event' },
  {
    anonymous: false,
    inputs: [
      { indexed: true, name: 'd', type: 'uint64' },
      { indexed: false, name: 'blockNumber', type: 'uint256' },
      { indexed: false, name: 'root', type: 'bytes32' },
      { indexed: false, name: 'total', type: 'uint256' },
      { indexed: false, name: 'commit', type: 'bytes32' }
    ],
    name: 'EpochCalled',
    type: 'event'
  },
  {
    anonymous: false,
    inputs: [
      { indexed: true, name: 'epoch', type: 'uint64' },
      { indexed: true, name: 'd', type: 'uint64' },
      { indexed: false, name: 'mix', type: 'bytes32' },
      { indexed: false, name: 'root', type: 'bytes32' },
      { indexed: false, name: 'total', type: 'uint256' },
      { indexed: false, name: 'startBlock', type: 'uint64' },
      { indexed: false, name: 'generation', type: 'uint32' }
    ],
    name: 'EpochStarted',
    type: 'event'
  },
  {
    anonymous: false,
    inputs: [
      { indexed: true, name: 'taskId', type: 'bytes32' },
      { indexed: true, name: 'operator', type: 'address' },
      { indexed: true, name: 'signer', type: 'address' },
      { indexed: false, name: 'submitter', type: 'address' },
      { indexed: false, name: 'amount', type: 'uint256' },
      { indexed: false, name: 'stake', type: 'uint256' }
    ],
    name: 'EquivocationPunished',
    type: 'event'
  },
  {
    anonymous: false,
    inputs: [
      { indexed: true, name: 'operator', type: 'address' },
      { indexed: true, name: 'signer', type: 'address' },
      { indexed: false, name: 'stake', type: 'uint256' }
    ],
    name: 'LoggedIn',
    type: 'event'
  },
  {
    anonymous: false,
    inputs: [
      { indexed: true, name: 'operator', type: 'address' },
      { indexed: false, name: 'by', type: 'address' },
      { indexed: false, name: 'withdrawableAfter', type: 'uint256' }
    ],
    name: 'LoggedOut',
    type: 'event'
  },
  {
    anonymous: false,
    inputs: [{ indexed: true, name: 'measurement', type: 'bytes32' }],
    name: 'MeasurementAllowed',
    type: 'event'
  },
  {
    anonymous: false,
    inputs: [{ indexed: true, name: 'measurement', type: 'bytes32' }],
    name: 'MeasurementRevoked',
    type: 'event'
  },
  {
    anonymous: false,
    inputs: [
      { indexed: true, name: 'previousOwner', type: 'address' },
      { indexed: true, name: 'newOwner', type: 'address' }
    ],
    name: 'OwnershipTransferStarted',
    type: 'event'
  },
  {
    anonymous: false,
    inputs: [
      { indexed: true, name: 'previousOwner', type: 'address' },
      { indexed: true, name: 'newOwner', type: 'address' }
    ],
    name: 'OwnershipTransferred',
    type: 'event'
  },
  {
    anonymous: false,
    inputs: [
      { indexed: true, name: 'signer', type: 'address' },
      { indexed: false, name: 'transportKey', type: 'bytes32' },
      { indexed: false, name: 'measurement', type: 'bytes32' },
      { indexed: false, name: 'evidence', type: 'bytes' }
    ],
    name: 'PrincipalRegistered',
    type: 'event'
  },
  {
    anonymous: false,
    inputs: [
      { indexed: true, name: 'taskId', type: 'bytes32' },
      { indexed: true, name: 'scAddr', type: 'bytes32' },
      { indexed: true, name: 'operator', type: 'address' },
      { indexed: false, name: 'reason', type: 'uint8' },
      { indexed: false, name: 'outputHash', type: 'bytes32' },
      { indexed: false, name: 'gasUsed', type: 'uint64' },
      { indexed: false, name: 'receiptDigest', type: 'bytes32' }
    ],
    name: 'ReceiptFailed',
    type: 'event'
  },
  {
    anonymous: false,
    inputs: [
      { indexed: true, name: 'taskId', type: 'bytes32' },
      { indexed: true, name: 'scAddr', type: 'bytes32' },
      { indexed: true, name: 'operator', type: 'address' },
      { indexed: false, name: 'callbackFailure', type: 'uint8' },
      { indexed: false, name: 'outputHash', type: 'bytes32' },
      { indexed: false, name: 'gasUsed', type: 'uint64' },
      { indexed: false, name: 'receiptDigest', type: 'bytes32' }
    ],
    name: 'ReceiptFailedETH',
    type: 'event'
  },
  {
    anonymous: false,
    inputs: [
      { indexed: true, name: 'taskId', type: 'bytes32' },
      { indexed: false, name: 'reasonCode', type: 'uint8' }
    ],
    name: 'ReceiptSkipped',
    type: 'event'
  },
  {
    anonymous: false,
    inputs: [
      { indexed: true, name: 'taskId', type: 'bytes32' },
      { indexed: true, name: 'scAddr', type: 'bytes32' },
      { indexed: true, name: 'operator', type: 'address' },
      { indexed: false, name: 'deltaHash', type: 'bytes32' },
      { indexed: false, name: 'outputHash', type: 'bytes32' },
      { indexed: false, name: 'headHash', type: 'bytes32' },
      { indexed: false, name: 'deltaCount', type: 'uint64' },
      { indexed: false, name: 'gasUsed', type: 'uint64' },
      { indexed: false, name: 'receiptDigest', type: 'bytes32' }
    ],
    name: 'ReceiptVerified',
    type: 'event'
  },
  {
    anonymous: false,
    inputs: [
      { indexed: true, name: 'scAddr', type: 'bytes32' },
      { indexed: false, name: 'codeHash', type: 'bytes32' },
      { indexed: false, name: 'operator', type: 'address' }
    ],
    name: 'SecretContractDeployed',
    type: 'event'
  },
  {
    anonymous: false,
    inputs: [
      { indexed: true, name: 'taskId', type: 'bytes32' },
      { indexed: true, name: 'operator', type: 'address' },
      { indexed: true, name: 'signer', type: 'address' },
      { indexed: false, name: 'submitter', type: 'address' },
      { indexed: false, name: 'amount', type: 'uint256' },
      { indexed: false, name: 'stake', type: 'uint256' }
    ],
    name: 'SilencePunished',
    type: 'event'
  },
  {
    anonymous: false,
    inputs: [
      { indexed: true, name: 'index', type: 'uint32' },
      { indexed: false, name: 'operator', type: 'address' },
      { indexed: false, name: 'signer', type: 'address' },
      { indexed: false, name: 'stake', type: 'uint256' }
    ],
    name: 'StakeLeafUpdated',
    type: 'event'
  },
  {
    anonymous: false,
    inputs: [
      { indexed: true, name: 'taskId', type: 'bytes32' },
      { indexed: true, name: 'sender', type: 'address' },
      { indexed: false, name: 'amount', type: 'uint256' }
    ],
    name: 'TaskFeeReturned',
    type: 'event'
  },
  {
    anonymous: false,
    inputs: [
      { indexed: true, name: 'taskId', type: 'bytes32' },
      { indexed: true, name: 'sender', type: 'address' },
      { indexed: true, name: 'scAddr', type: 'bytes32' },
      { indexed: false, name: 'kind', type: 'uint8' },
      { indexed: false, name: 'codeHash', type: 'bytes32' },
      { indexed: false, name: 'inputHash', type: 'bytes32' },
      { indexed: false, name: 'gasLimit', type: 'uint64' },
      { indexed: false, name: 'gasPx', type: 'uint64' },
      { indexed: false, name: 'epoch', type: 'uint64' }
    ],
    name: 'TaskRecordCreated',
    type: 'event'
  },
  {
    anonymous: false,
    inputs: [{ indexed: true, name: 'operator', type: 'address' }],
    name: 'Unregistered',
    type: 'event'
  },
  {
    anonymous: false,
    inputs: [
      { indexed: true, name: 'operator', type: 'address' },
      { indexed: true, name: 'staking', type: 'address' },
      { indexed: false, name: 'amount', type: 'uint256' },
      { indexed: false, name: 'stake', type: 'uint256' }
    ],
    name: 'Withdrawn',
    type: 'event'
  },
  {
    anonymous: false,
    inputs: [
      { indexed: true, name: 'operator', type: 'address' },
      { indexed: false, name: 'staking', type: 'address' },
      { indexed: true, name: 'signer', type: 'address' },
      { indexed: false, name: 'transportKey', type: 'bytes32' },
      { indexed: false, name: 'measurement', type: 'bytes32' },
      { indexed: false, name: 'nonce', type: 'uint64' },
      { indexed: false, name: 'evidence', type: 'bytes' }
    ],
    name: 'WorkerRegistered',
    type: 'event'
  },
  { inputs: [], name: 'MAX_GAS', outputs: [{ name: '', type: 'uint64' }], stateMutability: 'view', type: 'function' },
  { inputs: [], name: 'SEATS', outputs: [{ name: '', type: 'uint8' }], stateMutability: 'view', type: 'function' },
  { inputs: [], name: 'acceptOwnership', outputs: [], stateMutability: 'nonpayable', type: 'function' },
  {
    inputs: [{ name: 'measurement', type: 'bytes32' }],
    name: 'allowMeasurement',
    outputs: [],
    stateMutability: 'nonpayable',
    type: 'function'
  },
  {
    inputs: [],
    name: 'attestationMode',
    outputs: [{ name: '', type: 'bytes32' }],
    stateMutability: 'view',
    type: 'function'
  },
  {
    inputs: [{ name: 'operator', type: 'address' }],
    name: 'claim',
    outputs: [],
    stateMutability: 'nonpayable',
    type: 'function'
  },
  {
    inputs: [
      {
        components: [
          { name: 'taskId', type: 'bytes32' },
          { name: 'scAddr', type: 'bytes32' },
          { name: 'kind', type: 'uint8' },
          { name: 'ok', type: 'bool' },
          { name: 'reason', type: 'uint8' },
          { name: 'codeHash', type: 'bytes32' },
          { name: 'inputHash', type: 'bytes32' },
          { name: 'gasLimit', type: 'uint64' },
          { name: 'epoch', type: 'uint64' },
          { name: 'recordBlock', type: 'uint64' },
          { name: 'recordTime', type: 'uint64' },
          { name: 'prevHead', type: 'bytes32' },
          { name: 'deltaHash', type: 'bytes32' },
          { name: 'outputHash', type: 'bytes32' },
          { name: 'gasUsed', type: 'uint64' },
          { name: 'callbackTarget', type: 'address' },
          { name: 'callbackDataHash', type: 'bytes32' },
          { name: 'callbackGas', type: 'uint32' }
        ],
        name: 'receipt',
        type: 'tuple'
      },
      {
        components: [
          { name: 'kind', type: 'uint8' },
          { name: 'scAddr', type: 'bytes32' },
          { name: 'codeHash', type: 'bytes32' },
          { name: 'inputHash', type: 'bytes32' },
          { name: 'gasLimit', type: 'uint64' },
          { name: 'gasPx', type: 'uint64' },
          { name: 'epoch', type: 'uint64' }
        ],
        name: 'record',
        type: 'tuple'
      },
      { name: 'seat', type: 'uint8' },
      {
        components: [
          { name: 'index', type: 'uint32' },
          { name: 'stake', type: 'uint256' },
          { name: 'siblingHashes', type: 'bytes32[]' },
          { name: 'siblingSums', type: 'uint256[]' }
        ],
        name: 'proof',
        type: 'tuple'
      },
      { name: 'signature', type: 'bytes' }
    ],
    name: 'commitReceipt',
    outputs: [],
    stateMutability: 'nonpayable',
    type: 'function'
  },
  {
    inputs: [
      {
        components: [
          {
            components: [
              { name: 'taskId', type: 'bytes32' },
              { name: 'scAddr', type: 'bytes32' },
              { name: 'kind', type: 'uint8' },
              { name: 'ok', type: 'bool' },
              { name: 'reason', type: 'uint8' },
              { name: 'codeHash', type: 'bytes32' },
              { name: 'inputHash', type: 'bytes32' },
              { name: 'gasLimit', type: 'uint64' },
              { name: 'epoch', type: 'uint64' },
              { name: 'recordBlock', type: 'uint64' },
              { name: 'recordTime', type: 'uint64' },
              { name: 'prevHead', type: 'bytes32' },
              { name: 'deltaHash', type: 'bytes32' },
              { name: 'outputHash', type: 'bytes32' },
              { name: 'gasUsed', type: 'uint64' },
              { name: 'callbackTarget', type: 'address' },
              { name: 'callbackDataHash', type: 'bytes32' },
              { name: 'callbackGas', type: 'uint32' }
            ],
            name: 'receipt',
            type: 'tuple'
          },
          {
            components: [
              { name: 'kind', type: 'uint8' },
              { name: 'scAddr', type: 'bytes32' },
              { name: 'codeHash', type: 'bytes32' },
              { name: 'inputHash', type: 'bytes32' },
              { name: 'gasLimit', type: 'uint64' },
              { name: 'gasPx', type: 'uint64' },
              { name: 'epoch', type: 'uint64' }
            ],
            name: 'record',
            type: 'tuple'
          },
          { name: 'seat', type: 'uint8' },
          {
            components: [
              { name: 'index', type: 'uint32' },
              { name: 'stake', type: 'uint256' },
              { name: 'siblingHashes', type: 'bytes32[]' },
              { name: 'siblingSums', type: 'uint256[]' }
            ],
            name: 'proof',
            type: 'tuple'
          },
          { name: 'signature', type: 'bytes' },
          { name: 'callbackData', type: 'bytes' }
        ],
        name: 'item',
        type: 'tuple'
      }
    ],
    name: 'commitReceiptWithCallback',
    outputs: [],
    stateMutability: 'nonpayable',
    type: 'function'
  },
  {
    inputs: [
      {
        components: [
          {
            components: [
              { name: 'taskId', type: 'bytes32' },
              { name: 'scAddr', type: 'bytes32' },
              { name: 'kind', type: 'uint8' },
              { name: 'ok', type: 'bool' },
              { name: 'reason', type: 'uint8' },
              { name: 'codeHash', type: 'bytes32' },
              { name: 'inputHash', type: 'bytes32' },
              { name: 'gasLimit', type: 'uint64' },
              { name: 'epoch', type: 'uint64' },
              { name: 'recordBlock', type: 'uint64' },
              { name: 'recordTime', type: 'uint64' },
              { name: 'prevHead', type: 'bytes32' },
              { name: 'deltaHash', type: 'bytes32' },
              { name: 'outputHash', type: 'bytes32' },
              { name: 'gasUsed', type: 'uint64' },
              { name: 'callbackTarget', type: 'address' },
              { name: 'callbackDataHash', type: 'bytes32' },
              { name: 'callbackGas', type: 'uint32' }
            ],
            name: 'receipt',
            type: 'tuple'
          },
          {
            components: [
              { name: 'kind', type: 'uint8' },
              { name: 'scAddr', type: 'bytes32' },
              { name: 'codeHash', type: 'bytes32' },
              { name: 'inputHash', type: 'bytes32' },
              { name: 'gasLimit', type: 'uint64' },
              { name: 'gasPx', type: 'uint64' },
              { name: 'epoch', type: 'uint64' }
            ],
            name: 'record',
            type: 'tuple'
          },
          { name: 'seat', type: 'uint8' },
          {
            components: [
              { name: 'index', type: 'uint32' },
              { name: 'stake', type: 'uint256' },
              { name: 'siblingHashes', type: 'bytes32[]' },
              { name: 'siblingSums', type: 'uint256[]' }
            ],
            name: 'proof',
            type: 'tuple'
          },
          { name: 'signature', type: 'bytes' },
          { name: 'callbackData', type: 'bytes' }
        ],
        name: 'items',
        type: 'tuple[]'
      }
    ],
    name: 'commitReceipts',
    outputs: [],
    stateMutability: 'nonpayable',
    type: 'function'
  },
  {
    inputs: [{ name: 'operator', type: 'address' }],
    name: 'compound',
    outputs: [],
    stateMutability: 'nonpayable',
    type: 'function'
  },
  {
    inputs: [
      { name: 'codeHash', type: 'bytes32' },
      { name: 'inputHash', type: 'bytes32' },
      { name: 'gasLimit', type: 'uint64' },
      { name: 'gasPx', type: 'uint64' },
      { name: 'epoch', type: 'uint64' },
      { name: 'nonce', type: 'uint256' }
    ],
    name: 'createDeploymentTaskRecord',
    outputs: [{ name: '', type: 'bytes32' }],
    stateMutability: 'nonpayable',
    type: 'function'
  },
  {
    inputs: [
      { name: 'codeHash', type: 'bytes32' },
      { name: 'inputHash', type: 'bytes32' },
      { name: 'gasLimit', type: 'uint64' },
      { name: 'gasPx', type: 'uint64' },
      { name: 'epoch', type: 'uint64' },
      { name: 'nonce', type: 'uint256' },
      { name: 'deadline', type: 'uint256' },
      { name: 'v', type: 'uint8' },
      { name: 'r', type: 'bytes32' },
      { name: 's', type: 'bytes32' }
    ],
    name: 'createDeploymentTaskRecordWithPermit',
    outputs: [{ name: '', type: 'bytes32' }],
    stateMutability: 'nonpayable',
    type: 'function'
  },
  {
    inputs: [
      { name: 'scAddr', type: 'bytes32' },
      { name: 'inputHash', type: 'bytes32' },
      { name: 'gasLimit', type: 'uint64' },
      { name: 'gasPx', type: 'uint64' },
      { name: 'epoch', type: 'uint64' }
    ],
    name: 'createTaskRecord',
    outputs: [{ name: '', type: 'bytes32' }],
    stateMutability: 'nonpayable',
    type: 'function'
  },
  {
    inputs: [
      { name: 'scAddr', type: 'bytes32' },
      { name: 'inputHash', type: 'bytes32' },
      { name: 'gasLimit', type: 'uint64' },
      { name: 'gasPx', type: 'uint64' },
      { name: 'epoch', type: 'uint64' },
      { name: 'deadline', type: 'uint256' },
      { name: 'v', type: 'uint8' },
      { name: 'r', type: 'bytes32' },
      { name: 's', type: 'bytes32' }
    ],
    name: 'createTaskRecordWithPermit',
    outputs: [{ name: '', type: 'bytes32' }],
    stateMutability: 'nonpayable',
    type: 'function'
  },
  {
    inputs: [
      {
        components: [
          { name: 'scAddr', type: 'bytes32' },
          { name: 'inputHash', type: 'bytes32' },
          { name: 'gasLimit', type: 'uint64' },
          { name: 'gasPx', type: 'uint64' },
          { name: 'epoch', type: 'uint64' }
        ],
        name: 'requests',
        type: 'tuple[]'
      }
    ],
    name: 'createTaskRecords',
    outputs: [{ name: 'taskIds', type: 'bytes32[]' }],
    stateMutability: 'nonpayable',
    type: 'function'
  },
  {
    inputs: [
      {
        components: [
          { name: 'scAddr', type: 'bytes32' },
          { name: 'inputHash', type: 'bytes32' },
          { name: 'gasLimit', type: 'uint64' },
          { name: 'gasPx', type: 'uint64' },
          { name: 'epoch', type: 'uint64' }
        ],
        name: 'requests',
        type: 'tuple[]'
      },
      { name: 'deadline', type: 'uint256' },
      { name: 'v', type: 'uint8' },
      { name: 'r', type: 'bytes32' },
      { name: 's', type: 'bytes32' }
    ],
    name: 'createTaskRecordsWithPermit',
    outputs: [{ name: 'taskIds', type: 'bytes32[]' }],
    stateMutability: 'nonpayable',
    type: 'function'
  },
  {
    inputs: [],
    name: 'currentEpoch',
    outputs: [{ name: '', type: 'uint64' }],
    stateMutability: 'view',
    type: 'function'
  },
  {
    inputs: [
      { name: 'operator', type: 'address' },
      { name: 'amount', type: 'uint256' }
    ],
    name: 'deposit',
    outputs: [],
    stateMutability: 'nonpayable',
    type: 'function'
  },
  {
    inputs: [
      { name: 'operator', type: 'address' },
      { name: 'amount', type: 'uint256' },
      { name: 'deadline', type: 'uint256' },
      { name: 'v', type: 'uint8' },
      { name: 'r', type: 'bytes32' },
      { name: 's', type: 'bytes32' }
    ],
    name: 'depositWithPermit',
    outputs: [],
    stateMutability: 'nonpayable',
    type: 'function'
  },
  {
    inputs: [],
    name: 'eip712Domain',
    outputs: [
      { name: 'fields', type: 'bytes1' },
      { name: 'name', type: 'string' },
      { name: 'version', type: 'string' },
      { name: 'chainId', type: 'uint256' },
      { name: 'verifyingContract', type: 'address' },
      { name: 'salt', type: 'bytes32' },
      { name: 'extensions', type: 'uint256[]' }
    ],
    stateMutability: 'view',
    type: 'function'
  },
  {
    inputs: [{ name: 'epoch', type: 'uint64' }],
    name: 'epochInfo',
    outputs: [
      { name: 'mix', type: 'bytes32' },
      { name: 'root', type: 'bytes32' },
      { name: 'total', type: 'uint256' },
      { name: 'startBlock', type: 'uint64' },
      { name: 'generation', type: 'uint32' }
    ],
    stateMutability: 'view',
    type: 'function'
  },
  { inputs: [], name: 'epochSize', outputs: [{ name: '', type: 'uint64' }], stateMutability: 'view', type: 'function' },
  {
    inputs: [],
    name: 'epochState',
    outputs: [
      {
        components: [
          { name: 'epoch', type: 'uint64' },
          { name: 'nextCall', type: 'uint64' },
          { name: 'lastCallBlock', type: 'uint64' },
          { name: 'generation', type: 'uint32' },
          { name: 'pendingRoot', type: 'bytes32' },
          { name: 'pendingCommit', type: 'bytes32' },
          { name: 'pendingTotal', type: 'uint128' }
        ],
        name: '',
        type: 'tuple'
      }
    ],
    stateMutability: 'view',
    type: 'function'
  },
  {
    inputs: [
      { name: 'd', type: 'uint64' },
      { name: 'seed', type: 'bytes32' },
      { name: 'nextCommit', type: 'bytes32' },
      { name: 'generation', type: 'uint32' }
    ],
    name: 'epochUpdateDigest',
    outputs: [{ name: '', type: 'bytes32' }],
    stateMutability: 'view',
    type: 'function'
  },
  { inputs: [], name: 'gateway', outputs: [{ name: '', type: 'address' }], stateMutability: 'view', type: 'function' },
  { inputs: [], name: 'grace', outputs: [{ name: '', type: 'uint64' }], stateMutability: 'view', type: 'function' },
  { inputs: [], name: 'login', outputs: [], stateMutability: 'nonpayable', type: 'function' },
  { inputs: [], name: 'logout', outputs: [], stateMutability: 'nonpayable', type: 'function' },
  {
    inputs: [{ name: 'operator', type: 'address' }],
    name: 'logoutFor',
    outputs: [],
    stateMutability: 'nonpayable',
    type: 'function'
  },
  {
    inputs: [{ name: 'measurement', type: 'bytes32' }],
    name: 'measurementAllowed',
    outputs: [{ name: '', type: 'bool' }],
    stateMutability: 'view',
    type: 'function'
  },
  { inputs: [], name: 'minStake', outputs: [{ name: '', type: 'uint128' }], stateMutability: 'view', type: 'function' },
  { inputs: [], name: 'minSvn', outputs: [{ name: '', type: 'uint16' }], stateMutability: 'view', type: 'function' },
  {
    inputs: [],
    name: 'nextEpochBlock',
    outputs: [{ name: '', type: 'uint256' }],
    stateMutability: 'view',
    type: 'function'
  },
  {
    inputs: [{ name: 'signer', type: 'address' }],
    name: 'operatorOf',
    outputs: [{ name: '', type: 'address' }],
    stateMutability: 'view',
    type: 'function'
  },
  { inputs: [], name: 'owner', outputs: [{ name: '', type: 'address' }], stateMutability: 'view', type: 'function' },
  {
    inputs: [],
    name: 'pendingOwner',
    outputs: [{ name: '', type: 'address' }],
    stateMutability: 'view',
    type: 'function'
  },
  {
    inputs: [],
    name: 'principal',
    outputs: [
      {
        components: [
          { name: 'signer', type: 'address' },
          { name: 'transportKey', type: 'bytes32' },
          { name: 'measurement', type: 'bytes32' }
        ],
        name: '',
        type: 'tuple'
      }
    ],
    stateMutability: 'view',
    type: 'function'
  },
  {
    inputs: [],
    name: 'proofPeriod',
    outputs: [{ name: '', type: 'uint64' }],
    stateMutability: 'view',
    type: 'function'
  },
  {
    inputs: [
      {
        components: [
          {
            components: [
              { name: 'taskId', type: 'bytes32' },
              { name: 'scAddr', type: 'bytes32' },
              { name: 'kind', type: 'uint8' },
              { name: 'ok', type: 'bool' },
              { name: 'reason', type: 'uint8' },
              { name: 'codeHash', type: 'bytes32' },
              { name: 'inputHash', type: 'bytes32' },
              { name: 'gasLimit', type: 'uint64' },
              { name: 'epoch', type: 'uint64' },
              { name: 'recordBlock', type: 'uint64' },
              { name: 'recordTime', type: 'uint64' },
              { name: 'prevHead', type: 'bytes32' },
              { name: 'deltaHash', type: 'bytes32' },
              { name: 'outputHash', type: 'bytes32' },
              { name: 'gasUsed', type: 'uint64' },
              { name: 'callbackTarget', type: 'address' },
              { name: 'callbackDataHash', type: 'bytes32' },
              { name: 'callbackGas', type: 'uint32' }
            ],
            name: 'receipt',
            type: 'tuple'
          },
          { name: 'signature', type: 'bytes' }
        ],
        name: 'a',
        type: 'tuple'
      },
      {
        components: [
          {
            components: [
              { name: 'taskId', type: 'bytes32' },
              { name: 'scAddr', type: 'bytes32' },
              { name: 'kind', type: 'uint8' },
              { name: 'ok', type: 'bool' },
              { name: 'reason', type: 'uint8' },
              { name: 'codeHash', type: 'bytes32' },
              { name: 'inputHash', type: 'bytes32' },
              { name: 'gasLimit', type: 'uint64' },
              { name: 'epoch', type: 'uint64' },
              { name: 'recordBlock', type: 'uint64' },
              { name: 'recordTime', type: 'uint64' },
              { name: 'prevHead', type: 'bytes32' },
              { name: 'deltaHash', type: 'bytes32' },
              { name: 'outputHash', type: 'bytes32' },
              { name: 'gasUsed', type: 'uint64' },
              { name: 'callbackTarget', type: 'address' },
              { name: 'callbackDataHash', type: 'bytes32' },
              { name: 'callbackGas', type: 'uint32' }
            ],
            name: 'receipt',
            type: 'tuple'
          },
          { name: 'signature', type: 'bytes' }
        ],
        name: 'b',
        type: 'tuple'
      }
    ],
    name: 'punishEquivocation',
    outputs: [],
    stateMutability: 'nonpayable',
    type: 'function'
  },
  {
    inputs: [
      { name: 'taskId', type: 'bytes32' },
      {
        components: [
          { name: 'kind', type: 'uint8' },
          { name: 'scAddr', type: 'bytes32' },
          { name: 'codeHash', type: 'bytes32' },
          { name: 'inputHash', type: 'bytes32' },
          { name: 'gasLimit', type: 'uint64' },
          { name: 'gasPx', type: 'uint64' },
          { name: 'epoch', type: 'uint64' }
        ],
        name: 'record',
        type: 'tuple'
      },
      { name: 'signature', type: 'bytes' }
    ],
    name: 'punishSilence',
    outputs: [],
    stateMutability: 'nonpayable',
    type: 'function'
  },
  {
    inputs: [
      {
        components: [
          { name: 'taskId', type: 'bytes32' },
          { name: 'scAddr', type: 'bytes32' },
          { name: 'kind', type: 'uint8' },
          { name: 'ok', type: 'bool' },
          { name: 'reason', type: 'uint8' },
          { name: 'codeHash', type: 'bytes32' },
          { name: 'inputHash', type: 'bytes32' },
          { name: 'gasLimit', type: 'uint64' },
          { name: 'epoch', type: 'uint64' },
          { name: 'recordBlock', type: 'uint64' },
          { name: 'recordTime', type: 'uint64' },
          { name: 'prevHead', type: 'bytes32' },
          { name: 'deltaHash', type: 'bytes32' },
          { name: 'outputHash', type: 'bytes32' },
          { name: 'gasUsed', type: 'uint64' },
          { name: 'callbackTarget', type: 'address' },
          { name: 'callbackDataHash', type: 'bytes32' },
          { name: 'callbackGas', type: 'uint32' }
        ],
        name: 'receipt',
        type: 'tuple'
      }
    ],
    name: 'receiptDigest',
    outputs: [{ name: '', type: 'bytes32' }],
    stateMutability: 'view',
    type: 'function'
  },
  {
    inputs: [
      { name: 'staking', type: 'address' },
      { name: 'signer', type: 'address' },
      { name: 'transportKey', type: 'bytes32' },
      { name: 'evidence', type: 'bytes' }
    ],
    name: 'register',
    outputs: [],
    stateMutability: 'nonpayable',
    type: 'function'
  },
  {
    inputs: [
      { name: 'signer', type: 'address' },
      { name: 'transportKey', type: 'bytes32' },
      { name: 'evidence', type: 'bytes' }
    ],
    name: 'registerPrincipal',
    outputs: [],
    stateMutability: 'nonpayable',
    type: 'function'
  },
  {
    inputs: [{ name: 'operator', type: 'address' }],
    name: 'registrationNonce',
    outputs: [{ name: '', type: 'uint64' }],
    stateMutability: 'view',
    type: 'function'
  },
  { inputs: [], name: 'renounceOwnership', outputs: [], stateMutability: 'nonpayable', type: 'function' },
  {
    inputs: [
      { name: 'signer', type: 'address' },
      { name: 'transportKey', type: 'bytes32' },
      { name: 'operator', type: 'address' },
      { name: 'principalSigner', type: 'address' },
      { name: 'nonce', type: 'uint64' }
    ],
    name: 'reportData',
    outputs: [{ name: '', type: 'bytes32' }],
    stateMutability: 'view',
    type: 'function'
  },
  {
    inputs: [
      { name: 'taskId', type: 'bytes32' },
      {
        components: [
          { name: 'kind', type: 'uint8' },
          { name: 'scAddr', type: 'bytes32' },
          { name: 'codeHash', type: 'bytes32' },
          { name: 'inputHash', type: 'bytes32' },
          { name: 'gasLimit', type: 'uint64' },
          { name: 'gasPx', type: 'uint64' },
          { name: 'epoch', type: 'uint64' }
        ],
        name: 'record',
        type: 'tuple'
      }
    ],
    name: 'returnFeesForTask',
    outputs: [],
    stateMutability: 'nonpayable',
    type: 'function'
  },
  {
    inputs: [{ name: 'measurement', type: 'bytes32' }],
    name: 'revokeMeasurement',
    outputs: [],
    stateMutability: 'nonpayable',
    type: 'function'
  },
  {
    inputs: [{ name: 'scAddr', type: 'bytes32' }],
    name: 'secretContract',
    outputs: [
      { name: 'codeHash', type: 'bytes32' },
      { name: 'headHash', type: 'bytes32' },
      { name: 'deltaCount', type: 'uint64' }
    ],
    stateMutability: 'view',
    type: 'function'
  },
  {
    inputs: [
      { name: 'd', type: 'uint64' },
      { name: 'seed', type: 'bytes32' },
      { name: 'nextCommit', type: 'bytes32' },
      { name: 'generation', type: 'uint32' },
      { name: 'signature', type: 'bytes' }
    ],
    name: 'setEpoch',
    outputs: [],
    stateMutability: 'nonpayable',
    type: 'function'
  },
  {
    inputs: [{ name: 'signer', type: 'address' }],
    name: 'signerBanned',
    outputs: [{ name: '', type: 'bool' }],
    stateMutability: 'view',
    type: 'function'
  },
  {
    inputs: [],
    name: 'stakeTree',
    outputs: [
      { name: 'root', type: 'bytes32' },
      { name: 'total', type: 'uint256' },
      { name: 'leafCount', type: 'uint32' }
    ],
    stateMutability: 'view',
    type: 'function'
  },
  {
    inputs: [
      { name: 'taskId', type: 'bytes32' },
      { name: 'inputHash', type: 'bytes32' },
      { name: 'recordBlock', type: 'uint64' }
    ],
    name: 'taskAcceptedDigest',
    outputs: [{ name: '', type: 'bytes32' }],
    stateMutability: 'view',
    type: 'function'
  },
  {
    inputs: [{ name: 'sender', type: 'address' }],
    name: 'taskNonce',
    outputs: [{ name: '', type: 'uint256' }],
    stateMutability: 'view',
    type: 'function'
  },
  {
    inputs: [],
    name: 'taskPeriod',
    outputs: [{ name: '', type: 'uint64' }],
    stateMutability: 'view',
    type: 'function'
  },
  {
    inputs: [{ name: 'taskId', type: 'bytes32' }],
    name: 'taskPunished',
    outputs: [{ name: '', type: 'bool' }],
    stateMutability: 'view',
    type: 'function'
  },
  {
    inputs: [{ name: 'taskId', type: 'bytes32' }],
    name: 'taskStatus',
    outputs: [
      { name: 'slot1', type: 'bytes32' },
      { name: 'sender', type: 'address' },
      { name: 'recordBlock', type: 'uint64' },
      { name: 'recordTime', type: 'uint64' },
      { name: 'status', type: 'uint8' }
    ],
    stateMutability: 'view',
    type: 'function'
  },
  { inputs: [], name: 'token', outputs: [{ name: '', type: 'address' }], stateMutability: 'view', type: 'function' },
  {
    inputs: [],
    name: 'totalCredit',
    outputs: [{ name: '', type: 'uint256' }],
    stateMutability: 'view',
    type: 'function'
  },
  {
    inputs: [],
    name: 'totalEscrow',
    outputs: [{ name: '', type: 'uint256' }],
    stateMutability: 'view',
    type: 'function'
  },
  {
    inputs: [],
    name: 'totalForfeit',
    outputs: [{ name: '', type: 'uint256' }],
    stateMutability: 'view',
    type: 'function'
  },
  {
    inputs: [],
    name: 'totalStake',
    outputs: [{ name: '', type: 'uint256' }],
    stateMutability: 'view',
    type: 'function'
  },
  {
    inputs: [{ name: 'newOwner', type: 'address' }],
    name: 'transferOwnership',
    outputs: [],
    stateMutability: 'nonpayable',
    type: 'function'
  },
  {
    inputs: [],
    name: 'unbondingPeriod',
    outputs: [{ name: '', type: 'uint64' }],
    stateMutability: 'view',
    type: 'function'
  },
  { inputs: [], name: 'unregister', outputs: [], stateMutability: 'nonpayable', type: 'function' },
  { inputs: [], name: 'verifier', outputs: [{ name: '', type: 'address' }], stateMutability: 'view', type: 'function' },
  { inputs: [], name: 'window', outputs: [{ name: '', type: 'uint64' }], stateMutability: 'view', type: 'function' },
  {
    inputs: [
      { name: 'operator', type: 'address' },
      { name: 'amount', type: 'uint256' }
    ],
    name: 'withdraw',
    outputs: [],
    stateMutability: 'nonpayable',
    type: 'function'
  },
  {
    inputs: [{ name: 'operator', type: 'address' }],
    name: 'worker',
    outputs: [
      {
        components: [
          { name: 'staking', type: 'address' },
          { name: 'status', type: 'uint8' },
          { name: 'logoutBlock', type: 'uint40' },
          { name: 'leafPlusOne', type: 'uint32' },
          { name: 'signer', type: 'address' },
          { name: 'attestationExpiry', type: 'uint64' },
          { name: 'nonce', type: 'uint32' },
          { name: 'transportKey', type: 'bytes32' },
          { name: 'measurement', type: 'bytes32' },
          { name: 'stake', type: 'uint128' },
          { name: 'credit', type: 'uint128' }
        ],
        name: '',
        type: 'tuple'
      }
    ],
    stateMutability: 'view',
    type: 'function'
  },
  { inputs: [], name: 'ECDSAInvalidSignature', type: 'error' },
  { inputs: [{ name: 'length', type: 'uint256' }], name: 'ECDSAInvalidSignatureLength', type: 'error' },
  { inputs: [{ name: 's', type: 'bytes32' }], name: 'ECDSAInvalidSignatureS', type: 'error' },
  {
    inputs: [
      { name: 'spender', type: 'address' },
      { name: 'allowance', type: 'uint256' },
      { name: 'needed', type: 'uint256' }
    ],
    name: 'ERC20InsufficientAllowance',
    type: 'error'
  },
  {
    inputs: [
      { name: 'sender', type: 'address' },
      { name: 'balance', type: 'uint256' },
      { name: 'needed', type: 'uint256' }
    ],
    name: 'ERC20InsufficientBalance',
    type: 'error'
  },
  { inputs: [{ name: 'approver', type: 'address' }], name: 'ERC20InvalidApprover', type: 'error' },
  { inputs: [{ name: 'receiver', type: 'address' }], name: 'ERC20InvalidReceiver', type: 'error' },
  { inputs: [{ name: 'sender', type: 'address' }], name: 'ERC20InvalidSender', type: 'error' },
  { inputs: [{ name: 'spender', type: 'address' }], name: 'ERC20InvalidSpender', type: 'error' },
  { inputs: [{ name: 'deadline', type: 'uint256' }], name: 'ERC2612ExpiredSignature', type: 'error' },
  {
    inputs: [
      { name: 'signer', type: 'address' },
      { name: 'owner', type: 'address' }
    ],
    name: 'ERC2612InvalidSigner',
    type: 'error'
  },
  {
    inputs: [
      { name: 'account', type: 'address' },
      { name: 'currentNonce', type: 'uint256' }
    ],
    name: 'InvalidAccountNonce',
    type: 'error'
  },
  {
    inputs: [
      { name: 'gasLeft', type: 'uint256' },
      { name: 'needed', type: 'uint256' }
    ],
    name: 'EnigmaCallbackGasMissing',
    type: 'error'
  },
  { inputs: [{ name: 'sender', type: 'address' }], name: 'EnigmaGatewayOnly', type: 'error' },
  { inputs: [{ name: 'tee', type: 'bytes32' }], name: 'EnigmaNotSimulationEvidence', type: 'error' },
  { inputs: [], name: 'EnigmaSimulationOnMainnet', type: 'error' },
  { inputs: [], name: 'EnigmaSimulationRootMissing', type: 'error' },
  { inputs: [{ name: 'recovered', type: 'address' }], name: 'EnigmaSimulationSignature', type: 'error' },
  { inputs: [], name: 'EnigmaSimulationWithoutDebugMark', type: 'error' }
] as const
