"""Vienna's districts against an independent calculation in pandas."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from towns import FakeSource

from monitor_app.core.ages import AgeAxis
from monitor_app.core.areas import CITY, Area, AreaSystem, Level
from monitor_app.core.cube import Cube
from monitor_app.indicators.catalogue import Catalogue
from monitor_app.indicators.engine import Engine

pytestmark = pytest.mark.realdata


@pytest.fixture(scope="module")
def people(realdata: Path) -> pd.DataFrame:
    path = realdata / "wien" / "tidy" / "bestand_bezirk_alter5_sex_nat_2002_2025.csv.gz"
    return pd.read_csv(path, dtype={"bezirk": str})


@pytest.fixture(scope="module")
def engine(people: pd.DataFrame) -> Engine:
    order = ["bezirk", "year", "sex", "nationality", "age_from"]
    cells = people.groupby(order).population.sum()
    names = [list(level) for level in cells.index.levels]
    full = cells.reindex(pd.MultiIndex.from_product(names), fill_value=0)
    values = full.to_numpy(dtype=np.float64).reshape([len(n) for n in names])
    districts, years, sexes, groups, lows = names
    cube = Cube.of(
        {
            "area": districts,
            "date": [date(y, 1, 1) for y in years],
            "sex": sexes,
            "group": groups,
        },
        values,
        ages=AgeAxis.from_lows(tuple(int(a) for a in lows)),
    )
    areas = AreaSystem(
        (Level(CITY, "Wien", 0), Level("bezirk", "Bezirk", 1)),
        tuple(Area(i, "bezirk", key, key) for i, key in enumerate(districts)),
    )
    source = FakeSource().add("population", cube, level="bezirk")
    return Engine(areas, source, Catalogue.shipped())


def ratio(top: pd.Series, bottom: pd.Series, factor: float = 100.0) -> np.ndarray:
    return (factor * top / bottom).unstack("year").to_numpy()


def by(people: pd.DataFrame, where: pd.Series) -> pd.Series:
    return people[where].groupby(["bezirk", "year"]).population.sum()


def test_old_age_ratio_of_all_districts_and_years(people: pd.DataFrame, engine: Engine) -> None:
    table = engine.compute("altenquotient", "bezirk")
    old, middle = people.age_from >= 65, people.age_from.between(20, 64)
    assert table.values.shape == (23, 24)
    assert table.areas == tuple(sorted(people.bezirk.unique()))
    np.testing.assert_allclose(table.values, ratio(by(people, old), by(people, middle)), rtol=1e-12)
    city = people[old].groupby("year").population.sum() / (
        people[middle].groupby("year").population.sum()
    )
    np.testing.assert_allclose(table.city_values, 100 * city.to_numpy(), rtol=1e-12)
    assert table.dates[-1] == date(2025, 1, 1)


@pytest.mark.parametrize(
    ("district", "old", "middle"),
    [("01", 4_247, 9_790), ("10", 33_423, 141_200), ("23", 23_190, 73_986)],
)
def test_three_districts_by_hand(engine: Engine, district: str, old: int, middle: int) -> None:
    """65+ and 20–64 on 1 January 2025, added up from the city's file as published."""
    table = engine.compute("altenquotient", "bezirk")
    row = table.areas.index(district)
    assert table.values[row, -1] == pytest.approx(100 * old / middle, rel=1e-14)
    trace = engine.trace("altenquotient", "bezirk", district, date(2025, 1, 1))
    assert [i.value for i in trace.inputs] == [old, middle]


def test_other_indicators(people: pd.DataFrame, engine: Engine) -> None:
    everyone = people.age_from >= 0
    young, middle = people.age_from < 15, people.age_from.between(15, 49)
    women = middle & (people.sex == "f")
    expected = {
        "einwohner": by(people, everyone).unstack("year").to_numpy(),
        "auslaenderanteil": ratio(by(people, people.nationality != "AUT"), by(people, everyone)),
        "billeter_mass": ratio(
            by(people, young) - by(people, people.age_from >= 50), by(people, middle), 1.0
        ),
        "geschlechterverhaeltnis": ratio(
            by(people, people.sex == "m"), by(people, people.sex == "f")
        ),
        "child_woman_ratio": ratio(by(people, people.age_from < 5), by(people, women)),
        "greying_index": ratio(
            by(people, people.age_from >= 80), by(people, people.age_from.between(60, 79))
        ),
    }
    for key, values in expected.items():
        np.testing.assert_allclose(engine.compute(key, "bezirk").values, values, rtol=1e-12)
    assert engine.compute("einwohner", "bezirk").city_values[-1] == 2_028_289


def test_what_five_year_groups_up_to_80_cannot_answer_is_told(engine: Engine) -> None:
    for key in ("anteil_85plus", "altenquotient_67", "anteil_unter_3", "durchschnittsalter"):
        assert engine.availability(key), key
    assert engine.availability("anteil_80plus") == ()
