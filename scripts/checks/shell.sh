#!/usr/bin/env bash
# Parses every shell script of the repository without running it.
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
failed=0
for script in launch.sh .ci/run tools/*.sh scripts/checks/*.sh; do
  [ -f "$script" ] || continue
  bash -n "$script" || failed=1
done
exit "$failed"
