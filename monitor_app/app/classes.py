"""Classes of a composite index: status × dynamics as types, their map, and how certain they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from monitor_app.app.session import Session
from monitor_app.app.weighting import ComputedIndex
from monitor_app.cartography.classify import Method
from monitor_app.cartography.kinds import category_spec
from monitor_app.cartography.mapspec import MapSpec, MapStyle, value_spec
from monitor_app.core.formats import format_date
from monitor_app.core.i18n import _
from monitor_app.core.issues import UserError, fail
from monitor_app.core.progress import Progress
from monitor_app.indicators.classconfidence import (
    DRAWS,
    ClassConfidence,
    Counts,
    Side,
    class_confidence,
)
from monitor_app.indicators.composite import years_before
from monitor_app.indicators.evidence import evidence
from monitor_app.indicators.weightings import ClassDef, Weighting

T = TypeVar("T")

#: Status from light (best) to dark; dynamics by hue: blue (positive), grey (stable), red.
TYPE_COLOURS = (
    ("#d3e5f3", "#e9e9e6", "#fbdcc8"),
    ("#9cc4e2", "#c3c3be", "#f2a583"),
    ("#5592c6", "#8e8e89", "#d4604e"),
    ("#1d5694", "#55554f", "#8f1b24"),
)
#: Classes of the status alone, best to worst.
STATUS_COLOURS = ("#e9e9e6", "#f7cda9", "#e2805f", "#9c2a2c")
BURDEN, QUALITY = "orrd", "ylgnbu"


def class_names(limits: ClassDef | None) -> tuple[str, ...]:
    """Names in the language of the interface, lowest values first."""
    return () if limits is None else tuple(name.shown for name in limits.names)


def type_names(weighting: Weighting) -> tuple[tuple[str, str], ...]:
    """All pairs of status and dynamics, row by row; empty without both."""
    changes = weighting.changes()
    if weighting.classes is None or changes is None or changes.classes is None:
        return ()
    rows, columns = class_names(weighting.classes), class_names(changes.classes)
    return tuple((status, way) for status in rows for way in columns)


def type_name(status: str, way: str) -> str:
    """A pair of classes as one name."""
    return f"{status} / {way}" if way else status


def type_colours(weighting: Weighting) -> dict[str, str]:
    """Colour per type, in the order of the legend. Where there are more classes than the usual
    four by three, the map finds colours by itself."""
    rows = class_names(weighting.classes)
    pairs = type_names(weighting)
    if not pairs:
        fits = len(rows) <= len(STATUS_COLOURS)
        return dict(zip(rows, _spread(STATUS_COLOURS, len(rows)), strict=True)) if fits else {}
    columns = len(pairs) // len(rows)
    if len(rows) > len(TYPE_COLOURS) or columns > 3:
        return {}
    chosen = _spread(TYPE_COLOURS, len(rows))
    return {
        type_name(status, way): _spread(chosen[n // columns], columns)[n % columns]
        for n, (status, way) in enumerate(pairs)
    }


def _spread(items: Sequence[T], count: int) -> list[T]:
    """So many of the items, from first to last."""
    places = np.linspace(0, len(items) - 1, count).round().astype(int)
    return [items[i] for i in places]


def types_of(
    weighting: Weighting, status: NDArray[np.int64], dynamics: NDArray[np.int64] | None
) -> list[str | None]:
    """Name of the type per area from class numbers (−1: none); without dynamics the status."""
    rows = class_names(weighting.classes)
    changes = weighting.changes()
    columns = class_names(changes.classes) if changes is not None else ()
    if dynamics is None or not columns:
        return [rows[s] if s >= 0 else None for s in status]
    return [
        type_name(rows[s], columns[d]) if s >= 0 and d >= 0 else None
        for s, d in zip(status, dynamics, strict=True)
    ]


def index_types(index: ComputedIndex, day: date) -> list[str | None]:
    """Name of the type per area of the index at a date."""
    status = index.classes(day)
    if status is None:
        raise fail(
            "no-classes",
            _("The weighting “{name}” has no classes.").format(name=index.weighting.name.shown),
            repair=_("Choose a weighting with classes, such as that after the Berlin method."),
        )
    return types_of(index.weighting, status, None if index.changes is None
                    else index.changes.classes(day))  # fmt: skip


def index_spec(session: Session, index: ComputedIndex, day: date) -> MapSpec:
    """The index of a date as a map: types where the weighting has classes, else five classes of
    equal size."""
    weighting = index.weighting
    base = value_spec(
        index.table, session.areas, day,
        MapStyle(
            method=Method.QUANTILES, palette=BURDEN if weighting.meaning == "burden" else QUALITY,
            whole_series=False,
        ),
        title=weighting.name.shown, precision=2, city_value=None, note=weighting.caveat.shown,
    )  # fmt: skip
    if weighting.classes is None:
        return base
    by_key = dict(zip(index.table.areas, index_types(index, day), strict=True))
    spec = category_spec(base, [by_key.get(k) for k in base.keys], type_colours(weighting) or None)
    return replace(spec, note=_dynamics_note(index, day) or spec.note)


def _dynamics_note(index: ComputedIndex, day: date) -> str:
    if index.changes is None or index.weighting.dynamics is None or day not in index.changes.dates:
        return ""
    text = _("Status / dynamics: change since {day}.")
    return text.format(day=format_date(years_before(day, index.weighting.dynamics.years)))


# -- how certain the classes are -------------------------------------------------------------------


def check_classes(
    session: Session,
    index: ComputedIndex,
    day: date,
    *,
    draws: int = DRAWS,
    seed: int = 1,
    progress: Progress | None = None,
) -> ClassConfidence:
    """*Slow.* In which share of the draws each area keeps its class. ``UserError`` for a weighting
    without classes, a date without index, or where no indicator is made of counts."""
    limits = index.weighting.classes
    if limits is None or day not in index.dates:
        index_types(index, day)
        raise fail("no_date", _("The index has no values for {day}.").format(day=format_date(day)))
    status = Side(index.composite, index.weighting.weights, limits.limits)
    dynamics, then = None, None
    changes = index.changes
    if changes is not None and changes.weighting.classes is not None and day in changes.dates:
        assert index.weighting.dynamics is not None
        dynamics = Side(
            changes.composite, changes.weighting.weights, changes.weighting.classes.limits
        )
        then = years_before(day, index.weighting.dynamics.years)
    names = dict.fromkeys(
        (*index.composite.indicators, *(changes.composite.indicators if changes else ()))
    )
    level = index.table.level
    now = {n: c for n in names if (c := _counts(session, n, level, day)) is not None}
    before = {}
    if then is not None:
        before = {n: c for n in now if (c := _counts(session, n, level, then)) is not None}
    if not now:
        raise fail(
            "no-counts", _("No indicator of this index is a share or rate of counts."),
            repair=_("Only counts can be drawn again."),
        )  # fmt: skip
    return class_confidence(
        status, day, now, dynamics=dynamics, before=before, draws=draws, seed=seed,
        progress=progress,
    )  # fmt: skip


def _counts(session: Session, indicator: str, level: str, day: date) -> Counts | None:
    """The counts of an indicator at a date, None where it is no fraction of counts."""
    try:
        found = evidence(session.engine, indicator, level)
    except UserError:
        return None
    if day not in found.table.dates:
        return None
    j = found.table.dates.index(day)
    return Counts(found.cases[:, j], found.people[:, j], found.fraction.factor,
                  found.fraction.sort == "share")  # fmt: skip


def certainty_texts(index: ComputedIndex, found: ClassConfidence) -> dict[str, str]:
    """Area -> how certain its classes are, in a sentence; areas without a class are left out."""
    changes = index.weighting.changes()
    status = class_names(index.weighting.classes)
    ways = class_names(changes.classes) if changes is not None else ()
    texts = {key: found.sentence(i, status, ways) for i, key in enumerate(found.areas)}
    return {key: text for key, text in texts.items() if text}


def certainty_of(found: ClassConfidence) -> dict[str, float]:
    """Area -> share of draws in which it keeps its class (its pair of classes, with dynamics)."""
    kept = found.status.kept if found.dynamics is None else found.both
    kept = np.where(np.isnan(kept), found.status.kept, kept)
    return {k: float(v) for k, v in zip(found.areas, kept, strict=True) if np.isfinite(v)}
