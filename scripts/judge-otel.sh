#!/bin/sh
# Lets the real OpenTelemetry SDKs of Python and Node send to a running server, over HTTP and gRPC, and judges what it
# recorded, also of calls that OpenInference and OpenLLMetry instrument at once; Claude Code with its telemetry as well,
# where scripts/judge-claude-code.sh has installed it. Needs Python 3.10, Node 20 and npm; what it installs goes below
# .cache, once.
set -eu
cd "$(dirname -- "$0")/.."

cache=.cache/otel
mkdir -p "$cache"
lock=$(cat e2e/otel/requirements.txt e2e/otel/package.json | cksum)
if [ "$(cat "$cache/installed" 2>/dev/null)" != "$lock" ]; then
    python3 -m venv "$cache/venv"
    "$cache/venv/bin/pip" install --quiet --disable-pip-version-check -r e2e/otel/requirements.txt
    mkdir -p "$cache/node"
    cp e2e/otel/package.json "$cache/node/"
    npm install --prefix "$cache/node" --no-audit --no-fund --loglevel=error
    echo "$lock" >"$cache/installed"
fi
programs=$(scripts/build.sh)
claude=.cache/claude-code/2.1.329/node_modules/@anthropic-ai/claude-code-linux-x64/claude
[ -x "$claude" ] || claude=
exec node e2e/otel/judge.mjs "$programs/tachograph" "$cache/venv/bin/python" "$cache/node" $claude
