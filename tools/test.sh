#!/usr/bin/env bash
# `npm test`: all set-up included, works when started by an old Node.js. Ends with the line `N passed, N failed`.
# For developers: npm test -- --only lint|unit|contracts|e2e|faults [--grep TEXT]
root="$(CDPATH= cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)"
cd "$root" || exit 1
if ! . "$root/tools/setup.sh"; then
  echo "enigma: the tests could not start: see the sentence above." >&2
  echo "0 passed, 1 failed"
  exit 1
fi
export NODE_COMPILE_CACHE="$root/node_modules/.cache/enigma-node"
exec node "$root/tools/test/main.ts" "$@"
