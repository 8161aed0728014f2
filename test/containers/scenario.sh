#!/usr/bin/env bash
# The test itself; image.sh starts it. Prints `ok` for each fact that it saw, with the seconds since it began, and ends with `N passed, N failed`.
set -euo pipefail
root="$1" work="$2" source="$2/source"

export COMPOSE_PROJECT_NAME=enigmatest
project="$COMPOSE_PROJECT_NAME"
network="${project}_default"
passed=1 # the image, which image.sh built

name_of() { echo "${project}_$1_1"; }
ok() { passed=$((passed + 1)); echo "ok $1 (at $SECONDS s)"; }
fail() {
  echo "FAILED $1" >&2
  for service in founder principal worker1 worker2 worker3; do podman container exists "$(name_of "$service")" || continue; echo "--- $service"; podman logs --tail 15 "$(name_of "$service")" 2>&1 || true; done >&2
  echo "$passed passed, 1 failed"
  exit 1
}
# until_true SECONDS WHAT COMMAND...
until_true() {
  local deadline=$((SECONDS + $1)) what="$2"
  shift 2
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$deadline" ] || fail "$what"
    sleep 1
  done
  ok "$what"
}
finish() { "$source/launch.sh" -q -c >"$work/down.log" 2>&1 || true; }
trap finish EXIT

finish
"$source/launch.sh" -c -s -d >"$work/up.log" 2>&1 || { tail -n 20 "$work/up.log" >&2; fail './launch.sh -c -s -d comes back when the network is ready'; }
grep -q '^READY ' "$work/up.log" && ok './launch.sh -c -s -d comes back when the network is ready' || fail 'launch.sh prints READY'
from_here() { node -e "fetch('http://127.0.0.1:$1').then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"; }
until_true 60 'the page is at port 8080 of this machine' from_here 8080/
until_true 60 'a worker answers at port 3346 of this machine' from_here 3346/status

enigma_address="$(podman exec "$(name_of founder)" node -p "JSON.parse(require('fs').readFileSync('/network/network.json', 'utf8')).enigma")"
[ "$(podman exec "$(name_of worker1)" id -u)" = 10001 ] && ok 'nodes do not run as root' || fail 'nodes do not run as root'
# The commands of the compose file's health checks, run in the containers: Podman's own scheduler needs systemd, which need not be here.
for service in worker1 worker2 worker3; do
  until_true 60 "$service is healthy" podman exec "$(name_of "$service")" enigma health
done
until_true 60 'principal is healthy' podman exec "$(name_of principal)" enigma health http://127.0.0.1:3336
page() { podman exec "$(name_of dapp)" node -e "fetch('http://127.0.0.1:8080/network.json').then(r => r.json()).then(n => process.exit(n.enigma === '$enigma_address' ? 0 : 1), () => process.exit(1))"; }
until_true 60 'the page is served and knows the network' page

# A client in a container of its own, with the key of a devnet account that nobody else uses.
client() {
  podman run --rm --network "$network" --volume "$work/client:/client:ro" "$ENIGMA_IMAGE" "$@" \
    --rpc 'http://worker1:3346,http://worker2:3346,http://worker3:3346' --chain-url http://chain:8545 \
    --enigma "$enigma_address" --key-file /client/key
}
mkdir -p "$work/client"
node --input-type=module -e "
  const { devAccount } = await import('$root/devnet/src/index.ts')
  process.stdout.write(devAccount(11).privateKey)" >"$work/client/key"
chmod 0600 "$work/client/key" && chown -R 10001 "$work/client"

sample=/opt/enigma/secret-contracts/build/calculator
contract="$(client deploy "$sample.wasm" | tail -n 1)"
[[ "$contract" =~ ^0x[0-9a-f]{64}$ ]] && ok "a contract is deployed: $contract" || fail "a contract is deployed: $contract"
sum() { [ "$(client call "$contract" add "$1" "$2" --abi "$sample.abi.json" | tail -n 1)" = "$(($1 + $2))" ]; }
sum 17 42 && ok 'a task is computed' || fail 'a task is computed'

peers_of() { podman exec "$(name_of "$1")" node -e "fetch('http://127.0.0.1:3346/status').then(r => r.json()).then(s => console.log(s.peers.length))"; }
podman network disconnect "$network" "$(name_of worker3)"
few() { [ "$(peers_of worker1)" -lt 3 ]; }
until_true 120 'the others notice that a worker is cut off' few
sum 1000 23 && ok 'tasks go on without it' || fail 'tasks go on without it'
podman network connect "$network" "$(name_of worker3)"
all() { [ "$(peers_of worker1)" -ge 3 ]; }
until_true 180 'it is back among its peers' all
sum 5 6 && ok 'tasks go on with it' || fail 'tasks go on with it'

podman stop --time 15 "$(name_of worker2)" >/dev/null
[ "$(podman inspect --format '{{.State.ExitCode}}' "$(name_of worker2)")" = 0 ] && ok 'a worker ends in order when it is stopped' || fail 'a worker ends in order when it is stopped'

finish
trap - EXIT
left="$(podman ps --all --quiet --filter "label=io.podman.compose.project=$project"; podman volume ls --quiet --filter "name=$project"; podman network ls --quiet --filter "name=$network")"
[ -z "$left" ] && ok './launch.sh -q -c leaves no container, volume or network' || fail "./launch.sh -q -c leaves $left"

echo "$passed passed, 0 failed"
