#!/bin/sh
# Lets the vendors' own libraries judge what channels send and which replies are believed: a whole made-up alert is told
# to every kind of channel on this machine, mails go to an SMTP server that asks for TLS and a login, alerts to a real
# Alertmanager. Needs Python 3.10, Node 20, npm, openssl and, where there is no Alertmanager, Debian's package of it, which
# is unpacked below .cache, once, and not installed.
set -eu
cd "$(dirname -- "$0")/.."

cache=$PWD/.cache/channels
mkdir -p "$cache/root"
lock=$(cat e2e/channels/requirements.txt e2e/channels/package.json | cksum)
if [ "$(cat "$cache/installed" 2>/dev/null)" != "$lock" ]; then
    python3 -m venv "$cache/venv"
    "$cache/venv/bin/pip" install --quiet --disable-pip-version-check -r e2e/channels/requirements.txt
    mkdir -p "$cache/node"
    cp e2e/channels/package.json "$cache/node/"
    npm install --prefix "$cache/node" --no-audit --no-fund --loglevel=error
    echo "$lock" >"$cache/installed"
fi
alertmanager=$(command -v prometheus-alertmanager || echo "$cache/root/usr/bin/prometheus-alertmanager")
if [ ! -x "$alertmanager" ]; then
    (cd "$cache" && apt-get download --quiet prometheus-alertmanager >&2 && dpkg-deb -x prometheus-alertmanager_*.deb root)
fi
programs=$(scripts/build.sh)
exec "$cache/venv/bin/python" e2e/channels/judge.py "$programs/tachograph" "$programs/examples/reply" "$alertmanager" "$cache/node/node_modules"
