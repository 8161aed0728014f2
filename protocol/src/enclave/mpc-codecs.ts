import { attested } from '../chain-view.ts'
import { bool, bytes, bytes32, fixedBytes, list, message, text, u16, u32, u8, type Codec } from '../codec.ts'
import type { Key32 } from '../ids.ts'
import { MAX_MPC_PACKAGE_BYTES } from '../mpc.ts'
import { empty, type CodecsOf } from './call-parts.ts'
import type {
  MpcCloseRequest,
  MpcComputeRequest,
  MpcComputeResponse,
  MpcInputRequest,
  MpcOffer,
  MpcOfferRequest,
  MpcOpenRequest,
  MpcOpenResponse
} from './mpc-calls.ts'

const MAX_NODES = 16
const MAX_INPUTS = 64
const MAX_SEALED_BYTES = MAX_MPC_PACKAGE_BYTES + 256
const name = text(64)

const offer: Codec<MpcOffer> = message<MpcOffer>('MpcOffer', 1, {
  session: bytes32(),
  key: bytes32<Key32>(),
  attested,
  signature: fixedBytes(65)
})

export const mpcCodecs = {
  mpcOffer: {
    request: message<MpcOfferRequest>('MpcOfferRequest', 1, { session: bytes32(), nonce: u32 }),
    response: offer
  },
  mpcOpen: {
    request: message<MpcOpenRequest>('MpcOpenRequest', 2, {
      session: bytes32(),
      prime: text(64),
      degree: u8,
      active: bool,
      wholeBits: u16,
      fractionBits: u16,
      timeoutMs: u32,
      offers: list(offer, MAX_NODES)
    }),
    response: message<MpcOpenResponse>('MpcOpenResponse', 1, { index: u8 })
  },
  mpcInput: {
    request: message<MpcInputRequest>(
      'MpcInputRequest',
      1,
      { session: bytes32(), name, magnitude: u16, fraction: u16, sealed: bytes(MAX_SEALED_BYTES) },
      MAX_SEALED_BYTES + 256
    ),
    response: empty('Done')
  },
  mpcCompute: {
    request: message<MpcComputeRequest>('MpcComputeRequest', 1, {
      session: bytes32(),
      operation: name,
      inputs: list(name, MAX_INPUTS),
      recipient: bytes32<Key32>()
    }),
    response: message<MpcComputeResponse>(
      'MpcComputeResponse',
      1,
      { fraction: u16, sealed: bytes(MAX_SEALED_BYTES) },
      MAX_SEALED_BYTES + 64
    )
  },
  mpcClose: {
    request: message<MpcCloseRequest>('MpcCloseRequest', 1, { session: bytes32() }),
    response: empty('Done')
  }
} satisfies CodecsOf<'mpcOffer' | 'mpcOpen' | 'mpcInput' | 'mpcCompute' | 'mpcClose'>
