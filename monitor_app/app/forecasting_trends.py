"""Trends of rates that go on after the launch and lose their force (damping).

The level of a component in each base year is its number of events over the number that the mean
rates of the base years would have given: a change of the age structure is no trend. A straight
line through its logarithms gives the pace (``forecast.trend``); each year keeps a share of the pace
of the year before. Mortality keeps the pace of the country, which a town is too small to measure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from monitor_app.app.forecasting_events import Source
from monitor_app.app.forecasting_town import Town, component_names
from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, Severity
from monitor_app.forecast.projection import RatesOf
from monitor_app.forecast.rates import StepRates
from monitor_app.forecast.state import Array, age_on
from monitor_app.forecast.trend import log_slope

#: Share of the pace of mortality that is left a year later, where nothing else is asked for.
USUAL_MORTALITY = 0.9
#: No pace is faster than this a year: a longer trend than the base years would be invented.
FASTEST = 0.05
#: Fields of the rates by component; the events that tell the pace.
_FIELDS = {"births": "fertility", "deaths": "death", "arrivals": "arrivals",
           "departures": "departure", "moves": "move"}  # fmt: skip
_EVENTS = {"moves": "moves_out"}
_MIGRATION = ("arrivals", "departures", "moves")


def offered(town: Town) -> tuple[str, ...]:
    """Components whose trend can go on: deaths always, others where events were counted in the
    town; none in steps of five years."""
    if town.layout.step > 1:
        return ()
    found = []
    for component in _FIELDS:
        events = _EVENTS.get(component, component)
        if component == "deaths" or (
            town.sources.get(events, Source.NONE) not in (Source.DEFAULT, Source.NONE)
            and getattr(town.register, events) is not None
            and not (town.residual and component in _MIGRATION)
            and not (component == "moves" and len(town.layout.areas) == 1)
        ):
            found.append(component)
    return tuple(found)


def levels(town: Town, component: str, weights: Array) -> Array:
    """Level of a component in each year (years,), 1 as the mean of the years of ``weights``; 0
    where nothing was counted. Arrivals are counts, not rates."""
    register, layout = town.register, town.layout
    events = np.nan_to_num(getattr(register, _EVENTS.get(component, component)))
    if component == "births":
        women = register.stocks[:, layout.mothers]
        happened = events.sum(axis=(1, 3))
        exposed = ((women[:-1] + women[1:]) / 2.0).sum(axis=(1, 3))
    else:
        happened = events.sum(axis=(2, 4)).reshape(len(events), -1)
        exposed = age_on(register.stocks[:-1]).sum(axis=(2, 4)).reshape(len(events), -1)
    if component == "arrivals":
        total = happened.sum(axis=1)
        return np.asarray(total / max(float(np.average(total, weights=weights)), 1e-12))
    people = weights @ exposed
    rate = np.divide(weights @ happened, people, out=np.zeros_like(people), where=people > 0)
    expected = exposed @ rate
    seen = np.where(exposed > 0, happened, 0.0).sum(axis=1)
    found = np.divide(seen, expected, out=np.zeros_like(seen), where=expected > 0)
    return np.asarray(found, dtype=np.float64)


def pace(town: Town, component: str, weights: Array) -> float:
    """Change of a component a year (logarithm) over the years of ``weights``, at most
    ``FASTEST``; that of the country for deaths."""
    if component == "deaths":
        return float(town.default_rates(town.years[-1]).mortality_slope)
    slope = log_slope(levels(town, component, weights), weights)
    return float(np.clip(slope, -FASTEST, FASTEST))


def exponent(kept: float, steps: int, lag: float = 0.0) -> float:
    """Years of full pace in the ``steps``-th forecast year: ``lag`` from the mean base year to the
    launch, then 1 + kept + kept² …"""
    return lag + float(np.sum(kept ** np.arange(steps)))


def trended(
    of_step: RatesOf, town: Town, trends: Mapping[str, float], weights: Mapping[str, Array],
    means: Mapping[str, Array],
) -> RatesOf:  # fmt: skip
    """Rates of each step with the trends of components. ``weights`` component -> (years,) of the
    years that tell the pace, ``means`` of those that the rates are means of."""
    paces = {c: pace(town, c, weights[c]) for c in trends if c in offered(town)}
    ages = np.arange(len(town.years) - 1, dtype=np.float64)
    # From the mean of the years that a rate rests on to the newest year; deaths stand there.
    lags = {
        c: 0.0 if c == "deaths" else float(ages[-1] - np.average(ages, weights=means[c]))
        for c in paces
    }

    def changed(step: int) -> StepRates:
        rates = of_step(step)
        found: dict[str, Any] = {}
        for component, slope in paces.items():
            values = getattr(rates, _FIELDS[component])
            if values is None:
                continue
            years = exponent(trends[component], step + 1, lags[component])
            if component == "deaths":
                years -= exponent(USUAL_MORTALITY, step + 1)  # is in the rates already
            found[_FIELDS[component]] = values * np.exp(slope * years)
        return replace(rates, **found)

    return changed


def check_trends(trends: Mapping[str, float], base_years: bool, town: Town) -> list[Issue]:
    """Trends that the data cannot tell; what a step of five years does not look at."""
    if town.layout.step > 1:
        if not trends and not base_years:
            return []
        return [
            Issue(
                "spec-five-unused", Severity.WARNING,
                _("Steps of five years rest on all stocks: weights of years and trends count for"
                  " nothing."),
                column="age_step", repair=_("Forecast in single years to use them."),
            )
        ]  # fmt: skip
    names = component_names()
    odd = [names.get(_EVENTS.get(c, c), c) for c in trends if c not in offered(town)]
    if not odd:
        return []
    return [
        Issue(
            "spec-trend", Severity.ERROR,
            _("The data do not tell a trend of: {components}").format(components=", ".join(odd)),
            column="trends",
            repair=_("Remove the trend, or import events of the component by year."),
        )
    ]  # fmt: skip
