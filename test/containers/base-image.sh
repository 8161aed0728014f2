# Sourced by scenario.sh: makes the image that the Dockerfile starts from, where no registry of images can be reached: Debian from
# its packages, Node.js and npm from this machine.
make_base_image() {
  local image="$1" work="$2" root="$3"
  podman image exists "$image" && return 0
  echo "containers: making $image from Debian's packages ..."
  local mirror npm
  mirror="$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | head -n 1)"
  debootstrap --variant=minbase --include=ca-certificates bookworm "$work/rootfs" "$mirror" >"$work/debootstrap.log" 2>&1 ||
    { tail -n 5 "$work/debootstrap.log" >&2; return 1; }
  install -m 0755 "$(readlink -f "$(command -v node)")" "$work/rootfs/usr/local/bin/node"
  npm="$(dirname "$(dirname "$(readlink -f "$(command -v npm)")")")"
  mkdir -p "$work/rootfs/usr/local/lib/node_modules"
  cp -a "$npm" "$work/rootfs/usr/local/lib/node_modules/npm"
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$work/rootfs/usr/local/bin/npm"
  tar -C "$work/rootfs" -c . | podman import - "$image" >/dev/null
  rm -rf "$work/rootfs"
}

# npm inside the build finds its registry, and trusts it, as npm on this machine does.
npm_of_this_machine() {
  local authorities="${NODE_EXTRA_CA_CERTS:-$(npm config get cafile)}"
  if [ -f "$HOME/.npmrc" ]; then printf -- '--volume\n%s:/etc/enigma.npmrc:ro\n--env\nnpm_config_userconfig=/etc/enigma.npmrc\n' "$HOME/.npmrc"; fi
  if [ -f "$authorities" ]; then printf -- '--volume\n%s:/etc/enigma.pem:ro\n--env\nNODE_EXTRA_CA_CERTS=/etc/enigma.pem\n' "$authorities"; fi
}
