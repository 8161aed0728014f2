# Sourced by launch.sh: the network of docker-compose.yml, with Docker or Podman, whichever answers.

# The same from every checkout, as the ports are: whichever one stops the network, it is found.
enigma_project="${COMPOSE_PROJECT_NAME:-enigma}"

# Prints the words of the engine's compose command; 1 if there is no engine.
enigma_compose() {
  if docker info >/dev/null 2>&1 && docker compose version >/dev/null 2>&1; then
    echo docker compose --project-name "$enigma_project"
  elif docker info >/dev/null 2>&1 && command -v docker-compose >/dev/null 2>&1; then
    echo docker-compose --project-name "$enigma_project"
  elif command -v podman >/dev/null 2>&1 && command -v podman-compose >/dev/null 2>&1; then
    echo podman-compose --project-name "$enigma_project"
  else
    echo "launch.sh: -c needs a container engine: neither 'docker compose' nor 'podman-compose' answers. Without -c no engine is needed." >&2
    return 1
  fi
}

# Builds the image and starts the network; comes back when it is ready if `detach` is yes.
enigma_containers_up() {
  enigma_words="$(enigma_compose)" || return 1
  case "$enigma_words" in podman*) enigma_engine=podman ;; *) enigma_engine=docker ;; esac
  echo "launch.sh: building the image (some minutes the first time) ..."
  # Podman's own format of images knows no health checks.
  BUILDAH_FORMAT=docker "$enigma_engine" build --tag "${ENIGMA_IMAGE:-enigma:latest}" . || return 1
  if [ "$1" != yes ]; then exec $enigma_words up; fi
  $enigma_words up --detach || return 1
  enigma_limit=$(($(date +%s) + 300))
  until $enigma_words logs founder 2>/dev/null | grep -q 'READY '; do
    if [ "$(date +%s)" -gt "$enigma_limit" ]; then
      echo "launch.sh: the network was not ready within 5 minutes. See: $enigma_words logs" >&2
      return 1
    fi
    sleep 1
  done
  $enigma_words logs founder 2>/dev/null | grep 'READY ' | tail -n 1
}

# Stops a network in containers, if one runs. Says nothing where there is no engine.
enigma_containers_down() {
  enigma_words="$(enigma_compose 2>/dev/null)" || return 0
  [ -n "$($enigma_words ps -q 2>/dev/null)" ] || return 0
  $enigma_words down --volumes
  # Older podman-compose leaves the network behind.
  case "$enigma_words" in podman*) podman network rm "${enigma_project}_default" >/dev/null 2>&1 || true ;; esac
}
