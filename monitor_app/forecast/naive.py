"""Extrapolation benchmarks: what a forecast has to beat.

Methods after Smith, Tayman, Swanson, A Practitioner's Guide to State and Local Population
Projections (2013), and Wilson (2015, 2022). ``series`` (years, areas) of yearly totals, the last
row is the launch year; ``horizons`` (h,) years ahead; results (h, areas).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from monitor_app.forecast.control import plus_minus

Array = NDArray[np.float64]

BASE_PERIOD = 5
DAMPING = 0.8
RATIO_BOUNDS = (0.3, 3.0)


def _launch(series: ArrayLike, period: int) -> tuple[Array, Array]:
    """First and last year of the base period, each (areas,)."""
    values = np.asarray(series, dtype=np.float64)
    if len(values) <= period:
        raise ValueError(f"a base period of {period} years needs {period + 1} values")
    return values[-1 - period], values[-1]


def _column(horizons: ArrayLike) -> Array:
    return np.atleast_1d(np.asarray(horizons, dtype=np.float64))[:, None]


def constant(series: ArrayLike, horizons: ArrayLike) -> Array:
    """No change since the launch year."""
    last = np.asarray(series, dtype=np.float64)[-1]
    return np.asarray(last + 0.0 * _column(horizons), dtype=np.float64)


def linear(series: ArrayLike, horizons: ArrayLike, period: int = BASE_PERIOD) -> Array:
    """The mean yearly change of the base period goes on; never below zero."""
    first, last = _launch(series, period)
    return np.maximum(last + (last - first) / period * _column(horizons), 0.0)


def exponential(series: ArrayLike, horizons: ArrayLike, period: int = BASE_PERIOD) -> Array:
    """The mean yearly growth rate of the base period goes on. Explodes in small areas."""
    first, last = _launch(series, period)
    ratio = np.divide(last, first, out=np.ones_like(last), where=first > 0)
    return np.asarray(last * ratio ** (_column(horizons) / period), dtype=np.float64)


def lin_exp(series: ArrayLike, horizons: ArrayLike, period: int = BASE_PERIOD) -> Array:
    """Linear where the base period grew, exponential where it shrank (Wilson 2015)."""
    first, last = _launch(series, period)
    straight = linear(series, horizons, period)
    return np.where(last >= first, straight, exponential(series, horizons, period))


def damped(
    series: ArrayLike, horizons: ArrayLike, period: int = BASE_PERIOD, damping: float = DAMPING
) -> Array:
    """Linear change that loses ``1 - damping`` of itself each year; never below zero."""
    first, last = _launch(series, period)
    weight = damping * (1.0 - damping ** _column(horizons)) / (1.0 - damping)
    return np.maximum(last + (last - first) / period * weight, 0.0)


def constant_share(series: ArrayLike, city: ArrayLike, city_forecast: ArrayLike) -> Array:
    """Each area keeps its launch-year share of the city; ``city_forecast`` (h,)."""
    areas, whole = (np.asarray(a, dtype=np.float64)[-1] for a in (series, city))
    # Where nobody (of an age) lives in the whole town, nobody has a share.
    share = np.divide(areas, whole, out=np.zeros_like(areas), where=np.asarray(whole) > 0)
    return np.asarray(_column(city_forecast) * share, dtype=np.float64)


def constant_share_of_growth(
    series: ArrayLike, city: ArrayLike, city_forecast: ArrayLike, period: int = BASE_PERIOD
) -> Array:
    """Each area keeps its share of the city's growth in the base period."""
    first, last = _launch(series, period)
    base = np.asarray(city, dtype=np.float64)
    growth = base[-1] - base[-1 - period]
    share = (last - first) / growth if growth != 0 else np.zeros_like(last)
    return np.asarray(last + share * (_column(city_forecast) - base[-1]), dtype=np.float64)


def variable_share_of_growth(
    series: ArrayLike, horizons: ArrayLike, city_forecast: ArrayLike, period: int = BASE_PERIOD
) -> Array:
    """Linear growth of the areas, gains and losses scaled by plus-minus to the city's growth.

    The areas of ``series`` must be the whole city; ``city_forecast`` (h,) is what they add up to.
    """
    first, last = _launch(series, period)
    yearly = (last - first) / period
    steps, totals = np.atleast_1d(np.asarray(horizons)), np.atleast_1d(np.asarray(city_forecast))
    rows = [
        last + plus_minus(yearly * h, float(total - last.sum()), weights=last)
        for h, total in zip(steps, totals, strict=True)
    ]
    return np.maximum(np.array(rows), 0.0)


def csp_vsg(
    series: ArrayLike, horizons: ArrayLike, city_forecast: ArrayLike, period: int = BASE_PERIOD
) -> Array:
    """Mean of constant share of population and variable share of growth (Wilson 2015)."""
    city = np.asarray(series, dtype=np.float64).sum(axis=1)
    share = constant_share(series, city, city_forecast)
    growth = variable_share_of_growth(series, horizons, city_forecast, period)
    return np.asarray((share + growth) / 2.0, dtype=np.float64)


