"""Many draws, what they add up to, and quantiles of that.

Draw d is the same however many draws, threads or areas there are. Quantiles of a city or a district
come from sums within each draw, never from sums of quantiles.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from monitor_app.core.progress import Progress
from monitor_app.forecast.draw_events import DrawEvents
from monitor_app.forecast.draw_workers import by_processes, by_threads
from monitor_app.forecast.draws import DrawKernel
from monitor_app.forecast.factors import FactorModel
from monitor_app.forecast.noise import gamma_poisson
from monitor_app.forecast.state import Array

Float32 = NDArray[np.float32]
LEVELS = (0.05, 0.1, 0.5, 0.9, 0.95)


@dataclass(frozen=True, eq=False)
class Ensemble:
    """``paths`` (years + 1, draws, bands, areas) persons, float32, the launch first.

    May be memory-mapped. ``seed`` and the number of draws identify it.
    """

    paths: Float32
    seed: int

    @property
    def draws(self) -> int:
        return int(self.paths.shape[1])

    def aggregated(self, member: ArrayLike, bands: Sequence[Sequence[int]] | None = None) -> Array:
        """Sums within draws, (years + 1, draws, sets of bands, units) in float64.

        ``member`` (units, areas) of 0 and 1; ``bands``: positions of bands that are added up, all
        of them one by one if None.
        """
        units = np.asarray(member, dtype=np.float64)
        sets = [[b] for b in range(self.paths.shape[2])] if bands is None else bands
        found = np.empty((*self.paths.shape[:2], len(sets), len(units)))
        for year, values in enumerate(self.paths):
            for position, chosen in enumerate(sets):
                summed = values[:, list(chosen)].sum(axis=1, dtype=np.float64)
                found[year, :, position] = summed @ units.T
        return found


@dataclass(frozen=True, eq=False)
class _OneDraw:
    """Paths (years + 1, bands, areas) of a draw; can be sent to another process."""

    kernel: DrawKernel
    factors: FactorModel
    first: int
    events: Callable[[int], DrawEvents | None] | None
    after: Callable[[int, Float32], None] | None

    def __call__(self, position: int, into: Float32 | None = None) -> Float32:
        kernel, draw = self.kernel, self.first + position
        shape = kernel.years + 1, len(kernel.bands), len(kernel.layout.areas)
        own = np.empty(shape, dtype=np.float32) if into is None else into
        events = None if self.events is None else self.events(draw)
        kernel.run(self.factors.multipliers(draw), own, events)
        if self.after is not None:
            self.after(draw, own)
        return own


def run_ensemble(
    kernel: DrawKernel,
    factors: FactorModel,
    draws: int,
    *,
    first: int = 0,
    workers: int = 1,
    out: Float32 | None = None,
    events: Callable[[int], DrawEvents | None] | None = None,
    after: Callable[[int, Float32], None] | None = None,
    progress: Progress | None = None,
) -> Ensemble:
    """Draws ``first`` … ``first + draws - 1``.

    ``out``: where to write the paths (a memory map, say), new memory if None. ``events`` of a draw;
    ``after`` changes the paths (years + 1, bands, areas) of a finished draw, say by noise.
    ``workers``: threads where the kernel is compiled, else processes, to which ``events`` and
    ``after`` must be picklable. A cancelled run raises ``Cancelled`` and leaves ``out`` unfinished.
    """
    areas = len(kernel.layout.areas)
    shape = (kernel.years + 1, draws, len(kernel.bands), areas)
    paths = np.empty(shape, dtype=np.float32) if out is None else out
    if paths.shape != shape:
        raise ValueError(f"paths have shape {paths.shape}, not {shape}")
    if factors.places.areas != kernel.layout.areas or factors.years != kernel.years:
        raise ValueError("areas or years of the factors are not those of the kernel")
    one, told = _OneDraw(kernel, factors, first, events, after), progress or Progress()
    if workers <= 1:
        for position in range(draws):
            told.step(position / draws)
            one(position, paths[:, position])
    else:
        spread = by_processes if kernel.compiled is None else by_threads
        # Closed at once after an error: workers do not outlive the run.
        with closing(spread(one, draws, workers, told)) as results:
            for done, (position, own) in enumerate(results, start=1):
                paths[:, position] = own
                told.step(done / draws)
    return Ensemble(paths, factors.seed)


def quantiles(paths: ArrayLike, levels: Sequence[float] = LEVELS) -> Array:
    """Quantiles (levels, years, …) over the draws of ``paths`` (years, draws, …).

    Linear between order statistics, like ``numpy.quantile``; year by year, draws made contiguous
    first, which is four times faster than along the second axis.
    """
    values = np.asarray(paths)
    years, draws = values.shape[:2]
    found = np.empty((len(levels), years, *values.shape[2:]))
    spots = np.asarray(levels, dtype=np.float64) * (draws - 1)
    low = np.floor(spots).astype(np.int64)
    high, part = np.minimum(low + 1, draws - 1), spots - low
    for year in range(years):
        series = np.ascontiguousarray(values[year].reshape(draws, -1).T)
        series.sort(axis=1)
        lower, upper = series[:, low].astype(np.float64), series[:, high]
        result = lower + (upper - lower) * part
        found[:, year] = result.T.reshape(len(levels), *values.shape[2:])
    return found


def with_demographic_noise(paths: Array, mean: Array, variance: Array, uniforms: Array) -> Array:
    """Whole-number-like demographic noise added to sums of draws, never fed back.

    ``paths`` (years, draws, …) expected persons in each draw; ``mean`` and ``variance`` (years, …)
    of the main variant (``noise.demographic_variance``); ``uniforms`` like ``paths``, in (0, 1).
    Each value is replaced by a gamma variate with its own mean and the variance of the main
    variant in proportion to the mean.
    """
    ratio = np.divide(variance, mean, out=np.zeros_like(variance), where=mean > 0)
    return gamma_poisson(paths, paths * ratio[:, None], uniforms)
