#!/usr/bin/env bash
# Builds the image, starts docker-compose.yml by `launch.sh -c` with podman, and uses the network: a task, a worker cut off and back, health,
# a clean end.
# Needs root and Debian's podman, podman-compose, buildah, crun, debootstrap, uidmap and the dnsname plug-in; takes some five minutes.
# What it prints is the log of the run. Nothing is left behind but the images.
set -euo pipefail
here="$(CDPATH= cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)"
root="$(CDPATH= cd -- "$here/../.." && pwd)"

packages='podman buildah crun debootstrap uidmap podman-compose golang-github-containernetworking-plugin-dnsname'
for tool in podman podman-compose debootstrap unshare findmnt; do
  command -v "$tool" >/dev/null || { echo "containers: '$tool' is missing. As root: apt-get install -y --no-install-recommends $packages" >&2; exit 1; }
done
[ "$(id -u)" -eq 0 ] || { echo 'containers: this test makes namespaces and must run as root.' >&2; exit 1; }
. "$root/tools/setup.sh"

work="$(mktemp -d /tmp/enigma-containers.XXXXXX)"
trap 'rm -rf "$work"' EXIT

# A machine without Docker has no cgroup delegation: containers get none.
cat >"$work/containers.conf" <<'CONF'
[containers]
cgroups = "disabled"
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
CONF
export CONTAINERS_CONF="$work/containers.conf"

# All of it in one private mount namespace, without sight of the cgroup2 mount: a second one would not see the first one's networks.
unshare -m sh -c 'mounted=$(findmnt -n -o TARGET -t cgroup2) && umount $mounted; exec "$@"' sh bash "$here/image.sh" "$root" "$work"
