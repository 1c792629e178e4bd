"""What a profile of rates comes to: children per woman, life expectancy, moves in a life."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from monitor_app.app.rates import RateTable
from monitor_app.core.i18n import _
from monitor_app.forecast.state import Array


@dataclass(frozen=True)
class Measure:
    """One number with its name; ``unit`` may be empty."""

    key: str
    name: str
    value: float
    unit: str
    precision: int


def life_expectancy(hazards: Array, row: int = 0, width: int = 1) -> float:
    """Remaining years of life at the beginning of age group ``row`` (0: at birth) from yearly
    hazards (ages,) of the cohorts that reach an age group ``width`` years wide in a step.

    Those born live half of the first step. In a stationary population those who reach an age group
    within a step, counted at its end, are the years lived in it, per year of the step; the oldest
    group stays for ``s / (1 - s)`` further steps.
    """
    used = float(width) * np.asarray(hazards, dtype=np.float64)[row:]
    if row == 0:
        used[0] *= 0.5
    else:
        used[0] = 0.0
    alive = np.exp(-np.cumsum(used[:-1]))
    stay = float(np.exp(-used[-1]))
    open_group = alive[-1] * stay / (1.0 - stay) if stay < 1.0 else float("inf")
    return width * float(alive.sum() + open_group - (0.5 if row else 0.0))


def mean_age(rates: Array, table: RateTable, *, reached: bool = False) -> float:
    """Mean of the middles of the age groups of a table, weighted by rates; NaN for no rates.
    ``reached``: rates by age reached at the end of a step, half a step after the event."""
    middles = np.array(table.ages) + (0.0 if reached else table.layout.step / 2.0)
    total = float(np.nansum(rates))
    if total <= 0:
        return float("nan")
    return float(np.nansum(middles * rates) / total)


def measures(
    table: RateTable, sex: int, group: int, area: int | None, *, before: bool = False
) -> tuple[Measure, ...]:
    """Measures of one profile; ``before``: without changes by hand."""
    profile = table.column(table.before if before else table.values, sex, group, area)
    years, width = _("years"), table.layout.step
    if table.key == "births":
        return (
            Measure("tfr", _("Children per woman (TFR)"), width * float(profile.sum()), "", 2),
            Measure("mean_age", _("Mean age at birth"), mean_age(profile, table), years, 1),
        )  # fmt: skip
    if table.key == "deaths":
        return (
            Measure("e0", _("Life expectancy at birth"), life_expectancy(profile, 0, width),
                    years, 1),
            Measure("e65", _("Further life expectancy at 65"),
                    life_expectancy(profile, table.position(65), width), years, 1),
        )  # fmt: skip
    if table.key == "arrivals":
        return (
            Measure(
                "arrivals", _("Moves in per year"), float(profile.sum()) / width, _("persons"), 0
            ),
            Measure("mean_age", _("Mean age"), mean_age(profile, table, reached=True), years, 1),
        )
    if table.key == "net_migration":
        return (Measure("gmr", _("Net moves in a life"), float(profile.sum()), "", 2),)
    if table.key in ("departures", "moves", "naturalisation"):
        name = _("Naturalisations in a life") if table.key == "naturalisation" else (
            _("Moves in a life (GMR)"))  # fmt: skip
        return (
            Measure("gmr", name, width * float(profile.sum()), "", 2),
            Measure("mean_age", _("Mean age"), mean_age(profile, table, reached=True), years, 1),
        )
    if table.key == "girls":
        girls = float(profile[0])
        ratio = (1.0 - girls) / girls if girls > 0 else float("nan")
        return (Measure("srb", _("Boys per girl"), ratio, "", 3),)
    return ()
