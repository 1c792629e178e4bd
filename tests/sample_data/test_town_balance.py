"""The history of the sample town obeys the balance equation in every single cell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from reading_town import GROUP, SEX, table

YEARS = range(2010, 2025)


def expected(delivery: Any, year: int) -> Any:
    """Stock at the end of the year from the stock before and the movements of the year."""
    before = delivery.before_reform if year == 2018 else delivery.stock[year - 1]
    result = np.zeros_like(before)
    result[:, 1:] = before[:, :-1]
    result[:, 100] += before[:, 100]
    result += delivery.newborn[year] - delivery.deaths[year]
    result += delivery.moves_in[year] - delivery.moves_out[year]
    result += delivery.arrivals[year] - delivery.departures[year]
    became_german = delivery.naturalised[year][..., 0]
    result[..., 0] += became_german
    result[..., 1] -= became_german
    return result


@pytest.mark.parametrize("year", YEARS)
def test_balance_holds_in_every_cell(delivery: Any, year: int) -> None:
    assert delivery.stock[year].shape == (60, 101, 2, 2)
    np.testing.assert_array_equal(delivery.stock[year], expected(delivery, year))
    assert (delivery.stock[year] >= 0).all()
    assert delivery.newborn[year].sum() > 1000
    assert delivery.moves_in[year].sum() > 5000


def test_one_person_too_many_breaks_the_balance(delivery: Any) -> None:
    delivery.deaths[2015][7, 80, 1, 0] += 1
    try:
        assert (delivery.stock[2015] != expected(delivery, 2015)).sum() == 1
    finally:
        delivery.deaths[2015][7, 80, 1, 0] -= 1


def test_rebased_stock_is_the_old_one_in_other_areas(delivery: Any) -> None:
    old, new = delivery.stock[2017], delivery.before_reform
    np.testing.assert_array_equal(old.sum(axis=0), new.sum(axis=0))
    was = {k: old[i] for i, k in enumerate(delivery.keys[2017])}
    now = {k: new[i] for i, k in enumerate(delivery.keys[2018])}
    assert set(was) - set(now) == {"0233", "0234", "0431"}
    assert set(now) - set(was) == {"0236", "0435", "0436"}
    np.testing.assert_array_equal(was["0233"] + was["0234"], now["0236"])
    np.testing.assert_array_equal(was["0431"], now["0435"] + now["0436"])
    for key in set(was) & set(now):
        np.testing.assert_array_equal(was[key], now[key])


def test_origin_destination_table_has_the_margins(delivery: Any, sample_town: Path) -> None:
    frame = table(sample_town / "bewegungen" / "umzuege.csv")
    frame["n"] = frame["Personen"].astype(int)
    assert (frame["n"] > 0).all()
    starts = [0, 6, 18, 25, 30, 45, 65, 80]
    level = frame["Altersgruppe"].str.extract(r"^(\d+)")[0].astype(int)
    assert set(level) == set(starts)
    frame["a"] = level.map({s: i for i, s in enumerate(starts)})
    real = frame[frame["Von_Viertel"] != frame["Nach_Viertel"]]
    assert len(real) < len(frame)
    for year in YEARS:
        part = real[real["Jahr"] == str(year)]
        position = {k: i for i, k in enumerate(delivery.keys[year])}
        for column, margin in (("Nach_Viertel", delivery.arrivals[year]),
                               ("Von_Viertel", delivery.departures[year])):  # fmt: skip
            counts = np.zeros((60, 8, 2, 2), dtype=np.int64)
            where = (part[column].map(position), part["a"], part["Geschlecht"].map(SEX),
                     part["Staatsangehörigkeit"].map(GROUP))  # fmt: skip
            np.add.at(counts, where, part["n"])
            np.testing.assert_array_equal(counts, np.add.reduceat(margin, starts, axis=1))


def test_control_totals_agree(delivery: Any, sample_town: Path) -> None:
    text = (sample_town / "kontrollsummen.csv").read_text(encoding="cp1252")
    rows = [line.split(";") for line in text.splitlines() if line[:2] == "20"]
    assert len(rows) == 16
    for year, *cells in rows:
        y = int(year)
        stock = delivery.stock[y]
        assert [int(c) for c in cells[:2]] == [stock.sum(), stock[..., 1].sum()]
        if y > 2009:
            tables = (delivery.newborn, delivery.deaths, delivery.moves_in, delivery.moves_out,
                      delivery.arrivals)  # fmt: skip
            assert [int(c) for c in cells[2:7]] == [t[y].sum() for t in tables]
            assert int(cells[8]) == delivery.naturalised[y].sum()
    assert rows[0][3:10] == ["x"] * 7
