"""One run of the engine on a town: rates alone, or with the totals of areas controlled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from monitor_app.app.forecasting_candidates import (
    Wanted,
    candidates,
    check_combination,
    combined,
    free_run,
    mobile,
    scored_bands,
)
from monitor_app.app.forecasting_five import mobility_of
from monitor_app.app.forecasting_rates import Method, TownRates, town_rates
from monitor_app.app.forecasting_town import Town
from monitor_app.core.progress import Progress
from monitor_app.forecast import naive
from monitor_app.forecast.flows import Step
from monitor_app.forecast.projection import Projection, project
from monitor_app.forecast.state import Array
from monitor_app.forecast.targets import Shortfall

#: What happens to a step after rates and controls: new dwellings, targets, bounds.
Finish = Callable[[int, Step], tuple[Step, Sequence[Shortfall]]]


def run(
    town: Town,
    method: Method,
    steps: int,
    *,
    rates: TownRates | None = None,
    finish: Finish | None = None,
    neutral: TownRates | None = None,
    keep_stocks: bool = True,
    progress: Progress | None = None,
) -> tuple[Projection, list[tuple[int, Shortfall]]]:
    """Project the newest stock of ``town``; what targets were missed, by step.

    With a ``control`` in the method the totals of areas are moved towards their shares of growth;
    the town as a whole stays as its rates have it. With a ``combination`` the age groups of all
    areas are moved to the combined forecast. ``finish`` comes after that. ``neutral``:
    rates without what is assumed for single areas; what that changes is not controlled away.
    """
    plain = rates is None
    rates = rates or town_rates(town, method)
    launch = np.ascontiguousarray(town.register.stocks[-1])
    parts = progress or Progress()
    missed: list[tuple[int, Shortfall]] = []

    def once(control: Callable[[int, Step], Step] | None, part: Progress) -> Projection:
        return project(
            town.layout, launch, rates.of_step, steps, control=control, keep_stocks=keep_stocks,
            progress=part,
        )  # fmt: skip

    rows: tuple[slice, ...] = (slice(None),)
    wanted: Array | None = None
    if method.combination:
        rows = tuple(slice(lo, hi) for lo, hi in scored_bands(town.source_ages))
        wanted = combination_of(town, method, steps, None if plain else rates)[:, 1:]
    elif method.control > 0 and len(town.layout.areas) > 1:
        free = once(None, parts.part(0.0, 0.4)).totals
        wanted = _controlled(town, method, free, neutral)[:, None]
    elif finish is None:
        return once(None, parts), missed
    weight = np.sqrt(mobility_of(town.layout))[None, None, :, None]
    added = np.zeros((len(rows), len(town.layout.areas)))

    def control(step: int, done: Step) -> Step:
        if wanted is not None:
            # What was built so far comes on top of the trend of an area.
            done = towards(done, wanted[step] + added, weight, rows)
        if finish is not None:
            before = _sums(done.end, rows)
            done, gaps = finish(step, done)
            added[:] += _sums(done.end, rows) - before
            missed.extend((step, gap) for gap in gaps)
        return done

    return once(control, parts.part(0.4, 1.0)), missed


def _controlled(town: Town, method: Method, free: Array, neutral: TownRates | None) -> Array:
    """Totals of areas (steps, areas) moved towards their shares of growth; ``free`` by rates alone
    (steps + 1, areas)."""
    steps = len(free) - 1
    wanted = blended(free[1:], shares_of_growth(town, free), method.control)
    if neutral is None:
        return wanted
    launch = np.ascontiguousarray(town.register.stocks[-1])
    usual = project(
        town.layout, launch, neutral.of_step, steps, keep_stocks=False, check_cells=False
    )
    return wanted + method.control * _moved(free, usual.totals)[1:]


def combination_of(town: Town, method: Method, steps: int, rates: TownRates | None = None) -> Array:
    """The combined forecast (steps, variables, areas) of a method.

    ``rates`` of a scenario: what they change in a forecast by rates alone changes the combined one
    by the same factor.
    """
    wanted = Wanted(method, steps, scored_bands(town.source_ages))
    check_combination(method.combination, wanted.bands, len(town.layout.areas))
    readiness = mobile(town.layout.shape[2], wanted.bands)
    found = combined(candidates(town, wanted), method.combination, wanted.bands, readiness)
    if rates is None:
        return found
    usual, changed = free_run(town, town_rates(town, method), wanted), free_run(town, rates, wanted)
    return found * np.divide(changed, usual, out=np.ones_like(usual), where=usual > 0)


def _moved(changed: Array, usual: Array) -> Array:
    """By how much one forecast (steps, areas) differs from another that is scaled to the same
    totals of the town: it adds up to zero."""
    scale = changed.sum(axis=1) / np.maximum(usual.sum(axis=1), 1e-300)
    return np.asarray(changed - usual * scale[:, None], dtype=np.float64)


def _sums(stock: Array, rows: Sequence[slice]) -> Array:
    """People (age bands, areas) of a stock ``[sex, group, age, area]``."""
    by_age = stock.sum(axis=(0, 1))
    return np.stack([by_age[row].sum(axis=0) for row in rows])


def towards(step: Step, population: Array, weight: Array, rows: Sequence[slice]) -> Step:
    """The step with age bands ``rows`` moved to ``population`` (bands, areas) by migration.

    What is missing arrives, what is too much leaves, in proportion to the people of a cell times
    ``weight``. Scaling the flows themselves would put all of it on those who move most: an area
    that fills up or empties does so with families as well. The balance holds in every cell.
    """
    flows, end = step.flows, np.maximum(step.end, 0.0)
    share = end * weight
    change = np.zeros_like(end)
    for goal, row in zip(population, rows, strict=True):
        total = share[:, :, row].sum(axis=(0, 1, 2))
        part = np.divide(share[:, :, row], total, out=np.zeros_like(share[:, :, row]),
                         where=total > 0)  # fmt: skip
        change[:, :, row] = (goal - end[:, :, row].sum(axis=(0, 1, 2))) * part
    came, left = np.maximum(change, 0.0), np.minimum(np.maximum(-change, 0.0), end)
    zero = np.zeros_like(end)
    changed = replace(
        flows,
        arrivals=(zero if flows.arrivals is None else flows.arrivals) + came,
        departures=(zero if flows.departures is None else flows.departures) + left,
    )
    return replace(step, end=changed.end_at_least_zero(), flows=changed)


def shares_of_growth(town: Town, totals: Array) -> Array:
    """Totals of areas (steps, areas) by their shares of the town and of its growth (CSP-VSG),
    the town itself as the rates have it: ``totals`` (steps + 1, areas), the launch first.

    Areas are bounded by their dwellings: their totals follow their own past more closely than
    the rates of their people do (Wilson 2016; Baker, Swanson, Tayman 2021).
    """
    series = town.register.stocks.sum(axis=(1, 2, 3))
    period = min(naive.BASE_PERIOD, len(series) - 1)
    city = totals[1:].sum(axis=1)
    return naive.csp_vsg(series, np.arange(1, len(totals)), city, period)


def blended(engine: Array, trend: Array, weight: float) -> Array:
    """Weighted mean of two forecasts of totals (steps, areas)."""
    return np.asarray((1.0 - weight) * engine + weight * trend, dtype=np.float64)
