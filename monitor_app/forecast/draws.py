"""One draw of an ensemble: the hazard step with flows scaled by area and year, lean and in float32.

The same model as ``hazard`` (a test holds both against each other in float64): exits by competing
risks, moves by a pool, arrivals, births of the period, naturalisation. Nothing is kept but sums
over age bands, in float64. Multipliers scale hazards, arrivals, fertility and the weights of the
pool; movers into the areas are made of movers out of them, so moves add up to zero in every draw.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
from monitor_app.forecast.draws_fast import compiled, sums
from monitor_app.forecast.fertility import fertile_ages
from monitor_app.forecast.moves import OriginDestination, Pool
from monitor_app.forecast.rates import StepRates
from monitor_app.forecast.state import Array, Layout

#: Cells of one block of a draw: larger ones leave the cache, smaller ones cost calls.
_BLOCK_CELLS = 65_536
#: Hazards are never quite zero, so that shares of exits can be formed by division.
_TINY = 1e-12
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
        object.__setattr__(self, "_tables", _Tables.of(self))

    def run(
        self, multipliers: Mapping[str, Array], out: Floats, events: DrawEvents | None = None
    ) -> None:
        """One draw; writes ``out`` (years + 1, bands, areas) in persons.

        ``multipliers`` flow -> (years, areas), see ``factors.FLOWS``; ``events``: new dwellings
        and city totals of this draw.
        """
        tables: _Tables = self._tables  # type: ignore[attr-defined]
        work = _Work(self.layout, np.dtype(self.dtype), tables, self.fast)
        stock = self.launch.astype(self.dtype)
        spare = np.empty_like(stock)
        sums_of = work.bands(self.bands)
        sums_of(stock, out[0])
        levels = {
            flow: _level(drawn, self.paths.get(flow)).astype(self.dtype)
            for flow, drawn in multipliers.items()
        }
        for year in range(self.years):
            level = {flow: v[year] for flow, v in levels.items()}
            born = _year(stock, spare, tables, work, level)
            if events is not None:
                _events(stock, spare, born, tables, level, events, year)
            stock, spare = spare, stock
            sums_of(stock, out[year + 1])


def _level(drawn: Array, path: Array | None) -> Array:
    """Multipliers (years, areas) of a draw times the path of the main variant."""
    if path is None:
        return drawn
    return np.asarray(drawn * (path if np.ndim(path) == 2 else path[:, None]), dtype=np.float64)


def _add_up(stock: Floats, bands: Sequence[slice], into: Floats) -> None:
    """Sums over sex, group and age bands: some hundred terms, no loss that matters in float32."""
    slabs = stock.reshape(-1, *stock.shape[2:])
    by_age = slabs[0].copy()
    for slab in slabs[1:]:
        by_age += slab
    for position, band in enumerate(bands):
        np.add.reduce(by_age[band], axis=0, out=into[position])


@dataclass(frozen=True, eq=False)
class _Tables:
    """Negated hazards and other inputs ``[sex, group, age, area]`` in the dtype of the kernel;
    axes of length 1 are kept where they cost nothing."""

    death: Floats
    thin_death: Floats  # one area where deaths do not differ by area
    thin_gain: Floats  # the same of naturalisations; size 0 without them
    departure: Floats | None
    move: Floats | None
    naturalise: Floats | None
    leavers: tuple[int, ...]
    to: int
    arrivals: Floats | None  # those alive at the end
    late_life: Floats
    fertility: Floats  # fertile ages only
    fertile: slice
    split: Floats  # (sex, 1, 1)
    child_group: Floats | None
    weights: Floats | None  # (types, areas)
    matrix: Floats | None  # (types, origins, destinations)
    type_of: NDArray[np.int64] | None
    mothers: int

    @classmethod
    def of(cls, kernel: DrawKernel) -> _Tables:
        layout, rates = kernel.layout, kernel.rates
        sexes, groups, ages, areas = layout.shape
        years = np.ones((1, 1, ages, 1))
        years[:, :, 0] = 0.5

        def table(array: Array | None, full: bool) -> Any:
            if array is None:
                return None
            shape = (sexes, groups, ages, areas if full else array.shape[3])
            made = -np.broadcast_to(array * years, np.broadcast_shapes(shape, (1, 1, 1, 1)))
            return np.ascontiguousarray(made, dtype=kernel.dtype)

        death = np.maximum(rates.death, _TINY)
        life = np.exp(-death * years / 2.0)
        arrivals = None if rates.arrivals is None else rates.arrivals * life
        gain = rates.naturalise
        leavers = (
            ()
            if gain is None
            else tuple(g for g in range(groups) if np.any(gain[:, min(g, gain.shape[1] - 1)]))
        )
        model = rates.move_model
        fertile = fertile_ages(rates.fertility)
        return cls(
            death=table(death, True),
            thin_death=table(death, False),
            thin_gain=np.zeros((sexes, 0, 0, 0), kernel.dtype)
            if gain is None
            else table(gain, False),
            departure=table(rates.departure, True),
            move=table(rates.move, True),
            naturalise=table(gain, False),
            leavers=leavers,
            to=rates.naturalise_to,
            arrivals=None if arrivals is None else -table(arrivals / years, True),
            late_life=np.ascontiguousarray(
                np.broadcast_to(life, (sexes, groups, ages, life.shape[3])), dtype=kernel.dtype
            ),
            fertility=np.ascontiguousarray(rates.fertility[:, fertile], dtype=kernel.dtype),
            fertile=fertile,
            split=layout.split_births(rates.girls)[:, None, None].astype(kernel.dtype),
            child_group=None
            if rates.child_group is None
            else rates.child_group.astype(kernel.dtype),
            weights=model.weights.astype(kernel.dtype) if isinstance(model, Pool) else None,
            matrix=model.matrix.astype(kernel.dtype)
            if isinstance(model, OriginDestination)
            else None,
            type_of=getattr(model, "type_of", None),
            mothers=layout.mothers,
        )


class _Work:
    """Scratch arrays of one draw; each thread has its own."""

    def __init__(
        self, layout: Layout, dtype: np.dtype[Any], tables: _Tables, fast: bool = True
    ) -> None:
        _, groups, _, areas = layout.shape
        self.compiled = compiled(dtype.name) if fast else None
        self.summing = sums(dtype.name) if fast else None
        self.rows = 1 if self.compiled else max(1, _BLOCK_CELLS // (groups * areas))
        self.scratch = np.empty((4, groups, self.rows, areas), dtype=dtype)
        # Multipliers of a year, repeated for each age row of a block: equal strides are twice as
        # fast as one row that meets many.
        self.grids = {flow: np.empty((self.rows, areas), dtype=dtype) for flow in _SCALED}
        self.joint = tables.matrix is not None
        self.out = np.empty(layout.shape if self.joint else (layout.shape[0], 0, 0, 0), dtype=dtype)
        self._runs: dict[int, Any] = {}
        self.nothing = np.zeros((1, 0, 0), dtype=dtype)
        types = np.zeros(layout.shape[:3], np.int64) if tables.type_of is None else tables.type_of
        self.types = np.ascontiguousarray(types)

    def runs(
        self, ages: slice
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats, NDArray[np.int64]]:
        """Types of movers among cells of ``ages``; where runs of cells of one type begin; the type
        of each run as a table (runs, types) of 0 and 1; the position of each cell's type."""
        if ages.start not in self._runs:
            types = self.types[:, :, ages].ravel()
            starts = np.flatnonzero(np.diff(types, prepend=-1))
            kinds, of = np.unique(types, return_inverse=True)
            member = np.eye(len(kinds), dtype=self.out.dtype)[of[starts]]
            self._runs[ages.start] = kinds, starts, member, of
        found: tuple[NDArray[np.int64], NDArray[np.int64], Floats, NDArray[np.int64]]
        found = self._runs[ages.start]
        return found

    def bands(self, bands: Sequence[slice]) -> Callable[[Floats, Floats], None]:
        """Sums of a stock over sex, group and age bands, written to (bands, areas)."""
        if self.summing is None:
            return lambda stock, into: _add_up(stock, bands, into)
        ages = self.types.shape[2]
        edges = np.array([band.indices(ages)[:2] for band in bands], dtype=np.int64)
        add_up, first, stop = self.summing[0], edges[:, 0].copy(), edges[:, 1].copy()
        return lambda stock, into: add_up(stock, first, stop, into)

    def use(self, level: Mapping[str, Floats]) -> None:
        for flow, grid in self.grids.items():
            grid[:] = level[flow]


