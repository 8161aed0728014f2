import { buildEnclave } from './build.ts'

/** `npm run measure`: builds the enclave and prints its measurement, which a network has on its allow list. */
console.log(await buildEnclave())
