"""How wide probable ranges have to be: usual errors, corrected by what a town has seen so far.

Model of a relative error h years ahead in an area with n people (``errormodel``):
``e = c_h Z + sqrt(A_h + B_h / n) T``. Usual sizes of the three parts come from published tests
(``priors``). A town's own past errors say by which factor the common part and the local part differ
from them. Factors are pooled over horizons, the nearer the more, and count ``n / (n + 3)`` with n
independent errors: forecasts over h years from k origins in a row overlap and tell
``(k + h - 1) / h`` independent things.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, special

from monitor_app.forecast.combine import PRIOR_ERRORS, independent
from monitor_app.forecast.errormodel import FREEDOM, ErrorModel
from monitor_app.forecast.priors import default_errors
from monitor_app.forecast.state import Array

#: Yearly standard deviation of the random walk of fertility (WPP 2024, 1990-2023, Germany, Austria,
#: Switzerland: 0.025 to 0.03).
FERTILITY_WALK = 0.03
#: Parts of B_h / n in the local error that are tried.
_SIZE_PARTS = np.array([0.0, 0.25, 0.5, 0.75, 1.0])
#: A measured common part is not believed to be smaller than this share of the usual one.
_LEAST = 0.05
#: Mean absolute value of a standard normal variable.
_MEAN_NORMAL = float(np.sqrt(2.0 / np.pi))
#: No range grows or shrinks by more than this factor because of earlier ranges.
FACTOR_BOUNDS = (0.5, 2.0)


@dataclass(frozen=True)
class Group:
    """What the errors of an age group depend on.

    ``mobility``: readiness to move beside that of all people; ``births``: years of age that are
    born after the launch first (0: the group has no newborns).
    """

    mobility: float = 1.0
    births: int = 0


EVERYBODY = Group()


def usual_errors(horizon: int, group: Group = EVERYBODY) -> ErrorModel:
    """Errors to expect without any past: those of totals, larger for groups that move more, and
    for children with the uncertainty of fertility."""
    plain = default_errors(horizon)
    factor = group.mobility**2
    born = 0.0
    if group.births:
        width = min(horizon, group.births)
        # Variance of the mean of a random walk of yearly rates over the years of birth.
        walk = horizon - width + (width + 1.0) * (2.0 * width + 1.0) / (6.0 * width)
        born = (FERTILITY_WALK * width / group.births) ** 2 * walk
    common = float(np.sqrt(factor * plain.common**2 + born))
    return ErrorModel(horizon, common, factor * plain.local, factor * plain.by_size, 0, 0)


@dataclass(frozen=True)
class Spread:
    """Errors to expect at one horizon; ``freedom``: degrees of freedom of the common part."""

    model: ErrorModel
    freedom: float

    def _common(self, probability: float) -> float:
        return float(special.stdtrit(self.freedom, 0.5 + probability / 2.0)) * self.model.common

    def areas(self, people: ArrayLike, probability: float) -> Array:
        """Half widths (areas,) of central ranges as shares of the forecast."""
        quantile = float(special.stdtrit(FREEDOM, 0.5 + probability / 2.0))
        own = self.model.local + self.model.by_size / np.maximum(np.asarray(people, float), 1.0)
        return np.asarray(np.sqrt(quantile**2 * own + self._common(probability) ** 2), np.float64)

    def town(self, people: Array, probability: float) -> float:
        """Half width of the whole town: local errors nearly cancel."""
        share = people / max(float(people.sum()), 1e-12)
        # A t with 4 degrees of freedom has twice the variance of its squared scale.
        own = 2.0 * (self.model.local + self.model.by_size / np.maximum(people, 1.0))
        normal = float(special.ndtri(0.5 + probability / 2.0))
        local = float((share**2 * own).sum()) if len(people) > 1 else 0.0
        return float(np.sqrt(normal**2 * local + self._common(probability) ** 2))


def nearness(horizon: float, others: ArrayLike) -> Array:
    """How much errors at other horizons tell about this one, 0..1."""
    g = np.asarray(others, dtype=np.float64)
    return np.asarray((np.minimum(horizon, g) / np.maximum(horizon, g)) ** 2, dtype=np.float64)


def learned_spread(
    errors: ArrayLike, sizes: ArrayLike, horizons: Sequence[int], group: Group = EVERYBODY
) -> dict[int, Spread]:
    """Spread by horizon from relative errors (origins, steps 1…, areas), NaN unknown.

    ``sizes`` (origins, areas) people at launch. With no error known: the usual ones.
    """
    e, n = np.asarray(errors, dtype=np.float64), np.asarray(sizes, dtype=np.float64)
    areas = e.shape[2]
    # Nobody can be missed by a share of nobody.
    e = np.where(n[:, None] > 0, e, np.nan)
    # Only launches whose errors are known: later ones cannot have been seen.
    seen = n[np.isfinite(e).any(axis=(1, 2))]
    middle = float(np.median(seen[seen > 0])) if (seen > 0).any() else 1.0
    steps = np.arange(1, e.shape[1] + 1)
    count = np.isfinite(e).any(axis=2).sum(axis=0)
    windows = independent(count, steps)
    common, local, part = (np.ones(len(steps)) for _i in range(3))
    for g in steps[count > 0]:
        usual = usual_errors(int(g), group)
        measured = _measured(e[:, g - 1], n, middle)
        common[g - 1] = max(measured[0] / usual.common**2, _LEAST)
        local[g - 1] = measured[1] / (usual.local + usual.by_size / middle)
        part[g - 1] = measured[2]
    found = {}
    for h in horizons:
        near = nearness(h, steps) * windows
        strength = float(near.max(initial=0.0))
        weight = near / near.sum() if near.sum() > 0 else np.zeros(len(steps))
        usual = usual_errors(h, group)
        own = strength * np.sqrt(areas) if areas > 1 else 0.0
        size_part = usual.by_size / middle / (usual.local + usual.by_size / middle)
        scale = (usual.local + usual.by_size / middle) * _pooled(own, float(weight @ local))
        if areas == 1 and strength > 0:
            scale = 0.0  # one area: everything was measured as common
        if own > 0:
            trust = own / (own + PRIOR_ERRORS)
            size_part = trust * float(weight @ part) + (1.0 - trust) * size_part
        model = ErrorModel(
            h, usual.common * np.sqrt(_pooled(strength, float(weight @ common))),
            scale * (1.0 - size_part), scale * size_part * middle, int(count.max(initial=0)),
            int(np.isfinite(e).sum()),
        )  # fmt: skip
        found[h] = Spread(model, PRIOR_ERRORS + strength)
    return found


def _pooled(strength: float, ratio: float) -> float:
    """Squared factor on usual errors."""
    return (strength * ratio + PRIOR_ERRORS) / (strength + PRIOR_ERRORS)


def _measured(errors: Array, sizes: Array, middle: float) -> tuple[float, float, float]:
    """Common variance, squared local scale at the middle size, and the part that size explains."""
    known = np.isfinite(errors) & (sizes > 0)
    rows = known.any(axis=1)
    weight = np.where(known, sizes, 0.0)[rows]
    share = weight / weight.sum(axis=1, keepdims=True)
    e = np.where(known, errors, 0.0)[rows]
    town = (share * e).sum(axis=1)
    # From mean absolute errors: one odd year of counting should not widen all ranges.
    common = float(np.mean(np.abs(town)) / _MEAN_NORMAL) ** 2
    if errors.shape[1] == 1:
        return common, 1.0, 0.0
    rest = (e - town[:, None])[known[rows]]
    people = sizes[rows][known[rows]]
    best = (-np.inf, 0.0, 0.0)
    for part in _SIZE_PARTS:
        shape = (1.0 - part) + part * middle / people
        # The mean of |T| is 1 for a t with 4 degrees of freedom.
        scale2 = max(float(np.mean(np.abs(rest) / np.sqrt(shape))) ** 2, 1e-12)
        inside = 1.0 + rest**2 / (FREEDOM * scale2 * shape)
        likely = -float(np.mean(0.5 * np.log(scale2 * shape) + (FREEDOM + 1) / 2 * np.log(inside)))
        if likely > best[0]:
            best = (likely, scale2, float(part))
    _likely, scale2, part = best
    # What the town's mean takes out of each area's own error is given back.
    scale2 /= max(1.0 - float((share**2).sum(axis=1).mean()), 0.1)
    own = 2.0 * scale2 * ((1.0 - part) + part * middle / np.maximum(weight, 1.0))
    noise = float((share**2 * own).sum(axis=1).mean())
    return common - noise, scale2, part


def earlier_factor(
    errors: Array, widths: Array, horizons: Sequence[int], probability: float
) -> Array:
    """Factors (horizons,) that ranges of earlier origins would have needed, pulled towards 1.

    ``errors`` and ``widths`` (origins, steps 1…, cells): relative errors, NaN unknown, and the half
    widths said at the time. Quantile of |error| / half width by horizon (absolute errors: those of
    one decade repeat their sign), pooled over horizons and trusted as in ``learned_spread``.
    """
    steps = np.arange(1, errors.shape[1] + 1)
    known = np.isfinite(errors) & np.isfinite(widths) & (widths > 0)
    windows = independent(known.any(axis=2).sum(axis=0), steps)
    needed = np.zeros(len(steps))
    for g in np.flatnonzero(windows > 0):
        seen = known[:, g]
        ratio = np.abs(errors[:, g][seen]) / widths[:, g][seen]
        # The rank of split conformal prediction, with as many errors as are independent.
        alone = windows[g] * np.sqrt(errors.shape[2])
        rank = min((alone + 1.0) / alone * probability, 1.0)
        needed[g] = np.log(max(float(np.quantile(ratio, rank)), 0.05))
    found = []
    for h in horizons:
        near = nearness(h, steps) * windows
        strength = float(near.max(initial=0.0))
        mean = float(near @ needed / near.sum()) if near.sum() > 0 else 0.0
        found.append(np.exp(mean * strength / (strength + PRIOR_ERRORS)))
    return np.asarray(np.clip(np.array(found), *FACTOR_BOUNDS), dtype=np.float64)


def widening(widths: ArrayLike) -> Array:
    """Half widths (horizons, …) of rising horizons that never get narrower with time.

    Measured ones waver; the nearest rising curve is taken (isotonic regression of logarithms).
    """
    given = np.asarray(widths, dtype=np.float64)
    flat = np.log(np.maximum(given.reshape(len(given), -1), 1e-12))
    rising = np.column_stack([optimize.isotonic_regression(column).x for column in flat.T])
    return np.asarray(np.exp(rising).reshape(given.shape), dtype=np.float64)
