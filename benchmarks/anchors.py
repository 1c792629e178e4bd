"""Hold the forecast engine against published and hand-checked results.

    python benchmarks/anchors.py DIR [--realdata DIR2] [--json FILE]

DIR is the folder of anchors (one sub-folder each, with a README that names source and tolerance);
real data are looked for beside it. Prints one row per anchor (largest error, tolerance, ok or MISS)
and ends with code 1 on any miss. Tolerances are those of the READMEs; where a published figure is
printed with fewer digits than that, half a unit of its last digit, and the row says so. This script
reads files and calls the engine; it computes nothing that a forecast would compute.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import anchor_projections
import anchor_scores
import anchor_tables
import numpy as np
from anchor_rows import ANCHORS, Folders, Row

#: Importing these modules registers their checks.
MODULES = (anchor_projections, anchor_tables, anchor_scores)


def run_anchor(name: str, folders: Folders) -> list[Row]:
    """All checks of one anchor; an anchor whose files are missing is a miss."""
    try:
        return [Row(name, *check) for check in ANCHORS[name](folders)]
    except FileNotFoundError as missing:
        return [Row(name, f"file missing: {Path(missing.filename).name}", float("inf"), 0.0)]


def folders_of(given: Path, realdata: Path | None) -> Folders:
    """DIR may be the folder of anchors or the one that holds it and the real data."""
    validation = given / "validation" if (given / "validation").is_dir() else given
    return Folders(validation, realdata or validation.parent / "realdata")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--realdata", type=Path)
    parser.add_argument("--json", type=Path, help="write every check to this file")
    parser.add_argument("--all", action="store_true", help="print every check, not one per anchor")
    options = parser.parse_args()
    folders = folders_of(options.folder, options.realdata)
    found = {name: run_anchor(name, folders) for name in ANCHORS}
    print(f"{'anchor':<26}{'checks':>7}{'largest error':>16}{'tolerance':>12}   ok")
    for name, rows in found.items():
        # The check that comes closest to its tolerance (or is furthest beyond it) stands for all.
        worst = max(rows, key=_strain)
        ok = all(row.ok for row in rows)
        print(
            f"{name:<26}{len(rows):>7}{worst.error:>16.3g}{worst.tolerance:>12.3g}"
            f"   {'ok' if ok else 'MISS'}   {worst.check}"
        )
        for row in rows:
            if options.all or row.reason or not row.ok:
                mark = "ok" if row.ok else "MISS"
                line = f"    {row.check:<48}{row.error:>16.3g}{row.tolerance:>12.3g}   {mark}"
                print(f"{line}   ({row.reason})" if row.reason else line)
    if options.json:
        every = [vars(row) | {"ok": row.ok} for rows in found.values() for row in rows]
        options.json.write_text(json.dumps(every, indent=1))
    return 0 if all(row.ok for rows in found.values() for row in rows) else 1


def _strain(row: Row) -> float:
    if np.isnan(row.error):
        return float("inf")
    return row.error / row.tolerance if row.tolerance > 0 else (np.inf if row.error > 0 else 0.0)


if __name__ == "__main__":
    sys.exit(main())
