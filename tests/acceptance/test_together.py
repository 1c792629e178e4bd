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
from monitor_app.app.together import together

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


def test_quarters_together_are_their_district(sample: Imported) -> None:
    """Whatever the district has by itself – sums, rates, means, secrets, minimum bases – its
    quarters have together."""
    session = Session(Settings())
    session.open(sample.project, "read")
    try:
        day = date(2024, 12, 31)
        above = session.areas.ancestor("stadtviertel", "stadtteil")
        now = [a.key for a in session.areas.at("stadtviertel", day)]
        compared, kinds = 0, set()
        for choice in session.choices("stadtteil"):
            table = session.compute(choice.definition.id, "stadtteil") if choice.ready else None
            if table is None or day not in table.dates:
                continue
            finer = session.compute(choice.definition.id, "stadtviertel")
            if finer.datasets != table.datasets:
                continue  # the district is counted in files of its own
            at = table.dates.index(day)
            for district in ("011", "021"):
                parts = [key for key in now if above[key] == district]
                assert len(parts) > 1
                found = together(session, choice.definition.id, "stadtviertel", parts, day)
                row = table.areas.index(district)
                assert found.status == table.status[row, at], choice.definition.id
                assert found.value == pytest.approx(table.values[row, at], nan_ok=True)
                compared += 1
                kinds.add(choice.definition.aggregation)
        assert compared > 100
        assert kinds >= {"sum", "recompute"}
    finally:
        session.close(discard=True)


def test_the_command_and_its_refusals(sample: Imported) -> None:
    options = ("-i", "altenquotient", "-l", "stadtteil", "-d", "2024")
    found = done("together", sample.project, *options, "-a", "011", "-a", "012")
    one, other = (
        done("together", sample.project, *options, "-a", key)["value"] for key in ("011", "012")
    )
    assert min(one, other) < found["value"] < max(one, other)
    assert found["value"] != pytest.approx((one + other) / 2, abs=1e-6)  # never an average
    text = monitor("together", sample.project, *options, "-a", "011", "-a", "012").out
    assert "Altstadt + Bahnhofsvorstadt" in text
    assert "Stadt insgesamt" in text
    old = ("together", sample.project, "-i", "einwohner", "-l", "stadtviertel", "-a", NEW)
    refusal = monitor(*old, "-a", "0111", "-d", "2012")
    assert refusal.code == 1  # there was no such quarter
    assert "31.12.2012" in refusal.err + refusal.out
    carried = done(*old, "-a", "0111", "-d", "2012", "--carried")["value"]
    parts = [done(*old[:-1], k, "-d", "2012", "--carried")["value"] for k in (NEW, "0111")]
    assert carried == pytest.approx(sum(parts))
