# Image of every part of an Enigma network; its entry point is the `enigma` command. docs/guide-containers.md
# Enclaves are simulated in software: a container protects nothing against whoever runs the host.
ARG BASE=docker.io/library/node:24-bookworm-slim

FROM ${BASE} AS build
WORKDIR /opt/enigma
COPY . .
# Contracts, enclave and page are built with everything; what runs needs no development package.
RUN npm ci --no-audit --no-fund --loglevel=error \
  && node tools/build.ts \
  && npm prune --omit=dev --no-audit --no-fund --loglevel=error \
  && rm -rf .git cache

FROM ${BASE}
RUN useradd --system --uid 10001 --user-group --create-home --home-dir /var/lib/enigma enigma \
  && install -d -o enigma -g enigma -m 0700 /network \
  && printf '#!/bin/sh\nexec node /opt/enigma/cli/src/main.ts "$@"\n' >/usr/local/bin/enigma \
  && chmod 0755 /usr/local/bin/enigma
COPY --from=build /opt/enigma /opt/enigma
USER enigma
WORKDIR /var/lib/enigma
ENV ENIGMA_HOME=/var/lib/enigma NODE_COMPILE_CACHE=/var/lib/enigma/.cache NODE_NO_WARNINGS=1
VOLUME ["/var/lib/enigma", "/network"]
HEALTHCHECK --interval=10s --timeout=6s --start-period=120s --retries=3 CMD ["enigma", "health"]
ENTRYPOINT ["enigma"]
CMD ["--help"]
