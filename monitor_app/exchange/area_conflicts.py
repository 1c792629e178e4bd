"""Boundaries against the other boundaries of their level: those of the same import, those that
the project has."""

from __future__ import annotations

from datetime import date

from monitor_app.core.areas import AreaSystem
from monitor_app.core.batch import AreaTable, ImportContext
from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, Severity

#: So many keys are named in one finding.
NAMED = 20


def given_twice(before: AreaTable, after: AreaTable, file: str | None) -> list[Issue]:
    """Areas that two files of one import draw for the same time: both would be on the map."""
    drawn: dict[str, list[tuple[date, date]]] = {}
    for i, key in enumerate(before.keys):
        if before.geometries[i] is not None:
            drawn.setdefault(key, []).append(_span(before, i))
    double = [
        key
        for i, key in enumerate(after.keys)
        if after.geometries[i] is not None
        and any(_overlap(_span(after, i), other) for other in drawn.get(key, ()))
    ]
    if not double:
        return []
    return [
        Issue(
            "areas-given-twice",
            Severity.ERROR,
            _("Level “{level}”: {count} areas come from two files for the same time, e.g. {key}.")
            .format(level=after.level.name, count=len(double), key=double[0]),
            file=file,
            value=", ".join(double[:NAMED]),
            repair=_("Leave one of the two files out, or give the areas dates of validity."),
            count=len(double),
        )
    ]  # fmt: skip


def left_out(table: AreaTable, context: ImportContext, file: str | None) -> list[Issue]:
    """Areas of the project that new boundaries do not have, where numbers may hang on them: a
    layer with boundaries is the new state of its level."""
    level = table.level.key
    if all(g is None for g in table.geometries) or not _has_numbers(context, level):
        return []
    had = {a.key for a in context.areas.at(level) if a.located} if _known(context.areas, level) \
        else set()  # fmt: skip
    gone = sorted(had - set(table.keys))
    if not gone:
        return []
    return [
        Issue(
            "areas-left-out",
            Severity.WARNING,
            _(
                "Level “{level}”: the new boundaries lack {count} areas of the project, e.g. "
                "{key}. Numbers of these areas would be on no map and in no larger area."
            ).format(level=table.level.name, count=len(gone), key=gone[0]),
            file=file,
            value=", ".join(gone[:NAMED]),
            repair=_(
                "Import a layer that has former areas too, with dates of validity, if the project "
                "holds numbers of earlier years."
            ),
            count=len(gone),
        )
    ]


def _known(areas: AreaSystem, level: str) -> bool:
    return any(lv.key == level for lv in areas.levels)


def _has_numbers(context: ImportContext, level: str) -> bool:
    return any(info.spec.level == level for info in context.datasets)


def _span(table: AreaTable, i: int) -> tuple[date, date]:
    start = table.valid_from[i] if table.valid_from else None
    end = table.valid_to[i] if table.valid_to else None
    return start or date.min, end or date.max


def _overlap(a: tuple[date, date], b: tuple[date, date]) -> bool:
    return a[0] <= b[1] and b[0] <= a[1]
