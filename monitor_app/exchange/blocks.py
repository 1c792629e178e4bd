"""Rows whose date contradicts the block of rows they stand in.

Deliveries are often written date by date. A short run of rows with another date inside a long
run of one date is then a slip, if taking the date of the block makes the table complete: the
duplicates or gaps that the slip causes vanish.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor_app.exchange.coded import Coded, Codes
from monitor_app.exchange.longform import LongPart

#: A block is this many times longer than the runs that may be slips inside it.
BLOCK_FACTOR = 10
#: At most this share of the rows may be slips; more means the file is sorted otherwise.
LARGEST_SHARE = 0.02


@dataclass(frozen=True)
class Strays:
    """``rows`` are positions in the table, ``block`` the code of the date of their block."""

    rows: Codes
    block: Codes


def find_strays(part: LongPart) -> Strays:
    """Rows of a table that carry another date than the block around them."""
    empty = np.zeros(0, dtype=np.int64)
    if "date" not in part.dims or len(part.values) == 0:
        return Strays(empty, empty)
    row, first = np.unique(part.row, return_index=True)
    dates = part.dims["date"].codes[first]
    block = block_dates(dates)
    stray = np.flatnonzero((block != dates) & (dates >= 0))
    if not len(stray) or len(stray) > LARGEST_SHARE * len(row):
        return Strays(empty, empty)
    before = _gaps(part, part.dims["date"].codes)
    moved = moved_codes(part, Strays(row[stray], block[stray]))
    if _gaps(part, moved) >= before:
        return Strays(empty, empty)
    return Strays(row[stray], block[stray])


def block_dates(dates: Codes) -> Codes:
    """For each row the date of its block: short runs between two long runs of one date take
    that date; all other rows keep their own."""
    starts = np.flatnonzero(np.r_[True, dates[1:] != dates[:-1]])
    lengths = np.diff(np.r_[starts, len(dates)])
    result = dates.copy()
    for i in range(1, len(starts) - 1):
        left, right = dates[starts[i - 1]], dates[starts[i + 1]]
        around = lengths[i - 1] + lengths[i + 1]
        if left == right != dates[starts[i]] and around >= BLOCK_FACTOR * lengths[i]:
            result[starts[i] : starts[i] + lengths[i]] = left
    return result


def moved_codes(part: LongPart, strays: Strays) -> Codes:
    """Date codes of all entries with the strays put into their block."""
    codes = part.dims["date"].codes.copy()
    for row, block in zip(strays.rows.tolist(), strays.block.tolist(), strict=True):
        codes[part.row == row] = block
    return codes


def apply_strays(part: LongPart, strays: Strays) -> None:
    """Move the strays of a part into their block."""
    dates = part.dims["date"]
    codes = moved_codes(part, strays)
    part.dims["date"] = Coded(codes, dates.labels, codes.copy())


def _gaps(part: LongPart, dates: Codes) -> int:
    """Duplicates plus combinations that other dates have and one lacks."""
    others = np.zeros(len(dates), dtype=np.int64)
    for name, coded in part.dims.items():
        if name != "date":
            others = others * (len(coded.labels) + 1) + coded.codes + 1
    others = others * (int(part.column.max(initial=0)) + 1) + part.column
    n_dates = int(dates.max(initial=0)) + 1
    pairs = _distinct(others * n_dates + dates)
    combinations = _distinct(others)
    present = len(np.unique(dates))
    return int(len(dates) - pairs) + int(combinations * present - pairs)


def _distinct(keys: NDArray[np.int64]) -> int:
    return len(np.unique(keys))
