// Relays the messages of JIFF's parties, and deals what their comparisons use. Runs in a folder where jiff-mpc is installed.
import { createServer } from 'node:http'
import jiffMpc from 'jiff-mpc'
import bignumber from 'jiff-mpc/lib/ext/jiff-server-bignumber.js'

const server = createServer()
const jiff = new jiffMpc.JIFFServer(server, { logs: false, safemod: false })
jiff.apply_extension(bignumber, { safemod: false })
server.listen(0, '127.0.0.1', () => process.send(server.address().port))
process.on('disconnect', () => process.exit(0))
