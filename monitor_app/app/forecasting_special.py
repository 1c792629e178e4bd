"""People held apart from a forecast: halls of residence, prisons, barracks, homes.

They neither age nor take part in rates: they are taken out of every past stock before rates are
estimated, and added to every forecast stock unchanged.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from monitor_app.app import forecasting_axes as axes
from monitor_app.app.forecasting_events import TownEvents, child_groups, covers, note
from monitor_app.app.forecasting_town import Town
from monitor_app.core.areas import AreaSystem
from monitor_app.core.datasets import DatasetInfo, Kind, Origin
from monitor_app.core.formats import format_number
from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, Severity
from monitor_app.core.status import Status
from monitor_app.forecast.dwellings import age_weights
from monitor_app.forecast.projection import Projection
from monitor_app.forecast.spec import ForecastSpec
from monitor_app.forecast.spec_parts import SpecialGroup
from monitor_app.forecast.state import Array
from monitor_app.indicators.inputs import CubeSource, moment

#: Name of the variable that a data set of special groups counts.
VARIABLE = "special_population"


def hold_apart(source: CubeSource, areas: AreaSystem, spec: ForecastSpec, town: Town) -> Town:
    """The town without the people of a data set ``special_population`` and of the specification;
    ``Town.special`` has those of the newest stock. Findings are among the issues of the town."""
    issues: list[Issue] = []
    stocks = town.register.stocks
    apart = np.zeros_like(stocks)
    info = _dataset(source, areas, spec)
    if info is not None:
        apart += _counted(source, areas, town, info, issues)
    known = [s for s in spec.special if s.area in town.layout.areas]
    for group in known:
        if group.group is None or group.group in town.layout.groups:
            apart += _given(town, group)
    if not apart.any():
        return replace(town, issues=(*town.issues, *issues))
    issues += _too_many(town, apart[-1])
    apart = np.minimum(apart, np.maximum(stocks, 0.0))
    issues.append(
        note(
            "special-apart",
            _("{people} people in special groups are held apart: they do not age and take no part"
              " in rates.").format(people=format_number(float(apart[-1].sum()))),
        )
    )  # fmt: skip
    register = replace(town.register, stocks=stocks - apart)
    register = replace(register, births_by_group=child_groups(register))
    return replace(town, register=register, special=apart[-1], issues=(*town.issues, *issues))


def with_special(done: Projection, special: Array | None, bands: tuple[slice, ...]) -> Projection:
    """A projection with the people who were held apart, the same in every year."""
    if special is None:
        return done
    by_age = special.sum(axis=(0, 1))
    sums = np.stack([by_age[band].sum(axis=0) for band in bands])
    return replace(
        done,
        stocks=None if done.stocks is None else done.stocks + special,
        age_sums=done.age_sums + sums,
        final=done.final + special,
    )


def _dataset(source: CubeSource, areas: AreaSystem, spec: ForecastSpec) -> DatasetInfo | None:
    if spec.special_dataset == "none":
        return None
    found = [
        i
        for i in source.datasets()
        if i.spec.kind is Kind.VARIABLE
        and i.spec.variable == VARIABLE
        and i.spec.origin is Origin.OBSERVED
        and covers(areas, i.spec.level, spec.level)
    ]
    return max(found, key=lambda i: (len(i.dims), i.spec.key)) if found else None


def _counted(
    source: CubeSource, areas: AreaSystem, town: Town, info: DatasetInfo, issues: list[Issue]
) -> Array:
    """People of a data set (years, sex, group, age, area): the newest count of each year, the
    oldest one before the first; detail that it lacks as among everybody there."""
    stocks = town.register.stocks
    if "age" not in info.dims:
        issues.append(
            Issue(
                "special-ages", Severity.ERROR,
                _("The special groups of “{name}” have no ages.").format(name=info.spec.name),
                repair=_("Import them by age, or leave them out with special_dataset: none."),
            )
        )  # fmt: skip
        return np.zeros_like(stocks)
    issues += _secret(source, info)
    reader = TownEvents(
        source, areas, town.level, town.layout, stocks, town.years, town.country, []
    )
    counts, maps, days = reader.detail(info)
    ends = [moment(day).year for day in days]
    order = np.argsort(ends, kind="stable")
    picked = []
    for year in town.years:
        before = [i for i in order if ends[i] <= year]
        picked.append(counts[before[-1] if before else order[0]])
    weights = np.maximum(np.nan_to_num(stocks), 0.0)
    dealt = axes.allot(np.nan_to_num(np.array(picked)), weights, [None, *maps])
    return np.where(dealt > 0, dealt, 0.0)


def _secret(source: CubeSource, info: DatasetInfo) -> list[Issue]:
    """People whose number is kept secret cannot be held apart: they stay among the others."""
    count = int((source.cube(info.spec.key).status == Status.SECRET).sum())
    if not count:
        return []
    return [
        Issue(
            "special-secret", Severity.WARNING,
            _("{count} numbers of “{name}” are secret: these people are not held apart.").format(
                count=format_number(count), name=info.spec.name),
            column="special", count=count,
            repair=_("Import the true numbers, or name the groups in the specification."),
        )
    ]  # fmt: skip


def _given(town: Town, entry: SpecialGroup) -> Array:
    """People of one entry (years, sex, group, age, area), in each age group as all who live there
    in that year."""
    stocks = np.maximum(town.register.stocks, 0.0)
    mask = np.zeros(town.layout.shape)
    sexes = [i for i, s in enumerate(town.layout.sexes) if entry.sex in (None, s) or s == "x"]
    groups = [i for i, g in enumerate(town.layout.groups) if entry.group in (None, g)]
    mask[np.ix_(sexes, groups, range(mask.shape[2]), [town.layout.areas.index(entry.area)])] = 1.0
    found = np.zeros_like(stocks)
    total = sum(entry.ages.values())
    if total <= 0:
        return found
    for ages, share in entry.ages.items():
        rows = age_weights(town.layout, {ages: 1.0}) > 0
        there = stocks * mask * rows[None, None, :, None]
        sums = there.sum(axis=(1, 2, 3, 4), keepdims=True)
        persons = entry.persons * share / total
        found += there * np.divide(persons, sums, out=np.zeros_like(sums), where=sums > 0)
    return found


def _too_many(town: Town, apart: Array) -> list[Issue]:
    """More people held apart than live there, by area."""
    over = np.maximum(apart - np.maximum(town.register.stocks[-1], 0.0), 0.0).sum(axis=(0, 1, 2))
    bad = [a for a, n in zip(town.layout.areas, over, strict=True) if n > 0.5]
    if not bad:
        return []
    return [
        Issue(
            "special-more", Severity.ERROR,
            _("More people are held apart than live there: {areas}").format(
                areas=", ".join(bad[:10])),
            column="special", count=len(bad),
            repair=_("Correct the number, the ages, the sex or the group of the special group."),
        )
    ]  # fmt: skip
