"""One draw of an ensemble: the hazard step with flows scaled by area and year, lean and in float32.

The same model as ``hazard`` (a test holds both against each other in float64): exits by competing
risks, moves by a pool, arrivals, births of the period, naturalisation. Nothing is kept but sums
over age bands, in float64. Multipliers scale hazards, arrivals, fertility and the weights of the
pool; movers into the areas are made of movers out of them, so moves add up to zero in every draw.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from monitor_app.core.i18n import _
from monitor_app.core.issues import fail
from monitor_app.forecast.draw_events import (
    DrawEvents,
    departures_of,
    move_in_drawn,
    reach_city,
)
from monitor_app.forecast.draw_tables import DrawTables
from monitor_app.forecast.draws_fast import Compiled, compiled
from monitor_app.forecast.moves import OriginDestination
from monitor_app.forecast.rates import StepRates
from monitor_app.forecast.state import Array, Layout

#: Cells of one block of a draw: larger ones leave the cache, smaller ones cost calls.
_BLOCK_CELLS = 65_536
#: Flows whose multipliers meet every age row.
_SCALED = ("mortality", "arrivals", "departures", "moves")

Floats = NDArray[Any]  # of the dtype of the kernel


@dataclass(frozen=True, eq=False)
class DrawKernel:
    """Prepared tables of a main variant, shared by all draws (and threads).

    ``rates`` of the main variant; ``paths`` flow -> (years,) or (years, areas): factors by which it
    changes over time (a damped trend of mortality, say). ``bands``: age rows that are added up.
    ``fast``: use numba where it is installed (equal to 1e-5 in float32, 1e-10 in float64).
    """

    layout: Layout
    launch: Array
    rates: StepRates
    years: int
    bands: Sequence[slice]
    paths: Mapping[str, Array] = field(default_factory=dict)
    dtype: DTypeLike = np.float32
    fast: bool = True

    def __post_init__(self) -> None:
        if self.layout.step != 1:
            raise fail(
                "ensemble-step",
                _("An ensemble needs single years of age."),
                repair=_("Disaggregate the population into single years first."),
            )
        model = self.rates.move_model
        if isinstance(model, OriginDestination) and model.full:
            raise fail(
                "ensemble-moves",
                _("An ensemble cannot use the full matrix of moves for each cell."),
                repair=_("Choose moves as a pool or by type of mover."),
            )
        tables = DrawTables.of(self.layout, self.rates, self.dtype)
        object.__setattr__(self, "_tables", tables)

    @property
    def compiled(self) -> Compiled | None:
        """The parts compiled by numba, if this kernel uses them."""
        return compiled(np.dtype(self.dtype).name) if self.fast else None

    def run(
        self, multipliers: Mapping[str, Array], out: Floats, events: DrawEvents | None = None
    ) -> None:
        """One draw; writes ``out`` (years + 1, bands, areas) in persons.

        ``multipliers`` flow -> (years, areas), see ``factors.FLOWS``; ``events``: new dwellings
        and city totals of this draw.
        """
        tables: DrawTables = self._tables  # type: ignore[attr-defined]
        work = _Work(self, tables)
        cells, ages = work.cells, len(self.layout.ages)
        cells[:, :, self.years :] = self.launch
        work.add_up(self.years, out[0])
        levels = {
            flow: _level(drawn, self.paths.get(flow)).astype(self.dtype)
            for flow, drawn in multipliers.items()
        }
        for year in range(self.years):
            # A cell stays in its row: the window of ages moves on instead.
            zero = self.years - year - 1
            level = {flow: v[year] for flow, v in levels.items()}
            # The oldest join those who are about to become the oldest.
            cells[:, :, zero + ages - 1] += cells[:, :, zero + ages]
            total = np.nan if events is None or events.city is None else float(events.city[year])
            before = work.ages(zero).copy() if np.isfinite(total) else None
            born = _year(zero, tables, work, level)
            if events is not None:
                end = work.ages(zero)
                arrived = departed = None
                if before is not None:
                    before[:, :, 0] = born
                    arrived, departed = _migrants(before, tables, level)
                move_in_drawn(end, events, year)
                if before is not None:
                    reach_city(end, arrived, departed, total)
            work.add_up(zero, out[year + 1])


def _level(drawn: Array, path: Array | None) -> Array:
    """Multipliers (years, areas) of a draw times the path of the main variant."""
    if path is None:
        return drawn
    return np.asarray(drawn * (path if np.ndim(path) == 2 else path[:, None]), dtype=np.float64)


class _Work:
    """Cells and scratch arrays of one draw; each thread has its own.

    ``cells`` ``[sex, group, row, area]``: whoever is x years old at the end of a year is in row
    ``zero`` + x, which moves up by one row each year.
    """

    def __init__(self, kernel: DrawKernel, tables: DrawTables) -> None:
        sexes, groups, ages, areas = kernel.layout.shape
        dtype = np.dtype(kernel.dtype)
        self.compiled = kernel.compiled
        self.cells = np.empty((sexes, groups, kernel.years + ages, areas), dtype=dtype)
        self._ages = ages
        edges = np.array([band.indices(ages)[:2] for band in kernel.bands], dtype=np.int64)
        self._edges = np.ascontiguousarray(edges.T)
        self.joint = tables.matrix is not None
        # Movers out that are dealt out for all cells at once.
        self.out = np.empty((sexes, groups, ages if self.joint else 0, areas), dtype=dtype)
        self._runs: dict[int, Any] = {}
        if self.compiled is not None:
            self.women = np.empty_like(tables.fertility)
            self.by_mother = np.empty((groups, areas), dtype=dtype)
            self.born = np.empty((sexes, groups, areas), dtype=dtype)
            return
        self.rows = max(1, _BLOCK_CELLS // (groups * areas))
        self.scratch = np.empty((4, groups, self.rows, areas), dtype=dtype)
        # Multipliers of a year, repeated for each age row of a block: equal strides are twice as
        # fast as one row that meets many.
        self.grids = {flow: np.empty((self.rows, areas), dtype=dtype) for flow in _SCALED}

    def ages(self, zero: int) -> Floats:
        """The cells of all ages at the end of the year, a view."""
        return self.cells[:, :, zero : zero + self._ages]

    def runs(
        self, ages: slice, tables: DrawTables
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats, NDArray[np.int64]]:
        """Types of movers among cells of ``ages``; where runs of cells of one type begin; the type
        of each run as a table (runs, types) of 0 and 1; the position of each cell's type."""
        if ages.start not in self._runs:
            types = tables.types[:, :, ages].ravel()
            starts = np.flatnonzero(np.diff(types, prepend=-1))
            kinds, of = np.unique(types, return_inverse=True)
            member = np.eye(len(kinds), dtype=self.out.dtype)[of[starts]]
            self._runs[ages.start] = kinds, starts, member, of
        found: tuple[NDArray[np.int64], NDArray[np.int64], Floats, NDArray[np.int64]]
        found = self._runs[ages.start]
        return found

    def add_up(self, zero: int, into: Floats) -> None:
        """Sums over sex, group and age bands, (bands, areas): some hundred terms, no loss that
        matters in float32."""
        first, stop = self._edges
        if self.compiled is not None:
            self.compiled.add_up(self.cells, zero, first, stop, into)
            return
        slabs = [part for by_sex in self.ages(zero) for part in by_sex]
        by_age = slabs[0].copy()
        for slab in slabs[1:]:
            by_age += slab
        for position, (lo, hi) in enumerate(zip(first.tolist(), stop.tolist(), strict=True)):
            np.add.reduce(by_age[lo:hi], axis=0, out=into[position])

    def use(self, level: Mapping[str, Floats]) -> None:
        for flow, grid in self.grids.items():
            grid[:] = level[flow]


