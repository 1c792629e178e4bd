"""Long parts of all files of one data set become one cube with common axes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from monitor_app.core.ages import AgeAxis, AgeGroup
from monitor_app.core.cube import DIMENSIONS, SEXES, Cube
from monitor_app.core.datasets import Absent
from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, Severity
from monitor_app.core.status import Status
from monitor_app.exchange.coded import Codes
from monitor_app.exchange.longform import LongPart
from monitor_app.exchange.recipe_model import FactContent

#: A cube larger than this is a mistake of the recipe (two keys swapped), not a data set.
MAX_CELLS = 400_000_000


@dataclass(frozen=True)
class Long:
    """All parts of a data set, positions on common labels. ``part`` says which table an entry
    comes from, ``row``/``column`` where it stands there; ``raw`` tells spellings apart."""

    parts: tuple[LongPart, ...]
    dims: tuple[str, ...]
    labels: dict[str, tuple[Any, ...]]
    codes: dict[str, Codes]
    raw: dict[str, Codes]
    values: NDArray[np.float64]
    status: NDArray[np.uint8]
    part: Codes
    row: Codes
    column: Codes

    @property
    def usable(self) -> NDArray[np.bool_]:
        """Entries that have a place in every dimension."""
        mask = np.ones(len(self.values), dtype=np.bool_)
        for codes in self.codes.values():
            mask &= codes >= 0
        return mask

    def place(self, i: int) -> dict[str, Any]:
        """Where entry i stands in its file."""
        table = self.parts[self.part[i]].table
        return {
            "file": table.source.name,
            "sheet": table.name or None,
            "row": table.rows[int(self.row[i])],
            "column": table.header[int(self.column[i])],
        }

    def cell(self, i: int) -> str:
        table = self.parts[self.part[i]].table
        text: str = table.columns[int(self.column[i])][int(self.row[i])]
        return text

    def name(self, i: int) -> str:
        """The coordinates of an entry in words, for messages."""
        words = []
        for dim in self.dims:
            code = self.codes[dim][i]
            if code >= 0:
                label = self.labels[dim][code]
                words.append(label.label if isinstance(label, AgeGroup) else str(label))
        return ", ".join(words)


def join_parts(parts: Sequence[LongPart], area_order: Sequence[str]) -> Long:
    """Bring the parts on common, sorted labels."""
    dims = tuple(d for d in DIMENSIONS if any(d in p.dims for p in parts))
    labels: dict[str, tuple[Any, ...]] = {}
    codes: dict[str, Codes] = {}
    raw: dict[str, Codes] = {}
    for dim in dims:
        union: dict[Any, None] = {}
        for part in parts:
            if dim in part.dims:
                union.update(dict.fromkeys(part.dims[dim].labels))
        ordered = _ordered(dim, list(union), area_order)
        position = {label: i for i, label in enumerate(ordered)}
        labels[dim] = ordered
        pieces, raws = [], []
        for part in parts:
            if dim not in part.dims:
                pieces.append(np.full(len(part.values), -1, dtype=np.int64))
                raws.append(np.zeros(len(part.values), dtype=np.int64))
                continue
            coded = part.dims[dim]
            lookup = np.array([position[x] for x in coded.labels] + [-1], dtype=np.int64)
            pieces.append(lookup[coded.codes])
            raws.append(coded.raw)
        codes[dim] = _concat(pieces)
        raw[dim] = _concat(raws)
    return Long(
        parts=tuple(parts),
        dims=dims,
        labels=labels,
        codes=codes,
        raw=raw,
        values=np.concatenate([p.values for p in parts]) if parts else np.zeros(0),
        status=np.concatenate([p.status for p in parts]) if parts else np.zeros(0, np.uint8),
        part=_concat([np.full(len(p.values), i, dtype=np.int64) for i, p in enumerate(parts)]),
        row=_concat([p.row for p in parts]),
        column=_concat([p.column for p in parts]),
    )


def _concat(pieces: list[Codes]) -> Codes:
    return np.concatenate(pieces) if pieces else np.zeros(0, dtype=np.int64)


def _ordered(dim: str, labels: list[Any], area_order: Sequence[str]) -> tuple[Any, ...]:
    if dim in ("date", "age"):
        return tuple(sorted(labels, key=lambda x: (x.lo, x.hi or 999) if dim == "age" else x))
    if dim == "sex":
        return tuple(s for s in SEXES if s in labels)
    if dim == "area":
        known = {key: i for i, key in enumerate(area_order)}
        return tuple(sorted(labels, key=lambda k: (known.get(k, len(known)), k)))
    return tuple(labels)  # groups and partners keep the order of the recipe or the file


@dataclass(frozen=True)
class Duplicates:
    """Entries that hit a cell which an earlier entry already filled; ``first`` is that entry."""

    entries: Codes
    first: Codes


def find_duplicates(long: Long, content: FactContent) -> Duplicates:
    """Entries whose coordinates were there before.

    Codes that a map of the recipe merges (five nationalities into one group) are told apart by
    their spelling and so are no duplicates; areas and dates are compared as understood.
    """
    usable = np.flatnonzero(long.usable)
    merged = {
        "sex": content.sex, "group": content.group, "partner": content.partner, "age": content.age,
    }  # fmt: skip
    key = np.zeros(len(usable), dtype=np.int64)
    for dim in long.dims:
        rule = merged.get(dim)
        maps = rule is not None and bool(rule.map or rule.other)
        key = _extend(key, (long.raw if maps else long.codes)[dim][usable])
    headers = pd.factorize(
        pd.Series(
            [t.header[c] for t, c in _column_names(long)], dtype=object
        )
    )[0] if len(long.parts) > 1 else None  # fmt: skip
    key = _extend(key, _header_codes(long, headers)[usable])
    order = np.argsort(key, kind="stable")
    same = np.zeros(len(order), dtype=np.bool_)
    same[1:] = key[order][1:] == key[order][:-1]
    starts = np.flatnonzero(~same)
    group = np.cumsum(~same) - 1
    first = order[starts][group] if len(order) else order
    entries = order[same]
    back = first[same]
    rank = np.argsort(entries, kind="stable")
    return Duplicates(usable[entries[rank]], usable[back[rank]])


def _extend(key: Codes, codes: Codes) -> Codes:
    """Combine two codes into one that stays small enough for int64."""
    combined = key * (int(codes.max(initial=0)) + 2) + codes + 1
    return pd.factorize(combined)[0].astype(np.int64)


def _column_names(long: Long) -> list[tuple[Any, int]]:
    pairs = pd.unique(pd.Series(list(zip(long.part.tolist(), long.column.tolist(), strict=True))))
    return [(long.parts[p].table, c) for p, c in pairs]


def _header_codes(long: Long, headers: Any) -> Codes:
    """The same header in two files is one column; in one file the position tells."""
    if headers is None:
        return long.column
    combined = long.part * (int(long.column.max(initial=0)) + 1) + long.column
    position, _unique = pd.factorize(combined)
    return np.asarray(headers, dtype=np.int64)[position]


def fit_ages(
    long: Long, content: FactContent, existing: AgeAxis | None, issues: list[Issue]
) -> tuple[AgeAxis, Codes] | None:
    """The age axis that all dates can be summed to exactly, and each entry's position on it.

    Bounds that one date lacks are dropped for all (groups are summed, never split). None where
    the groups of a date overlap or leave a gap; the issues say which.
    """
    rule = content.age
    groups: tuple[AgeGroup, ...] = long.labels["age"]
    by_date = _groups_by_date(long)
    bounds: list[set[int | None]] = []
    for day, present in by_date.items():
        ordered = sorted((groups[i] for i in present), key=lambda g: (g.lo, g.hi or 999))
        if rule is not None and rule.last_open and ordered and ordered[-1].hi is not None:
            ordered[-1] = AgeGroup(ordered[-1].lo, None)
        if not _joins(ordered, day, issues):
            return None
        found: set[int | None] = {*(g.lo for g in ordered), ordered[-1].hi}
        if rule is not None and rule.open_from is not None:
            found = {b for b in found if b is not None and b <= rule.open_from} | {None}
        bounds.append(found)
    common = set.intersection(*bounds)
    if existing is not None:
        common &= {*(g.lo for g in existing.groups), existing.groups[-1].hi}
    every = set.union(*bounds)
    lows = sorted(b for b in common if b is not None)
    open_end = None in common
    if len(lows) < (1 if open_end else 2) or lows[0] != min(b for b in every if b is not None):
        issues.append(_no_common_axis())
        return None
    axis = AgeAxis.from_lows(tuple(lows)) if open_end else AgeAxis.from_lows(
        tuple(lows[:-1]), lows[-1]
    )  # fmt: skip
    if existing is not None and axis != existing:
        issues.append(_other_axis(existing, axis))
        return None
    if any(b != common for b in bounds):
        issues.append(_harmonised(axis, list(by_date), bounds, common))
    return axis, _positions(long, axis)


def _groups_by_date(long: Long) -> dict[date, list[int]]:
    usable = long.usable
    pairs = np.unique(np.stack([long.codes["date"][usable], long.codes["age"][usable]]), axis=1)
    found: dict[date, list[int]] = {}
    for day, age in pairs.T:
        found.setdefault(long.labels["date"][day], []).append(int(age))
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
                text.format(date=day.isoformat(), left=left.label, right=right.label),
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
    axis: AgeAxis, days: list[date], bounds: list[set[int | None]], common: set[int | None]
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
    return np.array([*lookup, -1], dtype=np.int64)[long.codes["age"]]


def build_cube(
    long: Long, content: FactContent, ages: tuple[AgeAxis, Codes] | None
) -> tuple[Cube, NDArray[np.bool_]]:
    """Sum the entries into cells. Returns the cube and which cells any entry filled.

    A missing entry makes its cell missing. Cells without entry are zero or missing as the
    recipe says.
    """
    labels = dict(long.labels)
    codes = dict(long.codes)
    axis: AgeAxis | None = None
    if ages is not None:
        axis, codes["age"] = ages
        labels["age"] = axis.labels
    shape = tuple(len(labels[d]) for d in long.dims)
    usable = long.usable
    size = int(np.prod(shape, dtype=np.int64)) if shape else 0
    flat = np.ravel_multi_index(tuple(codes[d][usable] for d in long.dims), shape)
    numbers, status = long.values[usable], long.status[usable]
    given = ~np.isnan(numbers)
    values = np.bincount(flat[given], weights=numbers[given], minlength=size).astype(np.float64)
    state = np.zeros(size, dtype=np.uint8)
    marked = status > 0
    np.maximum.at(state, flat[marked], status[marked])
    filled = np.bincount(flat, minlength=size) > 0
    if content.absent is Absent.MISSING:
        state[~filled] = Status.MISSING
    values[state >= Status.MISSING] = np.nan
    cube = Cube(long.dims, labels, values.reshape(shape), state.reshape(shape), content.unit, axis)
    return cube, filled.reshape(shape)
