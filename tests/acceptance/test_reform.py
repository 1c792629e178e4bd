"""The territorial reform of the sample town: carried by the bridge table, and counted anew.

The town re-counted its inhabitants of 31.12.2017 from addresses on the areas of 2018. That count
is the oracle: the bridge must meet it exactly where areas were merged or renamed, and come close
where one was split.
"""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from commandline import Imported

from monitor_app.app.maps import map_spec, shapes_of
from monitor_app.app.session import Session
from monitor_app.app.settings import Settings
from monitor_app.core.status import Status
from monitor_app.indicators.catalogue import Catalogue
from monitor_app.indicators.engine import Engine

EVE, REFORM = date(2017, 12, 31), date(2018, 1, 1)
SPLIT = ("0435", "0436")
DATA = ["population"]


@pytest.fixture(scope="module")
def session(sample: Imported, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    session = Session(Settings(), working_dir=tmp_path_factory.mktemp("arbeit"))
    session.open(sample.project, "read")
    yield session
    session.close()


def recounted(sample_town: Path) -> dict[str, dict[int, int]]:
    """Area -> age -> inhabitants of 31.12.2017, read with nothing but the csv module."""
    path = sample_town / "gebietsreform/bevoelkerung_20171231_neuer_gebietsstand.csv"
    lines = path.read_text(encoding="cp1252").splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("Stichtag;"))
    found: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for row in csv.DictReader(lines[start:], delimiter=";"):
        if row["Stichtag"] != "31.12.2017":
            continue  # footnotes
        for column, cell in row.items():
            if column and (age := re.fullmatch(r"Alter (\d+)\+?", column)):
                found[row["Viertel_Nr"]][int(age.group(1))] += int(cell)
    return found


def test_the_bridge_meets_the_new_count(session: Session, sample_town: Path) -> None:
    oracle = {k: sum(ages.values()) for k, ages in recounted(sample_town).items()}
    table = session.engine.compute("einwohner", "stadtviertel", datasets=DATA, carried=True)
    eve = table.dates.index(EVE)
    assert set(table.areas) == set(oracle)
    for i, key in enumerate(table.areas):
        if key in SPLIT:  # the shares of the table are printed with six digits
            assert table.values[i, eve] == pytest.approx(oracle[key], abs=0.01)
            assert table.status[i, eve] == Status.ESTIMATED
        else:
            assert table.values[i, eve] == oracle[key]
            assert table.status[i, eve] == Status.OK
    assert table.city_values[eve] == sum(oracle.values()) == 179_234
    assert table.values[:, eve].sum() == pytest.approx(179_234, abs=1e-6)
    assert table.breaks == (REFORM,)
    assert (table.status[:, table.dates.index(date(2018, 12, 31)) :] == Status.OK).all()


def test_rates_of_merged_areas_are_those_of_the_new_count(
    session: Session, sample_town: Path
) -> None:
    oracle = recounted(sample_town)
    table = session.engine.compute("altenquotient", "stadtviertel", datasets=DATA, carried=True)
    eve = table.dates.index(EVE)

    def ratio(key: str) -> float:
        old = sum(n for age, n in oracle[key].items() if age >= 65)
        return 100 * old / sum(n for age, n in oracle[key].items() if 20 <= age < 65)

    for i, key in enumerate(table.areas):
        if key not in SPLIT:
            assert table.values[i, eve] == pytest.approx(ratio(key), rel=1e-12)
    # One share for all ages is an approximation: the two halves get the ratio of their mother.
    halves = [table.values[table.areas.index(key), eve] for key in SPLIT]
    assert halves[0] == pytest.approx(halves[1])
    true = [ratio(key) for key in SPLIT]
    assert min(true) <= halves[0] <= max(true)


def test_totals_of_every_year_are_kept(session: Session) -> None:
    plain = session.engine.compute("einwohner", "stadtviertel", datasets=DATA)
    carried = session.engine.compute("einwohner", "stadtviertel", datasets=DATA, carried=True)
    assert plain.dates == carried.dates
    assert np.nansum(carried.values, axis=0) == pytest.approx(np.nansum(plain.values, axis=0))
    assert not np.isnan(carried.values).any()
    new = plain.areas.index("0436")
    before = [j for j, day in enumerate(plain.dates) if day < REFORM]
    assert np.isnan(plain.values[new, before]).all()  # missing, never zero
    assert (plain.status[new, before] == Status.MISSING).all()


def test_births_and_dwellings_follow_too(session: Session) -> None:
    text = "- {id: b, name: b, unit: births, formula: births()}\n"
    text += "- {id: d, name: d, unit: dwellings, formula: dwellings}\n"
    engine = Engine(session.areas, session.project, Catalogue().with_documents([text]))

    def on_eve(name: str, key: str, *, carried: bool) -> float:
        table = engine.compute(name, "stadtviertel", carried=carried)
        return float(table.values[table.areas.index(key), table.dates.index(EVE)])

    for name, share in (("b", 0.138256), ("d", 0.239162)):
        parts = [on_eve(name, key, carried=False) for key in ("0233", "0234", "0431")]
        assert on_eve(name, "0236", carried=True) == parts[0] + parts[1] > 0
        assert on_eve(name, "0436", carried=True) == pytest.approx(share * parts[2])


def test_a_map_of_change_over_the_reform_needs_carried_values(session: Session) -> None:
    view = replace(
        session.view, indicator="einwohner", level="stadtviertel", day=date(2020, 12, 31),
        compare_to=date(2016, 12, 31),
    )  # fmt: skip
    plain = map_spec(session, view)
    carried = map_spec(session, replace(view, carried=True))
    assert plain.keys == carried.keys  # the areas of 2020
    new = [carried.keys.index(key) for key in ("0236", *SPLIT)]
    assert np.isnan(plain.values[new]).all()
    assert np.isfinite(carried.values).all()
    assert carried.status[new].tolist() == [Status.OK, Status.ESTIMATED, Status.ESTIMATED]
    old = map_spec(session, replace(view, day=EVE, compare_to=None, carried=True))
    shapes = shapes_of(session, "stadtviertel", EVE, carried=True)
    assert set(old.keys) == set(shapes.keys) == set(carried.keys)
