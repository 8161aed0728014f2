import { status } from './actions.ts'
import { connectStaking } from './connection.ts'

await status(await connectStaking())
