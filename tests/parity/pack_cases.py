#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Packs recorded cases, one archive per area.

usage: pack_cases.py CASES_DIR OUT_DIR AREA...

CASES_DIR holds <scenario>/<seed>.json; an area is the first word of a scenario's name (or "header-stores",
"store-calls", "table-joins"). Writes OUT_DIR/<area>.jsonl.gz, a line {"name", "case"} for each case.
"""
import gzip
import json
import pathlib
import sys

AREAS = ["header-stores", "store-calls", "table-joins"]


def area_of(scenario):
    return next((a for a in AREAS if scenario.startswith(a + "-")), scenario.split("-")[0])


def main():
    cases, out, areas = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3:]
    for area in areas:
        files = sorted(f for f in cases.glob("*/*.json") if area_of(f.parent.name) == area)
        with open(out / f"{area}.jsonl.gz", "wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as packed:
            for file in files:
                entry = {"name": file.relative_to(cases).as_posix(), "case": json.loads(file.read_text())}
                packed.write(json.dumps(entry, separators=(",", ":")).encode() + b"\n")
        print(area, len(files), "cases")


if __name__ == "__main__":
    main()
