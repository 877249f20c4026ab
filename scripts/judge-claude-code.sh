#!/bin/sh
# Runs the real Claude Code against a scripted model with the hooks of examples/claude-code, and judges what
# tachograph recorded of it. Needs Node 20, npm, git and curl; the program has 400 MB and is installed once, below
# .cache. No model is asked and nothing but the package registry is reached.
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
exec node e2e/claude-code/judge.mjs "$claude" "$programs/tachograph"
