"""The engine's own step: competing risks, so that no order of events has to be invented.

With annual hazards mu (death), eps (departure), om (move inside), nu (naturalisation) a share
``1 - exp(-(mu+eps+om+nu))`` of a cohort leaves its cell, split in proportion to the hazards: never
more than are there. Newborns are exposed for half a year. Who arrives (from outside or by a move)
is exposed to death for half of the time; who is naturalised is not exposed again.
The step works in blocks of age rows that stay in the processor's cache.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from monitor_app.forecast.fertility import births, births_by_mother, fertile_ages, women_exposed
from monitor_app.forecast.flows import COMPONENTS, SIGNS, Flows, Step
from monitor_app.forecast.moves import MoveModel, Pool
from monitor_app.forecast.rates import BirthExposure, StepRates
from monitor_app.forecast.state import Array, Layout, arrays_like

#: Cells of one block; about eight such arrays are in use at a time.
_BLOCK_CELLS = 98_304

_EXITS = ("death", "departure", "move", "naturalise")


@dataclass(frozen=True, eq=False)
class ExitTable:
    """Probabilities per step made of hazards, ``[sex, group, age, area]``.

    ``stay``: not to leave the cell; ``death`` … ``naturalise``: to leave it that way (None: never).
    ``late_life``: survival of those who arrive within the step; it keeps axes of length 1.
    ``leavers``: groups in which anybody can be naturalised.
    """

    stay: Array
    death: Array
    late_life: Array
    departure: Array | None
    move: Array | None
    naturalise: Array | None
    leavers: tuple[int, ...]

    @classmethod
    def of(cls, layout: Layout, rates: StepRates, *, arrivals_die: bool = True) -> ExitTable:
        """Expand hazards; ``arrivals_die`` False leaves deaths of arrivals out."""
        hazards = {n: a for n in _EXITS if (a := getattr(rates, n)) is not None}
        years = np.full((1, 1, len(layout.ages), 1), float(layout.step))
        years[:, :, 0] *= 0.5
        leave, spent, late, *rest = arrays_like(3 + len(hazards), layout.shape)
        total = spent
        others = [hazards[name] for name in _EXITS[1:] if name in hazards]
        if others:
            np.add(rates.death, others[0], out=total)
        else:
            np.copyto(total, rates.death)
        for hazard in others[1:]:
            total += hazard
        np.negative(total, out=total)
        if layout.step == 1:
            total[:, :, 0] *= 0.5
        else:
            total *= years
        # Below zero from here on: the share that leaves, and the hazard of leaving.
        np.expm1(total, out=leave)
        # Years at the hazard until the exit: (1 - exp(-h t)) / h. Nobody leaves where h is 0, so
        # there any finite number will do.
        np.minimum(total, -np.finfo(np.float64).tiny, out=total)
        np.divide(leave, total, out=spent)
        if layout.step == 1:
            spent[:, :, 0] *= 0.5
        else:
            spent *= years
        shares = {
            name: np.multiply(spent, hazard, out=table)
            for (name, hazard), table in zip(hazards.items(), rest, strict=True)
        }
        if rates.death.shape != layout.shape:
            late = np.empty(np.broadcast_shapes(rates.death.shape, years.shape))
        np.exp(np.multiply(rates.death, -0.5 * years * arrivals_die, out=late), out=late)
        gain = np.zeros((1, layout.shape[1], 1, 1))
        gain = gain + hazards.get("naturalise", gain)
        return cls(
            stay=np.add(1.0, leave, out=leave),
            death=shares["death"],
            late_life=late,
            departure=shares.get("departure"),
            move=shares.get("move"),
            naturalise=shares.get("naturalise"),
            leavers=tuple(g for g in range(layout.shape[1]) if np.any(gain[:, g])),
        )


@dataclass(frozen=True, eq=False)
class Prepared:
    """Inputs of a step that do not depend on the stock; reused while the rates stay the same."""

    rates: StepRates
    exits: ExitTable
    arrivals: Array | None  # [sex, group, age, area], expanded
    arrivals_alive: Array | None  # those of them who are alive at the end
    arrivals_sum: Array  # arrivals by area …
    arrivals_dead: Array  # … and how many of them die
    fertile: slice
    moving: MoveModel | None

    @classmethod
    def of(cls, layout: Layout, rates: StepRates, *, arrivals_die: bool = True) -> Prepared:
        exits = ExitTable.of(layout, rates, arrivals_die=arrivals_die)
        arrivals = alive = None
        came = dead = np.zeros(layout.shape[3])
        if rates.arrivals is not None:
            arrivals = np.broadcast_to(rates.arrivals, layout.shape)
            alive = np.multiply(arrivals, exits.late_life, out=arrays_like(4, layout.shape)[0])
            came = arrivals.sum(axis=(0, 1, 2))
            dead = came - alive.sum(axis=(0, 1, 2))
        fertile = fertile_ages(rates.fertility)
        return cls(rates, exits, arrivals, alive, came, dead, fertile, rates.move_model)


@dataclass(eq=False)
class Workspace:
    """Arrays that are used again in each step. With ``cells`` every flow of every cell is kept
    (and valid until the next step), otherwise only its sums by area."""

    layout: Layout
    cells: bool = True
    flows: dict[str, Array] = field(default_factory=dict)
    scratch: dict[str, Array] = field(default_factory=dict)
    sums: dict[str, Array] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """Age rows of one block."""
        return max(1, _BLOCK_CELLS // (self.layout.shape[1] * self.layout.shape[3]))

    def flow(self, name: str, sex: int, ages: slice) -> Array:
        """Where to write a flow of a block: its place among all cells, or scratch space."""
        if self.cells:
            if not self.flows:
                kept = arrays_like(len(SIGNS) + 1, self.layout.shape)
                kept.fill(0.0)
                self.flows = dict(zip(("exposed", *SIGNS), kept, strict=True))
            return self.flows[name][sex, :, ages]
        return self.temporary(name, ages)

    def temporary(self, name: str, ages: slice) -> Array:
        height = ages.stop - ages.start
        if name not in self.scratch or self.scratch[name].shape[1] < height:
            _, groups, _, areas = self.layout.shape
            self.scratch[name] = np.empty((groups, max(height, self.rows), areas))
        return self.scratch[name][:, :height]

    def count(self, name: str, block: Array) -> Array:
        """Add a block ``[…, area]`` to component ``name`` of each area; returns the addition."""
        added: Array = np.add.reduce(block, axis=tuple(range(block.ndim - 1)))
        self.sums[name] += added
        return added


def hazard_step(
    stock: Array,
    prepared: Prepared,
    work: Workspace,
    *,
    exposure: BirthExposure = BirthExposure.PERIOD,
    out: Array | None = None,
) -> Step:
    """One step of competing risks.

    ``stock`` ``[sex, group, age, area]`` in persons, writable and the same afterwards; the end goes
    to ``out`` (a new array if None; never ``stock`` itself). Flows of the returned step are kept
    where the workspace keeps cells; component sums by area are in ``work.sums`` in any case.
    """
    layout = work.layout
    sexes, _, ages, areas = layout.shape
    end = np.empty(layout.shape) if out is None else out
    work.sums = {name: np.zeros(areas) for name in COMPONENTS}
    joint = _joint_moves(stock, prepared, work)
    # The oldest stand with those who are about to become the oldest while blocks are read, so that
    # people by the age they reach are a view.
    alone = stock[:, :, -2].copy()
    stock[:, :, -2] += stock[:, :, -1]
    for sex in range(sexes):
        for top in range(1, ages, work.rows):
            rows = slice(top, min(top + work.rows, ages))
            aged = stock[sex, :, rows.start - 1 : rows.stop - 1]
            moved = None if joint is None else joint[sex, :, top - 1 : rows.stop - 1]
            _block(aged, sex, rows, prepared, work, end, moved)
    stock[:, :, -2] = alone
    women, fertile = layout.mothers, prepared.fertile
    aged_women = _aged_rows(stock[women], fertile)
    exposed = women_exposed(exposure, stock[women], aged_women, end[women], fertile)
    born = births(layout, prepared.rates, exposed, fertile)
    work.sums["births"] += born.sum(axis=(0, 1))
    work.sums["arrivals"] += prepared.arrivals_sum
    work.sums["deaths"] += prepared.arrivals_dead
    first = slice(0, 1)
    late = None
    if prepared.moving is not None and not prepared.moving.row_by_row:
        assert prepared.exits.move is not None
        moved_out = born[:, :, None] * prepared.exits.move[:, :, first]
        late = prepared.moving.arrivals(moved_out, None, first, np.empty_like(moved_out))
    for sex in range(sexes):
        moved = None if late is None else late[sex]
        _block(born[sex][:, None], sex, first, prepared, work, end, moved)
    flows = _flows(stock, born, prepared, work)
    by_mother = births_by_mother(layout, prepared.rates, exposed, fertile) if work.cells else None
    return Step(end, flows, by_mother)


def _aged_rows(stock: Array, ages: slice) -> Array:
    """Like ``stock`` one age on, right for the rows ``ages`` only (others are left over)."""
    aged = np.empty_like(stock)
    rows = slice(max(ages.start, 1), ages.stop)
    aged[:, rows] = stock[:, rows.start - 1 : rows.stop - 1]
    if ages.start == 0 and ages.stop > 0:
        aged[:, 0] = 0.0
    if ages.stop == stock.shape[1]:
        aged[:, -1] += stock[:, -1]
    return aged


def _joint_moves(stock: Array, prepared: Prepared, work: Workspace) -> Array | None:
    """Movers in of all ages above 0, for patterns that bundle several rows."""
    model, move = prepared.moving, prepared.exits.move
    if model is None or move is None or model.row_by_row:
        return None
    if "joint" not in work.scratch:
        work.scratch["joint"] = arrays_like(2, stock[:, :, 1:].shape)
    out, into = work.scratch["joint"]
    np.multiply(stock[:, :, :-1], move[:, :, 1:], out=out)
    out[:, :, -1] += stock[:, :, -1] * move[:, :, -1]
    return model.arrivals(out, None, slice(1, None), into)


def _block(
    aged: Array,
    sex: int,
    rows: slice,
    prepared: Prepared,
    work: Workspace,
    end: Array,
    moved_in: Array | None,
) -> None:
    """All events of some age rows of one sex, ``[group, age, area]``; writes ``end``."""
    exits = prepared.exits
    here = end[sex, :, rows]
    np.multiply(aged, exits.stay[sex, :, rows], out=here)
    _leave("deaths", aged, exits.death, sex, rows, work)
    if exits.departure is not None:
        _leave("departures", aged, exits.departure, sex, rows, work)
    if exits.naturalise is not None:
        _naturalise(aged, sex, rows, prepared, work, here)
    if prepared.arrivals is not None and prepared.arrivals_alive is not None:
        living = prepared.arrivals_alive[sex, :, rows]
        here += living
        if work.cells:
            _bury(prepared.arrivals[sex, :, rows], living, sex, rows, work)
    if prepared.moving is not None and exits.move is not None:
        if not work.cells and _is_plain_pool(prepared):
            _pool(aged, sex, rows, prepared, work, here)
            return
        out = work.flow("moves_out", sex, rows)
        np.multiply(aged, exits.move[sex, :, rows], out=out)
        work.count("moves_out", out)
        came = _came(out, sex, rows, prepared.moving, work, moved_in)
        living = work.temporary("living", rows)
        np.multiply(came, _part(exits.late_life, sex, rows), out=living)
        here += living
        added = work.count("moves_in", came)
        work.sums["deaths"] += added - np.add.reduce(living, axis=(0, 1))
        if work.cells:
            _bury(came, living, sex, rows, work)


def _is_plain_pool(prepared: Prepared) -> bool:
    """One pool for everybody, and late deaths that do not differ by area."""
    model = prepared.moving
    return (
        isinstance(model, Pool)
        and len(model.weights) == 1
        and prepared.exits.late_life.shape[3] == 1
    )


def _pool(
    aged: Array, sex: int, rows: slice, prepared: Prepared, work: Workspace, here: Array
) -> None:
    """Moves of a plain pool: only their sums by row and by area and the weights are needed."""
    model, move = prepared.moving, prepared.exits.move
    assert isinstance(model, Pool)
    assert move is not None
    _leave("moves_out", aged, move, sex, rows, work)
    pooled = np.vecdot(aged, move[sex, :, rows])
    alive = pooled * _part(prepared.exits.late_life, sex, rows)[..., 0]
    living = work.temporary("living", rows)
    np.multiply(alive[:, :, None], model.weights[0], out=living)
    here += living
    work.sums["moves_in"] += pooled.sum() * model.weights[0]
    work.sums["deaths"] += (pooled.sum() - alive.sum()) * model.weights[0]


def _came(
    out: Array, sex: int, rows: slice, model: MoveModel, work: Workspace, known: Array | None
) -> Array:
    """Movers into the cells of a block; ``known`` where a pattern bundles more than the block."""
    if known is None:
        return model.arrivals(out, sex, rows, work.flow("moves_in", sex, rows))
    if work.cells:
        np.copyto(work.flow("moves_in", sex, rows), known)
    return known


def _part(array: Array, sex: int, rows: slice) -> Array:
    """A block of an array whose axes may have length 1."""
    one: Array = array[min(sex, array.shape[0] - 1)]
    return one if one.shape[1] == 1 else one[:, rows]


def _leave(name: str, aged: Array, share: Array, sex: int, rows: slice, work: Workspace) -> None:
    """Count those who leave their cell one way; keep them by cell where cells are kept."""
    if work.cells:
        gone = work.flow(name, sex, rows)
        np.multiply(aged, share[sex, :, rows], out=gone)
        work.count(name, gone)
    else:
        work.sums[name] += np.einsum("gxa,gxa->a", aged, share[sex, :, rows])


def _bury(came: Array, living: Array, sex: int, rows: slice, work: Workspace) -> None:
    """Add those arrivals of a block who die within the step to the deaths of their cells."""
    late = work.temporary("late", rows)
    np.subtract(came, living, out=late)
    deaths = work.flow("deaths", sex, rows)
    deaths += late


def _naturalise(
    aged: Array, sex: int, rows: slice, prepared: Prepared, work: Workspace, here: Array
) -> None:
    """Move those who are naturalised to their new group; they left their old one by ``stay``."""
    exits, to = prepared.exits, prepared.rates.naturalise_to
    assert exits.naturalise is not None
    gone = work.flow("naturalised_out", sex, rows)
    for group in exits.leavers:
        np.multiply(aged[group], exits.naturalise[sex, group, rows], out=gone[group])
        here[to] += gone[group]
        added = work.count("naturalised_out", gone[group])
        work.sums["naturalised_in"] += added
    if work.cells and exits.leavers:
        gained = work.flow("naturalised_in", sex, rows)
        np.add.reduce(gone[list(exits.leavers)], axis=0, out=gained[to])


def _flows(stock: Array, born: Array, prepared: Prepared, work: Workspace) -> Flows:
    """The flows of all cells where they are kept, else just the births."""
    if not work.cells:
        return Flows(exposed=born[:, :, None], deaths=born[:, :, None][:, :, :0])
    exposed = work.flows["exposed"]
    exposed[:, :, 1:] = stock[:, :, :-1]
    exposed[:, :, -1] += stock[:, :, -1]
    exposed[:, :, 0] = born
    found: dict[str, Array | None] = {"arrivals": prepared.arrivals}
    if prepared.exits.departure is not None:
        found["departures"] = work.flows["departures"]
    if prepared.moving is not None:
        found |= {name: work.flows[name] for name in ("moves_out", "moves_in")}
    if prepared.exits.naturalise is not None:
        found |= {name: work.flows[name] for name in ("naturalised_out", "naturalised_in")}
    return Flows(exposed, work.flows["deaths"], **found)