def _year(
    stock: Floats, end: Floats, tables: _Tables, work: _Work, level: Mapping[str, Floats]
) -> Floats:
    """One year from ``stock`` (spoilt) to ``end``; returns the children ``[sex, group, area]``."""
    sexes, _groups, ages, _areas = stock.shape
    shares = _attraction(tables, level.get("attraction"))
    women = stock[tables.mothers, :, tables.fertile].copy()
    if work.compiled is None:
        work.use(level)
    # The oldest join those who are about to become the oldest: then ageing is a shift of rows. The
    # stock is not used again.
    stock[:, :, -2] += stock[:, :, -1]
    for sex in range(sexes):
        if work.compiled is not None:
            _compiled(stock[sex], 1, sex, slice(1, ages), end, tables, work, level, shares)
            continue
        for top in range(1, ages, work.rows):
            rows = slice(top, min(top + work.rows, ages))
            aged = stock[sex, :, top - 1 : rows.stop - 1]
            _block(aged, sex, rows, end, tables, work, shares)
    if work.joint:
        _join(slice(1, None), end, tables, work, shares, level.get("attraction"))
    born = _born(women, end, tables, work, level.get("fertility"))
    first = slice(0, 1)
    for sex in range(sexes):
        if work.compiled is not None:
            _compiled(born[sex][:, None], 0, sex, first, end, tables, work, level, shares)
        else:
            _block(born[sex][:, None], sex, first, end, tables, work, shares)
    if work.joint:
        _join(first, end, tables, work, shares, level.get("attraction"))
    return born


