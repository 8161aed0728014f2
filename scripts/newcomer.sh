#!/usr/bin/env bash
# The path of a newcomer to a first private result, each command timed. Run it in a prepared checkout (`./launch.sh -h` prepares none;
# `. tools/setup.sh && node tools/build.ts` does). ENIGMA_HOME and ENIGMA_DEVNET_PORTS say where the network lives, as for `enigma`.
set -euo pipefail
root="$(CDPATH= cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)"
. "$root/tools/env.sh"
export PATH="$root/node_modules/.bin:$PATH" NODE_NO_WARNINGS=1
work="$(mktemp -d "${TMPDIR:-/tmp}/enigma-newcomer.XXXXXX")"
trap 'enigma stop >/dev/null 2>&1 || true; rm -rf "$work"' EXIT
cd "$work"

commands=0
began=$SECONDS
step() {
  commands=$((commands + 1))
  echo "\$ $*"
  local before=$SECONDS
  "$@"
  echo "  ($((SECONDS - before)) s)"
}

step enigma start
step enigma init my-dapp
cd my-dapp
step enigma migrate
step enigma call secret-max bid 2500000
echo "A first private result after $commands commands and $((SECONDS - began)) s."

step enigma test
answer="$(node client/bid.mjs 3000000 | tail -n 1)"
echo "client/bid.mjs: $answer leads"
[[ "$answer" =~ ^0x[0-9a-fA-F]{40}$ ]]
