"""Usual building: completions that the rates of the base years contain already.

Who moved into new dwellings in the base years is among the arrivals that rates and flows rest on.
Planned dwellings that come on top of them count such people twice, unless only completions beyond
the usual bring any.
"""

from __future__ import annotations

import numpy as np

from monitor_app.app import forecasting_axes as axes
from monitor_app.app.forecasting_events import covers, note
from monitor_app.app.forecasting_housing import Planned, expected_dwellings, usual_building
from monitor_app.app.forecasting_rates import Method
from monitor_app.app.forecasting_town import Town
from monitor_app.core.areas import CITY, AreaSystem
from monitor_app.core.datasets import DatasetInfo, Kind, Origin
from monitor_app.core.formats import format_number
from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, Severity
from monitor_app.forecast.spec import ForecastSpec
from monitor_app.forecast.state import Array
from monitor_app.indicators.inputs import CubeSource, moment

#: Stands for all areas without a number of their own.
ALL_AREAS = "all"


def with_usual_housing(
    source: CubeSource, areas: AreaSystem, spec: ForecastSpec, town: Town, method: Method
) -> tuple[ForecastSpec, list[Issue]]:
    """The specification with numbers in place of ``completions``, and what is to be said.

    Completions are the mean of the base years of arrivals, with their weights, as far as they are
    known. An error where none are.
    """
    if spec.usual_housing != "completions":
        return spec, []
    weights = dict(zip(town.years[1:], method.year_weights("arrivals", town.years[1:]),
                       strict=True))  # fmt: skip
    for level in (spec.level, CITY):
        info = _completions(source, areas, level)
        if info is None:
            continue
        per_year, years = _mean(source, areas, info, level, weights)
        if not years:
            continue
        if level == CITY and spec.level != CITY:
            found = {ALL_AREAS: float(np.nansum(list(per_year.values())))}
        else:
            found = {a: n for a, n in per_year.items() if a in town.layout.areas and n == n}
        told = _told_sources(town, info, found, years, weights)
        return spec.model_copy(update={"usual_housing": found}), told
    return spec, [
        Issue(
            "spec-usual-housing", Severity.ERROR,
            _("The project has no completed dwellings of the base years."),
            column="usual_housing",
            repair=_("Import completed dwellings by year, or name the usual number of dwellings"
                     " a year in the specification."),
        )
    ]  # fmt: skip


def _completions(source: CubeSource, areas: AreaSystem, level: str) -> DatasetInfo | None:
    """The completed dwellings that tell most about a level: most years."""
    found = [
        i for i in source.datasets()
        if i.spec.kind is Kind.COMPLETIONS and i.spec.origin is Origin.OBSERVED
        and covers(areas, i.spec.level, level)
    ]  # fmt: skip
    return max(found, key=lambda i: (len(i.dates), i.spec.key)) if found else None


def _mean(
    source: CubeSource, areas: AreaSystem, info: DatasetInfo, level: str,
    weights: dict[int, float],
) -> tuple[dict[str, float], list[int]]:  # fmt: skip
    """Dwellings a year by area, NaN where no base year is known there, and the base years with
    numbers. A year that is missing in an area is left out of its mean, never taken for zero."""
    cube = axes.at_level(source.cube(info.spec.key), areas, info.spec.level, level)
    values = axes.ordered(cube, ("area", "date", "group"))
    known = np.isfinite(values).any(axis=2)
    total = np.where(known, np.nansum(values, axis=2), np.nan)
    years = [moment(d).year for d in cube.dates]
    weight = np.array([weights.get(y, 0.0) for y in years])[None] * known
    sums = weight.sum(axis=1)
    mean = np.divide(
        (np.nan_to_num(total) * weight).sum(axis=1), sums, out=np.full(len(sums), np.nan),
        where=sums > 0,
    )  # fmt: skip
    used = sorted({y for y, w in zip(years, weight.sum(axis=0), strict=True) if w > 0})
    return dict(zip(cube.areas, mean.tolist(), strict=True)), used


def _told_sources(
    town: Town, info: DatasetInfo, found: dict[str, float], years: list[int],
    weights: dict[int, float],
) -> list[Issue]:  # fmt: skip
    told = [
        note(
            "usual-housing-from",
            _("Usual building: completed dwellings of “{name}”, {first} to {last}.").format(
                name=info.spec.name, first=years[0], last=years[-1]),
        )
    ]  # fmt: skip
    lacking = sorted(y for y, w in weights.items() if w > 0 and y not in years)
    if lacking:
        told.append(
            Issue(
                "usual-housing-years", Severity.WARNING,
                _("Completed dwellings are not known for the base years {years}: the mean of the"
                  " others is used.").format(years=", ".join(map(str, lacking))),
                column="usual_housing",
                repair=_("Import the missing years, or name the usual number yourself."),
            )
        )  # fmt: skip
    lost = [a for a in town.layout.areas if a not in found and ALL_AREAS not in found]
    if lost:
        told.append(
            Issue(
                "usual-housing-areas", Severity.WARNING,
                _("Completed dwellings are not known in {areas}: there, all planned dwellings"
                  " count.").format(areas=", ".join(lost[:10])),
                column="usual_housing", count=len(lost),
                repair=_("Import the missing areas, or name the usual number yourself."),
            )
        )  # fmt: skip
    return told


def usual_effect(spec: ForecastSpec, town: Town, projects: tuple[Planned, ...]) -> list[Issue]:
    """How many of the planned dwellings go beyond the usual, in words; ``spec`` with numbers."""
    usual = usual_building(spec, town.layout.areas)
    if usual is None:
        return []
    planned: Array = expected_dwellings(spec, town, projects)[: spec.years]
    total, extra = float(planned.sum()), float((planned * usual.beyond(planned)).sum())
    found = [
        note(
            "usual-housing-effect",
            _("Of {planned} dwellings expected until {year}, {extra} go beyond the usual building"
              " and bring people in addition.").format(
                planned=format_number(total), year=town.years[-1] + spec.years,
                extra=format_number(extra)),
        )
    ]  # fmt: skip
    if total > 0 and extra == 0:
        found.append(
            note(
                "usual-housing-all",
                _("All planned housing is usual: it changes nothing in the forecast."),
                Severity.WARNING,
            )
        )
    return found


def housing_words(spec: ForecastSpec) -> str:
    """What is assumed about usual building, in a sentence; empty where it is not asked for."""
    if (number := _number(spec)) is None:
        return ""
    if number:
        text = _("{number} dwellings a year are usual and in the rates already; only completions"
                 " beyond them bring people").format(number=number)  # fmt: skip
    else:
        text = _("Usual building, as in the base years, is in the rates already; only completions"
                 " beyond it bring people")  # fmt: skip
    if spec.housing_shortfall:
        text += _(", fewer than usual take people away")
    return text


def housing_note(spec: ForecastSpec) -> str:
    """As ``housing_words``, short enough for the foot of a chart."""
    if (number := _number(spec)) is None:
        return ""
    if number:
        return _("only building beyond {number} dwellings a year counts").format(number=number)
    return _("only building beyond the usual counts")


def _number(spec: ForecastSpec) -> str | None:
    """Usual dwellings a year as text, empty where they are looked up; None for nothing usual."""
    given = spec.usual_housing
    if given == "none" or not given:
        return None
    if isinstance(given, str):
        return ""
    total = round(sum(given.values()), 1)
    return format_number(total, 0 if total % 1 == 0 else 1)
