#!/bin/sh
# Runs a Python test in the tests' venv; 77 (skipped) when there is none.
root=$(cd "$(dirname "$0")/.." && pwd)
venv=${MLNB_VENV:-$root/build/venv}
[ -x "$venv/bin/python" ] || { echo "Skipped: no venv (sh tests/run.sh makes it)"; exit 77; }
PATH="$venv/bin:$PATH" PYTHONPATH="$root/tests" exec "$venv/bin/python" "$@"
