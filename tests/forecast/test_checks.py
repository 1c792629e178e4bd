"""Bad input is found before the run, all of it, with a repair."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from monitor_app.core.ages import AgeAxis
from monitor_app.core.issues import Severity
from monitor_app.forecast import checks
from monitor_app.forecast.rates import Scheme
from monitor_app.forecast.targets import Shortfall


@pytest.mark.parametrize("seed", [-1, 1.5, "1", True, None, 2**64])
def test_a_seed_of_the_wrong_type_is_refused(seed: object) -> None:
    assert [i.code for i in checks.check_seed(seed)] == ["seed"]


def test_good_input_has_no_findings_but_the_empty_area(city: Any) -> None:
    assert checks.check_seed(2026) == []
    assert checks.check_years([2018, 2019, 2020]) == []
    assert checks.check_rates(city.layout, city.rates, Scheme.HAZARD) == []
    found = checks.check_stock(city.layout, city.stock)
    assert [(i.code, i.severity) for i in found] == [("area-empty", Severity.WARNING)]
    assert "004" in found[0].message


def test_missing_and_repeated_years_are_named() -> None:
    found = checks.check_years([2015, 2016, 2019, 2016])
    assert [i.code for i in found] == ["year-missing", "year-twice"]
    assert "2017, 2018" in found[0].message
    assert "2016" in found[1].message


def test_negative_and_unknown_stocks_are_counted(city: Any) -> None:
    stock = city.stock.copy()
    stock[0, 0, 3, 1] = -1.0
    stock[0, 0, 4:6, 2] = np.nan
    found = {i.code: i for i in checks.check_stock(city.layout, stock)}
    assert found["stock-negative"].column == "001"
    assert found["stock-missing"].count == 2


def test_ages_that_do_not_nest_are_named() -> None:
    fine = AgeAxis.from_lows((0, 5, 10, 15))
    coarse = AgeAxis.from_lows((0, 3, 10))
    found = checks.check_nesting(fine, coarse)
    assert len(found) == 1
    assert "0–2" in found[0].message
    assert checks.check_nesting(AgeAxis.single_years(), coarse) == []


def test_all_findings_about_rates_come_at_once(city: Any) -> None:
    bad = replace(
        city.rates,
        death=np.full((1, 1, 1, 1), np.nan),
        move=city.rates.move - 10.0,
        departure=city.rates.departure[:, :, :5],
        fertility=city.rates.fertility * 100.0,
        child_group=np.array([[1.0, 0.5], [0.0, 1.0]]),
        girls=1.2,
    )
    codes = [i.code for i in checks.check_rates(city.layout, bad, Scheme.HAZARD)]
    assert sorted(codes) == [
        "child-group", "girls", "rate-high", "rate-missing", "rate-negative", "rate-shape"
    ]  # fmt: skip
    assert all(i.repair for i in checks.check_rates(city.layout, bad, Scheme.HAZARD))


def test_probabilities_above_one_are_errors_and_net_migrants_may_be_negative(city: Any) -> None:
    rates = replace(city.rates, arrivals=-city.rates.arrivals)
    found = checks.check_rates(city.layout, rates, Scheme.UN_END)
    assert {(i.code, i.severity) for i in found} == {("rate-high", Severity.ERROR)}
    found = checks.check_rates(city.layout, rates, Scheme.HAZARD)
    assert [i.code for i in found] == ["rate-negative"]


def test_bounds_that_cross_are_named_by_area(city: Any) -> None:
    lower = [1.0, 9.0, 1.0, 1.0, 1.0]
    found = checks.check_bounds(city.layout, lower, [5.0] * 5)
    assert len(found) == 1
    assert "001" in found[0].message
    assert checks.check_bounds(city.layout, [0.0] * 5, [5.0] * 5) == []


def test_missed_targets_are_told_in_german_numbers(city: Any) -> None:
    missed = Shortfall("population", None, 12345.0, 1234.0)
    found = checks.describe_shortfalls(city.layout, [missed], 2030)
    assert "12.345" in found[0].message
    assert "Eckwert" in found[0].message


def test_every_text_of_the_room_has_a_german_translation() -> None:
    from monitor_app.core.i18n import LANGUAGE

    root = Path(__file__).resolve().parents[2] / "monitor_app" / "forecast"
    texts = {
        node.args[0].value
        for path in root.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "_"
        and isinstance(node.args[0], ast.Constant)
    }
    assert len(texts) > 30
    assert LANGUAGE.code == "de"
    assert [t for t in sorted(texts) if LANGUAGE.text(str(t)) == t] == []
