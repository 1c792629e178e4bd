"""Towns with age groups: infants from the past of the group, and no knowledge of later years."""

from __future__ import annotations

import numpy as np
import pytest
from forecasting_towns import source, stocks, system

from monitor_app.app.forecasting_backtest import backtest
from monitor_app.app.forecasting_rates import Method
from monitor_app.app.forecasting_town import Town, read_town
from monitor_app.app.forecasting_youngest import with_youngest
from monitor_app.core.ages import AgeAxis

LOWS = tuple(range(0, 85, 5))


def in_groups(values: np.ndarray) -> np.ndarray:
    """Counts (area, year, sex, age) added up to groups of five years."""
    return np.add.reduceat(values, LOWS, axis=3)


def grouped_town(values: np.ndarray) -> Town:
    counts = source(in_groups(values), ages=AgeAxis.from_lows(LOWS))
    return read_town(counts, system(), "quarter", first_year=2008)


def test_groups_keep_their_people_and_other_ages_stay() -> None:
    random = np.random.default_rng(3)
    single = random.uniform(5.0, 50.0, (9, 2, 1, 91, 3))
    found = with_youngest(single, AgeAxis.from_lows(LOWS))
    assert np.array_equal(found[:, :, :, 5:], single[:, :, :, 5:])
    assert found[:, :, :, :5].sum(axis=3) == pytest.approx(single[:, :, :, :5].sum(axis=3))
    # All areas alike: the town's births tell the trend.
    shares = found[:, :, :, :5] / found[:, :, :, :5].sum(axis=3, keepdims=True)
    assert shares[:, 1, 0, :, 2] == pytest.approx(shares[:, 0, 0, :, 0])


def test_single_years_and_lone_groups_are_left_as_they_are() -> None:
    single = np.ones((4, 1, 1, 91, 2))
    for axis in (AgeAxis.single_years(90), AgeAxis.from_lows((0, 18)), AgeAxis.from_lows((0,))):
        assert with_youngest(single, axis) is single


def test_falling_births_are_not_taken_for_children_who_move_away() -> None:
    years = 16
    values = np.zeros((3, years, 2, 91))
    births = 400.0 * 0.96 ** np.arange(years + 91)
    for age in range(91):
        values[:, :, :, age] = births[90 - age : 90 - age + years][None, :, None]
    known = grouped_town(values)
    infants = known.register.stocks[8:, :, :, 0].sum(axis=(1, 2, 3))
    truth = values[:, 8:, :, 0].sum(axis=(0, 2))
    even = values[:, 8:, :, :5].sum(axis=(0, 2, 3)) / 5
    assert np.abs(even / truth - 1.0).min() > 0.08
    assert np.abs(infants / truth - 1.0).max() < 0.04


@pytest.mark.slow
def test_the_past_of_a_town_with_groups_knows_nothing_of_later_years() -> None:
    values = stocks(14)
    later = values.copy()
    later[:, 10:] *= np.random.default_rng(5).uniform(0.7, 1.5, later[:, 10:].shape)
    said = []
    for counts in (values, later):
        test = backtest(grouped_town(counts), Method(), horizons=(1, 3), origins=[2016, 2017],
                        choosing=True)  # fmt: skip
        said.append((test.areas.forecasts["engine"], *test.areas.intervals["engine"]))
    for one, other in zip(*said, strict=True):
        assert np.array_equal(one, other)
