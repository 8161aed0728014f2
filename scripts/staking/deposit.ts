import { deposit } from './actions.ts'
import { connectStaking } from './connection.ts'

await deposit(await connectStaking())
