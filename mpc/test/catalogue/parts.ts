/** Conversations without an entry of their own, each with the reason. */
export const PARTS: Readonly<Record<string, string>> = {
  'protocols/broadcast.broadcast':
    'the inside of load.loadShares where n >= 3t + 1, and of whoSays; test/protocols/load',
  'protocols/load.openEach': 'the opening inside loadShares and takeShares',
  'protocols/load.repairAt': 'the repair inside loadShares and takeShares, after a failure only: test/protocols/load',
  'protocols/agree.whoSays': 'inside every check of products where n >= 3t + 1; also test/blame',
  'protocols/blame.investigate': 'runs after a failure only: test/blame plays each way to cheat in it',
  'protocols/inner-product.reduceClaims': 'the inside of verifyProducts',
  'protocols/verify.verifyProducts': 'runs at the end of every entry in active mode',
  'protocols/open.exchangeRows': 'the exchange inside openChecked, which judges it',
  'protocols/open.openTrusting': 'passive mode only',
  'protocols/reshare.reshare': 'the inside of multiply.reduceProduct',
  'protocols/reshare.reshareInParts': 'the inside of multiply.reduceProduct',
  'protocols/reshare.dealFrom': 'the inside of random-bits.randomSigns and of resharing',
  'protocols/compare.inBlocks': 'a loop over blocks',
  'maintenance/hand-over.giveShares': 'with takeShares in one entry',
  'maintenance/hand-over.takeShares': 'with giveShares in one entry',
  'bits/compare-few.isNegativeBetween': 'the inside of isNegative in passive mode: test/bits/compare',
  'bits/convert.signsOf': 'the inside of isNegativeReplicated',
  'bits/gate-proof.proveGates': 'the inside of verifyProducts after isNegativeReplicated',
  'bits/replicated.openBits': 'the inside of isNegativeReplicated',
  'protocols/open-chunks.openTrustingInChunks': 'passive mode only',
  'pool/fill.fillPool': 'with reserveStock in one entry',
  'numbers/divide.normalRoots': 'the inside of sqrt, inverseSqrt and correlation',
  'numbers/newton-schulz.newtonSchulz': 'the inside of inverse and leastSquares',
  'numbers/normalise.normalise': 'the inside of division and roots'
}
