import { compound } from './actions.ts'
import { connectStaking } from './connection.ts'

await compound(await connectStaking())
