#!/bin/sh
# Installs what the tests need (apt; pip into build/venv), builds, runs every test, and ends with `N passed, N failed`.
# Steps can be named: sh tests/run.sh test tsan release clang lint
set -u
cd "$(dirname "$0")/.." || exit 1
steps=${*:-lint test tsan clang release}
mkdir -p build
log=build/tests.log
: > "$log"
passed=0
failed=0
skipped=0

say() { printf '%s\n' "== $*"; }

install_packages() {
    want=$(sed -n 's/^apt //p' tests/deps.txt | tr '\n' ' ')
    missing=""
    for p in $want; do
        dpkg -s "$p" >/dev/null 2>&1 || missing="$missing $p"
    done
    if [ -n "$missing" ]; then
        say "installing with apt:$missing"
        as_root=""
        [ "$(id -u)" = 0 ] || as_root=sudo
        $as_root apt-get update -qq && $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >build/apt.log 2>&1 ||
            { tail -5 build/apt.log; say "apt failed"; return 1; }
    fi
    stamp=build/venv/deps-$(sed -n 's/^pip //p' tests/deps.txt | cksum | cut -d' ' -f1)
    if [ ! -f "$stamp" ]; then
        say "installing Python packages into build/venv"
        python3 -m venv build/venv && build/venv/bin/pip install -q $(sed -n 's/^pip //p' tests/deps.txt) >build/pip.log 2>&1 ||
            { tail -5 build/pip.log; say "pip failed"; return 1; }
        touch "$stamp"
    fi
}

# count NAME OK: one test of this script's own
count() {
    if [ "$2" = 0 ]; then passed=$((passed + 1)); else failed=$((failed + 1)); say "FAILED: $1"; fi
}

# Runs a workflow preset and adds up what ctest says.
workflow() {
    say "preset $1: configure, build, test"
    out=build/ctest-$1.log
    cmake --preset "$1" >"$out" 2>&1 && cmake --build --preset "$1" >>"$out" 2>&1
    res=$?
    if [ $res != 0 ]; then
        grep -E 'error|warning|FAILED|Error' "$out" | head -20
        count "build of preset $1" 1
        return
    fi
    count "build of preset $1" 0
    shift_args=$2
    # shellcheck disable=SC2086
    ctest --preset "$1" $shift_args >>"$out" 2>&1
    grep -E '^[0-9]+% tests passed|\*\*\*|The following tests FAILED' "$out"
    total=$(sed -n 's/.*tests passed, [0-9]* tests failed out of \([0-9]*\).*/\1/p' "$out" | tail -1)
    bad=$(sed -n 's/.*tests passed, \([0-9]*\) tests failed out of.*/\1/p' "$out" | tail -1)
    skip=$(grep -c 'Skipped' "$out")
    if [ -z "$total" ]; then count "ctest of preset $1" 1; tail -20 "$out"; return; fi
    [ "$bad" = 0 ] || sed -n '/\*\*\*Failed/,/^ *[0-9]*\/[0-9]* Test/p;/The following tests FAILED/,$p' "$out" | tail -150
    passed=$((passed + total - bad))
    failed=$((failed + bad))
    skipped=$((skipped + skip))
}

install_packages || { echo "0 passed, 1 failed"; exit 1; }
export MLNB_VENV="$PWD/build/venv"
export PATH="$PWD/build/venv/bin:$PATH"

for step in $steps; do
    case $step in
    lint)
        say "lint"
        python3 tests/lint/lint.py >>"$log" 2>&1; res=$?
        [ $res = 0 ] || tail -40 "$log"
        count lint $res ;;
    test) workflow test "-L unit|golden|exec|prop|fuzz|kernel" ;;
    tsan) workflow tsan "-L unit|exec|kernel|golden" ;;
    release) workflow release "" ;;
    clang)
        say "clang with -Werror"
        cmake --preset clang >build/clang.log 2>&1 && cmake --build --preset clang >>build/clang.log 2>&1; res=$?
        [ $res = 0 ] || grep -E 'error|warning' build/clang.log | head -20
        count "clang build without warnings" $res ;;
    esac
done
[ "$skipped" = 0 ] || say "$skipped tests skipped (they need data that is not in this clone)"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
