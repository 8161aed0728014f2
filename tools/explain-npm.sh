# Functions only, for tools/setup.sh: what a failed `npm ci` means to the person who waits for it. Needs enigma_root and enigma_say.

# Turns the end of npm's log into one sentence.
enigma_explain_npm() {
  if grep -q 'ENOSPC' "$1"; then
    enigma_say "the disk is full; the packages need about 1 GB."
  elif grep -qE 'SELF_SIGNED_CERT|UNABLE_TO_(VERIFY_LEAF_SIGNATURE|GET_ISSUER_CERT)|CERT_(HAS_EXPIRED|NOT_YET_VALID|UNTRUSTED)|ERR_TLS_CERT' "$1"; then
    enigma_say "npm does not trust the certificate of its registry. If a proxy of yours stands between, set NODE_EXTRA_CA_CERTS to the file with its root certificate (PEM) and try again; else check this machine's clock."
  elif grep -qE 'ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ERR_SOCKET_TIMEOUT' "$1"; then
    enigma_say "npm could not reach its registry. Check the network connection or npm's proxy settings and try again."
  elif grep -qE 'EACCES|EPERM|EROFS' "$1"; then
    enigma_say "npm may not write to $enigma_root. Check who owns the folder."
  elif grep -q 'EUSAGE' "$1"; then
    enigma_say "package-lock.json does not belong to the package.json files. Run 'npm install' and commit the result."
  else
    enigma_say "npm could not install the packages; what it said is above."
  fi
}
