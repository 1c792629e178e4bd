"""Towns whose stocks have holes, odd days, new quarters and areas that vanish."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from forecasting_towns import AGES, KEYS, Floats, Source, source, stocks, system

from monitor_app.app.forecasting_town import Town, read_town
from monitor_app.core.cube import Cube
from monitor_app.core.datasets import DatasetSpec, Kind
from monitor_app.core.issues import UserError


def read(values: Floats, keys: tuple[str, ...] = KEYS, base: int | None = None) -> Town:
    return read_town(source(values, keys=keys), system(keys=keys), "quarter", base=base)


def codes(town: Town) -> set[str]:
    return {i.code for i in town.issues}


def on_days(values: Floats, days: list[date]) -> Source:
    cube = Cube.of({"area": KEYS, "date": tuple(days), "sex": ("m", "f")}, values, ages=AGES)
    found = Source()
    found.add(DatasetSpec("population", Kind.POPULATION, "Bevölkerung", "quarter"), cube)
    return found


def test_a_new_quarter_is_no_change_in_the_way_of_counting() -> None:
    keys = (*KEYS, "b2")
    values = np.concatenate([stocks(14), np.zeros((1, 14, 2, 91))])
    for year in (11, 12, 13):  # a tenth of the town moves in within three years
        values[3, year] = np.rint(values[1, year] * 0.1 * (year - 10))
    found = read(values, keys)
    assert "series-break" not in codes(found)
    assert found.years[0] == 2008


def test_an_area_that_vanishes_is_no_change_in_the_way_of_counting() -> None:
    values = stocks(14)
    values[2, 9:] = 0.0
    found = read(values)
    assert "series-break" not in codes(found)
    assert len(found.years) == 14


def test_a_late_jump_of_all_areas_leaves_a_forecast_possible() -> None:
    values = stocks(14)
    values[:, 12:] *= 1.08
    found = read(values)
    assert len(found.years) == 14
    assert "series-jump" in codes(found)
    assert "series-break" not in codes(found)


def test_a_year_that_an_area_lacks_is_estimated_along_its_cohorts() -> None:
    whole = stocks(12)
    holed = whole.copy()
    holed[1, 6] = np.nan
    found = read(holed)
    assert "stock-gap" in codes(found)
    gap = found.register.stocks[6, :, 0, :, 1]
    # Closed form: the mean of the cohort a year younger before and a year older after.
    due = (whole[1, 5, :, 20:60] + whole[1, 7, :, 22:62]) / 2.0
    assert np.allclose(gap[:, 21:61], due)
    assert gap.sum() == pytest.approx(whole[1, 6].sum(), rel=0.03)
    others = np.delete(found.register.stocks, 6, axis=0)
    assert np.allclose(others, np.delete(read(whole).register.stocks, 6, axis=0))


def test_an_area_that_the_newest_stock_lacks_is_refused_by_name() -> None:
    values = stocks(12)
    values[2, -1] = np.nan
    with pytest.raises(UserError) as error:
        read(values)
    issue = error.value.issues[0]
    assert (issue.code, issue.column) == ("stock-incomplete", "b1")
    assert "2018" in str(issue.repair)
    # The year before can be the base.
    found = read(values, base=2018)
    assert found.years[-1] == 2018
    assert found.layout.areas == KEYS


def test_an_area_whose_people_another_one_took_over_has_ended() -> None:
    values = stocks(12)
    values[1, -1] += values[2, -1]
    values[2, -1] = np.nan
    assert read(values).layout.areas == ("a1", "a2")


def test_cells_without_a_number_are_told() -> None:
    values = stocks(10)
    values[0, 4, 1, 80:] = np.nan
    found = read(values)
    told = next(i for i in found.issues if i.code == "stock-cells")
    assert told.count == 11
    assert "a1" in told.message


def test_stocks_counted_in_june_after_one_of_december_are_a_series() -> None:
    days = [date(2007, 12, 31), *(date(2008 + n, 6, 30) for n in range(11))]
    found = read_town(on_days(stocks(12), days), system(), "quarter")
    assert found.years == tuple(range(2008, 2019))


def test_a_newer_stock_of_another_day_is_told() -> None:
    days = [*(date(2008 + n, 12, 31) for n in range(11)), date(2019, 6, 30)]
    found = read_town(on_days(stocks(12), days), system(), "quarter")
    assert found.years[-1] == 2018
    assert "newer-stock" in codes(found)


def test_few_years_after_a_gap_name_the_gap() -> None:
    days = [date(y, 12, 31) for y in (*range(2005, 2015), 2016, 2017)]
    with pytest.raises(UserError) as error:
        read_town(on_days(stocks(12), days), system(), "quarter")
    assert error.value.issues[0].code == "forecast-history"
    assert "2015" in error.value.issues[0].message
