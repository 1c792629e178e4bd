"""What happens to a step after rates: new dwellings, demolition, targets, bounds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from monitor_app.app import forecasting_engine as engine
from monitor_app.app.forecasting_housing import Planned, housing_plan
from monitor_app.app.forecasting_rates import TownRates
from monitor_app.app.forecasting_town import Town
from monitor_app.forecast.dwellings import age_weights
from monitor_app.forecast.flows import Step
from monitor_app.forecast.housing import demolish, move_in, stay_away, who_leaves
from monitor_app.forecast.spec import ForecastSpec, Scenario
from monitor_app.forecast.spec_parts import Demolition
from monitor_app.forecast.state import Array
from monitor_app.forecast.targets import Shortfall, Targets, hit, within_bounds


def finish_of(
    spec: ForecastSpec, town: Town, rates: TownRates, scenario: Scenario,
    projects: Sequence[Planned],
) -> engine.Finish | None:  # fmt: skip
    """New dwellings, demolition, then targets, then bounds; None where there is nothing of that."""
    projects = projects if scenario.housing else ()
    demolition = spec.demolition if scenario.housing else []
    fewer = scenario.housing and spec.housing_shortfall and spec.usual_housing != "none"
    if not (projects or demolition or fewer or spec.targets or spec.bounds):
        return None
    first, areas = town.years[-1] + 1, town.layout.areas
    plan = housing_plan(spec, town, projects, rates.first)
    length = town.layout.step
    yearly = plan.expected(first, spec.years)
    steps = spec.years // length
    residents = yearly.reshape(steps, length, *yearly.shape[1:]).sum(axis=1)
    apart = np.zeros(len(areas)) if town.special is None else town.special.sum(axis=(0, 1, 2))

    def finish(step: int, done: Step) -> tuple[Step, Sequence[Shortfall]]:
        during = range(first + step * length, first + (step + 1) * length)
        year = during[-1]
        gaps: list[Shortfall] = []
        for kind, persons in enumerate(residents[step]):
            if persons.any():
                people = plan.profiles[kind][..., None] * persons
                done = move_in(done, people, float(plan.from_town[kind]))
        if fewer and plan.absent is not None:
            absent = plan.absent[step * length : (step + 1) * length].sum(axis=0)
            done = stay_away(done, absent, plan.absent_from_town)
        for entry in demolition:
            if (gone := sum(entry.dwellings.get(y, 0.0) for y in during)) > 0:
                done = _pulled_down(town, entry, gone, done)
        for target in [t for t in spec.targets if t.year == year]:
            value = target.value
            if target.what == "population":
                # Those who are held apart count towards a target and a bound.
                value -= float(
                    apart.sum() if target.area is None else apart[areas.index(target.area)]
                )
            done, missed = _aim(done, target.what, value, target.area, areas)
            gaps += missed
        if spec.bounds:
            done, missed = _bounded(spec, done, areas, apart)
            gaps += missed
        return done, gaps

    return finish


def _pulled_down(town: Town, entry: Demolition, dwellings: float, done: Step) -> Step:
    persons = np.zeros(len(town.layout.areas))
    persons[town.layout.areas.index(entry.area)] = dwellings * entry.persons_per_dwelling
    weights = age_weights(town.layout, entry.ages) if entry.ages else None
    return demolish(done, who_leaves(done.end, persons, weights), entry.share_staying)


def _aim(
    step: Step, what: str, value: float, area: str | None, areas: tuple[str, ...]
) -> tuple[Step, tuple[Shortfall, ...]]:
    """Reach one target of the town or of one area, the other areas as they are."""
    if area is None:
        return hit(step, Targets(**{what: value}))
    now = step.end.sum(axis=(0, 1, 2)) if what == "population" else None
    if now is None:
        flows = step.flows.by_area()
        now = flows["arrivals"] - flows["departures"] if what == "net_migration" else flows[what]
    wanted = now.copy()
    wanted[areas.index(area)] = value
    return hit(step, Targets(**{what: wanted}))


def _bounded(
    spec: ForecastSpec, step: Step, areas: tuple[str, ...], apart: Array
) -> tuple[Step, tuple[Shortfall, ...]]:
    """Hold areas inside their bounds; what does not fit goes to the others."""
    lower = np.array([spec.bounds[a].lower if a in spec.bounds else 0.0 for a in areas])
    upper = np.array(
        [
            spec.bounds[a].upper
            if a in spec.bounds and spec.bounds[a].upper is not None
            else np.inf
            for a in areas
        ],
        dtype=np.float64,
    )
    lower, upper = np.maximum(lower - apart, 0.0), np.maximum(upper - apart, 0.0)
    now = step.end.sum(axis=(0, 1, 2))
    if (now >= lower).all() and (now <= upper).all():
        return step, ()
    pull = step.flows.by_area()["arrivals"] + 1e-9
    held, rest = within_bounds(now, pull, lower, upper)
    found, gaps = hit(step, Targets(population=held))
    if abs(rest) > 0.5:
        gaps = (*gaps, Shortfall("population", None, float(now.sum()), float(held.sum())))
    return found, gaps
