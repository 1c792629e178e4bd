"""Ranges of a known process hold as often as they say; parts of errors are found again."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from monitor_app.forecast.errormodel import ErrorModel
from monitor_app.forecast.spread import (
    FACTOR_BOUNDS,
    Group,
    Spread,
    earlier_factor,
    learned_spread,
    usual_errors,
    widening,
)

HORIZONS = (1, 3, 5)


def walk(seed: int, common: float, local: float, areas: int, years: int = 22) -> np.ndarray:
    """Relative errors (origins, steps, areas) of a town whose yearly growth no one can foresee."""
    random = np.random.default_rng(seed)
    town = random.normal(0.0, common, years + 5)
    own = local * random.standard_t(4, (years + 5, areas))
    shocks = town[:, None] + own
    return np.array([np.cumsum(shocks[s : s + 5], axis=0) for s in range(years)])


def known(errors: np.ndarray, now: int) -> np.ndarray:
    found = errors[:now].copy()
    for origin in range(now):
        found[origin, now - origin :] = np.nan
    return found


def held(errors: np.ndarray, people: np.ndarray, first: int) -> np.ndarray:
    """Whether ranges of 80 per cent held, (origins, horizons, areas), by what was known then."""
    years, steps, _areas = errors.shape
    every = tuple(range(1, steps + 1))
    sizes = np.broadcast_to(people, (years, len(people)))
    said = []
    found = []
    for now in range(1, years):
        spread = learned_spread(known(errors, now), sizes[:now], every)
        said.append([spread[h].areas(people, 0.8) for h in every])
        if now > first:
            factor = earlier_factor(known(errors, now)[1:], np.array(said[:-1]), HORIZONS, 0.8)
            widths = np.array([said[-1][h - 1] for h in HORIZONS]) * factor[:, None]
            found.append(
                [np.abs(errors[now, h - 1]) <= w for h, w in zip(HORIZONS, widths, strict=True)]
            )
    return np.array(found)


@pytest.mark.slow
@pytest.mark.parametrize("scale", [0.7, 1.0, 2.0])
def test_ranges_of_a_known_process_hold_as_often_as_they_say(scale: float) -> None:
    people = np.random.default_rng(1).uniform(4000, 40000, 20)
    runs = [held(walk(s, 0.006 * scale, 0.007 * scale, 20), people, 5) for s in range(12)]
    share = np.mean(runs, axis=(0, 1, 3))
    assert 0.75 < share[0] < 0.86
    # Errors of a walk grow by the root of the years, usual errors faster: a little too wide.
    assert (share[1:] > 0.76).all()
    assert (share[1:] < 0.97).all()


@pytest.mark.slow
@pytest.mark.parametrize("scale", [0.5, 1.0, 2.0])
def test_ranges_of_a_town_without_areas_hold_as_often_as_they_say(scale: float) -> None:
    people = np.array([80_000.0])
    runs = [held(walk(s, 0.006 * scale, 0.0, 1), people, 5) for s in range(40)]
    share = np.mean(runs, axis=(0, 1, 3))
    assert 0.74 < share[0] < 0.86


def test_without_any_past_the_usual_errors_stand() -> None:
    nothing = np.full((1, 5, 3), np.nan)
    found = learned_spread(nothing, np.full((1, 3), 5000.0), (1, 10))
    for h in (1, 10):
        usual = usual_errors(h)
        assert found[h].model.common == pytest.approx(usual.common)
        assert found[h].model.local == pytest.approx(usual.local)
        assert found[h].model.by_size == pytest.approx(usual.by_size)
    assert found[10].areas(5000.0, 0.8) > found[1].areas(5000.0, 0.8)


def test_parts_of_errors_are_found_again() -> None:
    random = np.random.default_rng(4)
    origins, areas = 300, 150
    size = np.exp(random.uniform(np.log(500), np.log(20000), (1, areas))) * np.ones((origins, 1))
    scale = np.sqrt(0.02**2 + 4.0 / size)
    errors = random.normal(0.0, 0.03, (origins, 1)) + scale * random.standard_t(4, size.shape)
    found = learned_spread(errors[:, None], size, (1,))[1].model
    assert found.common == pytest.approx(0.03, rel=0.15)
    middle = float(np.median(size))
    assert found.local + found.by_size / middle == pytest.approx(0.02**2 + 4.0 / middle, rel=0.2)
    assert np.sqrt(found.local + found.by_size / 1000) == pytest.approx(
        np.sqrt(0.02**2 + 4.0 / 1000), rel=0.15
    )


def test_half_width_without_a_common_part_is_the_t_quantile() -> None:
    spread = Spread(ErrorModel(1, 0.0, 0.04, 0.0, 1, 1), 9.0)
    assert spread.areas(1e9, 0.8).item() == pytest.approx(0.2 * stats.t.ppf(0.9, 4), rel=1e-9)
    alone = Spread(ErrorModel(1, 0.1, 0.0, 0.0, 1, 1), 9.0)
    assert alone.town(np.array([500.0]), 0.8) == pytest.approx(0.1 * stats.t.ppf(0.9, 9))


def test_own_errors_count_more_the_more_there_are() -> None:
    size = np.full((20, 40), 2500.0)
    errors = np.random.default_rng(2).normal(0.0, 0.2, (20, 1, 40))
    widths = [
        float(learned_spread(errors[:n], size[:n], (1,))[1].areas(2500.0, 0.8)) for n in (1, 3, 20)
    ]
    prior = float(learned_spread(errors[:1] * np.nan, size[:1], (1,))[1].areas(2500.0, 0.8))
    assert prior < widths[0] < widths[1] < widths[2]
    # Normal errors of 20 per cent: 80 per cent lie within 1.28 of that.
    assert widths[2] == pytest.approx(0.256, rel=0.2)


def test_one_odd_year_does_not_widen_everything() -> None:
    size = np.full((20, 1), 80_000.0)
    errors = np.random.default_rng(3).normal(0.0, 0.004, (20, 1, 1))
    plain = learned_spread(errors, size, (1,))[1].town(size[0], 0.8)
    errors[9] = 0.06
    odd = learned_spread(errors, size, (1,))[1].town(size[0], 0.8)
    assert odd < 2.0 * plain


def test_earlier_ranges_correct_later_ones() -> None:
    random = np.random.default_rng(5)
    errors = random.normal(0.0, 0.1, (200, 1, 10))
    narrow = np.full(errors.shape, 0.08)
    factor = earlier_factor(errors[:100], narrow[:100], (1,), 0.8)[0]
    assert np.mean(np.abs(errors[100:]) <= factor * 0.08) == pytest.approx(0.8, abs=0.03)
    assert earlier_factor(errors * np.nan, narrow, (1, 3), 0.8).tolist() == [1.0, 1.0]
    assert earlier_factor(errors, narrow / 100, (1,), 0.8)[0] == FACTOR_BOUNDS[1]
    assert earlier_factor(errors, narrow * 100, (1,), 0.8)[0] == FACTOR_BOUNDS[0]


def test_groups_that_move_and_children_are_less_certain() -> None:
    plain = usual_errors(5)
    young = usual_errors(5, Group(mobility=1.6))
    assert young.common == pytest.approx(1.6 * plain.common)
    assert young.local == pytest.approx(1.6**2 * plain.local)
    children = [usual_errors(h, Group(births=5)).common for h in (1, 5, 10)]
    # Fertility of each year a step away from that of the year before; those below five were born
    # in the last five years, and those older than the horizon were known at the launch.
    walks = np.cumsum(np.random.default_rng(8).normal(0.0, 0.03, (200_000, 10)), axis=1)
    for said, h in zip(children, (1, 5, 10), strict=True):
        born = walks[:, max(h - 5, 0) : h].sum(axis=1) / 5
        assert said == pytest.approx(np.hypot(0.006 * h, born.std()), rel=0.01)
    assert children[0] < children[1] < children[2]


def test_ranges_never_get_narrower_with_time() -> None:
    found = widening(np.array([[0.02, 0.01], [0.01, 0.02], [0.04, 0.03]]))
    middle = np.sqrt(0.02 * 0.01)
    assert found[:, 0] == pytest.approx([middle, middle, 0.04])
    assert found[:, 1] == pytest.approx([0.01, 0.02, 0.03])


def test_errors_of_nobody_tell_nothing() -> None:
    errors = np.full((3, 2, 2), np.nan)
    errors[0, :, 0] = 0.5
    nobody = learned_spread(errors, np.zeros((3, 2)), (1, 2))
    unknown = learned_spread(np.full((3, 2, 2), np.nan), np.zeros((3, 2)), (1, 2))
    assert {h: s.model for h, s in nobody.items()} == {h: s.model for h, s in unknown.items()}
