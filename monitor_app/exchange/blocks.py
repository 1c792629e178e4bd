"""Rows whose date contradicts the block of rows they stand in.

Deliveries are often written date by date: the first time an area and sex is named belongs to the
first date, the n-th time to the n-th date. Where nearly all rows obey this order and a few do not,
and the rows around those few carry the date that the order demands, the date is a slip. Left
alone it makes one date appear twice and another one never.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from monitor_app.exchange.coded import Coded, Codes
from monitor_app.exchange.longform import LongPart

#: Share of rows that must follow the order before single rows can be said to break it.
REGULAR_SHARE = 0.95
#: Files with more rows per key than this are no series of dates.
MOST_DATES = 2000


@dataclass(frozen=True)
class Strays:
    """``rows`` are positions in the table, ``block`` the date code that their place demands."""

    rows: Codes
    block: Codes


def find_strays(part: LongPart) -> Strays:
    """Rows of a table whose date contradicts their block (none where the file has no order)."""
    none = Strays(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))
    if "date" not in part.dims or not len(part.values):
        return none
    row, first = np.unique(part.row, return_index=True)
    dates = part.dims["date"].codes[first]
    known = dates >= 0
    row, first, dates = row[known], first[known], dates[known]
    key = _key(part, first)
    turn = pd.Series(key).groupby(key).cumcount().to_numpy(dtype=np.int64)
    if not len(turn) or turn.max() > MOST_DATES:
        return none
    order = _order_of_dates(dates, turn)
    if len(order) < 2:
        return none
    expected = np.full(len(row), -1, dtype=np.int64)
    inside = turn < len(order)
    expected[inside] = order[turn[inside]]
    counts = np.bincount(key)
    wrong = expected != dates
    broken = np.bincount(key[wrong], minlength=len(counts)) > 0
    regular = ~broken[key]
    if regular.mean() < REGULAR_SHARE:
        return none
    stray = wrong & (counts[key] == len(order))
    stray &= _agrees_with_neighbours(expected, dates, regular)
    return Strays(row[stray], expected[stray])


def _order_of_dates(dates: NDArray[np.integer[Any]], turn: NDArray[np.integer[Any]]) -> Codes:
    """The date that most rows carry at their first, second, … turn; empty where that is no order
    of all dates."""
    crossed = pd.crosstab(turn, dates)
    order: Codes = crossed.columns.to_numpy()[crossed.to_numpy().argmax(axis=1)].astype(np.int64)
    order = order[: crossed.shape[1]]
    return order if len(np.unique(order)) == crossed.shape[1] else order[:0]


def _key(part: LongPart, first: Codes) -> NDArray[np.int64]:
    key = np.zeros(len(first), dtype=np.int64)
    for name, coded in part.dims.items():
        if name != "date":
            mixed = key * (len(coded.labels) + 1) + coded.codes[first] + 1
            key = pd.factorize(mixed)[0].astype(np.int64)
    return key


def _agrees_with_neighbours(
    expected: Codes, dates: Codes, regular: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Whether the nearest regular row before or after carries the expected date."""
    n = len(dates)
    index = np.where(regular, np.arange(n), -1)
    before = np.maximum.accumulate(index)
    after = np.where(regular, np.arange(n), n)
    after = np.minimum.accumulate(after[::-1])[::-1]
    left = np.where(before >= 0, dates[np.clip(before, 0, n - 1)], -2)
    right = np.where(after < n, dates[np.clip(after, 0, n - 1)], -2)
    agrees: NDArray[np.bool_] = (expected == left) | (expected == right)
    return agrees


def apply_strays(part: LongPart, strays: Strays) -> None:
    """Give the strays of a part the date of their block."""
    dates = part.dims["date"]
    block = np.full(int(part.row.max()) + 1, -1, dtype=np.int64)
    block[strays.rows] = strays.block
    moved = block[part.row]
    codes = np.where(moved >= 0, moved, dates.codes)
    part.dims["date"] = Coded(codes, dates.labels, codes.copy())
