"""Draws, their addresses, quantiles and demographic noise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from monitor_app.core.ages import AgeAxis
from monitor_app.core.issues import UserError
from monitor_app.core.progress import Cancelled, CancelToken, Progress
from monitor_app.forecast import factors, noise, rng
from monitor_app.forecast.draws import DrawKernel
from monitor_app.forecast.ensemble import (
    Ensemble,
    quantiles,
    run_ensemble,
    with_demographic_noise,
)
from monitor_app.forecast.factors import (
    Factor,
    FactorModel,
    FlowFactors,
    Places,
    Shock,
    default_factors,
    places_of,
)
from monitor_app.forecast.moves import OriginDestination
from monitor_app.forecast.projection import constant_rates, project
from monitor_app.forecast.rates import StepRates
from monitor_app.forecast.state import Layout

YEARS = 6
BANDS = (slice(0, 3), slice(3, 18), slice(18, None))


def certain(areas: int, years: int = YEARS) -> dict[str, np.ndarray]:
    return {flow: np.ones((years, areas)) for flow in factors.FLOWS}


def kernel_of(city: Any, **options: Any) -> DrawKernel:
    return DrawKernel(city.layout, city.stock, city.rates, YEARS, BANDS, **options)


def model_of(city: Any, seed: int = 11, **options: Any) -> FactorModel:
    district = dict(zip(city.layout.areas, ["a", "a", "b", "b", "b"], strict=True))
    places = places_of(city.layout.areas, district)
    return FactorModel(places, default_factors(), YEARS, seed, **options)


def test_places_of_a_model_follow_the_layout(city: Any) -> None:
    other = replace(model_of(city), places=Places(("x",)))
    with pytest.raises(ValueError, match="areas"):
        run_ensemble(kernel_of(city), other, 1)


@pytest.mark.parametrize("moves", ["pool", "od_type"])
@pytest.mark.parametrize("citywide", [False, True])
def test_a_draw_without_noise_is_the_engine_itself(
    city_maker: Callable[..., Any], moves: str, citywide: bool
) -> None:
    city = city_maker(moves=moves)
    if citywide:
        city = replace(city, rates=replace(city.rates, death=city.rates.death[..., :1]))
    expected = project(
        city.layout, city.stock, constant_rates(city.rates), YEARS, bands=BANDS
    ).age_sums
    for dtype, tolerance in ((np.float64, 1e-11), (np.float32, 2e-6)):
        out = np.empty((YEARS + 1, len(BANDS), 5), dtype=dtype)
        kernel_of(city, dtype=dtype).run(certain(5), out)
        np.testing.assert_allclose(out, expected, rtol=tolerance, atol=1e-9)


@pytest.mark.parametrize(("mortality", "tolerance"), [(False, 1e-11), (True, 5e-3)])
def test_multipliers_and_paths_scale_the_rates_of_the_engine(
    city: Any, mortality: bool, tolerance: float
) -> None:
    # Late deaths of arrivals keep the mortality of the main variant: a difference of second order
    # where mortality varies, none where it does not.
    random = np.random.default_rng(2)
    drawn = {f: random.uniform(0.7, 1.4, (YEARS, 5)) for f in factors.FLOWS}
    if not mortality:
        drawn["mortality"] = np.ones((YEARS, 5))
    path = {"fertility": 0.97 ** np.arange(1, YEARS + 1)}
    base, weights = city.rates, city.rates.move_model.weights

    def rates_of(year: int) -> StepRates:
        scaled = weights * drawn["attraction"][year]
        return replace(
            base,
            death=base.death * drawn["mortality"][year],
            fertility=base.fertility * drawn["fertility"][year] * path["fertility"][year],
            arrivals=base.arrivals * drawn["arrivals"][year],
            departure=base.departure * drawn["departures"][year],
            move=base.move * drawn["moves"][year],
            move_model=replace(base.move_model, weights=scaled),
        )

    expected = project(city.layout, city.stock, rates_of, YEARS, bands=BANDS).age_sums
    out = np.empty((YEARS + 1, len(BANDS), 5))
    kernel_of(city, dtype=np.float64, paths=path).run(drawn, out)
    np.testing.assert_allclose(out, expected, rtol=tolerance)


def test_draws_do_not_depend_on_their_number_order_or_threads(city: Any) -> None:
    kernel, model = kernel_of(city), model_of(city, shock=Shock())
    all_of_them = run_ensemble(kernel, model, 8).paths
    some = run_ensemble(kernel, model, 3, first=4).paths
    threaded = run_ensemble(kernel, model, 8, workers=2).paths
    np.testing.assert_array_equal(all_of_them[:, 4:7], some)
    np.testing.assert_array_equal(all_of_them, threaded)
    other = run_ensemble(kernel, model_of(city, seed=12), 8).paths
    assert not np.array_equal(all_of_them[1:], other[1:])


def test_another_area_does_not_change_the_numbers_of_the_others() -> None:
    few = FactorModel(Places(("a", "b")), default_factors(), 9, 5)
    more = FactorModel(Places(("c", "b", "a")), default_factors(), 9, 5)
    for flow, values in few.multipliers(3).items():
        np.testing.assert_array_equal(values, more.multipliers(3)[flow][:, [2, 1]])


def test_a_longer_horizon_begins_like_a_shorter_one() -> None:
    short = FactorModel(Places(("a",)), default_factors(), 5, 5).multipliers(0)
    long = FactorModel(Places(("a",)), default_factors(), 25, 5).multipliers(0)
    for flow, values in short.items():
        np.testing.assert_array_equal(values, long[flow][:5])


def test_variance_and_correlation_of_multipliers_follow_their_parts() -> None:
    parts = FlowFactors(Factor(0.05, 0.7), Factor(0.04, 1.0), Factor(0.06, 0.5, 0.03, 0.02))
    places = places_of(["a", "b", "c"], {"a": "x", "b": "x", "c": "y"})
    model = FactorModel(places, {"arrivals": parts}, 10, 1)
    logs = np.log([model.multipliers(d)["arrivals"] for d in range(500)])
    city, district, local = (
        factors.log_variance(p, 10) for p in (parts.city, parts.district, parts.local)
    )
    np.testing.assert_allclose(logs.var(axis=0)[:, 0], city + district + local, rtol=0.25)
    same = [np.cov(logs[:, y, 0], logs[:, y, 1])[0, 1] for y in range(10)]
    other = [np.cov(logs[:, y, 0], logs[:, y, 2])[0, 1] for y in range(10)]
    np.testing.assert_allclose(same, city + district, rtol=0.3)
    np.testing.assert_allclose(other, city, rtol=0.5)
    assert np.abs(np.median(logs, axis=0)).max() < 0.04


def test_shocks_come_as_often_as_they_should() -> None:
    model = FactorModel(Places(("a",)), {"arrivals": FlowFactors(Factor(1e-9))}, 12, 2, Shock())
    logs = np.log([model.multipliers(d)["arrivals"][:, 0] for d in range(200)])
    jumps = logs - 0.5 * np.pad(logs, ((0, 0), (1, 0)))[:, :-1]
    hit = jumps > 0.1
    assert hit.mean() == pytest.approx(1 / 12, abs=0.02)
    assert jumps[hit].min() > 0.39
    assert jumps[hit].max() < 0.81


def test_moves_stay_zero_sum_in_every_draw(city: Any) -> None:
    quiet = replace(
        city.rates,
        death=np.zeros((1, 1, 1, 1)),
        fertility=np.zeros((1, 61, 1)),
        arrivals=None,
        departure=None,
    )
    kernel = kernel_of(replace(city, rates=quiet))
    paths = run_ensemble(kernel, model_of(city), 20).paths
    totals = paths.sum(axis=(2, 3), dtype=np.float64)
    np.testing.assert_allclose(totals, totals[0, 0], rtol=1e-6)
    assert paths[-1].sum(axis=1).std(axis=0).min() > 1.0


def test_the_median_path_is_the_main_variant(city: Any) -> None:
    expected = project(
        city.layout, city.stock, constant_rates(city.rates), YEARS, bands=BANDS
    ).age_sums.sum(axis=1)
    paths = run_ensemble(kernel_of(city), model_of(city), 200).paths.sum(axis=2)
    middle = np.median(paths, axis=1)
    np.testing.assert_allclose(middle, expected, rtol=0.04)


def test_quantiles_are_those_of_numpy_and_of_sums() -> None:
    paths = np.random.default_rng(3).gamma(2.0, 50.0, (3, 101, 2, 4)).astype(np.float32)
    levels = (0.1, 0.5, 0.9)
    expected = np.quantile(paths.astype(float), levels, axis=1)
    np.testing.assert_allclose(quantiles(paths, levels), expected, rtol=1e-6)
    summed = Ensemble(paths, 1).aggregated([[1, 1, 0, 0], [0, 0, 1, 1]], [[0, 1]])
    np.testing.assert_allclose(summed[:, :, 0, 1], paths[..., 2:].sum(axis=(2, 3)), rtol=1e-6)


def test_a_cancelled_run_stops(city: Any) -> None:
    token = CancelToken()
    calls: list[float | None] = []

    def report(fraction: float | None, _text: str) -> None:
        calls.append(fraction)
        if fraction is not None and fraction > 0.2:
            token.cancel()

    for workers in (1, 2):
        token = CancelToken()
        kernel, model, progress = kernel_of(city), model_of(city), Progress(report, token)
        with pytest.raises(Cancelled):
            run_ensemble(kernel, model, 50, workers=workers, progress=progress)


def test_what_an_ensemble_cannot_do_is_said_in_words(city_maker: Callable[..., Any]) -> None:
    city = city_maker(moves="od_full")
    assert isinstance(city.rates.move_model, OriginDestination)
    with pytest.raises(UserError) as caught:
        kernel_of(city)
    assert caught.value.issues[0].repair


def test_demographic_variance_agrees_with_a_microsimulation() -> None:
    # Every person on their own: binomial exits, Poisson arrivals and births, 4,000 worlds.
    layout = Layout(("t",), ("all",), AgeAxis.single_years(8), ("a",))
    stock = np.array([20.0, 18, 22, 25, 19, 15, 10, 6, 3]).reshape(layout.shape)
    arrivals = np.array([0.0, 1, 2, 3, 2, 1, 0, 0, 0]).reshape(layout.shape)
    fertility = np.array([0.0, 0, 0, 0.1, 0.2, 0.1, 0, 0, 0]).reshape(1, 9, 1)
    death = np.linspace(0.01, 0.4, 9).reshape(layout.shape)
    departure = np.full(layout.shape, 0.12)
    rates = StepRates(death=death, departure=departure, arrivals=arrivals, fertility=fertility)
    bands = (slice(0, 2), slice(2, 6), slice(6, None), slice(None))
    steps = 4
    mean, variance = noise.demographic_variance(layout, stock, constant_rates(rates), steps, bands)
    random = np.random.default_rng(10)
    worlds = 4000
    people = np.tile(stock.ravel(), (worlds, 1)).astype(np.int64)
    total = (death + departure).ravel()
    half = np.where(np.arange(9) == 0, 0.5, 1.0)
    for _ in range(steps):
        aged = np.zeros_like(people)
        aged[:, 1:] = people[:, :-1]
        aged[:, -1] += people[:, -1]
        late = np.exp(-death.ravel() * half / 2.0)
        after = random.binomial(aged, np.exp(-total)) + random.poisson(
            arrivals.ravel() * late, (worlds, 9)
        )
        births = random.poisson(((people + after) / 2.0) @ fertility.ravel())
        after[:, 0] = random.binomial(births, np.exp(-total[0] / 2.0))
        people = after
    for position, band in enumerate(bands):
        counts = people[:, band].sum(axis=1)
        assert counts.mean() == pytest.approx(mean[-1, position, 0], rel=0.02)
        ratio = counts.std() / np.sqrt(variance[-1, position, 0])
        # Births repeat the noise of their mothers, which the formula leaves out; here, unlike in
        # a town, a quarter of the people were born within the run.
        assert 0.95 < ratio < (1.04 if band.start == 6 else 1.10)


def test_demographic_noise_has_the_wanted_mean_and_variance() -> None:
    draws = 4000
    uniforms = rng.open_uniform(
        np.random.default_rng(1).integers(0, 2**64, (1, draws, 2), dtype=np.uint64)
    )
    paths = np.full((1, draws, 2), [60.0, 2500.0])
    mean, variance = np.array([[60.0, 2500.0]]), np.array([[45.0, 900.0]])
    found = with_demographic_noise(paths, mean, variance, uniforms)
    np.testing.assert_allclose(found.mean(axis=1)[0], mean[0], rtol=0.01)
    np.testing.assert_allclose(found.var(axis=1)[0], variance[0], rtol=0.07)


def test_draw_plan_addresses_do_not_collide() -> None:
    plan = rng.DrawPlan(9)
    first = plan.words(0, "arrivals", ["a", "b"], 10)
    assert first.shape == (10, 2)
    np.testing.assert_array_equal(plan.words(0, "arrivals", ["b"], 10)[:, 0], first[:, 1])
    np.testing.assert_array_equal(plan.words(0, "arrivals", ["a", "b"], 3), first[:3])
    others = [plan.words(1, "arrivals", ["a"], 10), plan.words(0, "births", ["a"], 10)]
    assert all(not np.intersect1d(first, o).size for o in others)
    ids = np.array([rng.stable_id("a")], dtype=np.uint64)
    assert plan.uniforms(0, "x", ids, 50).min() > 0.0
    assert np.abs(plan.normals(0, "x", ids, 400).mean()) < 0.2
