#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Packs recorded cases, one archive per area.

usage: parity_runner --list | pack_cases.py CASES_DIR OUT_DIR

CASES_DIR contains <scenario>/<seed>.json; standard input lists the selected scenarios. Writes, for each area (the
first word of a scenario's name, or "header-stores", "store-calls", "table-joins"), OUT_DIR/<area>.jsonl.gz with a
line {"name", "case"} for each case, without fields that are only for people.
"""
import gzip
import json
import pathlib
import sys

AREAS = ["header-stores", "store-calls", "table-joins"]


def area_of(scenario):
    return next((a for a in AREAS if scenario.startswith(a + "-")), scenario.split("-")[0])


def without_text(value):
    if isinstance(value, dict):
        return {k: without_text(v) for k, v in value.items() if not (k == "text" and "hex" in value)}
    return [without_text(v) for v in value] if isinstance(value, list) else value


def main():
    cases, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    scenarios = sys.stdin.read().split()
    for area in sorted({area_of(scenario) for scenario in scenarios}):
        files = sorted(f for s in scenarios if area_of(s) == area for f in (cases / s).glob("*.json"))
        with open(out / f"{area}.jsonl.gz", "wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as packed:
            for file in files:
                case = without_text(json.loads(file.read_text()))
                entry = {"name": file.relative_to(cases).as_posix(), "case": case}
                packed.write(json.dumps(entry, separators=(",", ":")).encode() + b"\n")
        print(area, len(files), "cases")


if __name__ == "__main__":
    main()
