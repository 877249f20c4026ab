#!/bin/sh
# Judges the web interface: types, unit tests, and the real program in a real browser.
# Needs Rust, Node 20.19 or newer with npm, and Chromium; installs Debian's Chromium when run as root. With TACHOGRAPH
# set to a program, that one is judged and nothing is built. Only the package registries are reached.
# Exit code 0: good; 3: something that is needed is missing (said which); else: a finding.
set -eu
cd "$(dirname -- "$0")/.."

CHROMIUM=${CHROMIUM:-$(command -v chromium || true)}
if [ -z "$CHROMIUM" ]; then
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null ||
        { echo 'chromium is missing: install it, or run this as root on Debian' >&2; exit 3; }
    packages='chromium fonts-dejavu-core'
    # shellcheck disable=SC2086
    apt-get install -y -qq --no-install-recommends $packages >/dev/null 2>&1 ||
        { apt-get update -qq && apt-get install -y -qq --no-install-recommends $packages >/dev/null; }
    CHROMIUM=$(command -v chromium)
fi
command -v npm >/dev/null || { echo 'npm is missing: install Node 20.19 or newer' >&2; exit 3; }
export CHROMIUM

for folder in web e2e/web; do
    # A lock file must not say where its packages were taken from: that is for each machine to know.
    if grep -q '"resolved"' "$folder/package-lock.json"; then
        echo "$folder/package-lock.json names registries: npm reads .npmrc in that folder, make it there" >&2
        exit 1
    fi
    # The build of the program installs the packages of web/ in the same way.
    if ! cmp -s "$folder/package-lock.json" "$folder/node_modules/.stamp"; then
        (cd "$folder" && npm ci --no-audit --no-fund --loglevel=error >/dev/null)
        cp "$folder/package-lock.json" "$folder/node_modules/.stamp"
    fi
done

if [ -z "${TACHOGRAPH:-}" ]; then
    programs=$(scripts/build.sh)
    TACHOGRAPH=$programs/tachograph
fi
TACHOGRAPH=$(realpath "$TACHOGRAPH")
export TACHOGRAPH
npm run --prefix web --silent check
npm run --prefix web --silent types -- "$TACHOGRAPH" --check
npm run --prefix web --silent test
cd e2e/web
exec node --test --test-concurrency=2 ./*.test.mjs
