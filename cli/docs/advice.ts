/**
 * What to do about codes whose throwers know too little to say it: a worker's host does not know who asked, an enclave tells its host as
 * little as it can. By code, else by the first pattern that fits.
 */
const byCode: Readonly<Record<string, string>> = {
  ABI_ARGUMENT: 'Compare the argument with the type in the message; integers beyond 2^53 are bigint.',
  ABI_FUNCTION: 'Call a function that the ABI lists; of several with one name, by its signature.',
  BYTECODE_MISMATCH: 'The bytecode is not the one that was recorded; deliver the one that was compiled for this task.',
  BYTECODE_REFUSED:
    'Compile the contract with `enigma compile`: enclaves run deterministic modules of bounded size only.',
  CHAIN_BEHIND: 'Wait a block or two and ask again; if it stays, check the Ethereum node of the principal.',
  CHAIN_DISAGREEMENT: 'Check the endpoints of --chain-url: one of them is on another fork, or lies.',
  CHAIN_ENDPOINT_BEHIND: 'Check the endpoint of --chain-url that the message names.',
  CHAIN_INCONSISTENT: 'Point the worker at another Ethereum node; this one answers with two histories.',
  CLIENT_SETTING: 'Correct the setting that the message names.',
  CLI_ACCOUNT: 'Name a test account from 11 to 19, or a file with a private key that only you can read.',
  CLI_ARGUMENT: 'Write the argument as its ABI type wants it; lists as JSON.',
  CLI_CONTRACT: 'Deploy it with `enigma deploy`, or give its address and `--abi`.',
  CLI_USAGE: '`enigma COMMAND --help` shows what the command takes.',
  COMPILE_INTERNAL: 'Report it with the source: the compiler met a case that it does not know.',
  COMPILE_NO_FILE: 'Check the path; a contract is an AssemblyScript file that ends in .ts.',
  COMPILE_SOURCE: 'Correct the lines that the message names.',
  CONTENT_FULL: 'Give the worker a larger disk or quota.',
  CONTENT_MISSING: 'Nothing: the worker asks other peers. If it stays, none of them has it any more.',
  DEVNET_CHAIN: 'Look into chain.log in the log folder.',
  DEVNET_DISK: 'Free some space, or set ENIGMA_HOME to another disk.',
  DEVNET_PROCESS_ENDED: 'The last lines of its log stand in the message; all of it is in the log folder.',
  DEVNET_STOPPED: 'Nothing: it was asked to stop.',
  DEVNET_TIMEOUT: 'A busy machine needs longer; else the log of the process says what it waits for.',
  DEVNET_USAGE: '`./launch.sh -h` shows the flags.',
  DISK: 'Free some space, or give the worker a larger disk.',
  ENCLAVE_BOUND: 'Give the enclave an empty folder, or keep the keys that it has.',
  ENCLAVE_CRASHED: 'Nothing at first: the worker starts it again. If it repeats, look at its memory and its log.',
  ENVELOPE_MALFORMED: 'Send the envelope as enigma-js made it.',
  ENVELOPE_TOO_LARGE: 'Send less data in one call: 64 KiB at most.',
  GAS_OUT_OF_RANGE: 'Give whole, positive numbers; the gas limit is at most 10^9.',
  INPUT_NOT_FOR_SEAT: 'Send the task again: the workers of this epoch are others than it was encrypted for.',
  KEY_REFUSED: 'Nothing: the worker offers its key again at the next epoch.',
  MPC_ABORTED: 'Repeat the operation; where the message names a node, without that node.',
  MPC_CERTIFICATE: 'Do not use the result: ask for the operation again, and look at what the message says of a node.',
  MPC_DEGENERATE: 'Look at the data: the operation has no answer for it, such as an inverse of a singular matrix.',
  MPC_LINK: 'Check that the nodes reach each other, then repeat the operation.',
  MPC_NOT_CONVERGED: 'Bring the data into the documented range, or allow more steps.',
  MPC_RANGE: 'Bring the value into the range that the type has.',
  MPC_SHAPE: 'Make the lengths of the operands agree.',
  MPC_TIMEOUT: 'A node stayed silent: check that it runs, or raise the deadline.',
  OTHER_PRINCIPAL:
    'This principal is not the one of the contract: give it the root of the registered one, or another contract.',
  PROTOCOL_DRAW: 'Nobody, or somebody else, was drawn: wait for the next epoch, or ask another worker.',
  PROTOCOL_TOO_LARGE: 'Send less at once; the message names the limit.',
  QUERY_FAILED: 'The message holds the reason that the contract gave; a query costs nothing.',
  RECEIPT_REFUSED: 'Report it with the log of the worker: the contract should not refuse what its enclave signed.',
  RELEASE_FAILED: 'Nothing at first: another seat runs the task again. Look at the disk of the enclave.',
  RERUN_DIFFERS: 'Report it with the log of the worker: two runs of a task should never differ.',
  RESULT_MISSING: 'Ask again later, or ask another worker.',
  MGMT_ACTION: 'Use one of the actions that the message names.',
  MGMT_FORBIDDEN: "Call from the worker's own machine, over 127.0.0.1.",
  MGMT_METHOD: 'Send a POST request.',
  MGMT_TOKEN: 'Read the token from mgmt.token in the data folder of the worker.',
  RPC_BATCH_TOO_LARGE: 'Send fewer calls in one batch.',
  RPC_BODY_TOO_LARGE: 'Send less in one request.',
  RPC_CONTENT_TYPE: 'Set the content type application/json.',
  RPC_INVALID_PARAMS: 'Correct the field that the message names; docs/spec/json-rpc.md has them all.',
  RPC_NOT_JSON: 'Send a JSON-RPC request; docs/spec/json-rpc.md has examples.',
  RPC_STOPPING: 'Ask another worker: this one is shutting down.',
  RPC_INVALID_REQUEST: 'Send jsonrpc, id, method and params, and nothing else.',
  RPC_TOO_DEEP: 'Send flat parameters: docs/spec/json-rpc.md has them all.',
  RPC_TOO_LARGE: 'Ask for less in one batch.',
  RPC_TIMEOUT: 'Ask again, or ask another worker.',
  RUN_FAILED: 'Nothing at first: it is tried once more. If it repeats, look at memory and load of the machine.',
  STAKE_ROOT_MISMATCH: 'Point the worker at another Ethereum node: this one left events out.',
  STORE_DAMAGED: 'Nothing at first: what was damaged is fetched again. Check the disk.',
  SYNC_INCOMPLETE: 'Nothing: the worker goes on by itself as soon as a peer has what is missing.',
  TASK_EXPIRED: 'Send the task again; if the fee has not gone back, `enigma task refund` sends it.',
  TASK_SETTLED: 'Nothing to do: what was not used of the fee went back with the receipt.',
  TASK_UNKNOWN: 'Check the id, and that this is the network it was sent to.',
  TX_DEADLINE: 'Nothing: the task is over for this worker, and its fee goes back to the sender.',
  TX_REVERTED: 'The message names the reason; nothing was changed but the Ethereum gas that it took.',
  WORKER_BEHIND: 'Ask again, or ask another worker: this one has not seen the latest state.',
  WORKER_DATA_DIR: 'Give the worker a folder of its own that it may write to.',
  WORKER_NOT_READY: 'Wait until `/status` says that the worker is ready.',
  WORKER_NOT_SELECTED: 'Ask a worker that holds a seat of the contract in this epoch.',
  WORKER_UNREACHABLE: 'Check the address, or name several workers so that another one can be asked.',
  WORKER_UNREGISTERED: 'Register and stake the worker first; docs/spec/worker.md says how.'
}

