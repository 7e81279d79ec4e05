#!/usr/bin/env python3
"""Writes plotting/font_dejavu.inc.h: advances of DejaVu Sans and DejaVu Sans Bold for ASCII, Latin-1 and a few signs,
in 1/2048 em, read from the fonts' hmtx tables.  plot_font.py > plotting/font_dejavu.inc.h   (fontTools 4, DejaVu 2.37)"""
from fontTools.ttLib import TTFont

DIR = "/usr/share/fonts/truetype/dejavu/"
EXTRA = [0x2013, 0x2014, 0x2018, 0x2019, 0x201C, 0x201D, 0x2026, 0x20AC, 0x2212, 0x00B5, 0x0394, 0x03BC, 0x03C3, 0x2264, 0x2265]


def table(name, file):
    f = TTFont(DIR + file)
    assert f["head"].unitsPerEm == 2048
    cmap, hmtx = f.getBestCmap(), f["hmtx"]
    adv = lambda c: hmtx[cmap[c]][0]
    for tag, lo, hi in (("ascii", 0x20, 0x7E), ("latin", 0xA0, 0xFF)):
        print(f"static const uint16_t {name}_{tag}[] = {{")
        v = [adv(c) for c in range(lo, hi + 1)]
        for i in range(0, len(v), 12):
            print("    " + " ".join(f"{x}," for x in v[i:i + 12]))
        print("};")
    print(f"static const uint16_t {name}_sign[] = {{")
    for i in range(0, len(EXTRA), 12):
        print("    " + " ".join(f"{adv(c)}," for c in sorted(EXTRA)[i:i + 12]))
    print("};")


print("/* Advances of DejaVu Sans 2.37 in 1/2048 em: U+0020..7E, U+00A0..FF and the signs below.")
print(" * Made by tests/oracle/plot_font.py; do not edit. */")
print("static const uint16_t font_signs[] = {")
for i in range(0, len(EXTRA), 10):
    print("    " + " ".join(f"0x{c:04x}," for c in sorted(EXTRA)[i:i + 10]))
print("};")
table("font_regular", "DejaVuSans.ttf")
table("font_bold", "DejaVuSans-Bold.ttf")
