"""What the printed report of a backtest says, without any drawing: blocks from top to bottom."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True)
class Words:
    """Sentences below a heading; ``bullets``: each begins with a dot."""

    heading: str
    lines: tuple[str, ...]
    bullets: bool = False


@dataclass(frozen=True)
class Numbers:
    """A table: the first of ``heads`` names the rows, the others head columns of numbers.

    ``strong``: (row, column) of cells in bold, columns counted without the names; ``own``: rows of
    the program itself, shaded; ``note`` below.
    """

    heading: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    strong: frozenset[tuple[int, int]] = frozenset()
    own: frozenset[int] = frozenset()
    note: str = ""


class Look(Enum):
    OWN = "own"  # the program
    RIVAL = "rival"  # the best simple method
    TOWN = "town"  # the whole town
    OTHER = "other"  # further methods, not named


@dataclass(frozen=True)
class Course:
    """``values`` in per cent by years ahead, NaN where not known."""

    name: str
    values: tuple[float, ...]
    look: Look


@dataclass(frozen=True)
class Horizons:
    """A chart of per cent by years ahead. ``band``: lower and upper edge of what is good enough;
    ``promise``: what is aimed at; ``top``: end of the axis where it is given."""

    title: str
    years: tuple[int, ...]
    courses: tuple[Course, ...]
    promise: float | None = None
    band: tuple[float, float] | None = None
    top: float | None = None


@dataclass(frozen=True)
class Charts:
    """Charts beside each other."""

    charts: tuple[Horizons, ...]
    note: str = ""


Block = Words | Numbers | Charts


@dataclass(frozen=True)
class BacktestReport:
    """``place``: town, level and years of the test; ``verdict``: the plain answer, first of all;
    ``source`` of the data."""

    title: str
    place: str
    verdict: str
    blocks: tuple[Block, ...]
    source: str = ""
