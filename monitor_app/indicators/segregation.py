"""Segregation: how unevenly a group lives across the areas of a level.

Small areas make every index larger, even when people live at random. Each index is therefore
reported with its mean under random allocation of the same people to the same areas, and with
the difference. Only compare values of one area system.

Counts are float64 (areas,), in persons. Areas with a missing part or without people are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from monitor_app.core.i18n import _
from monitor_app.core.issues import fail
from monitor_app.core.progress import Progress

Array = NDArray[np.float64]

DRAWS = 200


def dissimilarity(x: Array, y: Array) -> Array:
    """Duncan's D = ½ Σ |x/X − y/Y|, 0..1. Arrays (…, areas); one value per row."""
    return np.asarray(0.5 * np.abs(_parts(x) - _parts(y)).sum(axis=-1))


def segregation(x: Array, total: Array) -> Array:
    """IS: dissimilarity of a group from all others, x of total."""
    return dissimilarity(x, total - x)


def isolation(x: Array, total: Array) -> Array:
    """xPx = Σ (x/X)(x/t): the share of the own group in the area of a member, on average."""
    return _mean_share(x, x, total)


def interaction(x: Array, y: Array, total: Array) -> Array:
    """xPy = Σ (x/X)(y/t): the share of another group in the area of a member, on average."""
    return _mean_share(x, y, total)


def eta_squared(x: Array, total: Array) -> Array:
    """η² = (xPx − P) / (1 − P): isolation without the effect of the group's size."""
    share = x.sum(axis=-1) / total.sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((isolation(x, total) - share) / (1.0 - share))


def entropy(groups: Array) -> Array:
    """Theil's H = Σ t (E − E_i) / (T E), E = −Σ p ln p, 0..1; groups (…, groups, areas)."""
    people = groups.sum(axis=-2)
    total = people.sum(axis=-1)
    city = _entropy(groups.sum(axis=-1) / total[..., None], -1)
    own = _entropy(_ratio(groups, people[..., None, :]), -2)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((people * (city[..., None] - own)).sum(axis=-1) / (total * city))


def delta(x: Array, surface: Array) -> Array:
    """Delta = ½ Σ |x/X − a/A|: the share of the group that would have to move for an even density
    over the surface."""
    return np.asarray(0.5 * np.abs(_parts(x) - _parts(surface)).sum(axis=-1))


def gini(x: Array, total: Array) -> Array:
    """Gini coefficient of the group's share over people: area between the Lorenz curve of the
    group against all others (areas in order of their share) and the diagonal, doubled."""
    rest = np.broadcast_to(total, x.shape) - x
    order = np.argsort(_ratio(x, np.broadcast_to(total, x.shape)), axis=-1, kind="stable")
    cum_x = np.cumsum(np.take_along_axis(_parts(x), order, -1), axis=-1)
    step = np.take_along_axis(_parts(rest), order, -1)
    below = np.concatenate([np.zeros((*cum_x.shape[:-1], 1)), cum_x[..., :-1]], axis=-1)
    return np.asarray(1.0 - (step * (cum_x + below)).sum(axis=-1))


def location_quotient(x: ArrayLike, total: ArrayLike) -> Array:
    """LQ = (x/t) / (X/T) per area (areas,): 1 as in the whole town. NaN where unknown or empty."""
    group, people = np.asarray(x, dtype=np.float64), np.asarray(total, dtype=np.float64)
    good = _usable(group, people)
    found = np.full(group.shape, np.nan)
    if good.any() and group[good].sum() > 0:
        found[good] = (group[good] / people[good]) / (group[good].sum() / people[good].sum())
    return found


def _parts(counts: Array) -> Array:
    return _ratio(counts, counts.sum(axis=-1, keepdims=True))


def _ratio(a: Array, b: Array) -> Array:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(a / b)


def _mean_share(x: Array, y: Array, total: Array) -> Array:
    return np.asarray((_parts(x) * _ratio(y, total)).sum(axis=-1))


def _entropy(shares: Array, axis: int) -> Array:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(-np.where(shares > 0, shares * np.log(shares), 0.0).sum(axis=axis))


def _usable(*counts: Array) -> NDArray[np.bool_]:
    """Areas with all counts and with people (the last of the counts)."""
    for values in counts:
        if (values < 0).any():
            raise fail(
                "negative-count",
                _("Numbers of people below zero cannot be used for segregation."),
                repair=_("Check the imported numbers."),
            )
    good = np.all([np.isfinite(v) for v in counts], axis=0)
    return np.asarray(good & (counts[-1] > 0))


@dataclass(frozen=True)
class Measure:
    """One index: its value, mean and standard deviation under random allocation, and what is
    beyond chance (``value − random``)."""

    name: str
    value: float
    random: float
    random_sd: float

    @property
    def excess(self) -> float:
        return self.value - self.random


@dataclass(frozen=True)
class Profile:
    """All measures of one group. ``areas`` used, ``left_out`` because unknown or empty."""

    measures: Mapping[str, Measure]
    areas: int
    left_out: int
    draws: int
    seed: int


