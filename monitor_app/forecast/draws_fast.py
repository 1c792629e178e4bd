"""The events of a draw compiled by numba, where that optional package is there.

The same model as ``draws._block`` (a test holds both against each other): one pass over the cells
of an age row, which stays in the first-level cache, instead of a dozen passes over blocks.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[Any]
#: Compiled events of all age rows of one sex, see ``compiled``.
Rows = Callable[..., None]


@cache
def compiled(dtype: str) -> Rows | None:
    """The compiled events for ``float32`` or ``float64``; None without numba.

    Arguments of the result: aged and by how many rows it lies below end, end, the first row and
    the one after the last, death, departure, move, naturalise, arrivals (``[group, age, area]``,
    hazards negated, absent ones of size 0; deaths and naturalisations may have one area for all),
    to (position of the group that naturalisation leads to),
    multipliers of mortality, departures, moves, arrivals (areas,), life ``[group, age, 1 or
    area]``, type of mover ``[group, age]``, shares (types, areas), moved (size 0, or where to keep
    movers out, negated, that others distribute). ``end`` may be ``aged`` itself: the oldest come
    first. All arrays are contiguous, or loops would not be vectorised.
    """
    try:
        import numba
    except ImportError:
        return None
    mean_stay = _mean_stay(numba, dtype)
    zero = np.dtype(dtype).type(0.0)

    @numba.njit(  # type: ignore[untyped-decorator]
        nogil=True, fastmath={"contract", "reassoc", "nsz", "arcp"}, error_model="numpy"
    )
    def rows(aged: Any, shift: int, end: Any, first: int, stop: int, death: Any,
             departure: Any, move: Any, naturalise: Any,
             arrivals: Any, to: Any, dying: Any, leaving: Any, moving: Any, coming: Any,
             life: Any, type_of: Any, shares: Any, moved: Any) -> None:  # fmt: skip
        groups, _ages, areas = end.shape
        leaves, moves, gains = departure.size > 0, move.size > 0, naturalise.size > 0
        comes, joint, everywhere = arrivals.size > 0, moved.size > 0, life.shape[2] == 1
        one_death, one_gain = death.shape[2] == 1, naturalise.shape[2] == 1
        total = np.empty(areas, dtype=end.dtype)
        mover = np.zeros(areas, dtype=end.dtype)
        gained = np.zeros(areas, dtype=end.dtype)
        pooled = np.zeros(groups, dtype=end.dtype)
        for x in range(stop - 1, first - 1, -1):
            if gains:
                gained[:] = zero
            for g in range(groups):
                start, here = aged[g, x - shift], end[g, x]
                same = naturalise[g, x, 0] if gains and one_gain else zero
                if one_death and leaves:
                    rate, table = death[g, x, 0], departure[g, x]
                    for a in range(areas):
                        total[a] = same + rate * dying[a] + table[a] * leaving[a]
                elif one_death:
                    rate = death[g, x, 0]
                    for a in range(areas):
                        total[a] = same + rate * dying[a]
                else:
                    table = death[g, x]
                    for a in range(areas):
                        total[a] = same + table[a] * dying[a]
                    if leaves:
                        table = departure[g, x]
                        for a in range(areas):
                            total[a] += table[a] * leaving[a]
                if moves:
                    table = move[g, x]
                    for a in range(areas):
                        mover[a] = table[a] * moving[a]
                        total[a] += mover[a]
                if gains and not one_gain:
                    table = naturalise[g, x]
                    for a in range(areas):
                        total[a] += table[a]
                for a in range(areas):
                    part = start[a] * mean_stay(total[a])
                    here[a] = start[a] + part * total[a]
                    total[a] = part
                if comes:
                    table = arrivals[g, x]
                    for a in range(areas):
                        here[a] += table[a] * coming[a]
                if gains and one_gain:
                    rate = naturalise[g, x, 0]
                    if rate < zero:
                        for a in range(areas):
                            gained[a] += rate * total[a]
                elif gains:
                    table = naturalise[g, x]
                    for a in range(areas):
                        gained[a] += table[a] * total[a]
                if joint:
                    kept = moved[g, x]
                    for a in range(areas):
                        kept[a] = mover[a] * total[a]
                elif moves:
                    summed = zero
                    for a in range(areas):
                        summed -= mover[a] * total[a]
                    pooled[g] = summed
            if gains:
                here = end[to, x]
                for a in range(areas):
                    here[a] -= gained[a]
            if moves and not joint:
                for g in range(groups):
                    here, pull = end[g, x], shares[type_of[g, x]]
                    if everywhere:
                        alive = pooled[g] * life[g, x, 0]
                        for a in range(areas):
                            here[a] += alive * pull[a]
                    else:
                        for a in range(areas):
                            here[a] += pooled[g] * pull[a] * life[g, x, a]

    return rows  # type: ignore[no-any-return]


@cache
def sums(dtype: str) -> tuple[Rows, Rows] | None:
    """(sums over age bands, births by mother's group) compiled; None without numba.

    ``add_up(stock [sex, group, age, area], first rows, ends, into (bands, areas))``;
    ``mothers(women at the start, women at the end [group, age, area], fertility, into (group,
    area))``: mean of both times fertility.
    """
    try:
        import numba
    except ImportError:
        return None
    zero, half = np.dtype(dtype).type(0.0), np.dtype(dtype).type(0.5)
    fast = {"contract", "reassoc", "nsz", "arcp"}

    @numba.njit(nogil=True, fastmath=fast)  # type: ignore[untyped-decorator]
    def add_up(stock: Any, first: Any, stop: Any, into: Any) -> None:
        sexes, groups, _ages, areas = stock.shape
        total = np.empty(areas, dtype=stock.dtype)
        for band in range(len(first)):
            total[:] = zero
            for s in range(sexes):
                for g in range(groups):
                    for x in range(first[band], stop[band]):
                        row = stock[s, g, x]
                        for a in range(areas):
                            total[a] += row[a]
            into[band, :] = total

    @numba.njit(nogil=True, fastmath=fast)  # type: ignore[untyped-decorator]
    def mothers(start: Any, end: Any, fertility: Any, into: Any) -> None:
        groups, ages, areas = start.shape
        for g in range(groups):
            total = into[g]
            total[:] = zero
            for x in range(ages):
                before, after, rate = start[g, x], end[g, x], fertility[g, x]
                for a in range(areas):
                    total[a] += half * (before[a] + after[a]) * rate[a]

    return add_up, mothers


def _mean_stay(numba: Any, dtype: str) -> Callable[[Any], Any]:
    """``(exp(x) - 1) / x`` for x < 0, the mean share of a year that people stay, without division.

    ``e(2x) / 2x = e(x) / x (2 + e(x)) / 2`` for e(x) = exp(x) - 1: a series at x / 8 and three
    doublings, within 1e-6 of the value down to x = -8. In double precision the library's function.
    """
    if dtype != "float32":
        library: Callable[[Any], Any] = numba.njit(lambda x: np.expm1(x) / x)
        return library
    c1, c2, c3, c4, eighth = (np.float32(v) for v in (1 / 2, 1 / 6, 1 / 24, 1 / 120, 1 / 8))
    one, two = np.float32(1.0), np.float32(2.0)

    @numba.njit(fastmath=True, inline="always")  # type: ignore[untyped-decorator]
    def series(x: Any) -> Any:
        y = x * eighth
        mean = one + y * (c1 + y * (c2 + y * (c3 + y * c4)))
        e = y * mean
        first = two + e
        e = e * first
        second = two + e
        e = e * second
        return mean * first * second * (two + e) * eighth

    found: Callable[[Any], Any] = series
    return found
