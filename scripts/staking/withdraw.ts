import { withdraw } from './actions.ts'
import { connectStaking } from './connection.ts'

await withdraw(await connectStaking())
