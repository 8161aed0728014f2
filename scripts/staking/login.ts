import { login } from './actions.ts'
import { connectStaking } from './connection.ts'

await login(await connectStaking())
