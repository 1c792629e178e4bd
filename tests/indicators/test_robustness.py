"""Ranges of ranks over weights: laws, closed forms, reproducibility."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from index_parts import DAYS, parts
from scipy import stats

from monitor_app.core.i18n import LANGUAGE
from monitor_app.core.issues import UserError
from monitor_app.core.progress import Cancelled, CancelToken, Progress
from monitor_app.indicators.composite import Rules, prepare
from monitor_app.indicators.robustness import (
    consistency,
    dirichlet,
    robustness,
    sentence,
    spread_of_shares,
)
from monitor_app.indicators.whatif import Prepared, ranks


def prepared(*columns, rules: Rules | None = None) -> Prepared:
    return prepare(parts(*columns), rules or Rules()).at(DAYS[0])


def noise(areas: int = 30, indicators: int = 4, seed: int = 5) -> Prepared:
    return prepared(*np.random.default_rng(seed).normal(size=(indicators, areas)))


def test_draws_have_the_chosen_shares_as_mean_and_the_stated_spread() -> None:
    share = np.array([0.5, 0.3, 0.2])
    drawn = dirichlet(20 * share, 20_000, seed=3)
    assert drawn.sum(axis=1) == pytest.approx(1)
    assert drawn.mean(axis=0) == pytest.approx(share, abs=0.003)
    assert drawn.std(axis=0) == pytest.approx(spread_of_shares(share, 20), rel=0.03)
    # Marginals of a Dirichlet distribution are beta distributions.
    test = stats.kstest(drawn[:, 0], stats.beta(20 * 0.5, 20 * 0.5).cdf)
    assert test.pvalue > 0.001


def test_draws_over_all_weights_are_uniform() -> None:
    drawn = dirichlet([1, 1, 1, 1], 20_000, seed=3)
    assert drawn.mean(axis=0) == pytest.approx([0.25] * 4, abs=0.005)
    assert stats.kstest(drawn[:, 2], stats.beta(1, 3).cdf).pvalue > 0.001


def test_more_draws_begin_with_the_same_ones() -> None:
    assert np.array_equal(dirichlet([2, 3], 50, 7), dirichlet([2, 3], 500, 7)[:50])
    assert not np.array_equal(dirichlet([2, 3], 50, 7), dirichlet([2, 3], 50, 8))
    assert not np.array_equal(dirichlet([2, 3], 50, 7), dirichlet([2, 3], 50, 7, stream=1))


def test_known_draws_stay_the_same_on_every_machine() -> None:
    found = dirichlet([1.0, 1.0], 2, seed=1)[:, 0]
    raw = np.random.Philox(key=np.array([1, 0], dtype=np.uint64)).random_raw(4).reshape(2, 2)
    e = [[-np.log1p(-((int(w) >> 11) + 0.5) / 2**53) for w in row] for row in raw]
    assert found == pytest.approx([row[0] / sum(row) for row in e])


def test_an_alpha_of_zero_is_a_weight_of_zero() -> None:
    drawn = dirichlet([0, 1, 2], 100, 1)
    assert (drawn[:, 0] == 0).all()
    tiny = dirichlet([1e-4, 1e-4], 200, 1)
    assert np.isfinite(tiny).all()
    assert tiny.sum(axis=1) == pytest.approx(1)


def test_results_depend_on_the_seed_and_not_on_the_chunk() -> None:
    made = noise()
    results = [
        robustness(made, [1, 2, 3, 4], draws=500, seed=9, chunk=chunk) for chunk in (500, 77, 1)
    ]
    for other in results[1:]:
        for name in ("low", "p05", "median", "p95", "high", "share_worst"):
            for which in ("around", "all_weights"):
                first, second = getattr(results[0], which), getattr(other, which)
                assert np.array_equal(getattr(first, name), getattr(second, name))
    changed = robustness(made, [1, 2, 3, 4], draws=500, seed=10)
    assert not np.array_equal(changed.around.share_worst, results[0].around.share_worst)


def test_ranks_of_the_draws_agree_with_ranking_one_by_one() -> None:
    made, weights = noise(areas=12), np.array([4.0, 3.0, 2.0, 1.0])
    result = robustness(made, weights, draws=200, seed=4, k=3, concentration=15.0)
    for found, alpha, stream in (
        (result.around, 1.5 * weights, 0),
        (result.all_weights, np.ones(4), 1),
    ):
        drawn = dirichlet(alpha, 200, 4, stream=stream)
        each = np.array([ranks(made.index(w)) for w in drawn])
        assert np.array_equal(found.low, each.min(axis=0))
        assert np.array_equal(found.high, each.max(axis=0))
        assert found.share_worst == pytest.approx((each <= 3).mean(axis=0))
        middle = np.quantile(each, [0.05, 0.5, 0.95], axis=0, method="inverted_cdf")
        assert np.array_equal(np.stack([found.p05, found.median, found.p95]), middle)
    spread_around = result.around.high - result.around.low
    assert spread_around.sum() < (result.all_weights.high - result.all_weights.low).sum()


def test_equal_areas_share_their_rank_in_every_draw() -> None:
    made = prepared([5, 5, 1, 9], [2, 2, 3, 1], [4, 4, 4.5, 3])
    result = robustness(made, [1, 1, 1], draws=300)
    for name in ("low", "p05", "median", "p95", "high", "share_worst"):
        values = getattr(result.all_weights, name)
        assert values[0] == values[1]
    assert result.rank[0] == result.rank[1]


def test_an_area_worst_in_everything_is_first_under_all_weights() -> None:
    made = prepared([9, 1, 2, 3], [8, 3, 1, 2], [7, 2, 3, 1])
    result = robustness(made, [1, 1, 1], draws=400, k=1)
    assert (result.all_weights.low[0], result.all_weights.high[0]) == (1, 1)
    assert result.all_weights.share_worst[0] == 1.0
    assert result.left_out_range(0) == (1, 1)


def test_two_areas_change_places_where_the_weights_say_so() -> None:
    # Index of A − index of B is w − (1 − w) = 2w − 1: A leads under half of all weights.
    made = prepared([1, 0], [0, 1])
    result = robustness(made, [1, 1], draws=20_000, k=1)
    assert result.all_weights.share_worst == pytest.approx([0.5, 0.5], abs=0.015)


def test_leaving_one_indicator_out() -> None:
    made = prepared([3, 2, 1], [1, 2, 3], [3, 2, 1])
    result = robustness(made, [1, 1, 1], draws=10)
    assert result.left_out[1].tolist() == [1, 2, 3]
    assert result.left_out[0].tolist() == [1, 1, 1]  # what is left cancels out
    alone = robustness(prepared([3, 2, 1]), [1], draws=10)
    assert alone.left_out_range(0) == (0, 0)


def test_indicators_without_weight_play_no_part() -> None:
    made = noise()
    less = Prepared(
        made.areas, made.indicators[:3], made.matrix[:, :3], made.present[:, :3],
        made.counted, made.active[:3],
    )  # fmt: skip
    weights = [3, 2, 1]
    all_four = robustness(made, [*weights, 0], draws=200)
    assert np.isnan(all_four.correlation[3]).all()
    assert all_four.alpha == pytest.approx(robustness(less, weights, draws=200).alpha)
    assert (all_four.left_out[3] == 0).all()


def test_the_order_of_areas_does_not_change_an_area() -> None:
    data = np.random.default_rng(2).normal(size=(3, 20))
    order = np.random.default_rng(3).permutation(20)
    straight = robustness(prepared(*data), [1, 2, 3], draws=300)
    mixed = robustness(prepared(*data[:, order]), [1, 2, 3], draws=300)
    assert np.array_equal(mixed.around.median, straight.around.median[order])
    assert np.array_equal(mixed.all_weights.share_worst, straight.all_weights.share_worst[order])


def test_areas_without_an_index_have_no_ranks() -> None:
    nan = float("nan")
    made = prepared([1, 2, 3, nan], [4, 6, 5, 1])
    result = robustness(made, [1, 1], draws=100, k=1)
    assert result.rank[3] == result.around.high[3] == 0
    assert np.isnan(result.around.share_worst[3])
    assert result.around.high.max() <= 3
    assert "Rang" in sentence(result, "000")
    assert "kein" in sentence(result, "003").lower()


def test_renormalised_gaps_take_part() -> None:
    nan = float("nan")
    made = prepared([1, 2, 3, nan], [4, 6, 5, 9], rules=Rules(missing="renormalise"))
    result = robustness(made, [1, 1], draws=200, seed=2)
    drawn = dirichlet([1, 1], 200, 2, stream=1)
    each = np.array([ranks(made.index(w)) for w in drawn])
    assert np.array_equal(result.all_weights.high, each.max(axis=0))
    assert result.all_weights.share_worst[3] == 1.0


def test_cronbachs_alpha() -> None:
    # Equal indicators: 1; the textbook form k r / (1 + (k − 1) r) for standardised ones.
    same, correlation = consistency(prepared([1, 2, 3], [1, 2, 3]), np.array([True, True]))
    assert same == pytest.approx(1)
    assert correlation == pytest.approx(np.ones((2, 2)))
    data = np.random.default_rng(1).normal(size=(4, 50)) + np.random.default_rng(2).normal(size=50)
    alpha, correlation = consistency(prepared(*data), np.ones(4, dtype=bool))
    assert correlation == pytest.approx(np.corrcoef(data))
    mean = np.mean([correlation[i, j] for i, j in itertools.combinations(range(4), 2)])
    assert alpha == pytest.approx(4 * mean / (1 + 3 * mean))


def test_the_sentence_in_german() -> None:
    assert LANGUAGE.code == "de"
    made = prepared([9, 1, 2, 3], [8, 3, 1, 2])
    result = robustness(made, [1, 1], draws=200, k=2)
    assert sentence(result, "000") == (
        "Rang 1; unter 100 % aller Gewichtungen unter den zwei am stärksten belasteten Gebieten; "
        "bei ähnlichen Gewichten meist Rang 1."
    )
    assert "höchsten Index" in sentence(result, "000", "quality")


@pytest.mark.parametrize(
    "wrong",
    [{"draws": 0}, {"draws": 10**9}, {"k": 0}, {"concentration": 0.0}, {"seed": -1}],
)
def test_settings_out_of_range_are_refused(wrong) -> None:
    with pytest.raises(UserError):
        robustness(noise(), [1, 1, 1, 1], **wrong)


def test_weights_of_zero_and_areas_without_index_are_refused() -> None:
    with pytest.raises(UserError):
        robustness(noise(), [0, 0, 0, 0])
    nan = float("nan")
    with pytest.raises(UserError) as error:
        robustness(prepared([1, nan], [nan, 1]), [1, 1])
    assert error.value.issues[0].code == "no-index"


def test_it_can_be_cancelled_and_reports_progress() -> None:
    seen: list[float | None] = []
    robustness(noise(), [1] * 4, draws=500, progress=Progress(lambda f, _t: seen.append(f)))
    known = [f for f in seen if f is not None]
    assert known == sorted(known)
    assert known[-1] > 0.9
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        robustness(noise(), [1] * 4, draws=500, progress=Progress(token=token))
