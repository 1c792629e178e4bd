"""Parts of the legend on paper beside classes: the square of a bivariate map, layers over it."""

from __future__ import annotations

from typing import Any

from matplotlib.patches import Rectangle

from monitor_app.cartography.decor import GROUND_LOOKS
from monitor_app.cartography.figures import (
    INK,
    MM_PER_INCH,
    PT_PER_MM,
    PT_PER_PX,
    QUIET,
    Sheet,
    wrap,
)
from monitor_app.cartography.layers import Ground
from monitor_app.cartography.legend import round_samples
from monitor_app.cartography.mapspec import MapSpec
from monitor_app.core.formats import format_number
from monitor_app.core.i18n import _

BODY, SMALL = 8.5, 7.0
CELL = 9.5
SAMPLE = 8.5
STEP = 5.9


def draw_square(sheet: Sheet, spec: MapSpec, left: float, top: float, width: float) -> float:
    """The 3 × 3 classes of a bivariate map with counts and bounds; returns where it ends."""
    pair = spec.pair
    if pair is None:
        return top
    x0 = left + 13.0
    axes = sheet.axes(x0, top, 3 * CELL, 3 * CELL)
    axes.set_xlim(0, 3)
    axes.set_ylim(0, 3)
    for place, (colour, count) in enumerate(
        zip(spec.class_colours, spec.classification.counts, strict=True)
    ):
        y, x = divmod(place, 3)
        axes.add_patch(Rectangle((x, y), 1, 1, facecolor=colour, edgecolor="#ffffff", linewidth=1))
        dark = sum(int(colour[i : i + 2], 16) for i in (1, 3, 5)) < 3 * 128
        sheet.text(
            x0 + (x + 0.5) * CELL, top + (2.5 - y) * CELL - SMALL * 0.6 / PT_PER_MM,
            format_number(count), SMALL, colour="#ffffff" if dark else INK, align="center",
        )  # fmt: skip
    for i, bound in enumerate(pair.breaks[0]):
        text = format_number(bound, pair.precisions[0])
        sheet.text(x0 + (i + 1) * CELL, top + 3 * CELL + 0.8, text, SMALL, align="center")
    for i, bound in enumerate(pair.breaks[1]):
        text = format_number(bound, pair.precisions[1])
        level = top + (2 - i) * CELL - SMALL * 0.6 / PT_PER_MM
        sheet.text(x0 - 1.2, level, text, SMALL, align="right")
    below = top + 3 * CELL + 5.0
    ways = (_("To the right: {title}"), _("Upwards: {title}"))
    for way, title, unit in zip(ways, pair.titles, pair.units, strict=True):
        text = way.format(title=f"{title} ({unit})" if unit else title)
        below = sheet.paragraph(left, below, wrap(text, width, BODY), BODY) + 0.8
    return below


def draw_layers_key(sheet: Sheet, spec: MapSpec, left: float, top: float, width: float) -> float:
    """Samples of symbols, facilities, lines and backgrounds; returns where they end."""
    layers, y = spec.layers, top
    if layers.symbols is not None and layers.symbols.maximum:
        y = _symbols(sheet, spec, left, y + 2.0, width)
    for points in layers.points:
        y = _head(sheet, points.title, left, y + 2.0, width)
        for kind, (colour, shape) in points.looks.items():
            axes = _box(sheet, left, y)
            axes.plot(
                0, 0, marker=shape, color=colour, markeredgecolor="#ffffff",
                markersize=points.size * PT_PER_PX, markeredgewidth=0.6,
            )  # fmt: skip
            y = _row(sheet, kind, left, y, width, points.kinds.count(kind))
    for overlay in layers.overlays:
        axes = _box(sheet, left, y)
        dashes = (0, (4, 2)) if overlay.dashed else "solid"
        axes.plot(
            [-4, 4], [0, 0], color=overlay.colour, linewidth=overlay.width * PT_PER_PX,
            linestyle=dashes,
        )  # fmt: skip
        y = _row(sheet, overlay.title, left, y, width)
    for background in layers.backgrounds:
        fill, opacity, line = GROUND_LOOKS[background.ground]
        axes = _box(sheet, left, y)
        axes.add_patch(
            Rectangle((-4, -2), 8, 4, facecolor=fill, alpha=opacity, edgecolor=line, linewidth=0.5)
        )
        name = _("Water") if background.ground is Ground.WATER else _("Green areas")
        y = _row(sheet, background.title or name, left, y, width)
    return y


def _box(sheet: Sheet, left: float, top: float) -> Any:
    axes = sheet.axes(left, top, SAMPLE, 4.6)
    axes.set_xlim(-SAMPLE / 2, SAMPLE / 2)
    axes.set_ylim(-2.3, 2.3)
    return axes


def _head(sheet: Sheet, title: str, left: float, top: float, width: float) -> float:
    return sheet.paragraph(left, top, wrap(title, width, BODY, "bold"), BODY, face="bold") + 0.8


def _row(
    sheet: Sheet, text: str, left: float, top: float, width: float, count: int | None = None
) -> float:
    lines = wrap(text, width - SAMPLE - 14, BODY)
    baseline = top + 2.3 - BODY * 0.64 / PT_PER_MM
    end = sheet.paragraph(left + SAMPLE + 3, baseline, lines, BODY)
    if count is not None:
        number = format_number(count)
        sheet.text(left + width, baseline, number, BODY, colour=QUIET, align="right")
    return max(end + 0.6, top + STEP)


def _symbols(sheet: Sheet, spec: MapSpec, left: float, top: float, width: float) -> float:
    symbols = spec.layers.symbols
    if symbols is None:
        return top
    unit = f" ({symbols.unit})" if symbols.unit else ""
    y = _head(sheet, symbols.title + unit, left, top, width)
    samples = round_samples(symbols, SMALL * 1.3 / PT_PER_PX)
    per_px = MM_PER_INCH / 96
    largest = symbols.diameter(samples[0]) * per_px
    axes = sheet.axes(left, y, largest + 24, largest + 1)
    axes.set_xlim(0, largest + 24)
    axes.set_ylim(0, largest + 1)
    for sample in samples:
        size = symbols.diameter(sample) * per_px
        axes.scatter(
            [largest / 2], [size / 2 + 0.3], s=(size * PT_PER_MM) ** 2, facecolors=symbols.colour,
            edgecolors="#ffffff", linewidths=0.7, alpha=0.88, clip_on=False,
        )  # fmt: skip
        height = y + largest + 0.7 - size
        axes.plot(
            [largest / 2, largest + 2], [size + 0.3] * 2, color=QUIET, linewidth=0.4, clip_on=False
        )
        text = format_number(sample, 0 if sample >= 1 else symbols.precision)
        sheet.text(left + largest + 3, height - SMALL * 0.6 / PT_PER_MM, text, SMALL)
    y += largest + 2.5
    if symbols.below_zero:
        axes = _box(sheet, left, y)
        axes.scatter(
            [0], [0], s=9.0**2, facecolors="#ffffff", edgecolors=symbols.colour, linewidths=0.9
        )
        y = _row(sheet, _("hollow: below zero"), left, y, width)
    return y
