#!/bin/sh
# Runs the real Claude Code with agent-audit-log in its hooks, as `agent-audit-log install claude` puts it there,
# against a real server that is stopped in the middle and started again, and judges the record: every hook there,
# once and in order. Needs what scripts/judge-claude-code.sh needs; TACHOGRAPH and AGENT_AUDIT_LOG name other
# programs.
set -eu
cd "$(dirname -- "$0")/.."
version=2.1.329
platform=$(uname -s)-$(uname -m)
if [ "$platform" != Linux-x86_64 ]; then
    echo "nothing was judged: this is $platform, and the pinned program is the one for Linux-x86_64"
    exit 0
fi

package=@anthropic-ai/claude-code-linux-x64
cache=.cache/claude-code/$version
claude=$cache/node_modules/$package/claude
if [ ! -x "$claude" ]; then
    mkdir -p "$cache"
    npm install --prefix "$cache" --no-save --no-audit --no-fund --loglevel=error "$package@$version"
fi
programs=$(scripts/build.sh)
exec node e2e/hook/judge.mjs "$claude" "${TACHOGRAPH:-$programs/tachograph}" "${AGENT_AUDIT_LOG:-$programs/agent-audit-log}"
