# Source this from the root's scripts: it brings a fresh clone to the point where our own programs run.
# Node.js 24 (tools/env.sh), then `npm ci` when node_modules is missing or belongs to another package-lock.json.
# Returns 1 with a sentence on stderr when that is not possible. Building is `node tools/build.ts`.
enigma_root="${ENIGMA_ROOT:-$(CDPATH= cd -- "$(dirname -- "${BASH_SOURCE:-$0}")/.." && pwd)}"

enigma_say() { echo "enigma: $*" >&2; }

. "$enigma_root/tools/explain-npm.sh"

# npm's own pauses before it tries again are 10 s and 60 s, in silence, whatever the reason.
enigma_pauses='--fetch-retry-mintimeout=2000 --fetch-retry-maxtimeout=8000'

enigma_install() {
  if node "$enigma_root/tools/installed.ts" check 2>/dev/null; then return 0; fi
  enigma_free_kb=$(df -Pk "$enigma_root" | awk 'NR == 2 { print $4 }')
  if [ "${enigma_free_kb:-9999999}" -lt 1000000 ]; then
    enigma_say "only $((enigma_free_kb / 1024)) MB are free on this disk; the packages need about 1 GB."
    return 1
  fi
  enigma_say "installing packages from npm (half a minute, once) ..."
  enigma_log=$(mktemp "${TMPDIR:-/tmp}/enigma-npm.XXXXXX") || return 1
  # Headers for native addons: a machine's default may be for its old Node.js.
  enigma_headers="$(dirname -- "$(dirname -- "$(command -v node)")")"
  if ! (cd "$enigma_root" && npm_config_nodedir="$enigma_headers" npm ci --no-audit --no-fund --loglevel=error $enigma_pauses) >"$enigma_log" 2>&1; then
    grep -v -e '^npm error *$' -e 'complete log of this run' "$enigma_log" | head -n 12 >&2
    enigma_explain_npm "$enigma_log"
    rm -f "$enigma_log"
    return 1
  fi
  rm -f "$enigma_log"
  node "$enigma_root/tools/installed.ts" stamp
}

. "$enigma_root/tools/env.sh" && enigma_install
