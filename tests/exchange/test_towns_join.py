"""A table of areas and their boundaries in one import make whole areas, in either order."""

from __future__ import annotations

from datetime import date

import pytest
from shapely import box

from monitor_app.core.areas import Level
from monitor_app.core.batch import AreaTable
from monitor_app.exchange.prepare import _join_levels

TABLE = AreaTable(
    Level("teil", "Stadtteil", 2, parents=("bezirk",)), ("01", "02"), ("Altstadt", "Nordend"),
    (None, None), None, ({"bezirk": "A"}, {"bezirk": "B"}), (None, None), (None, None),
)  # fmt: skip
DRAWN = AreaTable(
    Level("teil", "Stadtteil", 2), ("02", "01", "03"), ("02", "01", "Westhof"),
    (box(1, 0, 2, 1), box(0, 0, 1, 1), box(2, 0, 3, 1)), "EPSG:25832",
    ({}, {}, {}), (None, None, None), (None, None, None),
)  # fmt: skip


@pytest.mark.parametrize(("first", "second"), [(TABLE, DRAWN), (DRAWN, TABLE)])
def test_each_gives_what_the_other_lacks(first: AreaTable, second: AreaTable) -> None:
    made = _join_levels(first, second)
    found = {
        key: (made.names[i], made.parents[i], made.geometries[i].bounds[0])
        for i, key in enumerate(made.keys)
    }
    assert found == {
        "01": ("Altstadt", {"bezirk": "A"}, 0.0),
        "02": ("Nordend", {"bezirk": "B"}, 1.0),
        "03": ("Westhof", {}, 2.0),
    }
    assert made.crs == "EPSG:25832"
    assert made.level.parents == ("bezirk",)


def test_areas_of_another_time_stay_apart() -> None:
    later = AreaTable(
        TABLE.level, ("01",), ("Altstadt",), (box(0, 0, 1, 1),), "EPSG:25832", ({},),
        (date(2020, 1, 1),), (None,),
    )  # fmt: skip
    made = _join_levels(TABLE, later)
    assert made.keys == ("01", "02", "01")
    assert [g is None for g in made.geometries] == [True, True, False]
