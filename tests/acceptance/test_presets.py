"""The presets after Berlin, Hamburg and Münster on the sample town, by hand from its files.

The published method in plain ``csv`` and floats: shares, z-scores over the areas (divided by n),
their sum, its z-score, fixed class limits; the same for the change over some years.
"""

from __future__ import annotations

import csv
import math
from pathlib import Path

import pytest
from commandline import Imported, done, monitor
from pypdf import PdfReader

Numbers = dict[str, float | None]


class Town:
    """The raw files, read by hand."""

    def __init__(self, folder: Path) -> None:
        self.social = self._read(folder / "soziales/soziales.csv", 2)
        self.report = self._read(folder / "soziales/sozialbericht.csv", 2)
        self.background = self._read(folder / "bevoelkerung/migrationshintergrund.csv", 3)
        self.people: dict[tuple[str, str], list[int]] = {}
        path = folder / "bevoelkerung/bevoelkerung_2018_2024.csv"
        lines = path.read_bytes().decode("cp1252").split("\r\n")[4:]
        for row in csv.DictReader(lines, delimiter=";"):
            ages = self.people.setdefault((row["Stichtag"], row["Viertel_Nr"]), [0] * 101)
            for a in range(101):
                ages[a] += int(row[f"Alter {a}" if a < 100 else "Alter 100+"])

    @staticmethod
    def _read(path: Path, skip: int) -> dict[tuple[str, str], dict[str, str]]:
        lines = path.read_bytes().decode("cp1252").split("\r\n")[skip:]
        return {(r["Stichtag"], r["Viertel_Nr"]): r for r in csv.DictReader(lines, delimiter=";")
                if r["Viertel_Nr"]}  # fmt: skip

    def keys(self, day: str) -> list[str]:
        return [k for d, k in self.people if d == day]

    def pop(self, day: str, key: str, low: int = 0, high: int = 101) -> int:
        return sum(self.people[day, key][low:high])

    def number(self, table: dict, day: str, key: str, column: str) -> float | None:
        text = table[day, key][column]
        return None if text in (".", "…") else 0.0 if text == "-" else float(text)

    def value(self, name: str, day: str, key: str) -> float | None:
        """An indicator by its definition; None where secret or below the minimum base."""
        top, bottom, least = {
            "arbeitslosenanteil": lambda: (self.number(self.social, day, key, "Arbeitslose"),
                                           self.pop(day, key, 15, 65), 50),
            "langzeitarbeitslosenanteil": lambda: (
                self.number(self.social, day, key, "darunter Langzeitarbeitslose"),
                self.pop(day, key, 15, 65), 50),
            "transfer_nicht_arbeitslos": lambda: (
                self.number(self.report, day, key,
                            "Nicht arbeitslose Transferbeziehende (SGB II und XII)"),
                self.pop(day, key), 50),
            "kinderarmut": lambda: (
                self.number(self.social, day, key, "darunter unter 15 Jahren"),
                self.pop(day, key, 0, 15), 50),
            "sgb2_quote": lambda: (
                self.number(self.social, day, key, "Personen mit SGB-II-Leistungen"),
                self.pop(day, key, 0, 65), 50),
            "altersarmut": lambda: (
                self.number(self.report, day, key, "Grundsicherung ab 65 Jahren (SGB XII)"),
                self.pop(day, key, 65), 50),
            "alleinerziehende": lambda: (
                self.number(self.report, day, key, "Haushalte Alleinerziehender"),
                self.number(self.social, day, key, "Haushalte mit Kindern"), 30),
            "ohne_abschluss": lambda: (
                self.number(self.report, day, key, "darunter ohne Hauptschulabschluss"),
                self.number(self.report, day, key, "Schulabgänge (drei Schuljahre)"), 20),
            "migrationshintergrund_unter_18": lambda: (
                sum(int(self.background[day, key][f"Alter {n}"]) for n in ("unter 6", "6 bis 17")),
                self.pop(day, key, 0, 18), 30),
        }[name]()  # fmt: skip
        if top is None or bottom is None or bottom < least:
            return None
        return 100 * top / bottom


def zscores(values: Numbers) -> Numbers:
    known = [v for v in values.values() if v is not None]
    mean = math.fsum(known) / len(known)
    spread = math.sqrt(math.fsum((v - mean) ** 2 for v in known) / len(known))
    return {k: None if v is None else (v - mean) / spread for k, v in values.items()}


def summed(columns: list[Numbers], again: bool) -> Numbers:
    """Sum of z-scores (mean, where it is not made a z-score again); None where one is missing."""
    scaled = [zscores(c) for c in columns]
    found: Numbers = {}
    for key in columns[0]:
        parts = [c[key] for c in scaled]
        known = [p for p in parts if p is not None]
        found[key] = math.fsum(known) / len(known) if len(known) == len(parts) else None
    return zscores(found) if again else found


def by_hand(town: Town, names: list[str], day: str, before: str | None, least: int, again: bool
            ) -> tuple[Numbers, Numbers]:  # fmt: skip
    keys = [k for k in town.keys(day) if town.pop(day, k) >= least]
    status = summed([{k: town.value(n, day, k) for k in keys} for n in names], again)
    if before is None:
        return status, {}
    columns = []
    for name in names:
        column: Numbers = {}
        for k in keys:
            now, then = town.value(name, day, k), town.value(name, before, k)
            column[k] = None if now is None or then is None else now - then
        columns.append(column)
    return status, summed(columns, again)


