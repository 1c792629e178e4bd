"""Forecast the past of a town from earlier years, with what was known then, and score it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from monitor_app.app import forecasting_choose as choices
from monitor_app.app import forecasting_engine as engine
from monitor_app.app.forecasting_candidates import scored_bands, series
from monitor_app.app.forecasting_rates import Method
from monitor_app.app.forecasting_town import Town
from monitor_app.core.i18n import _
from monitor_app.core.issues import fail
from monitor_app.core.progress import Progress
from monitor_app.forecast.backtest import MINIMUM_HISTORY, Backtest, naive_methods
from monitor_app.forecast.combine import Weights
from monitor_app.forecast.defaults import mobility
from monitor_app.forecast.spread import Group, earlier_factor, learned_spread, widening
from monitor_app.forecast.state import Array

ENGINE = "engine"
#: The settings as given, beside an engine that chooses its own.
FIXED = "fixed"
HORIZONS = (1, 3, 5, 10)
_FIRST = choices.FIRST_ORIGIN
PROBABILITY = 0.8
#: No half width is larger than this share of the forecast.
WIDEST = 0.95
#: Marks a method that chooses its weights anew at every origin.
_ANY: dict[str, dict[str, Weights]] = {"town": {}}


@dataclass(frozen=True, eq=False)
class TownBacktest:
    """Scores of areas and, apart from them, of the whole town.

    ``areas`` and ``city`` share variables, origins and horizons; intervals are the central 80 per
    cent from errors known at the origin. ``chosen``: the engine chose its settings at each origin
    anew from what was known then; ``forecasts`` then has the settings as given, too (``fixed``).
    """

    town: Town
    bands: tuple[tuple[int, int | None], ...]
    areas: Backtest
    city: Backtest
    chosen: bool = False

    @property
    def years(self) -> tuple[int, ...]:
        """Years of the origins."""
        return tuple(self.town.years[o] for o in self.areas.origins)

    @property
    def naive(self) -> tuple[str, ...]:
        return tuple(m for m in self.areas.forecasts if m not in (ENGINE, FIXED))


@dataclass(frozen=True, eq=False)
class History:
    """Relative errors (origins, horizons 1…, variables, areas), NaN where not known yet; sizes at
    launch (origins, variables, areas); ``origins`` positions of launch years; ``runs`` forecasts
    (horizons 1…, variables, areas) by origin."""

    errors: Array
    sizes: Array
    origins: tuple[int, ...]
    runs: dict[int, Array]


def history(
    town: Town, method: Method, longest: int, progress: Progress, until: int | None = None,
    also: Sequence[int] = (),
) -> History:  # fmt: skip
    """What the method would have said at every origin up to position ``until`` (the last but one
    stock without it) and at ``also``, and how wrong that was.

    A method with a combination chooses its weights at every origin anew: those of today were
    learned from these very errors.
    """
    last = len(town.years) - 1
    bands = scored_bands(town.source_ages)
    observed = series(town.register.stocks, bands)
    origins = tuple(range(_FIRST, (last - 1 if until is None else until) + 1))
    runs: dict[int, Array] = {}
    if method.combination:
        plain = replace(method, combination={})
        past = choices.gather(town, plain, longest, progress, origins[-1], also)
        runs = {origin: past.forecast(origin)[:longest] for origin in past.origins}
    else:
        for done, origin in enumerate([*origins, *also]):
            progress.step(done / len(origins), str(town.years[origin]))
            runs[origin] = forecast_series(town.until(origin), method, longest, bands)
    errors, sizes = _errors(runs, observed, origins, longest)
    return History(errors, sizes, origins, runs)


def band_name(band: tuple[int, int | None]) -> str:
    lo, hi = band
    return f"{lo}+" if hi is None else f"{lo}–{hi - 1}"


def backtest(
    town: Town,
    method: Method,
    *,
    horizons: Sequence[int] = HORIZONS,
    origins: Sequence[int] | None = None,
    choosing: bool = False,
    progress: Progress | None = None,
) -> TownBacktest:
    """Rolling origins over the history of ``town``; ``origins`` are years.

    ``choosing``: the engine chooses its settings at every origin from what was known then; so does
    a method with a combination, whose weights may have been learned from the years scored here.
    ``UserError`` where the history is too short or an origin lies outside of it.
    """
    steps = progress or Progress()
    last = len(town.years) - 1
    chosen = _origins(town, origins)
    wanted = tuple(sorted({h for h in horizons if h <= last - chosen[0]}))
    longest = max(*wanted, 1)
    bands = scored_bands(town.source_ages)
    observed = series(town.register.stocks, bands)
    also = [o for o in chosen if o < _FIRST]
    given = replace(method, combination={})
    choosing = choosing or bool(method.combination)
    asked = replace(given, combination=_ANY) if choosing else given
    past = history(town, asked, longest, steps.part(0.0, 0.8), max(chosen), also)
    runs = {ENGINE: past.runs}
    if choosing:
        runs[FIXED] = history(town, given, longest, steps.part(0.8, 0.9), max(chosen), also).runs
    groups = groups_of(bands, town.layout.shape[2])
    intervals = PastIntervals(past.errors, past.sizes, past.origins, wanted, groups)
    areas, city = _scored(observed, bands, runs, intervals, chosen)
    steps.step(1.0)
    return TownBacktest(town, bands, areas, city, choosing)


def _scored(
    observed: Array, bands: Sequence[tuple[int, int | None]], runs: dict[str, dict[int, Array]],
    intervals: PastIntervals, chosen: list[int],
) -> tuple[Backtest, Backtest]:  # fmt: skip
    """Forecasts, ranges and what came, of areas and of the whole town."""
    wanted = intervals.horizons
    shape = (len(chosen), len(wanted), *observed.shape[1:])
    known, lower, upper = (np.full(shape, np.nan) for _i in range(3))
    edges = np.full((2, len(chosen), len(wanted), observed.shape[1], 1), np.nan)
    naive = naive_methods(observed)
    found = {name: np.full(shape, np.nan) for name in (*runs, *naive)}
    for row, origin in enumerate(chosen):
        for name, said in runs.items():
            found[name][row] = said[origin][[h - 1 for h in wanted]]
        for name, ask in naive.items():
            found[name][row] = ask(origin, wanted)
        for i, h in enumerate(wanted):
            if origin + h < len(observed):
                known[row, i] = observed[origin + h]
        for v in range(observed.shape[1]):
            half, city = intervals.at(v, origin)
            middle = found[ENGINE][row, :, v]
            lower[row, :, v], upper[row, :, v] = middle * (1 - half), middle * (1 + half)
            total = middle.sum(axis=-1, keepdims=True)
            edges[0, row, :, v], edges[1, row, :, v] = total * (1 - city), total * (1 + city)
    size = np.array([observed[o, 0] for o in chosen])
    names = (_("Total"), *(band_name(b) for b in bands))
    marks = tuple(chosen)
    areas = Backtest(names, marks, wanted, known, found, size, {ENGINE: (lower, upper)})
    whole = {n: f.sum(axis=-1, keepdims=True) for n, f in found.items()}
    city_test = Backtest(
        names, marks, wanted, known.sum(axis=-1, keepdims=True), whole,
        size.sum(axis=-1, keepdims=True), {ENGINE: (edges[0], edges[1])},
    )  # fmt: skip
    return areas, city_test


def _origins(town: Town, years: Sequence[int] | None) -> list[int]:
    """Positions of the origins; ``UserError`` where a test is not possible."""
    last = len(town.years) - 1
    if town.layout.step > 1:
        raise fail(
            "backtest-step",
            _("The method can be tested in single years only."),
            repair=_("Set “age_step” to “single”."),
        )
    usable = range(min(MINIMUM_HISTORY, max(last - 1, 1)), last)
    chosen = list(usable) if years is None else [_position(town, y) for y in years]
    if not chosen or last < _FIRST + 1:
        raise fail(
            "backtest-history",
            _("The population of {n} years is too short for a test of the method.").format(
                n=last + 1
            ),
            repair=_("Import earlier years."),
        )
    return chosen


def forecast_series(
    town: Town, method: Method, steps: int, bands: Sequence[tuple[int, int | None]]
) -> Array:
    """Engine's forecast (steps, variables, areas) from the newest stock of ``town``."""
    done, _missed = engine.run(town, method, steps)
    assert done.stocks is not None
    return series(done.stocks[1:], bands)


