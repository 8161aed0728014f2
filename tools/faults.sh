#!/usr/bin/env bash
# `npm run test:faults`: the fault matrix, about half an hour. Options: --core, --campaign (hours), --rows 1,5-8, --times N, --seed S, --verbose.
root="$(CDPATH= cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)"
cd "$root" || exit 1
. "$root/tools/setup.sh" || exit 1
export NODE_COMPILE_CACHE="$root/node_modules/.cache/enigma-node"
node tools/build.ts || exit 1
exec node test/faults/main.ts "$@"
