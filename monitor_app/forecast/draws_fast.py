"""The events of a draw compiled by numba, where that optional package is there.

The same model as ``draws._block`` (a test holds both against each other): one pass over the cells
of an age row, which stays in the first-level cache, instead of a dozen passes over blocks.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np


class Compiled(NamedTuple):
    """Compiled parts of a draw. ``cells`` [sex, group, row, area] holds age x at the end of the
    year in row ``zero`` + x; tables and births are those of ``DrawTables.for_compiled``; ``level``:
    multipliers of mortality, departures, moves, arrivals, fertility (areas,), shares of
    destinations (types, areas). All arrays are contiguous, or loops would not be vectorised."""

    #: ``year(cells, zero, tables, births, level, women, by_mother, born)``: a whole year with moves
    #: by a pool; the oldest have been joined. The last three are scratch and result.
    year: Callable[..., None]
    #: ``survive(cells, zero, first, stop, tables, level, moved)``: events of rows first … stop - 1;
    #: ``moved`` has size 0, or keeps movers out, negated, that others distribute.
    survive: Callable[..., None]
    #: ``bear(cells, zero, births, level, women, by_mother, born)``: children [sex, group, area]
    #: of ``women`` [group, fertile age, area] at the start of the year, also put into ``cells``.
    bear: Callable[..., None]
    #: ``add_up(cells, zero, first rows, ends, into (bands, areas))``: sums over age bands.
    add_up: Callable[..., None]


@cache
def compiled(dtype: str) -> Compiled | None:
    """The parts for ``float32`` or ``float64``; None without numba."""
    try:
        import numba
    except ImportError:
        return None
    survive, bear = _survive(numba, dtype), _bear(numba, dtype)
    jit = numba.njit(nogil=True, fastmath=_FAST, error_model="numpy")

    @jit  # type: ignore[untyped-decorator]
    def year(cells: Any, zero: Any, tables: Any, births: Any, level: Any, women: Any,
             by_mother: Any, born: Any) -> None:  # fmt: skip
        fertile, mother = births[1], births[4]
        groups, ages = tables[6].shape[1:]
        for g in range(groups):
            for x in range(women.shape[1]):
                women[g, x, :] = cells[mother, g, zero + 1 + fertile + x]
        nothing = np.empty((0, 0, 0, 0), dtype=cells.dtype)
        survive(cells, zero, 1, ages, tables, level, nothing)
        bear(cells, zero, births, level, women, by_mother, born)
        survive(cells, zero, 0, 1, tables, level, nothing)

    @jit  # type: ignore[untyped-decorator]
    def add_up(cells: Any, zero: Any, first: Any, stop: Any, into: Any) -> None:
        sexes, groups, _rows, areas = cells.shape
        total = np.empty(areas, dtype=cells.dtype)
        for band in range(len(first)):
            total[:] = 0.0
            for s in range(sexes):
                for g in range(groups):
                    for x in range(first[band], stop[band]):
                        row = cells[s, g, zero + x]
                        for a in range(areas):
                            total[a] += row[a]
            into[band, :] = total

    return Compiled(year, survive, bear, add_up)


#: Sums in any order and products fused, but no assumption that values are finite.
_FAST = {"contract", "reassoc", "nsz", "arcp"}


def _survive(numba: Any, dtype: str) -> Callable[..., None]:
    """All events of some age rows, see ``Compiled``."""
    mean_stay = _mean_stay(numba, dtype)
    zero_of = np.dtype(dtype).type(0.0)

    @numba.njit(  # type: ignore[untyped-decorator]
        nogil=True, fastmath=_FAST, error_model="numpy"
    )
    def survive(cells: Any, zero: Any, first: Any, stop: Any, tables: Any, level: Any,
                moved: Any) -> None:  # fmt: skip
        death, departure, move, naturalise, arrivals, life, types, to = tables
        dying, leaving, moving, coming, _births, shares = level
        sexes, groups, _rows, areas = cells.shape
        leaves, moves, comes = departure.size > 0, move.size > 0, arrivals.size > 0
        gains, joint, everywhere = naturalise.size > 0, moved.size > 0, life.shape[3] == 1
        one_death, one_gain = death.shape[3] == 1, naturalise.shape[3] == 1
        # Absent tables are a row of nothing: one loop for all cases costs less than several.
        nothing = np.zeros(areas, dtype=cells.dtype)
        mover = np.zeros(areas, dtype=cells.dtype)
        gained = np.zeros(areas, dtype=cells.dtype)
        pooled = np.zeros(groups, dtype=cells.dtype)
        for s in range(sexes):
            for x in range(first, stop):
                for g in range(groups):
                    here = cells[s, g, zero + x]
                    dead = nothing if one_death else death[s, g, x]
                    rate = death[s, g, x, 0] if one_death else zero_of
                    gain = naturalise[s, g, x] if gains and not one_gain else nothing
                    same = naturalise[s, g, x, 0] if gains and one_gain else zero_of
                    leave = departure[s, g, x] if leaves else nothing
                    go = move[s, g, x] if moves else nothing
                    come = arrivals[s, g, x] if comes else nothing
                    summed = zero_of
                    if same < zero_of or (gains and not one_gain):
                        for a in range(areas):
                            out, new = go[a] * moving[a], same + gain[a]
                            total = new + (rate + dead[a]) * dying[a] + leave[a] * leaving[a] + out
                            part = here[a] * mean_stay(total)
                            here[a] = here[a] + part * total + come[a] * coming[a]
                            gained[a] += new * part
                            mover[a] = out * part
                            summed -= out * part
                    else:
                        for a in range(areas):
                            out = go[a] * moving[a]
                            total = (rate + dead[a]) * dying[a] + leave[a] * leaving[a] + out
                            part = here[a] * mean_stay(total)
                            here[a] = here[a] + part * total + come[a] * coming[a]
                            mover[a] = out * part
                            summed -= out * part
                    pooled[g] = summed
                    if joint:
                        moved[s, g, x, :] = mover
                if gains:
                    here = cells[s, to, zero + x]
                    for a in range(areas):
                        here[a] -= gained[a]
                        gained[a] = zero_of
                if moves and not joint:
                    for g in range(groups):
                        here, pull = cells[s, g, zero + x], shares[types[s, g, x]]
                        if everywhere:
                            alive = pooled[g] * life[s, g, x, 0]
                            for a in range(areas):
                                here[a] += alive * pull[a]
                        else:
                            alive, late = pooled[g], life[s, g, x]
                            for a in range(areas):
                                here[a] += alive * pull[a] * late[a]

    return survive  # type: ignore[no-any-return]


def _bear(numba: Any, dtype: str) -> Callable[..., None]:
    """Children of the year (period fertility), see ``Compiled``."""
    half, zero_of = np.dtype(dtype).type(0.5), np.dtype(dtype).type(0.0)

    @numba.njit(nogil=True, fastmath=_FAST)  # type: ignore[untyped-decorator]
    def bear(cells: Any, zero: Any, births: Any, level: Any, women: Any, by_mother: Any,
             born: Any) -> None:  # fmt: skip
        fertility, first, split, child, mother = births
        scale = level[4]
        groups, ages, areas = fertility.shape
        for g in range(groups):
            total = by_mother[g]
            total[:] = zero_of
            for x in range(ages):
                before, after = women[g, x], cells[mother, g, zero + first + x]
                rate = fertility[g, x]
                for a in range(areas):
                    total[a] += half * (before[a] + after[a]) * rate[a]
            for a in range(areas):
                total[a] *= scale[a]
        for s in range(len(split)):
            for c in range(groups):
                row = born[s, c]
                row[:] = zero_of
                for g in range(groups):
                    total, share = by_mother[g], child[g, c]
                    for a in range(areas):
                        row[a] += split[s] * total[a] * share[a if len(share) > 1 else 0]
                cells[s, c, zero, :] = row

    return bear  # type: ignore[no-any-return]


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
