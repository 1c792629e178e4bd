"""Fertility, mortality and mixture: hand values, and life tables of the literature."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from towns import FakeSource, catalogue, town

from monitor_app.core.ages import AgeAxis
from monitor_app.core.areas import CITY
from monitor_app.core.cube import Cube
from monitor_app.core.datasets import Kind
from monitor_app.core.issues import UserError
from monitor_app.core.status import Status
from monitor_app.indicators.engine import Engine
from monitor_app.indicators.formula import parse
from monitor_app.indicators.lifetable import life_expectancy, net_reproduction
from monitor_app.indicators.measures import FERTILE, LIFE, MEASURES, STANDARD

KEYS = ["11", "12"]
DAYS = [date(y, 12, 31) for y in (2017, 2018, 2019, 2020)]
EVENT_DAYS = DAYS[1:]
AGES = AgeAxis.single_years()


def vital_town(birth_rate: float, death_rates: tuple[float, float]) -> Engine:
    """1,000 women and men per year of age in Viertel 11, a tenth of that in 12."""
    size = np.array([1000.0, 100.0])
    people = np.broadcast_to(size[:, None, None, None], (2, 4, 2, 101))
    labels = {"area": KEYS, "sex": ["m", "f"]}
    source = FakeSource().add("p", Cube.of({**labels, "date": DAYS}, people, ages=AGES))
    births = np.zeros((2, 3, 2, 45))
    births[:, :, :, :35] = size[:, None, None, None] * birth_rate / 2
    mothers = AgeAxis.from_lows(tuple(range(15, 60)), end=60)
    source.add("b", Cube.of({**labels, "date": EVENT_DAYS}, births, ages=mothers),
               kind=Kind.BIRTHS, period=True)  # fmt: skip
    deaths = np.zeros((2, 3, 2, 101))
    deaths[:] = (size * np.array(death_rates))[:, None, None, None]
    source.add("d", Cube.of({**labels, "date": EVENT_DAYS}, deaths, ages=AGES),
               kind=Kind.DEATHS, period=True)  # fmt: skip
    known = catalogue(
        tfr="total_fertility(3)", age="mean_age_at_birth(3)", sdr="standardised_deaths(3)",
        smr="mortality_ratio(3)", e0="life_expectancy(3)", e0f="life_expectancy(3, sex == f)",
        nrr="net_reproduction(3)", one="total_fertility(1)",
    )  # fmt: skip
    return Engine(town({"11": "1", "12": "1"}), source, known)


def last(engine: Engine, key: str, level: str = "viertel") -> list[float]:
    return [float(v) for v in engine.compute(key, level).values[:, -1]]


def test_equal_rates_at_all_ages_give_plain_numbers() -> None:
    engine = vital_town(0.05, (0.01, 0.02))
    # 35 years of age with 0.05 births each; the middle of 15 to 50
    assert last(engine, "tfr") == pytest.approx([1.75, 1.75])
    assert last(engine, "one") == pytest.approx([1.75, 1.75])
    assert last(engine, "age") == pytest.approx([32.5, 32.5])
    # 10 and 20 deaths per 1,000 at every age, whatever the standard
    assert last(engine, "sdr") == pytest.approx([10.0, 20.0])
    # Town: (1000·0.01 + 100·0.02) / 1100 deaths per person
    rate = 12 / 1100
    assert last(engine, "smr") == pytest.approx([0.01 / rate, 0.02 / rate])
    assert engine.compute("smr", "viertel").city_values[-1] == pytest.approx(1.0)
    # A constant rate m means a mean life of 1 / m; groups of five years come close.
    assert last(engine, "e0")[0] == pytest.approx(100, abs=0.35)
    assert last(engine, "e0f")[1] == pytest.approx(50, abs=0.35)
    # Half of the births are girls: 0.875 daughters, less those who die before.
    assert last(engine, "nrr")[0] == pytest.approx(0.875 * np.exp(-0.01 * 32.5), rel=0.02)


def test_three_years_are_needed_to_pool_three_years() -> None:
    engine = vital_town(0.05, (0.01, 0.02))
    assert engine.compute("tfr", "viertel").dates == (DAYS[-1],)
    assert engine.compute("one", "viertel").dates == tuple(EVENT_DAYS)


def test_nobody_dies_leaves_no_life_expectancy() -> None:
    table = vital_town(0.05, (0.0, 0.02)).compute("e0", "viertel")
    assert table.status[:, -1].tolist() == [Status.NOT_APPLICABLE, Status.OK]


def test_the_city_has_its_own_table() -> None:
    engine = vital_town(0.05, (0.01, 0.02))
    assert last(engine, "e0", CITY)[0] == pytest.approx(1100 / 12, abs=0.35)


def test_the_standard_population_is_complete() -> None:
    assert sum(STANDARD) == 100_000
    assert len(STANDARD) == len(LIFE)
    assert [lo for lo, _hi in FERTILE] == [15, 20, 25, 30, 35, 40, 45]


@pytest.mark.parametrize(
    ("name", "sex", "rates", "expected", "tolerance"),
    [
        ("austria_males_1992", "m", "nmx", "ex", 0.1),
        ("un1982_p34_males", "m", "nMx", "ex_published", 0.05),
    ],
)
def test_life_tables_of_the_literature(
    validation: Path, name: str, sex: str, rates: str, expected: str, tolerance: float
) -> None:
    path = validation / "lifetable_abridged" / f"{name}.csv"
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [int(r["age"]) for r in rows] == [lo for lo, _hi in LIFE]
    found = life_expectancy(sex, *(np.array([float(r[rates])]) for r in rows))
    assert found[0] == pytest.approx(float(rows[0][expected]), abs=tolerance)


def test_daughters_all_survive_where_nobody_dies_young() -> None:
    never = [np.array([0.0])] * 18
    found = net_reproduction(*([np.array([0.03])] * 7), *never, np.array([0.1]))
    assert found[0] == pytest.approx(35 * 0.03)


def test_measures_read_their_examples_and_refuse_other_filters() -> None:
    for measure in MEASURES.values():
        assert parse(measure.example).inputs
    for text in ("total_fertility(3, sex == f)", "life_expectancy(3, age < 5)",
                 "life_expectancy()", "life_expectancy(0)", "mortality_ratio(pop())"):  # fmt: skip
        with pytest.raises(UserError):
            parse(text)


def test_mixture_of_groups() -> None:
    counts = np.array([[[50.0, 50, 0, 0]], [[25, 25, 25, 25]], [[7, 0, 0, 0]], [[0, 0, 0, 0]]])
    keys = ["a", "b", "c", "d"]
    cube = Cube.of({"area": keys, "date": DAYS[:1], "group": list("wxyz")}, counts)
    source = FakeSource().add("p", cube)
    known = catalogue(
        e="group_entropy()", s="group_simpson()", part="group_simpson(group in (w, x))"
    )
    engine = Engine(town(dict.fromkeys(keys, "1")), source, known)
    assert last(engine, "e")[:3] == pytest.approx([0.5, 1.0, 0.0])
    assert last(engine, "s")[:3] == pytest.approx([0.5, 0.75, 0.0])
    assert last(engine, "part")[:2] == pytest.approx([0.5, 0.5])
    for key in known.ids:
        table = engine.compute(key, "viertel")
        assert table.status[3, 0] == Status.NOT_APPLICABLE
    # Town: 82, 75, 25, 25 of 207, from its own counts
    shares = np.array([82, 75, 25, 25]) / 207
    assert engine.compute("s", "viertel").city_values[0] == pytest.approx(1 - (shares**2).sum())
