"""Charts drawn on a matplotlib figure (no pyplot) from chart specs, with our font and formats."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from monitor_app.cartography.chartframe import (
    DARK,
    LIGHT,
    SMALL,
    TEXT,
    ChartTheme,
    axes_in,
    begin,
    city_line,
    draw_title,
    fitted,
    put,
    set_ticks,
    size_of,
    tick_texts,
    value_ticks,
)
from monitor_app.cartography.chartspec import Line, PyramidSpec, RankingSpec, Role, TimeLineSpec
from monitor_app.cartography.colour import readable
from monitor_app.cartography.figures import PT_PER_MM, font, text_width
from monitor_app.core.formats import format_number
from monitor_app.core.i18n import _, ngettext
from monitor_app.core.status import Status

__all__ = [
    "DARK", "LIGHT", "ChartTheme", "chosen_dates", "date_texts", "draw_pyramid", "draw_ranking",
    "draw_time_line", "spread", "tick_texts",
]  # fmt: skip

FloatArray = NDArray[np.float64]
#: Rankings longer than this have bars without names.
NAMED_BARS = 45
#: Time lines with more dates than this have no points.
POINTS_UP_TO = 40


def date_texts(dates: Sequence[date]) -> list[str]:
    """Years where all dates are the same day of the year, else month and year."""
    if len({(d.month, d.day) for d in dates}) <= 1:
        return [str(d.year) for d in dates]
    return [f"{d.month:02d}/{d.year}" for d in dates]


def chosen_dates(places: FloatArray, room: float, wanted: float) -> list[int]:
    """Positions of dates to label: the last one and, going back, each that is ``wanted`` points
    or more before the next labelled one. ``room``: points for the whole axis."""
    if not len(places):
        return []
    span = float(places[-1] - places[0]) or 1.0
    kept = [len(places) - 1]
    for i in range(len(places) - 2, -1, -1):
        if (places[kept[-1]] - places[i]) / span * room >= wanted:
            kept.append(i)
    return kept[::-1]


def draw_time_line(figure: Figure, spec: TimeLineSpec, theme: ChartTheme = LIGHT) -> Axes:
    """Lines over a real time axis: gaps in time are as wide as they are. Forecasts are dashed,
    gaps in the data stay gaps, the range of all areas lies behind as a band."""
    begin(figure, theme)
    width, height = size_of(figure)
    top = draw_title(figure, theme, spec.title, spec.unit)
    ranges = [bound for line in spec.lines for bound in line.range or ()]
    shown = [line.shown for line in spec.lines]
    known = [s for s in (spec.low, spec.high, *shown, *ranges) if len(s)]
    everything = np.concatenate(known) if known else np.empty(0)
    finite = everything[np.isfinite(everything)]
    ticks = value_ticks(
        float(finite.min()) if len(finite) else np.nan,
        float(finite.max()) if len(finite) else np.nan,
        int((height - top - 30) // 28),
    )
    texts = tick_texts(list(ticks))
    left = max(text_width(t, SMALL) for t in texts) * PT_PER_MM + 16
    labels = [line.label for line in spec.lines]
    right = min(
        max((text_width(t, SMALL, "bold") for t in labels), default=0) * PT_PER_MM + 14,
        width * 0.34,
    )
    axes = axes_in(figure, theme, left, top, right, 24)
    axes.set_ylim(ticks[0], ticks[-1])
    set_ticks(axes.yaxis, list(ticks), texts, theme.quiet)
    axes.yaxis.grid(visible=True, color=theme.grid, linewidth=0.6)
    x = np.array([day.toordinal() for day in spec.dates], dtype=np.float64)
    if len(x):
        pad = (float(x[-1] - x[0]) or 365.0) * 0.01
        axes.set_xlim(float(x[0]) - pad, float(x[-1]) + pad)
        at = chosen_dates(x, width - left - right, 34)
        set_ticks(
            axes.xaxis, [x[i] for i in at], [date_texts(spec.dates)[i] for i in at], theme.quiet
        )
    else:
        set_ticks(axes.xaxis, [], [], theme.quiet)
    axes.fill_between(x, spec.low, spec.high, color=theme.band, linewidth=0, zorder=0.3)
    if spec.day in spec.dates:
        axes.axvline(
            x[spec.dates.index(spec.day)], color=theme.quiet, linewidth=0.8, alpha=0.6, zorder=2
        )
    _draw_reforms(axes, spec, theme)
    ends = [_draw_line(axes, line, x, theme) for line in spec.lines]
    _label_ends(axes, spec.lines, ends, theme, right - 10, height - top - 24)
    return axes


def _draw_reforms(axes: Axes, spec: TimeLineSpec, theme: ChartTheme) -> None:
    """A dotted line with words where the areas changed: left and right of it other areas count."""
    for day in spec.breaks:
        if spec.dates and spec.dates[0] < day <= spec.dates[-1]:
            axes.axvline(day.toordinal(), color=theme.quiet, linewidth=1.1, linestyle=":", zorder=2)
            axes.annotate(
                _("territorial reform"), (day.toordinal(), 1.0), xycoords=("data", "axes fraction"),
                xytext=(2, -1), textcoords="offset points", va="top", ha="left",
                color=theme.quiet, fontproperties=font(SMALL), annotation_clip=False,
            )  # fmt: skip


def _colour(line: Line, theme: ChartTheme) -> str:
    if line.role is Role.CITY:
        return theme.ink
    return theme.hover if line.role is Role.AREA else line.colour


def _draw_line(axes: Axes, line: Line, x: FloatArray, theme: ChartTheme) -> float:
    """Draw; returns the height of its last value, NaN where it has none."""
    y = line.shown
    ahead = line.status == Status.FORECAST
    # The dashed part begins at the last value before it, so that the line does not break.
    joined = ahead | np.concatenate([ahead[1:], [False]])
    width = {Role.CITY: 1.9, Role.SELECTION: 1.6, Role.AREA: 1.4}[line.role]
    colour = _colour(line, theme)
    common: dict[str, Any] = {
        "color": colour,
        "linewidth": width,
        "zorder": 4 if line.role is Role.CITY else 5,
    }
    if line.range is not None:
        axes.fill_between(x, *line.range, color=colour, alpha=0.2, linewidth=0, zorder=1)
    axes.plot(x, np.where(ahead, np.nan, y), solid_capstyle="round", **common)
    if ahead.any():
        axes.plot(x, np.where(joined, y, np.nan), dashes=(3.5, 2.0), **common)
    # A value between two gaps is no line: show it as a point.
    gap = np.isnan(np.concatenate([[np.nan], y, [np.nan]]))
    lone = ~gap[1:-1] & gap[:-2] & gap[2:]
    axes.plot(x[lone], y[lone], linestyle="none", marker="o", markersize=3.5, **common)
    if len(x) <= POINTS_UP_TO:  # points show at which dates there are data
        axes.plot(x, y, linestyle="none", marker="o", markersize=2.4, **common)
    known = np.flatnonzero(np.isfinite(y))
    return float(y[known[-1]]) if len(known) else float("nan")


def spread(places: Sequence[float], least: float, low: float, high: float) -> list[float]:
    """Positions near ``places``, at least ``least`` apart and within low…high where they fit;
    the order is kept."""
    order = np.argsort(np.asarray(places), kind="stable")
    at = np.asarray(places, dtype=np.float64)[order]
    for _round in range(200):
        moved = False
        for i in range(len(at) - 1):
            lack = least - (at[i + 1] - at[i])
            if lack > 1e-9:
                at[i] -= lack / 2
                at[i + 1] += lack / 2
                moved = True
        if len(at) and at[0] < low:
            at[0], moved = low, True
        if len(at) and at[-1] > high:
            at[-1], moved = high, True
        if not moved:
            break
    result = np.empty(len(at))
    result[order] = at
    return [float(v) for v in result]


def _label_ends(
    axes: Axes,
    lines: Sequence[Line],
    ends: Sequence[float],
    theme: ChartTheme,
    width: float,
    height: float,
) -> None:
    """Names at the right ends of the lines instead of a key."""
    shown = [i for i, end in enumerate(ends) if np.isfinite(end)]
    low, high = axes.get_ylim()
    per_point = (high - low) / max(height, 1)
    places = spread([ends[i] for i in shown], SMALL * 1.2 * per_point, low, high)
    for i, place in zip(shown, places, strict=True):
        face = "bold" if lines[i].role is Role.CITY else "regular"
        text = lines[i].label
        while text_width(text, SMALL, face) * PT_PER_MM > width and len(text) > 2:
            text = text[:-2].rstrip() + "…"
        axes.annotate(
            text, (1, place), xycoords=("axes fraction", "data"), xytext=(5, 0),
            textcoords="offset points", va="center", ha="left", annotation_clip=False,
            fontproperties=font(SMALL, face), parse_math=False,
            color=readable(_colour(lines[i], theme), theme.paper, theme.ink),
        )  # fmt: skip


def draw_ranking(figure: Figure, spec: RankingSpec, theme: ChartTheme = LIGHT) -> Axes:
    """Bars of all areas in the colours of the map, the town as a line across."""
    begin(figure, theme)
    width, height = size_of(figure)
    top = draw_title(figure, theme, spec.title, spec.unit)
    n = len(spec.bars)
    values = np.array([bar.value for bar in spec.bars], dtype=np.float64)
    named = n <= NAMED_BARS and height - top - 30 >= n * 8
    extra = [] if spec.city_value is None else [spec.city_value]
    low, high = min([0.0, *values, *extra]), max([0.0, *values, *extra])
    name_room = max((text_width(b.name, SMALL) for b in spec.bars), default=0) * PT_PER_MM + 14
    left = min(name_room, width * 0.4) if named else 12.0
    axes = axes_in(
        figure,
        theme,
        left,
        top + (10 if extra else 0),
        40 if named else 14,
        34 if spec.without else 22,
    )
    ticks = value_ticks(low, high, int((width - left - 40) // 60))
    axes.set_xlim(low - (high - low or 1) * (0.12 if low < 0 and named else 0), high or 1.0)
    inside = [t for t in ticks if low <= t <= high]
    set_ticks(axes.xaxis, inside, tick_texts(inside, signed=spec.signed), theme.quiet)
    axes.xaxis.grid(visible=True, color=theme.grid, linewidth=0.6)
    axes.set_ylim(max(n, 1) - 0.5, -0.5)
    edges = [theme.ink if bar.selected else theme.quiet for bar in spec.bars]
    axes.barh(
        np.arange(n), values, height=0.74 if named else 1.0,
        color=[bar.colour for bar in spec.bars], edgecolor=edges,
        linewidth=[1.4 if b.selected else 0.4 if named else 0.0 for b in spec.bars], zorder=3,
    )  # fmt: skip
    axes.axvline(0, color=theme.quiet, linewidth=0.8, zorder=4)
    set_ticks(axes.yaxis, [], [], theme.ink)
    if named:
        _name_bars(axes, spec, theme, left - 10)
    if spec.city_value is not None:
        city_line(axes, spec.city_value, spec.precision, theme, signed=spec.signed, lift=3)
    if spec.without:
        note = ngettext("{count} area without value", "{count} areas without value", spec.without)
        figure.text(
            1 - 8 / width, 5 / height, note.format(count=format_number(spec.without)), ha="right",
            fontproperties=font(SMALL), color=theme.quiet, parse_math=False,
        )  # fmt: skip
    return axes


def _name_bars(axes: Axes, spec: RankingSpec, theme: ChartTheme, room: float) -> None:
    """Names to the left, values at the ends of the bars."""
    for place, bar in enumerate(spec.bars):
        face = "bold" if bar.selected else "regular"
        name = bar.name
        while text_width(name, SMALL, face) * PT_PER_MM > room and len(name) > 2:
            name = name[:-2].rstrip() + "…"
        axes.annotate(
            name, (0, place), xycoords=("axes fraction", "data"), xytext=(-4, 0),
            textcoords="offset points", ha="right", va="center_baseline",
            annotation_clip=False, fontproperties=font(SMALL, face), color=theme.ink,
            parse_math=False,
        )  # fmt: skip
        axes.annotate(
            format_number(bar.value, spec.precision, signed=spec.signed), (bar.value, place),
            xytext=(3 if bar.value >= 0 else -3, 0), textcoords="offset points",
            ha="left" if bar.value >= 0 else "right", va="center_baseline", annotation_clip=False,
            fontproperties=font(SMALL, face), color=theme.quiet, parse_math=False,
            bbox={"facecolor": theme.paper, "edgecolor": "none", "pad": 0.6, "alpha": 0.8},
            zorder=6,
        )  # fmt: skip


MEN, WOMEN = "#5b8db8", "#c98a5a"


def draw_pyramid(figure: Figure, spec: PyramidSpec, theme: ChartTheme = LIGHT) -> Axes:
    """Men to the left, women to the right, one bar per age group; a second population as an
    outline."""
    begin(figure, theme)
    width, height = size_of(figure)
    unit = _("per cent per year of age") if spec.share else _("persons per year of age")
    top = draw_title(figure, theme, spec.title, unit)
    axes = axes_in(figure, theme, 34, top + 14, 16, 40 if _pyramid_words(spec) else 24)
    men, women = spec.lengths(spec.base)
    sides = [men, women] + ([] if spec.overlay is None else list(spec.lengths(spec.overlay)))
    sides += [] if spec.interval is None else list(spec.lengths(spec.interval[1], spec.base))
    longest = max(
        (float(np.nanmax(s)) for s in sides if len(s) and np.isfinite(s).any()), default=1
    )
    reach = (longest or 1.0) * 1.04
    ticks = value_ticks(0, reach, int((width - 50) // 90))
    ticks = ticks[ticks <= reach]
    places = [-t for t in ticks[:0:-1]] + list(ticks)
    axes.set_xlim(-reach, reach)
    texts = tick_texts(list(ticks))
    set_ticks(axes.xaxis, places, [*texts[:0:-1], *texts], theme.quiet)
    axes.xaxis.grid(visible=True, color=theme.grid, linewidth=0.6)
    last = int(spec.highs[-1]) if len(spec.highs) else 100
    axes.set_ylim(0, last)
    tall = (height - top - 54) / max(last, 1)  # points per year of age
    ages = list(range(0, last, 10 if tall * 10 > SMALL * 1.15 else 20))
    set_ticks(axes.yaxis, ages, [str(a) for a in ages], theme.quiet)
    for lengths, sign, colour in ((men, -1, MEN), (women, 1, WOMEN)):
        _pyramid_side(axes, spec, sign * lengths, colour, theme, tall)
    edges = np.repeat(np.concatenate([spec.lows[:1], spec.highs]), 2)[1:-1]
    if spec.interval is not None:
        bounds = [spec.lengths(side, spec.base) for side in spec.interval]
        for low, high, sign in zip(*bounds, (-1, 1), strict=True):
            axes.fill_betweenx(
                edges, sign * np.repeat(low, 2), sign * np.repeat(high, 2), color=theme.ink,
                alpha=0.3, linewidth=0, zorder=4,
            )  # fmt: skip
    if spec.overlay is not None:
        for lengths, sign in zip(spec.lengths(spec.overlay), (-1, 1), strict=True):
            axes.plot(sign * np.repeat(lengths, 2), edges, color=theme.ink, linewidth=1.1, zorder=5)
    put(
        axes, fitted(_pyramid_words(spec), width - 44), 34 / width, 7 / height, theme.quiet,
        transform=figure.transFigure,
    )  # fmt: skip
    axes.axvline(0, color=theme.paper, linewidth=1.0, zorder=4)
    for text, place, align in ((_("Men"), 0.25, "center"), (_("Women"), 0.75, "center")):
        axes.annotate(
            text, (place, 1), xycoords="axes fraction", xytext=(0, 3), ha=align, va="bottom",
            textcoords="offset points", fontproperties=font(TEXT, "bold"), color=theme.ink,
            parse_math=False,
        )  # fmt: skip
    return axes


def _pyramid_side(
    axes: Axes, spec: PyramidSpec, lengths: FloatArray, colour: str, theme: ChartTheme, tall: float
) -> None:
    """The bars of one sex. Where they are thin they are one shape: hairlines between bars of a
    pixel would make some of them darker than others."""
    heights = spec.highs - spec.lows
    if len(heights) and tall * int(heights.min()) >= 3:
        axes.barh(
            spec.lows, lengths, height=heights, align="edge", color=colour,
            edgecolor=theme.paper, linewidth=0.3, zorder=3,
        )  # fmt: skip
        return
    edges = np.repeat(np.concatenate([spec.lows[:1], spec.highs]), 2)[1:-1]
    axes.fill_betweenx(edges, 0, np.repeat(lengths, 2), color=colour, linewidth=0, zorder=3)


def _pyramid_words(spec: PyramidSpec) -> str:
    """What bars and line are; empty where the title says it."""
    words = []
    if spec.overlay is not None:
        words.append(
            _("Bars: {base}   ·   Line: {overlay}").format(
                base=spec.base.label, overlay=spec.overlay.label
            )
        )
    if spec.interval is not None:
        words.append(_("Grey: probable range (80 per cent)"))
    return "   ·   ".join([*words, *([spec.note] if spec.note else [])])
