"""Scatter, histogram, box plots and correlation matrix drawn on a figure."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from monitor_app.cartography.chartframe import (
    LIGHT,
    SMALL,
    ChartTheme,
    axes_in,
    begin,
    city_line,
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
from monitor_app.cartography.figures import PT_PER_MM, text_width
from monitor_app.cartography.palettes import palette
from monitor_app.cartography.relationspec import (
    BoxSpec,
    CorrelationSpec,
    HistogramSpec,
    ScatterSpec,
)
from monitor_app.core.formats import format_number, format_p
from monitor_app.core.i18n import _, ngettext

#: How much is left of points that a filter leaves out.
FADED = 0.2
#: Scatter charts with up to this many areas name the ones far from the line.
NAMED = 3


def draw_scatter(figure: Figure, spec: ScatterSpec, theme: ChartTheme = LIGHT) -> Axes:
    """Points in the colours of the map, the regression line and its figures."""
    begin(figure, theme)
    width, height = size_of(figure)
    top = draw_title(figure, theme, spec.title, "")
    # The vertical measure is named above its axis, where it can be read without turning.
    unit = f" ({spec.y_unit})" if spec.y_unit else ""
    y_ticks = value_ticks(*_range(spec.y), int((height - top - 60) // 32))
    x_ticks = value_ticks(*_range(spec.x), int((width - 70) // 60))
    y_texts = tick_texts(list(y_ticks))
    left = max(text_width(t, SMALL) for t in y_texts) * PT_PER_MM + 16
    unit_x = f" ({spec.x_unit})" if spec.x_unit else ""
    note, x_name = scatter_note(spec), fitted(spec.x_title + unit_x, width - 24)
    # Both words below the axis share a line where they fit.
    both = (text_width(note, SMALL) + text_width(x_name, SMALL)) * PT_PER_MM + 48 < width
    axes = axes_in(figure, theme, left, top + 14, 16, 32 if both else 46)
    axes.set_xlim(x_ticks[0], x_ticks[-1])
    axes.set_ylim(y_ticks[0], y_ticks[-1])
    set_ticks(axes.xaxis, list(x_ticks), tick_texts(list(x_ticks)), theme.quiet)
    set_ticks(axes.yaxis, list(y_ticks), y_texts, theme.quiet)
    axes.grid(visible=True, color=theme.grid, linewidth=0.6)
    put(
        axes, fitted(spec.y_title + unit, width - 24), 8 / width, 1 - (top + 6) / height,
        theme.ink, transform=figure.transFigure,
    )  # fmt: skip
    put(
        axes, x_name, 1 - 16 / width, (6 if both else 20) / height, theme.ink,
        ha="right", transform=figure.transFigure,
    )  # fmt: skip
    marked = [key in spec.selected or key == spec.hovered for key in spec.keys]
    points = axes.scatter(
        spec.x, spec.y, s=[46 if m else 22 for m in marked], c=list(spec.colours) or "#5b8db8",
        edgecolors=[theme.ink if m else theme.quiet for m in marked],
        linewidths=[1.4 if m else 0.5 for m in marked], zorder=4,
        clip_on=False,  # points on the edge of the axes are whole
    )  # fmt: skip
    if spec.faded:
        points.set_alpha([FADED if k in spec.faded else 1.0 for k in spec.keys])
    if spec.line is not None:
        ends = np.array(axes.get_xlim())
        axes.plot(
            ends, spec.line.intercept + spec.line.slope * ends, color=theme.ink, linewidth=1.2,
            zorder=3, scaley=False,
        )  # fmt: skip
    _name_points(axes, spec, theme)
    put(axes, note, 8 / width, 6 / height, theme.quiet, transform=figure.transFigure)
    return axes


def scatter_note(spec: ScatterSpec) -> str:
    """Number of areas, r² and significance in words a planner reads."""
    line = spec.line
    count = len(spec.keys) if line is None else line.n
    parts = [f"n = {format_number(count)}"]
    if line is not None and np.isfinite(line.r):
        parts += [f"r = {format_number(line.r, 2)}", f"r² = {format_number(line.r2, 2)}"]
        if np.isfinite(line.p):
            text = format_p(line.p)
            parts.append(f"p {text}" if text.startswith("<") else f"p = {text}")
    if spec.without:
        text = ngettext("{count} area left out", "{count} areas left out", spec.without)
        parts.append(text.format(count=format_number(spec.without)))
    return "   ·   ".join(parts)


def _name_points(axes: Axes, spec: ScatterSpec, theme: ChartTheme) -> None:
    chosen = {i for i, k in enumerate(spec.keys) if k in spec.selected or k == spec.hovered}
    far = np.where([k in spec.faded for k in spec.keys], np.nan, np.abs(spec.residuals))
    if np.isfinite(far).any():
        known = [int(i) for i in np.argsort(-np.nan_to_num(far), kind="stable")[:NAMED]]
        chosen |= {i for i in known if np.isfinite(far[i])}
    low, high = axes.get_xlim()
    taken: list[tuple[float, float, float, float]] = []
    first = sorted(chosen, key=lambda i: (spec.keys[i] not in spec.selected, -far[i]))
    for i in first:
        wide = text_width(spec.names[i], SMALL) * PT_PER_MM
        x, y = axes.transData.transform((spec.x[i], spec.y[i])) * 72 / axes.figure.dpi
        right = spec.x[i] < (low + high) / 2
        for dx, dy in ((5, 3), (-5, 3), (5, -10), (-5, -10)):
            dx = dx if right else -dx
            left = x + dx if dx > 0 else x + dx - wide
            box = (left, y + dy - 2, left + wide, y + dy + SMALL)
            if not any(_overlap(box, other) for other in taken):
                break
        else:
            continue  # no room for this name
        taken.append(box)
        axes.annotate(
            spec.names[i], (spec.x[i], spec.y[i]), xytext=(dx, dy),
            textcoords="offset points", ha="left" if dx > 0 else "right", color=theme.ink,
            fontproperties=_font(spec.keys[i] in spec.selected), parse_math=False, zorder=6,
        )  # fmt: skip


def _overlap(
    one: tuple[float, float, float, float], other: tuple[float, float, float, float]
) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _font(bold: bool) -> object:
    from monitor_app.cartography.figures import font

    return font(SMALL, "bold" if bold else "regular")


def _range(values: np.ndarray) -> tuple[float, float]:
    return (float(values.min()), float(values.max())) if len(values) else (np.nan, np.nan)


def draw_histogram(figure: Figure, spec: HistogramSpec, theme: ChartTheme = LIGHT) -> Axes:
    """Bars in the colours of the classes, breaks as lines, the town as a dashed line."""
    begin(figure, theme)
    width, height = size_of(figure)
    top = draw_title(figure, theme, spec.title, spec.unit)
    totals = spec.counts.sum(axis=1)
    most = float(max(totals.max(initial=0), 1))
    y_ticks = value_ticks(0, most, int((height - top - 40) // 28), whole=True)
    axes = axes_in(figure, theme, 34, top + 12, 16, 26)
    axes.set_ylim(0, y_ticks[-1])
    set_ticks(axes.yaxis, list(y_ticks), [format_number(t) for t in y_ticks], theme.quiet)
    axes.yaxis.grid(visible=True, color=theme.grid, linewidth=0.6)
    edges = spec.edges
    axes.set_xlim(float(edges[0]), float(edges[-1]))
    ticks = value_ticks(float(edges[0]), float(edges[-1]), int((width - 50) // 60))
    inside = [t for t in ticks if edges[0] <= t <= edges[-1]]
    set_ticks(axes.xaxis, inside, tick_texts(inside, signed=spec.signed), theme.quiet)
    below = np.zeros(len(totals))
    for number, colour in enumerate(spec.colours[: spec.counts.shape[1]]):
        share = spec.counts[:, number]
        axes.bar(
            edges[:-1], share, np.diff(edges), bottom=below, align="edge", color=colour,
            edgecolor=theme.quiet, linewidth=0.5, zorder=3,
        )  # fmt: skip
        below = below + share
    for value in spec.breaks:
        axes.axvline(value, color=theme.quiet, linewidth=0.8, zorder=4)
    if spec.city_value is not None and edges[0] <= spec.city_value <= edges[-1]:
        city_line(axes, spec.city_value, spec.precision, theme, signed=spec.signed)
    return axes


def draw_boxes(figure: Figure, spec: BoxSpec, theme: ChartTheme = LIGHT) -> Axes:
    """One box per district, highest median first."""
    begin(figure, theme)
    width, _height = size_of(figure)
    top = draw_title(figure, theme, spec.title, spec.unit)
    n = len(spec.boxes)
    labels = [f"{b.label} ({format_number(b.n)})" for b in spec.boxes]
    widest = max((text_width(t, SMALL) for t in labels), default=0) * PT_PER_MM
    left = min(widest + 18, width * 0.4)
    axes = axes_in(figure, theme, left, top + 12, 20, 24)
    values = [v for b in spec.boxes for v in (b.low, b.high, *(x for _n, x in b.beyond))]
    values += [] if spec.city_value is None else [spec.city_value]
    ticks = value_ticks(
        min(values, default=np.nan), max(values, default=np.nan), int((width - left) // 60)
    )
    axes.set_xlim(ticks[0], ticks[-1])
    set_ticks(axes.xaxis, list(ticks), tick_texts(list(ticks), signed=spec.signed), theme.quiet)
    axes.xaxis.grid(visible=True, color=theme.grid, linewidth=0.6)
    spare = max(3 - n, 0) / 2  # one or two boxes do not fill the height
    axes.set_ylim(max(n, 1) - 0.5 + spare, -0.5 - spare)
    shown = [fitted(t, left - 14) for t in labels]
    set_ticks(axes.yaxis, list(range(n)), shown, theme.ink)
    fit_labels(axes.yaxis, (_height - top - 36) / max(n, 1))
    for y, box in enumerate(spec.boxes):
        axes.plot([box.low, box.high], [y, y], color=theme.quiet, linewidth=1.0, zorder=3)
        axes.add_patch(
            Rectangle(
                (box.q1, y - 0.3), box.q3 - box.q1, 0.6, facecolor="#8fb4d3",
                edgecolor=theme.quiet, linewidth=0.8, zorder=4,
            )
        )  # fmt: skip
        axes.plot([box.median] * 2, [y - 0.3, y + 0.3], color="#10253a", linewidth=1.8, zorder=5)
        axes.scatter(
            [v for _name, v in box.beyond], [y] * len(box.beyond), s=13, facecolors=theme.paper,
            edgecolors=theme.ink, linewidths=0.8, zorder=5,
        )  # fmt: skip
    if spec.city_value is not None:
        city_line(axes, spec.city_value, spec.precision, theme, signed=spec.signed, zorder=6)
    return axes


def draw_correlations(figure: Figure, spec: CorrelationSpec, theme: ChartTheme = LIGHT) -> Axes:
    """Lower triangle, r as number and colour; stronger than 0.5 in bold."""
    begin(figure, theme)
    width, height = size_of(figure)
    top = draw_title(figure, theme, spec.title, "")
    m = len(spec.names)
    widest = max((text_width(t, SMALL) for t in spec.names), default=0) * PT_PER_MM
    left = min(widest + 26, width * 0.42)
    axes = axes_in(figure, theme, left, top, 12, 28)
    axes.set_xlim(-0.5, max(m - 1, 1) - 0.5)
    axes.set_ylim(max(m, 1) - 0.5, -0.5)
    numbered = [f"{i + 1}  {fitted(name, left - 26)}" for i, name in enumerate(spec.names)]
    first = 0 if m else 1  # the first row has no cell, but its name belongs to column 1
    set_ticks(axes.yaxis, list(range(first, m)), numbered[first:], theme.ink)
    each = (width - left) / max(m - 1, 1) - 12
    all_fit = all(text_width(t, SMALL) * PT_PER_MM < each - 12 for t in spec.names[:-1])
    names = [f"{i + 1}  {t}" if all_fit else str(i + 1) for i, t in enumerate(spec.names[:-1])]
    set_ticks(axes.xaxis, list(range(m - 1)), names, theme.ink)
    ramp = palette("puor").colours(7, 3)
    cells: list[tuple[int, int, str]] = []
    for i in range(m):
        for j in range(i):
            r = float(spec.r[i, j])
            known = np.isfinite(r)
            colour = ramp[int(np.clip(np.floor((r + 1) / 2 * 7), 0, 6))] if known else theme.band
            cells.append((i, j, colour))
            put(
                axes, format_number(r, 2) if known else "–", j, i, ink_on(colour), ha="center",
                va="center",
                face="bold" if known and abs(r) > 0.5 else "regular",
            )  # fmt: skip
    fill_cells(axes, cells, 0.48)
    known = spec.n[spec.n > 0]
    low, high = int(known.min()) if len(known) else 0, int(known.max(initial=0))
    span = _("{low} to {high}").format(low=format_number(low), high=format_number(high))
    text = _("Pairs of areas: {count}").format(count=span if low < high else format_number(high))
    put(axes, text, 8 / width, 6 / height, theme.quiet, transform=figure.transFigure)
    return axes
