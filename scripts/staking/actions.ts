import { accountFrom, eng, transact, type Staking } from './connection.ts'
import { addressFrom, amountFrom, registrationFrom } from './settings.ts'

/** What a staker and an operator do by hand, one function for each script. docs/operator/staking.md */

/** Registers the enclave of a worker that was started with --register by-hand; signed by the operating account. */
export async function register(staking: Staking): Promise<void> {
  const { operator, staking: owner, signer, transportKey, evidence } = registrationFrom(staking.env)
  const from = await accountFrom({ ...staking, env: { OPERATOR: operator } }, 'OPERATOR')
  await transact(staking, staking.enigma, from, 'register', owner, signer, transportKey, evidence)
}

/** Stakes AMOUNT for OPERATOR; signed by STAKING. The allowance is for exactly this amount. */
export async function deposit(staking: Staking): Promise<void> {
  const amount = amountFrom(staking.env)
  const operator = addressFrom(staking.env, 'OPERATOR')
  const from = await accountFrom(staking, 'STAKING')
  await transact(staking, staking.token, from, 'approve', await staking.enigma.getAddress(), amount)
  await transact(staking, staking.enigma, from, 'deposit', operator, amount)
}

/** Joins the draw from the next stake root on; signed by OPERATOR. */
export async function login(staking: Staking): Promise<void> {
  await transact(staking, staking.enigma, await accountFrom(staking, 'OPERATOR'), 'login')
}

/** Leaves the draw; signed by OPERATOR, or by STAKING for an OPERATOR whose key is out of reach. */
export async function logout(staking: Staking): Promise<void> {
  if (staking.env.STAKING === undefined) {
    return transact(staking, staking.enigma, await accountFrom(staking, 'OPERATOR'), 'logout')
  }
  const operator = addressFrom(staking.env, 'OPERATOR')
  await transact(staking, staking.enigma, await accountFrom(staking, 'STAKING'), 'logoutFor', operator)
}

/** Takes AMOUNT of the stake back once it is unbonded; signed by STAKING. */
export async function withdraw(staking: Staking): Promise<void> {
  const operator = addressFrom(staking.env, 'OPERATOR')
  const from = await accountFrom(staking, 'STAKING')
  await transact(staking, staking.enigma, from, 'withdraw', operator, amountFrom(staking.env))
}

/** Ends the registration of an operator without stake and credit; signed by OPERATOR. */
export async function unregister(staking: Staking): Promise<void> {
  await transact(staking, staking.enigma, await accountFrom(staking, 'OPERATOR'), 'unregister')
}

/** Pays all earned fees to the staking address; signed by STAKING. */
export async function claim(staking: Staking): Promise<void> {
  const operator = addressFrom(staking.env, 'OPERATOR')
  await transact(staking, staking.enigma, await accountFrom(staking, 'STAKING'), 'claim', operator)
}

/** Turns all earned fees into stake; signed by STAKING. */
export async function compound(staking: Staking): Promise<void> {
  const operator = addressFrom(staking.env, 'OPERATOR')
  await transact(staking, staking.enigma, await accountFrom(staking, 'STAKING'), 'compound', operator)
}

const STATUS = ['unregistered', 'logged out', 'logged in'] as const

/** Prints where OPERATOR stands, and from which block on its stake can be withdrawn. Sends nothing. */
export async function status({ enigma, env, print }: Staking): Promise<void> {
  const view = (name: string, ...args: unknown[]): Promise<unknown> => enigma.getFunction(name).staticCall(...args)
  const operator = addressFrom(env, 'OPERATOR')
  const found = (await view('worker', operator)) as Record<string, bigint>
  const state = STATUS[Number(found.status)] ?? 'unknown'
  print(`operator ${operator}: ${state}`)
  print(`staking address ${String(found.staking)}, enclave ${String(found.signer)}`)
  print(`stake ${eng(found.stake!)}, earned ${eng(found.credit!)}, minimum ${eng((await view('minStake')) as bigint)}`)
  if (found.attestationExpiry! > 0n) {
    print(`evidence valid until ${new Date(Number(found.attestationExpiry) * 1000).toISOString()}`)
  }
  if (state === 'logged out' && found.logoutBlock! > 0n) {
    const from = found.logoutBlock! + ((await view('unbondingPeriod')) as bigint)
    print(`the stake can be withdrawn after block ${from}`)
  }
}
