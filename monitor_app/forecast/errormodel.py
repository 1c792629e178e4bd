"""What a backtest says about the errors to come: common, local and size-dependent part.

Model of a relative error at horizon h of an area with n people:
``e = c_h Z + sqrt(A_h + B_h / n) T``, Z common to all areas of an origin (normal), T own to each
(Student t, 4 degrees of freedom, scale). Fitted by likelihood, the common part first.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, special

from monitor_app.forecast.state import Array

FREEDOM = 4.0
#: The fewest past errors that a class of its own may be fitted or calibrated with.
MINIMUM_ERRORS = 100


@dataclass(frozen=True)
class ErrorModel:
    """Parts of the relative error at one horizon; ``local`` and ``by_size`` are squared scales.

    ``origins`` and ``errors`` tell what it rests on.
    """

    horizon: int
    bias: float
    common: float
    local: float
    by_size: float
    origins: int
    errors: int

    def half_width(self, size: ArrayLike, probability: float = 0.8) -> Array:
        """Half of the central interval (…) as a share of the forecast, for areas of ``size``.

        Variances of both parts are added and the t quantile is used: a little too wide where the
        common part rules, right where the local part does.
        """
        own = self.local + self.by_size / np.maximum(np.asarray(size, dtype=np.float64), 1.0)
        quantile = float(special.stdtrit(FREEDOM, 0.5 + probability / 2.0))
        normal = float(special.ndtri(0.5 + probability / 2.0))
        return np.sqrt((quantile**2) * own + (normal * self.common) ** 2)


def fit_errors(errors: ArrayLike, size: ArrayLike, horizon: int) -> ErrorModel:
    """Fit the model to relative errors (origins, areas), NaN where unknown.

    ``size`` (origins, areas) people at launch. The common error of an origin is the weighted mean
    of its areas' errors (weights size); its spread over origins is ``common``, corrected for the
    noise of the local errors in it.
    """
    e, n = np.asarray(errors, dtype=np.float64), np.asarray(size, dtype=np.float64)
    used = np.isfinite(e) & (n > 0)
    weight = np.where(used, n, 0.0)
    whole = weight.sum(axis=1)
    rows = whole > 0
    share = weight[rows] / whole[rows, None]
    city = (share * np.where(used, e, 0.0)[rows]).sum(axis=1)
    rest = np.where(used, e, np.nan)[rows] - city[:, None]
    flat, people = rest[used[rows]], n[rows][used[rows]]
    local, by_size = _fit_local(flat, people)
    # A t with 4 degrees of freedom has twice the variance of its squared scale.
    own = 2.0 * (local + by_size / np.where(n[rows] > 0, n[rows], 1.0))
    noise = float((share**2 * own).sum(axis=1).mean())
    bias = float(city.mean())
    spread = float(np.mean(city**2))  # around zero: a bias that comes back is an error to expect
    return ErrorModel(
        horizon,
        bias,
        float(np.sqrt(max(spread - noise, 0.0))),
        local,
        by_size,
        int(rows.sum()),
        len(flat),
    )


def _fit_local(errors: Array, size: Array) -> tuple[float, float]:
    """Squared scales A and B of ``sqrt(A + B/n) t4`` by maximum likelihood."""
    typical = float(np.median(np.abs(errors))) or 1e-6
    middle = float(np.median(size))

    def loss(logs: Array) -> float:
        scale2 = np.exp(logs[0]) + np.exp(logs[1]) / size
        inside = 1.0 + errors**2 / (FREEDOM * scale2)
        return float((0.5 * np.log(scale2) + (FREEDOM + 1.0) / 2.0 * np.log(inside)).mean())

    start = np.log([typical**2, typical**2 * middle])
    found = optimize.minimize(loss, start, method="Nelder-Mead", options={"maxiter": 2000})
    a, b = np.exp(found.x)
    return float(a), float(b)


def conformal_factor(
    errors: ArrayLike, half_widths: ArrayLike, probability: float = 0.8
) -> float | None:
    """Factor on half widths that would have held ``probability`` of past errors, or None.

    Quantile of |error| / half width with the finite-sample rank ``ceil((n + 1) p)``; absolute
    errors, because signed errors of one decade repeat themselves. None with fewer than
    ``MINIMUM_ERRORS`` errors: then pool classes.
    """
    e, w = np.asarray(errors, dtype=np.float64).ravel(), np.asarray(half_widths, np.float64).ravel()
    used = np.isfinite(e) & (w > 0)
    ratio = np.sort(np.abs(e[used]) / w[used])
    if len(ratio) < MINIMUM_ERRORS:
        return None
    rank = min(int(np.ceil((len(ratio) + 1) * probability)), len(ratio))
    return float(ratio[rank - 1])
