"""Run a state forward step by step and keep what is asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from monitor_app.core.progress import Progress
from monitor_app.forecast.flows import COMPONENTS, SIGNS, Step
from monitor_app.forecast.hazard import Prepared, Workspace, hazard_step
from monitor_app.forecast.published import published_step
from monitor_app.forecast.rates import BirthExposure, Scheme, StepRates
from monitor_app.forecast.state import Array, Layout, arrays_like

#: Rates of the step that begins so many steps after the launch.
RatesOf = Callable[[int], StepRates]
#: Changes the result of a step (targets, bounds); must return a step that balances.
Control = Callable[[int, Step], Step]


@dataclass(frozen=True, eq=False)
class Projection:
    """Result of a run of T steps.

    ``stocks`` (T + 1, sex, group, age, area) persons at the end of each step, the launch first,
    or None where they were not kept; ``age_sums`` (T + 1, age bands, area) over sexes and groups;
    ``components`` name -> (T, area); ``final`` the last stock; ``imbalance`` the largest difference
    in any cell of any step to the balance equation (by area where cells were not kept), persons.
    """

    layout: Layout
    stocks: Array | None
    age_sums: Array
    components: dict[str, Array]
    final: Array
    imbalance: float
    floored: int = 0

    @property
    def totals(self) -> Array:
        """Persons (T + 1, area); the age bands of the run must tile all ages."""
        return np.asarray(self.age_sums.sum(axis=1), dtype=np.float64)


def constant_rates(rates: StepRates) -> RatesOf:
    """The same rates in every step."""
    return lambda _: rates


def rates_of_steps(rates: Sequence[StepRates]) -> RatesOf:
    """One entry per step, the last one for all later steps."""
    return lambda step: rates[min(step, len(rates) - 1)]


def project(
    layout: Layout,
    launch: Array,
    rates_of: RatesOf,
    steps: int,
    *,
    scheme: Scheme = Scheme.HAZARD,
    exposure: BirthExposure = BirthExposure.PERIOD,
    bands: Sequence[slice] = (slice(None),),
    keep_stocks: bool = True,
    check_cells: bool = True,
    control: Control | None = None,
    first_step: int = 0,
    progress: Progress | None = None,
) -> Projection:
    """Project ``launch`` ``[sex, group, age, area]`` (persons) over ``steps`` steps.

    ``bands``: age rows that ``age_sums`` adds up. ``check_cells`` False leaves out the flows of
    single cells (faster, less memory); a ``control`` needs them. ``first_step`` continues a run:
    ``rates_of`` is asked for ``first_step``, ``first_step + 1``, ….
    """
    if np.shape(launch) != layout.shape:
        raise ValueError(f"launch {np.shape(launch)} does not fit the layout {layout.shape}")
    stock, spare, *_ = arrays_like(4, layout.shape)
    np.copyto(stock, launch)
    keep = arrays_like(steps + 1, layout.shape) if keep_stocks else None
    run = _Runner(layout, scheme, exposure, check_cells or control is not None)
    sums = np.empty((steps + 1, len(bands), layout.shape[3]))
    parts = {name: np.empty((steps, layout.shape[3])) for name in COMPONENTS}
    imbalance, floored = 0.0, 0
    by_area = _record(stock, bands, sums[0])
    if keep is not None:
        keep[0] = stock
    for index in range(steps):
        step, areas = run.step(stock, rates_of(first_step + index), spare)
        if control is not None:
            step = control(first_step + index, step)
            areas = step.flows.by_area()
        floored += step.floored
        for name, values in areas.items():
            parts[name][index] = values
        spare, stock = stock, step.end
        before, by_area = by_area, _record(stock, bands, sums[index + 1])
        imbalance = max(imbalance, run.imbalance(step, areas, by_area - before))
        if keep is not None:
            keep[index + 1] = stock
        if progress is not None:
            progress.step((index + 1) / steps)
    return Projection(layout, keep, sums, parts, stock, imbalance, floored)


def _record(stock: Array, bands: Sequence[slice], into: Array) -> Array:
    """Write sums over age bands ``[band, area]``; returns the persons of each area."""
    slabs = stock.reshape(-1, *stock.shape[2:])
    for position, band in enumerate(bands):
        np.add.reduce(slabs[:, band], axis=(0, 1), out=into[position])
    counted = np.zeros(stock.shape[2], dtype=np.int64)
    for band in bands:
        counted[band] += 1
    whole = np.add.reduce(into, axis=0) if (counted == 1).all() else slabs.sum(axis=(0, 1))
    return np.asarray(whole, dtype=np.float64)


class _Runner:
    """Takes steps of one scheme and keeps prepared rates while they stay the same object."""

    def __init__(
        self, layout: Layout, scheme: Scheme, exposure: BirthExposure, cells: bool
    ) -> None:
        self._layout, self._scheme, self._exposure = layout, scheme, exposure
        self._cells = cells or scheme is not Scheme.HAZARD
        self._work = Workspace(layout, cells=self._cells)
        self._prepared: Prepared | None = None

    def step(self, stock: Array, rates: StepRates, out: Array) -> tuple[Step, dict[str, Array]]:
        if self._scheme is not Scheme.HAZARD:
            step = published_step(self._layout, stock, rates, self._scheme)
            return step, step.flows.by_area()
        if self._prepared is None or self._prepared.rates is not rates:
            self._prepared = Prepared.of(self._layout, rates)
        step = hazard_step(stock, self._prepared, self._work, exposure=self._exposure, out=out)
        return step, self._work.sums

    def imbalance(self, step: Step, areas: dict[str, Array], change: Array) -> float:
        """Largest violation of the balance in a cell, or in an area if cells are not kept."""
        if self._cells:
            return step.flows.imbalance(step.end)
        explained = areas["births"] + sum(sign * areas[name] for name, sign in SIGNS.items())
        return float(np.max(np.abs(explained - change), initial=0.0))
