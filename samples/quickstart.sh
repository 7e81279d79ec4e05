#!/bin/sh
# Builds mlnb and runs a notebook on real taxi trips. Installs the Debian packages that the build needs (apt; with sudo
# when not root), nothing else. Run it again: seconds.
set -eu
cd "$(dirname "$0")/.."
packages="gcc cmake ninja-build pkg-config libzmq3-dev libjansson-dev libssl-dev libedit-dev libopenblas-dev liblbfgs-dev zlib1g-dev libpcre2-dev libzstd-dev liblz4-dev libsnappy-dev libbrotli-dev libsqlite3-dev libpq-dev libpg-query-dev tzdata libutf8proc-dev libcairo2-dev"

missing=""
for p in $packages; do
    dpkg -s "$p" >/dev/null 2>&1 || missing="$missing $p"
done
if [ -n "$missing" ]; then
    as_root=""
    [ "$(id -u)" = 0 ] || as_root=sudo
    echo "== installing with ${as_root:+sudo }apt-get:$missing"
    mkdir -p build
    $as_root apt-get update -qq
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >build/apt.log 2>&1 ||
        { tail -5 build/apt.log; exit 1; }
fi

echo "== building build/release/mlnb"
mkdir -p build
cmake --preset release >build/release.log 2>&1 && cmake --build --preset release >>build/release.log 2>&1 ||
    { tail -20 build/release.log; exit 1; }

echo "== running samples/tips.mlnb: will there be a tip?"
build/release/mlnb run samples/tips.mlnb -o tips.ipynb
build/release/mlnb run samples/tips.mlnb -o tips.html >/dev/null

cat <<'TEXT'

== wrote tips.html (open it in a browser) and tips.ipynb
Next:
  build/release/mlnb                       the console; try:  trips = read("samples/data/yellow_2019.csv")
  build/release/mlnb install --user        then, in JupyterLab (pip install jupyterlab; jupyter lab), pick the mlnb kernel
  build/release/mlnb run samples/explore.mlnb -o explore.html
TEXT
