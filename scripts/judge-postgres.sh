#!/bin/sh
# Judges PostgreSQL's wire and the dashboards for Grafana by programs that we did not write: psql, psycopg, asyncpg, the
# driver `pg` and the client `ws` of Node, and the types of Grafana's SDK. Needs Python 3, Node 20 with npm, psql (Debian's
# package is installed when run as root) and openssl; what it installs goes below .cache, once.
set -eu
cd "$(dirname -- "$0")/.."

if ! command -v psql >/dev/null; then
    apt-get install --yes --quiet postgresql-client >&2
fi
cache=.cache/postgres
mkdir -p "$cache"
lock=$(cat e2e/postgres/requirements.txt e2e/postgres/package-lock.json | cksum)
if [ "$(cat "$cache/installed" 2>/dev/null)" != "$lock" ]; then
    python3 -m venv "$cache/venv"
    "$cache/venv/bin/pip" install --quiet --disable-pip-version-check -r e2e/postgres/requirements.txt
    mkdir -p "$cache/node"
    cp e2e/postgres/package.json e2e/postgres/package-lock.json e2e/postgres/.npmrc "$cache/node/"
    npm ci --prefix "$cache/node" --no-audit --no-fund --loglevel=error
    echo "$lock" >"$cache/installed"
fi
programs=${POSTGRES_PROGRAMS:-$(scripts/build.sh)}
exec "$cache/venv/bin/python" e2e/postgres/judge.py "$programs/tachograph" "$cache/node"