def _events(
    stock: Floats, end: Floats, born: Floats, tables: _Tables, level: Mapping[str, Floats],
    events: DrawEvents, year: int,
) -> None:  # fmt: skip
    """New dwellings, then the total of the city. ``stock`` as ``_year`` leaves it: the oldest are
    among those who become the oldest."""
    total = np.nan if events.city is None else float(events.city[year])
    arrived = departed = None
    if np.isfinite(total):
        aged = np.empty_like(stock)
        aged[:, :, 0], aged[:, :, 1:] = born, stock[:, :, :-1]
        names = ("death", "departure", "move", "naturalise")
        departed = departures_of(aged, {n: getattr(tables, n) for n in names}, level)
        if tables.arrivals is not None:
            arrived = tables.arrivals * level["arrivals"]
    move_in_drawn(end, events, year)
    if np.isfinite(total):
        reach_city(end, arrived, departed, total)


def _compiled(
    aged: Floats, shift: int, sex: int, rows: slice, end: Floats, tables: _Tables, work: _Work,
    level: Mapping[str, Floats], shares: Floats | None,
) -> None:  # fmt: skip
    """``_block`` for any number of age rows by numba; see ``draws_fast.compiled``."""
    assert work.compiled is not None
    nothing = work.nothing

    def part(table: Floats | None) -> Floats:
        return nothing if table is None else table[sex]

    pull = shares if shares is not None and not work.joint else nothing[0]
    work.compiled(
        np.ascontiguousarray(aged), shift, end[sex], rows.start, rows.stop,
        tables.thin_death[sex], part(tables.departure), part(tables.move), tables.thin_gain[sex],
        part(tables.arrivals), tables.to, level["mortality"], level["departures"], level["moves"],
        level["arrivals"], tables.late_life[sex], work.types[sex], pull, work.out[sex],
    )  # fmt: skip


def _attraction(tables: _Tables, level: Floats | None) -> Floats | None:
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
    aged: Floats,
    sex: int,
    rows: slice,
    end: Floats,
    tables: _Tables,
    work: _Work,
    shares: Floats | None,
) -> None:
    """All events of some age rows of one sex, ``[group, age, area]``."""
    height = rows.stop - rows.start
    total, moving, gone, other = work.scratch[:, :, :height]
    grid = {flow: values[:height] for flow, values in work.grids.items()}
    here = end[sex, :, rows]
    _hazards(sex, rows, tables, grid, total, moving, other)
    # Hazards are negated, so everything that leaves is counted below zero from here on.
    np.expm1(total, out=other)
    np.multiply(aged, other, out=gone)
    np.add(aged, gone, out=here)
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
    sex: int, rows: slice, tables: _Tables, grid: Mapping[str, Floats], total: Floats,
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
    pooled: Floats, sex: int, rows: slice, here: Floats, other: Floats, tables: _Tables,
    shares: Floats,
) -> None:  # fmt: skip
    """Movers in: ``pooled`` (group, age) movers out below zero, dealt out by ``shares``."""
    np.negative(pooled, out=pooled)
    life = _rows(tables.late_life, sex, rows)
    if life.shape[-1] == 1:
        pooled *= life[..., 0]
    if len(shares) == 1 or tables.type_of is None:
        np.multiply(pooled[..., None], shares[0], out=other)
    else:
        np.take(shares, tables.type_of[sex, :, rows], axis=0, out=other)
        other *= pooled[..., None]
    if life.shape[-1] > 1:
        other *= life
    here += other


def _join(
    ages: slice, end: Floats, tables: _Tables, work: _Work, reach: Floats | None,
    level: Floats | None,
) -> None:  # fmt: skip
    """Movers in by type of mover, for all cells of ``ages`` at once; ``reach`` of ``_attraction``,
    ``level`` the multipliers of destinations."""
    assert reach is not None
    assert tables.matrix is not None
    out = work.out[:, :, ages]
    kinds, starts, member, of = work.runs(ages)
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
    end[:, :, ages] += came


def _born(women: Floats, end: Floats, tables: _Tables, work: _Work, level: Floats | None) -> Floats:
    """Children ``[sex, group, area]`` of the year (period fertility); overwrites ``women``."""
    after = end[tables.mothers, :, tables.fertile]
    if work.summing is not None and tables.fertility.shape == women.shape:
        by_mother = np.empty((women.shape[0], women.shape[2]), dtype=women.dtype)
        work.summing[1](women, np.ascontiguousarray(after), tables.fertility, by_mother)
    else:
        women += after
        women *= 0.5
        by_mother = np.einsum("gxa,gxa->ga", women, np.broadcast_to(tables.fertility, women.shape))
    if level is not None:
        by_mother *= level
    if tables.child_group is None:
        by_group = by_mother
    elif tables.child_group.ndim == 2:
        by_group = np.einsum("mc,ma->ca", tables.child_group, by_mother)
    else:
        by_group = np.einsum("mca,ma->ca", tables.child_group, by_mother)
    return np.asarray(tables.split * by_group)
