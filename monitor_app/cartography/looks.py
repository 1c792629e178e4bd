"""How each state of a value looks: on the screen, on paper and in legends alike.

Lengths are CSS pixels (1/96 inch): one logical pixel on the screen, 0.75 pt on paper.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

import numpy as np
from numpy.typing import NDArray

from monitor_app.core.i18n import _
from monitor_app.core.status import Status


class Pattern(StrEnum):
    """Line patterns; never colour alone tells a state."""

    NONE = "none"
    HATCH = "hatch"  # ///
    BACK_HATCH = "back_hatch"  # \\\
    CROSS = "cross"
    DOTS = "dots"
    HORIZONTAL = "horizontal"


@dataclass(frozen=True, slots=True)
class Swatch:
    """A fill: flat ``colour``, and a ``pattern`` in ``ink`` (blended with ``opacity``) over it,
    repeated every ``spacing`` pixels with strokes (or dots) ``width`` pixels wide."""

    colour: str
    pattern: Pattern = Pattern.NONE
    ink: str = "#9a9a9a"
    opacity: float = 1.0
    spacing: float = 7.0
    width: float = 1.0


class State(IntEnum):
    """Areas without a class, by reason."""

    MISSING = 0
    SECRET = 1
    BELOW_BASE = 2
    NOT_APPLICABLE = 3
    TOO_UNCERTAIN = 4


class Mark(IntEnum):
    """Areas with a class whose value is special."""

    NONE = 0
    FORECAST = 1
    UNRELIABLE = 2


STATE_SWATCHES = {
    State.MISSING: Swatch("#f3f3f3", Pattern.HATCH, "#b4b4b4"),
    State.SECRET: Swatch("#f3f3f3", Pattern.CROSS, "#8f8f8f", spacing=8.0),
    State.BELOW_BASE: Swatch("#f8f8f8", Pattern.DOTS, "#7a7a7a", spacing=6.0, width=1.8),
    State.NOT_APPLICABLE: Swatch("#ededed", Pattern.HORIZONTAL, "#b4b4b4"),
    State.TOO_UNCERTAIN: Swatch("#f3f3f3", Pattern.BACK_HATCH, "#8f8f8f", spacing=5.0),
}

#: A true zero where the user wants to tell it from small values: white, with sparse dots.
ZERO_SWATCH = Swatch("#ffffff", Pattern.DOTS, "#b0b0b0", spacing=14.0, width=2.2)


def state_label(state: State) -> str:
    return {
        State.MISSING: _("no data"),
        State.SECRET: _("kept secret or unknown"),
        State.BELOW_BASE: _("too few cases"),
        State.NOT_APPLICABLE: _("does not apply"),
        State.TOO_UNCERTAIN: _("too uncertain"),
    }[state]


def mark_label(mark: Mark) -> str:
    return {
        Mark.NONE: "",
        Mark.FORECAST: _("forecast"),
        Mark.UNRELIABLE: _("limited reliability"),
    }[mark]


def marked(swatch: Swatch, mark: Mark) -> Swatch:
    """The look of a class whose values are forecast or of limited reliability: fine light (or,
    on light colours, dark) lines over the class colour, which stays readable."""
    if mark is Mark.NONE:
        return swatch
    light = sum(int(swatch.colour[i : i + 2], 16) for i in (1, 3, 5)) > 3 * 150
    pattern = Pattern.BACK_HATCH if mark is Mark.FORECAST else Pattern.HORIZONTAL
    return Swatch(
        swatch.colour, pattern, "#000000" if light else "#ffffff", 0.18 if light else 0.3, 9.0, 1.0
    )


_STATE_OF = {
    Status.MISSING: State.MISSING,
    Status.SECRET: State.SECRET,
    Status.NOT_APPLICABLE: State.NOT_APPLICABLE,
    Status.TOO_UNCERTAIN: State.TOO_UNCERTAIN,
    Status.BELOW_BASE: State.BELOW_BASE,
}


def states_of(status: NDArray[np.uint8]) -> NDArray[np.int64]:
    """State per value as far as the status tells; ``MISSING`` for a status that has a value
    (used where the value itself is infinite or not a number)."""
    table = np.full(256, State.MISSING, dtype=np.int64)
    for code, state in _STATE_OF.items():
        table[code] = state
    return table[status]


def marks_of(status: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Mark per value."""
    table = np.full(256, Mark.NONE, dtype=np.int64)
    table[Status.FORECAST] = Mark.FORECAST
    table[Status.UNRELIABLE] = Mark.UNRELIABLE
    return table[status]
