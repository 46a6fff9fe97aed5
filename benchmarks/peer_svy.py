"""Means and Taylor standard errors of 20 measures by unit, with `svy` in an environment of its own.

PYTHON peer_svy.py DATA.csv REPEATS RESULT.csv     prints CPU seconds (median) and peak MB
"""

import json
import re
import resource
import statistics
import sys
from pathlib import Path

import polars as pl
import svy


def spent() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


data = pl.read_csv(sys.argv[1])
measures = [name for name in data.columns if name.startswith(("skala", "ya"))]
seconds = []
for _ in range(int(sys.argv[2])):
    before = spent()
    sample = svy.Sample(data, svy.Design(stratum="unit", psu="sesi", wgt="w"))
    found = [e.to_polars() for e in sample.estimation.mean(measures, by="unit")]
    seconds.append(spent() - before)
tables = [
    table.select(domain=pl.col("unit"), measure=pl.lit(name), value=pl.col("est"), se=pl.col("se"))
    for name, table in zip(measures, found, strict=True)
]
pl.concat(tables).write_csv(sys.argv[3])
status = Path("/proc/self/status").read_text(encoding="ascii")
peak = int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024
print(json.dumps({"cpu": statistics.median(seconds), "memory": peak, "repeats": len(seconds)}))