def _year(zero: int, tables: DrawTables, work: _Work, level: Mapping[str, Floats]) -> Floats:
    """One year in ``work.cells``; returns the children ``[sex, group, area]``."""
    shares = _attraction(tables, level.get("attraction"))
    if work.compiled is not None:
        return _compiled_year(work.compiled, zero, tables, work, level, shares)
    fertile = tables.fertile
    older = slice(zero + 1 + fertile.start, zero + 1 + fertile.stop)
    women = work.cells[tables.mothers, :, older].copy()
    work.use(level)
    ages = work.ages(zero).shape[2]
    _blocks(slice(1, ages), zero, tables, work, level, shares)
    born = _born(women, work.ages(zero), tables, level.get("fertility"))
    work.cells[:, :, zero] = born
    _blocks(slice(0, 1), zero, tables, work, level, shares)
    return born


def _blocks(
    ages: slice, zero: int, tables: DrawTables, work: _Work, level: Mapping[str, Floats],
    shares: Floats | None,
) -> None:  # fmt: skip
    """All events of people of ``ages``, block by block."""
    for sex in range(len(work.cells)):
        for top in range(ages.start, ages.stop, work.rows):
            rows = slice(top, min(top + work.rows, ages.stop))
            _block(sex, rows, zero, tables, work, shares)
    if work.joint:
        _join(ages, zero, tables, work, shares, level.get("attraction"))


