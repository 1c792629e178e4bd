"""Mean years lived in the first year of life by those who die in it (a0), and in ages 1-4 (4a1).

Sources: Andreev and Kingkade (2015), Demographic Research 33(13), tables 3-1 and 3-2 (the rule of
the Human Mortality Database, protocol version 6); Coale and Demeny (1983), Regional Model Life
Tables; Keyfitz and Flieger (1990).
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
Sex = Literal["m", "f"]
Region = Literal["west", "north", "east", "south"]

# (upper bound, intercept, slope) of each piece; the last piece is constant.
_AK_FROM_M0 = {
    "m": ((0.0230, 0.14929, -1.99545), (0.08307, 0.02832, 3.26021), (np.inf, 0.29915, 0.0)),
    "f": ((0.01724, 0.14903, -2.05527), (0.06891, 0.04667, 3.88089), (np.inf, 0.31411, 0.0)),
}
_AK_FROM_Q0 = {
    "m": ((0.0226, 0.1493, -2.0367), (0.0785, 0.0244, 3.4994), (np.inf, 0.2991, 0.0)),
    "f": ((0.0170, 0.1490, -2.0867), (0.0658, 0.0438, 4.1075), (np.inf, 0.3141, 0.0)),
}
# intercept, slope below q0 = 0.1, constant above; East differs from the other three regions.
_CD_A0 = {
    ("m", False): (0.0425, 2.875, 0.33),
    ("m", True): (0.0025, 2.875, 0.29),
    ("f", False): (0.05, 3.0, 0.35),
    ("f", True): (0.01, 3.0, 0.31),
}
_CD_WEST_A1 = {"m": (1.653, -3.013, 1.352), "f": (1.524, -1.627, 1.361)}
_CD_HIGH_Q0 = 0.1


def _pieces(x: ArrayLike, rule: tuple[tuple[float, float, float], ...]) -> Array:
    values = np.asarray(x, dtype=np.float64)
    conditions = [values < bound for bound, _, _ in rule]
    return np.select(conditions, [start + slope * values for _, start, slope in rule], np.nan)


def andreev_kingkade_from_m0(m0: ArrayLike, sex: Sex) -> Array:
    """a0 in years from the death rate ``m0`` (per person-year) of age 0."""
    return _pieces(m0, _AK_FROM_M0[sex])


def andreev_kingkade_from_q0(q0: ArrayLike, sex: Sex) -> Array:
    """a0 in years from the probability ``q0`` of dying before the first birthday."""
    return _pieces(q0, _AK_FROM_Q0[sex])


def coale_demeny_q0(m0: ArrayLike, sex: Sex, region: Region = "west") -> Array:
    """q0 that solves ``q0 = m0 / (1 + m0 (1 - a0(q0)))`` with the Coale-Demeny a0."""
    m = np.asarray(m0, dtype=np.float64)
    start, slope, high = _CD_A0[sex, region == "east"]
    b = 1.0 + m * (1.0 - start)
    root = np.sqrt(np.maximum(b * b - 4.0 * slope * m * m, 0.0))
    # The stable form of (b - root) / (2 slope m): no cancellation for small m, no 0/0 at m = 0.
    low = 2.0 * m / (b + root)
    return np.where(low > _CD_HIGH_Q0, m / (1.0 + m * (1.0 - high)), low)


def coale_demeny_from_m0(m0: ArrayLike, sex: Sex, region: Region = "west") -> Array:
    """a0 in years from ``m0``, consistent with the q0 that it leads to."""
    m = np.asarray(m0, dtype=np.float64)
    start, slope, high = _CD_A0[sex, region == "east"]
    b = 1.0 + m * (1.0 - start)
    root = np.sqrt(np.maximum(b * b - 4.0 * slope * m * m, 0.0))
    low = 2.0 * m / (b + root)
    return np.where(low > _CD_HIGH_Q0, high, start + slope * low)


def coale_demeny_west_a1(m0: ArrayLike, sex: Sex) -> Array:
    """4a1, years lived between the 1st and 5th birthday by those who die then (region West)."""
    q = coale_demeny_q0(m0, sex, "west")
    start, slope, high = _CD_WEST_A1[sex]
    return np.where(q > _CD_HIGH_Q0, high, start + slope * q)


def keyfitz_a0(m0: ArrayLike) -> Array:
    """a0 = 0.07 + 1.7 m0, both sexes (Keyfitz and Flieger)."""
    return 0.07 + 1.7 * np.asarray(m0, dtype=np.float64)
