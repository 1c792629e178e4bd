"""Large towns: the lean ways of counting give what the plain ones give, to the last bit."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from forecasting_towns import Source, counted, stocks, system

from monitor_app.app.forecasting_axes import allot
from monitor_app.app.forecasting_odmargins import margin
from monitor_app.app.forecasting_store import rounded_stocks
from monitor_app.app.forecasting_town import read_town
from monitor_app.core.ages import AgeAxis
from monitor_app.core.areas import Area, AreaSystem, Level
from monitor_app.core.cube import Cube
from monitor_app.core.progress import Cancelled, CancelToken, Progress


def plain_allot(counts, weights, maps):
    """By the book: every axis is added up by a matrix of zeros and ones."""
    safe = np.maximum(weights, 0.0) + 1e-12
    coarse, index = safe, []
    for axis, positions in enumerate(maps):
        positions = np.arange(weights.shape[axis]) if positions is None else positions
        used = positions >= 0
        member = np.zeros((counts.shape[axis], weights.shape[axis]))
        member[positions[used], np.flatnonzero(used)] = 1.0
        coarse = np.moveaxis(np.tensordot(member, coarse, axes=(1, axis)), 0, axis)
        index.append(np.where(used, positions, 0))
        safe = np.moveaxis(np.where(used, np.moveaxis(safe, axis, -1), 0.0), -1, axis)
    return safe / coarse[np.ix_(*index)] * counts[np.ix_(*index)]


@pytest.mark.parametrize("areas", [[0, 1, 2, 3, 4], [4, -1, 0, 2, 1], [0, 0, 1, 1, -1]])
@pytest.mark.parametrize("ages", [[0, 1, 2, 3], [0, 0, 1, 1]])
def test_detail_that_is_counted_need_not_be_dealt_out(areas, ages):
    rng = np.random.default_rng(3)
    maps = [None, np.array([1, 0]), np.array(ages), np.array(areas)]
    sizes = [3, 2, max(ages) + 1, max(areas) + 1]
    counts = rng.integers(0, 20, sizes).astype(float)
    weights = rng.random((3, 2, len(ages), len(areas)))
    found = allot(counts, weights, maps)
    assert found == pytest.approx(plain_allot(counts, weights, maps), rel=1e-13, abs=1e-300)
    if len(set(ages)) == 4 and areas[2] == 0:
        # Nothing is divided: each cell is its count, to the last bit.
        here = np.array(areas) >= 0
        picked = counts[:, [1, 0]][..., np.array(areas)[here]]
        assert np.array_equal(found[..., here], picked)
        assert not found[..., ~here].any()


@pytest.mark.parametrize("arriving", [False, True])
@pytest.mark.parametrize("target", ["quarter", "district"])
def test_margins_of_moves_are_those_of_a_plain_loop(arriving, target):
    rng = np.random.default_rng(5)
    keys = ("11", "12", "21", "22")
    upper = Level("district", "District", 1, None)
    lower = Level("quarter", "Quarter", 2, None, ("district",))
    areas = AreaSystem(
        (upper, lower),
        (*(Area(n, "district", str(n), str(n)) for n in (1, 2)),
         *(Area(int(k), "quarter", k, k, {"district": k[0]}) for k in keys)),
    )  # fmt: skip
    days = (date(2020, 12, 31), date(2021, 12, 31), date(2022, 12, 31))
    values = rng.integers(0, 9, (4, 4, 3, 2)).astype(float)
    values[1, 2, 0, 1] = np.nan
    values[:, :, 1] = np.nan  # a year that is not known
    labels = {"area": keys, "date": days, "partner": keys}
    cube = Cube.of(labels, np.moveaxis(values, 2, 1), ages=AgeAxis.from_lows((0, 18)))
    found = margin(cube, areas, "quarter", target, arriving=arriving)
    unit = {k: k if target == "quarter" else k[0] for k in keys}
    for row, key in enumerate(found.labels["area"]):
        for year, age in np.ndindex(3, 2):
            pairs = [
                values[o, d, year, age]
                for o in range(4)
                for d in range(4)
                if unit[keys[o]] != unit[keys[d]] and unit[keys[d if arriving else o]] == key
            ]
            expected = np.nan if year == 1 else np.nansum(pairs)
            assert np.array_equal(found.values[row, year, age], expected, equal_nan=True)


def test_reading_a_town_can_be_cancelled_between_its_data_sets() -> None:
    """Reading is a good part of a short forecast: the window must not wait for all of it."""
    found, asked = counted(stocks(8)), []
    token = CancelToken()

    def cancelling(key: str) -> Cube:
        asked.append(key)
        if len(asked) == 2:
            token.cancel()
        return Source.cube(found, key)

    found.cube = cancelling  # type: ignore[method-assign]
    with pytest.raises(Cancelled):
        read_town(found, system(), "quarter", progress=Progress(token=token))
    assert len(asked) == 2


def test_reading_a_town_tells_that_it_goes_on() -> None:
    told: list[str] = []
    town = read_town(
        counted(stocks(8)), system(), "quarter",
        progress=Progress(lambda fraction, text: told.append(text)),
    )  # fmt: skip
    plain = read_town(counted(stocks(8)), system(), "quarter")
    assert len(told) > 5
    assert np.array_equal(town.register.stocks, plain.register.stocks)


def test_rounding_a_forecast_tells_each_year_and_changes_no_number() -> None:
    people = np.random.default_rng(2).random((4, 2, 1, 6, 3)) * 5
    told: list[int] = []
    assert np.array_equal(rounded_stocks(people, lambda: told.append(1)), rounded_stocks(people))
    assert len(told) == 4

    def stop() -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        rounded_stocks(people, stop)
