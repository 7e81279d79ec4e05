"""Offsets of instants and instants of clock times, by Python's zoneinfo (PEP 615) over the system's tzdata.
Columns: zone, utc microseconds, seconds east, then a clock time (microseconds) and its instant with fold=0; clock times that
a zone jumps over move on by the jump (the instant of fold=0, as RFC 5545 and java.time have it).
  python3 tests/oracle/base_zone.py > tests/data/oracle/base_zone.tsv      (Python 3.11, tzdata 2024a or later; seed 7)"""
import random
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

ZONES = ["Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "America/Sao_Paulo", "Africa/Casablanca",
         "Pacific/Apia", "Europe/London", "Asia/Tokyo", "America/St_Johns", "Europe/Dublin", "Antarctica/Troll"]
EPOCH = datetime(1970, 1, 1)
US = timedelta(microseconds=1)


def row(name, utc):
    z = ZoneInfo(name)
    aware = (EPOCH + utc * US).replace(tzinfo=timezone.utc).astimezone(z)
    east = int(aware.utcoffset().total_seconds())
    clock = aware.replace(tzinfo=None) + timedelta(minutes=random.choice([0, 0, 30, -30, 61]))
    local = (clock - EPOCH) // US
    instant = local - int(clock.replace(tzinfo=z, fold=0).utcoffset().total_seconds()) * 10**6
    print(name, utc, east, local, instant, sep="\t")


random.seed(7)
for name in ZONES:
    z = ZoneInfo(name)
    for _ in range(12):  # anywhere from 1930 to 2090
        row(name, random.randrange(-40 * 365, 120 * 365) * 86400 * 10**6 + random.randrange(86400 * 10**6))
    t, found = 0, 0  # around changes of the clock
    while t < 90 * 365 * 86400 and found < 16:
        a = (EPOCH + timedelta(seconds=t)).replace(tzinfo=timezone.utc).astimezone(z).utcoffset()
        b = (EPOCH + timedelta(seconds=t + 43200)).replace(tzinfo=timezone.utc).astimezone(z).utcoffset()
        if a != b and random.random() < 0.2:
            found += 1
            for _ in range(3):
                row(name, (t + random.randrange(43200)) * 10**6)
        t += 43200
