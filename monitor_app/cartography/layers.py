"""What lies over the coloured areas: water and green, lines, symbols, facilities, labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Ground(StrEnum):
    """Looks of background layers."""

    WATER = "water"
    GREEN = "green"


@dataclass(frozen=True, eq=False)
class Background:
    """Water or green areas of the project's own layers, drawn see-through over the classes:
    shapely geometries (lines or polygons) in the CRS of the map."""

    ground: Ground
    geometries: Sequence[Any]
    title: str = ""


@dataclass(frozen=True, eq=False)
class Overlay:
    """Lines and areas over the map, such as redevelopment areas or tram lines. ``width`` in CSS
    pixels; ``fill`` 0…1 is the opacity of the inside of areas."""

    title: str
    geometries: Sequence[Any]
    colour: str = "#b3123f"
    width: float = 1.8
    dashed: bool = False
    fill: float = 0.0


#: Colours and shapes for kinds of facilities: each differs in both, for readers without colours.
POINT_LOOKS = (
    ("#d9480f", "o"), ("#0b5fa5", "s"), ("#7a1fa2", "^"), ("#00695c", "D"),
    ("#5d4037", "v"), ("#ad1457", "P"), ("#37474f", "X"),
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class PointLayer:
    """Facilities at ``places`` (n, 2); ``kinds``: one word each (carrier, type …), which decides
    colour and shape. Kinds beyond the seventh share the look of the last. ``size`` in CSS
    pixels."""

    title: str
    places: NDArray[np.float64]
    kinds: tuple[str, ...]
    size: float = 9.0

    def __post_init__(self) -> None:
        if len(self.places) != len(self.kinds):
            raise ValueError("one kind per place is needed")

    @property
    def looks(self) -> dict[str, tuple[str, str]]:
        """Colour and shape per kind, the most frequent first."""
        counts: dict[str, int] = {}
        for kind in self.kinds:
            counts[kind] = counts.get(kind, 0) + 1
        order = sorted(counts, key=lambda kind: (-counts[kind], kind))
        return {k: POINT_LOOKS[min(i, len(POINT_LOOKS) - 1)] for i, k in enumerate(order)}


@dataclass(frozen=True, eq=False)
class Symbols:
    """Circles whose area is proportional to ``values`` (one per area of the map, NaN: none).
    ``largest``: diameter in CSS pixels of the largest."""

    title: str
    values: NDArray[np.float64]
    unit: str = ""
    precision: int = 0
    colour: str = "#d9480f"
    largest: float = 44.0

    @property
    def maximum(self) -> float:
        """Largest absolute value, 0 where there is none."""
        known = np.abs(self.values[np.isfinite(self.values)])
        return float(known.max()) if len(known) else 0.0

    @property
    def below_zero(self) -> bool:
        """Whether there are negative values, whose circles are hollow."""
        return bool((self.values < 0).any())

    def diameter(self, value: float) -> float:
        """CSS pixels for a value: areas, not widths, are compared."""
        return self.largest * float(np.sqrt(abs(value) / self.maximum)) if self.maximum else 0.0

    def samples(self) -> tuple[float, ...]:
        """Up to three round values for the legend, largest first."""
        if not self.maximum:
            return ()
        found: list[float] = []
        for share in (1.0, 0.35, 0.1):
            wanted = self.maximum * share
            power = 10.0 ** np.floor(np.log10(wanted))
            value = float(max(f for f in (1, 2, 5) if f * power <= wanted * (1 + 1e-9)) * power)
            if value not in found:
                found.append(value)
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Labels:
    """Names and values in the areas, as far as they do not overlap; large areas first. ``size``
    in CSS pixels."""

    names: bool = True
    values: bool = False
    size: float = 11.0


@dataclass(frozen=True, eq=False)
class Layers:
    """All of them, from below: backgrounds, overlays, symbols, points, labels."""

    backgrounds: tuple[Background, ...] = ()
    overlays: tuple[Overlay, ...] = ()
    symbols: Symbols | None = None
    points: tuple[PointLayer, ...] = ()
    labels: Labels | None = None

    def __bool__(self) -> bool:
        parts = (self.backgrounds, self.overlays, self.symbols, self.points, self.labels)
        return any(part is not None and part != () for part in parts)
