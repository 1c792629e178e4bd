"""What all charts have in common: paper, title, axes, numbers beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from monitor_app.cartography.figures import PT_PER_MM, configure, font, shorten, text_width, wrap
from monitor_app.core.formats import format_number
from monitor_app.core.i18n import _

FloatArray = NDArray[np.float64]
TITLE, TEXT, SMALL = 10.0, 8.5, 7.5


@dataclass(frozen=True, slots=True)
class ChartTheme:
    """Colours around the data."""

    paper: str = "#ffffff"
    ink: str = "#1a1a1a"
    quiet: str = "#555555"
    grid: str = "#e2e2e2"
    band: str = "#ececec"
    hover: str = "#d9480f"


LIGHT = ChartTheme()
DARK = ChartTheme("#1e1f22", "#f0f0f0", "#b5b5b5", "#3a3b3f", "#303236", "#ff8a4c")


def begin(figure: Figure, theme: ChartTheme) -> None:
    configure()
    figure.clear()
    figure.set_facecolor(theme.paper)


def size_of(figure: Figure) -> tuple[float, float]:
    """Width and height in points."""
    width, height = figure.get_size_inches()
    return float(width) * 72, float(height) * 72


def axes_in(
    figure: Figure, theme: ChartTheme, left: float, top: float, right: float, bottom: float
) -> Axes:
    """Axes with margins in points, grid lines only along the values."""
    width, height = size_of(figure)
    axes = figure.add_axes(
        (
            left / width,
            bottom / height,
            max(1 - (left + right) / width, 0.05),
            max(1 - (top + bottom) / height, 0.05),
        )
    )
    axes.set_facecolor(theme.paper)
    for side in axes.spines.values():
        side.set_visible(False)
    axes.tick_params(length=0, pad=4)
    axes.set_axisbelow(True)
    return axes


def draw_title(figure: Figure, theme: ChartTheme, title: str, unit: str) -> float:
    """Title and unit at the upper left; returns the points they take."""
    width, height = size_of(figure)
    top = 8.0
    lines = shorten(wrap(title, (width - 16) / PT_PER_MM, TITLE, "bold"), 2) if title else []
    for text, size, face, colour in [
        *((line, TITLE, "bold", theme.ink) for line in lines),
        *([(unit, SMALL, "regular", theme.quiet)] if unit else []),
    ]:
        figure.text(
            8 / width, 1 - (top + size) / height, text, fontproperties=font(size, face),
            color=colour, parse_math=False,
        )  # fmt: skip
        top += size * 1.35
    return top + 8


def tick_texts(ticks: Sequence[float], *, signed: bool = False) -> list[str]:
    """Numbers beside an axis: as many decimals as their steps need."""
    steps = np.diff(ticks)
    step = float(steps.min()) if len(steps) else 1.0
    decimals = 0 if step >= 1 or step <= 0 else int(np.ceil(-np.log10(step) - 1e-9))
    if step > 0 and not np.allclose(np.round(np.asarray(ticks), decimals), ticks, atol=step / 100):
        decimals += 1
    return [format_number(float(t), decimals, signed=signed) for t in ticks]


def value_ticks(low: float, high: float, most: int, *, whole: bool = False) -> FloatArray:
    """Round numbers from below ``low`` to above ``high``; ``whole`` ones for counts."""
    if not (np.isfinite(low) and np.isfinite(high)):
        low, high = 0.0, 1.0
    if low == high:
        low, high = low - (abs(low) or 1.0) / 10, high + (abs(high) or 1.0) / 10
    steps = [1, 2, 5, 10] if whole else [1, 2, 2.5, 5, 10]
    locator = MaxNLocator(nbins=max(most, 2), steps=steps, integer=whole)
    return np.asarray(locator.tick_values(low, high), dtype=np.float64)


def set_ticks(axis: Any, places: Sequence[float], texts: Sequence[str], colour: str) -> None:
    axis.set_ticks(list(places), labels=list(texts))
    for label in axis.get_ticklabels():
        label.set_fontproperties(font(SMALL))
        label.set_color(colour)
        label.set_parse_math(False)


def fit_labels(axis: Any, room: float) -> None:
    """Smaller names where rows are lower (``room`` points each) than their text; below 5 points
    only every second, third, … stays."""
    size = min(SMALL, max(room * 0.95, 5.0))
    step = max(1, int(np.ceil(5.0 / max(room, 0.1))))
    for i, label in enumerate(axis.get_ticklabels()):
        label.set_fontsize(size)
        label.set_visible(i % step == 0)


def ink_on(colour: str) -> str:
    """Black or white, whichever is read on a colour ``#rrggbb``."""
    dark = sum(int(colour[k : k + 2], 16) for k in (1, 3, 5)) < 3 * 128
    return "#ffffff" if dark else "#1a1a1a"


def fill_cells(axes: Axes, cells: Sequence[tuple[int, int, str]], tall: float) -> None:
    """Cells (row, column, colour) of a matrix as one collection: thousands of them would take
    seconds one by one. ``tall``: half the height of a cell."""
    if not cells:
        return
    place = np.array([(column, row) for row, column, _colour in cells], dtype=np.float64)
    corners = np.array([(-0.48, -tall), (0.48, -tall), (0.48, tall), (-0.48, tall)])
    shapes = place[:, None, :] + corners
    axes.add_collection(
        PolyCollection(list(shapes), facecolors=[c for _r, _c, c in cells], linewidths=0),
        autolim=False,
    )


def city_line(
    axes: Axes, value: float, precision: int, theme: ChartTheme, *, signed: bool = False,
    zorder: float = 5.0, lift: float = 2.0,
) -> None:  # fmt: skip
    """The town's value as a dashed line across, named above the axes (``lift`` points)."""
    axes.axvline(value, color=theme.paper, linewidth=2.4, alpha=0.6, zorder=zorder - 0.5)
    axes.axvline(value, color=theme.ink, linewidth=1.2, dashes=(4, 2), zorder=zorder)
    low, high = axes.get_xlim()
    right = value > (low + high) / 2
    axes.annotate(
        _("Town as a whole: {value}").format(value=format_number(value, precision, signed=signed)),
        (value, 1), xycoords=("data", "axes fraction"), xytext=(-2 if right else 2, lift),
        textcoords="offset points", ha="right" if right else "left", va="bottom",
        fontproperties=font(SMALL, "bold"), color=theme.ink, parse_math=False,
    )  # fmt: skip


def put(
    axes: Axes, text: str, x: float, y: float, colour: str, *, face: str = "regular",
    size: float = SMALL, **more: Any,
) -> None:  # fmt: skip
    """Text in the coordinates of the data, never read as a formula."""
    axes.text(
        x, y, text, color=colour, fontproperties=font(size, face), parse_math=False, **more
    )  # fmt: skip


def fitted(text: str, room: float, size: float = SMALL, face: str = "regular") -> str:
    """Text cut to ``room`` points, with an ellipsis."""
    while text_width(text, size, face) * PT_PER_MM > room and len(text) > 2:
        text = text[:-2].rstrip() + "…"
    return text
