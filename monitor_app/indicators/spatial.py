"""Whether neighbouring areas resemble each other: Moran's I, local clusters, hot spots.

A thin layer over libpysal and esda (both loaded when first used), which adds seeds, areas without
values, islands, two-sided probabilities and control of the false discovery rate.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from monitor_app.core.i18n import _
from monitor_app.core.issues import fail
from monitor_app.core.progress import Progress

Array = NDArray[np.float64]

PERMUTATIONS = 999
ALPHA = 0.05
FEWEST_AREAS = 5

# esda draws from numpy's global generator and changes the list of warning filters.
_GLOBAL_STATE = threading.Lock()


class Cluster(IntEnum):
    """What a significant area is: high among high, and so on. NONE: not significant or unknown."""

    NONE = 0
    HIGH_HIGH = 1
    LOW_HIGH = 2
    LOW_LOW = 3
    HIGH_LOW = 4


@dataclass(frozen=True, eq=False)
class Neighbours:
    """Who borders on whom. ``lists``: positions of the neighbours per area, int64, symmetric.
    ``islands``: areas without a border in common, linked to the ``nearest`` ones; ``unlocated``:
    areas without geometry, which take no part."""

    lists: tuple[NDArray[np.int64], ...]
    islands: tuple[int, ...]
    unlocated: tuple[int, ...]
    centres: Array  # (areas, 2)
    nearest: int

    def __len__(self) -> int:
        return len(self.lists)

    def weights(self, used: NDArray[np.bool_]) -> Any:
        """``libpysal.weights.W`` of the used areas; an area that has lost all neighbours is linked
        to the nearest ones left."""
        from libpysal.weights import W

        place = np.full(len(self.lists), -1)
        place[used] = np.arange(int(used.sum()))
        kept = [place[self.lists[i]] for i in np.flatnonzero(used)]
        lists = _link([row[row >= 0] for row in kept], self.centres[used], self.nearest)[0]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return W({i: row.tolist() for i, row in enumerate(lists)}, silence_warnings=True)


def neighbours(
    geometries: Sequence[Any], *, tolerance: float = 0.0, nearest: int = 1
) -> Neighbours:
    """Queen contiguity of shapely (multi)polygons or None (not located).

    Areas are neighbours when they share a point of their borders (libpysal's Queen). With a
    ``tolerance`` in map units gaps up to that width are bridged, for borders that were simplified
    or drawn one by one. Islands are linked to their ``nearest`` areas by centre.
    """
    located = np.array([g is not None and not g.is_empty for g in geometries], dtype=bool)
    rows = np.flatnonzero(located)
    centres = np.full((len(geometries), 2), np.nan)
    lists: list[NDArray[np.int64]] = [np.empty(0, dtype=np.int64) for _g in geometries]
    islands: list[int] = []
    if rows.size:
        shapes = [geometries[i] for i in rows.tolist()]
        centres[rows] = shapely.get_coordinates(shapely.centroid(shapes))
        found = _within(shapes, tolerance) if tolerance > 0 else _queen(shapes)
        linked, alone = _link(found, centres[rows], nearest)
        for i, row in zip(rows, linked, strict=True):
            lists[i] = rows[row]
        islands = [int(rows[i]) for i in alone]
    unlocated = tuple(int(i) for i in np.flatnonzero(~located))
    return Neighbours(tuple(lists), tuple(islands), unlocated, centres, nearest)


def _queen(shapes: list[Any]) -> list[NDArray[np.int64]]:
    from libpysal.weights import Queen

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = Queen.from_iterable(shapes, silence_warnings=True)
    return [np.array(sorted(found.neighbors[i]), dtype=np.int64) for i in range(len(shapes))]


def _within(shapes: list[Any], tolerance: float) -> list[NDArray[np.int64]]:
    left, right = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=tolerance)
    other = left != right
    return [np.sort(right[other & (left == i)]).astype(np.int64) for i in range(len(shapes))]


def _link(
    lists: Sequence[NDArray[np.int64]], centres: Array, nearest: int
) -> tuple[list[NDArray[np.int64]], list[int]]:
    """Give areas without neighbours the nearest ones, in both directions."""
    from scipy.spatial import KDTree

    alone = [i for i, row in enumerate(lists) if not row.size]
    if not alone or len(lists) < 2:
        return list(lists), alone
    sets = [set(row.tolist()) for row in lists]
    count = min(nearest + 1, len(lists))
    _distance, found = KDTree(centres).query(centres[alone], k=count)
    for i, row in zip(alone, np.atleast_2d(found), strict=True):
        for j in [int(j) for j in row if j != i][:nearest]:
            sets[i].add(j)
            sets[j].add(i)
    return [np.array(sorted(s), dtype=np.int64) for s in sets], alone


@dataclass(frozen=True)
class Moran:
    """Moran's I: ``value``, its ``expected`` value without any pattern, the permutation test
    value ``z`` and two-sided ``p``; ``areas`` used, ``left_out`` for want of value or place."""

    value: float
    expected: float
    z: float
    p: float
    permutations: int
    areas: int
    left_out: int

    def in_words(self) -> str:
        """The pattern as a sentence."""
        if self.p >= ALPHA:
            return _("Neighbouring areas do not resemble each other more than by chance.")
        if self.value > self.expected:
            return _("Neighbouring areas resemble each other: high and low values form clusters.")
        return _("Neighbouring areas differ from each other more than by chance.")


@dataclass(frozen=True, eq=False)
class Local:
    """A local statistic per area (areas,): NaN where an area takes no part.

    ``value``: LISA I_i or the z-value of Gi*; ``p`` two-sided from permutations; ``limit`` the
    largest p that still counts as significant with the false discovery rate held at ``alpha``;
    ``cluster`` codes of ``Cluster`` (hot and cold spots of Gi* as HIGH_HIGH and LOW_LOW).
    """

    value: Array
    p: Array
    significant: NDArray[np.bool_]
    cluster: NDArray[np.int64]
    limit: float
    alpha: float
    permutations: int


def moran(
    values: ArrayLike,
    near: Neighbours,
    *,
    permutations: int = PERMUTATIONS,
    seed: int = 1,
    progress: Progress | None = None,
) -> Moran:
    """Moran's I of one value per area, row-standardised weights. ``UserError`` for fewer than five
    areas with values, or values that are all the same."""
    numbers = np.asarray(values, dtype=np.float64)
    used = _used(numbers, near)
    return _moran(numbers, used, near, permutations, seed, progress or Progress())


def moran_of_rates(
    events: ArrayLike,
    exposure: ArrayLike,
    near: Neighbours,
    *,
    permutations: int = PERMUTATIONS,
    seed: int = 1,
    progress: Progress | None = None,
) -> Moran:
    """Moran's I of rates corrected for small numbers (empirical Bayes, Assunção and Reis 1999).
    Areas without exposure are left out."""
    from esda.smoothing import assuncao_rate

    o, n = np.asarray(events, dtype=np.float64), np.asarray(exposure, dtype=np.float64)
    if (o < 0).any() or (n < 0).any():
        raise fail("negative-count", _("Counts below zero cannot be used for rates."))
    rates = np.where(n > 0, o, np.nan)
    used = _used(rates, near)
    adjusted = np.full(o.shape, np.nan)
    if o[used].sum() > 0:
        adjusted[used] = assuncao_rate(o[used], n[used])
    else:
        adjusted[used] = 0.0
    return _moran(adjusted, used, near, permutations, seed, progress or Progress())


def _moran(
    numbers: Array,
    used: NDArray[np.bool_],
    near: Neighbours,
    permutations: int,
    seed: int,
    progress: Progress,
) -> Moran:
    from esda.moran import Moran as EsdaMoran

    chosen = _different(numbers[used])
    weights = near.weights(used)
    with _quiet():
        found = EsdaMoran(chosen, weights, transformation="r", permutations=0)
    z = chosen - chosen.mean()
    matrix, square = weights.sparse, float(z @ z)
    generator = np.random.Generator(np.random.Philox(seed))
    drawn = np.empty(permutations)
    for i in range(permutations):
        if i % 50 == 0:
            progress.step(i / permutations, _("Permuting areas"))
        shuffled = generator.permutation(z)
        drawn[i] = shuffled @ (matrix @ shuffled)
    drawn *= len(z) / (weights.s0 * square)
    observed = float(found.I)
    spread = float(drawn.std()) if permutations else 0.0
    score = (observed - float(drawn.mean())) / spread if spread > 0 else float("nan")
    p = float(_two_sided(drawn[:, None], np.array([observed]))[0])
    return Moran(observed, float(found.EI), score, p, permutations, len(z), int((~used).sum()))


def lisa(
    values: ArrayLike,
    near: Neighbours,
    *,
    permutations: int = PERMUTATIONS,
    alpha: float = ALPHA,
    seed: int = 1,
) -> Local:
    """*Slow.* Local Moran's I (Anselin 1995) with conditional permutations."""
    from esda.moran import Moran_Local

    def run(chosen: Array, weights: Any) -> _LocalRun:
        found = Moran_Local(
            chosen, weights, transformation="r", permutations=permutations, n_jobs=1, seed=seed
        )
        return found.Is, found.Is, found.sim, np.asarray(found.q)

    return _local(values, near, run, alpha, permutations)


def hot_spots(
    values: ArrayLike,
    near: Neighbours,
    *,
    permutations: int = PERMUTATIONS,
    alpha: float = ALPHA,
    seed: int = 1,
) -> Local:
    """*Slow.* Getis and Ord's Gi* (the area itself counts among its neighbours), as z-values."""
    from esda.getisord import G_Local

    def run(chosen: Array, weights: Any) -> _LocalRun:
        found = G_Local(
            chosen, weights, transform="B", permutations=permutations, star=True, n_jobs=1,
            seed=seed,
        )  # fmt: skip
        kind = np.where(found.Zs > 0, Cluster.HIGH_HIGH, Cluster.LOW_LOW)
        return found.Zs, found.Gs, found.sim, kind

    return _local(values, near, run, alpha, permutations)


#: Shown value, the statistic as permuted, its permutations, and the kind of cluster.
_LocalRun = tuple[Array, Array, Array, NDArray[Any]]


def _local(
    values: ArrayLike,
    near: Neighbours,
    run: Callable[[Array, Any], _LocalRun],
    alpha: float,
    permutations: int,
) -> Local:
    """A local statistic of the areas that take part, with the false discovery rate held."""
    from esda.util import fdr

    numbers = np.asarray(values, dtype=np.float64)
    used = _used(numbers, near)
    chosen = _different(numbers[used])
    with _quiet():
        value, observed, drawn, kind = run(chosen, near.weights(used))
    p = _two_sided(drawn, observed)
    limit = float(fdr(p, alpha))
    shape = used.shape
    shown, chances = np.full(shape, np.nan), np.full(shape, np.nan)
    shown[used], chances[used] = value, p
    significant = np.zeros(shape, dtype=bool)
    significant[used] = p <= limit
    cluster = np.zeros(shape, dtype=np.int64)
    cluster[used] = np.where(p <= limit, kind, Cluster.NONE)
    return Local(shown, chances, significant, cluster, limit, alpha, permutations)


def _used(values: Array, near: Neighbours) -> NDArray[np.bool_]:
    used = np.isfinite(values)
    used[list(near.unlocated)] = False
    if used.sum() < FEWEST_AREAS:
        raise fail(
            "few-areas",
            _("Spatial statistics need at least {count} areas with values.").format(
                count=FEWEST_AREAS
            ),
            repair=_("Choose a finer level or another date."),
        )
    return np.asarray(used)


def _different(values: Array) -> Array:
    spread = float(values.max() - values.min())
    if spread <= 1e-12 * float(np.abs(values).max()):
        raise fail(
            "one-value",
            _("All areas have the same value, so there is no pattern."),
            repair=_("Choose another indicator or date."),
        )
    return values


def _two_sided(drawn: Array, observed: Array) -> Array:
    """Two-sided permutation probability per column of ``drawn`` (permutations, areas)."""
    count = len(drawn)
    if count == 0:
        return np.ones(observed.shape)
    larger, smaller = (drawn >= observed).sum(axis=0), (drawn <= observed).sum(axis=0)
    return np.asarray(np.minimum(1.0, 2.0 * (np.minimum(larger, smaller) + 1.0) / (count + 1.0)))


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep numpy's global generator and the warning filters as they were."""
    with _GLOBAL_STATE, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        state = np.random.get_state()  # noqa: NPY002
        try:
            yield
        finally:
            np.random.set_state(state)  # noqa: NPY002
