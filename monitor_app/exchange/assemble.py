"""Long parts of all files of one data set become one cube with common axes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from monitor_app.core.ages import AgeAxis, AgeGroup
from monitor_app.core.cube import DIMENSIONS, SEXES, Cube
from monitor_app.core.datasets import Absent
from monitor_app.core.status import Status
from monitor_app.exchange.coded import TOTAL, Codes
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
            lookup = np.array([position[x] for x in coded.labels] + [TOTAL, -1], dtype=np.int64)
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
