"""Status of a single value. Missing is never zero."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray


class Status(IntEnum):
    """Codes are stored in project files: never renumber. From ``MISSING`` on there is no value."""

    OK = 0
    ESTIMATED = 1
    PROVISIONAL = 2
    REVISED = 3
    UNRELIABLE = 4  # ( ) limited validity, value given
    FORECAST = 5
    MISSING = 10  # no data, or "…" (comes later)
    SECRET = 11  # "." unknown or kept secret
    NOT_APPLICABLE = 12  # "x", or 0/0
    TOO_UNCERTAIN = 13  # "/" no figure because not reliable
    BELOW_BASE = 14  # fewer cases than the indicator's minimum base


def has_value(status: NDArray[np.uint8]) -> NDArray[np.bool_]:
    return status < Status.MISSING


def combine(*statuses: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Status of a result made of several inputs: the highest code wins (broadcasting)."""
    result = statuses[0]
    for other in statuses[1:]:
        result = np.maximum(result, other)
    return result.astype(np.uint8)
