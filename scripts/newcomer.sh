#!/usr/bin/env bash
# The path of a newcomer to a first private result, each command timed.
#   scripts/newcomer.sh           in this checkout
#   scripts/newcomer.sh --clone   in a fresh clone of it, in an empty folder: packages are installed and everything is built
# It takes whatever Node.js is on the PATH. ENIGMA_HOME and ENIGMA_DEVNET_PORTS say where the network lives, as for `enigma`.
set -euo pipefail
root="$(CDPATH= cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)"
export NODE_NO_WARNINGS=1
work="$(mktemp -d "${TMPDIR:-/tmp}/enigma-newcomer.XXXXXX")"
checkout="$root"
enigma() { "$checkout/enigma" "$@"; }
trap 'enigma stop >/dev/null 2>&1 || true; cd /; rm -rf "$work"' EXIT
cd "$work"

commands=0
step() {
  commands=$((commands + 1))
  timed "$@"
}
timed() {
  echo "\$ $*"
  local before=$SECONDS
  "$@"
  echo "  ($((SECONDS - before)) s)"
}

echo "Node.js $(node --version 2>/dev/null || echo 'is not there'), $(nproc) cores, $(date -u +%F)"
if [ "${1:-}" = --clone ]; then
  timed git clone --quiet "$root" enigma
  checkout="$work/enigma"
fi
began=$SECONDS
step enigma start
step enigma init my-dapp
cd my-dapp
step enigma migrate
step enigma call secret-max bid 2500000
echo "A first private result after $commands commands and $((SECONDS - began)) s."

timed npm test
. "$checkout/tools/env.sh"
bid() { answer="$(node client/bid.mjs 3000000 | tail -n 1)"; }
timed bid
echo "client/bid.mjs: $answer leads"
[[ "$answer" =~ ^0x[0-9a-fA-F]{40}$ ]]
