"""Segregation of a project: how unevenly groups of people live, for every date of a series.

Groups are conditions of the formula language (``group == "AUT"``, ``age >= 65``), so that any
dimension of the register can be looked at; who belongs to a group and who lives in an area is
always read from one and the same data set.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor_app.app.session import Session
from monitor_app.core.areas import CITY, AreaSystem
from monitor_app.core.datasets import Kind
from monitor_app.core.formats import format_date, format_number
from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, Severity, UserError, fail
from monitor_app.core.progress import Progress
from monitor_app.core.values import IndicatorTable
from monitor_app.exchange.export_table import ExportTable, TextColumn, ValueColumn
from monitor_app.indicators.catalogue import Catalogue, Entry
from monitor_app.indicators.definitions import IndicatorDef, Texts
from monitor_app.indicators.engine import Engine
from monitor_app.indicators.obstacles import dimension_word
from monitor_app.indicators.segregation import (
    DRAWS,
    Measure,
    Profile,
    location_quotient,
    mixture,
    profile,
)
from monitor_app.indicators.tree import Binary

DIMENSIONS = ("sex", "group", "age")
#: Age groups that are tried, the first that the data can answer exactly.
AGE_BANDS = ((18, 30, 65), (15, 30, 65), (20, 65), (15, 65))
#: Measures of a group in the order of the table.
MEASURES = ("is", "isolation", "eta2", "interaction", "entropy", "gini", "dissimilarity")


@dataclass(frozen=True)
class Group:
    """People who fulfil ``condition`` (empty: everybody)."""

    key: str
    name: str
    condition: str


@dataclass(frozen=True, eq=False)
class Segregation:
    """Indices of all groups of a level.

    ``profiles[group][date]``; ``mixed[date]``: Theil's H of all groups together (only where the
    groups are a whole); ``quotients[group]`` float64 (areas,): location quotient at the last
    date. ``breaks``: days of reforms inside the series. ``refused``: why dates are missing.
    """

    level: str
    level_name: str
    groups: tuple[Group, ...]
    reference: Group | None
    dates: tuple[date, ...]
    profiles: Mapping[str, Mapping[date, Profile]]
    mixed: Mapping[date, Measure]
    areas: tuple[str, ...]
    quotients: Mapping[str, NDArray[np.float64]]
    breaks: tuple[date, ...]
    seed: int
    draws: int
    issues: tuple[Issue, ...] = ()
    sources: tuple[str, ...] = field(default=())
    carried: bool = False

    def measure(self, group: str, day: date, name: str) -> Measure | None:
        found = self.profiles.get(group, {}).get(day)
        return None if found is None else found.measures.get(name)


def measure_name(name: str) -> str:
    """What a measure is called on the screen and in tables."""
    return {
        "is": _("Segregation index IS"),
        "isolation": _("Isolation xPx"),
        "eta2": _("Isolation without the effect of size η²"),
        "interaction": _("Interaction xPy"),
        "entropy": _("Entropy index H"),
        "gini": _("Gini index"),
        "dissimilarity": _("Dissimilarity index D"),
    }[name]


def groups_by(session: Session, dimension: str) -> tuple[Group, ...]:
    """The groups that the inhabitants of the project are counted by. ``UserError`` where no data
    set counts them so."""
    if dimension == "age":
        return _age_groups(AGE_BANDS[0])
    codes: dict[str, str] = {}
    for info in session.project.datasets():
        if info.spec.kind is not Kind.POPULATION or dimension not in info.dims:
            continue
        for code in session.project.cube(info.spec.key).labels[dimension]:
            codes.setdefault(code, info.spec.labels.get(code, ""))
    words = {
        "m": _("Men"), "f": _("Women"), "x": _("Other or no entry"),
        "national": _("Nationals"), "foreign": _("Foreigners"),
    }  # fmt: skip
    found = tuple(
        Group(code, name or words.get(code, code), f'{dimension} == "{code}"')
        for code, name in codes.items()
    )
    if len(found) < 2:
        raise fail(
            "no-groups",
            _("No data set counts inhabitants by “{dimension}”.").format(
                dimension=dimension_word(dimension)
            ),
            repair=_("Choose another dimension, or import such a data set."),
        )
    return found


def _age_groups(limits: Sequence[int]) -> tuple[Group, ...]:
    found = [Group(f"u{limits[0]}", _("under {age} years").format(age=limits[0]),
                   f"age < {limits[0]}")]  # fmt: skip
    for low, high in pairwise(limits):
        name = _("{low} to {high} years").format(low=low, high=high - 1)
        found.append(Group(f"{low}_{high - 1}", name, f"age {low}..{high - 1}"))
    last = limits[-1]
    name = _("{age} years and over").format(age=last)
    return (*found, Group(f"{last}plus", name, f"age >= {last}"))


def segregation(
    session: Session,
    level: str,
    by: str | None = None,
    *,
    of: str | None = None,
    against: str | None = None,
    carried: bool = False,
    draws: int = DRAWS,
    seed: int = 1,
    progress: Progress | None = None,
) -> Segregation:
    """*Slow.* All indices for all dates: of each group of a dimension (``by``), or of those who
    fulfil a condition (``of``), with ``against`` the dissimilarity from a second group.

    Errors: ``UserError`` for an unknown level, a faulty condition, or inputs that are missing.
    """
    if (by is None) == (of is None):
        raise fail("groups", _("Name either a dimension or a condition, not both."))
    if by is not None and by not in DIMENSIONS:
        raise fail(
            "dimension", _("People cannot be told apart by “{name}”.").format(name=by), value=by,
            repair=_("Choose one of: {names}").format(names=", ".join(DIMENSIONS)),
        )  # fmt: skip
    if level == CITY:
        raise fail(
            "few-areas", _("Segregation needs several areas."),
            repair=_("Choose a finer level."),
        )  # fmt: skip
    progress = progress or Progress()
    reference = None if against is None else Group("against", against, against)
    missing: tuple[str, ...] = ()
    for groups in _choices(session, by, of):
        counted = _counted(session, level, groups, reference, carried=carried)
        if isinstance(counted, _Counts):
            return _indices(session, level, groups, reference, counted, by is not None, draws,
                            seed, progress)  # fmt: skip
        missing = missing or counted
    raise fail(
        "missing_inputs", _("Segregation cannot be computed on this level."),
        repair=_("Missing: {inputs}").format(inputs="; ".join(missing)),
    )  # fmt: skip


def _choices(session: Session, by: str | None, of: str | None) -> tuple[tuple[Group, ...], ...]:
    if of is not None:
        return ((Group("of", of, of),),)
    if by == "age":
        return tuple(_age_groups(limits) for limits in AGE_BANDS)
    return (groups_by(session, by or "group"),)


@dataclass(frozen=True, eq=False)
class _Counts:
    """``people`` (areas, dates); ``groups[key]`` of the same shape; NaN where unknown or where an
    area is not in force."""

    table: IndicatorTable
    people: NDArray[np.float64]
    groups: dict[str, NDArray[np.float64]]
    in_force: NDArray[np.bool_]


def _counted(
    session: Session, level: str, groups: Sequence[Group], reference: Group | None, *, carried: bool
) -> _Counts | tuple[str, ...]:
    """Heads per area and date, or what the project lacks for them."""
    wanted = (*groups, *((reference,) if reference is not None else ()))
    # One formula each of a count over all: both sides are then read from one data set.
    definitions = [
        IndicatorDef(id=f"g{n}", name=Texts(de=g.name, en=g.name), unit="1",
                     formula=f"pop({g.condition}) / pop()")
        for n, g in enumerate(wanted)
    ]  # fmt: skip
    catalogue = Catalogue(tuple(Entry(d, "") for d in definitions))
    engine = Engine(session.areas, session.project, catalogue)
    found: dict[str, NDArray[np.float64]] = {}
    first: IndicatorTable | None = None
    people = np.empty((0, 0))
    for group, definition in zip(wanted, definitions, strict=True):
        tree = definition.trees[0]
        assert isinstance(tree, Binary)
        table = engine.compute(definition.id, level, carried=carried)
        if not table.dates:
            return table.missing_inputs or (_("inhabitants by “{name}”").format(name=group.name),)
        if first is None:
            first = table
            people = engine.part(tree.right, table, level, {"carried": carried}).values
        parts = engine.part(tree.left, table, level, {"carried": carried}).values
        found[group.key] = _at(first.dates, table.dates, parts)
    assert first is not None
    return _Counts(first, people, found, _in_force(session, level, first, carried=carried))


def _at(
    wanted: Sequence[date], days: Sequence[date], values: NDArray[np.float64]
) -> NDArray[np.float64]:
    place = {day: j for j, day in enumerate(days)}
    lost = np.full(len(values), np.nan)
    return np.stack([values[:, place[d]] if d in place else lost for d in wanted], axis=1)


def _in_force(
    session: Session, level: str, table: IndicatorTable, *, carried: bool
) -> NDArray[np.bool_]:
    """Which areas exist at which dates: an area that is not there yet is not "left out"."""
    system: AreaSystem = session.shown_areas(carried=carried)
    known = {day: {a.key for a in system.at(level, day)} for day in table.dates}
    return np.array([[key in known[day] for day in table.dates] for key in table.areas])


def _indices(
    session: Session,
    level: str,
    groups: tuple[Group, ...],
    reference: Group | None,
    counts: _Counts,
    whole: bool,
    draws: int,
    seed: int,
    progress: Progress,
) -> Segregation:
    table = counts.table
    profiles: dict[str, dict[date, Profile]] = {g.key: {} for g in groups}
    mixed: dict[date, Measure] = {}
    refused: dict[str, Issue] = {}
    for j, day in enumerate(table.dates):
        progress.step(j / len(table.dates), _("Segregation: {day}").format(day=format_date(day)))
        rows = counts.in_force[:, j]
        people = counts.people[rows, j]
        other = None if reference is None else counts.groups[reference.key][rows, j]
        for group in groups:
            own = reference is not None and reference.condition == group.condition
            try:
                profiles[group.key][day] = profile(
                    counts.groups[group.key][rows, j], people,
                    reference=None if own else other, draws=draws, seed=seed,
                )  # fmt: skip
            except UserError as error:
                for issue in error.issues:
                    refused.setdefault(group.key + issue.code, _of_group(issue, group, day))
        if whole and len(groups) > 1:
            try:
                heads = np.stack([counts.groups[g.key][rows, j] for g in groups])
                mixed[day] = mixture(heads, draws=draws, seed=seed)
            except UserError:
                continue  # each group has told why
    dates = tuple(d for d in table.dates if any(d in p for p in profiles.values()))
    if not dates:
        raise UserError(refused.values())
    last = table.dates.index(dates[-1])
    specs = {info.spec.key: info.spec.source for info in session.project.datasets()}
    return Segregation(
        level, session.areas.level(level).name, groups, reference, dates, profiles, mixed,
        table.areas,
        {g.key: location_quotient(counts.groups[g.key][:, last], counts.people[:, last])
         for g in groups},
        table.breaks, seed, draws, tuple(refused.values()),
        tuple(dict.fromkeys(s for k in table.datasets if (s := specs.get(k, "")))), table.carried,
    )  # fmt: skip


def _of_group(issue: Issue, group: Group, day: date) -> Issue:
    text = _("{group}, {day}: {reason}")
    message = text.format(group=group.name, day=format_date(day), reason=issue.message)
    return Issue(issue.code, Severity.WARNING, message, repair=issue.repair)


# -- in words and tables ---------------------------------------------------------------------------


def main_measure(found: Segregation) -> str:
    """The measure that is told in words: against all others, or against the second group."""
    return "is" if found.reference is None else "dissimilarity"


def _other(found: Segregation) -> str:
    """Name of the second group."""
    if found.reference is None:
        return ""
    condition = found.reference.condition
    return next((g.name for g in found.groups if g.condition == condition), condition)


def _is_other(found: Segregation, group: Group) -> bool:
    return found.reference is not None and found.reference.condition == group.condition


def sentence(found: Segregation, group: Group, day: date) -> str:
    """What the index of a group means, beside chance; empty for the group that the others are
    held against."""
    if _is_other(found, group):
        return ""
    measure = found.measure(group.key, day, main_measure(found))
    if measure is None:
        return _("{group}: no index for {day}.").format(group=group.name, day=format_date(day))
    text = (
        _(
            "{group}: {share} per cent of the group would have to move for its share to be the "
            "same in every area; if everybody lived at random, it would be {chance} per cent."
        )
        if found.reference is None
        else _(
            "{group}: {share} per cent of the group would have to move to be spread over the areas "
            "as “{other}”; if both lived at random, it would be {chance} per cent."
        )
    )
    return text.format(
        group=group.name,
        other=_other(found),
        share=format_number(100 * measure.value, 1),
        chance=format_number(100 * measure.random, 1),
    )


def trend(found: Segregation, group: Group) -> str:
    """How the index of a group changed over the series, in words."""
    name = main_measure(found)
    days = [d for d in found.dates if found.measure(group.key, d, name) is not None]
    if len(days) < 2:
        return ""
    first, last = (found.measure(group.key, d, name) for d in (days[0], days[-1]))
    assert first is not None
    assert last is not None
    change = 100 * (last.value - first.value)
    noise = 100 * 2 * float(np.hypot(first.random_sd, last.random_sd))
    if abs(change) <= noise:
        text = _("{group}: no more change since {day} than chance makes.")
        return text.format(group=group.name, day=format_date(days[0]))
    text = (
        _("{group}: more separated than on {day} ({change} points).")
        if change > 0
        else _("{group}: less separated than on {day} ({change} points).")
    )
    return text.format(
        group=group.name, day=format_date(days[0]), change=format_number(change, 1, signed=True)
    )


def remarks(found: Segregation) -> tuple[str, ...]:
    """How the numbers were made, and what must not be read out of them."""
    lines = [
        _("Random allocation: mean of {draws} draws, seed {seed}.").format(
            draws=format_number(found.draws), seed=found.seed
        ),
        _("Small areas make every index larger: compare only values of one level."),
    ]
    if found.breaks:
        days = ", ".join(format_date(d) for d in found.breaks)
        text = (
            _(
                "Carried over the reform of {days} to the present areas: earlier values are "
                "estimates."
            )
            if found.carried
            else _("The areas changed on {days}: values before and after do not compare.")
        )
        lines.append(text.format(days=days))
    lines += [i.message for i in found.issues]
    lines += [_("Source: {source}").format(source=s) for s in found.sources]
    return tuple(lines)


def segregation_table(found: Segregation) -> ExportTable:
    """One row per group and date: every measure beside its value under random allocation."""
    pairs = [(g, d) for g in found.groups for d in found.dates]
    columns: list[TextColumn | ValueColumn] = [
        TextColumn(_("Group"), tuple(g.name for g, _day in pairs)),
        TextColumn(_("Date"), tuple(format_date(d) for _g, d in pairs)),
    ]
    for name in MEASURES:
        measures = [found.measure(g.key, d, name) for g, d in pairs]
        if not any(measures):
            continue
        title = measure_name(name)
        for label, pick in ((title, "value"), (_("{name}, at random").format(name=title),
                                               "random")):  # fmt: skip
            numbers = [np.nan if m is None else float(getattr(m, pick)) for m in measures]
            columns.append(ValueColumn.of(label, numbers, 4))
    return ExportTable(
        name=_("Segregation"), columns=tuple(columns),
        title=_("Segregation, {level}").format(level=found.level_name), notes=remarks(found),
    )  # fmt: skip


def segregation_data(found: Segregation) -> dict[str, Any]:
    """The same for machines."""
    return {
        "level": found.level,
        "draws": found.draws,
        "seed": found.seed,
        "breaks": [d.isoformat() for d in found.breaks],
        "groups": [
            {
                "key": g.key,
                "name": g.name,
                "condition": g.condition,
                "values": [
                    {
                        "date": d.isoformat(),
                        "areas": found.profiles[g.key][d].areas,
                        "left_out": found.profiles[g.key][d].left_out,
                        **{n: {"value": m.value, "random": m.random, "random_sd": m.random_sd}
                           for n, m in found.profiles[g.key][d].measures.items()},
                    }
                    for d in found.dates if d in found.profiles[g.key]
                ],
                "location_quotients": {
                    a: None if np.isnan(v) else float(v)
                    for a, v in zip(found.areas, found.quotients[g.key], strict=True)
                },
            }
            for g in found.groups
        ],
        "entropy": [
            {"date": d.isoformat(), "value": m.value, "random": m.random}
            for d, m in found.mixed.items()
        ],
        "issues": [i.as_dict() for i in found.issues],
    }  # fmt: skip
