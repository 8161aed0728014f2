import { register } from './actions.ts'
import { connectStaking } from './connection.ts'

await register(await connectStaking())
