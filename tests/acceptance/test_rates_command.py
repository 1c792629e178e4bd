"""The command ``rates``: tables out, changed cells back, and a forecast that uses them."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commandline import Imported, done, monitor
from python_calamine import CalamineWorkbook

from tests.app.workbook_cells import rewrite

SPEC = """
id: raten
level: stadtbezirk
years: 2
control: 0
"""


@pytest.fixture
def copy(sample: Imported, tmp_path: Path) -> Path:
    found = tmp_path / "stadt.gpkg"
    shutil.copy(sample.project, found)
    return found


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "raten.yaml"
    path.write_text(SPEC, encoding="utf-8")
    return path


def births(project: Path, spec: Path | str) -> dict[int, float]:
    return {r["year"]: r["components"].get("births", 0.0)
            for r in done("forecast", project, "--spec", spec)["town"]}  # fmt: skip


@pytest.mark.slow
def test_fertility_changed_in_the_workbook_scales_the_births(
    copy: Path, spec: Path, tmp_path: Path
) -> None:
    before = births(copy, spec)
    book = tmp_path / "raten.xlsx"
    told = done("rates", copy, "--spec", spec, "-o", book)
    assert [t["table"] for t in told["tables"]] == [
        "births", "girls", "deaths", "arrivals", "departures", "moves", "destinations",
        "naturalisation",
    ]  # fmt: skip
    with CalamineWorkbook.from_path(str(book)) as found:
        assert {"Fruchtbarkeit", "Sterblichkeit", "Herkunft", "Maßzahlen"} <= set(found.sheet_names)

    def change(rows: list[list[Any]]) -> None:
        for row in rows[1:]:
            row[4:] = [1.2 * v for v in row[4:]]

    rewrite(book, "Fruchtbarkeit", change)
    taken = done("rates", copy, "--spec", spec, "--take", book, "--note", "Annahme")
    assert [(c["table"], c["note"]) for c in taken["changes"]] == [("births", "Annahme")]
    after = births(copy, "raten")  # the changes are kept in the project
    first = min(y for y, b in before.items() if b)
    assert after[first] == pytest.approx(1.2 * before[first], rel=1e-6)
    again = done("rates", copy, "--spec", "raten", "--take", book)
    assert again["changes"] == []  # the file says what the project holds by now


@pytest.mark.slow
def test_wrong_cells_are_named_and_nothing_is_kept(copy: Path, spec: Path, tmp_path: Path) -> None:
    book = tmp_path / "raten.xlsx"
    done("rates", copy, "--spec", spec, "-o", book)

    def change(rows: list[list[Any]]) -> None:
        rows[3][5] = -1.0
        rows[4][6] = 2000.0

    rewrite(book, "Sterblichkeit", change)
    answer = monitor("rates", copy, "--spec", spec, "--take", book, "--json")
    assert answer.code == 1
    assert [(i["code"], i["sheet"], i["row"]) for i in answer.issues] == [
        ("rates-cell-range", "Sterblichkeit", 4), ("rates-cell-range", "Sterblichkeit", 5),
    ]  # fmt: skip
    missing = monitor("rates", copy, "--spec", "raten", "--json")
    assert missing.codes() == ["spec-file"]


@pytest.mark.slow
def test_measures_are_told_for_people_and_machines(sample: Imported) -> None:
    told = done("rates", sample.project, "-l", "stadtbezirk")
    deaths = next(t for t in told["tables"] if t["table"] == "deaths")
    ages = [m["e0"] for m in deaths["measures"]]
    assert all(70 < e < 95 for e in ages)
    assert len(ages) == 4  # two sexes, two groups
    assert np.isfinite(ages).all()
    shown = monitor("rates", sample.project, "-l", "stadtbezirk")
    assert shown.code == 0
    assert "Kinder je Frau (TFR)" in shown.out


@pytest.mark.parametrize(
    ("options", "code"),
    [((), "spec-level"), (("-l", "stadtbezirk", "-o", "a.xlsx", "-t", "b.xlsx"), "rates-both")],
)
def test_options_that_do_not_fit_are_told(
    sample: Imported, options: tuple[str, ...], code: str
) -> None:
    answer = monitor("rates", sample.project, *options, "--json")
    assert answer.code == 1
    assert answer.codes() == [code]
