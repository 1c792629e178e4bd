"""Age groups of all dates of a data set on one axis: summed where exact, never split."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import pairwise

import numpy as np

from monitor_app.core.ages import AgeAxis, AgeGroup
from monitor_app.core.datasets import Absent
from monitor_app.core.formats import format_date
from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, Severity
from monitor_app.exchange.assemble import Long
from monitor_app.exchange.coded import TOTAL, Codes
from monitor_app.exchange.recipe_model import FactContent

Bound = int | None
_SINGLE = re.compile(r"(\d+)\.\.(\d+)(\+?)")


def read_axis(text: str) -> AgeAxis:
    """``0..100+`` (single years, open from 100 on), ``15..49`` or the stored form ``0,3,6,10+``.
    Raises ``ValueError``."""
    match = _SINGLE.fullmatch(text.strip())
    if match is None:
        return AgeAxis.decode(text.strip())
    first, last = int(match[1]), int(match[2])
    return AgeAxis.from_lows(tuple(range(first, last + 1)), None if match[3] else last + 1)


def fit_ages(
    long: Long, content: FactContent, existing: AgeAxis | None, issues: list[Issue]
) -> tuple[AgeAxis, Codes] | None:
    """The age axis that all dates can be summed to exactly, and each entry's position on it.

    Bounds that one date lacks are dropped for all (groups are summed, never split). Where absent
    combinations count as zero, ages that a date does not name are no gap. None where groups
    overlap or leave a gap; the issues say which.
    """
    rule = content.age
    by_date = {
        day: _closed_up(groups, last_open=rule is not None and rule.last_open)
        for day, groups in _groups_by_date(long).items()
    }
    if rule is not None and rule.axis is not None:
        try:
            axis = read_axis(rule.axis)
        except ValueError:
            issues.append(_bad_axis(rule.axis))
            return None
        return _on_axis(long, axis, by_date, issues)
    if existing is not None and content.absent is Absent.ZERO:
        return _on_axis(long, existing, by_date, issues)
    if content.absent is Absent.ZERO:
        union = _fill_gaps(sorted({g for groups in by_date.values() for g in groups}, key=_order))
        if _overlap(union) is None:
            by_date = dict.fromkeys(by_date, union)
    bounds: list[set[Bound]] = []
    for day, groups in by_date.items():
        if not _joins(groups, day, issues):
            return None
        found: set[Bound] = {*(g.lo for g in groups), groups[-1].hi}
        if rule is not None and rule.open_from is not None:
            found = {b for b in found if b is not None and b <= rule.open_from} | {None}
        bounds.append(found)
    return _common(long, list(by_date), bounds, existing, issues)


def _common(
    long: Long,
    days: Sequence[date],
    bounds: list[set[Bound]],
    existing: AgeAxis | None,
    issues: list[Issue],
) -> tuple[AgeAxis, Codes] | None:
    common = set.intersection(*bounds)
    if existing is not None:
        common &= {*(g.lo for g in existing.groups), existing.groups[-1].hi}
    lows = sorted(b for b in common if b is not None)
    lowest = min(b for own in bounds for b in own if b is not None)
    open_end = None in common
    if len(lows) < (1 if open_end else 2) or lows[0] != lowest:
        issues.append(_no_common_axis())
        return None
    if open_end:
        axis = AgeAxis.from_lows(tuple(lows))
    else:
        axis = AgeAxis.from_lows(tuple(lows[:-1]), lows[-1])
    if existing is not None and axis != existing:
        issues.append(_other_axis(existing, axis))
        return None
    if any(b != common for b in bounds):
        issues.append(_harmonised(axis, days, bounds, common))
    return axis, _positions(long, axis)


def _on_axis(
    long: Long, axis: AgeAxis, by_date: dict[date, list[AgeGroup]], issues: list[Issue]
) -> tuple[AgeAxis, Codes] | None:
    """Every group must lie inside one group of the axis."""
    for day, groups in by_date.items():
        for group in groups:
            place = int(np.searchsorted(axis.lows, group.lo, side="right")) - 1
            end = axis.groups[place].hi if place >= 0 else group.lo
            if end is not None and (group.hi is None or group.hi > end):
                issues.append(
                    Issue(
                        "age-outside-axis",
                        Severity.ERROR,
                        _("On {date} the age group {group} does not fit the axis {axis}.").format(
                            date=format_date(day), group=group.label, axis=axis.encode()
                        ),
                        value=group.label,
                        repair=_("Correct age.axis in the recipe; groups are never split."),
                    )
                )
                return None
    return axis, _positions(long, axis)


def _bad_axis(text: str) -> Issue:
    return Issue(
        "age-axis-unreadable",
        Severity.ERROR,
        _("The age groups {axis} of the recipe cannot be read.").format(axis=text),
        value=text,
        repair=_("Write age.axis like 0..100+ or 0,3,6,10+ with rising ages."),
    )


def _order(group: AgeGroup) -> tuple[int, int]:
    return group.lo, 999 if group.hi is None else group.hi


def _closed_up(groups: Iterable[AgeGroup], *, last_open: bool) -> list[AgeGroup]:
    ordered = sorted(groups, key=_order)
    if last_open and ordered[-1].hi is not None:
        ordered[-1] = AgeGroup(ordered[-1].lo, None)
    return ordered


def _fill_gaps(groups: list[AgeGroup]) -> list[AgeGroup]:
    """Groups for ages that nobody has: single years between single years, else one group."""
    filled = groups[:1]
    for left, right in pairwise(groups):
        if left.hi is not None and left.hi < right.lo:
            single = left.hi == left.lo + 1 and (right.hi is None or right.hi == right.lo + 1)
            lows = [*range(left.hi, right.lo)] if single else [left.hi]
            filled += [AgeGroup(lo, hi) for lo, hi in zip(lows, [*lows[1:], right.lo], strict=True)]
        filled.append(right)
    return filled


def _overlap(groups: Sequence[AgeGroup]) -> tuple[AgeGroup, AgeGroup] | None:
    for left, right in pairwise(groups):
        if left.hi is None or left.hi > right.lo:
            return left, right
    return None


def _groups_by_date(long: Long) -> dict[date, list[AgeGroup]]:
    usable = long.usable
    ages = len(long.labels["age"])
    pairs = np.unique(long.codes["date"][usable] * ages + long.codes["age"][usable])
    found: dict[date, list[AgeGroup]] = {}
    for pair in pairs.tolist():
        day, age = divmod(pair, ages)
        found.setdefault(long.labels["date"][day], []).append(long.labels["age"][age])
    return found


def _joins(ordered: list[AgeGroup], day: date, issues: list[Issue]) -> bool:
    for left, right in pairwise(ordered):
        if left.hi == right.lo:
            continue
        overlap = left.hi is None or left.hi > right.lo
        text = (
            _("On {date} the age groups {left} and {right} overlap.")
            if overlap
            else _("On {date} ages are missing between the groups {left} and {right}.")
        )
        issues.append(
            Issue(
                "ages-overlap" if overlap else "ages-gap",
                Severity.ERROR,
                text.format(date=format_date(day), left=left.label, right=right.label),
                repair=_("Leave total groups out in the recipe, or import them separately."),
            )
        )
        return False
    return bool(ordered)


def _no_common_axis() -> Issue:
    return Issue(
        "ages-without-common-axis",
        Severity.ERROR,
        _("The age groups of the dates have no common division; groups are never split."),
        repair=_(
            "Import the dates as separate data sets, or, where the highest age means “and older”, "
            "set age.last_open in the recipe."
        ),
    )


def _other_axis(existing: AgeAxis, axis: AgeAxis) -> Issue:
    return Issue(
        "ages-differ-from-project",
        Severity.ERROR,
        _(
            "The data set in the project has the age groups {known}; the file can only be summed "
            "to {found}. Groups are never split."
        ).format(known=existing.encode(), found=axis.encode()),
        repair=_("Import the file as a data set of its own (another key in the recipe)."),
    )


def _harmonised(
    axis: AgeAxis, days: Sequence[date], bounds: list[set[int | None]], common: set[int | None]
) -> Issue:
    touched = [day for day, own in zip(days, bounds, strict=True) if own != common]
    return Issue(
        "ages-harmonised",
        Severity.WARNING,
        _(
            "{count} dates come with other age groups; they were summed to the groups that all "
            "share ({first} to {last}). Nothing was split."
        ).format(count=len(touched), first=axis.labels[0], last=axis.labels[-1]),
        repair=_("Import the dates separately if you need the finer groups."),
        count=len(touched),
    )


def _positions(long: Long, axis: AgeAxis) -> Codes:
    lookup = [int(np.searchsorted(axis.lows, g.lo, side="right")) - 1 for g in long.labels["age"]]
    return np.array([*lookup, TOTAL, -1], dtype=np.int64)[long.codes["age"]]
