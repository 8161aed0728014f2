/** Bounds of a secret contract's code. Part of the measurement: changing one changes which deployments succeed. */
export const CODE_LIMITS = {
  codeBytes: 512 * 1024,
  types: 1024,
  imports: 64,
  functions: 4096,
  functionBytes: 64 * 1024, // with `locals`: one huge function would make the compiler slow
  params: 64,
  locals: 512, // parameters included
  globals: 1024,
  tableElements: 4096,
  memoryPages: 128, // 8 MiB of 64 KiB pages
  blockDepth: 512,
  brTableTargets: 1024,
  dataSegments: 1024,
  elementSegments: 256,
  exports: 256,
  nameBytes: 256
} as const

/** Bounds of one run and of one contract's state. */
export const RUN_LIMITS = {
  inputBytes: 256 * 1024,
  outputBytes: 64 * 1024,
  messageBytes: 1024,
  keyBytes: 256,
  valueBytes: 64 * 1024,
  stateBytes: 4 * 1024 * 1024, // keys and values of one contract
  deltaBytes: 512 * 1024, // keys and values that one run changes: an encrypted delta fits one 1 MiB message
  callbackBytes: 4 * 1024, // R13
  callbackGas: 500_000, // CB_MAX of R13
  logs: 64,
  logBytes: 4 * 1024,
  logTotalBytes: 60 * 1024,
  hostBufferBytes: 64 * 1024 // random, encrypt, decrypt
} as const

/** Height of the metered call stack, in values: every frame costs FRAME_SLOTS + parameters + locals + operand height. */
export const STACK_SLOTS = 65_536
export const FRAME_SLOTS = 16
/** A function that calls no other and is no larger than this needs no accounting: it is the top frame, once. */
export const LEAF_SLOTS = 256
