"""A scale bar of a round length."""

from __future__ import annotations

import math
from dataclasses import dataclass

from monitor_app.core.formats import THIN_SPACE, format_number


@dataclass(frozen=True, slots=True)
class ScaleBar:
    """``length`` in metres, the ``label`` at its end, and how many equal ``parts`` it has."""

    length: float
    label: str
    parts: int


def scale_bar(longest: float) -> ScaleBar | None:
    """The longest bar of 1, 2 or 5 times a power of ten metres that is not longer than
    ``longest`` metres; None where the map has no sensible scale."""
    if not math.isfinite(longest) or longest <= 0:
        return None
    power = 10.0 ** math.floor(math.log10(longest))
    factor = max((f for f in (1, 2, 5) if f * power <= longest * (1 + 1e-9)), default=1)
    length = factor * power
    unit, size = ("km", length / 1000) if length >= 1000 else ("m", length)
    decimals = 0 if size >= 1 else -math.floor(math.log10(size))
    label = f"{format_number(size, decimals)}{THIN_SPACE}{unit}"
    return ScaleBar(length, label, 5 if factor == 5 else 2)
