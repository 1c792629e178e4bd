"""Measures of rate tables against published figures: UN, World Population Prospects 2024."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from monitor_app.app.rates_summary import life_expectancy
from monitor_app.forecast.defaults import defaults

pytestmark = pytest.mark.realdata


@pytest.mark.parametrize("country", ["DE", "AT", "CH"])
@pytest.mark.parametrize("year", [2003, 2008, 2013, 2018, 2023])
def test_measures_of_a_country_are_those_published(realdata: Path, country: str, year: int) -> None:
    """Middles of five-year periods, seen two years later: the tables as published, carried on for
    two years; 0.5 years of life and 0.05 children are more than that can change. One sex ratio at
    birth stands for all years."""
    with (realdata / "wpp" / "wpp2024_5x5_tfr_srb_e0.csv").open(encoding="utf-8") as file:
        row = next(
            r for r in csv.DictReader(file) if r["country"] == country and r["year"] == str(year)
        )
    known = defaults(country, year + 2, 101)
    for sex, column in ((0, "e0M"), (1, "e0F")):
        assert life_expectancy(known.death[sex]) == pytest.approx(float(row[column]), abs=0.5)
    assert known.fertility.sum() == pytest.approx(float(row["tfr"]), abs=0.05)
    assert (1 - known.girls) / known.girls == pytest.approx(float(row["srb"]), abs=0.015)