@dataclass(eq=False)
class PastIntervals:
    """Half widths of central 80 per cent intervals as shares of the forecast, by what was known.

    ``errors`` (origins, horizons 1…, variables, areas), ``sizes`` (origins, variables, areas);
    ``origins`` positions of launch years; ``horizons`` those wanted; ``groups`` of the variables.
    """

    errors: Array
    sizes: Array
    origins: tuple[int, ...]
    horizons: tuple[int, ...]
    groups: tuple[Group, ...]

    def __post_init__(self) -> None:
        self._said: dict[tuple[int, int, tuple[int, ...]], tuple[Array, Array]] = {}

    def at(self, variable: int, now: int) -> tuple[Array, Array]:
        """(horizons, areas) and, for the whole town, (horizons, 1), at launch position ``now``.

        Widened or narrowed by what the intervals of earlier origins would have needed.
        """
        every = tuple(range(1, max(*self.horizons, self.errors.shape[1]) + 1))
        own, town = self._usual(variable, now, every)
        past = [r for r, o in enumerate(self.origins) if o < now]
        if past:
            factors = self._needed(variable, now, past, every)
            own, town = own * factors[0][:, None], town * factors[1][:, None]
        rows = [h - 1 for h in self.horizons]
        return (
            np.minimum(widening(own)[rows], WIDEST),
            np.minimum(widening(town)[rows], WIDEST),
        )

    def _needed(
        self, variable: int, now: int, past: list[int], every: tuple[int, ...]
    ) -> tuple[Array, Array]:
        """Factors (horizons,) that the ranges of ``past`` would have needed, areas and town."""
        steps = self.errors.shape[1]
        seen = _known_errors(self.errors, self.origins, now)[past][:, :, variable]
        said = [self._usual(variable, self.origins[r], every) for r in past]
        widths, whole = (np.array([d[i][:steps] for d in said]) for i in (0, 1))
        size = self.sizes[past, variable]
        share = size / np.maximum(size.sum(axis=1, keepdims=True), 1e-12)
        town = (seen * share[:, None]).sum(axis=-1, keepdims=True)
        return (
            earlier_factor(seen, widths, every, PROBABILITY),
            earlier_factor(town, whole, every, PROBABILITY),
        )

    def _usual(self, variable: int, now: int, horizons: tuple[int, ...]) -> tuple[Array, Array]:
        """By the errors known at ``now``, before what earlier intervals would have needed."""
        if (variable, now, horizons) not in self._said:
            known = _known_errors(self.errors, self.origins, now)[:, :, variable]
            row = self.origins.index(now) if now in self.origins else -1
            self._said[variable, now, horizons] = half_widths(
                known, self.sizes[:, variable], self.sizes[row, variable], horizons,
                self.groups[variable],
            )  # fmt: skip
        return self._said[variable, now, horizons]


