"""Errors to expect where a town has little history of its own, and how its own history counts.

Defaults: errors of the best simple extrapolations in small areas of German towns of 1,000 to
20,000 people at 1, 5 and 10 years, taken apart into what a whole town has in common, and what an
area has of its own. They are stated with every result that rests on them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from monitor_app.forecast.errormodel import ErrorModel, fit_errors
from monitor_app.forecast.state import Array

#: Common error per year of horizon; squared local scales at one year and their growth.
COMMON, LOCAL, BY_SIZE = 0.006, 5e-5, 0.75
#: Origins of a town's own that count as much as the defaults.
PRIOR_ORIGINS = 3.0


def default_errors(horizon: int) -> ErrorModel:
    """Errors to expect at a horizon (years) without any history."""
    return ErrorModel(horizon, 0.0, COMMON * horizon, LOCAL * horizon, BY_SIZE * horizon**1.5, 0, 0)


def expected_errors(errors: Array, size: Array, horizons: Sequence[int]) -> dict[int, ErrorModel]:
    """Error models by horizon from past relative errors (origins, horizons, areas), NaN unknown.

    ``size`` (origins, areas) people at launch. Own errors are pooled with the defaults; horizons
    that no origin has reached yet take the default times what the nearest known one is off.
    """
    found: dict[int, ErrorModel] = {}
    ratio = 1.0, 1.0
    for position, horizon in enumerate(horizons):
        prior = default_errors(horizon)
        known = errors[:, position]
        rows = (np.isfinite(known) & (size > 0)).any(axis=1)
        if rows.sum() >= 2:
            model = _pooled(_fitted(known[rows], size[rows], horizon), prior)
            middle = float(np.median(size[rows]))
            ratio = model.common / prior.common, _own(model, middle) / _own(prior, middle)
        else:
            model = ErrorModel(
                horizon, 0.0, prior.common * ratio[0], prior.local * ratio[1],
                prior.by_size * ratio[1], 0, 0,
            )  # fmt: skip
        found[horizon] = model
    return found


def _fitted(errors: Array, size: Array, horizon: int) -> ErrorModel:
    """Fit of a town; with one area everything is common."""
    if errors.shape[1] > 1:
        return fit_errors(errors, size, horizon)
    common = float(np.sqrt(np.mean(errors**2)))
    return ErrorModel(horizon, float(errors.mean()), common, 0.0, 0.0, len(errors), len(errors))


def _own(model: ErrorModel, size: float) -> float:
    return model.local + model.by_size / size


def _pooled(own: ErrorModel, prior: ErrorModel) -> ErrorModel:
    """Squared scales of both, weighted by origins."""
    share = own.origins / (own.origins + PRIOR_ORIGINS)

    def mean(a: float, b: float) -> float:
        return share * a + (1.0 - share) * b

    # One area alone says nothing about differences between areas.
    local = own.errors > own.origins
    return ErrorModel(
        own.horizon, own.bias, mean(own.common**2, prior.common**2) ** 0.5,
        mean(own.local, prior.local) if local else prior.local,
        mean(own.by_size, prior.by_size) if local else prior.by_size,
        own.origins, own.errors,
    )  # fmt: skip


def past_factor(errors: Array, half_widths: Array, origins: int, probability: float) -> float:
    """Factor on half widths that past intervals would have needed, pulled towards 1.

    Quantile of |error| / half width over all known past cells (flat arrays of one shape), as far as
    ``origins`` origins go; between 1 and 2: a few quiet years are no reason to promise more.
    """
    used = np.isfinite(errors) & (half_widths > 0)
    if not used.any() or origins < 1:
        return 1.0
    needed = float(np.quantile(np.abs(errors[used]) / half_widths[used], probability))
    share = origins / (origins + PRIOR_ORIGINS)
    return float(np.clip(share * needed + (1.0 - share), 1.0, 2.0))
