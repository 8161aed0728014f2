#!/usr/bin/env bash
# `npm run docs:site`: builds the documentation site from docs/ into docs/.vitepress/dist; fails on a dead link.
root="$(CDPATH= cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd)"
cd "$root" || exit 1
. "$root/tools/env.sh" || exit 1
site="$root/tools/site"
if ! cmp -s "$site/package-lock.json" "$site/node_modules/.installed"; then
  npm ci --prefix "$site" --no-audit --no-fund --loglevel=error || exit 1
  cp "$site/package-lock.json" "$site/node_modules/.installed"
fi
# The client reference, from the docstrings.
rm -rf "$root/docs/generated"
node "$site/node_modules/typedoc/bin/typedoc" --options "$site/typedoc.json" --logLevel Warn || exit 1
node "$site/llms.ts" || exit 1
node "$site/node_modules/vitepress/bin/vitepress.js" build docs
