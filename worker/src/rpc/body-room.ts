import type { RpcLimits } from './limits.ts'

/** So much of a text decides how long it may be: names and an id stand there, no parameters yet. */
export const HEAD_BYTES = 512

const DEPLOYS = /^\s*\{[^{[]*"method"\s*:\s*"deploySecretContract"/

/**
 * Bytes that a request beginning like this may have. A deployment carries its bytecode and may be longer than anything else; it has to say
 * so before its parameters, so that nothing long is taken in for a call that needs nothing long. What it says is checked again once it is
 * read (`isOversized`): a name that comes twice is the last one.
 */
export const roomOf = (head: string, limits: Pick<RpcLimits, 'maxBodyBytes' | 'maxDeploymentBytes'>): number =>
  DEPLOYS.test(head.slice(0, HEAD_BYTES)) ? limits.maxDeploymentBytes : limits.maxBodyBytes

/** Whether a request of that many bytes is longer than what it turned out to be may be. */
export const isOversized = (
  request: unknown,
  bytes: number,
  { maxBodyBytes }: Pick<RpcLimits, 'maxBodyBytes'>
): boolean =>
  bytes > maxBodyBytes && (request as { readonly method?: unknown } | null)?.method !== 'deploySecretContract'
