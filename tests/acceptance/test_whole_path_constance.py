"""Constance: 43 yearly pyramids in one call, four breaks of definition, and the other files."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest
from commandline import Imported, done, monitor

pytestmark = pytest.mark.realdata


@pytest.fixture(scope="module")
def folder(realdata: Path) -> Path:
    return realdata / "konstanz"


def _pyramids(folder: Path) -> list[Path]:
    return sorted((folder / "raw/bevoelkerung/pyramiden").glob("*.csv"))


def test_43_files_in_one_call(constance: Imported, folder: Path) -> None:
    """Totals equal the table of the data set's own checks and a sum made here."""
    with (folder / "tidy/jahrestabelle_kontrolle.csv").open(encoding="utf-8") as file:
        control = {r["year"]: int(float(r["pyramide_summe"])) for r in csv.DictReader(file)}
    summed: Counter[str] = Counter()
    for path in _pyramids(folder):
        with path.open(encoding="utf-8-sig") as file:
            for row in csv.DictReader(file):
                summed[path.stem[-4:]] += sum(
                    int(v) for k, v in row.items() if k != "alter" and v.strip()
                )
    assert len(control) == 43
    assert dict(summed) == control
    (dataset,) = done("info", constance.project)["datasets"]
    assert (
        dataset["dimensions"] == ["date", "sex", "age", "group"] or "age" in dataset["dimensions"]
    )
    assert {day[:4]: t for day, t in dataset["totals"].items()} == control
    assert {day[4:] for day in dataset["dates"]} == {"-12-31"}
    assert len(dataset["sources"]) == 43


def test_four_jumps_and_nothing_spurious(constance: Imported) -> None:
    """1994/95/96, 1999/2000/01 and 2008/09: main against main and secondary residence."""
    steps = constance.coded("implausible-step")
    years = [(i["value"][6:10], i["value"][-4:]) for i in steps]
    assert sorted(years) == [
        ("1994", "1995"), ("1995", "1996"), ("1999", "2000"), ("2000", "2001"), ("2008", "2009"),
    ]  # fmt: skip
    for step, (_before, year) in zip(steps, years, strict=True):
        assert step["file"] == f"pyramide_{year}.csv"
        assert step["severity"] == "warning"
        assert "Nebenwohn" in step["repair"]


def test_naming_the_recipe_gives_the_same(
    constance: Imported, folder: Path, tmp_path: Path
) -> None:
    project = tmp_path / "konstanz.gpkg"
    done("new", project, "--name", "Konstanz")
    report = done("import", project, *_pyramids(folder), "--recipe", "konstanz_pyramide")
    assert report["issues"] == constance.issues
    named, found = done("info", project), done("info", constance.project)
    assert named["datasets"] == found["datasets"]


def test_every_other_file_of_the_city(folder: Path, tmp_path: Path) -> None:
    """All files with a shipped recipe together; sums against the files themselves."""
    project = tmp_path / "konstanz.gpkg"
    done("new", project)
    raw = folder / "raw"
    names = {
        "bevoelkerung/natuerliche_entwicklung.csv": {
            "births": "geburten", "deaths": "sterbefaelle"},
        "bevoelkerung/zu_und_wegzug.csv": {"moves_in": None, "moves_out": None},
        "bauen_wohnen/fertigstellungen.csv": {"completions": "wohnungen"},
        "bevoelkerung/nach_stadtteilen.csv": {},
        "bevoelkerung/historisch_nach_stadtteilen.csv": {},
        "bevoelkerung/meldestatus.csv": {},
        "bevoelkerung/nach_staatsangehoerigkeit.csv": {},
        "bevoelkerung/wohnbevoelkerung.csv": {},
        "bauen_wohnen/wohnungsbestand.csv": {},
        "kinder_und_jugend/betreuungsquote.csv": {},
        "kinder_und_jugend/kinderbetreuung.csv": {},
    }  # fmt: skip
    report = done("import", project, *(raw / n for n in names))
    assert {s["name"] for s in report["sources"]} == {Path(n).name for n in names}
    by_key = {d["key"]: d for d in done("info", project)["datasets"]}
    for name, wanted in names.items():
        with (raw / name).open(encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
        for key, column in wanted.items():
            if column is None:
                column = next(c for c in rows[0] if c.startswith("zu" if "in" in key else "weg"))
            expected = {r["jahr"]: int(r[column]) for r in rows if r[column].strip()}
            assert {d[:4]: t for d, t in by_key[key]["totals"].items()} == expected, key
    quarters = [d for d in by_key.values() if d["level"] not in ("city",)]
    assert quarters
    assert sum(lv["unlocated"] for lv in done("info", project)["levels"]) >= 15


@pytest.mark.parametrize("name", ["schulen/wessenberg.csv", "schulen/ausgaben.csv",
                                  "kinder_und_jugend/einrichtungen_jugendarbeit.csv",
                                  "bevoelkerung/nach_altersgruppe.csv"])  # fmt: skip
def test_any_other_file_gets_a_recipe_or_a_proposal(
    name: str, folder: Path, tmp_path: Path
) -> None:
    project = tmp_path / "konstanz.gpkg"
    done("new", project)
    answer = monitor("import", project, folder / "raw" / name, "--dry-run", "--json")
    assert answer.code in (0, 1)
    assert len(answer.data["recipes"]) == 1
    for issue in answer.issues:
        assert issue["message"]
        assert issue["repair"] or issue["severity"] != "error", issue
