"""Defects 2, 5, 6, 13, 18 and 19 of the list in the specification, as a user would meet them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import shapely

from monitor_app.app.maps import map_spec
from monitor_app.app.session import Session
from monitor_app.app.settings import Settings
from monitor_app.cartography.relationspec import regress
from monitor_app.core.areas import Level
from monitor_app.core.batch import AreaTable, FactTable, ImportBatch
from monitor_app.core.cube import Cube
from monitor_app.core.datasets import DatasetSpec, Kind

DAYS = (date(2022, 12, 31), date(2023, 12, 31), date(2024, 12, 31))
KEYS = tuple(f"{i:02d}" for i in range(1, 13))
#: An outlier at one date only, and two areas of one name.
PEOPLE = np.array([[100.0 + 7 * i + 3 * d for d in range(3)] for i in range(12)])
PEOPLE[4, 1] = 9_000.0


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    squares = tuple(shapely.box(i * 1000, 0, i * 1000 + 1000, 1000) for i in range(12))
    names = ("Neustadt", "Neustadt", *(f"Teil {k}" for k in KEYS[2:]))
    areas = AreaTable(Level("stadtteil", "Stadtteil", 10), KEYS, names, squares, "EPSG:25832")
    cube = Cube.of({"area": KEYS, "date": DAYS}, PEOPLE)
    spec = DatasetSpec("population", Kind.POPULATION, "Bevölkerung", "stadtteil")
    made = Session(Settings(), tmp_path / "working")
    made.create(tmp_path / "town.gpkg", "Kleinstadt")
    made.apply(ImportBatch("Town", (), areas=(areas,), facts=(FactTable(spec, cube),)))
    yield made
    made.close(discard=True)


def test_2_classes_of_the_series_are_the_same_at_every_date(session: Session) -> None:
    """Where an outlier of one date is left out of the series, its limits jump."""
    made = []
    for day in DAYS:
        session.set_view(day=day)
        made.append(map_spec(session).classification.breaks)
    assert made[0] == made[1] == made[2]
    assert len(made[0]) == 4


def test_5_a_target_stays_when_the_date_changes(session: Session) -> None:
    """The threshold must not jump back to the middle of the date's range."""
    session.set_view(kind="threshold", targets={"einwohner": 150.0}, day=DAYS[0])
    found = []
    for day in DAYS:
        session.set_view(day=day)
        found.append(map_spec(session).reference)
    assert found == [150.0, 150.0, 150.0]
    assert session.view.targets == {"einwohner": 150.0}


def test_6_a_balance_gives_the_classes_of_the_values_back(session: Session) -> None:
    """Comparing two dates must not switch the classes of the whole series off for good."""
    session.set_view(day=DAYS[2], whole_series=True)
    before = map_spec(session)
    session.set_view(compare_to=DAYS[0])
    assert map_spec(session).base_day == DAYS[0]
    session.set_view(compare_to=None)
    after = map_spec(session)
    assert session.view.whole_series
    assert after.classification.breaks == before.classification.breaks
    assert (after.classification.classes == before.classification.classes).all()


def test_13_two_areas_of_one_name_are_chosen_one_by_one(session: Session) -> None:
    spec = map_spec(session)
    assert spec.names[:2] == ("Neustadt", "Neustadt")
    session.selection.set(("01",))
    assert session.selection.keys == ("01",)


def test_18_a_rising_series_goes_with_time(session: Session) -> None:
    """Read backwards, a steadily rising series would have r = −1."""
    table = session.compute("einwohner", "stadtteil")
    days = np.array([d.toordinal() for d in table.dates], dtype=float)
    line = regress(days, table.values[0])
    assert line is not None
    assert line.r == pytest.approx(1.0, abs=1e-4)  # 2024 has a day more
    assert line.slope > 0


def test_19_zeros_count_in_slope_and_continuity() -> None:
    """4, 0, 0, 0: slope −1,2 by hand; leaving zeros out gives −2."""
    line = regress(np.arange(4.0), np.array([4.0, 0.0, 0.0, 0.0]))
    assert line is not None
    assert line.slope == pytest.approx(-1.2)
    assert line.r == pytest.approx(np.corrcoef(np.arange(4.0), [4, 0, 0, 0])[0, 1])
