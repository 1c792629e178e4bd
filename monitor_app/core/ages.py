"""Age groups as half-open intervals ``[lo, hi)`` of completed years, and axes made of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, order=True)
class AgeGroup:
    """``lo <= completed years < hi``; ``hi`` None means open-ended (``85+``)."""

    lo: int
    hi: int | None

    def __post_init__(self) -> None:
        if self.lo < 0 or (self.hi is not None and self.hi <= self.lo):
            raise ValueError(f"not an age group: {self.lo}..{self.hi}")

    @property
    def label(self) -> str:
        if self.hi is None:
            return f"{self.lo}+"
        return str(self.lo) if self.hi == self.lo + 1 else f"{self.lo}–{self.hi - 1}"


@dataclass(frozen=True)
class AgeAxis:
    """Consecutive, non-overlapping age groups without gaps."""

    groups: tuple[AgeGroup, ...]

    def __post_init__(self) -> None:
        for left, right in zip(self.groups, self.groups[1:], strict=False):
            if left.hi != right.lo:
                raise ValueError(f"age groups {left.label} and {right.label} do not join")

    @classmethod
    def single_years(cls, open_age: int = 100) -> AgeAxis:
        """0, 1, …, open_age-1, open_age+."""
        return cls.from_lows((*range(open_age + 1),))

    @classmethod
    def from_lows(cls, lows: tuple[int, ...], end: int | None = None) -> AgeAxis:
        """Groups that start at ``lows``; the last one ends at ``end`` (None: open)."""
        bounds: tuple[int | None, ...] = (*lows, end)
        return cls(tuple(AgeGroup(lo, hi) for lo, hi in zip(lows, bounds[1:], strict=True)))

    def __len__(self) -> int:
        return len(self.groups)

    @cached_property
    def labels(self) -> tuple[str, ...]:
        return tuple(g.label for g in self.groups)

    @cached_property
    def lows(self) -> NDArray[np.int64]:
        return np.array([g.lo for g in self.groups], dtype=np.int64)

    @property
    def first(self) -> int:
        return self.groups[0].lo

    @property
    def is_open(self) -> bool:
        return self.groups[-1].hi is None

    def select(self, lo: int, hi: int | None) -> slice | None:
        """Positions of the groups that make up ``[lo, hi)`` exactly, or None where the
        groups cannot answer (a bound falls inside a group or outside of the axis)."""
        starts = {g.lo: i for i, g in enumerate(self.groups)}
        if lo not in starts:
            return None
        if hi is None:
            return slice(starts[lo], len(self.groups)) if self.is_open else None
        ends = {g.hi: i + 1 for i, g in enumerate(self.groups) if g.hi is not None}
        if hi not in ends:
            return None
        return slice(starts[lo], ends[hi])

    def encode(self) -> str:
        """Text for storage: ``0,5,10,…,85+`` or ``…,85,90`` where the axis is closed."""
        last = self.groups[-1]
        tail = "+" if last.hi is None else f",{last.hi}"
        return ",".join(str(g.lo) for g in self.groups) + tail

    @classmethod
    def decode(cls, text: str) -> AgeAxis:
        if text.endswith("+"):
            return cls.from_lows(tuple(int(t) for t in text[:-1].split(",")))
        *lows, end = (int(t) for t in text.split(","))
        return cls.from_lows(tuple(lows), end)
