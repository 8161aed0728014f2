/** Conversations without an entry of their own, each with the reason. */
export const PARTS: Readonly<Record<string, string>> = {
  'protocols/compare.inBlocks': 'a loop over blocks that says nothing itself',
  'plan/rehearse.rehearse': 'a program without its messages: test/plan',
  'plan/rehearse.planned': 'what every operation made of several is wrapped in: test/plan'
}
