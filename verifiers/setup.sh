#!/bin/sh
# Installs the judges: software that we did not write, and the thin programs of ours around it.
#
# Idempotent: what is there is left alone. Exit code 0: all are ready; 3: at least one is not (said why).
# Everything goes under ${TACHO_CACHE:-<repository>/.cache}/verifiers, except npm/node_modules.
#
#   go      golang-go and golang-golang-x-mod-dev (apt), built in GOPATH mode: no module proxy needed
#   rust    cargo, with signed_note and tlog_tiles as pinned in Cargo.lock
#   npm     Node 20.17 or newer, @sigstore/verify as pinned in npm/package-lock.json
#   python  Python 3.12 or newer, aics-tlog and the readers of segments as pinned in python/requirements.txt
#   mldsa   the same virtual environment: cryptography's ML-DSA-44
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
root=$(dirname -- "$here")
cache=${TACHO_CACHE:-$root/.cache}/verifiers
mkdir -p "$cache"
failed=0

# Says what is missing and goes on: the other judges are worth having.
lacks() {
    printf 'MISSING %s: %s\n' "$1" "$2" >&2
    failed=1
}

# Runs a command quietly; its output matters only when it fails.
quiet() {
    "$@" >"$cache/setup.log" 2>&1 || { cat "$cache/setup.log" >&2; return 1; }
}

have() { command -v "$1" >/dev/null 2>&1; }

# Debian packages, when we may install them.
apt() {
    have apt-get && [ "$(id -u)" = 0 ] || return 1
    quiet apt-get install -y --no-install-recommends "$@" && return 0
    quiet apt-get update && quiet apt-get install -y --no-install-recommends "$@"
}

setup_go() {
    sumdb=/usr/share/gocode/src/golang.org/x/mod/sumdb
    if ! have go || [ ! -d "$sumdb" ]; then
        apt golang-go golang-golang-x-mod-dev \
            || { lacks go 'install golang-go and golang-golang-x-mod-dev'; return; }
    fi
    (cd "$here/go" && GO111MODULE=off GOFLAGS='' GOPATH=/usr/share/gocode GOCACHE="$cache/go-build" \
        quiet go build -o "$cache/judge-go" .) || lacks go 'the build failed'
}

setup_rust() {
    have cargo || { lacks rust 'install Rust: rustup.rs'; return; }
    (cd "$root" && quiet cargo build --quiet --locked -p tacho-merkle --example judge) \
        || { lacks rust 'the build failed'; return; }
    cp -- "${CARGO_TARGET_DIR:-$root/target}/debug/examples/judge" "$cache/judge-rust"
}

# True if what was installed from this lock file is still what it asks for.
is_current() { [ "$(cat "$2" 2>/dev/null)" = "$(cksum <"$1")" ]; }

setup_npm() {
    have npm || { lacks npm 'install Node.js 20.17 or newer with npm'; return; }
    lock=$here/npm/package-lock.json stamp=$here/npm/node_modules/.tacho-stamp
    is_current "$lock" "$stamp" && return
    quiet npm --prefix "$here/npm" ci --ignore-scripts || { lacks npm 'npm ci failed'; return; }
    cksum <"$lock" >"$stamp"
}

# The first Python that is new enough: on the path, of pyenv, of uv.
find_python() {
    for python in python3.13 python3.12 python3.14 python3 \
        "$HOME"/.pyenv/versions/3.1[2-9].*/bin/python3 "$(uv python find '>=3.12' 2>/dev/null || true)"; do
        if "$python" -c 'import sys, venv; sys.exit(sys.version_info < (3, 12))' >/dev/null 2>&1; then
            printf '%s\n' "$python"
            return
        fi
    done
    return 1
}

setup_python() {
    lock=$here/python/requirements.txt venv=$cache/python stamp=$cache/python/.tacho-stamp
    is_current "$lock" "$stamp" && "$venv/bin/python" -c '' 2>/dev/null && return
    python=$(find_python) || { lacks 'python, mldsa' \
        'install Python 3.12 or newer (apt python3.12-venv, pyenv install 3.13, or uv python install 3.13)'; return; }
    rm -rf -- "$venv"
    quiet "$python" -m venv "$venv" || { lacks 'python, mldsa' "$python cannot make a virtual environment"; return; }
    quiet "$venv/bin/python" -m pip install --quiet --no-deps --only-binary :all: -r "$lock" \
        || { lacks 'python, mldsa' 'pip install failed'; return; }
    cksum <"$lock" >"$stamp"
}

setup_go
setup_rust
setup_npm
setup_python
[ "$failed" = 0 ] || exit 3
