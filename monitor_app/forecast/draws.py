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
from monitor_app.forecast.fertility import fertile_ages
from monitor_app.forecast.moves import OriginDestination, Pool
from monitor_app.forecast.rates import StepRates
from monitor_app.forecast.state import Array, Layout

#: Cells of one block of a draw: larger ones leave the cache, smaller ones cost calls.
_BLOCK_CELLS = 81_920
#: Hazards are never quite zero, so that shares of exits can be formed by division.
_TINY = 1e-12

Floats = NDArray[Any]  # of the dtype of the kernel


@dataclass(frozen=True, eq=False)
class DrawKernel:
    """Prepared tables of a main variant, shared by all draws (and threads).

    ``rates`` of the main variant; ``paths`` flow -> (years,) or (years, areas): factors by which it
    changes over time (a damped trend of mortality, say). ``bands``: age rows that are added up.
    """

    layout: Layout
    launch: Array
    rates: StepRates
    years: int
    bands: Sequence[slice]
    paths: Mapping[str, Array] = field(default_factory=dict)
    dtype: DTypeLike = np.float32

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

    def run(self, multipliers: Mapping[str, Array], out: Floats) -> None:
        """One draw; writes ``out`` (years + 1, bands, areas) in persons.

        ``multipliers`` flow -> (years, areas), see ``factors.FLOWS``.
        """
        tables: _Tables = self._tables  # type: ignore[attr-defined]
        work = _Work(self.layout, np.dtype(self.dtype), tables)
        stock = self.launch.astype(self.dtype)
        spare = np.empty_like(stock)
        _add_up(stock, self.bands, out[0])
        levels = {
            flow: _level(drawn, self.paths.get(flow)).astype(self.dtype)
            for flow, drawn in multipliers.items()
        }
        for year in range(self.years):
            _year(stock, spare, tables, work, {flow: v[year] for flow, v in levels.items()})
            stock, spare = spare, stock
            _add_up(stock, self.bands, out[year + 1])


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
            death=table(death, False),
            departure=table(rates.departure, False),
            move=table(rates.move, False),
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

    def __init__(self, layout: Layout, dtype: np.dtype[Any], tables: _Tables) -> None:
        _, groups, _, areas = layout.shape
        self.rows = max(1, _BLOCK_CELLS // (groups * areas))
        height = max(self.rows, 1)
        self.scratch = np.empty((4, groups, height, areas), dtype=dtype)
        self.joint = tables.matrix is not None
        if self.joint:
            self.out = np.empty(layout.shape, dtype=dtype)
            self.into = np.empty(layout.shape, dtype=dtype)


def _year(
    stock: Floats, end: Floats, tables: _Tables, work: _Work, level: Mapping[str, Floats]
) -> None:
    sexes, _groups, ages, _areas = stock.shape
    shares = _attraction(tables, level.get("attraction"))
    women = stock[tables.mothers, :, tables.fertile].copy()
    # The oldest join those who are about to become the oldest: then ageing is a shift of rows. The
    # stock is not used again.
    stock[:, :, -2] += stock[:, :, -1]
    for sex in range(sexes):
        for top in range(1, ages, work.rows):
            rows = slice(top, min(top + work.rows, ages))
            aged = stock[sex, :, top - 1 : rows.stop - 1]
            _block(aged, sex, rows, end, tables, work, level, shares)
    if work.joint:
        _join(slice(1, None), end, tables, work, shares)
    born = _born(women, end, tables, level.get("fertility"))
    first = slice(0, 1)
    for sex in range(sexes):
        _block(born[sex][:, None], sex, first, end, tables, work, level, shares)
    if work.joint:
        _join(first, end, tables, work, shares)


def _attraction(tables: _Tables, level: Floats | None) -> Floats | None:
    """Shares of destinations with the multipliers of a year, adding up to 1."""
    base = tables.weights if tables.matrix is None else tables.matrix
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
    level: Mapping[str, Floats],
    shares: Floats | None,
) -> None:
    """All events of some age rows of one sex, ``[group, age, area]``."""
    height = rows.stop - rows.start
    total, moving, gone, other = work.scratch[:, :, :height]
    here = end[sex, :, rows]
    np.multiply(_rows(tables.death, sex, rows), level["mortality"], out=total)
    if tables.departure is not None:
        np.multiply(_rows(tables.departure, sex, rows), level["departures"], out=other)
        total += other
    if tables.move is not None:
        np.multiply(_rows(tables.move, sex, rows), level["moves"], out=moving)
        total += moving
    for group in tables.leavers:
        assert tables.naturalise is not None
        total[group] += tables.naturalise[sex, group, rows]
    # Hazards are negated, so everything that leaves is counted below zero from here on.
    np.expm1(total, out=other)
    np.multiply(aged, other, out=gone)
    np.add(aged, gone, out=here)
    np.divide(gone, total, out=gone)
    if tables.arrivals is not None:
        np.multiply(_rows(tables.arrivals, sex, rows), level["arrivals"], out=other)
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
    pooled = -np.einsum("gxa,gxa->gx", moving, gone)[:, :, None]
    life = _rows(tables.late_life, sex, rows)
    if life.shape[-1] == 1:
        pooled *= life
    if len(shares) == 1 or tables.type_of is None:
        np.multiply(pooled, shares[0], out=other)
    else:
        np.take(shares, tables.type_of[sex, :, rows], axis=0, out=other)
        other *= pooled
    if life.shape[-1] > 1:
        other *= life
    here += other


def _join(ages: slice, end: Floats, tables: _Tables, work: _Work, shares: Floats | None) -> None:
    """Movers in by type of mover, for all cells of ``ages`` at once."""
    assert shares is not None
    assert tables.type_of is not None
    out = work.out[:, :, ages]
    types = tables.type_of[:, :, ages].ravel()
    cells = out.reshape(-1, out.shape[-1])
    movers = np.zeros((len(shares), cells.shape[1]), dtype=cells.dtype)
    for k in np.unique(types):
        movers[k] = -cells[types == k].sum(axis=0)
    inflow = np.einsum("ko,koa->ka", movers, shares, optimize=False)
    totals = movers.sum(axis=1)[types]
    share = np.divide(
        -cells.sum(axis=1), totals, out=np.zeros(len(cells), cells.dtype), where=totals > 0
    )
    came = (share[:, None] * inflow[types]).reshape(out.shape)
    came *= tables.late_life[:, :, ages]
    end[:, :, ages] += came


def _born(women: Floats, end: Floats, tables: _Tables, level: Floats | None) -> Floats:
    """Children ``[sex, group, area]`` of the year (period fertility); overwrites ``women``."""
    women += end[tables.mothers, :, tables.fertile]
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