def _compiled_year(
    fast: Compiled, zero: int, tables: DrawTables, work: _Work, level: Mapping[str, Floats],
    shares: Floats | None,
) -> Floats:  # fmt: skip
    """``_year`` by numba; moves by type of mover are dealt out by numpy in between."""
    inputs, births = tables.for_compiled
    certain = np.ones_like(level["mortality"]) if "fertility" not in level else level["fertility"]
    pull = work.out[0, 0] if shares is None or work.joint else shares
    factors = (*(level[flow] for flow in ("mortality", "departures", "moves", "arrivals")),
               certain, pull)  # fmt: skip
    if not work.joint:
        fast.year(work.cells, zero, inputs, births, factors, work.women, work.by_mother, work.born)
        return work.born
    fertile, ages = tables.fertile, work.ages(zero).shape[2]
    older = slice(zero + 1 + fertile.start, zero + 1 + fertile.stop)
    work.women[...] = work.cells[tables.mothers, :, older]
    for rows in (slice(1, ages), slice(0, 1)):
        if rows.start == 0:
            fast.bear(work.cells, zero, births, factors, work.women, work.by_mother, work.born)
        fast.survive(work.cells, zero, rows.start, rows.stop, inputs, factors, work.out)
        _join(rows, zero, tables, work, shares, level.get("attraction"))
    return work.born


def _migrants(
    aged: Floats, tables: DrawTables, level: Mapping[str, Floats]
) -> tuple[Floats | None, Floats | None]:
    """Migrants in and out ``[sex, group, age, area]`` of a year, of people ``aged`` at its start
    (by age at the end)."""
    names = ("death", "departure", "move", "naturalise")
    departed = departures_of(aged, {n: getattr(tables, n) for n in names}, level)
    arrived = None if tables.arrivals is None else tables.arrivals * level["arrivals"]
    return arrived, departed


def _attraction(tables: DrawTables, level: Floats | None) -> Floats | None:
    """Shares of destinations (types, areas) with the multipliers of a year, adding up to 1.

    Patterns by origin are not scaled as a whole, which would be a pass over all of them: this is
    1 / sum of each origin's shares times the multipliers (types, origins) there, see ``_join``.
    """
    if tables.matrix is not None:
        pull = np.ones(tables.matrix.shape[2], tables.matrix.dtype) if level is None else level
        return np.asarray(1.0 / np.einsum("koa,a->ko", tables.matrix, pull))
    base = tables.weights
    if base is None or level is None:
        return base
    scaled = base * level
    return np.asarray(scaled / scaled.sum(axis=-1, keepdims=True))


def _rows(table: Floats, sex: int, rows: slice) -> Floats:
    return table[sex, :, rows]


def _block(
    sex: int, rows: slice, zero: int, tables: DrawTables, work: _Work, shares: Floats | None
) -> None:
    """All events of some age rows of one sex, ``[group, age, area]``."""
    height = rows.stop - rows.start
    total, moving, gone, other = work.scratch[:, :, :height]
    grid = {flow: values[:height] for flow, values in work.grids.items()}
    here = work.cells[sex, :, zero + rows.start : zero + rows.stop]
    _hazards(sex, rows, tables, grid, total, moving, other)
    # Hazards are negated, so everything that leaves is counted below zero from here on.
    np.expm1(total, out=other)
    np.multiply(here, other, out=gone)
    here += gone
    np.divide(gone, total, out=gone)
    if tables.arrivals is not None:
        np.multiply(_rows(tables.arrivals, sex, rows), grid["arrivals"], out=other)
        here += other
    for group in tables.leavers:
        assert tables.naturalise is not None
        np.multiply(gone[group], tables.naturalise[sex, group, rows], out=other[group])
        here[tables.to] -= other[group]
    if tables.move is None or shares is None:
        return
    if work.joint:
        np.multiply(moving, gone, out=work.out[sex, :, rows])
        return
    _pool(np.vecdot(moving, gone), sex, rows, here, other, tables, shares)


