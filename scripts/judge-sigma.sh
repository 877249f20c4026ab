#!/bin/sh
# Lets pySigma with SQLite and tachograph's own engine run the same Sigma rules over the same events: both must find the
# same. Needs Python 3.10; what it installs goes below .cache, once.
set -eu
cd "$(dirname -- "$0")/.."

cache=.cache/sigma
mkdir -p "$cache"
lock=$(cksum <verifiers/sigma/requirements.txt)
if [ "$(cat "$cache/installed" 2>/dev/null)" != "$lock" ]; then
    python3 -m venv "$cache/venv"
    "$cache/venv/bin/pip" install --quiet --disable-pip-version-check -r verifiers/sigma/requirements.txt
    echo "$lock" >"$cache/installed"
fi
cargo build --quiet --locked -p tacho-alert --example sigma
exec "$cache/venv/bin/python" verifiers/sigma/judge.py "${CARGO_TARGET_DIR:-target}/debug/examples/sigma"
