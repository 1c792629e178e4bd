"""Changes of rates by hand: each touches its own component, by as much as it says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from forecasting_towns import source, stocks, system

from monitor_app.app import forecasting_run as runs
from monitor_app.app.forecasting_rates import town_rates
from monitor_app.app.rates_edit import check_edits, with_edits
from monitor_app.core.issues import UserError
from monitor_app.forecast.spec import dump_spec, load_spec, make_spec

NOTE = "Annahme zur Probe"


def forecast(*rates: dict[str, Any], **more: Any) -> runs.Forecast:
    spec = make_spec(
        {"level": "quarter", "years": 2, "control": 0.0, "rates": [
            {"note": NOTE, **r} for r in rates], **more}
    )  # fmt: skip
    return runs.make_forecast(source(stocks(9)), system(), spec)


def first_year(done: runs.Forecast) -> dict[str, np.ndarray]:
    """Components of the first year (areas,)."""
    return {k: v[0] for k, v in done.results[0].projection.components.items()}


def codes(*rates: dict[str, Any]) -> list[str]:
    with pytest.raises(UserError) as told:
        forecast(*rates)
    return [i.code for i in told.value.issues]


def test_a_factor_on_fertility_scales_births_and_nothing_else_of_the_first_year() -> None:
    plain, more = first_year(forecast()), first_year(forecast({"table": "births", "factor": 1.25}))
    np.testing.assert_allclose(more["births"], 1.25 * plain["births"], rtol=1e-12)
    np.testing.assert_array_equal(more["arrivals"], plain["arrivals"])
    # Only the newborn who die or leave come with the births.
    for name in ("deaths", "departures"):
        extra = more[name] - plain[name]
        assert (extra > 0).all()
        assert (extra < 0.25 * plain["births"]).all()


def test_a_range_of_one_area_leaves_every_other_cell_as_it_was() -> None:
    plain = forecast().results[0].projection
    edit = {"table": "deaths", "sex": ["m"], "ages": [70, 79], "areas": ["a2"], "factor": 0.5}
    done = forecast(edit).results[0].projection
    assert plain.stocks is not None
    assert done.stocks is not None
    changed = done.stocks[1] != plain.stocks[1]
    where = np.argwhere(changed)
    layout = forecast().town.layout
    assert {layout.sexes[s] for s in where[:, 0]} == {"m"}
    assert set(where[:, 2]) == set(range(70, 80))
    assert {layout.areas[a] for a in where[:, 3]} == {"a2"}
    # exp(-0.5 h) against exp(-h): survivors times exp(0.5 h), the same for all who stay.
    assert (done.stocks[1][changed] > plain.stocks[1][changed]).all()


def test_a_value_stands_in_the_place_of_the_rate_in_every_year() -> None:
    done = forecast({"table": "births", "ages": [30, 30], "value": 0.2, "group": []})
    base = with_edits(
        town_rates(done.town, runs.method_of(done.spec)), done.spec.rates, done.town.layout
    )
    for step in (0, 1):
        assert (base.of_step(step).fertility[:, 30] == 0.2).all()
        assert (base.of_step(step).fertility[:, 31] != 0.2).all()


def test_net_migration_is_edited_as_such_and_moves_nobody_else() -> None:
    edit = {"table": "net_migration", "areas": ["b1"], "value": 0.0}
    plain, done = first_year(forecast()), first_year(forecast(edit))
    balance = done["arrivals"] - done["departures"]
    # As many come as leave, apart from those who die in between.
    assert abs(balance[2]) < 0.02 * done["arrivals"][2]
    for name, values in done.items():
        np.testing.assert_array_equal(values[:2], plain[name][:2])


def test_a_change_of_one_area_is_not_controlled_away() -> None:
    """Totals of areas follow their shares of growth; what was changed by hand stays on top."""
    edit = {"table": "births", "areas": ["a2"], "factor": 1.5}
    free = [forecast(*e, years=5) for e in ((), (edit,))]
    held = [forecast(*e, years=5, control=1.0) for e in ((), (edit,))]
    gained = []
    for plain, changed in (free, held):
        totals = [d.results[0].projection.totals[-1] for d in (plain, changed)]
        gained.append(totals[1] - totals[0])
    assert gained[0][1] > 50
    assert gained[1][1] == pytest.approx(gained[0][1], rel=0.1)
    assert abs(gained[1][[0, 2]]).max() < 0.1 * gained[0][1]


def test_the_share_of_girls_can_be_set() -> None:
    done = forecast({"table": "girls", "value": 0.25}, variant="natural")
    stocks_ = done.results[0].projection.stocks
    assert stocks_ is not None
    born = stocks_[1, :, :, 0].sum(axis=(1, 2))
    f, m = done.town.layout.sexes.index("f"), done.town.layout.sexes.index("m")
    assert born[f] / born[m] == pytest.approx(1 / 3, rel=0.002)


def test_changes_follow_each_other_and_survive_the_text() -> None:
    two = forecast({"table": "births", "factor": 2.0}, {"table": "births", "factor": 0.5})
    assert first_year(two)["births"] == pytest.approx(first_year(forecast())["births"])
    assert load_spec(dump_spec(two.spec)) == two.spec


@pytest.mark.parametrize(
    ("edit", "code"),
    [
        ({"table": "births", "value": -0.1}, "rates-negative"),
        ({"table": "deaths", "value": 1.5}, "rates-above-one"),
        ({"table": "births", "factor": 90.0}, "rates-above-one"),
        ({"table": "net_migration", "value": -1.2}, "rates-above-one"),
        ({"table": "girls", "value": 1.0}, "rates-girls"),
        ({"table": "girls", "factor": 3.0}, "rates-girls"),
        ({"table": "arrivals", "factor": 2.0}, "rates-table"),
        ({"table": "births", "areas": ["zz"], "factor": 2.0}, "rates-name"),
        ({"table": "births", "group": ["zz"], "factor": 2.0}, "rates-name"),
        ({"table": "deaths", "ages": [120, 130], "factor": 2.0}, "rates-age"),
    ],
)
def test_what_cannot_be_is_told_before_the_run(edit: dict[str, Any], code: str) -> None:
    assert codes(edit) == [code]


@pytest.mark.parametrize(
    "edit",
    [
        {"table": "births"},
        {"table": "births", "factor": 1.0, "value": 0.1},
        {"table": "births", "factor": 1.0, "note": " "},
        {"table": "births", "factor": float("nan")},
        {"table": "births", "value": float("inf")},
        {"table": "births", "factor": 1.0, "ages": [40, 20]},
        {"table": "destinations", "value": 0.5},
        {"table": "weather", "factor": 1.0},
    ],
)
def test_what_no_change_is_is_refused_by_the_specification(edit: dict[str, Any]) -> None:
    with pytest.raises(UserError) as told:
        make_spec({"level": "quarter", "rates": [{"note": NOTE, **edit}]})
    assert told.value.issues[0].code == "spec-entry"
    assert str(told.value.issues[0].column).startswith("rates.0")


def test_all_findings_come_at_once() -> None:
    bad = {"table": "births", "value": -1.0}, {"table": "deaths", "areas": ["q"], "factor": 1.0}
    assert codes(*bad) == ["rates-negative", "rates-name"]


def test_without_changes_the_rates_are_the_same_object() -> None:
    done = forecast()
    base = town_rates(done.town, runs.method_of(done.spec))
    assert with_edits(base, [], done.town.layout) is base
    assert check_edits([], done.town, base) == []
