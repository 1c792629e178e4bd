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
from monitor_app.forecast.flows import COMPONENTS, Flows, Step
from monitor_app.forecast.moves import MoveModel
from monitor_app.forecast.rates import BirthExposure, StepRates
from monitor_app.forecast.state import Array, Layout

#: Cells of one block; about eight such arrays are in use at a time.
_BLOCK_CELLS = 16_384

_EXITS = ("death", "departure", "move", "naturalise")


@dataclass(frozen=True, eq=False)
class ExitTable:
    """Probabilities per step made of hazards, each ``[sex, group, age, area]``.

    ``stay``: not to leave the cell; ``death`` … ``naturalise``: to leave it that way (None: never);
    ``late_death``: death of those who arrived within the step.
    """

    stay: Array
    death: Array
    late_death: Array
    departure: Array | None
    move: Array | None
    naturalise: Array | None

    @classmethod
    def of(cls, layout: Layout, rates: StepRates, *, arrivals_die: bool = True) -> ExitTable:
        """Expand hazards; ``arrivals_die`` False leaves deaths of arrivals out."""
        exposure = np.ones((1, 1, len(layout.ages), 1)) * layout.step
        exposure[:, :, 0] *= 0.5
        hazards = {n: a * exposure for n in _EXITS if (a := getattr(rates, n)) is not None}
        total = sum(hazards.values(), np.zeros((1, 1, 1, 1)))
        leave = -np.expm1(-total)
        # (1 - exp(-h))/h tends to 1 as h tends to 0.
        per_hazard = np.divide(leave, total, out=np.ones_like(total), where=total > 0)
        shares = {
            name: np.ascontiguousarray(np.broadcast_to(hazard * per_hazard, layout.shape))
            for name, hazard in hazards.items()
        }
        late = -np.expm1(-hazards["death"] / 2.0) if arrivals_die else 0.0 * hazards["death"]
        return cls(
            stay=np.ascontiguousarray(np.broadcast_to(np.exp(-total), layout.shape)),
            death=shares["death"],
            late_death=np.ascontiguousarray(np.broadcast_to(late, layout.shape)),
            departure=shares.get("departure"),
            move=shares.get("move"),
            naturalise=shares.get("naturalise"),
        )


@dataclass(frozen=True, eq=False)
class Prepared:
    """Inputs of a step that do not depend on the stock; reused while the rates stay the same."""

    rates: StepRates
    exits: ExitTable
    arrivals: Array | None  # [sex, group, age, area], expanded
    fertile: slice
    moving: MoveModel | None

    @classmethod
    def of(cls, layout: Layout, rates: StepRates, *, arrivals_die: bool = True) -> Prepared:
        arrivals = rates.arrivals
        if arrivals is not None:
            arrivals = np.ascontiguousarray(np.broadcast_to(arrivals, layout.shape))
        exits = ExitTable.of(layout, rates, arrivals_die=arrivals_die)
        return cls(rates, exits, arrivals, fertile_ages(rates.fertility), rates.move_model)


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
            if name not in self.flows:
                self.flows[name] = np.zeros(self.layout.shape)
            return self.flows[name][sex, :, ages]
        return self.temporary(name, ages)

    def temporary(self, name: str, ages: slice) -> Array:
        height = ages.stop - ages.start
        if name not in self.scratch or self.scratch[name].shape[1] < height:
            _, groups, _, areas = self.layout.shape
            self.scratch[name] = np.empty((groups, max(height, self.rows), areas))
        return self.scratch[name][:, :height]

    def count(self, name: str, block: Array) -> None:
        """Add a block ``[group, age, area]`` to the component ``name`` of each area."""
        ones = np.ones(block.shape[1])
        for group in block:
            self.sums[name] += ones @ group


