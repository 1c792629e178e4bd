"""Counts look like those of a German university town; rates recomputed from the files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely

YEARS = range(2010, 2025)
UNIVERSITY, NEW_AREA, HOUSES = "0133", "0436", "0225"


def quarter(delivery: Any, year: int, key: str) -> Any:
    return delivery.stock[year][delivery.keys[year].index(key)]


def total_fertility(delivery: Any, year: int) -> float:
    births = delivery.births[delivery.births["Jahr"] == str(year)]
    by_age = births.groupby(births["Alter der Mutter"].astype(int))["Lebendgeborene"].apply(
        lambda n: n.astype(int).sum()
    )
    women = delivery.stock[year][:, :, 1].sum(axis=(0, 2))
    before = delivery.stock[year - 1][:, :, 1].sum(axis=(0, 2))
    return float(sum(n / ((women[a] + before[a - 1]) / 2) for a, n in by_age.items()))


def life_expectancy(delivery: Any, years: range, sex: int) -> float:
    """Period life table from deaths by age = year minus year of birth."""
    deaths = sum(delivery.deaths[y][:, :, sex].sum(axis=(0, 2)) for y in years)
    lived = np.zeros(101)
    for y in years:
        now = delivery.stock[y][:, :, sex].sum(axis=(0, 2))
        before = delivery.stock[y - 1][:, :, sex].sum(axis=(0, 2))
        lived[1:100] += (now[1:100] + before[:99]) / 2
        lived[100] += (now[100] + before[99] + before[100]) / 2
    born = sum(delivery.newborn[y][:, 0, sex].sum() for y in years)
    alive = 1 - deaths[0] / born  # at age one half
    total = (1 + alive) / 4
    for a in range(1, 100):
        later = alive * np.exp(-deaths[a] / lived[a])
        total += (alive + later) / 2
        alive = later
    return float(total + alive * lived[100] / deaths[100])


def test_size_and_growth(delivery: Any) -> None:
    totals = [delivery.stock[y].sum() for y in range(2009, 2025)]
    assert 165_000 < totals[0] < 175_000
    assert 177_000 < totals[-1] < 186_000
    growth = dict(zip(YEARS, np.diff(totals), strict=True))
    ordinary = [growth[y] for y in (2011, 2012, 2013, 2017, 2018, 2019)]
    assert growth[2015] > 1.5 * max(ordinary)  # arrivals of 2015
    assert growth[2022] > 1.5 * max(ordinary)  # arrivals of 2022
    assert growth[2020] < 0.5 * min(ordinary)  # Covid


def test_pyramid_has_the_german_shape(delivery: Any) -> None:
    stock = delivery.stock[2009].sum(axis=(0, 2, 3))
    assert stock[64] < 0.85 * stock[69]  # few births in 1945
    later = delivery.stock[2024].sum(axis=(0, 2, 3))
    assert 55 <= int(np.argmax(later)) <= 64  # baby boom
    assert later[:5].mean() < 0.75 * later[56:61].mean()
    women = delivery.stock[2024][:, :, 1].sum(axis=(0, 2))
    assert 1.4 < women[85:].sum() / (later[85:].sum() - women[85:].sum()) < 3.0
    assert 0 < later[100] < 100


def test_fertility_is_about_one_point_four(delivery: Any) -> None:
    values = [total_fertility(delivery, y) for y in YEARS]
    assert 1.35 < np.mean(values) < 1.47
    assert 1.15 < min(values) < max(values) < 1.65


@pytest.mark.parametrize(("sex", "low", "high"), [(0, 77.5, 80.5), (1, 82.0, 85.0)])
def test_life_expectancy_is_german(delivery: Any, sex: int, low: float, high: float) -> None:
    assert low < life_expectancy(delivery, range(2013, 2020), sex) < high


def test_boys_outnumber_girls_at_birth(delivery: Any) -> None:
    boys, girls = (sum(delivery.newborn[y][:, 0, s].sum() for y in YEARS) for s in (0, 1))
    assert 1.03 < boys / girls < 1.08


def test_quarters_have_characters_of_their_own(delivery: Any) -> None:
    students = quarter(delivery, 2024, UNIVERSITY).sum(axis=(1, 2))
    town = delivery.stock[2024].sum(axis=(0, 2, 3))
    assert students[20:28].sum() / students.sum() > 2 * town[20:28].sum() / town.sum()
    houses = [quarter(delivery, y, HOUSES).sum(axis=(1, 2)) for y in (2009, 2024)]
    old = [n[65:].sum() / n.sum() for n in houses]
    assert old[1] > old[0] + 0.03
    sizes = [quarter(delivery, y, NEW_AREA).sum() for y in range(2018, 2025)]
    assert sizes == sorted(sizes)
    assert sizes[-1] > 2 * sizes[0]
    young = quarter(delivery, 2024, NEW_AREA).sum(axis=(1, 2))
    assert young[:6].sum() / young.sum() > 1.5 * town[:6].sum() / town.sum()


def test_foreigners_rise_and_differ(delivery: Any) -> None:
    share = [delivery.stock[y][..., 1].sum() / delivery.stock[y].sum() for y in (2009, 2014, 2024)]
    assert 0.10 < share[0] < share[1] < share[2] < 0.22
    by_quarter = delivery.stock[2024][..., 1].sum(axis=(1, 2)) / delivery.stock[2024].sum(
        axis=(1, 2, 3)
    )
    assert by_quarter.min() < 0.08
    assert by_quarter.max() > 0.30


def test_fertility_is_spatially_correlated(delivery: Any, sample_town: Path) -> None:
    """Moran's I of births per woman of 18–44, ten years pooled, is clearly positive."""
    frame = gpd.read_file(sample_town / "grenzen" / "stadtviertel_2018.zip")
    assert list(frame["VIERTEL_NR"]) == delivery.keys[2024]
    years = range(2018, 2025)
    births = sum(delivery.newborn[y].sum(axis=(1, 2, 3)) for y in years)
    women = sum(delivery.stock[y][:, 18:45, 1].sum(axis=(1, 2)) for y in years)
    z = births / women - (births / women).mean()
    shapes = np.array(frame.geometry)
    near = shapely.dwithin(shapes[:, None], shapes[None], 1.0)
    np.fill_diagonal(near, False)
    weight = near / near.sum(axis=1, keepdims=True)
    moran = (z @ weight @ z) / (z @ z)
    assert moran > 0.15
