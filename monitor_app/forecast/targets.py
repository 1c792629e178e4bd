"""Hit given totals by scaling flows, so that the balance still holds in every cell.

Targets are for the whole city (a number) or for each area (an array). Births and deaths are scaled
in proportion. Migration follows the in/out root of ``control``: arrivals by one factor, departures
by its inverse. Nothing becomes negative: where a cell cannot give more, others give in its place;
what cannot be met at all is reported, never hidden.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from monitor_app.forecast.control import flows_with_net
from monitor_app.forecast.flows import Flows, Step
from monitor_app.forecast.state import Array

_ROW_0 = ("deaths", "departures", "moves_out", "moves_in", "naturalised_out", "naturalised_in")
_MAX_ROUNDS = 50


@dataclass(frozen=True, eq=False)
class Targets:
    """Wanted totals of one step in persons: a number (city) or (areas,); None leaves it free.

    ``population`` is the stock at the end of the step and is reached by migration; it cannot be
    given together with ``net_migration``.
    """

    births: float | Array | None = None
    deaths: float | Array | None = None
    arrivals: float | Array | None = None
    departures: float | Array | None = None
    net_migration: float | Array | None = None
    population: float | Array | None = None

    def __post_init__(self) -> None:
        if self.population is not None and self.net_migration is not None:
            raise ValueError("a population target and a net migration target exclude each other")


@dataclass(frozen=True)
class Shortfall:
    """A target that was not met. ``area`` is its position, None for the city."""

    target: str
    area: int | None
    wanted: float
    reached: float


def hit(step: Step, targets: Targets) -> tuple[Step, tuple[Shortfall, ...]]:
    """The step with its flows scaled to the targets, and what could not be met.

    Order: births, deaths, arrivals, departures, then net migration or population.
    """
    flows, missed = step.flows, []
    if targets.births is not None:
        flows, gaps = _births(flows, targets.births)
        missed += gaps
    for name in ("deaths", "arrivals", "departures"):
        wanted = getattr(targets, name)
        if wanted is not None:
            flows, gaps = _scale(flows, name, wanted)
            missed += gaps
    if targets.net_migration is not None:
        flows, gaps = _net(flows, targets.net_migration, "net_migration")
        missed += gaps
    if targets.population is not None:
        axes = _axes(targets.population)
        arrivals, departures = _migration(flows)
        rest = (flows.end() - arrivals + departures).sum(axis=axes)
        flows, gaps = _net(flows, targets.population - rest, "population", offset=rest)
        missed += gaps
    return replace(step, end=flows.end_at_least_zero(), flows=flows), tuple(missed)


def capped_scale(flow: Array, limit: Array, wanted: ArrayLike, axes: tuple[int, ...]) -> Array:
    """``min(f flow, limit)`` with the factor f for which the sums over ``axes`` are ``wanted``.

    ``flow``, ``limit`` >= 0 of one shape; ``wanted`` of the shape that the sum leaves. Where even
    the limits of all cells with a flow do not reach the target, the result is those limits.
    """
    goal = np.reshape(np.asarray(wanted, dtype=np.float64), _kept(flow.shape, axes))
    free = flow > 0
    result = np.zeros_like(flow)
    for _ in range(_MAX_ROUNDS):
        fixed = np.where(free, 0.0, np.where(flow > 0, limit, 0.0)).sum(axis=axes, keepdims=True)
        open_flow = np.where(free, flow, 0.0).sum(axis=axes, keepdims=True)
        factor = np.zeros_like(open_flow)
        np.divide(np.maximum(goal - fixed, 0.0), open_flow, out=factor, where=open_flow > 0)
        result = np.where(free, flow * factor, np.where(flow > 0, limit, 0.0))
        over = free & (result > limit)
        if not over.any():
            break
        free &= ~over
    return np.minimum(result, np.where(flow > 0, limit, 0.0))


def within_bounds(
    population: ArrayLike, pull: ArrayLike, lower: ArrayLike, upper: ArrayLike
) -> tuple[Array, float]:
    """Area totals (areas,) held inside bounds without changing the city, and what is left over.

    Excess over ``upper`` goes to areas with room in proportion to their ``pull`` (e.g. arrivals),
    what lifts areas to ``lower`` comes from the others in the same proportion. The second result
    is what could not be placed (> 0) or found (< 0).
    """
    held, rest = held_within(np.asarray(population, dtype=np.float64)[None], pull, lower, upper)
    return held[0], float(rest[0])


def held_within(
    populations: ArrayLike, pull: ArrayLike, lower: ArrayLike, upper: ArrayLike
) -> tuple[Array, Array]:
    """As ``within_bounds`` for many possible courses: (courses, areas) and what is left (courses,).

    ``pull``, ``lower`` and ``upper`` (areas,). Each course is held by itself; one that is inside
    stays as it is, bit for bit. ``ValueError`` where a lower bound lies above an upper one.
    """
    wanted = np.asarray(populations, dtype=np.float64)
    weight, lo, hi = (np.asarray(v, dtype=np.float64) for v in (pull, lower, upper))
    if (lo > hi).any():
        raise ValueError("a lower bound lies above its upper bound")
    held = np.clip(wanted, lo, hi)
    total = wanted.sum(axis=1)
    rest = total - held.sum(axis=1)
    slack = 1e-9 * np.maximum(total, 1.0)
    rows = np.flatnonzero(np.abs(rest) > slack)
    for _ in range(_MAX_ROUNDS):
        if not len(rows):
            break
        moved = _dealt_out(held[rows], rest[rows], np.maximum(weight, 0.0), lo, hi)
        held[rows] += moved
        rest[rows] = total[rows] - held[rows].sum(axis=1)
        stuck = ~moved.any(axis=1)
        rows = rows[(np.abs(rest[rows]) > slack[rows]) & ~stuck]
    return held, np.where(np.abs(rest) <= slack, 0.0, rest)


def _dealt_out(held: Array, rest: Array, weight: Array, lo: Array, hi: Array) -> Array:
    """What areas (courses, areas) take of ``rest`` (courses,), by weight, no more than they can."""
    over = rest[:, None] > 0
    size = np.abs(rest)[:, None]
    room = np.where(over, hi - held, held - lo)
    live = np.where(room > 0, weight, 0.0)
    # Where nobody with room has a pull, those with most room take it.
    alone = live.sum(axis=1, keepdims=True) <= 0
    live = np.where(alone & (room > 0), np.minimum(room, size), live)
    whole = live.sum(axis=1, keepdims=True)
    share = np.divide(live, whole, out=np.zeros_like(live), where=whole > 0)
    taken = np.minimum(size * share, np.maximum(room, 0.0))
    return np.asarray(np.where(over, taken, -taken), dtype=np.float64)


def _births(flows: Flows, wanted: float | Array) -> tuple[Flows, list[Shortfall]]:
    """Scale the births and everything that happens to the newborns of the step."""
    now = flows.births.sum(axis=(0, 1) if np.ndim(wanted) else None)
    factor = np.divide(wanted, now, out=np.zeros_like(np.asarray(now)), where=np.asarray(now) > 0)
    changed: dict[str, Array] = {}
    exposed = flows.exposed.copy()
    exposed[:, :, 0] *= factor
    changed["exposed"] = exposed
    # One factor for the movers of the whole city, or moves would no longer add up to zero.
    shared = float(np.sum(wanted)) / max(float(np.sum(now)), np.finfo(np.float64).tiny)
    for name in _ROW_0:
        flow: Array | None = getattr(flows, name)
        if flow is not None:
            part = flow.copy()
            part[:, :, 0] *= shared if name.startswith("moves") else factor
            changed[name] = part
    return replace(flows, **changed), _gaps("births", wanted, exposed[:, :, :1])


def _scale(flows: Flows, name: str, wanted: float | Array) -> tuple[Flows, list[Shortfall]]:
    flow: Array | None = getattr(flows, name)
    given = np.zeros_like(flows.exposed) if flow is None else flow
    limit = np.full_like(given, np.inf)
    if name != "arrivals":
        limit = np.maximum(given + flows.end(), 0.0)
    scaled = capped_scale(given, limit, wanted, _axes(wanted))
    return replace(flows, **{name: scaled}), _gaps(name, wanted, scaled)


def _net(
    flows: Flows, net: float | Array, name: str, offset: Array | float = 0.0
) -> tuple[Flows, list[Shortfall]]:
    axes = _axes(net)
    arrivals, departures = _migration(flows)
    came, left = arrivals.sum(axis=axes), departures.sum(axis=axes)
    wanted_in, wanted_out = flows_with_net(came, left, net)
    # A flow that does not exist cannot be scaled: then the other one carries the net alone.
    wanted_in = np.where(came > 0, np.where(left > 0, wanted_in, np.maximum(net, 0.0)), 0.0)
    wanted_out = np.where(left > 0, np.where(came > 0, wanted_out, np.maximum(-net, 0.0)), 0.0)
    stay = flows.end() - arrivals + departures
    free = np.full_like(arrivals, np.inf)
    # Who died after arriving has arrived: fewer cannot come where nobody else was.
    least = np.minimum(arrivals, np.maximum(-stay, 0.0))
    for _ in range(_MAX_ROUNDS):
        new_in = np.maximum(capped_scale(arrivals, free, wanted_in, axes), least)
        new_out = capped_scale(departures, np.maximum(stay + new_in, 0.0), wanted_out, axes)
        # Where the origins cannot supply all departures, fewer arrive; then even fewer can leave.
        short = np.maximum(wanted_out - new_out.sum(axis=axes), 0.0)
        short = np.where(short > 1e-9, np.minimum(short, wanted_in), 0.0)
        if not np.any(short > 0.0):
            break
        wanted_in, wanted_out = wanted_in - short, wanted_out - short
    result = replace(flows, arrivals=new_in, departures=new_out)
    reached = (new_in - new_out).sum(axis=axes)
    return result, _differences(name, np.asarray(net + offset), np.asarray(reached + offset))


def _migration(flows: Flows) -> tuple[Array, Array]:
    zero = np.zeros_like(flows.exposed)
    arrivals = zero if flows.arrivals is None else flows.arrivals
    return arrivals, zero if flows.departures is None else flows.departures


def _axes(wanted: float | Array) -> tuple[int, ...]:
    return (0, 1, 2) if np.ndim(wanted) else (0, 1, 2, 3)


def _kept(shape: tuple[int, ...], axes: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(1 if axis in axes else n for axis, n in enumerate(shape))


def _gaps(name: str, wanted: float | Array, flow: Array) -> list[Shortfall]:
    return _differences(name, np.asarray(wanted), flow.sum(axis=_axes(wanted)))


def _differences(name: str, wanted: Array, reached: Array) -> list[Shortfall]:
    goal, found = np.atleast_1d(wanted), np.atleast_1d(reached)
    off = np.flatnonzero(np.abs(goal - found) > 1e-6 * np.maximum(np.abs(goal), 1.0))
    city = np.ndim(wanted) == 0
    return [Shortfall(name, None if city else int(i), float(goal[i]), float(found[i])) for i in off]
