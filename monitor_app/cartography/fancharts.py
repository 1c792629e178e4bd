"""Fan of possible courses and pyramid now against then, drawn with our font and formats."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from monitor_app.cartography.chartframe import (
    LIGHT,
    SMALL,
    ChartTheme,
    axes_in,
    begin,
    draw_title,
    fitted,
    put,
    set_ticks,
    size_of,
    tick_texts,
    value_ticks,
)
from monitor_app.cartography.charts import chosen_dates, date_texts, draw_pyramid, spread
from monitor_app.cartography.fanspec import AheadPyramidSpec, Course, FanSpec
from monitor_app.cartography.figures import PT_PER_MM, font, shorten, text_width, wrap
from monitor_app.core.formats import format_number
from monitor_app.core.i18n import _

FloatArray = NDArray[np.float64]
#: Opacity of the bands by share; they lie above each other.
_OPACITY = {0.95: 0.15, 0.8: 0.2, 0.5: 0.28}
_BELOW, _LINE = 42.0, 10.5


def draw_fan(figure: Figure, spec: FanSpec, theme: ChartTheme = LIGHT) -> Axes:
    """Observed courses solid, forecasts dashed, bands of draws behind them, names at the ends."""
    begin(figure, theme)
    width, height = size_of(figure)
    top = draw_title(figure, theme, spec.title, spec.unit)
    low, high = _extent(spec)
    lines = _footnotes(spec, width)
    below = _BELOW + _LINE * len(lines)
    ticks = value_ticks(low, high, int((height - top - below) // 28))
    texts = tick_texts(list(ticks))
    left = max(text_width(t, SMALL) for t in texts) * PT_PER_MM + 16
    right = min(_name_room(spec.courses), width * 0.32)
    axes = axes_in(figure, theme, left, top + 10, right, below)
    axes.set_ylim(ticks[0], ticks[-1])
    set_ticks(axes.yaxis, list(ticks), texts, theme.quiet)
    axes.yaxis.grid(visible=True, color=theme.grid, linewidth=0.6)
    x = np.array([day.toordinal() for day in spec.dates], dtype=np.float64)
    if len(x):
        pad = (float(x[-1] - x[0]) or 365.0) * 0.01
        axes.set_xlim(float(x[0]) - pad, float(x[-1]) + pad)
        at = chosen_dates(x, width - left - right, 34)
        labels = date_texts(spec.dates)
        set_ticks(axes.xaxis, [x[i] for i in at], [labels[i] for i in at], theme.quiet)
    _mark_base(axes, spec, theme, x)
    for course in spec.courses:
        _draw_course(axes, course, x)
    _names(axes, spec, theme, right - 8, height - top - below)
    _key(figure, spec, theme, left, 10.0 + _LINE * len(lines))
    for n, line in enumerate(lines):
        _write(figure, line, 8.0, 8.0 + _LINE * (len(lines) - 1 - n), theme)
    return axes


def _footnotes(spec: FanSpec, width: float) -> list[str]:
    """Footnotes in lines as wide as the chart; too many would leave it no room."""
    room = (width - 20.0) / PT_PER_MM
    return shorten([line for text in spec.footnotes for line in wrap(text, room, SMALL)], 4)


def _extent(spec: FanSpec) -> tuple[float, float]:
    known = [v for c in spec.courses for v in (c.seen, c.ahead)]
    known += [edge for c in spec.courses for b in c.bands for edge in (b.low, b.high)]
    every = np.concatenate(known) if known else np.empty(0)
    every = every[np.isfinite(every)]
    return (float(every.min()), float(every.max())) if len(every) else (np.nan, np.nan)


def _last(values: FloatArray) -> float:
    known = np.flatnonzero(np.isfinite(values))
    return float(values[known[-1]]) if len(known) else float("nan")


def _end_text(course: Course, precision: int) -> str:
    return format_number(_last(course.ahead), precision)


def _name_room(courses: Sequence[Course]) -> float:
    names = [text_width(c.label, SMALL, "bold") for c in courses]
    return max(names, default=0.0) * PT_PER_MM + 16 if names else 14.0


def _mark_base(axes: Axes, spec: FanSpec, theme: ChartTheme, x: FloatArray) -> None:
    """Where the observed part ends, and the chosen date."""
    if spec.day is not None and spec.day in spec.dates:
        axes.axvline(
            x[spec.dates.index(spec.day)], color=theme.hover, linewidth=1.0, alpha=0.9, zorder=2
        )
    if spec.base not in spec.dates:
        return
    place = x[spec.dates.index(spec.base)]
    axes.axvline(place, color=theme.quiet, linewidth=0.8, alpha=0.7, zorder=1)
    for text, align, shift in ((_("observed"), "right", -4), (_("forecast"), "left", 4)):
        axes.annotate(
            text, (place, 1), xycoords=("data", "axes fraction"), xytext=(shift, 2), ha=align,
            textcoords="offset points", va="bottom", fontproperties=font(SMALL),
            color=theme.quiet, annotation_clip=False, parse_math=False,
        )  # fmt: skip


def _draw_course(axes: Axes, course: Course, x: FloatArray) -> None:
    for order, band in enumerate(course.bands):
        known = np.isfinite(band.low) & np.isfinite(band.high)
        axes.fill_between(
            x[known], band.low[known], band.high[known], color=course.colour, linewidth=0,
            alpha=_OPACITY.get(band.share, 0.2), zorder=0.5 + order / 10,
        )  # fmt: skip
    common: dict[str, Any] = {"color": course.colour, "linewidth": 1.9, "zorder": 4.0}
    axes.plot(x, course.seen, solid_capstyle="round", **common)
    known = np.isfinite(course.ahead)
    axes.plot(x[known], course.ahead[known], dashes=(3.5, 1.8), **common)


def _names(
    axes: Axes, spec: FanSpec, theme: ChartTheme, room: float, height: float
) -> None:  # fmt: skip
    """Name and last value at the right end of each course, none above another."""
    low, high = axes.get_ylim()
    shown = [c for c in spec.courses if np.isfinite(_last(c.ahead))]
    per_point = (high - low) / max(height, 1)
    places = spread([_last(c.ahead) for c in shown], SMALL * 2.5 * per_point, low, high)
    for course, place in zip(shown, places, strict=True):
        for text, face, colour, lift in (
            (
                fitted(course.label, room, SMALL, "bold"),
                "bold",
                readable(course.colour, theme.paper),
                4.8,
            ),
            (_end_text(course, spec.precision), "regular", theme.quiet, -4.8),
        ):
            axes.annotate(
                text, (1, place), xycoords=("axes fraction", "data"), xytext=(5, lift),
                textcoords="offset points", va="center", ha="left", annotation_clip=False,
                fontproperties=font(SMALL, face), color=colour, parse_math=False,
            )  # fmt: skip


def readable(colour: str, paper: str, least: float = 4.5) -> str:
    """The colour, mixed with black or white until words in it can be read on the paper (contrast
    after WCAG 2.2)."""
    parts, ground = (np.array(to_rgb(c)) for c in (colour, paper))
    end = np.ones(3) if _luminance(ground) < 0.2 else np.zeros(3)
    for share in np.arange(0, 1.01, 0.05):
        mixed = parts * (1 - share) + end * share
        light, dark = sorted((_luminance(mixed), _luminance(ground)), reverse=True)
        if (light + 0.05) / (dark + 0.05) >= least:
            return _hex(mixed)
    return _hex(end)


def _hex(parts: FloatArray) -> str:
    red, green, blue = (float(part) for part in parts)
    return str(to_hex((red, green, blue)))


def _luminance(parts: FloatArray) -> float:
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ np.array([0.2126, 0.7152, 0.0722]))


def _key(figure: Figure, spec: FanSpec, theme: ChartTheme, left: float, y: float) -> None:
    """What the bands mean, or that there are none, ``y`` points above the lower edge."""
    width, height = size_of(figure)
    first = next((c for c in spec.courses if c.bands), None)
    x = left
    if first is not None:
        seen = 0.0
        for band in first.bands:
            seen = 1 - (1 - seen) * (1 - _OPACITY.get(band.share, 0.2))
            figure.add_artist(
                Rectangle(
                    (x / width, (y - 3) / height), 14 / width, 9 / height, linewidth=0,
                    facecolor=first.colour, alpha=seen, transform=figure.transFigure,
                )
            )  # fmt: skip
            text = f"{format_number(100 * band.share)} %"
            _write(figure, text, x + 18, y, theme)
            x += 18 + text_width(text, SMALL) * PT_PER_MM + 12
        text = _("of the draws lie inside")
        _write(figure, text, x, y, theme)
        x += text_width(text, SMALL) * PT_PER_MM + 14
    for note in spec.notes:
        text = fitted(note, max(width - x - 10, 10))
        _write(figure, text, x, y, theme)
        x += text_width(text, SMALL) * PT_PER_MM + 14


def _write(figure: Figure, text: str, x: float, y: float, theme: ChartTheme) -> None:
    width, height = size_of(figure)
    figure.text(
        x / width, y / height, text, fontproperties=font(SMALL), color=theme.quiet,
        va="center_baseline", parse_math=False,
    )  # fmt: skip


def draw_ahead_pyramid(
    figure: Figure, spec: AheadPyramidSpec, theme: ChartTheme = LIGHT
) -> Axes:  # fmt: skip
    """The pyramid of now as bars, that of then as a line, with the range of each age group."""
    axes = draw_pyramid(figure, spec.pyramid, theme)
    bounds = spec.bounds()
    if bounds is None:
        return axes
    at, tall = spec.pyramid.lows, spec.pyramid.highs - spec.pyramid.lows
    reach = 0.0
    for inner, outer, sign in zip(*bounds, (-1, 1), strict=True):
        known = np.isfinite(inner) & np.isfinite(outer)
        axes.barh(
            at[known], sign * (outer - inner)[known], left=sign * inner[known],
            height=tall[known], align="edge", color=theme.ink, alpha=0.2, linewidth=0, zorder=4.5,
        )  # fmt: skip
        reach = max(reach, float(outer[known].max(initial=0.0)))
    if reach > axes.get_xlim()[1]:
        axes.set_xlim(-reach * 1.04, reach * 1.04)
    width, height = size_of(figure)
    words = (
        _("Grey: {share} per cent of the draws, by age group")
        if spec.interval is None
        else _("Grey: probable range of each age and sex ({share} per cent)")
    )
    text = words.format(share=format_number(100 * spec.share))
    put(
        axes, text, 1 - 8 / width, 7 / height, theme.quiet, ha="right",
        transform=figure.transFigure,
    )  # fmt: skip
    return axes
