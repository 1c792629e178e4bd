"""Lines by years ahead on a page: told apart by width and marks, not by colour alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.ticker import MaxNLocator

from monitor_app.cartography.figures import (
    INK,
    PT_PER_MM,
    QUIET,
    Sheet,
    font,
    shorten,
    text_width,
    wrap,
)
from monitor_app.core.formats import THIN_SPACE, format_number
from monitor_app.core.i18n import _
from monitor_app.reports.backtestsheet_spec import Course, Horizons, Look

OWN, PALE = "#0b5cad", "#c4c4c4"
_TEXT, _HEAD = 6.8, 7.6
#: (colour, width in points, mark, dashes) by look.
_LOOKS: dict[Look, tuple[str, float, str, str]] = {
    Look.OWN: (OWN, 2.4, "o", "-"),
    Look.RIVAL: (INK, 1.3, "s", "-"),
    Look.TOWN: (INK, 1.3, "^", "--"),
    Look.OTHER: (PALE, 0.8, "", "-"),
}


def draw_horizons(
    sheet: Sheet, chart: Horizons, left: float, top: float, width: float, height: float
) -> None:
    """Draw a chart into a rectangle (millimetres), names at the ends of the lines."""
    lines = shorten(wrap(chart.title, width, _HEAD, "bold"), 2)
    below = sheet.paragraph(left, top, lines, _HEAD, face="bold", leading=1.25)
    named = [c for c in chart.courses if c.look is not Look.OTHER and np.isfinite(c.values).any()]
    room = max((text_width(c.name, _TEXT, _face(c)) for c in named), default=0.0) + 3.0
    room = min(room, 0.34 * width)
    axes = sheet.figure.add_axes(
        sheet.box(left + 9.0, below + 1.5, width - 9.0 - room, height - (below - top) - 9.5)
    )
    high = _top(chart)
    _frame(axes, chart, high)
    for look in (Look.OTHER, Look.TOWN, Look.RIVAL, Look.OWN):
        for course in chart.courses:
            if course.look is look:
                _draw(axes, chart, course)
    _names(axes, named, high, (height - (below - top) - 9.5), room)
    sheet.text(
        left + 9.0 + (width - 9.0 - room) / 2, top + height - 3.6, _("years ahead"), _TEXT,
        colour=QUIET, align="center",
    )  # fmt: skip


def _face(course: Course) -> str:
    return "bold" if course.look is Look.OWN else "regular"


def _top(chart: Horizons) -> float:
    """End of the axis; a method that is far worse than those named may leave the picture."""
    if chart.top is not None:
        return chart.top
    every = [v for c in chart.courses for v in c.values if np.isfinite(v)]
    named = [v for c in chart.courses if c.look is not Look.OTHER
             for v in c.values if np.isfinite(v)]  # fmt: skip
    return 1.1 * max(min(max(every, default=1.0), 2.0 * max(named, default=1.0)), 1e-6)


def _frame(axes: Any, chart: Horizons, high: float) -> None:
    first, last = chart.years[0], chart.years[-1]
    pad = max(0.04 * (last - first), 0.2)
    axes.set_xlim(first - pad, last + pad)
    axes.set_ylim(0, high)
    axes.set_facecolor("#ffffff")
    for side in axes.spines.values():
        side.set_visible(False)
    axes.set_axisbelow(True)
    axes.grid(axis="y", color="#e2e2e2", linewidth=0.5)
    axes.set_xticks(list(chart.years), [str(y) for y in chart.years])
    ticks = MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]).tick_values(0, high)
    ticks = [t for t in ticks if 0 <= t <= high]
    step = ticks[1] - ticks[0] if len(ticks) > 1 else 1.0
    digits = next((d for d in (0, 1) if round(step, d) == round(step, 3)), 2)
    axes.set_yticks(ticks, [f"{format_number(t, digits)}{THIN_SPACE}%" for t in ticks])
    axes.tick_params(length=0, pad=3, colors=QUIET)
    for text in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        text.set_fontproperties(font(_TEXT))
    if chart.band is not None:
        axes.axhspan(*chart.band, facecolor="#e4efe6", edgecolor="none", zorder=0)
    if chart.promise is not None:
        axes.axhline(chart.promise, color="#1c6b3c", linewidth=1.0, zorder=1)


def _draw(axes: Any, chart: Horizons, course: Course) -> None:
    colour, width, mark, dashes = _LOOKS[course.look]
    axes.plot(
        chart.years, course.values, color=colour, linewidth=width, linestyle=dashes,
        marker=mark or None, markersize=3.4 if mark else 0, solid_capstyle="round",
        zorder=2 if course.look is Look.OTHER else 4,
    )  # fmt: skip


def _names(axes: Any, named: Sequence[Course], high: float, height: float, room: float) -> None:
    """Names right of the last known value, moved apart where they would overlap."""
    ends = []
    for course in named:
        known = [v for v in course.values if np.isfinite(v)]
        ends.append((min(known[-1], high), course))
    ends.sort(key=lambda end: end[0])
    line = 1.25 * _TEXT / PT_PER_MM / height * high
    texts = [shorten(wrap(c.name, room - 2.0, _TEXT, _face(c)), 2) for _v, c in ends]
    places: list[float] = []
    for n, (value, _course) in enumerate(ends):
        apart = line * (len(texts[n]) + len(texts[n - 1])) / 2
        places.append(max(value, places[-1] + apart) if places else value)
    over = max((places[-1] - high) if places else 0.0, 0.0)
    for (_value, course), place, lines in zip(ends, places, texts, strict=True):
        text = "\n".join(lines)
        axes.annotate(
            text, (1.0, (place - over) / high), xycoords="axes fraction",
            xytext=(4, 0), textcoords="offset points", va="center", ha="left",
            color=_LOOKS[course.look][0], fontproperties=font(_TEXT, _face(course)),
            annotation_clip=False,
        )  # fmt: skip
