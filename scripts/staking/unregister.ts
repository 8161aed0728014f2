import { unregister } from './actions.ts'
import { connectStaking } from './connection.ts'

await unregister(await connectStaking())
