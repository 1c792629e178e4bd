"""New dwellings: who moves in, and where they come from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from monitor_app.forecast.flows import Step
from monitor_app.forecast.state import Array
from monitor_app.forecast.targets import capped_scale


def first_occupants(
    dwellings: ArrayLike, persons_per_dwelling: ArrayLike, profile: ArrayLike
) -> Array:
    """First residents of dwellings completed in a year, (…, area) in persons.

    ``dwellings`` (types, areas) completed and occupied; ``persons_per_dwelling`` (types,);
    ``profile`` (types, …) shares of the cells, adding up to 1 per type, e.g.
    (types, sex, group, age).
    """
    people = np.asarray(dwellings, dtype=np.float64)
    people = people * np.asarray(persons_per_dwelling, dtype=np.float64)[:, None]
    return np.asarray(np.tensordot(np.asarray(profile, dtype=np.float64).T, people, axes=(-1, 0)))


def split_origin(occupants: Array, share_from_city: float) -> tuple[Array, Array]:
    """(those who move within the city, those who come from outside), like ``occupants``."""
    inside = occupants * share_from_city
    return inside, occupants - inside


def released(inside: Array, movers_out: Array, limit: Array) -> tuple[Array, Array]:
    """Whom the other areas lose to new dwellings, cell by cell.

    ``inside`` (…, area): new residents from within the city; ``movers_out`` (…, area) usual movers
    out, whose pattern the origins follow; ``limit`` (…, area) people who can still leave. Returns
    (losses by origin (…, area), movers who could be placed (…, area)). Row sums are equal, so the
    city neither gains nor loses; where the origins cannot supply all, fewer move in.
    """
    wanted = inside.sum(axis=-1, keepdims=True)
    losses = np.zeros_like(limit)
    open_rows = np.minimum(wanted, limit.sum(axis=-1, keepdims=True))
    weight = np.where(movers_out.sum(axis=-1, keepdims=True) > 0, movers_out, limit)
    # Water filling: areas that have nobody left drop out and the others take over.
    for _ in range(limit.shape[-1]):
        missing = open_rows - losses.sum(axis=-1, keepdims=True)
        room = limit - losses
        live = np.where(room > 0, weight, 0.0)
        empty = live.sum(axis=-1, keepdims=True) <= 0
        live = np.where(empty, room, live)
        total = live.sum(axis=-1, keepdims=True)
        if not (missing > 1e-12 * np.maximum(wanted, 1.0)).any():
            break
        share = np.divide(live, total, out=np.zeros_like(live), where=total > 0)
        losses += np.minimum(missing * share, room)
    taken = losses.sum(axis=-1, keepdims=True)
    placed = inside * np.divide(taken, wanted, out=np.zeros_like(taken), where=wanted > 0)
    return losses, placed


def move_in(step: Step, occupants: Array, share_from_city: float) -> Step:
    """A step with the first residents of new dwellings added.

    ``occupants`` ``[sex, group, age, area]`` persons at the end of the step. Those from within the
    city leave the other areas like usual movers do (by everybody who can where nobody moves);
    those from outside are arrivals. The balance holds in every cell, moves still add up to zero.
    """
    flows = step.flows
    inside, outside = split_origin(occupants, share_from_city)
    zero = np.zeros_like(occupants)
    usual = zero if flows.moves_out is None else flows.moves_out
    came = zero if flows.moves_in is None else flows.moves_in
    losses, placed = released(inside, usual, np.maximum(step.end, 0.0))
    arrivals = zero if flows.arrivals is None else flows.arrivals
    changed = replace(
        flows, moves_out=usual + losses, moves_in=came + placed, arrivals=arrivals + outside
    )
    return replace(step, end=changed.end_at_least_zero(), flows=changed)


def stay_away(step: Step, absent: ArrayLike, share_from_city: float) -> Step:
    """A step without people who would have moved in had as much been built as usual.

    ``absent`` persons (areas,): fewer of those who do come, of all their ages, and no more than do
    come. Movers within the city stay where they are, a share of their origins; the others do not
    arrive. The balance holds in every cell, moves still add up to zero.
    """
    flows = step.flows
    missing = np.asarray(absent, dtype=np.float64)
    zero = np.zeros_like(step.end)
    arrivals = zero if flows.arrivals is None else flows.arrivals
    came = zero if flows.moves_in is None else flows.moves_in
    moved = zero if flows.moves_out is None else flows.moves_out
    kept = came * _share(missing * share_from_city, came.sum(axis=(0, 1, 2)))
    outside = arrivals * _share(missing * (1.0 - share_from_city), arrivals.sum(axis=(0, 1, 2)))
    staying = _share(kept.sum(axis=-1, keepdims=True), moved.sum(axis=-1, keepdims=True))
    changed = replace(
        flows, arrivals=arrivals - outside, moves_in=came - kept, moves_out=moved * (1.0 - staying)
    )  # fmt: skip
    return replace(step, end=changed.end_at_least_zero(), flows=changed)


def _share(part: Array, whole: Array) -> Array:
    """``part / whole``, at most 1; 0 where there is no whole."""
    found = np.divide(part, whole, out=np.zeros_like(whole), where=whole > 0)
    return np.asarray(np.minimum(found, 1.0))


def demolish(step: Step, leavers: Array, share_staying: float) -> Step:
    """A step after dwellings were pulled down.

    ``leavers`` ``[sex, group, age, area]`` persons who leave their area, no more than are there
    (``who_leaves``). A share moves to areas where nothing is pulled down, by the pull that these
    have on movers; the others leave the town. The balance holds, moves add up to zero.
    """
    flows = step.flows
    zero = np.zeros_like(step.end)
    came = zero if flows.moves_in is None else flows.moves_in
    pull = came.sum(axis=(0, 1, 2))
    pull = pull if pull.sum() > 0 else step.end.sum(axis=(0, 1, 2))
    pull = np.where(leavers.sum(axis=(0, 1, 2)) > 0, 0.0, pull)
    staying = leavers * (share_staying if pull.sum() > 0 else 0.0)
    placed = staying.sum(axis=-1, keepdims=True) * (pull / max(float(pull.sum()), 1e-300))
    left = zero if flows.departures is None else flows.departures
    moved = zero if flows.moves_out is None else flows.moves_out
    changed = replace(
        flows,
        moves_out=moved + staying,
        moves_in=came + placed,
        departures=left + (leavers - staying),
    )
    return replace(step, end=changed.end_at_least_zero(), flows=changed)


def who_leaves(end: Array, persons: Array, weights: Array | None = None) -> Array:
    """People ``[sex, group, age, area]`` who leave areas (areas,) with so many ``persons``.

    As people live there, times ``weights`` (ages,) where given; nobody leaves twice: where an age
    group cannot supply its share, the others give more, and an area never gives more than it has.
    """
    there = np.maximum(end, 0.0)
    wanted = np.minimum(persons, there.sum(axis=(0, 1, 2)))
    flow = there
    if weights is not None:
        by_age = there.sum(axis=(0, 1))
        per_head = np.divide(weights[:, None], by_age, out=np.zeros_like(by_age), where=by_age > 0)
        # A trace of everybody, so that the others can step in.
        flow = there * (per_head + 1e-9)
    return capped_scale(flow, there, wanted, (0, 1, 2))
