"""Segregation indices against closed forms and hand calculation."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from monitor_app.core.issues import UserError
from monitor_app.core.progress import Cancelled, CancelToken, Progress
from monitor_app.indicators import segregation as s

nan = float("nan")


def f(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float64)


def test_duncan_by_hand() -> None:
    # shares 0.5 0.3 0.2 and 0.1 0.3 0.6: half of 0.4 + 0 + 0.4
    assert s.dissimilarity(f(50, 30, 20), f(10, 30, 60)) == pytest.approx(0.4)
    assert s.segregation(f(50, 30, 20), f(60, 60, 80)) == pytest.approx(0.4)


def test_complete_and_no_segregation() -> None:
    apart, total = f(100, 0), f(100, 300)
    assert s.segregation(apart, total) == pytest.approx(1)
    assert s.isolation(apart, total) == pytest.approx(1)
    assert s.eta_squared(apart, total) == pytest.approx(1)
    assert s.gini(apart, total) == pytest.approx(1)
    assert s.entropy(np.stack([apart, total - apart])) == pytest.approx(1)
    even = f(10, 30)
    total = f(100, 300)
    assert s.segregation(even, total) == pytest.approx(0)
    assert s.isolation(even, total) == pytest.approx(0.1)
    assert s.eta_squared(even, total) == pytest.approx(0)
    assert s.gini(even, total) == pytest.approx(0)
    assert s.entropy(np.stack([even, total - even])) == pytest.approx(0)


def test_isolation_and_interaction_by_hand() -> None:
    x, t = f(30, 10), f(60, 100)
    # 0.75 · 0.5 + 0.25 · 0.1
    assert s.isolation(x, t) == pytest.approx(0.4)
    assert s.interaction(x, t - x, t) == pytest.approx(0.6)
    # P = 0.25
    assert s.eta_squared(x, t) == pytest.approx((0.4 - 0.25) / 0.75)


def test_entropy_by_hand() -> None:
    def e(p: float) -> float:
        return -(p * np.log(p) + (1 - p) * np.log(1 - p))

    x, t = f(30, 10), f(60, 100)
    expected = (60 * (e(0.25) - e(0.5)) + 100 * (e(0.25) - e(0.1))) / (160 * e(0.25))
    assert s.entropy(np.stack([x, t - x])) == pytest.approx(expected)


def test_delta_by_hand() -> None:
    assert s.delta(f(80, 20), f(1, 3)) == pytest.approx(0.55)


def test_gini_is_the_mean_difference_of_shares() -> None:
    rng = np.random.default_rng(4)
    t = rng.integers(50, 500, 20).astype(float)
    x = np.floor(t * rng.random(20))
    p, total, share = x / t, t.sum(), x.sum() / t.sum()
    pairs = sum(t[i] * t[j] * abs(p[i] - p[j]) for i, j in itertools.product(range(20), repeat=2))
    assert s.gini(x, t) == pytest.approx(pairs / (2 * total**2 * share * (1 - share)))


def test_location_quotient() -> None:
    found = s.location_quotient([30, 10, nan, 0], [60, 100, 50, 0])
    # Town of the known areas: 40 of 160
    assert found[:2] == pytest.approx([2.0, 0.4])
    assert np.isnan(found[2:]).all()


towns = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 60)), min_size=2, max_size=15).map(
    lambda rows: np.array(rows, dtype=np.float64).T
)


@given(towns, st.randoms(use_true_random=False))
def test_order_of_areas_and_size_of_town_do_not_matter(town, random) -> None:
    x, rest = town
    assume(x.sum() > 0)
    t = x + rest
    order = list(range(len(x)))
    random.shuffle(order)
    for formula in (s.segregation, s.isolation, s.eta_squared, s.gini):
        value = formula(x, t)
        assert formula(x[order], t[order]) == pytest.approx(value, abs=1e-9)
        assert formula(3 * x, 3 * t) == pytest.approx(value, abs=1e-9)
        assert -1e-9 <= value <= 1 + 1e-9
    assert s.gini(x, t) >= s.segregation(x, t) - 1e-9


def test_small_areas_inflate_and_the_random_value_tells() -> None:
    t = np.full(400, 10.0)
    x = np.random.default_rng(1).binomial(10, 0.2, 400).astype(float)
    found = s.profile(x, t, seed=2).measures
    assert found["is"].value > 0.2  # looks segregated, but people live at random
    assert abs(found["is"].excess) < 4 * found["is"].random_sd
    large = s.profile(x.reshape(4, 100).sum(1), t.reshape(4, 100).sum(1), seed=2).measures
    assert large["is"].random < 0.1 * found["is"].random


def test_random_value_of_isolation_is_known_exactly() -> None:
    # E xPx = Σ E[x²]/t / X with hypergeometric x: P + (1 − P)(areas − 1)/(T − 1)
    t, x = np.full(50, 20.0), np.full(50, 4.0)
    found = s.profile(x, t, draws=400, seed=3).measures["isolation"]
    expected = 0.2 + 0.8 * 49 / 999
    assert found.random == pytest.approx(expected, abs=4 * found.random_sd / 20)
    assert found.value == pytest.approx(0.2)
    assert found.excess < 0  # more even than by chance


def test_profile_has_all_measures_and_is_reproducible() -> None:
    rng = np.random.default_rng(8)
    t = rng.integers(100, 900, 30).astype(float)
    x, y = np.floor(0.2 * t), np.floor(0.5 * t)
    first = s.profile(x, t, reference=y, surface=t, seed=5)
    second = s.profile(x, t, reference=y, surface=t, seed=5)
    assert first == second
    assert set(first.measures) == {
        "is", "isolation", "eta2", "interaction", "entropy", "gini", "delta", "dissimilarity",
    }  # fmt: skip
    assert first.measures["is"].random != s.profile(x, t, seed=6).measures["is"].random


def test_unknown_and_empty_areas_are_left_out_and_counted() -> None:
    found = s.profile([10, 20, nan, 0], [50, 40, 60, 0])
    assert (found.areas, found.left_out) == (2, 2)
    direct = s.segregation(f(10, 20), f(50, 40))
    assert found.measures["is"].value == pytest.approx(float(direct))


@pytest.mark.parametrize(
    "call",
    [
        lambda: s.profile([-1, 2], [10, 10]),
        lambda: s.profile([11, 2], [10, 10]),
        lambda: s.profile([0, 0], [10, 10]),
        lambda: s.profile([10, 10], [10, 10]),
        lambda: s.profile([nan], [nan]),
        lambda: s.profile([1, 2], [10, 10], reference=[0, 0]),
        lambda: s.location_quotient([-1], [10]),
    ],
)
def test_bad_input_has_a_clear_message(call) -> None:
    with pytest.raises(UserError) as error:
        call()
    assert error.value.issues[0].message


def test_it_can_be_cancelled() -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        s.profile([1, 2], [10, 10], progress=Progress(token=token))
