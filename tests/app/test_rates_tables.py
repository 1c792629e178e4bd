"""Rate tables against recounts by hand, closed forms, and the rates that a run uses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from forecasting_towns import source, stocks, system
from rate_books import counted_town

from monitor_app.app import forecasting_run as runs
from monitor_app.app.forecasting_rates import town_rates
from monitor_app.app.rates import RateBook, make_book, same_but_edits, with_spec
from monitor_app.app.rates_change import cells_edits, runs_of, value_edit, without_cells
from monitor_app.app.rates_edit import table_values
from monitor_app.app.rates_summary import life_expectancy, measures
from monitor_app.app.rates_trace import trace
from monitor_app.core.formats import format_number
from monitor_app.forecast.spec import make_spec


@pytest.fixture(scope="module")
def counted() -> RateBook:
    return make_book(counted_town(), system(), make_spec({"level": "quarter"}))


@pytest.fixture(scope="module")
def residual() -> RateBook:
    return make_book(source(stocks(9)), system(), make_spec({"level": "quarter"}))


def edited(book: RateBook, *edits: dict[str, Any]) -> RateBook:
    rates = [{"note": "Probe", **e} for e in edits]
    spec = make_spec({**book.spec.model_dump(), "rates": rates})
    return with_spec(book, spec)


def test_all_tables_of_a_town_are_listed(counted: RateBook, residual: RateBook) -> None:
    assert list(counted.tables) == [
        "births", "girls", "deaths", "arrivals", "departures", "moves", "destinations"
    ]  # fmt: skip
    assert list(residual.tables) == ["births", "girls", "deaths", "net_migration"]


def test_values_are_those_of_the_run(counted: RateBook, residual: RateBook) -> None:
    for book in (counted, residual):
        base = town_rates(book.town, runs.method_of(book.spec))
        for key, table in book.tables.items():
            if key in ("girls", "destinations"):
                continue
            wanted = table_values(base, key, book.town.layout)
            np.testing.assert_array_equal(table.values, wanted)


def test_raw_rates_are_events_over_person_years_of_the_base(counted: RateBook) -> None:
    table, town = counted.tables["births"], counted.town
    register = town.register
    assert register.births is not None
    used = [n for n, (_y, w) in enumerate(table.years) if w > 0]
    assert len(used) == 3  # fertility rests on the last three years
    f = town.layout.sexes.index("f")
    women = (register.stocks[:-1, f] + register.stocks[1:, f]) / 2.0
    for area, age in ((0, 30), (2, 25)):
        births = register.births[used, 0, age, area].sum()
        exposed = women[used, 0, age, area].sum()
        assert table.events[0, 0, age, area] == pytest.approx(births)
        assert table.exposure[0, 0, age, area] == pytest.approx(exposed)
        assert table.raw[0, 0, age, area] == pytest.approx(births / exposed)


def test_arrivals_keep_the_yearly_mean_of_the_town(counted: RateBook) -> None:
    arrivals = counted.town.register.arrivals
    assert arrivals is not None
    mean = arrivals.sum(axis=(1, 2, 3, 4)).mean()
    table = counted.tables["arrivals"]
    assert table.of_town(table.values).sum() == pytest.approx(mean, rel=1e-9)


def test_destinations_add_up_to_all_who_move(counted: RateBook) -> None:
    assert counted.tables["destinations"].values.sum() == pytest.approx(1.0)
    more = edited(counted, {"table": "destinations", "areas": ["a2"], "factor": 2.0})
    before, after = (b.tables["destinations"].values[0, 0, 0] for b in (counted, more))
    assert after.sum() == pytest.approx(1.0)
    assert after[1] / after[0] == pytest.approx(2.0 * before[1] / before[0])


def test_the_share_of_girls_rests_on_the_births_by_sex(
    counted: RateBook, residual: RateBook
) -> None:
    cube = counted_town().cube("births")
    by_sex = cube.values.sum(axis=(0, 1, 3))  # m, f
    girls = counted.base.girls
    assert girls is not None
    assert girls.births == pytest.approx(by_sex.sum())
    assert girls.own == pytest.approx(by_sex[1] / by_sex.sum())
    assert counted.tables["girls"].values.item() == pytest.approx(girls.share)
    assert min(girls.own, girls.default) < girls.share < max(girls.own, girls.default)
    told = trace(residual, "girls", 0, 0, 0, None).steps
    assert any("United Nations" in s.text for s in told)
    assert residual.base.girls is not None
    assert residual.base.girls.births == 0


def test_total_fertility_is_the_sum_over_ages(counted: RateBook) -> None:
    table = counted.tables["births"]
    found = {m.key: m.value for m in measures(table, 0, 0, 1)}
    rates = table.values[0, 0, :, 1]
    assert found["tfr"] == pytest.approx(rates.sum())
    ages = np.arange(len(rates)) + 0.5
    assert found["mean_age"] == pytest.approx((ages * rates).sum() / rates.sum())
    # The truth of this town: 0.1 exp(-((x - 31) / 6)^2), about 1.06 children.
    truth = sum(0.1 * np.exp(-(((x - 31) / 6.0) ** 2)) for x in range(15, 50))
    assert found["tfr"] == pytest.approx(truth, rel=0.1)


@pytest.mark.parametrize("hazard", [0.01, 0.02, 0.2])
def test_life_expectancy_of_a_constant_hazard(hazard: float) -> None:
    """Stocks at ends of years: the sum of exp(-h (x + 1/2)) is 1 / (2 sinh(h / 2))."""
    found = life_expectancy(np.full(101, hazard))
    assert found == pytest.approx(1.0 / (2.0 * np.sinh(hazard / 2.0)), rel=1e-12)
    assert found == pytest.approx(1.0 / hazard, rel=hazard**2)
    later = life_expectancy(np.full(101, hazard), 65)
    assert later == pytest.approx(1.0 / hazard, rel=0.01)
    wide = life_expectancy(np.full(21, hazard), 0, 5)
    assert wide == pytest.approx(5.0 / (2.0 * np.sinh(2.5 * hazard)), rel=1e-12)


def test_moves_in_a_life_are_the_sum_of_the_rates(counted: RateBook) -> None:
    table = counted.tables["departures"]
    found = {m.key: m.value for m in measures(table, 0, 0, 0)}
    assert found["gmr"] == pytest.approx(table.values[0, 0, :, 0].sum())


def test_a_trace_says_how_the_value_came_about(counted: RateBook) -> None:
    table = counted.tables["departures"]
    levels = table.levels
    assert levels is not None
    told = trace(counted, "departures", 0, 0, 25, 0)
    text = "\n".join(f"{s.label} {s.value} {s.text}" for s in told.steps)
    band = int(levels.band_of[25])
    product = levels.city[0, 0, 25] * levels.level[band, 0, 0]
    assert table.values[0, 0, 25, 0] == pytest.approx(product)
    for number in (
        format_number(1000 * product, 2), format_number(1000 * levels.city[0, 0, 25], 2),
        format_number(float(levels.raw[band, 0, 0]), 2),
        format_number(100 * float(levels.weight[band, 0, 0])),
        format_number(float(levels.expected[band, 0, 0]), 1),
        format_number(1000 * float(table.raw[0, 0, 25, 0]), 2),
    ):  # fmt: skip
        assert number in text
    own = levels.weight * levels.raw + (1 - levels.weight) * levels.goal
    np.testing.assert_allclose(own, levels.level)


def test_every_cell_of_every_table_can_be_traced(counted: RateBook, residual: RateBook) -> None:
    for book in (counted, residual):
        for key, table in book.tables.items():
            areas = [None] if table.areas == ("",) else [None, 0, len(table.areas) - 1]
            for area in areas:
                for age in {table.ages[0], table.ages[-1]}:
                    told = trace(book, key, 0, 0, age, area)
                    assert told.title
                    assert len(told.steps) >= 2


def test_net_migration_is_the_town_and_what_is_believed_of_the_area(residual: RateBook) -> None:
    net, table = residual.base.net, residual.tables["net_migration"]
    assert net is not None
    own = (net.weight * net.deviation)[:, :, net.band_of]
    losing = net.city <= 0  # gains are carried over as counts
    expected = (net.city[..., None] + own)[losing]
    np.testing.assert_allclose(table.values[losing], expected)


def test_steps_of_five_years_have_tables_of_five_year_groups() -> None:
    spec = make_spec({"level": "quarter", "age_step": "five", "years": 10})
    book = make_book(source(stocks(16)), system(), spec)
    table = book.tables["births"]
    assert table.ages == [10, 15, 20, 25, 30, 35, 40, 45, 50, 55]
    tfr = measures(table, 0, 0, 0)[0].value
    assert tfr == pytest.approx(5.0 * table.values[0, 0, :, 0].sum())
    some = edited(book, {"table": "births", "ages": [25, 34], "areas": ["a2"], "factor": 1.5})
    changed = np.argwhere(some.tables["births"].edited)
    assert changed.tolist() == [[0, 0, 5, 1], [0, 0, 6, 1]]
    [edit] = cells_edits(table, [(25, 1), (30, 1)], (), (), 1.5, "weil")
    assert edit.ages == (25, 34)
    for key, other in book.tables.items():
        area = None if other.areas == ("",) else 0
        assert trace(book, key, 0, 0, other.ages[-1], area).steps
        assert all(np.isfinite(m.value) for m in measures(other, 0, 0, area))


def test_assumptions_by_year_stand_in_the_trace(counted: RateBook) -> None:
    changes = [{"component": "deaths", "factor": {2030: 0.9}, "note": "besser versorgt"}]
    spec = make_spec({**counted.spec.model_dump(), "changes": changes})
    book = with_spec(counted, spec)
    assert any("besser versorgt" in s.text for s in trace(book, "deaths", 0, 0, 70, 0).steps)
    assert not any("besser" in s.text for s in trace(book, "births", 0, 0, 30, 0).steps)


# -- changes ---------------------------------------------------------------------------------------


def test_a_change_marks_its_cells_and_can_be_taken_back(counted: RateBook) -> None:
    edit = {"table": "births", "ages": [25, 29], "areas": ["a1"], "factor": 1.2}
    book = edited(counted, edit)
    table, plain = book.tables["births"], counted.tables["births"]
    assert set(zip(*np.nonzero(table.edited), strict=True)) == {(0, 0, a, 0) for a in range(25, 30)}
    np.testing.assert_allclose(table.values[table.edited], 1.2 * plain.values[table.edited])
    np.testing.assert_array_equal(table.values[~table.edited], plain.values[~table.edited])
    steps = trace(book, "births", 0, 0, 27, 0).steps
    assert next(s.text for s in steps if s.mark) == "Probe"
    assert not any(s.mark for s in trace(book, "births", 0, 0, 27, 1).steps)
    again = with_spec(book, counted.spec)
    np.testing.assert_array_equal(again.tables["births"].values, plain.values)


def test_what_cannot_be_is_told_and_not_used(counted: RateBook) -> None:
    book = edited(counted, {"table": "deaths", "factor": 100.0})
    assert [i.code for i in book.issues] == ["rates-above-one"]
    np.testing.assert_array_equal(book.tables["deaths"].values, counted.tables["deaths"].values)


def test_runs_of_ages() -> None:
    assert runs_of([5, 3, 4, 9, 4]) == [(3, 5), (9, 9)]
    assert runs_of([]) == []


def test_cells_become_few_changes(counted: RateBook) -> None:
    table = counted.tables["departures"]
    block = [(age, area) for age in range(20, 25) for area in (0, 2)]
    [one] = cells_edits(table, block, ("m",), (), 1.1, "weil")
    assert (one.ages, one.areas, one.sex, one.factor) == ((20, 24), ("a1", "b1"), ("m",), 1.1)
    town = cells_edits(table, [(20, None), (20, 0), (21, 0)], (), (), 2.0, "weil")
    assert [(e.ages, e.areas) for e in town] == [((20, 20), ()), ((21, 21), ("a1",))]
    whole = cells_edits(table, [(a, 1) for a in table.ages], (), (), 2.0, "weil")
    assert [(e.ages, e.areas) for e in whole] == [(None, ("a2",))]


def test_a_typed_value_of_the_town_scales_its_areas(counted: RateBook) -> None:
    table = counted.tables["departures"]
    now = table.of_town(table.values)[0, 0, 30]
    edit = value_edit(table, 30, None, ("m",), (), 2.0 * now, "weil", (0, 0))
    assert edit.factor == pytest.approx(2.0)
    book = edited(counted, edit.model_dump(exclude_none=True))
    after = book.tables["departures"]
    assert after.of_town(after.values)[0, 0, 30] == pytest.approx(2.0 * now)


def test_a_typed_share_of_destinations_is_reached(counted: RateBook) -> None:
    table = counted.tables["destinations"]
    edit = value_edit(table, 0, 1, (), (), 0.5, "weil")
    book = edited(counted, edit.model_dump(exclude_none=True))
    assert book.tables["destinations"].values[0, 0, 0, 1] == pytest.approx(0.5)


def test_resetting_cells_takes_back_what_touches_them(counted: RateBook) -> None:
    one = {"table": "births", "ages": [20, 30], "areas": ["a1"], "factor": 1.2}
    two = {"table": "births", "ages": [31, 40], "factor": 1.2}
    three = {"table": "deaths", "factor": 0.9}
    book = edited(counted, one, two, three)
    rest = without_cells(book.tables["births"], book.spec.rates, [(30, 0)], (), ())
    assert [e.table for e in rest] == ["births", "deaths"]
    assert without_cells(book.tables["births"], book.spec.rates, [(30, 1)], (), ()) == list(
        book.spec.rates
    )


def test_a_change_of_the_base_needs_new_rates(counted: RateBook) -> None:
    spec = counted.spec
    assert same_but_edits(spec, edited(counted, {"table": "births", "factor": 2.0}).spec)
    assert same_but_edits(spec, spec.model_copy(update={"years": 40, "draws": 100}))
    assert not same_but_edits(spec, spec.model_copy(update={"base_period": 5}))
