#!/bin/sh
# Runs the real Codex and Gemini CLI against a scripted model, with agent-audit-log in their hooks as its `install` puts
# it there and with their telemetry sent to the same server, and judges the record of each. Needs Node 20 and npm; the
# programs, pinned by e2e/agents/package-lock.json, have 500 MB and are installed once, below .cache. No model is asked
# and nothing but the package registry is reached.
set -eu
cd "$(dirname -- "$0")/.."
platform=$(uname -s)-$(uname -m)
if [ "$platform" != Linux-x86_64 ]; then
    echo "nothing was judged: this is $platform, and the pinned programs are those for Linux-x86_64"
    exit 0
fi

cache=.cache/agents
lock=$(cksum <e2e/agents/package-lock.json)
if [ "$(cat "$cache/installed" 2>/dev/null)" != "$lock" ]; then
    mkdir -p "$cache"
    cp e2e/agents/package.json e2e/agents/package-lock.json "$cache/"
    # Codex brings its program as a package of its own; nothing needs a script to be run.
    npm ci --prefix "$cache" --ignore-scripts --no-audit --no-fund --loglevel=error
    echo "$lock" >"$cache/installed"
fi
programs=$(scripts/build.sh)
exec node e2e/agents/judge.mjs "$cache/node_modules/.bin" "${TACHOGRAPH:-$programs/tachograph}" \
    "${AGENT_AUDIT_LOG:-$programs/agent-audit-log}"
