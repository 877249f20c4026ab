#!/bin/sh
# Holds the live alerts to software of others: a real Prometheus sends its alerts, the real amtool lists and silences them.
# Needs Python 3 and, where they are not installed, Debian's packages of both, which are unpacked below .cache, once, and
# not installed.
set -eu
cd "$(dirname -- "$0")/.."

cache=$PWD/.cache/alertmanager
find_or_unpack() {
    if found=$(command -v "$1"); then
        echo "$found"
        return
    fi
    if [ ! -x "$cache/root/usr/bin/$1" ]; then
        mkdir -p "$cache/root"
        (cd "$cache" && apt-get download --quiet "$2" >&2 && dpkg-deb -x "$2"_*.deb root)
    fi
    echo "$cache/root/usr/bin/$1"
}
prometheus=$(find_or_unpack prometheus prometheus)
amtool=$(find_or_unpack amtool prometheus-alertmanager)
programs=$(scripts/build.sh)
exec python3 e2e/alertmanager/judge.py "$programs/tachograph" "$prometheus" "$amtool"
