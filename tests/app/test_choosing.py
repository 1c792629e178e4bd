"""The engine's own choice: learned from the past alone, honest about it, and kept by the engine."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from forecasting_towns import Floats, source, stocks, system

from monitor_app.app import forecasting_backtest as backtests
from monitor_app.app import forecasting_candidates as pool
from monitor_app.app import forecasting_choose as choices
from monitor_app.app import forecasting_engine as engine
from monitor_app.app import forecasting_run as runs
from monitor_app.app.forecasting_backtest import ENGINE, FIXED, TownBacktest
from monitor_app.app.forecasting_five import five_year_town
from monitor_app.app.forecasting_rates import Method
from monitor_app.app.forecasting_report import numbers, report, verdict
from monitor_app.app.forecasting_town import Town, read_town
from monitor_app.core.issues import UserError
from monitor_app.forecast.spec import dump_spec, load_spec, make_spec


def town_of(values: Floats) -> Town:
    return read_town(source(values), system(), "quarter", first_year=2008)


def growing(years: int, yearly: tuple[float, ...]) -> Floats:
    """Counts (area, year, sex, age): every area gains the same number of people each year."""
    profile = stocks(1)[0, 0].mean(axis=0)
    profile = profile / profile.sum() / 2.0
    people = 4000.0 + np.outer(yearly, np.arange(years))
    return np.asarray(people[:, :, None, None] * profile * np.ones((1, 1, 2, 1)))


def wavering(years: int, seed: int = 3) -> Floats:
    """No growth at all: totals go up and down around the same level."""
    random = np.random.default_rng(seed)
    values = growing(years, (0.0, 0.0, 0.0))
    return np.asarray(values * np.exp(random.normal(0, 0.02, (3, years, 1, 1))))


def weight_of(choice: choices.Choice, part: str, method: str, horizon: int) -> float:
    return next(
        r.weight
        for r in choice.table
        if (r.part, r.group, r.horizon, r.method) == (part, "total", horizon, method)
    )


def test_candidates_are_told_apart_and_named() -> None:
    known = town_of(stocks(14))
    wanted = pool.Wanted(Method(), 4, pool.scored_bands(known.source_ages))
    said = pool.candidates(known, wanted)
    assert said.shape == (len(pool.NAMES), 4, 6, 3)
    assert set(pool.candidate_names()) == set(pool.NAMES)
    # Groups add up to the total in every cohort method; no two methods say the same.
    cohorts = said[: len(pool.COHORTS)]
    assert np.allclose(cohorts[:, :, 1:].sum(axis=2), cohorts[:, :, 0])
    town = said[:, -1, 0].sum(axis=1)
    assert len(set(np.round(town[: len(pool.COHORTS)], 6))) == len(pool.COHORTS)
    again = pool.candidates(known, wanted, ("ratios", "damped"))
    assert np.array_equal(again[0], said[pool.NAMES.index("ratios")])
    assert np.array_equal(again[1], said[pool.NAMES.index("damped")])


def test_newest_rates_return_to_the_usual_ones() -> None:
    known = town_of(growing(14, (20.0, 0.0, 0.0)) * np.linspace(1, 1.3, 14)[:, None, None] ** 2)
    newest, usual = (runs.town_rates(known, Method(base=b, control=0)) for b in (3, 10))
    mixed = pool.returning(newest, usual, 0.5)
    a, b = newest.of_step(0).arrivals, usual.of_step(0).arrivals
    found = mixed.of_step(0).arrivals
    assert a is not None
    assert b is not None
    assert found is not None
    assert np.allclose(found, 0.5 * a + 0.5 * b)
    far = mixed.of_step(40).arrivals
    assert far is not None
    assert np.allclose(far, usual.of_step(40).arrivals)


# -- no leak ---------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("now", [7, 10])
def test_what_comes_later_changes_nothing_that_was_chosen_before(now: int) -> None:
    values = stocks(15)
    other = values.copy()
    random = np.random.default_rng(1)
    other[:, now + 1 :] *= random.uniform(0.3, 3.0, other[:, now + 1 :].shape)
    found = []
    for counts in (values, other):
        past = choices.gather(town_of(counts), Method(), 5)
        choosing = replace(Method(), combination=backtests._ANY)
        history = backtests.history(town_of(counts), choosing, 5, backtests.Progress())
        groups = backtests.groups_of(past.bands, 91)
        ranges = backtests.PastIntervals(
            history.errors, history.sizes, history.origins, (1, 3, 5), groups
        )
        found.append((past, history, ranges))
    (one, first, narrow), (two, second, wide) = found
    assert one.learned(now)[0] == two.learned(now)[0]
    assert np.array_equal(one.forecast(now), two.forecast(now))
    assert np.array_equal(first.runs[now], second.runs[now])
    for variable in (0, 3):
        for a, b in zip(narrow.at(variable, now), wide.at(variable, now), strict=True):
            assert np.array_equal(a, b)
    # The test can fail: one year on the two pasts are not the same any more.
    assert one.learned(now + 1)[0] != two.learned(now + 1)[0]
    assert not np.array_equal(narrow.at(0, now + 1)[0], wide.at(0, now + 1)[0])


def test_an_origin_learns_from_origins_that_had_come_true_by_then() -> None:
    past = choices.gather(town_of(stocks(12)), Method(), 4)
    known = past.known("town", 8)
    for row, origin in enumerate(past.origins):
        seen = np.isfinite(known[row, 0, :, 0])
        assert seen.tolist() == [origin + h <= 8 for h in range(1, choices.LONGEST + 1)]


# -- the choice ------------------------------------------------------------------------------------


def test_a_town_of_straight_lines_is_forecast_by_straight_lines() -> None:
    data = growing(16, (60.0, 10.0, 25.0))
    # A wave of ages that no straight line makes: cohort methods carry it on and miss the line.
    chosen = choices.choose(town_of(data), make_spec({"level": "quarter"}), Method())
    assert weight_of(chosen, "town", "lin_exp", 1) > 0.7
    assert weight_of(chosen, "areas", "lin_exp", 1) > 0.7
    best = {
        h: min(
            (r for r in chosen.table if (r.part, r.group, r.horizon) == ("town", "total", h)),
            key=lambda r: r.error or 0.0,
        ).method
        for h in (1, 3, 5)
    }
    assert set(best.values()) == {"lin_exp"}


def test_a_town_that_only_wavers_is_not_forecast_by_trends() -> None:
    data = town_of(wavering(18))
    chosen = choices.choose(data, make_spec({"level": "quarter"}), Method())
    trend = weight_of(chosen, "town", "lin_exp", 3)
    usual = weight_of(chosen, "town", "rates_10", 3)
    assert trend < 0.05
    assert usual > 4 * trend


def test_reasons_say_what_counts_and_how_long_the_past_is() -> None:
    long = choices.choose(town_of(growing(16, (60.0, 10.0, 25.0))),
                          make_spec({"level": "quarter"}), Method())  # fmt: skip
    assert "2011" in long.reasons[0]
    assert "2022" in long.reasons[0]
    assert any(pool.candidate_names()["lin_exp"] in r for r in long.reasons[1:])
    short = choices.choose(town_of(stocks(4)), make_spec({"level": "quarter"}), Method())
    assert short.spec.combination == {}
    assert len(short.reasons) == 1
    assert "4" in short.reasons[0]


def test_a_short_past_leaves_the_usual_settings() -> None:
    chosen = choices.choose(town_of(stocks(6)), make_spec({"level": "quarter"}), Method())
    for part in ("town", "areas"):
        usual = pool.USUAL[part, "total"]
        assert weight_of(chosen, part, usual, 1) > 0.5
        assert chosen.spec.combination[part]["total"][usual][10] > 0.9


# -- the engine keeps to it ------------------------------------------------------------------------


def chosen_spec(data: Town, **entries: object):  # type: ignore[no-untyped-def]
    return choices.choose(
        data, make_spec({"level": "quarter", "years": 6, **entries}), Method()
    ).spec


def test_the_engine_reaches_the_combined_forecast_and_balances() -> None:
    data = town_of(stocks(14, 0.02))
    spec = chosen_spec(data)
    method = runs.method_of(spec)
    done, _missed = engine.run(data, method, 6)
    assert done.stocks is not None
    bands = pool.scored_bands(data.source_ages)
    reached = pool.series(done.stocks[1:], bands)
    wanted = engine.combination_of(data, method, 6)
    assert np.allclose(reached, wanted, rtol=1e-9)
    assert done.imbalance < 1e-8
    assert (done.stocks >= 0).all()
    # The same numbers as the backtest scores from this year.
    past = choices.gather(data, Method(), 6, also=(13,))
    assert np.allclose(past.forecast(13)[:6], wanted)


def test_a_chosen_specification_survives_as_text_and_scenarios_still_differ() -> None:
    data = stocks(14, 0.01)
    spec = chosen_spec(town_of(data), scenarios=[
        {"key": "middle"}, {"key": "more", "factors": {"arrivals": 1.1}}])  # fmt: skip
    assert load_spec(dump_spec(spec)) == spec
    done = runs.make_forecast(source(data), system(), spec)
    middle, more = (r.projection.totals.sum(axis=1) for r in done.results)
    assert (more[1:] > middle[1:]).all()
    method = runs.method_of(spec)
    wanted = engine.combination_of(town_of(data), method, 6)[:, 0].sum(axis=1)
    assert np.allclose(middle[1:], wanted)
    natural = make_spec({**spec.model_dump(mode="json"), "variant": "natural"})
    assert runs.method_of(natural).combination == {}


def test_new_dwellings_come_on_top_of_what_was_chosen() -> None:
    data = stocks(13)
    spec = chosen_spec(town_of(data))
    project = {"name": "Nordfeld", "area": "b1", "dwellings": {2022: 50},
               "persons_per_dwelling": 2.0, "share_from_town": 0.4}  # fmt: skip
    built = make_spec({**spec.model_dump(mode="json"), "housing": [project]})
    totals = [
        runs.make_forecast(source(data), system(), s).results[0].projection.totals
        for s in (spec, built)
    ]
    more = (totals[1] - totals[0]).sum(axis=1)
    assert np.allclose(more[:2], 0.0, atol=1e-6)
    # Sixty of a hundred come from outside, and stay in the years after.
    assert np.allclose(more[2:], 60.0, atol=1e-3)


def test_steps_of_five_years_keep_the_usual_settings_and_are_not_tested() -> None:
    five = five_year_town(town_of(stocks(16)))
    chosen = choices.choose(five, make_spec({"level": "quarter", "age_step": "five"}), Method())
    assert chosen.spec.combination == {}
    assert len(chosen.reasons) == 1
    with pytest.raises(UserError) as error:
        backtests.backtest(five, Method())
    assert [i.code for i in error.value.issues] == ["backtest-step"]


def test_a_town_of_one_area_and_first_origins_can_be_tested() -> None:
    data = stocks(10).sum(axis=0, keepdims=True)
    alone = read_town(source(data, keys=("a1",)), system(keys=("a1",)), "quarter",
                      first_year=2008)  # fmt: skip
    test = backtests.backtest(alone, Method(), horizons=(1, 3), origins=[2009, 2014], choosing=True)
    assert np.isfinite(test.areas.forecasts[ENGINE]).all()
    lower, upper = test.areas.intervals[ENGINE]
    assert (lower < upper).all()
    chosen = choices.choose(alone, make_spec({"level": "quarter"}), Method())
    assert set(chosen.spec.combination) == {"town"}


@pytest.mark.parametrize(
    "change",
    [
        {"town": {"total": {"oracle": {1: 1.0}}}},
        {"town": {}},
        {"areas": {"total": {}}},
    ],
)
def test_weights_that_do_not_fit_are_refused(change: dict[str, object]) -> None:
    data = stocks(12)
    spec = chosen_spec(town_of(data))
    weights = {**spec.model_dump()["combination"], **change}
    with pytest.raises(UserError) as error:
        runs.make_forecast(source(data), system(), make_spec(
            {"level": "quarter", "years": 3, "combination": weights}))  # fmt: skip
    assert [i.code for i in error.value.issues] == ["spec-combination"]
    assert error.value.issues[0].repair


# -- the test of it --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tested() -> TownBacktest:
    return backtests.backtest(town_of(stocks(15, 0.015)), Method(), horizons=(1, 3), choosing=True)


@pytest.mark.slow
def test_a_chosen_method_is_scored_beside_the_settings_as_given(tested: TownBacktest) -> None:
    assert tested.chosen
    assert {ENGINE, FIXED} <= set(tested.areas.forecasts)
    assert not {ENGINE, FIXED} & set(tested.naive)
    own, given = (tested.areas.forecasts[m] for m in (ENGINE, FIXED))
    assert not np.allclose(own, given)
    plain = backtests.backtest(tested.town, Method(), horizons=(1, 3))
    assert np.array_equal(plain.areas.forecasts[ENGINE], given, equal_nan=True)
    assert FIXED not in plain.areas.forecasts
    # A stored combination was learned from these years: it is chosen anew at every origin, too.
    stored = choices.choose(tested.town, make_spec({"level": "quarter"}), Method()).spec
    again = backtests.backtest(tested.town, runs.method_of(stored), horizons=(1, 3))
    assert np.allclose(again.areas.forecasts[ENGINE], own, equal_nan=True)


def claimed(test: TownBacktest, factor: float) -> TownBacktest:
    """The test as if the engine had said the truth times ``factor``."""
    said = {**test.areas.forecasts, ENGINE: test.areas.observed * factor}
    return replace(test, areas=replace(test.areas, forecasts=said))


@pytest.mark.slow
def test_the_report_tells_the_truth_in_both_directions(tested: TownBacktest) -> None:
    good, bad = claimed(tested, 1.0), claimed(tested, 1.5)
    assert numbers(good)["beats_best_naive"] == {"1": True, "3": True}
    assert numbers(bad)["beats_best_naive"] == {"1": False, "3": False}
    texts = {True: report(good, "Stadt"), False: report(bad, "Stadt")}
    for test, which in ((good, True), (bad, False)):
        for line in verdict(test):
            assert line in texts[which]
            assert line not in texts[not which]
    same = replace(tested, areas=replace(tested.areas, forecasts={
        **tested.areas.forecasts, ENGINE: tested.areas.forecasts["damped"]}))  # fmt: skip
    for n, h in enumerate((1, 3)):
        tie = tested.areas.best(tested.naive, 0, h) == "damped"
        assert ("so gut wie" in verdict(same)[1 + n]) == tie
        assert not numbers(same)["beats_best_naive"][str(h)]
    assert "50,00" in verdict(bad)[1]
    assert "0,00" in verdict(good)[1]
    own = f"{tested.areas.variables[0]}, "
    assert any(
        line.startswith(f"- {own}") and "50,00 %" in line for line in texts[False].splitlines()
    )
