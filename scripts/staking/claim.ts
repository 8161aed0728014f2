import { claim } from './actions.ts'
import { connectStaking } from './connection.ts'

await claim(await connectStaking())
