#!/usr/bin/env bash
# `npm run test:campaign`: the random tests at full length, then the fault matrix at campaign scale with its table of figures, and
# the documentation site; for a machine that has hours. Seeds are printed.
root="$(CDPATH= cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)"
cd "$root" || exit 1
. "$root/tools/setup.sh" || exit 1
export MPC_CAMPAIGN=1 MPC_TAMPERINGS="${MPC_TAMPERINGS:-10000}" ENIGMA_WASM_MODULES="${ENIGMA_WASM_MODULES:-100000}" ENIGMA_FUZZ_FRAMES="${ENIGMA_FUZZ_FRAMES:-5000000}"
node_modules/.bin/mocha --timeout 0 'mpc/test/**/*.test.ts' 'enclave-sim/test/wasm/differential.test.ts' 'enclave-sim/test/process/frame-server.test.ts'
random=$?
node tools/build.ts && node test/faults/main.ts --campaign
faults=$?
bash tools/site/build.sh
site=$?
exit $((random | faults | site))
