"""Infants are found again in the series of age groups, and nothing is known too early."""

from __future__ import annotations

import numpy as np
import pytest

from monitor_app.forecast.youngest import LOOK_BACK, youngest_years

Floats = np.ndarray


def children(births: Floats, net: Floats, ages: int = 10) -> Floats:
    """Counts (years, ages) of ``births`` (ages - 1 + years,), ``net`` (those years, ages) gained
    per child and year."""
    found = np.zeros((len(births), ages))
    found[:, 0] = births
    for year in range(1, len(births)):
        found[year, 1:] = found[year - 1, :-1] * (1.0 + net[year, 1:])
    return found[ages - 1 :]


def grouped(single: Floats, width: int = 5) -> tuple[Floats, Floats]:
    return single[:, :width].sum(axis=1), single[:, width:].sum(axis=1)


def shocks(seed: int, years: int = 30) -> tuple[Floats, Floats]:
    """Births that walk at random by 3 per cent a year; moves shared by neighbouring ages."""
    random = np.random.default_rng(seed)
    births = 5000.0 * np.exp(np.cumsum(random.normal(0.0, 0.03, years)))
    yearly = random.normal(0.0, 0.01, years)[:, None]
    return births, yearly * np.exp(-np.arange(10) / 8.0) - 0.02 * np.exp(-np.arange(10) / 4.0)


@pytest.mark.parametrize("widths", [(5, 5), (3, 3), (6, 4)])
def test_a_town_that_does_not_change_has_as_many_of_each_age(widths: tuple[int, int]) -> None:
    groups = [np.full(8, 100.0 * w) for w in widths]
    assert youngest_years(*groups, widths) == pytest.approx(np.full((8, widths[0]), 100.0))


def test_sums_are_kept_in_every_year_and_area() -> None:
    random = np.random.default_rng(2)
    first, second = random.uniform(400.0, 600.0, (2, 20, 3, 4))
    found = youngest_years(first, second, (5, 5))
    assert found.shape == (20, 3, 4, 5)
    assert found.sum(axis=-1) == pytest.approx(first)
    # Each series stands alone, and counts twice as large give twice the result.
    assert youngest_years(2 * first[:, 1, 2], 2 * second[:, 1, 2], (5, 5)) == pytest.approx(
        2 * found[:, 1, 2]
    )


def test_growing_births_are_seen_although_the_group_hides_them() -> None:
    births = 1000.0 * 1.03 ** np.arange(30)
    single = children(births, np.zeros((30, 10)))
    first, second = grouped(single)
    found = youngest_years(first, second, (5, 5))[LOOK_BACK:]
    even = first[LOOK_BACK:] / 5
    missed = np.abs(found[:, 0] / single[LOOK_BACK:, 0] - 1.0).max()
    # Births that walk at random have no trend to go on with: less than half the error is left.
    assert missed < 0.5 * np.abs(even / single[LOOK_BACK:, 0] - 1.0).min()
    assert (np.diff(found, axis=1) < 0).all()


def test_infants_of_a_town_with_moves_are_nearer_to_the_truth_than_even_shares() -> None:
    own, even = [], []
    for seed in range(40):
        single = children(*shocks(seed))
        first, second = grouped(single)
        found = youngest_years(first, second, (5, 5))[:, 0]
        own.append(np.mean((found / single[:, 0] - 1.0)[6:] ** 2))
        even.append(np.mean((first / 5 / single[:, 0] - 1.0)[6:] ** 2))
    assert np.sqrt(np.mean(own)) < 0.8 * np.sqrt(np.mean(even))


def test_later_counts_change_nothing() -> None:
    first, second = grouped(children(*shocks(3)))
    before = youngest_years(first, second, (5, 5))
    first[12:] *= np.random.default_rng(1).uniform(0.5, 2.0, len(first) - 12)
    second[12:] *= 1.7
    after = youngest_years(first, second, (5, 5))
    assert np.array_equal(before[:12], after[:12])
    assert not np.array_equal(before[12:], after[12:])


def test_without_a_believable_answer_shares_are_even() -> None:
    first, second = np.full(6, 50.0), np.full(6, 50.0)
    second[2] = np.nan
    found = youngest_years(first, second, (5, 5))
    assert found == pytest.approx(np.full((6, 5), 10.0))
    # All children gone within a year: no smooth births explain that.
    first, second = np.full(6, 50.0), np.full(6, 50.0)
    first[5] = 0.5
    assert youngest_years(first, second, (5, 5))[5] == pytest.approx(np.full(5, 0.1))
