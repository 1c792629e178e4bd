"""Charts of areas taken together, and of areas that a reform made, against the indicators."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from commandline import Imported, done, monitor

from monitor_app.app.areaprofile import Profiles
from monitor_app.app.session import Session
from monitor_app.app.settings import Settings

NEW, DAY = "0435", date(2012, 12, 31)  # a quarter that a reform of 2018 founded


def persons(path: Path) -> float:
    """The sum of all cells of men and women."""
    with path.open(encoding="utf-8-sig") as file:
        rows = list(csv.reader(file, delimiter=";"))[1:]
    return sum(float(c.replace(",", ".")) for row in rows for c in row[2:4])


def test_a_pyramid_of_an_area_from_before_it_was_founded(sample: Imported, tmp_path: Path) -> None:
    out = tmp_path / "pyramide.csv"
    chart = ("chart", sample.project, "-k", "pyramid", "-l", "stadtviertel", "-a", NEW, "-d",
             DAY.isoformat(), "--persons", "-o", out)  # fmt: skip
    assert monitor(*chart).code != 0  # nobody was counted there
    done(*chart, "--carried")
    session = Session(Settings())
    session.open(sample.project, "read")
    try:
        table = session.series("einwohner", "stadtviertel", carried=True)
        wanted = table.values[table.areas.index(NEW), table.dates.index(DAY)]
        assert persons(out) == pytest.approx(wanted, abs=0.01)
        shown = Profiles(session, "stadtviertel", day=DAY, carried=True).profile(NEW).pyramid
        assert shown is not None
        assert np.sum(shown.base.men + shown.base.women) == pytest.approx(wanted)
    finally:
        session.close(discard=True)


def test_areas_together_are_the_sum_of_their_numbers(sample: Imported, tmp_path: Path) -> None:
    out = tmp_path / "pyramide.csv"
    done("chart", sample.project, "-k", "pyramid", "-l", "stadtteil", "-a", "011", "-a", "012",
         "-a", "013", "-d", "2024", "--together", "-o", out)  # fmt: skip
    session = Session(Settings())
    session.open(sample.project, "read")
    try:
        table = session.series("einwohner", "stadtteil")
        rows = [table.areas.index(k) for k in ("011", "012", "013")]
        assert persons(out) == table.values[rows, table.dates.index(date(2024, 12, 31))].sum()
    finally:
        session.close(discard=True)
