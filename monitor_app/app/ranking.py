"""An index as rows: the ranking for tables and machines, with classes, ranges and remarks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor_app.app.session import Session
from monitor_app.app.weighting import ComputedIndex
from monitor_app.core.formats import format_date, format_number
from monitor_app.core.i18n import _
from monitor_app.core.issues import fail
from monitor_app.core.status import Status
from monitor_app.exchange.export_table import ExportTable, TextColumn, ValueColumn
from monitor_app.indicators.robustness import Robustness, sentence
from monitor_app.indicators.weightings import ClassDef
from monitor_app.indicators.whatif import rank_change, ranks


@dataclass(frozen=True)
class RankRow:
    """One area of the ranking: ``rank`` 0 and ``value`` None without an index, ``missing`` then
    names the indicators that lack. ``group`` and ``dynamics`` are class names, ``certain`` the
    share of draws of the counts in which the area keeps them."""

    area: str
    name: str
    value: float | None
    status: Status
    rank: int
    group: str = ""
    dynamics: str = ""
    missing: tuple[str, ...] = ()
    low: int | None = None
    median: int | None = None
    high: int | None = None
    share_worst: float | None = None
    text: str = ""
    certain: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """For JSON: only what is known."""
        found: dict[str, Any] = {
            "area": self.area, "name": self.name, "value": self.value,
            "status": self.status.name.lower(), "rank": self.rank or None,
        }  # fmt: skip
        for key in ("group", "dynamics", "text", "missing"):
            if getattr(self, key):
                found[key] = getattr(self, key)
        if self.low is not None:
            found |= {
                "rank_low": self.low, "rank_median": self.median, "rank_high": self.high,
                "share_worst": self.share_worst,
            }  # fmt: skip
        if self.certain is not None:
            found["class_certainty"] = self.certain
        return found


def rank_rows(
    session: Session,
    index: ComputedIndex,
    day: date,
    robust: Robustness | None = None,
    certain: Mapping[str, float] | None = None,
) -> tuple[RankRow, ...]:
    """The areas at a date by rank, those without an index last. Ranges of ranks (5 to 95 % of
    the draws around the chosen weights; the share is of all weightings) where ``robust`` is
    given; ``certain``: share of draws of the counts in which an area keeps its class.
    ``UserError`` for an unknown date."""
    if day not in index.dates:
        raise fail(
            "no_date",
            _("The index has no values for {day}.").format(day=format_date(day)),
            repair=_("Known dates, newest last: {dates}").format(
                dates=", ".join(format_date(d) for d in index.dates[-8:])
            ),
        )
    column = index.dates.index(day)
    values, status = index.table.values[:, column], index.table.status[:, column]
    places = ranks(values)
    names = session.names(index.table.level)
    groups = _class_names(index, day)
    dynamics = _class_names(index.changes, day)
    lacking = index.composite.at(day).lacking(index.weighting.weights)
    rows = []
    for i, key in enumerate(index.table.areas):
        known = places[i] > 0
        row = RankRow(
            key, names.get(key, key), float(values[i]) if known else None, Status(int(status[i])),
            int(places[i]), groups[i] if groups else "", dynamics[i] if dynamics else "",
            tuple(session.catalogue.get(n).name.shown for n in lacking.get(key, ())),
            certain=(certain or {}).get(key),
        )  # fmt: skip
        if robust is not None:
            row = _with_range(row, robust, i, index.weighting.meaning)
        rows.append(row)
    return tuple(sorted(rows, key=lambda r: (r.rank == 0, r.rank, r.area)))


def _class_names(index: ComputedIndex | None, day: date) -> list[str]:
    classes = None if index is None else index.classes(day)
    if index is None or classes is None:
        return []
    limits: ClassDef | None = index.weighting.classes
    names = [text.shown for text in limits.names] if limits is not None else []
    return [names[c] if c >= 0 else "" for c in classes]


def _with_range(row: RankRow, robust: Robustness, i: int, meaning: str) -> RankRow:
    if not row.rank:
        return row
    return replace(
        row,
        low=int(robust.around.p05[i]),
        median=int(robust.around.median[i]),
        high=int(robust.around.p95[i]),
        share_worst=float(robust.all_weights.share_worst[i]),
        text=sentence(robust, row.area, meaning),
    )


def rank_table(
    session: Session,
    index: ComputedIndex,
    day: date,
    robust: Robustness | None = None,
    certain: Mapping[str, float] | None = None,
) -> ExportTable:
    """The ranking for CSV and Excel, with the rules of the index as notes."""
    rows = rank_rows(session, index, day, robust, certain)
    level = session.areas.level(index.table.level).name
    columns: list[TextColumn | ValueColumn] = [
        TextColumn(_("Key"), tuple(r.area for r in rows)),
        TextColumn(level, tuple(r.name for r in rows)),
        _numbers(_("Rank"), (r.rank or None for r in rows), rows, 0),
        _numbers(_("Index"), (r.value for r in rows), rows, index.table.precision),
    ]
    if any(r.group for r in rows):
        columns.append(TextColumn(_("Class"), tuple(r.group for r in rows)))
    if any(r.dynamics for r in rows):
        columns.append(TextColumn(_("Dynamics"), tuple(r.dynamics for r in rows)))
    if certain:
        kept = (None if r.certain is None else 100 * r.certain for r in rows)
        columns.append(_numbers(_("Class kept, per cent of draws of the counts"), kept, rows, 0))
    if robust is not None:
        among = _("Among the highest {k}, per cent of all weightings").format(
            k=robust.all_weights.k
        )
        columns += [
            _numbers(_("Rank, 5th percentile"), (r.low for r in rows), rows, 0),
            _numbers(_("Rank, median"), (r.median for r in rows), rows, 0),
            _numbers(_("Rank, 95th percentile"), (r.high for r in rows), rows, 0),
            _numbers(
                among, (None if r.share_worst is None else 100 * r.share_worst for r in rows),
                rows, 1,
            ),
        ]  # fmt: skip
    if any(r.missing for r in rows):
        columns.append(TextColumn(_("Missing"), tuple(", ".join(r.missing) for r in rows)))
    name = index.weighting.name.shown
    return ExportTable(
        name=name[:31],
        columns=tuple(columns),
        title=f"{name}, {format_date(day)}",
        notes=tuple(n for n in notes(session, index, robust) if n),
    )


def _numbers(
    name: str, values: Iterable[float | None], rows: Sequence[RankRow], precision: int
) -> ValueColumn:
    numbers = np.array([np.nan if v is None else v for v in values], dtype=np.float64)
    status = np.array([int(r.status) for r in rows], dtype=np.uint8)
    lost = np.isnan(numbers) & (status < Status.MISSING)
    return ValueColumn(
        name, numbers, np.where(lost, Status.MISSING, status).astype(np.uint8), precision
    )


def notes(
    session: Session, index: ComputedIndex, robust: Robustness | None = None
) -> tuple[str, ...]:
    """How the index was made, in sentences: indicators with shares, rules, caveat, sources."""
    weighting = index.weighting
    parts = index.composite.at(index.dates[-1]).shares(weighting.weights)
    catalogue = session.catalogue
    lines = [weighting.description.shown]
    for component, share in zip(weighting.components, parts, strict=True):
        text = _("{name}: weight {share} %")
        name = catalogue.get(component.indicator).name.shown
        lines.append(text.format(name=name, share=format_number(100 * float(share), 1)))
    if weighting.base_date is not None:
        day = format_date(weighting.base_date)
        lines.append(_("Scales frozen at {day}, so that years compare.").format(day=day))
    if robust is not None:
        text = _(
            "Robustness: {draws} draws of weights (Dirichlet, concentration {c}: the shares vary "
            "by about ±{points} percentage points), seed {seed}."
        )
        spread = 100 * float(robust.share_spread.max(initial=0.0))
        lines.append(
            text.format(
                draws=format_number(robust.around.draws),
                c=format_number(robust.concentration, 1),
                points=format_number(spread), seed=robust.seed,
            )
        )  # fmt: skip
    lines += [weighting.caveat.shown, *(i.message for i in index.issues)]
    lines += [_("Method: {source}").format(source=s) for s in weighting.sources]
    return tuple(lines)


def compare_ranks(first: ComputedIndex, second: ComputedIndex, day: date) -> NDArray[np.float64]:
    """Ranks that each area moves up (positive) or down from the first weighting to the second;
    NaN without a rank in one of them. Both of one level; ``KeyError`` for an unknown date."""
    if first.table.areas != second.table.areas:
        raise ValueError("the two indices are of different areas")
    before = first.table.values[:, first.dates.index(day)]
    after = second.table.values[:, second.dates.index(day)]
    return rank_change(before, after)