def profile(
    group: ArrayLike,
    total: ArrayLike,
    *,
    reference: ArrayLike | None = None,
    surface: ArrayLike | None = None,
    draws: int = DRAWS,
    seed: int = 1,
    progress: Progress | None = None,
) -> Profile:
    """All indices of a group among ``total`` people: ``is``, ``isolation``, ``eta2``,
    ``interaction`` (with all others), ``entropy`` (group and others), ``gini``; with a
    ``reference`` group ``dissimilarity`` from it, with ``surface`` ``delta``.

    Random allocation: the persons (of group and reference for the dissimilarity, else all) keep
    their places, and who of them belongs to the group is drawn without replacement, ``draws``
    times. Counts are rounded to whole persons for it. Errors: ``UserError`` for negative counts,
    a group larger than the total, or a group that is empty or everybody; ``Cancelled``.
    """
    x, t = np.asarray(group, dtype=np.float64), np.asarray(total, dtype=np.float64)
    extra = [np.asarray(v, dtype=np.float64) for v in (reference, surface) if v is not None]
    good = _usable(x, *extra, t)
    if (x[good] > t[good]).any():
        raise fail(
            "group-too-large", _("In some areas the group is larger than the whole population.")
        )
    if not good.any() or not 0 < x[good].sum() < t[good].sum():
        raise fail(
            "no-group", _("Segregation needs people inside and outside of the group."),
            repair=_("Choose another group or date."),
        )  # fmt: skip
    progress = progress or Progress()
    x, t = x[good], t[good]
    drawn = _allocate(x, _whole(t), draws, seed, progress.part(0.0, 0.5))
    formulas: dict[str, Callable[[Array, Array], Array]] = {
        "is": segregation,
        "isolation": isolation,
        "eta2": eta_squared,
        "interaction": lambda g, p: interaction(g, p - g, p),
        "entropy": lambda g, p: entropy(np.stack([g, p - g], axis=-2)),
        "gini": gini,
    }
    if surface is not None:
        ground = np.asarray(surface, dtype=np.float64)[good]
        formulas["delta"] = lambda g, _p: delta(g, ground)
    found = {
        name: Measure(name, float(formula(x, t)), *_chance(formula(drawn, _whole(t))))
        for name, formula in formulas.items()
    }
    if reference is not None:
        y = np.asarray(reference, dtype=np.float64)[good]
        if y.sum() <= 0:
            raise fail("no-reference", _("The reference group has no people."))
        pair = np.round(x + y)
        both = _allocate(x, pair, draws, seed, progress.part(0.5, 1.0))
        found["dissimilarity"] = Measure(
            "dissimilarity", float(dissimilarity(x, y)), *_chance(dissimilarity(both, pair - both))
        )
    return Profile(found, int(good.sum()), int((~good).sum()), draws, seed)


def mixture(groups: ArrayLike, *, draws: int = DRAWS, seed: int = 1) -> Measure:
    """Theil's H of several groups (groups, areas) that together are everybody, beside its value
    under random allocation. Errors: ``UserError`` for negative counts or fewer than two groups
    with people."""
    counts = np.asarray(groups, dtype=np.float64)
    good = _usable(*counts, counts.sum(axis=0))
    counts = counts[:, good]
    counts = counts[counts.sum(axis=1) > 0]
    if len(counts) < 2:
        raise fail(
            "no-group", _("Segregation needs people inside and outside of the group."),
            repair=_("Choose another group or date."),
        )  # fmt: skip
    generator = np.random.Generator(np.random.Philox(seed))
    people = np.round(counts.sum(axis=0)).astype(np.int64)
    sizes = np.round(counts.sum(axis=1)).astype(np.int64)[:-1]
    drawn = np.empty((draws, *counts.shape))
    for n in range(draws):
        left = people.copy()
        for g, size in enumerate(sizes):
            taken = generator.multivariate_hypergeometric(
                left, min(int(size), int(left.sum())), method="marginals"
            )
            drawn[n, g] = taken
            left -= taken
        drawn[n, -1] = left
    return Measure("entropy", float(entropy(counts)), *_chance(entropy(drawn)))


def _whole(people: Array) -> Array:
    """Whole persons, at least one in an area where anybody lives."""
    return np.maximum(np.round(people), 1.0)


def _chance(values: Array) -> tuple[float, float]:
    return float(values.mean()), float(values.std())


def _allocate(x: Array, t: Array, draws: int, seed: int, progress: Progress) -> Array:
    """Group members per area in each draw (draws, areas): hypergeometric, people without
    replacement, so that the sizes of areas and group are kept."""
    generator = np.random.Generator(np.random.Philox(seed))
    people = t.astype(np.int64)
    size = min(round(float(x.sum())), int(people.sum()))
    rows = []
    for start in range(0, draws, 25):
        progress.step(start / draws, _("Allocating people at random"))
        count = min(25, draws - start)
        rows.append(
            generator.multivariate_hypergeometric(people, size, size=count, method="marginals")
        )
    return np.concatenate(rows).astype(np.float64)
