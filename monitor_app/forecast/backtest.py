"""Forecast the past from earlier origins and hold it against what came.

Rolling origins; at each origin a method sees only what was known then (naive methods are handed a
series that ends there, an engine is asked by its origin and has to keep the rule itself).
Variables are totals or age groups ``[variable, area]``; the first variable is the total.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from monitor_app.core.progress import Progress
from monitor_app.forecast import naive, rng
from monitor_app.forecast.scores import PointScores, coverage, point_scores, shelf_life
from monitor_app.forecast.state import Array

#: (origin, horizons) -> forecasts (horizons, variables, areas) in persons. ``origin`` is the
#: position of the launch year in the observed series.
Method = Callable[[int, tuple[int, ...]], Array]
#: (origin, horizons) -> (lower, upper), each (horizons, variables, areas).
IntervalMethod = Callable[[int, tuple[int, ...]], tuple[Array, Array]]

HORIZONS = (1, 2, 3, 5, 7, 10)
#: Lower bounds of the size classes by population at launch.
SIZE_CLASSES = (0.0, 1500.0, 3500.0, 7500.0, 12500.0)
#: Areas with fewer observed persons count in weighted metrics only.
MINIMUM_BASE = 15.0
MINIMUM_HISTORY = 5


@dataclass(frozen=True)
class ScoreRow:
    """Scores of one method for one variable, horizon and size class (None: all areas; -1: city)."""

    method: str
    variable: str
    horizon: int
    size_class: int | None
    origins: int
    scores: PointScores


@dataclass(frozen=True, eq=False)
class Backtest:
    """Forecasts and what was observed, (origins, horizons, variables, areas); NaN: not known yet.

    ``size`` (origins, areas): population at launch.
    """

    variables: tuple[str, ...]
    origins: tuple[int, ...]
    horizons: tuple[int, ...]
    observed: Array
    forecasts: Mapping[str, Array]
    size: Array
    intervals: Mapping[str, tuple[Array, Array]]

    def score(
        self, method: str, variable: int, horizon: int, size_class: int | None = None
    ) -> ScoreRow:
        """Point scores over origins and areas; ``horizon`` in years."""
        h = self.horizons.index(horizon)
        f, o = self.forecasts[method][:, h, variable], self.observed[:, h, variable]
        known = np.isfinite(o)
        if size_class == -1:
            used = known.all(axis=1)
            f, o = f[used].sum(axis=1), o[used].sum(axis=1)
            row = point_scores(f, o)
        else:
            if size_class is not None:
                known = known & (self._classes() == size_class)
            base = known & (o >= MINIMUM_BASE)
            used = known.any(axis=1)
            row = _joined(point_scores(f[base], o[base]), point_scores(f[known], o[known]))
        return ScoreRow(method, self.variables[variable], horizon, size_class, int(used.sum()), row)

    def _classes(self) -> NDArray[np.int64]:
        return np.searchsorted(np.array(SIZE_CLASSES), self.size, side="right") - 1

    def table(self) -> tuple[ScoreRow, ...]:
        """Every method, variable, horizon, and size class that has areas; the city apart."""
        rows = []
        present = [None, -1, *np.unique(self._classes()).tolist()]
        for method in self.forecasts:
            for variable in range(len(self.variables)):
                for horizon in self.horizons:
                    if not np.isfinite(self.observed[:, self.horizons.index(horizon)]).any():
                        continue
                    rows += [self.score(method, variable, horizon, c) for c in present]
        return tuple(rows)

    def best(self, among: Sequence[str], variable: int, horizon: int) -> str:
        """The method with the lowest median error; ties go to the first."""
        errors = [self.score(m, variable, horizon).scores.mdape for m in among]
        return among[int(np.nanargmin(errors))]

    def shelf_life(self, method: str, variable: int = 0) -> int:
        """Largest horizon with 80 per cent of the areas within 10 per cent."""
        return shelf_life(
            {h: self.score(method, variable, h).scores.within_10 for h in self.horizons}
        )

    def chance_to_beat(
        self, method: str, benchmark: str, variable: int, horizon: int, resamples: int = 1000
    ) -> float:
        """Share of bootstrap resamples in which ``method`` has the smaller median error.

        Whole origins are drawn: the areas of one origin share the errors of their city.
        """
        h = self.horizons.index(horizon)
        o = self.observed[:, h, variable]
        used = np.isfinite(o).any(axis=1)
        errors = []
        for name in (method, benchmark):
            f = self.forecasts[name][:, h, variable]
            with np.errstate(divide="ignore", invalid="ignore"):
                ape = np.where(o >= MINIMUM_BASE, np.abs(f - o) / o, np.nan)
            errors.append(ape[used])
        count = int(used.sum())
        if count == 0:
            return float("nan")
        ids = np.arange(resamples, dtype=np.uint64)
        uniform = rng.DrawPlan(0).uniforms(0, "bootstrap", ids, count)
        chosen = np.minimum((uniform * count).astype(np.int64), count - 1).T
        times = (chosen[:, :, None] == np.arange(count)).sum(axis=1)
        wins = _medians(errors[0], times) < _medians(errors[1], times)
        return float(np.mean(wins))

    def coverage(
        self, method: str, variable: int, horizon: int, size_class: int | None = None
    ) -> float:
        """Share of areas (and origins) inside their interval, 0..1; NaN where none is known."""
        h = self.horizons.index(horizon)
        o = self.observed[:, h, variable]
        lower, upper = (bound[:, h, variable] for bound in self.intervals[method])
        known = np.isfinite(o) & np.isfinite(lower)
        if size_class is not None:
            known &= self._classes() == size_class
        return coverage(lower[known], upper[known], o[known]) if known.any() else float("nan")


def _medians(errors: Array, times: NDArray[np.int64]) -> Array:
    """Medians (resamples,) of errors (origins, areas), NaN left out, each origin taken as often as
    ``times`` (resamples, origins) says. One sort for all resamples."""
    known = np.isfinite(errors)
    values = errors[known]
    order = np.argsort(values, kind="stable")
    origin = np.nonzero(known)[0][order]
    reached = np.cumsum(times[:, origin], axis=1)
    total = reached[:, -1:]
    low, high = (
        values[order][np.minimum((reached < rank).sum(axis=1), len(values) - 1)]
        for rank in ((total + 1) // 2, total // 2 + 1)
    )
    return np.asarray((low + high) / 2.0, dtype=np.float64)


def _joined(percentages: PointScores, all_cells: PointScores) -> PointScores:
    """Percentage metrics of areas large enough, weighted metrics of all areas."""
    return replace(
        percentages,
        wmape=all_cells.wmape,
        rmse=all_cells.rmse,
        total_error=all_cells.total_error,
    )


def run_backtest(
    observed: ArrayLike,
    variables: Sequence[str],
    methods: Mapping[str, Method],
    *,
    horizons: Sequence[int] = HORIZONS,
    origins: Sequence[int] | None = None,
    intervals: Mapping[str, IntervalMethod] | None = None,
    progress: Progress | None = None,
) -> Backtest:
    """Ask every method at every origin.

    ``observed`` (years, variables, areas), NaN where not known; ``origins`` positions of launch
    years, by default all with ``MINIMUM_HISTORY`` years before them and a year after.
    """
    series = np.asarray(observed, dtype=np.float64)
    years = len(series)
    steps = tuple(h for h in sorted(horizons) if h < years)
    if origins is None:
        origins = range(MINIMUM_HISTORY, years - 1)
    shape = (len(origins), len(steps), *series.shape[1:])
    known = np.full(shape, np.nan)
    found = {name: np.full(shape, np.nan) for name in methods}
    bounds = {n: (np.full(shape, np.nan), np.full(shape, np.nan)) for n in intervals or {}}
    for position, origin in enumerate(origins):
        for h, step in enumerate(steps):
            if origin + step < years:
                known[position, h] = series[origin + step]
        for done, (name, method) in enumerate(methods.items()):
            if progress is not None:
                progress.step((position + done / len(methods)) / len(origins), name)
            found[name][position] = method(origin, steps)
        for name, interval in (intervals or {}).items():
            if progress is not None:
                progress.step(None, name)
            for target, bound in zip(bounds[name], interval(origin, steps), strict=True):
                target[position] = bound
    size = np.array([series[origin, 0] for origin in origins])
    return Backtest(tuple(variables), tuple(origins), steps, known, found, size, bounds)


def naive_methods(observed: ArrayLike, city_forecast: Method | None = None) -> dict[str, Method]:
    """Benchmarks for every variable by its own series, from what was known at the origin.

    ``observed`` (years, variables, areas). Shares of the city need its future: ``city_forecast``
    gives it (horizons, variables, 1); without one the city goes on by LIN/EXP of its own total.
    Series with a gap in the base period keep their last value.
    """
    series = np.asarray(observed, dtype=np.float64)
    names = tuple(naive.all_totals(np.ones((naive.BASE_PERIOD + 1, 1)), [1], [1.0]))

    def city(known: Array, steps: tuple[int, ...], origin: int, variable: int) -> Array:
        if city_forecast is not None:
            return city_forecast(origin, steps)[:, variable, 0]
        total = known.sum(axis=1, keepdims=True)
        return naive.lin_exp(total, steps, _period(known))[:, 0]

    def make(name: str) -> Method:
        def method(origin: int, steps: tuple[int, ...]) -> Array:
            history = series[: origin + 1]
            found = np.full((len(steps), *series.shape[1:]), np.nan)
            for variable in range(series.shape[1]):
                known = history[:, variable]
                whole = np.isfinite(known[-1 - _period(known) :]).all(axis=0)
                found[:, variable] = known[-1]
                part = known[:, whole]
                if part.shape[1]:
                    goal = city(part, steps, origin, variable)
                    values = naive.all_totals(part, steps, goal, _period(part))
                    found[:, variable, whole] = values[name]
            return found

        return method

    return {name: make(name) for name in names}


def _period(known: Array) -> int:
    return min(naive.BASE_PERIOD, len(known) - 1)
