"""Radar, components of change, flow matrix and chord drawn on a figure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Rectangle, Wedge
from matplotlib.path import Path
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
from monitor_app.cartography.chartspec import LINE_COLOURS
from monitor_app.cartography.figures import PT_PER_MM, font, shorten, text_width, wrap
from monitor_app.cartography.palettes import palette
from monitor_app.cartography.profilespec import ComponentsSpec, FlowSpec, RadarLine, RadarSpec
from monitor_app.core.formats import format_number
from monitor_app.core.i18n import _

#: Colours of components, told apart by colour-blind readers.
PART_COLOURS = ("#56b4e9", "#7a5195", "#009e73", "#e69f00", "#cc79a7", "#999933")
CHORD_AREAS = 12


def draw_radar(figure: Figure, spec: RadarSpec, theme: ChartTheme = LIGHT) -> Axes:
    """Axes from the lowest value of all areas (centre) to the highest (rim); the town dark."""
    begin(figure, theme)
    width, height = size_of(figure)
    top = draw_title(figure, theme, spec.title, "")
    axes = axes_in(figure, theme, 12, top, 12, 26)
    room = (width - 24, height - top - 26)
    reach = 1.0 + 2 * 78 / max(min(room), 200)
    ratio = room[0] / max(room[1], 1)
    axes.set_xlim(-reach * max(ratio, 1), reach * max(ratio, 1))
    axes.set_ylim(-reach * max(1 / ratio, 1), reach * max(1 / ratio, 1))
    set_ticks(axes.xaxis, [], [], theme.quiet)
    set_ticks(axes.yaxis, [], [], theme.quiet)
    m = len(spec.axes)
    angles = np.pi / 2 - 2 * np.pi * np.arange(m) / m
    spokes = np.column_stack([np.cos(angles), np.sin(angles)])
    for step in (0.25, 0.5, 0.75, 1.0):
        ring = np.vstack([spokes, spokes[:1]]) * step
        axes.plot(ring[:, 0], ring[:, 1], color=theme.grid, linewidth=0.7, zorder=1)
    for i, (x, y) in enumerate(spokes):
        axes.plot([0, x], [0, y], color=theme.grid, linewidth=0.7, zorder=1)
        align = "center" if abs(x) < 0.2 else "left" if x > 0 else "right"
        span = _("{low} to {high}").format(
            low=format_number(float(spec.low[i]), spec.precisions[i]),
            high=format_number(float(spec.high[i]), spec.precisions[i]),
        )
        span = f"{span} {spec.units[i]}".strip()
        unit = min(room) / 2 / reach  # points per unit of the drawing
        beside = room[0] / 2 - abs(x) * 1.07 * unit
        space = room[0] * 0.6 if align == "center" else beside
        lines = shorten(wrap(spec.axes[i], space / PT_PER_MM, SMALL, "bold"), 2)
        line = SMALL * 1.35 / unit
        rows = [*((text, theme.ink, "bold") for text in lines), (span, theme.quiet, "regular")]
        lift = len(rows) - 1 if y > 0.2 else 0 if y < -0.2 else (len(rows) - 1) / 2
        for j, (text, colour, face) in enumerate(rows):
            place = 1.07 * y + (lift - j) * line
            put(axes, text, x * 1.07, place, colour, ha=align, va="center", face=face)
    for number, shape in enumerate(spec.lines):
        _draw_shape(axes, shape, spokes, _line_colour(number, shape, spec, theme))
    _key(axes, figure, spec, theme)
    return axes


def _line_colour(number: int, shape: RadarLine, spec: RadarSpec, theme: ChartTheme) -> str:
    town = shape.label == _("Town as a whole") and number == 0
    offset = spec.lines[0].label == _("Town as a whole")
    return theme.ink if town else LINE_COLOURS[(number - offset) % len(LINE_COLOURS)]


def _draw_shape(axes: Axes, shape: RadarLine, spokes: NDArray[np.float64], colour: str) -> None:
    """Lines only between neighbours that both have a value."""
    points = spokes * shape.shares[:, None]
    known = np.isfinite(shape.shares)
    if known.all():
        axes.fill(points[:, 0], points[:, 1], color=colour, alpha=0.1, zorder=2)
    for i in range(len(points)):
        j = (i + 1) % len(points)
        if known[i] and known[j]:
            axes.plot(points[[i, j], 0], points[[i, j], 1], color=colour, linewidth=1.7, zorder=4)
    axes.scatter(points[known, 0], points[known, 1], s=16, color=colour, zorder=5)


def _key(axes: Axes, figure: Figure, spec: RadarSpec, theme: ChartTheme) -> None:
    width, height = size_of(figure)
    x = 12.0
    for number, shape in enumerate(spec.lines):
        colour = _line_colour(number, shape, spec, theme)
        text = fitted(shape.label, width / max(len(spec.lines), 1) - 30)
        axes.plot(
            [x / width, (x + 14) / width], [10 / height] * 2, color=colour, linewidth=2,
            transform=figure.transFigure, clip_on=False,
        )  # fmt: skip
        put(
            axes, text, (x + 18) / width, 10 / height, theme.ink, va="center_baseline",
            transform=figure.transFigure,
        )  # fmt: skip
        x += 18 + text_width(text, SMALL) * PT_PER_MM + 16


def draw_components(figure: Figure, spec: ComponentsSpec, theme: ChartTheme = LIGHT) -> Axes:
    """Gains above, losses below zero, the balance as a point."""
    begin(figure, theme)
    width, height = size_of(figure)
    top = draw_title(figure, theme, spec.title, spec.unit)
    gains = np.where(spec.parts > 0, spec.parts, 0).sum(axis=0)
    losses = np.where(spec.parts < 0, spec.parts, 0).sum(axis=0)
    ticks = value_ticks(
        float(losses.min(initial=0)), float(gains.max(initial=0)), int((height - top - 60) // 28)
    )
    texts = tick_texts(list(ticks), signed=True)
    left = max(text_width(t, SMALL) for t in texts) * PT_PER_MM + 16
    axes = axes_in(figure, theme, left, top, 14, 46)
    axes.set_ylim(ticks[0], ticks[-1])
    set_ticks(axes.yaxis, list(ticks), texts, theme.quiet)
    axes.yaxis.grid(visible=True, color=theme.grid, linewidth=0.6)
    n = len(spec.places)
    axes.set_xlim(-0.6, max(n, 1) - 0.4)
    each = (width - left - 14) / max(n, 1)
    widest = max((text_width(t, SMALL) for t in spec.places), default=0) * PT_PER_MM + 8
    step = max(1, int(np.ceil(widest / each))) if n > 12 else 1
    places = list(range(n - 1, -1, -step))[::-1]
    set_ticks(axes.xaxis, places, [fitted(spec.places[i], each * step) for i in places], theme.ink)
    above, below = np.zeros(n), np.zeros(n)
    for number, part in enumerate(spec.parts):
        known = np.nan_to_num(part)
        base = np.where(known >= 0, above, below)
        bars = axes.bar(
            np.arange(n), known, 0.72, bottom=base, zorder=3, linewidth=0.5,
            color=PART_COLOURS[number % len(PART_COLOURS)], edgecolor=theme.paper,
        )  # fmt: skip
        for bar, ahead in zip(bars, spec.ahead, strict=False):
            bar.set_alpha(0.55 if ahead else 1.0)
        above, below = above + np.maximum(known, 0), below + np.minimum(known, 0)
    axes.axhline(0, color=theme.ink, linewidth=0.9, zorder=4)
    if any(spec.ahead):
        _begin_forecast(axes, spec.ahead.index(True) - 0.5, theme)
    axes.plot(
        np.arange(n), spec.balance, marker="D", markersize=4.6, color=theme.ink, linewidth=0,
        markeredgecolor=theme.paper, markeredgewidth=0.8, zorder=6,
    )  # fmt: skip
    x = left
    for number, name in enumerate((*spec.names, _("Balance"))):
        last = number == len(spec.names)
        colour = theme.ink if last else PART_COLOURS[number % len(PART_COLOURS)]
        axes.plot(
            [(x + 4) / width], [13 / height], marker="D" if last else "s", markersize=5.5,
            color=colour, transform=figure.transFigure, clip_on=False,
        )  # fmt: skip
        put(
            axes, name, (x + 11) / width, 13 / height, theme.ink, va="center_baseline",
            transform=figure.transFigure,
        )  # fmt: skip
        x += 11 + text_width(name, SMALL) * PT_PER_MM + 14
    return axes


def _begin_forecast(axes: Axes, at: float, theme: ChartTheme) -> None:
    """A dashed line where the forecast begins."""
    axes.axvline(at, color=theme.quiet, linewidth=0.9, dashes=(3.5, 2.0), zorder=2)
    axes.annotate(
        _("Forecast"), (at, 1), xycoords=("data", "axes fraction"), xytext=(4, -2),
        textcoords="offset points", va="top", fontproperties=font(SMALL), color=theme.quiet,
        parse_math=False,
    )  # fmt: skip


def draw_flow_matrix(figure: Figure, spec: FlowSpec, theme: ChartTheme = LIGHT) -> Axes:
    """From (rows) to (columns), shaded by number; unknown cells show a point."""
    begin(figure, theme)
    width, height = size_of(figure)
    top = draw_title(figure, theme, spec.title, spec.unit)
    n = len(spec.names)
    widest = max((text_width(t, SMALL) for t in spec.names), default=0) * PT_PER_MM
    left = min(widest + 26, width * 0.34)
    axes = axes_in(figure, theme, left, top + 26, 12, 12)
    axes.set_xlim(-0.5, max(n, 1) - 0.5)
    axes.set_ylim(max(n, 1) - 0.5, -0.5)
    axes.xaxis.tick_top()
    axes.tick_params(length=0, pad=3)
    room = (width - left - 12) / max(n, 1)
    numbered = [f"{i + 1}  {fitted(t, left - 26)}" for i, t in enumerate(spec.names)]
    columns = [f"{i + 1}  {fitted(t, room - 14)}" if room > 60 else str(i + 1)
               for i, t in enumerate(spec.names)]  # fmt: skip
    set_ticks(axes.yaxis, list(range(n)), numbered, theme.ink)
    set_ticks(axes.xaxis, list(range(n)), columns, theme.ink)
    put(
        axes, _("From row to column"), 8 / width, 1 - (top + 6) / height,
        theme.quiet, transform=figure.transFigure,
    )  # fmt: skip
    between = spec.moves.copy()
    np.fill_diagonal(between, np.nan)
    most = np.nanmax(between, initial=1.0, where=np.isfinite(between))
    ramp = palette("ylgnbu").colours(7)
    tall = (height - top - 40) / max(n, 1)
    for i in range(n):
        for j in range(n):
            value = float(spec.moves[i, j])
            own = i == j
            share = np.sqrt(min(max(value, 0) / most, 1)) if np.isfinite(value) else 0
            colour = theme.band if own or not np.isfinite(value) else ramp[min(int(share * 7), 6)]
            axes.add_patch(
                Rectangle((j - 0.48, i - 0.47), 0.96, 0.94, facecolor=colour, linewidth=0)
            )
            if room > 22 and tall > 9:
                dark = sum(int(colour[k : k + 2], 16) for k in (1, 3, 5)) < 3 * 128
                put(
                    axes, format_number(value) if np.isfinite(value) else ".", j, i,
                    "#ffffff" if dark else "#1a1a1a", ha="center", va="center_baseline",
                )  # fmt: skip
    return axes


@dataclass(frozen=True, eq=False)
class ChordRing:
    """Angles of a chord chart: where the arc of each area begins, how long it is (clockwise), and
    begin and end of each ribbon on it (areas, areas, 2), all in radians."""

    moves: NDArray[np.float64]
    start: NDArray[np.float64]
    own: NDArray[np.float64]
    part: NDArray[np.float64]


def chord_ring(shown: FlowSpec) -> ChordRing | None:
    """The geometry of a chord chart of few areas; None where nobody moved."""
    moves = np.nan_to_num(shown.moves).clip(0)
    np.fill_diagonal(moves, 0)
    n, total = len(shown.names), moves.sum()
    if not total:
        return None
    gap = 0.03 * 2 * np.pi / max(n, 1)
    turn = (2 * np.pi - n * gap) / total
    own = moves.sum(axis=1) * turn
    start = np.pi / 2 - np.concatenate([[0], np.cumsum(own + gap)[:-1]])
    at = start.copy()
    part = np.zeros((n, n, 2))
    for i in range(n):
        # Ribbons to near neighbours lie beside them, so that few cross.
        for j in sorted(range(n), key=lambda j: (i - j) % n):
            part[i, j] = at[i], at[i] - moves[i, j] * turn
            at[i] = part[i, j, 1]
    return ChordRing(moves, start, own, part)


def draw_chord(figure: Figure, spec: FlowSpec, theme: ChartTheme = LIGHT) -> Axes:
    """Areas on a circle, moves between them as ribbons: as wide at either end as people left
    there, in the colour of the larger end. Moves within an area are left out."""
    begin(figure, theme)
    width, height = size_of(figure)
    top = draw_title(figure, theme, spec.title, spec.unit)
    shown = spec.largest(CHORD_AREAS)
    axes = axes_in(figure, theme, 8, top, 8, 8)
    room = (width - 16, height - top - 8)
    reach = 1.0 + 2 * 74 / max(min(room), 180)
    ratio = room[0] / max(room[1], 1)
    axes.set_xlim(-reach * max(ratio, 1), reach * max(ratio, 1))
    axes.set_ylim(-reach * max(1 / ratio, 1), reach * max(1 / ratio, 1))
    set_ticks(axes.xaxis, [], [], theme.quiet)
    set_ticks(axes.yaxis, [], [], theme.quiet)
    ring = chord_ring(shown)
    if ring is None:
        put(axes, _("No moves are known."), 0, 0, theme.quiet, ha="center")
        return axes
    moves, start, own, part = ring.moves, ring.start, ring.own, ring.part
    n = len(shown.names)
    colours = [(*LINE_COLOURS, *PART_COLOURS)[i % 12] for i in range(n)]
    for i in range(n):
        degrees = np.degrees([start[i] - own[i], start[i]])
        axes.add_patch(Wedge((0, 0), 1.0, *degrees, width=0.05, facecolor=colours[i], linewidth=0))
        middle = start[i] - own[i] / 2
        x, y = np.cos(middle), np.sin(middle)
        align = "center" if abs(x) < 0.15 else "left" if x > 0 else "right"
        text = f"{fitted(shown.names[i], 96)} {format_number(moves[i].sum())}"
        put(axes, text, x * 1.05, y * 1.06, theme.ink, ha=align, va="center")
    order = [(moves[i, j] + moves[j, i], i, j) for i in range(n) for j in range(i)]
    for size, i, j in sorted(order, reverse=True):
        if size:
            colour = colours[i] if moves[i, j] >= moves[j, i] else colours[j]
            axes.add_patch(
                PathPatch(ribbon(part[i, j], part[j, i]), facecolor=colour, alpha=0.6, linewidth=0)
            )
    return axes


def ribbon(one: NDArray[np.float64], other: NDArray[np.float64]) -> Path:
    """From an arc to another through the middle of the circle."""

    def arc(ends: NDArray[np.float64]) -> NDArray[np.float64]:
        angle = np.linspace(ends[0], ends[1], 12)
        return np.column_stack([np.cos(angle), np.sin(angle)]) * 0.94

    a, b = arc(one), arc(other)
    vertices = np.vstack([a, [[0, 0]], b[:1], b[1:], [[0, 0]], a[:1]])
    codes = [Path.MOVETO] + [Path.LINETO] * 11 + [Path.CURVE3] * 2 + [Path.LINETO] * 11
    return Path(vertices, [*codes, Path.CURVE3, Path.CURVE3])
