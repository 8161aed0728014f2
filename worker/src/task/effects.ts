import { createCommitEffects } from './commit-effects.ts'
import type { EffectParts, Effects } from './effect-types.ts'
import { createRebuild } from './rebuild-effect.ts'
import { createRunEffects } from './run-effects.ts'

export type { EffectContext, EffectParts, Effects, Outcome, RunEffect } from './effect-types.ts'

/** Everything a task may want done, on enclave, network and chain. */
export const createEffects = (parts: EffectParts): Effects => ({
  ...createRunEffects(parts),
  ...createCommitEffects(parts),
  rebuild: createRebuild(parts)
})
