#!/usr/bin/env python3
"""Rules of the house that a compiler does not check: include direction, registries, sizes, headers that compile alone,
format, README files. Prints each fault; exit 1 when there is one."""
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
faults = []


def fault(where, what):
    faults.append(f"{where}: {what}")


def files(*patterns):
    out = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns], cwd=ROOT, capture_output=True, text=True).stdout
    return [Path(p) for p in out.split() if (ROOT / p).exists()]


# ---- who may include whom ----
ORDER = {
    "runtime/base": [],
    "runtime/col": ["runtime/base"],
    "runtime/fn": ["runtime/base", "runtime/col"],
    "runtime/io": ["runtime/base", "runtime/col"],
    "runtime/plan": ["runtime/base", "runtime/col", "runtime/fn", "runtime/io"],
    "runtime/exec": ["runtime/base", "runtime/col", "runtime/fn", "runtime/io", "runtime/plan"],
    "runtime/ml": ["runtime/base", "runtime/col", "runtime/fn", "runtime/plan", "runtime/exec"],
    "plotting": ["runtime"],
    "lang": ["runtime", "plotting"],
    "kernel": ["runtime", "plotting", "lang", "kernelspec"],
}


def room(path):
    p = str(path)
    return next((r for r in sorted(ORDER, key=len, reverse=True) if p.startswith(r + "/")), None)


def check_includes():
    for f in files("*.c", "*.h", "*.def"):
        r = room(f)
        if not r:
            continue
        for n, line in enumerate((ROOT / f).read_text().splitlines(), 1):
            m = re.match(r'#\s*include "([^"]+)"', line)
            if not m:
                continue
            target = m.group(1)
            tr = room(target) or target.split("/")[0]
            if tr != r and not any(tr == a or tr.startswith(a + "/") for a in ORDER[r]):
                fault(f"{f}:{n}", f"{r} may not include {target}")
            if target.endswith("_int.h"):
                home = str(Path(target).parent)
                if not str(f.parent).startswith(home) and str(f.parent) != str(Path(home).parent):
                    fault(f"{f}:{n}", f"{target} is internal to {home}")
            if r == "runtime/ml" and target.startswith("runtime/exec/") and target != "runtime/exec/executor.h":
                fault(f"{f}:{n}", "runtime/ml sees the executor contract only")


# ---- registries: a descriptor needs a row ----
def check_registries():
    for definition in files("*.def"):
        text = (ROOT / definition).read_text()
        rows = set(re.findall(r"^\s*[A-Z_]+\((\w+)", text, re.M)) | set(re.findall(r'^\s*[A-Z_]+\("([^"]+)"', text, re.M))
        if not rows:
            fault(definition, "a registry without rows")
    kinds = {"lang/verbs": ("verb_desc", "lang/verbs/verbs.def"), "runtime/fn": ("(?:fn|agg|win)_desc", None),
             "runtime/ml": ("ml_family", None), "runtime/io": ("io_format", "runtime/io/formats.def")}
    for folder, (kind, _) in kinds.items():
        rows = " ".join((ROOT / d).read_text() for d in files(f"{folder}/*.def"))
        for f in files(f"{folder}/*.c"):
            for name in re.findall(rf"^const struct {kind} (\w+)\s*=", (ROOT / f).read_text(), re.M):
                short = re.sub(r"^(fn|agg|win|verb|io_format|io|ml_family|family|ml)_", "", name)
                if name not in rows and not re.search(rf"\b{re.escape(short)}\b", rows):
                    fault(f, f"descriptor {name} has no row in a .def")


# ---- sizes ----
# path or path:function -> why it may be larger
WAIVERS = {}
for line in (ROOT / "tests/lint/waivers.txt").read_text().splitlines():
    if line.strip() and not line.startswith("#"):
        key, _, why = line.partition(" ")
        WAIVERS[key] = why


def check_sizes():
    sources = files("runtime/*.c", "plotting/*.c", "lang/*.c", "kernel/*.c")
    for f in sources:
        n = len((ROOT / f).read_text().splitlines())
        if n > 1200 and str(f) not in WAIVERS:
            fault(f, f"{n} lines: more than 1,200")
    try:
        out = subprocess.run(["pmccabe", *map(str, sources)], cwd=ROOT, capture_output=True, text=True).stdout
    except FileNotFoundError:
        print("pmccabe is missing: function sizes not checked")
        return
    for line in out.splitlines():
        cols = line.split("\t")
        if len(cols) < 6:
            continue
        complexity, lines, name = int(cols[0]), int(cols[4]), cols[5].split(": ")[-1].strip()
        path = cols[5].split("(")[0]
        if (lines > 100 or complexity > 25) and f"{path}:{name}" not in WAIVERS:
            fault(f"{path}:{name}", f"{lines} lines, complexity {complexity} (at most 100 and 25)")


def check_headers():
    for h in files("runtime/*.h", "plotting/*.h", "lang/*.h", "kernel/*.h"):
        if h.name.endswith(".inc.h") or h.name == "banned.h":
            continue
        res = subprocess.run(["gcc", "-std=c11", "-D_XOPEN_SOURCE=700", "-I.", "-fsyntax-only", "-xc", "-"], cwd=ROOT,
                             input=f'#include "{h}"\nint main(void) {{ return 0; }}\n', capture_output=True, text=True)
        if res.returncode:
            fault(h, "does not compile alone: " + res.stderr.splitlines()[0])
        if len((ROOT / h).read_text().splitlines()) > 320:
            fault(h, "a header of more than 320 lines")


def check_format():
    sources = [str(f) for f in files("runtime/*.[ch]", "plotting/*.[ch]", "lang/*.[ch]", "kernel/*.[ch]") if not f.name.endswith(".inc.h")]
    res = subprocess.run(["clang-format", "--dry-run", "-Werror", *sources], cwd=ROOT, capture_output=True, text=True)
    if res.returncode:
        bad = sorted(set(re.findall(r"^([^\s:]+):\d+", res.stderr, re.M)))
        fault("clang-format", "not formatted: " + " ".join(bad))


def check_readmes():
    for folder in {f.parent for f in files("runtime/*.c", "plotting/*.c", "lang/*.c", "kernel/*.c")}:
        rel = folder
        if len(rel.parts) > 2 and (ROOT / rel.parent / "README.md").exists():
            continue  # a sub-folder that its parent's page describes
        readme = ROOT / rel / "README.md"
        if not readme.exists():
            fault(rel, "no README.md")
        elif len(readme.read_text().splitlines()) > 60:
            fault(rel, "README.md of more than 60 lines")


def check_errors_used():
    codes = re.findall(r"^ERR\((\w+),", (ROOT / "runtime/base/errors.def").read_text(), re.M)
    text = "".join((ROOT / f).read_text() for f in files("runtime/*.c", "plotting/*.c", "lang/*.c", "kernel/*.c", "*.inc.h"))
    for code in codes:
        if not re.search(rf"\b{code}\b", text):
            fault("runtime/base/errors.def", f"{code} is never raised")


for check in (check_includes, check_registries, check_sizes, check_headers, check_format, check_readmes, check_errors_used):
    check()
for f in faults:
    print(f)
print(f"lint: {len(faults)} faults")
sys.exit(1 if faults else 0)
