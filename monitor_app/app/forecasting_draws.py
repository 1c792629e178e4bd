"""Draws of a town: random rates, housing that comes late or never, given totals, chance itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from monitor_app.app.forecasting_drawroom import room_for_draws
from monitor_app.app.forecasting_housing import Planned, housing_plan
from monitor_app.app.forecasting_rates import TownRates
from monitor_app.app.forecasting_town import Town
from monitor_app.core.progress import Progress
from monitor_app.forecast.draw_events import DrawEvents
from monitor_app.forecast.draw_workers import cores
from monitor_app.forecast.draws import DrawKernel
from monitor_app.forecast.dwellings import HousingPlan
from monitor_app.forecast.ensemble import run_ensemble
from monitor_app.forecast.factors import FactorModel, default_factors, places_of
from monitor_app.forecast.noise import demographic_variance
from monitor_app.forecast.projection import Projection
from monitor_app.forecast.rng import DrawPlan, block_normals, stable_id
from monitor_app.forecast.spec import ForecastSpec
from monitor_app.forecast.state import Array

Paths = NDArray[np.float32]
#: Cells (and ``_CALLS``) times years times draws from which numba gains more than compiling takes.
WORTH_COMPILING = 1.5e9
#: The same from which several cores gain more time than starting processes takes.
WORTH_SHARING = 4e8
#: Each worker process has its own copy of the rates.
MOST_WORKERS = 8
#: Calls of a year's step take as long as so many cells.
_CALLS = 40_000.0


@dataclass(frozen=True, eq=False)
class DrawInputs:
    """What draws of a scenario need besides its rates: projects that are built in it, and the
    totals (years,) of the town that are given, NaN where free.

    ``kept``: paths of earlier scenarios with the same projects and totals. Scenarios share their
    random numbers anyway, and only deviations from the median are used: those of the first will
    do for the others, at a fraction of the time.
    """

    projects: Sequence[Planned] = ()
    city: Array | None = None
    kept: dict[object, Paths] = field(default_factory=dict)

    def mark(self, rows: Sequence[slice]) -> object:
        city = None if self.city is None else tuple(np.round(self.city, 3).tolist())
        built = tuple(str(p) for p in self.projects)
        return built, str(city), tuple((r.start, r.stop) for r in rows)


def given_totals(spec: ForecastSpec, town: Town, done: Projection) -> Array | None:
    """Totals (years,) of the town that targets fix, without those who are held apart; None where
    no year has one."""
    first = town.years[-1] + 1
    found = np.full(spec.years, np.nan)
    apart = 0.0 if town.special is None else float(town.special.sum())
    for target in spec.targets:
        if target.area is None and target.what == "population":
            # What was reached, not what was wanted: no draw can do better.
            found[target.year - first] = done.totals[target.year - first + 1].sum() - apart
    return found if np.isfinite(found).any() else None


def conditioned(
    widths: Sequence[tuple[Array, Array]], city: Array | None
) -> list[tuple[Array, Array]]:
    """Half widths of the total (years, areas) and of the town (years, 1) where its total is given:
    nothing in common is left, areas keep what is their own."""
    found = [(half.copy(), whole.copy()) for half, whole in widths]
    if city is None or not found:
        return found
    half, whole = found[0]
    fixed = np.isfinite(city)
    half[fixed] = np.sqrt(np.maximum(half[fixed] ** 2 - whole[fixed] ** 2, 0.0))
    whole[fixed] = 0.0
    return found


def drawn_paths(
    spec: ForecastSpec, town: Town, rates: TownRates, rows: Sequence[slice],
    districts: Mapping[str, str] | None, inputs: DrawInputs, progress: Progress,
) -> Paths:  # fmt: skip
    """Paths (years + 1, draws, rows, areas) in persons, ``rows`` age rows that are added up.

    A draw depends on the seed and its number alone: not on how many there are, nor on threads.
    """
    mark = inputs.mark(rows)
    if mark in inputs.kept:
        return inputs.kept[mark]
    layout = town.layout
    launch = np.ascontiguousarray(town.register.stocks[-1])
    work = (float(np.prod(layout.shape)) + _CALLS) * spec.years * spec.draws
    fast = work > WORTH_COMPILING
    kernel = DrawKernel(layout, launch, rates.first, spec.years, rows, fast=fast)
    factors = FactorModel(
        places_of(layout.areas, districts), default_factors(), spec.years, spec.seed, fast=fast
    )
    built = housing_plan(spec, town, inputs.projects, rates.first)
    found = run_ensemble(
        kernel,
        factors,
        spec.draws,
        workers=min(cores(), MOST_WORKERS) if work > WORTH_SHARING else 1,
        out=room_for_draws((spec.years + 1, spec.draws, len(rows), len(layout.areas))),
        events=_Events(spec, town.years[-1] + 1, built, inputs.city),
        after=chance(spec, town, rates, rows),
        progress=progress,
    ).paths
    inputs.kept[mark] = found
    return found


@dataclass(frozen=True, eq=False)
class _Events:
    """What happens in a draw apart from rates; see ``DrawEvents``."""

    spec: ForecastSpec
    first: int
    built: HousingPlan
    city: Array | None

    def __call__(self, draw: int) -> DrawEvents | None:
        built, years = self.built, self.spec.years
        if not built.schemes and self.city is None:
            return None
        plan = DrawPlan(self.spec.seed)
        residents = built.drawn(plan, draw, self.first, years) if built.schemes else None
        return DrawEvents(residents, built.profiles, built.from_town, self.city)


def chance(spec: ForecastSpec, town: Town, rates: TownRates, rows: Sequence[slice]) -> Chance:
    """Demographic noise of the age ``rows`` of a town.

    Noise is drawn for the finest age groups that all ``rows`` are made of, so that sums of rows
    agree; within an area their variances add up (a resident is in one age group only).
    """
    layout = town.layout
    top = layout.shape[2]
    edges = sorted({0, top, *(r.start or 0 for r in rows),
                    *(top if r.stop is None else min(r.stop, top) for r in rows)})  # fmt: skip
    parts = [slice(lo, hi) for lo, hi in pairwise(edges)]
    launch = np.ascontiguousarray(town.register.stocks[-1])
    mean, variance = demographic_variance(layout, launch, rates.of_step, spec.years, parts)
    size = np.divide(mean**2, variance, out=np.full_like(mean, 1e12), where=variance > 0)
    member = np.array(
        [[(r.start or 0) <= p.start and (r.stop is None or p.stop <= r.stop) for p in parts]
         for r in rows], dtype=np.float64,
    )  # fmt: skip
    # One ratio to the main variant for all rows, or sums of rows would not agree.
    widest = int(member.sum(axis=1).argmax())
    return Chance(
        seed=spec.seed,
        codes=np.array([stable_id(f"chance/{p.start}-{p.stop}") for p in parts], dtype=np.uint64),
        ids=np.array([stable_id(f"area/{a}") for a in layout.areas], dtype=np.uint64),
        spread=np.sqrt(variance),
        steep=1.0 / (3.0 * np.sqrt(np.clip(size, 0.05, 1e12))),
        member=member,
        widest=widest,
        main=np.einsum("p,ypa->ya", member[widest], mean),
    )


@dataclass(frozen=True, eq=False)
class Chance:
    """Adds demographic noise to the paths of a draw, in closed form and never fed back.

    Skewed like a gamma distribution (cube root of Wilson and Hilferty), positive, mean zero.
    ``spread`` and ``steep`` (years + 1, parts, areas): standard deviation and a third of the
    coefficient of variation; ``member`` (rows, parts) which parts a row is made of; ``widest`` the
    row whose ratio to ``main`` (years + 1, areas) scales the noise.
    """

    seed: int
    codes: NDArray[np.uint64]
    ids: NDArray[np.uint64]
    spread: Array
    steep: Array
    member: Array
    widest: int
    main: Array

    def __call__(self, draw: int, paths: Paths) -> None:
        steep, main = self.steep, self.main
        normals = block_normals((self.seed, draw), self.codes, self.ids, len(main), fast=False)
        z = np.moveaxis(normals, 0, 1)
        # ((1 - c² + c z)³ - 1) / (3 c) is a standard variate with the skewness of a gamma.
        skewed = ((1.0 - steep**2 + steep * z) ** 3 - 1.0) / (3.0 * steep)
        moved = np.einsum("rp,ypa->yra", self.member, self.spread * skewed)
        ratio = np.divide(paths[:, self.widest], main, out=np.ones_like(main), where=main > 0)
        moved *= np.sqrt(np.clip(ratio, 0.0, 4.0))[:, None]
        moved[0] = 0.0
        np.maximum(paths + moved, 0.0, out=paths, casting="same_kind")
