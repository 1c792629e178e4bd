"""Files that a statistics office would import, made from a number, with totals counted apart.

The oracle adds the numbers of the text with ``decimal`` and knows nothing of our readers.
"""

from __future__ import annotations

import random
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

AREAS = 8
FIRST_YEAR = 2011
YEARS = 12
_SEXES = ("männlich", "weiblich")
_AGES = ("unter 3", "3 bis unter 6", "6 bis unter 18", "18 bis unter 65", "65 und älter")
RECIPE = """\
id: zuverlaessigkeit
name: Bevölkerung
source: Musterstadt
numbers: {decimal: ","}
match: {files: ["bevoelkerung_*.csv"], columns: [Schlüssel, Geschlecht]}
contents:
  - kind: population
    dataset: bewohner
    name: Bewohner
    level: viertel
    area: {column: Schlüssel}
    date: {file: "(\\\\d{8})"}
    sex: {column: Geschlecht}
    values: [{pattern: "(unter 3|.+ bis .+|65 .+)", age: "{1}"}]
"""
DATASET = "bewohner"
_INDICATOR = """\
id: eigener_anteil
name: {{de: "Eigener Anteil", en: "Own share"}}
description: {{de: "Anteil {n}", en: "Share {n}"}}
unit: percent
formula: 100 * pop(age=65..) / pop()
precision: 1
"""


def day(number: int) -> date:
    return date(FIRST_YEAR + number % YEARS, 12, 31)


def text(number: int) -> str:
    """A delivery; numbers from 1000 on carry a grouping point, as in German tables."""
    rng = random.Random(number)
    lines = [";".join(("Schlüssel", "Geschlecht", *_AGES))]
    for area in range(AREAS):
        for sex in _SEXES:
            counts = [rng.randrange(0, 4000) for _age in _AGES]
            shown = [f"{c:,}".replace(",", ".") for c in counts]
            lines.append(";".join((f"{area:03d}", sex, *shown)))
    return "\n".join(lines) + "\n"


def write(folder: Path, number: int) -> Path:
    path = folder / f"bevoelkerung_{day(number):%Y%m%d}.csv"
    path.write_text(text(number), encoding="utf-8")
    return path


def total(number: int) -> Decimal:
    """Sum of all counts of a delivery, from its text."""
    cells = [cell for line in text(number).splitlines()[1:] for cell in line.split(";")[2:]]
    return sum((Decimal(cell.replace(".", "")) for cell in cells), Decimal(0))


def definition(number: int) -> str:
    return _INDICATOR.format(n=number)


def weights(number: int) -> str:
    rng = random.Random(number)
    parts = [f'"{key}": {rng.randrange(1, 100) / 100}' for key in ("alter", "sgbii", "migration")]
    return "{" + ", ".join(parts) + "}"
