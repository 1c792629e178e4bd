"""What the checks of the anchors share: rows of the report, distances, layouts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from monitor_app.core.ages import AgeAxis
from monitor_app.forecast.state import Layout


@dataclass(frozen=True)
class Folders:
    validation: Path
    realdata: Path


@dataclass(frozen=True)
class Row:
    """One line of the report: the largest error of a check and what is allowed."""

    anchor: str
    check: str
    error: float
    tolerance: float
    #: Why the tolerance is not the one of the anchor's README, in words; empty where it is.
    reason: str = ""

    @property
    def ok(self) -> bool:
        return self.error <= self.tolerance  # NaN is a miss


#: What, largest error, tolerance; the reason where the README's tolerance cannot be asked for.
Check = tuple[str, float, float] | tuple[str, float, float, str]
ANCHORS: dict[str, Callable[[Folders], Iterator[Check]]] = {}


def anchor(function: Callable[[Folders], Iterator[Check]]) -> Callable[[Folders], Iterator[Check]]:
    """Register a check under the name of its folder."""
    ANCHORS[function.__name__.removeprefix("check_")] = function
    return function


def half_of_last_digit(printed: float | str) -> float:
    """What rounding can have taken from a printed number: half a unit of its last digit."""
    decimals = len(str(printed).partition(".")[2])
    return float(f"0.5e-{decimals}")


def gap(got: Any, expected: Any) -> float:
    """Largest absolute difference; arrays of different shapes are infinitely far apart."""
    a, b = np.asarray(got, dtype=np.float64), np.asarray(expected, dtype=np.float64)
    return float(np.max(np.abs(a - b), initial=0.0)) if a.shape == b.shape else float("inf")


def relative_gap(got: Any, expected: Any) -> float:
    """Largest difference in relation to the expected value (absolute below 1)."""
    a, b = np.asarray(got, dtype=np.float64), np.asarray(expected, dtype=np.float64)
    return float(np.max(np.abs(a - b) / np.maximum(np.abs(b), 1.0), initial=0.0))


def cells(*columns: Any) -> np.ndarray:
    """Columns by age, one per sex, as ``[sex, 1, age, 1]``."""
    return np.stack([np.asarray(c, dtype=np.float64) for c in columns])[:, None, :, None]


def five_year_layout(last: int, sexes: tuple[str, ...]) -> Layout:
    return Layout(sexes, ("all",), AgeAxis.from_lows(tuple(range(0, last + 1, 5))), ("x",))


def differ(got: Any, expected: Any) -> float:
    """0 where two sequences are equal to the last bit, else 1."""
    return 0.0 if list(got) == list(expected) else 1.0
