/**
 * The gas schedule. One gas is about 2 ns on the reference machine, so that MAX_GAS (10^9) runs in about 2 s;
 * `node bench/gas-schedule.ts` prints what each kind of instruction really takes. Explained in docs/spec/secret-contracts.md.
 * Part of the measurement: every seat must charge the same.
 */
export const MAX_GAS = 1_000_000_000n

/** Gas per instruction, by kind. `binary/opcodes.ts` says which instruction is of which kind. */
export const INSTRUCTION_GAS = {
  free: 0, // block, loop, else, end: no machine code of their own
  simple: 1, // constants, locals, comparisons, add, shifts, ...
  multiply: 2,
  divide: 8,
  global: 2,
  load: 3,
  store: 2,
  branch: 2,
  brTable: 5,
  call: 5,
  callIndirect: 10,
  memoryGrow: 50,
  memoryBulk: 40
} as const

/**
 * Paid on entering each basic block: for the meter's own work, and because code has to come from memory. A large contract of many
 * small blocks is the slowest code there is: it fits no cache of the processor.
 */
export const BLOCK_GAS = { small: 6, large: 16, smallCodeBytes: 32 * 1024 } as const

/** On entering a function: each parameter or local above `freeLocals` costs one gas, because all are cleared. */
export const LOCALS_GAS = { freeLocals: 30, perLocal: 1 } as const

export const MEMORY_GAS = {
  perPage: 20_000, // 64 KiB to map and clear
  bulkBytesPerGas: 8 // memory.copy, memory.fill
} as const

/** Paid before the first instruction. */
export const START_GAS = {
  call: 10_000,
  deploy: 10_000,
  callPerCodeByte: 1,
  deployPerCodeByte: 20, // checking, compiling, storing the bytecode at every worker
  perInputByte: 1,
  perStateEntry: 200, // loading the contract's state
  stateBytesPerGas: 8
} as const

/** Host calls: `base`, plus `perByte` for the bytes named in docs/spec/secret-contracts.md. */
export const HOST_GAS = {
  context: 300, // caller, contract address, block number and time, input length
  output: 500,
  copyPerByte: 1, // input_copy, output_set, messages
  stateRead: { base: 1_000, perByte: 2 },
  stateWrite: { base: 5_000, perByte: 50 }, // key and value: they are encrypted, sent to and stored by every worker
  stateRemove: { base: 5_000, perByte: 50 },
  random: { base: 4_000, perByte: 20 },
  keccak256: { base: 5_000, perByte: 35 },
  ecrecover: 1_500_000,
  cipher: { base: 30_000, perByte: 60 },
  callback: { base: 5_000, perByte: 50, perEthereumGas: 100 },
  log: { base: 2_000, perByte: 50 }
} as const
