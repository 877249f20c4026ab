#!/bin/sh
# Judges the client libraries: the conformance suite with each library that has a driver, and each library's own tests,
# against a real server; the quick starts of their READMEs among them, and the TypeScript client in a program on the real
# Next.js (250 MB). Needs Python 3.10 and, for TypeScript, Node 20 with npm; what it installs goes below .cache, once.
# TACHOGRAPH names another program. `judge-sdks.sh python` judges one.
set -eu
cd "$(dirname -- "$0")/.."

cache=$PWD/.cache/sdks
only=${1:-}
mkdir -p "$cache"
[ -n "${TACHOGRAPH:-}" ] || TACHOGRAPH=$(scripts/build.sh)/tachograph
export TACHOGRAPH

# True when a library is to be judged.
wanted() { [ -d "sdks/$1" ] && { [ -z "$only" ] || [ "$only" = "$1" ]; }; }

# Installs once for each state of the files that say what is needed.
install_python() {
    lock=$(cat sdks/python/requirements-test.txt | cksum)
    [ "$(cat "$cache/python/.installed" 2>/dev/null)" = "$lock" ] && return
    python3 -m venv "$cache/python"
    "$cache/python/bin/pip" install --quiet --no-cache-dir --disable-pip-version-check -r sdks/python/requirements-test.txt
    echo "$lock" >"$cache/python/.installed"
}

judge_python() {
    install_python
    TACHO_PYTHON=$cache/python/bin/python
    export TACHO_PYTHON
    sdks/conformance/run.py -- sdks/python/conformance-driver
    node e2e/sdks/judge.mjs "$TACHOGRAPH" python sdks/python/conformance-driver
    (cd sdks/python && PYTHONPATH=src "$TACHO_PYTHON" -m mypy && PYTHONPATH=src "$TACHO_PYTHON" -m pytest)
}

# A program on the real Next.js, with the client as npm packs it: a link to it Next.js would not follow.
install_next() {
    folder=$cache/next
    lock=$(cksum <e2e/sdks/next/package-lock.json)
    if [ "$(cat "$folder/.installed" 2>/dev/null)" != "$lock" ]; then
        mkdir -p "$folder"
        cp e2e/sdks/next/package.json e2e/sdks/next/package-lock.json e2e/sdks/next/.npmrc "$folder/"
        npm ci --prefix "$folder" --ignore-scripts --no-audit --no-fund --loglevel=error
        # 120 of its 370 MB, and of no use here: source maps, and what makes images smaller.
        find "$folder/node_modules" -name '*.map' -delete
        rm -rf "$folder/node_modules/@img" "$folder/node_modules/sharp"
        echo "$lock" >"$folder/.installed"
    fi
    for name in $(ls -A e2e/sdks/next); do rm -rf "${folder:?}/$name"; done
    cp -R e2e/sdks/next/. "$folder/"
    client=$folder/node_modules/tachograph-client
    rm -rf "$client"
    mkdir "$client"
    (cd sdks/typescript && npm pack --silent --ignore-scripts --pack-destination "$client" >/dev/null)
    tar -xzf "$client"/*.tgz -C "$client" --strip-components=1
    rm "$client"/*.tgz
}

judge_typescript() {
    folder=sdks/typescript
    if ! cmp -s "$folder/package-lock.json" "$folder/node_modules/.stamp"; then
        (cd "$folder" && npm ci --no-audit --no-fund --loglevel=error >/dev/null)
        cp "$folder/package-lock.json" "$folder/node_modules/.stamp"
    fi
    (cd "$folder" && npm test --silent)
    sdks/conformance/run.py -- "$folder/conformance-driver"
    node e2e/sdks/judge.mjs "$TACHOGRAPH" typescript "$folder/conformance-driver" node "$folder/scripts/readme.mjs" run
    node e2e/sdks/person.mjs "$TACHOGRAPH"
    install_next
    node e2e/sdks/next.mjs "$TACHOGRAPH" "$cache/next"
}

# Its own tests are part of `cargo test`.
judge_rust() {
    programs=$(scripts/build.sh)
    sdks/conformance/run.py -- sdks/rust/conformance-driver
    node e2e/sdks/judge.mjs "$TACHOGRAPH" rust sdks/rust/conformance-driver "$programs/examples/quick_start"
}

for library in python typescript rust; do
    if wanted "$library" && command -v "judge_$library" >/dev/null; then
        echo "$library"
        "judge_$library"
    fi
done
