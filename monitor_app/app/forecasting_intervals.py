"""Probable ranges of a forecast: who errs together from draws, by how much from the past."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from monitor_app.app.forecasting_backtest import (
    PROBABILITY,
    History,
    PastIntervals,
    groups_of,
    half_widths,
)
from monitor_app.app.forecasting_candidates import scored_bands, series
from monitor_app.app.forecasting_draws import DrawInputs, Paths, conditioned, drawn_paths
from monitor_app.app.forecasting_fans import Fans, cell_chance, make_fans, planning_rows
from monitor_app.app.forecasting_limits import Limits
from monitor_app.app.forecasting_rates import TownRates
from monitor_app.app.forecasting_town import Town
from monitor_app.core.areas import AreaSystem
from monitor_app.core.progress import Progress
from monitor_app.forecast.projection import Projection
from monitor_app.forecast.spec import ForecastSpec
from monitor_app.forecast.state import Array

QUANTILES = (0.05, 0.1, 0.5, 0.9, 0.95)


@dataclass(frozen=True, eq=False)
class Intervals:
    """Quantiles (levels, years + 1, total and age groups, areas) and those of the whole town."""

    levels: tuple[float, ...]
    bands: tuple[tuple[int, int | None], ...]
    areas: Array
    city: Array
    draws: int
    seed: int
    own_history: bool
    fans: Fans | None = None


def make_intervals(
    spec: ForecastSpec, town: Town, rates: TownRates, done: Projection,
    widths: Sequence[tuple[Array, Array]], own_history: bool, areas: AreaSystem,
    progress: Progress, inputs: DrawInputs | None = None,
) -> Intervals:  # fmt: skip
    """Quantiles from draws around the scenario, their spread fitted to past errors.

    Draws give who errs together (town, district, area, age group); the errors of the town's own
    past, pooled with defaults, give how much, apart for the town and for areas.
    """
    bands = scored_bands(town.source_ages)
    rows = [slice(0, None), *(slice(lo, hi) for lo, hi in bands)]
    rows += planning_rows(town.source_ages)
    inputs = inputs or DrawInputs()
    widths = conditioned(widths, inputs.city)
    drawn = drawn_paths(
        spec, town, rates, rows, _districts(areas, town), inputs, progress.part(0.0, 0.8)
    )
    assert done.stocks is not None
    main = series(done.stocks, bands)
    limits = Limits.of(spec, town.layout.areas, done)
    city_levels = np.empty((len(QUANTILES), *main.shape[:2]))
    levels = np.empty((len(QUANTILES), *main.shape))
    levels[:, 0], city_levels[:, 0] = main[0], main[0].sum(axis=1)
    for year in range(1, len(main)):
        progress.step(0.8 + 0.2 * year / len(main))
        width = [(half[year - 1], float(whole[year - 1, 0])) for half, whole in widths]
        levels[:, year], city_levels[:, year] = _quantiles_of_year(
            drawn[year], main[year], width, limits, year
        )
    fans = make_fans(town, areas, done.stocks, drawn, bands, widths, limits)
    fans = replace(fans, chance=cell_chance(town, rates, spec.years))
    return Intervals(
        QUANTILES, bands, levels, city_levels, spec.draws, spec.seed, own_history, fans
    )


def _quantiles_of_year(
    drawn: Paths, main: Array, width: Sequence[tuple[Array, float]], limits: Limits | None,
    year: int,
) -> tuple[Array, Array]:  # fmt: skip
    """Quantiles (levels, total and age groups, areas) and those of the town (levels, total and age
    groups) of one year; ``drawn`` (draws, rows, areas), ``main`` (total and age groups, areas)."""
    areas = np.empty((len(QUANTILES), *main.shape))
    city = np.empty((len(QUANTILES), len(main)))
    factor: Array | None = None
    for v, middle in enumerate(main):
        paths = _spread(drawn[:, v].astype(np.float64), middle, *width[v])
        if limits is not None and v == 0:
            factor = limits.factor(paths, year)
        if factor is not None:
            # Who does not fit in a draw is of all ages.
            paths = paths * factor
        found = np.maximum(np.median(paths, axis=0), 1e-9)
        areas[:, v] = np.quantile(paths * (middle / found), QUANTILES, axis=0)
        if limits is not None:
            areas[:, v] = limits.clipped(areas[:, v], year, part=v > 0)
        # Sums of skewed paths lie a little higher: the median stays the scenario.
        sums = paths.sum(axis=1)
        sums *= middle.sum() / max(float(np.median(sums)), 1e-9)
        city[:, v] = np.quantile(sums, QUANTILES)
    return areas, city


def _spread(drawn: Array, main: Array, half: Array, whole: float) -> Array:
    """Paths (draws, areas) around ``main`` (areas,): the draws' deviations, stretched so that the
    town and its areas have the expected 80 per cent half widths (shares of the forecast)."""
    values = np.maximum(np.asarray(drawn, dtype=np.float64), 1e-9)
    logs = np.log(values / np.maximum(np.median(values, axis=0), 1e-9))
    weight = main / max(float(main.sum()), 1e-9)
    town = logs @ weight
    town -= np.median(town)
    own = logs - town[:, None]
    own -= np.median(own, axis=0)
    size = np.quantile(np.abs(town), PROBABILITY)
    common = town * (np.log1p(whole) / size if size > 0 else 0.0)
    left = np.sqrt(np.maximum(np.log1p(half) ** 2 - np.log1p(whole) ** 2, 0.05 * half**2))
    sizes = np.quantile(np.abs(own), PROBABILITY, axis=0)
    local = own * np.divide(left, sizes, out=np.zeros_like(left), where=sizes > 0)
    if len(main) == 1:
        local = np.zeros_like(local)
    paths = main * np.exp(common[:, None] + local)
    if whole == 0.0:
        # The total of the town is given: what areas have of their own adds up to nothing.
        paths *= main.sum() / np.maximum(paths.sum(axis=1, keepdims=True), 1e-9)
    return np.asarray(paths, dtype=np.float64)


def expected_widths(
    past: History | None, town: Town, years: int, progress: Progress
) -> list[tuple[Array, Array]]:
    """Half widths (years, areas) and of the whole town (years, 1), for each variable.

    By the errors of the town's own past, or by defaults where there is none.
    """
    bands = scored_bands(town.source_ages)
    launch = series(town.register.stocks[-1:], bands)[0]
    horizons, now, found = tuple(range(1, years + 1)), len(town.years) - 1, []
    groups = groups_of(bands, town.layout.shape[2])
    for variable, people in enumerate(launch):
        progress.step(variable / len(launch))
        if past is None:
            none = np.full((1, years, len(people)), np.nan)
            found.append(half_widths(none, people[None], people, horizons, groups[variable]))
            continue
        errors = np.full((len(past.origins) + 1, years, *past.errors.shape[2:]), np.nan)
        errors[:-1, : past.errors.shape[1]] = past.errors[:, :years]
        sizes = np.concatenate([past.sizes, launch[None]])
        model = PastIntervals(errors, sizes, (*past.origins, now), horizons, groups)
        found.append(model.at(variable, now))
    return found


def _districts(areas: AreaSystem, town: Town) -> dict[str, str] | None:
    try:
        parents = areas.level(town.level).parents
    except KeyError:
        return None
    if not parents:
        return None
    found = areas.ancestor(town.level, parents[0])
    return found if all(a in found for a in town.layout.areas) else None
