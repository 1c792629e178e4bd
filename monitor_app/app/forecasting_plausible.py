"""What is possible but can hardly be meant: goals far off, projects of other years, few draws."""

from __future__ import annotations

import numpy as np

from monitor_app.app.forecasting_town import Town
from monitor_app.core.formats import format_number
from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, Severity
from monitor_app.forecast.spec import ForecastSpec

#: A population that grows or shrinks by more than this within the years of a forecast is no goal.
_FAR = 1.5
#: Draws that quantiles need at least.
_DRAWS = 100
#: Share of the people that births, deaths and moves may leave unexplained a year.
_GAP = 0.01


def check_plan(spec: ForecastSpec, town: Town) -> list[Issue]:
    """Findings on goals, projects and draws; ``ERROR`` where goals contradict each other."""
    return [
        *_sums_of_targets(spec), *_far_targets(spec, town), *_bounds(spec, town),
        *_timing(spec, town), *_draws(spec),
    ]  # fmt: skip


def _sums_of_targets(spec: ForecastSpec) -> list[Issue]:
    """Areas that together are to have more than the whole town."""
    found = []
    for town in [t for t in spec.targets if t.area is None and t.what != "net_migration"]:
        same = [t for t in spec.targets if t.area and (t.year, t.what) == (town.year, town.what)]
        total = sum(t.value for t in same)
        if total > town.value:
            found.append(
                Issue(
                    "spec-target-sum", Severity.ERROR,
                    _("The targets of the areas in {year} add up to {sum}, that of the town is"
                      " {town}.").format(year=town.year, sum=format_number(total),
                                         town=format_number(town.value)),
                    column="targets", repair=_("Correct one of them."),
                )
            )  # fmt: skip
    return found


def _far_targets(spec: ForecastSpec, town: Town) -> list[Issue]:
    people = town.register.stocks[-1].sum(axis=(0, 1, 2))
    if town.special is not None:
        people = people + town.special.sum(axis=(0, 1, 2))
    found = []
    for t in [t for t in spec.targets if t.what == "population"]:
        if t.area is not None and t.area not in town.layout.areas:
            continue
        now = float(people.sum() if t.area is None else people[town.layout.areas.index(t.area)])
        if t.area is not None and t.value >= now:
            continue  # a quarter may well be built
        if not now / _FAR <= t.value <= now * _FAR:
            found.append(
                Issue(
                    "spec-target-far", Severity.WARNING,
                    _("The target of {value} people in {year} is far from the {now} of today.")
                    .format(value=format_number(t.value), year=t.year, now=format_number(now)),
                    column="targets", repair=_("Check the number."),
                )
            )  # fmt: skip
    return found


def _bounds(spec: ForecastSpec, town: Town) -> list[Issue]:
    people = float(town.register.stocks[-1].sum())
    lower = sum(b.lower for b in spec.bounds.values())
    if lower <= people or people <= 0:
        return []
    return [
        Issue(
            "spec-bounds-sum", Severity.WARNING,
            _("The lower bounds of the areas add up to {sum}, more than the {now} people of today:"
              " the other areas would empty.").format(
                sum=format_number(lower), now=format_number(people)),
            column="bounds", repair=_("Lower the bounds."),
        )
    ]  # fmt: skip


def _timing(spec: ForecastSpec, town: Town) -> list[Issue]:
    """Projects whose dwellings all lie outside of the years of the forecast."""
    first, last = town.years[-1] + 1, town.years[-1] + spec.years
    plans = [(p.name, "housing", [y + p.delay for y, n in p.dwellings.items() if n > 0])
             for p in spec.housing]  # fmt: skip
    plans += [(d.name, "demolition", [y for y, n in d.dwellings.items() if n > 0])
              for d in spec.demolition]  # fmt: skip
    return [
        Issue(
            "spec-project-years", Severity.WARNING,
            _("“{name}” changes nothing: none of its dwellings fall into {first} to {last}.")
            .format(name=name, first=first, last=last),
            column=entry, repair=_("Check the years of the project."),
        )
        for name, entry, years in plans
        if years and not any(first <= y <= last for y in years)
    ]  # fmt: skip


def _draws(spec: ForecastSpec) -> list[Issue]:
    if not 0 < spec.draws < _DRAWS:
        return []
    return [
        Issue(
            "spec-draws-few", Severity.WARNING,
            _("{n} draws are too few for probable ranges: they would be wrong by chance.").format(
                n=spec.draws),
            column="draws", repair=_("Use 1,000, or at least {n}.").format(n=_DRAWS),
        )
    ]  # fmt: skip


def check_balance(town: Town) -> list[Issue]:
    """How far counted births, deaths and moves explain the change of the town from year to year."""
    r = town.register
    if town.residual or r.deaths is None or r.births is None or r.arrivals is None:
        return []
    if r.departures is None or town.special is not None:
        return []
    sums = [np.nansum(a, axis=tuple(range(1, a.ndim))) for a in (
        r.births, r.deaths, r.arrivals, r.departures)]  # fmt: skip
    known = np.logical_and.reduce([
        np.isfinite(a).any(axis=tuple(range(1, a.ndim))) for a in (
            r.births, r.deaths, r.arrivals, r.departures)])  # fmt: skip
    people = r.stocks.sum(axis=(1, 2, 3, 4))
    if not known.any() or (people[:-1] <= 0).any():
        return []
    born, died, came, left = sums
    gaps = (np.abs(np.diff(people) - (born - died + came - left)) / people[:-1])[known]
    gap = float(np.median(gaps))
    share = format_number(100.0 * gap, 2)
    if gap <= _GAP:
        text = _("Births, deaths and moves explain the change of the population but for {share} per"
                 " cent of the people in the median year.")  # fmt: skip
        return [Issue("balance-gap", Severity.INFO, text.format(share=share))]
    text = _("Births, deaths and moves do not explain the change of the population: in the median"
             " year {share} per cent of the people remain unexplained.")  # fmt: skip
    return [
        Issue(
            "balance-gap", Severity.WARNING, text.format(share=share),
            repair=_("Check whether events and population belong together."),
        )
    ]  # fmt: skip
