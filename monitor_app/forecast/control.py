"""Make results add up to given totals: the in/out root, plus-minus, raking.

Source of the root: the pair (in', out') with in' - out' = net that is most likely under
independent Poisson flows with means in and out keeps ``in' out' = in out``; so
``in' = (net + sqrt(net² + 4 in out)) / 2``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


def flows_with_net(inflow: ArrayLike, outflow: ArrayLike, net: ArrayLike) -> tuple[Array, Array]:
    """Flows (in', out') that differ by ``net``, as close to ``inflow``, ``outflow`` as possible.

    Elementwise, non-negative for non-negative flows; ``in' out' = in out``. Where one flow is zero
    the other carries the net alone. Written so that nothing cancels for large nets.
    """
    i, o, d = np.broadcast_arrays(
        *(np.asarray(v, dtype=np.float64) for v in (inflow, outflow, net))
    )
    product = i * o
    root = np.sqrt(d * d + 4.0 * product)
    larger = (np.abs(d) + root) / 2.0
    smaller = np.divide(product, larger, out=np.zeros_like(larger), where=larger > 0)
    return np.where(d >= 0, larger, smaller), np.where(d >= 0, smaller, larger)


def plus_minus(changes: ArrayLike, total: float, weights: ArrayLike | None = None) -> Array:
    """Changes (n,) of either sign scaled to add up to ``total``: gains by one factor, losses by
    its inverse. Where no change can carry the total it is spread by ``weights`` (n,)."""
    values = np.asarray(changes, dtype=np.float64)
    gains, losses = np.maximum(values, 0.0), np.maximum(-values, 0.0)
    wanted = flows_with_net(gains.sum(), losses.sum(), total)
    rest = 0.0
    parts = []
    for part, goal in zip((gains, losses), (float(w) for w in wanted), strict=True):
        size = float(part.sum())
        sign = 1.0 if part is gains else -1.0
        if size > 0:
            parts.append(sign * part * (goal / size))
        else:
            rest += sign * goal
    spread = np.ones_like(values) if weights is None else np.asarray(weights, dtype=np.float64)
    result = sum(parts, np.zeros_like(values))
    if rest != 0.0:
        result = result + rest * spread / spread.sum()
    return np.asarray(result, dtype=np.float64)


@dataclass(frozen=True)
class RakingReport:
    """How raking ended. ``gap`` is the largest absolute difference to a margin, in its unit."""

    converged: bool
    cycles: int
    gap: float
    margin: int | None  # position of the margin with the largest gap, None if all are met


def rake(
    seed: ArrayLike,
    margins: Sequence[tuple[tuple[int, ...], ArrayLike]],
    *,
    tolerance: float = 1e-12,
    max_cycles: int = 10_000,
) -> tuple[Array, RakingReport]:
    """Iterative proportional fitting of a non-negative table to margins.

    ``margins``: pairs (axes that are kept, in rising order; target of that shape). Zeros stay zero
    and odds ratios stay those of the seed. ``tolerance`` is relative to the largest target. Never
    loops for ever: where margins contradict each other or the zeros of the seed, the report says
    so and names the margin that is furthest off.
    """
    table = np.array(seed, dtype=np.float64)
    plan = [_margin_plan(table, axes, target) for axes, target in margins]
    scale = max((float(np.max(target, initial=0.0)) for _, _, target in plan), default=0.0) or 1.0
    last = np.inf
    for cycle in range(1, max_cycles + 1):
        for summed, shape, target in plan:
            sums = table.sum(axis=summed)
            factor = np.divide(target, sums, out=np.zeros_like(target), where=sums > 0)
            table *= factor.reshape(shape)
        gap, worst = _largest_gap(table, plan)
        if gap <= tolerance * scale:
            return table, RakingReport(True, cycle, gap, None)
        # Contradicting margins settle into a cycle: the gap stops shrinking while it is large.
        if cycle % 100 == 0:
            if gap > 1e-6 * scale and gap > 0.999 * last:
                break
            last = gap
    met = gap <= 100.0 * tolerance * scale
    return table, RakingReport(met, cycle, gap, None if met else worst)


_Plan = tuple[tuple[int, ...], tuple[int, ...], Array]


def _margin_plan(table: Array, axes: tuple[int, ...], target: ArrayLike) -> _Plan:
    goal = np.asarray(target, dtype=np.float64)
    if list(axes) != sorted(set(axes)) or goal.shape != tuple(table.shape[a] for a in axes):
        raise ValueError(f"margin over axes {axes} has shape {goal.shape}, table {table.shape}")
    summed = tuple(a for a in range(table.ndim) if a not in axes)
    shape = tuple(n if a in axes else 1 for a, n in enumerate(table.shape))
    return summed, shape, goal


def _largest_gap(table: Array, plan: Sequence[_Plan]) -> tuple[float, int]:
    gaps = [
        float(np.max(np.abs(table.sum(axis=summed) - goal), initial=0.0))
        for summed, _, goal in plan
    ]
    worst = int(np.argmax(gaps))
    return gaps[worst], worst
