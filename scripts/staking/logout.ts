import { logout } from './actions.ts'
import { connectStaking } from './connection.ts'

await logout(await connectStaking())
