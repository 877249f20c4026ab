#!/bin/sh
# Lets Alertmanager's amtool and tachograph read the same configurations: both must name the same receivers and refuse
# the same mistakes. Needs Python 3 and, where there is no amtool, Debian's package of Alertmanager, which is unpacked
# below .cache, once, and not installed.
set -eu
cd "$(dirname -- "$0")/.."

cache=$PWD/.cache/routing
amtool=$(command -v amtool || echo "$cache/root/usr/bin/amtool")
if [ ! -x "$amtool" ]; then
    mkdir -p "$cache/root"
    (cd "$cache" && apt-get download --quiet prometheus-alertmanager >&2 && dpkg-deb -x prometheus-alertmanager_*.deb root)
fi
programs=$(scripts/build.sh)
exec python3 verifiers/routing/judge.py "$programs/tachograph" "$amtool"
