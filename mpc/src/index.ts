export { MpcError, type MpcFailure } from './errors.ts'
export { DEFAULT_PRIME, FAST_PRIME, Field, type Vec } from './field/field.ts'
export { checkNetwork, type NetworkShape } from './plan/network.ts'
export { rehearse } from './plan/rehearse.ts'
export { checkParameters, type NetworkParameters, type NumberFormat } from './plan/room.ts'
export type { Channel, WaitOptions } from './session/channel.ts'
export { memoryChannels } from './session/memory-channel.ts'
export { agreeOnKeys, type PartyKeys } from './session/keys.ts'
export { Party, type PartyOptions, type Security } from './session/party.ts'
export { Mesh, type SessionChannel } from './link/mesh.ts'
export { SecureLink, type SecureLinkOptions } from './link/secure-link.ts'
export { openChecked } from './protocols/open.ts'
export { loadShares, type Loaded } from './protocols/load.ts'
export { fieldInverse } from './protocols/field-inverse.ts'
export { parallel } from './protocols/masked.ts'
export { release } from './protocols/release.ts'
export { soundnessBits } from './protocols/verify.ts'
export { PoolKeeper, type KeeperOptions } from './pool/keeper.ts'
export { fillPool, type Order } from './pool/fill.ts'
export { Pool } from './pool/pool.ts'
export { reserveStock } from './pool/reserve.ts'
export type { Kind } from './pool/stock.ts'
export { gateSoundnessBits } from './bits/gate-proof.ts'
export { refresh } from './maintenance/refresh.ts'
export { giveShares, takeShares, type HandOver, type Taken } from './maintenance/hand-over.ts'
export * from './numbers/index.ts'
export { recordTranscript, type TranscriptChannel, type TranscriptRoots } from './certificate/transcript.ts'
export {
  certifiedRelease,
  type CertifiedResult,
  type CertifyOptions,
  type ValidatorHook
} from './certificate/certified-release.ts'
export { Certifier, type CertifierOptions, type Challenge } from './certificate/validator.ts'
export {
  networkDigest,
  sessionDigest,
  signedCertificateCodec,
  signedStatementCodec,
  signedVerdictCodec,
  type Network,
  type SignedCertificate,
  type SignedStatement,
  type SignedVerdict
} from './certificate/statement.ts'
export { decodeView, judge, viewLength, type Found, type Frame, type View } from './protocols/dispute.ts'
export { chooseWithout } from './protocols/repeat.ts'
