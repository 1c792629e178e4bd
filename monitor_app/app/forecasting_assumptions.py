"""What a scenario assumes about rates: switches, factors, paths over time, attractiveness."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from monitor_app.app.forecasting_rates import TownRates
from monitor_app.app.forecasting_town import Town
from monitor_app.forecast.moves import MoveModel, OriginDestination, Pool
from monitor_app.forecast.rates import StepRates
from monitor_app.forecast.spec import ForecastSpec, Scenario
from monitor_app.forecast.spec_parts import RateChange, age_range
from monitor_app.forecast.state import Array, Layout


def assumed_rates(
    spec: ForecastSpec, town: Town, base: TownRates, scenario: Scenario, *, local: bool = True
) -> TownRates:
    """Rates of each step under a scenario. ``local`` False leaves out what is assumed for single
    areas (attractiveness, changes of areas)."""
    first, layout = town.years[-1] + 1, town.layout
    changes = [c for c in (*spec.changes, *scenario.changes) if local or not c.areas]
    pull = np.array([spec.attractiveness.get(a, 1.0) if local else 1.0 for a in layout.areas])

    def of_step(step: int) -> StepRates:
        # A step of several years takes the assumptions of its middle.
        rates, year = base.of_step(step), first + step * layout.step + layout.step // 2

        def scaled(array: Array | None, component: str) -> Array | None:
            if array is None or not spec.switched_on(component):
                return None
            changed = array * scenario.factor(component, year)
            for change in changes:
                if change.component == component:
                    changed = changed * _where(layout, change, year, component == "births")
            return changed

        # Births and deaths have rates always: switched off they are zero.
        death, fertility = scaled(rates.death, "deaths"), scaled(rates.fertility, "births")
        arrivals, move = scaled(rates.arrivals, "arrivals"), scaled(rates.move, "moves")
        model = None if move is None else rates.move_model
        return replace(
            rates,
            death=np.zeros_like(rates.death) if death is None else death,
            fertility=np.zeros_like(rates.fertility) if fertility is None else fertility,
            arrivals=None if arrivals is None else attracted(arrivals, pull),
            departure=scaled(rates.departure, "departures"),
            move=move,
            move_model=None if model is None else pulled(model, pull),
            naturalise=scaled(rates.naturalise, "naturalisation"),
        )

    return TownRates(of_step, of_step(0))


def has_local(spec: ForecastSpec, scenario: Scenario) -> bool:
    """Whether anything is assumed for single areas."""
    changes = (*spec.changes, *scenario.changes)
    return any(f != 1.0 for f in spec.attractiveness.values()) or any(c.areas for c in changes)


def _where(layout: Layout, change: RateChange, year: int, of_mothers: bool) -> Array:
    """Factor of a change on ``[sex, group, age, area]`` (births: ``[group, age, area]``); axes that
    it does not tell apart have length 1."""
    factor = change.at(year)
    parts: list[Array] = []
    if change.group is not None:
        parts.append(_mask(len(layout.groups), [layout.groups.index(change.group)], 0, 3))
    if change.ages is not None:
        lo, hi = age_range(change.ages)
        rows = [
            i for i, low in enumerate(layout.ages.lows) if low >= lo and (hi is None or low < hi)
        ]
        parts.append(_mask(layout.shape[2], rows, 1, 3))
    if change.areas:
        places = [layout.areas.index(a) for a in change.areas]
        parts.append(_mask(layout.shape[3], places, 2, 3))
    inside: Array = np.ones((1, 1, 1))
    for part in parts:
        inside = inside * part
    found = 1.0 + (factor - 1.0) * inside
    return found if of_mothers else found[None]


def _mask(size: int, chosen: Sequence[int], axis: int, dims: int) -> Array:
    found = np.zeros(size)
    found[list(chosen)] = 1.0
    shape = [1] * dims
    shape[axis] = size
    return found.reshape(shape)


def attracted(arrivals: Array, pull: Array) -> Array:
    """Arrivals dealt out anew by the pull of areas; the town gets as many in each cell."""
    if (pull == 1.0).all():
        return arrivals
    moved = arrivals * pull
    now, before = moved.sum(axis=-1, keepdims=True), arrivals.sum(axis=-1, keepdims=True)
    ratio = np.divide(before, now, out=np.ones_like(now), where=now > 0)
    # Where no area that people come to attracts anybody, they come as before.
    return np.asarray(np.where(now > 0, moved * ratio, arrivals), dtype=np.float64)


def pulled(model: MoveModel, pull: Array) -> MoveModel:
    """Destinations of movers by the pull of areas."""
    if (pull == 1.0).all() or not pull.any():
        return model
    if isinstance(model, Pool):
        weights = model.weights * pull
        return replace(model, weights=np.where(weights.sum(axis=1, keepdims=True) > 0, weights,
                                               model.weights))  # fmt: skip
    if isinstance(model, OriginDestination):
        matrix = model.matrix * pull
        kept = matrix.sum(axis=2, keepdims=True) > 0
        return replace(model, matrix=np.where(kept, matrix, model.matrix))
    return model
