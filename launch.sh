#!/usr/bin/env bash
# Starts the whole test network on this machine. Checks the tools, installs and builds what is missing, and hands over to `enigma devnet`.
root="$(CDPATH= cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)"

usage() {
  cat <<'TEXT'
usage: ./launch.sh -s [-t] [-n N] [-d] [-k] [-l] [-c] start a network
       ./launch.sh -q                                stop it and clean up (-q -c: one in containers)

  -s    simulation mode: enclaves are ordinary processes (there is no SGX device, or no enclave for it)
  -t    a tmux session with a pane per process, where a terminal is attached
  -n N  number of workers, 1 to 9 (default 3)
  -d    detached: come back once the network is ready
  -k    continue the last network that was started with -k, chain and data; without it a start is fresh
  -l    log to one file per component instead of the terminal
  -c    in containers (docker-compose.yml, three workers), with Docker or Podman; only -d goes with it
  -q    stop the network and clean up
  -h    this text
TEXT
}

wrong() {
  echo "launch.sh: $1" >&2
  usage >&2
  exit 2
}

simulation=no
quit=no
containers=no
detach=no
flags=()
while getopts ':stdklqchn:' flag; do
  case "$flag" in
    s) simulation=yes ;;
    t) flags+=(--tmux) ;;
    n)
      case "$OPTARG" in [1-9]) flags+=(--workers "$OPTARG") ;; *) wrong "-n takes a number from 1 to 9, not '$OPTARG'." ;; esac
      ;;
    d) flags+=(--detach) detach=yes ;;
    c) containers=yes ;;
    k) flags+=(--keep) ;;
    l) flags+=(--log-files) ;;
    q) quit=yes ;;
    h) usage && exit 0 ;;
    :) wrong "-$OPTARG needs a number." ;;
    *) wrong "there is no flag -$OPTARG." ;;
  esac
done
shift $((OPTIND - 1))
[ "$#" -eq 0 ] || wrong "unexpected argument '$1'."
if [ "$containers" = yes ]; then
  for other in ${flags[@]+"${flags[@]}"}; do [ "$other" = --detach ] || wrong "with -c there is only -d beside -s."; done
fi

if [ "$quit" = no ] && [ "$simulation" = no ]; then
  device=
  for path in /dev/sgx_enclave /dev/sgx/enclave /dev/isgx; do [ -e "$path" ] && device="$path"; done
  if [ -z "$device" ]; then
    echo "launch.sh: no SGX device was found on this machine. Use simulation mode: ./launch.sh -s" >&2
  else
    echo "launch.sh: there is an SGX device ($device), but this version has no enclave for it. Use simulation mode: ./launch.sh -s" >&2
  fi
  echo "In simulation mode the enclaves protect nothing against whoever runs the machine." >&2
  exit 2
fi

for tool in awk df grep mktemp tail uname; do
  command -v "$tool" >/dev/null 2>&1 || { echo "launch.sh: '$tool' was not found; install it and try again." >&2; exit 1; }
done

cd "$root" || exit 1
. "$root/tools/containers.sh"
if [ "$containers" = yes ]; then
  if [ "$quit" = yes ]; then enigma_containers_down; exit; fi
  enigma_containers_up "$detach"
  exit
fi
. "$root/tools/setup.sh" || exit 1

# The enigma command; its package hands `devnet` on to the package of that name.
enigma="$root/cli/src/main.ts"
[ -f "$enigma" ] && command=(node "$enigma" devnet) || command=(node "$root/devnet/src/main.ts")

export NODE_COMPILE_CACHE="$root/node_modules/.cache/enigma-node" # halves the time that programs take to load

if [ "$quit" = yes ]; then exec "${command[@]}" down; fi
node "$root/tools/build.ts" || exit 1
exec "${command[@]}" up --simulation ${flags[@]+"${flags[@]}"}
