"""Dwellings of a forecast: projects of the specification and those that the project file keeps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from monitor_app.app.forecasting_events import note
from monitor_app.app.forecasting_town import Town
from monitor_app.core.areas import CITY, AreaSystem
from monitor_app.core.formats import format_number
from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, Severity, fail
from monitor_app.core.planned import DOCUMENT, PlannedHousing
from monitor_app.forecast.dwellings import (
    HousingPlan,
    Scheme,
    UsualBuilding,
    occupants_profile,
    shipped_names,
    shipped_types,
)
from monitor_app.forecast.rates import StepRates
from monitor_app.forecast.spec import (
    PERSONS_PER_DWELLING,
    SHARE_FROM_TOWN,
    ForecastSpec,
    HousingProject,
)
from monitor_app.forecast.spec_parts import DwellingType
from monitor_app.forecast.state import Array
from monitor_app.indicators.inputs import CubeSource


@dataclass(frozen=True)
class Planned:
    """A housing project of a forecast; ``key``: parts of one scheme share it."""

    key: str
    project: HousingProject


def planned_housing(
    source: CubeSource, areas: AreaSystem, spec: ForecastSpec, town: Town
) -> tuple[tuple[Planned, ...], list[Issue]]:
    """Projects of the specification, then those kept in the project file on the level of the
    forecast, and what is to be said about them.

    A project that the specification names (by name or key) replaces the kept one.
    """
    own = tuple(Planned(p.name, p) for p in spec.housing)
    documents = getattr(source, "documents", None)
    if not spec.planned_housing or documents is None:
        return own, []
    named = {p.name for p in spec.housing}
    found: list[Planned] = []
    lost: list[str] = []
    for key, text in documents(DOCUMENT).items():
        try:
            delivery = PlannedHousing.load(text)
        except (ValueError, KeyError, TypeError):
            raise fail(
                "housing-damaged",
                _("The planned housing “{key}” in the project cannot be read.").format(key=key),
                repair=_("Import the list of projects again."),
            ) from None
        goal = _goals(areas, delivery.level, spec.level)
        for planned in delivery.projects:
            if planned.key in named or planned.name in named:
                continue
            area = goal(planned.area)
            if area is None or area not in town.layout.areas:
                lost.append(planned.name)
                continue
            project = HousingProject(
                name=planned.name, area=area, dwellings=dict(planned.dwellings),
                probability=planned.probability, type=planned.type,
            )  # fmt: skip
            found.append(Planned(planned.key, project))
    return (*own, *found), _told(found, lost, town.years[-1], spec.years)


def _goals(areas: AreaSystem, level: str, target: str) -> Callable[[str], str | None]:
    """Area of a delivery -> area of the forecast, None where it lies in none."""
    if level == target:
        return lambda key: key
    if target == CITY:
        return lambda _key: CITY
    if not areas.finer(level, target):
        return lambda _key: None
    return areas.ancestor(level, target).get


def _told(found: list[Planned], lost: list[str], base: int, years: int) -> list[Issue]:
    told = []
    within = [
        (p.key, n * p.project.probability)
        for p in found
        for year, n in p.project.dwellings.items()
        if base < year + p.project.delay <= base + years
    ]
    if within:
        told.append(
            note(
                "housing-planned",
                _("Planned housing of the project: {count} schemes, {dwellings} dwellings expected"
                  " until {year}.").format(
                    count=len({key for key, _n in within}), year=base + years,
                    dwellings=format_number(sum(n for _key, n in within))),
            )
        )  # fmt: skip
    if lost:
        shown = ", ".join(dict.fromkeys(lost))
        told.append(
            Issue(
                "housing-elsewhere", Severity.WARNING,
                _("Planned projects outside of the areas of the forecast are left out: {names}")
                .format(names=shown), count=len(set(lost)),
                repair=_("Forecast the level that the projects are planned on, or a coarser one."),
            )
        )  # fmt: skip
    return told


def type_of(spec: ForecastSpec, project: HousingProject) -> DwellingType | None:
    """Type of a project: of the specification, else a shipped one; None where it names none or
    one that nobody knows."""
    return spec.dwelling_types.get(project.type) or shipped_types().get(project.type)


def type_names(spec: ForecastSpec) -> dict[str, str]:
    """Types of dwelling that a project can name: key -> name, those of the specification last.

    A type of the specification stands for the shipped one of its key.
    """
    shipped = shipped_names()
    return {**shipped, **{key: key for key in spec.dwelling_types if key not in shipped}}


def residents(kind: DwellingType | None, project: HousingProject) -> tuple[float, float]:
    """Persons per dwelling and the share of them from inside the town: as the project says, else
    its type, else as usual."""
    each, share = project.persons_per_dwelling, project.share_from_town
    if each is None:
        each = PERSONS_PER_DWELLING if kind is None else kind.persons_per_dwelling
    if share is None:
        share = SHARE_FROM_TOWN if kind is None else kind.share_from_town
    return each, share


def check_types(spec: ForecastSpec, projects: Sequence[Planned]) -> list[Issue]:
    """Every type of dwelling must be known, and have somebody who moves in."""
    unknown = sorted(
        {p.project.type for p in projects if p.project.type and not type_of(spec, p.project)}
    )
    found = []
    if unknown:
        known = sorted({*spec.dwelling_types, *shipped_types()})
        found.append(
            Issue(
                "spec-dwelling-type", Severity.ERROR,
                _("There is no type of dwelling “{name}”.").format(name=", ".join(unknown)),
                column="housing", value=", ".join(unknown),
                repair=_("Describe it under dwelling_types, or use one of: {names}.").format(
                    names=", ".join(known)),
            )
        )  # fmt: skip
    ages = {f"dwelling_types.{k}": t.ages for k, t in spec.dwelling_types.items()}
    ages |= {f"demolition.{d.name}": d.ages for d in spec.demolition}
    ages |= {f"special.{s.name}": s.ages for s in spec.special}
    for place, shares in ages.items():
        if shares and sum(shares.values()) <= 0:
            found.append(
                Issue(
                    "spec-age-shares", Severity.ERROR,
                    _("The age shares of “{place}” are all zero.").format(place=place),
                    column=place, repair=_("Give at least one age group a share."),
                )
            )  # fmt: skip
    return found


def housing_plan(
    spec: ForecastSpec, town: Town, projects: Sequence[Planned], rates: StepRates
) -> HousingPlan:
    """Who moves where and when, on the axes of the town."""
    layout = town.layout
    came = arriving_profile(town, rates)
    planned_homes = expected_dwellings(spec, town, projects)
    usual = usual_building(spec, layout.areas)
    beyond = np.ones_like(planned_homes) if usual is None else usual.beyond(planned_homes)
    kinds: dict[tuple[str, float], int] = {}
    profiles: list[Array] = []
    schemes = []
    for planned in projects:
        project = planned.project
        kind = type_of(spec, project)
        each, share = residents(kind, project)
        mark = (project.type if kind is not None else "", share)
        if mark not in kinds:
            kinds[mark] = len(profiles)
            profiles.append(came if kind is None else occupants_profile(layout, kind, came))
        area = layout.areas.index(project.area)
        after = -town.years[-1] - 1 + project.delay
        homes = {
            # What was due before the launch counts in no year of the forecast.
            year: n * (float(beyond[year + after, area]) if year + after >= 0 else 1.0)
            for year, n in project.dwellings.items()
        }
        schemes.append(
            Scheme(
                planned.key, kinds[mark], area, {year: n * each for year, n in homes.items()},
                project.probability, project.delay, project.delay_spread,
            )
        )  # fmt: skip
    shares = np.array([share for _type, share in kinds], dtype=np.float64)
    stacked = np.array(profiles).reshape(-1, *layout.shape[:3])
    plan = HousingPlan(stacked, shares, tuple(schemes), len(layout.areas))
    if usual is None or not spec.housing_shortfall:
        return plan
    pull = np.ones(layout.shape[3]) if rates.arrivals is None else np.broadcast_to(
        rates.arrivals, layout.shape).sum(axis=(0, 1, 2))  # fmt: skip
    fewer = PERSONS_PER_DWELLING * usual.short(planned_homes[: spec.years], pull)
    return replace(plan, absent=fewer, absent_from_town=SHARE_FROM_TOWN)


def expected_dwellings(spec: ForecastSpec, town: Town, projects: Sequence[Planned]) -> Array:
    """Expected completions (years, areas) from the first forecast year on, with their delay and
    probability; as many years as the forecast or the projects have, whichever is more."""
    first = town.years[-1] + 1
    rows = [
        (year + p.project.delay - first, town.layout.areas.index(p.project.area),
         n * p.project.probability)
        for p in projects
        for year, n in p.project.dwellings.items()
    ]  # fmt: skip
    length = max([spec.years, *(row + 1 for row, _area, _n in rows)])
    found = np.zeros((length, len(town.layout.areas)))
    for row, area, n in rows:
        if row >= 0:
            found[row, area] += n
    return found


def usual_building(spec: ForecastSpec, areas: tuple[str, ...]) -> UsualBuilding | None:
    """What the specification counts as usual; None for nothing. ``completions`` must have been
    looked up before, see ``forecasting_usual``."""
    given = spec.usual_housing
    if isinstance(given, str) or not given:
        return None
    rest = given.get("all")
    own = np.array([given.get(a, np.nan if rest is not None else 0.0) for a in areas])
    return UsualBuilding(own.astype(np.float64), 0.0 if rest is None else float(rest))


def arriving_profile(town: Town, rates: StepRates) -> Array:
    """Shares of the cells [sex, group, age] among those who arrive, adding up to 1."""
    came = np.zeros(town.layout.shape[:3])
    if rates.arrivals is not None:
        came = came + np.broadcast_to(rates.arrivals, town.layout.shape).sum(axis=-1)
    if came.sum() <= 0:
        came = town.register.stocks[-1].sum(axis=-1)
    return np.asarray(came / came.sum(), dtype=np.float64)