def _hazards(
    sex: int, rows: slice, tables: DrawTables, grid: Mapping[str, Floats], total: Floats,
    moving: Floats, other: Floats,
) -> None:  # fmt: skip
    """Sum of negated hazards in ``total``, that of moves in ``moving``; overwrites ``other``."""
    np.multiply(_rows(tables.death, sex, rows), grid["mortality"], out=total)
    if tables.move is not None:
        np.multiply(_rows(tables.move, sex, rows), grid["moves"], out=moving)
        total += moving
    if tables.departure is not None:
        np.multiply(_rows(tables.departure, sex, rows), grid["departures"], out=other)
        total += other
    for group in tables.leavers:
        assert tables.naturalise is not None
        total[group] += tables.naturalise[sex, group, rows]


def _pool(
    pooled: Floats, sex: int, rows: slice, here: Floats, other: Floats, tables: DrawTables,
    shares: Floats,
) -> None:  # fmt: skip
    """Movers in: ``pooled`` (group, age) movers out below zero, dealt out by ``shares``."""
    np.negative(pooled, out=pooled)
    life = _rows(tables.late_life, sex, rows)
    if life.shape[-1] == 1:
        pooled *= life[..., 0]
    if len(shares) == 1:
        np.multiply(pooled[..., None], shares[0], out=other)
    else:
        np.take(shares, tables.types[sex, :, rows], axis=0, out=other)
        other *= pooled[..., None]
    if life.shape[-1] > 1:
        other *= life
    here += other


def _join(
    ages: slice, zero: int, tables: DrawTables, work: _Work, reach: Floats | None,
    level: Floats | None,
) -> None:  # fmt: skip
    """Movers in by type of mover, for all cells of ``ages`` at once; ``reach`` of ``_attraction``,
    ``level`` the multipliers of destinations."""
    assert reach is not None
    assert tables.matrix is not None
    out = work.out[:, :, ages]
    kinds, starts, member, of = work.runs(ages, tables)
    cells = np.ascontiguousarray(out).reshape(-1, out.shape[-1])
    # Sums in a fixed order: einsum without BLAS, which also starts no threads of its own.
    movers = -np.einsum("rk,ra->ka", member, np.add.reduceat(cells, starts, axis=0))
    totals = movers.sum(axis=1)
    movers *= reach[kinds]
    matrix = tables.matrix if len(kinds) == len(tables.matrix) else tables.matrix[kinds]
    inflow = np.einsum("ko,koa->ka", movers, matrix, optimize=False)
    inflow *= np.divide(1.0, totals, out=np.zeros_like(totals), where=totals > 0)[:, None]
    if level is not None:
        inflow *= level
    came = np.take(inflow, of, axis=0)
    came *= -cells.sum(axis=1)[:, None]
    came = came.reshape(out.shape)
    came *= tables.late_life[:, :, ages]
    work.cells[:, :, zero + ages.start : zero + ages.stop] += came


def _born(women: Floats, end: Floats, tables: DrawTables, level: Floats | None) -> Floats:
    """Children ``[sex, group, area]`` of the year (period fertility); overwrites ``women``."""
    women += end[tables.mothers, :, tables.fertile]
    women *= 0.5
    by_mother = np.einsum("gxa,gxa->ga", women, tables.fertility)
    if level is not None:
        by_mother *= level
    if tables.child_group is None:
        by_group = by_mother
    elif tables.child_group.ndim == 2:
        by_group = np.einsum("mc,ma->ca", tables.child_group, by_mother)
    else:
        by_group = np.einsum("mca,ma->ca", tables.child_group, by_mother)
    return np.asarray(tables.split * by_group)
