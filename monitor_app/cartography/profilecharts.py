"""Radar, components of change, flow matrix and chord drawn on a figure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Wedge
from matplotlib.path import Path
from numpy.typing import NDArray

from monitor_app.cartography.chartframe import (
    LIGHT,
    SMALL,
    ChartTheme,
    axes_in,
    begin,
    draw_title,
    fill_cells,
    fit_labels,
    fitted,
    ink_on,
    put,
    set_ticks,
    size_of,
    tick_texts,
    value_ticks,
)
from monitor_app.cartography.charts import spread
from monitor_app.cartography.chartspec import LINE_COLOURS
from monitor_app.cartography.figures import PT_PER_MM, font, shorten, text_width, wrap
from monitor_app.cartography.kinds import CATEGORY_COLOURS
from monitor_app.cartography.palettes import palette
from monitor_app.cartography.profilespec import ComponentsSpec, FlowSpec, RadarLine, RadarSpec
from monitor_app.core.formats import format_number
from monitor_app.core.i18n import _

#: Colours of components, told apart by colour-blind readers.
PART_COLOURS = ("#56b4e9", "#7a5195", "#009e73", "#e69f00", "#cc79a7", "#999933")
CHORD_AREAS = 12
#: Colour of what was put together.
REST = "#b9b9b9"


def draw_radar(figure: Figure, spec: RadarSpec, theme: ChartTheme = LIGHT) -> Axes:
    """Axes from the lowest value of all areas (centre) to the highest (rim); the town dark."""
    begin(figure, theme)
    width, height = size_of(figure)
    top = draw_title(figure, theme, spec.title, "")
    axes = axes_in(figure, theme, 12, top, 12, 26)
    room = (width - 24, height - top - 26)
    m = len(spec.axes)
    # In a low and wide window the names stand in a list beside the figure.
    listed = room[1] < 230 and room[0] > 2 * room[1]
    radius = _round_axes(axes, theme, room, *((14, 11) if listed else (84, 40)))
    angles = np.pi / 2 - 2 * np.pi * np.arange(m) / m
    spokes = np.column_stack([np.cos(angles), np.sin(angles)])
    if listed:
        low, high = axes.get_xlim()
        axes.set_xlim(low + 0.5 * (high - low) - 1.35, high + 0.5 * (high - low) - 1.35)
    for step in (0.25, 0.5, 0.75, 1.0):
        ring = np.vstack([spokes, spokes[:1]]) * step
        axes.plot(ring[:, 0], ring[:, 1], color=theme.grid, linewidth=0.7, zorder=1)
    for x, y in spokes:
        axes.plot([0, x], [0, y], color=theme.grid, linewidth=0.7, zorder=1)
    if listed:
        _list_axes(axes, spec, spokes, radius, theme)
    else:
        for i in range(m):
            _name_axis(axes, spec, i, spokes[i], radius, room[0], theme)
    for number, shape in enumerate(spec.lines):
        _draw_shape(axes, shape, spokes, _line_colour(number, shape, spec, theme))
    _key(axes, figure, spec, theme)
    return axes


def _span(spec: RadarSpec, i: int) -> str:
    """From the lowest to the highest value of an axis."""
    if not np.isfinite(spec.low[i]):
        return ""
    text = _("{low} to {high}").format(
        low=format_number(float(spec.low[i]), spec.precisions[i]),
        high=format_number(float(spec.high[i]), spec.precisions[i]),
    )
    return f"{text} {spec.units[i]}".strip()


def _name_axis(
    axes: Axes, spec: RadarSpec, i: int, spoke: NDArray[np.float64], radius: float, room: float,
    theme: ChartTheme,
) -> None:  # fmt: skip
    """Name and range at the end of a spoke. ``radius`` and ``room``: points."""
    x, y = (float(v) for v in spoke)
    align = "center" if abs(x) < 0.2 else "left" if x > 0 else "right"
    beside = room / 2 - abs(x) * 1.07 * radius
    space = room * 0.6 if align == "center" else beside
    lines = shorten(wrap(spec.axes[i], space / PT_PER_MM, SMALL, "bold"), 2)
    line = SMALL * 1.35 / radius
    rows = [*((t, theme.ink, "bold") for t in lines), (_span(spec, i), theme.quiet, "regular")]
    lift = len(rows) - 1 if y > 0.2 else 0 if y < -0.2 else (len(rows) - 1) / 2
    for j, (text, colour, face) in enumerate(rows):
        put(
            axes, text, x * 1.07, 1.09 * y + (lift - j) * line, colour, ha=align, va="center",
            face=face,
        )  # fmt: skip


def _list_axes(
    axes: Axes, spec: RadarSpec, spokes: NDArray[np.float64], radius: float, theme: ChartTheme
) -> None:
    """Numbers at the spokes; beside the figure the numbers again with names and ranges."""
    line = min(SMALL * 1.7 / radius, 2.2 / max(len(spokes), 1))
    right = axes.get_xlim()[1]
    top = (len(spokes) - 1) / 2 * line
    for i, (x, y) in enumerate(spokes):
        put(axes, str(i + 1), x * 1.13, y * 1.13, theme.ink, ha="center", va="center", face="bold")
        at = 1.55
        name = fitted(f"{i + 1}  {spec.axes[i]}", (right - at) * radius * 0.62)
        put(axes, name, at, top - i * line, theme.ink, va="center")
        span = fitted(_span(spec, i), (right - at) * radius * 0.36)
        put(axes, span, right - 0.05, top - i * line, theme.quiet, ha="right", va="center")


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


def _part_colour(spec: ComponentsSpec, number: int) -> str:
    slot = spec.slots[number] if number < len(spec.slots) else number
    return PART_COLOURS[slot % len(PART_COLOURS)]


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
            color=_part_colour(spec, number), edgecolor=theme.paper,
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
        colour = theme.ink if last else _part_colour(spec, number)
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
    top = draw_title(figure, theme, spec.title, "")
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
    short = [str(i + 1) for i in range(n)]
    columns = [f"{i + 1}  {fitted(t, room - 14)}" for i, t in enumerate(spec.names)]
    set_ticks(axes.yaxis, list(range(n)), numbered, theme.ink)
    set_ticks(axes.xaxis, list(range(n)), columns if room > 60 else short, theme.ink)
    wide = text_width(str(n), SMALL) * PT_PER_MM + 4
    step = 1 if room > 60 else max(1, int(np.ceil(wide / max(room, 0.1))))
    for i, label in enumerate(axes.xaxis.get_ticklabels()):
        label.set_visible(i % step == 0)
    fit_labels(axes.yaxis, (height - top - 38) / max(n, 1))
    put(
        axes, _("Moves from row to column"), 8 / width, 1 - (top + 6) / height,
        theme.quiet, transform=figure.transFigure,
    )  # fmt: skip
    between = spec.moves.copy()
    np.fill_diagonal(between, np.nan)
    most = np.nanmax(between, initial=1.0, where=np.isfinite(between))
    ramp = palette("ylgnbu").colours(7)
    tall = (height - top - 40) / max(n, 1)
    shares = np.sqrt(np.clip(np.nan_to_num(between) / most, 0, 1))
    steps = np.minimum((shares * 7).astype(int), 6)
    cells = [
        (i, j, ramp[steps[i, j]] if np.isfinite(between[i, j]) else theme.band)
        for i in range(n)
        for j in range(n)
    ]
    fill_cells(axes, cells, 0.47)
    for i, j, colour in cells if room > 22 and tall > 9 else ():
        value = float(spec.moves[i, j])
        put(
            axes, format_number(value) if np.isfinite(value) else ".", j, i, ink_on(colour),
            ha="center", va="center_baseline",
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
    names = [fitted(name, 110) for name in shown.names]
    beside = max((text_width(t, SMALL) for t in names), default=0) * PT_PER_MM + 44
    radius = _round_axes(axes, theme, (width - 16, height - top - 8), beside, SMALL * 1.6)
    ring = chord_ring(shown)
    if ring is None:
        put(axes, _("No moves are known."), 0, 0, theme.quiet, ha="center")
        return axes
    moves, start, own, part = ring.moves, ring.start, ring.own, ring.part
    n = len(shown.names)
    own_colours = [c for c in CATEGORY_COLOURS if c != REST]
    colours = [own_colours[i % len(own_colours)] for i in range(n)]
    if n < len(spec.names):
        colours[-1] = REST  # all others together are no area of their own
    for i in range(n):
        degrees = np.degrees([start[i] - own[i], start[i]])
        axes.add_patch(Wedge((0, 0), 1.0, *degrees, width=0.05, facecolor=colours[i], linewidth=0))
    order = [(moves[i, j] + moves[j, i], i, j) for i in range(n) for j in range(i)]
    for size, i, j in sorted(order, reverse=True):
        if size:
            colour = colours[i] if moves[i, j] >= moves[j, i] else colours[j]
            axes.add_patch(
                PathPatch(ribbon(part[i, j], part[j, i]), facecolor=colour, alpha=0.6, linewidth=0)
            )
    texts = [f"{name} {format_number(moves[i].sum())}" for i, name in enumerate(names)]
    _name_arcs(axes, texts, start - own / 2, SMALL * 1.25 / radius, theme)
    return axes


def _round_axes(
    axes: Axes, theme: ChartTheme, room: tuple[float, float], beside: float, above: float
) -> float:
    """Axes for a circle of radius 1 in the middle of ``room`` (points), with space for words
    ``beside`` and ``above`` it; returns the points of the radius."""
    radius = max(min(room[0] / 2 - beside, room[1] / 2 - above), 12.0)
    axes.set_xlim(-room[0] / 2 / radius, room[0] / 2 / radius)
    axes.set_ylim(-room[1] / 2 / radius, room[1] / 2 / radius)
    set_ticks(axes.xaxis, [], [], theme.quiet)
    set_ticks(axes.yaxis, [], [], theme.quiet)
    return radius


def _name_arcs(
    axes: Axes, texts: list[str], angles: NDArray[np.float64], least: float, theme: ChartTheme
) -> None:
    """Names beside the circle, at the height of their arcs where that leaves room for all of one
    side; a thin line leads to those that had to move."""
    high = axes.get_ylim()[1] - least / 2
    for side in (-1, 1):
        own = [i for i, a in enumerate(angles) if (np.cos(a) >= 0) == (side > 0)]
        places = spread([float(np.sin(angles[i])) * 1.04 for i in own], least, -high, high)
        for i, y in zip(own, places, strict=True):
            x = side * float(np.sqrt(max(1.08**2 - min(abs(y), 1.05) ** 2, 0.06)))
            at = np.cos(angles[i]), np.sin(angles[i])
            if abs(y - at[1]) > least:
                axes.plot([at[0], x * 0.99], [at[1], y], color=theme.quiet, linewidth=0.5)
            put(axes, texts[i], x, y, theme.ink, ha="left" if side > 0 else "right", va="center")


def ribbon(one: NDArray[np.float64], other: NDArray[np.float64]) -> Path:
    """From an arc to another through the middle of the circle."""

    def arc(ends: NDArray[np.float64]) -> NDArray[np.float64]:
        angle = np.linspace(ends[0], ends[1], 12)
        return np.column_stack([np.cos(angle), np.sin(angle)]) * 0.94

    a, b = arc(one), arc(other)
    vertices = np.vstack([a, [[0, 0]], b[:1], b[1:], [[0, 0]], a[:1]])
    codes = [Path.MOVETO] + [Path.LINETO] * 11 + [Path.CURVE3] * 2 + [Path.LINETO] * 11
    return Path(vertices, [*codes, Path.CURVE3, Path.CURVE3])