def mean_of_five(
    series: ArrayLike, horizons: ArrayLike, city_forecast: ArrayLike, period: int = BASE_PERIOD
) -> Array:
    """Mean of constant, LIN/EXP, damped, constant share and variable share of growth."""
    city = np.asarray(series, dtype=np.float64).sum(axis=1)
    parts = (
        constant(series, horizons),
        lin_exp(series, horizons, period),
        damped(series, horizons, period),
        constant_share(series, city, city_forecast),
        variable_share_of_growth(series, horizons, city_forecast, period),
    )
    return np.asarray(np.mean(parts, axis=0), dtype=np.float64)


def all_totals(
    series: ArrayLike, horizons: ArrayLike, city_forecast: ArrayLike, period: int = BASE_PERIOD
) -> dict[str, Array]:
    """Every benchmark of area totals by name, each (h, areas)."""
    city = np.asarray(series, dtype=np.float64).sum(axis=1)
    plain: dict[str, Callable[[], Array]] = {
        "constant": lambda: constant(series, horizons),
        "linear": lambda: linear(series, horizons, period),
        "exponential": lambda: exponential(series, horizons, period),
        "lin_exp": lambda: lin_exp(series, horizons, period),
        "damped": lambda: damped(series, horizons, period),
        "constant_share": lambda: constant_share(series, city, city_forecast),
        "vsg": lambda: variable_share_of_growth(series, horizons, city_forecast, period),
        "csp_vsg": lambda: csp_vsg(series, horizons, city_forecast, period),
        "mean_of_five": lambda: mean_of_five(series, horizons, city_forecast, period),
    }
    return {name: method() for name, method in plain.items()}


def cohort_change_ratios(before: ArrayLike, after: ArrayLike) -> Array:
    """Hamilton-Perry ratios (…, ages): ``after[x] / before[x-1]``, NaN in the first age.

    Stocks (…, ages) one step apart, where a step is as long as an age group is wide; the last
    ratio takes the two oldest groups of ``before`` together. 1 where nobody was there before.
    """
    old, new = np.asarray(before, dtype=np.float64), np.asarray(after, dtype=np.float64)
    exposed = np.empty_like(old)
    exposed[..., 1:] = old[..., :-1]
    exposed[..., -1] += old[..., -1]
    exposed[..., 0] = 0.0
    ratios = np.divide(new, exposed, out=np.ones_like(new), where=exposed > 0)
    ratios[..., 0] = np.nan
    return ratios


def child_ratio(stock: ArrayLike, parents: ArrayLike, childbearing: slice) -> Array:
    """Children of the first age group per person of childbearing age; (…)."""
    children = np.asarray(stock, dtype=np.float64)[..., 0]
    adults = np.asarray(parents, dtype=np.float64)[..., childbearing].sum(axis=-1)
    ratio = np.divide(children, adults, out=np.zeros_like(children), where=adults > 0)
    return np.asarray(ratio, dtype=np.float64)


def bounded(ratios: ArrayLike, bounds: tuple[float, float] = RATIO_BOUNDS) -> Array:
    """Ratios held inside ``bounds``; NaN stays."""
    return np.clip(np.asarray(ratios, dtype=np.float64), *bounds)


def shrunk_ratios(before: ArrayLike, after: ArrayLike, pseudo: float) -> Array:
    """Cohort change ratios of areas (areas, ages) pulled towards those of the whole city.

    ``(after + pseudo * R) / (before + pseudo)``: ``pseudo`` persons of the city's experience R are
    added to each cohort of each area.
    """
    old, new = np.asarray(before, dtype=np.float64), np.asarray(after, dtype=np.float64)
    city = cohort_change_ratios(old.sum(axis=0), new.sum(axis=0))
    exposed = np.zeros_like(old)
    exposed[..., 1:] = old[..., :-1]
    exposed[..., -1] += old[..., -1]
    ratios = (new + pseudo * np.nan_to_num(city)) / (exposed + pseudo)
    ratios[..., 0] = np.nan
    return np.asarray(ratios, dtype=np.float64)


def hamilton_perry(
    stock: ArrayLike, ratios: ArrayLike, child: ArrayLike, childbearing: slice
) -> Array:
    """One Hamilton-Perry step: stock (…, ages) -> (…, ages) one group width later."""
    now, change = np.asarray(stock, dtype=np.float64), np.asarray(ratios, dtype=np.float64)
    later = np.empty_like(now)
    later[..., 1:] = now[..., :-1] * change[..., 1:]
    later[..., -1] = (now[..., -2] + now[..., -1]) * change[..., -1]
    later[..., 0] = np.asarray(child) * later[..., childbearing].sum(axis=-1)
    return later
