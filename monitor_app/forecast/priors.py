"""Errors to expect where a town has little history of its own.

Defaults: errors of the best simple extrapolations in small areas of German towns of 1,000 to
20,000 people at 1, 5 and 10 years, taken apart into what a whole town has in common, and what an
area has of its own. They are stated with every result that rests on them.
"""

from __future__ import annotations

from monitor_app.forecast.errormodel import ErrorModel

#: Common error per year of horizon; squared local scales at one year and their growth.
COMMON, LOCAL, BY_SIZE = 0.006, 5e-5, 0.75


def default_errors(horizon: int) -> ErrorModel:
    """Errors to expect at a horizon (years) without any history."""
    return ErrorModel(horizon, COMMON * horizon, LOCAL * horizon, BY_SIZE * horizon**1.5, 0, 0)