def hazard_step(
    stock: Array,
    prepared: Prepared,
    work: Workspace,
    *,
    exposure: BirthExposure = BirthExposure.PERIOD,
    out: Array | None = None,
) -> Step:
    """One step of competing risks.

    ``stock`` ``[sex, group, age, area]`` in persons, unchanged; the end goes to ``out`` (a new
    array if None; never ``stock`` itself). Flows of the returned step are kept where the workspace
    keeps cells; component sums by area are in ``work.sums`` in any case.
    """
    layout = work.layout
    sexes, _, ages, areas = layout.shape
    end = np.empty(layout.shape) if out is None else out
    work.sums = {name: np.zeros(areas) for name in COMPONENTS}
    joint = _joint_moves(stock, prepared, work)
    for sex in range(sexes):
        for top in range(1, ages, work.rows):
            rows = slice(top, min(top + work.rows, ages))
            aged = _aged(stock[sex], rows, work)
            moved = None if joint is None else joint[sex, :, rows]
            _block(aged, sex, rows, prepared, work, end, moved)
    women, fertile = layout.mothers, prepared.fertile
    aged_women = _aged_rows(stock[women], fertile)
    exposed = women_exposed(exposure, stock[women], aged_women, end[women], fertile)
    born = births(layout, prepared.rates, exposed, fertile)
    work.sums["births"] += born.sum(axis=(0, 1))
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


def _aged(stock: Array, rows: slice, work: Workspace) -> Array:
    """People ``[group, age, area]`` of one sex who reach the ages ``rows`` (all above 0)."""
    below = stock[:, rows.start - 1 : rows.stop - 1]
    if rows.stop < stock.shape[1]:
        return below
    aged = work.temporary("aged", rows)
    np.copyto(aged, below)
    aged[:, -1] += stock[:, -1]
    return aged


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
    out = work.scratch.setdefault("joint_out", np.empty(stock[:, :, 1:].shape))
    into = work.scratch.setdefault("joint_in", np.zeros(stock.shape))
    np.multiply(stock[:, :, :-1], move[:, :, 1:], out=out)
    out[:, :, -1] += stock[:, :, -1] * move[:, :, -1]
    into[:, :, 1:] = model.arrivals(out, None, slice(1, None), np.empty_like(out))
    return into


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
    deaths = work.flow("deaths", sex, rows)
    np.multiply(aged, exits.death[sex, :, rows], out=deaths)
    inward = _inward(aged, sex, rows, prepared, work, moved_in)
    if inward is not None:
        late = work.temporary("late", rows)
        np.multiply(inward, exits.late_death[sex, :, rows], out=late)
        here += inward
        here -= late
        deaths += late
    work.count("deaths", deaths)
    if exits.departure is not None:
        left = work.flow("departures", sex, rows)
        np.multiply(aged, exits.departure[sex, :, rows], out=left)
        work.count("departures", left)
    if exits.naturalise is not None:
        gone = work.flow("naturalised_out", sex, rows)
        np.multiply(aged, exits.naturalise[sex, :, rows], out=gone)
        work.count("naturalised_out", gone)
        to = prepared.rates.naturalise_to
        gained = gone.sum(axis=0)
        here[to] += gained
        work.sums["naturalised_in"] += np.ones(len(gained)) @ gained
        if work.cells:
            work.flow("naturalised_in", sex, rows)[to] = gained


def _inward(
    aged: Array,
    sex: int,
    rows: slice,
    prepared: Prepared,
    work: Workspace,
    moved_in: Array | None,
) -> Array | None:
    """Everybody who comes into the cells of a block, from outside and by moves."""
    arrivals = None if prepared.arrivals is None else prepared.arrivals[sex, :, rows]
    if arrivals is not None:
        work.count("arrivals", arrivals)
    move = prepared.exits.move
    if prepared.moving is None or move is None:
        return arrivals
    out = work.flow("moves_out", sex, rows)
    np.multiply(aged, move[sex, :, rows], out=out)
    work.count("moves_out", out)
    came = work.flow("moves_in", sex, rows)
    if moved_in is None:
        prepared.moving.arrivals(out, sex, rows, came)
    else:
        np.copyto(came, moved_in)
    work.count("moves_in", came)
    if arrivals is None:
        return came
    inward = work.temporary("inward", rows)
    return np.add(came, arrivals, out=inward)


def _flows(stock: Array, born: Array, prepared: Prepared, work: Workspace) -> Flows:
    """The flows of all cells where they are kept, else just the births."""
    if not work.cells:
        return Flows(exposed=born[:, :, None], deaths=born[:, :, None][:, :, :0])
    exposed = work.flows.setdefault("exposed", np.empty(stock.shape))
    exposed[:, :, 1:] = stock[:, :, :-1]
    exposed[:, :, -1] += stock[:, :, -1]
    exposed[:, :, 0] = born
    found = {name: work.flows.get(name) for name in COMPONENTS[2:]}
    found["arrivals"] = prepared.arrivals
    return Flows(exposed, work.flows["deaths"], **found)
