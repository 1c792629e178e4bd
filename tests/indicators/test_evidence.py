"""Intervals, smoothing and significance of computed values, against numbers worked out by hand."""

from __future__ import annotations

import math
from datetime import date

import numpy as np
import pytest
from scipy import stats
from towns import BROAD, FakeSource, catalogue, town

from monitor_app.core.cube import Cube
from monitor_app.core.datasets import Kind
from monitor_app.core.issues import UserError
from monitor_app.core.status import Status
from monitor_app.indicators.engine import Engine
from monitor_app.indicators.evidence import compared, evidence, fraction_of, smoothed
from monitor_app.indicators.formula import parse

KEYS = ["11", "12", "21"]
VIERTEL: dict[str, str | None] = {"11": "1", "12": "1", "21": "2"}
DAYS = [date(2019, 12, 31), date(2020, 12, 31)]
COUNTS = np.array(
    [[[20, 60, 20], [10, 60, 30]], [[1, 8, 1], [1, 8, 1]], [[100, 700, 200], [100, 650, 250]]],
    dtype=float,
)
Z = 1.959963984540054


def engine(formula: str, **more: object) -> Engine:
    source = FakeSource().add("p", Cube.of({"area": KEYS, "date": DAYS}, COUNTS, ages=BROAD))
    deaths = Cube.of({"area": KEYS, "date": DAYS[1:]}, np.array([[3.0], [0.0], [12.0]]))
    source.add("d", deaths, kind=Kind.DEATHS, period=True)
    return Engine(town(VIERTEL), source, catalogue(x={"formula": formula, **more}))


def wilson(x: float, n: float) -> tuple[float, float]:
    """As printed in textbooks."""
    p = x / n
    middle = (p + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z / (1 + Z * Z / n) * math.sqrt(p * (1 - p) / n + Z * Z / (4 * n * n))
    return middle - half, middle + half


@pytest.mark.parametrize(
    ("formula", "factor", "sort"),
    [
        ("100 * pop(age >= 65) / pop()", 100, "share"),
        ("share(pop(age < 18, sex == f), pop(age < 18))", 100, "share"),
        ("100 * pop(sex == f) / pop(sex == m)", 100, "rate"),
        ("100 * pop(age >= 65) / pop(age 20..64)", 100, "ratio"),
        ("per_1000(deaths(), mean_pop())", 1000, "rate"),
        ("1000 * births() / (pop(sex == f) * 2)", 500, "rate"),
        ("100 * (deaths() + births()) / pop()", 100, "rate"),
        ("pop(age >= 65) / pop() * 100", 100, "share"),
    ],
)
def test_formulas_that_are_fractions_of_counts(formula: str, factor: float, sort: str) -> None:
    found = fraction_of(parse(formula).tree)
    assert found is not None
    assert (found.factor, found.sort) == (factor, sort)


@pytest.mark.parametrize(
    "formula",
    ["pop()", "pop() / surface(km2)", "mean_age()", "100 * (births() - deaths()) / pop()",
     "change(pop(), 1)", '100 * variable("income") / pop()', "100 / pop()", "zscore(pop())",
     "-1 * pop(age >= 65) / pop()"],
)  # fmt: skip
def test_formulas_that_are_not(formula: str) -> None:
    assert fraction_of(parse(formula).tree) is None


def test_a_share_gets_the_wilson_interval() -> None:
    found = evidence(engine("100 * pop(age >= 65) / pop()"), "x", "viertel")
    for i, (x, n) in enumerate([(30, 100), (1, 10), (250, 1000)]):
        assert (found.low[i, 1], found.high[i, 1]) == pytest.approx(
            [100 * bound for bound in wilson(x, n)]
        )
    assert (found.city_low[1], found.city_high[1]) == pytest.approx(
        [100 * bound for bound in wilson(281, 1110)]
    )
    assert found.cases[:, 1].tolist() == [30, 1, 250]
    assert found.people[:, 1].tolist() == [100, 10, 1000]


def test_a_ratio_follows_from_the_share_of_its_two_parts() -> None:
    found = evidence(engine("100 * pop(age >= 65) / pop(age 20..64)"), "x", "viertel")
    low, high = wilson(30, 90)
    assert found.low[0, 1] == pytest.approx(100 * low / (1 - low))
    assert found.high[0, 1] == pytest.approx(100 * high / (1 - high))
    assert found.low[0, 1] < found.table.values[0, 1] < found.high[0, 1]


def test_a_rate_gets_the_exact_poisson_interval() -> None:
    found = evidence(engine("per_1000(deaths(), mean_pop())"), "x", "viertel")
    assert found.table.dates == (DAYS[1],)
    low, high = stats.chi2.ppf(0.025, 6) / 2, stats.chi2.ppf(0.975, 8) / 2
    assert (found.low[0, 0], found.high[0, 0]) == pytest.approx([10 * low, 10 * high])
    assert found.low[1, 0] == 0  # none died of ten: the rate is 0, its upper bound is not
    assert found.high[1, 0] == pytest.approx(1000 * stats.chi2.ppf(0.975, 2) / 2 / 10)


def test_what_is_hidden_has_no_interval_either() -> None:
    found = evidence(engine("100 * pop(age >= 65) / pop()", minimum_base=50), "x", "viertel")
    assert found.table.status[1, 1] == Status.BELOW_BASE
    assert np.isnan(found.low[1, 1])
    assert np.isnan(found.high[1, 1])


def test_no_interval_for_what_is_no_fraction() -> None:
    with pytest.raises(UserError) as error:
        evidence(engine("pop()"), "x", "viertel")
    assert error.value.issues[0].code == "no-fraction"
    assert error.value.issues[0].repair


def test_smoothed_values_are_estimates_and_drawn_to_the_mean_of_all() -> None:
    table, own = smoothed(engine("pop(age >= 65) / pop()"), "x", "viertel")
    assert (table.status == Status.ESTIMATED).all()
    raw = engine("pop(age >= 65) / pop()").compute("x", "viertel")
    x, n = np.array([30.0, 1.0, 250.0]), np.array([100.0, 10.0, 1000.0])
    mean = x.sum() / n.sum()
    s2 = max(0.0, (n * (x / n - mean) ** 2).sum() / n.sum() - mean / n.mean())
    weight = s2 / (s2 + mean / n)
    expected = weight * x / n + (1 - weight) * mean
    assert table.values[:, 1].tolist() == pytest.approx(expected.tolist())
    assert own[:, 1].tolist() == pytest.approx(weight.tolist())
    assert table.city_values.tolist() == raw.city_values.tolist()
    assert (raw.status == Status.OK).all()  # nothing is smoothed unless asked for


def test_the_change_of_a_share_is_tested() -> None:
    found = compared(engine("100 * pop(age >= 65) / pop()"), "x", "viertel", *DAYS)
    assert found.change.difference.tolist() == pytest.approx([10, 0, 5, 100 * (281 - 221) / 1110])
    pooled = 450 / 2000
    z = 0.05 / math.sqrt(pooled * (1 - pooled) * 2 / 1000)
    assert found.change.z[2] == pytest.approx(z)
    assert found.change.significant.tolist() == [False, False, True, True]


def test_a_date_without_values_is_told() -> None:
    with pytest.raises(UserError) as error:
        compared(engine("pop(age >= 65) / pop()"), "x", "viertel", date(1999, 1, 1), DAYS[1])
    assert error.value.issues[0].code == "no_date"