@pytest.fixture(scope="module")
def town(sample_town: Path) -> Town:
    return Town(sample_town)


def status_class(z: float) -> str:
    """The limits of the Berlin monitoring: −1, +1 and +1,5 standard deviations."""
    return ("hoch" if z < -1 else "mittel" if z < 1 else "niedrig" if z < 1.5
            else "sehr niedrig")  # fmt: skip


def dynamics_class(z: float) -> str:
    return "positiv" if z < -1 else "stabil" if z < 1 else "negativ"


BERLIN = ["arbeitslosenanteil", "langzeitarbeitslosenanteil", "transfer_nicht_arbeitslos",
          "kinderarmut"]  # fmt: skip
HAMBURG = ["migrationshintergrund_unter_18", "alleinerziehende", "sgb2_quote",
           "arbeitslosenanteil", "kinderarmut", "altersarmut", "ohne_abschluss"]  # fmt: skip
MUENSTER = ["sgb2_quote", "kinderarmut", "migrationshintergrund_unter_18"]


@pytest.mark.parametrize(
    ("preset", "names", "years", "least", "again"),
    [("berlin_mss", BERLIN, 2, 300, True), ("hamburg_rise", HAMBURG, 3, 300, True),
     ("muenster", MUENSTER, None, 0, False)],
)  # fmt: skip
def test_preset_by_hand(
    sample: Imported, town: Town, preset: str, names: list[str], years: int | None, least: int,
    again: bool,
) -> None:  # fmt: skip
    found = done("index", sample.project, "-l", "stadtviertel", "-w", preset, "-d", "2024")
    rows = {r["area"]: r for r in found["areas"]}
    before = None if years is None else f"31.12.{2024 - years}"
    status, dynamics = by_hand(town, names, "31.12.2024", before, least, again)
    rated = {k: v for k, v in status.items() if v is not None}
    assert len(rated) > 25
    assert {k for k, r in rows.items() if r["value"] is not None} == rated.keys()
    for key, value in rated.items():
        assert rows[key]["value"] == pytest.approx(value, rel=1e-9, abs=1e-12), key
        if years is not None:
            assert rows[key]["group"] == status_class(value)
            change = dynamics[key]
            assert rows[key].get("dynamics") == (None if change is None else dynamics_class(change))
    if years is not None:
        types = {(r.get("group"), r.get("dynamics")) for r in rows.values()}
        assert len({t for t in types if all(t)}) >= 5


def test_status_and_dynamics_make_types_on_the_map(sample: Imported, tmp_path: Path) -> None:
    page = tmp_path / "mss.pdf"
    done("index", sample.project, "-l", "stadtviertel", "-w", "berlin_mss", "-o", page)
    text = " ".join(PdfReader(page).pages[0].extract_text().split())
    for status in ("hoch", "mittel", "niedrig", "sehr niedrig"):
        for way in ("positiv", "stabil", "negativ"):
            assert f"{status} / {way}" in text
    assert "31.12.2022" in text


def test_base_of_the_dynamics_and_minimum_inhabitants_are_options(
    sample: Imported, town: Town
) -> None:
    found = done("index", sample.project, "-l", "stadtviertel", "-w", "berlin_mss", "-d", "2024",
                 "--dynamics-from", "2020", "--minimum-inhabitants", "2000")  # fmt: skip
    rows = {r["area"]: r for r in found["areas"]}
    status, dynamics = by_hand(town, BERLIN, "31.12.2024", "31.12.2020", 2000, True)
    small = [k for k in town.keys("31.12.2024") if town.pop("31.12.2024", k) < 2000]
    assert len(small) > 5
    assert all(rows[k]["status"] == "below_base" or rows[k]["value"] is None for k in small)
    for key, value in status.items():
        if value is not None:
            assert rows[key]["value"] == pytest.approx(value, rel=1e-9, abs=1e-12)
            change = dynamics[key]
            if change is not None:
                assert rows[key]["dynamics"] == dynamics_class(change)


def test_class_certainty_is_reproducible_and_told(sample: Imported) -> None:
    arguments = ("index", sample.project, "-l", "stadtviertel", "-w", "berlin_mss", "--classes",
                 60, "--seed", 5)  # fmt: skip
    first = done(*arguments)
    assert first == done(*arguments)
    assert first["classes"] == {"draws": 60, "seed": 5, "not_drawn": []}
    certain = [r["class_certainty"] for r in first["areas"] if r["value"] is not None]
    assert 0 < min(certain) < max(certain) <= 1
    answer = monitor(*arguments)
    assert "Klasse behalten" in answer.out


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (("-w", "muenster", "--classes", "10"), "keine Klassen"),
        (("-w", "berlin_mss", "--classes", "-4"), "Ziehungen"),
        (("-w", "berlin_mss", "-d", "2019", "--dynamics-from", "2021"), "früheren Jahres"),
        (("-w", "berlin_mss", "--dynamics", "0"), "zu klein"),
        (("-w", "berlin_mss", "--base-date", "1901"), "1901"),
        (("-w", "berlin_mss", "--minimum-inhabitants", "-1"), "zu klein"),
    ],
)
def test_rules_that_cannot_be_are_refused(
    sample: Imported, options: tuple[str, ...], word: str
) -> None:
    answer = monitor("index", sample.project, "-l", "stadtteil", *options)
    assert answer.code == 1
    assert word in answer.err
