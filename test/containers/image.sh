#!/usr/bin/env bash
# Builds the image, with this machine's network; then hands over to scenario.sh in a network of its own, so that no port and no bridge of
# this machine is touched. run.sh starts it.
set -euo pipefail
root="$1" work="$2"
here="$(dirname "${BASH_SOURCE[0]}")"
. "$here/base-image.sh"

base=localhost/enigma-base:node24
named="$(sed -n 's/^ARG BASE=//p' "$root/Dockerfile")"
export ENIGMA_IMAGE=localhost/enigma:test

make_base_image "$base" "$work" "$root"
# launch.sh builds without any flags: it finds the base under its name, and the layers that are made here.
if ! podman image exists "$named"; then
  podman tag "$base" "$named"
  trap 'podman untag "$named" "$named" || true' EXIT
fi
# A copy, so that what is changed meanwhile makes no second image of the one that launch.sh asks for.
source="$work/source"
mkdir "$source"
(cd "$root" && git ls-files -z --cached --others --exclude-standard | while IFS= read -r -d '' file; do [ ! -e "$file" ] || printf '%s\0' "$file"; done |
  tar -c --null -T -) | tar -x -C "$source"
echo 'containers: building the image ...'
mapfile -t npm_flags < <(npm_of_this_machine)
podman build --isolation chroot --network host --format docker "${npm_flags[@]}" --tag "$ENIGMA_IMAGE" "$source" >"$work/build.log" 2>&1 ||
  { tail -n 30 "$work/build.log" >&2; echo 'FAILED the image builds' >&2; echo '0 passed, 1 failed'; exit 1; }
echo "ok the image builds: $(podman image inspect --format '{{.Size}}' "$ENIGMA_IMAGE" | awk '{ printf "%d MB", $1 / 1000000 }')"

unshare -n sh -c 'ip link set lo up && exec "$@"' sh bash "$here/scenario.sh" "$root" "$work"