const byPattern: readonly (readonly [RegExp, string])[] = [
  [
    /^ENCLAVE_SEAL_/,
    'Check the folder of sealed data and its disk; a new enclave can register again with a fresh one.'
  ],
  [/^ENCLAVE_(BUSY|FULL)$/, 'Wait: the enclave is at its limit, and takes work again when some is done.'],
  [/^ENCLAVE_(INTERNAL|RERUN_DIFFERS)$/, 'Report it with the log of the enclave: this should not happen.'],
  [
    /^ENCLAVE_/,
    'Nothing for a user: the host asked its enclave for something that the chain does not bear out. The worker tries again.'
  ],
  [
    /^WASM_THREAD_/,
    'Nothing for a user: the worker signs nothing for this task and tries once more. If it repeats, look at memory and load.'
  ],
  [/^WASM_/, 'Nothing for a user: the worker tries again.'],
  [/^MPC_/, 'Repeat the operation; if it fails again, the message says which node or value to look at.'],
  [/^PEER_/, 'Nothing: the worker asks another peer. If all fail, check its connections in `/status`.'],
  [/^RPC_/, 'Correct the request, or send it to a node of the right role; docs/spec/json-rpc.md has all methods.'],
  [/^EVIDENCE_/, 'Look at the enclave of the node and its clock: its evidence must be renewed before it expires.'],
  [
    /^PRINCIPAL_/,
    'Check which principal the contract has registered; docs/spec/worker.md says how a second one is made.'
  ],
  [/^(CHAIN|TX)_/, 'Check the Ethereum node and its address; the worker goes on by itself when it answers again.'],
  [/^STORE_/, 'Check the disk and the rights of the data folder, and that no second process uses it.'],
  [/^PROTOCOL_/, 'The bytes come from another version, or were changed on the way: do not use them.'],
  [/^TESTING_/, 'Correct the option that the message names.'],
  [/REFUSED$/, 'Nothing: what a peer sent does not fit the chain. The worker asks another one.']
]

/** Advice for a code, or nothing if there is none. */
export const adviceFor = (code: string): string =>
  byCode[code] ?? byPattern.find(([pattern]) => pattern.test(code))?.[1] ?? ''