def half_widths(
    errors: Array, sizes: Array, people: Array, horizons: Sequence[int], group: Group
) -> tuple[Array, Array]:
    """Half widths by ``learned_spread``: (horizons, areas) and, for the whole town, (horizons, 1).

    ``errors`` (origins, horizons 1…, areas) known so far, ``sizes`` (origins, areas), ``people``
    (areas,) now.
    """
    spread = learned_spread(errors, sizes, horizons, group)
    own = np.array([spread[h].areas(people, PROBABILITY) for h in horizons])
    town = np.array([[spread[h].town(people, PROBABILITY)] for h in horizons])
    return np.minimum(own, WIDEST), np.minimum(town, WIDEST)


def groups_of(bands: Sequence[tuple[int, int | None]], ages: int) -> tuple[Group, ...]:
    """What the errors of the total and of age groups depend on."""
    readiness = np.sqrt(mobility(ages))
    usual = float(readiness[:80].mean())
    return (
        Group(),
        *(
            Group(
                float(readiness[lo:hi].mean()) / usual,
                (ages if hi is None else hi) if lo == 0 else 0,
            )
            for lo, hi in bands
        ),
    )


def _position(town: Town, year: int) -> int:
    if year not in town.years[1:-1]:
        raise fail(
            "backtest-origin",
            _("{year} cannot be the origin of a test.").format(year=year),
            value=str(year),
            repair=_("Choose a year from {first} to {last}.").format(
                first=town.years[1], last=town.years[-2]
            ),
        )
    return town.years.index(year)


def _errors(
    runs: dict[int, Array], observed: Array, origins: Sequence[int], longest: int
) -> tuple[Array, Array]:
    """Relative errors (origins, horizons, variables, areas), NaN unknown, and sizes at launch."""
    errors = np.full((len(origins), longest, *observed.shape[1:]), np.nan)
    for row, origin in enumerate(origins):
        for h in range(1, longest + 1):
            if origin + h < len(observed):
                came, said = observed[origin + h], runs[origin][h - 1]
                ok = said > 0
                errors[row, h - 1] = np.where(ok, came / np.where(ok, said, 1.0) - 1.0, np.nan)
    return errors, np.array([observed[o] for o in origins])


def _known_errors(errors: Array, origins: Sequence[int], now: int) -> Array:
    """Errors that could be known at position ``now``."""
    known = errors.copy()
    for row, origin in enumerate(origins):
        known[row, max(now - origin, 0) :] = np.nan
    return known
