"""Layers over the map, drawn one way for screen, picture and page.

On the page they are vectors on the axes of the map; for the screen the same drawing goes through
Agg into an overlay of premultiplied colours, made once per view.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import shapely
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import EllipseCollection, LineCollection, PathCollection
from matplotlib.figure import Figure
from matplotlib.patheffects import Normal, Stroke
from numpy.typing import NDArray

from monitor_app.cartography.draw import compound_path
from monitor_app.cartography.figures import PT_PER_PX, configure, font, text_width
from monitor_app.cartography.layers import Background, Ground, Labels, Overlay, PointLayer, Symbols
from monitor_app.cartography.mapspec import MapSpec
from monitor_app.cartography.pixels import Order, packed
from monitor_app.cartography.raster import View
from monitor_app.cartography.shapes import AreaShapes
from monitor_app.core.formats import format_value

#: Fill, its opacity, and line colour of backgrounds. Nothing shines through: a class colour mixed
#: with green would look like another class; nobody is counted on water or in a wood.
GROUND_LOOKS = {
    Ground.WATER: ("#a9cfe8", 0.85, "#6fa8cc"),
    Ground.GREEN: ("#e3e8d8", 1.0, "#86a06f"),
}
PT_PER_MM = 72 / 25.4
#: Up to so many areas circles may be larger than areas; among more they would hide each other.
FEW = 1000
#: Circles smaller than this (CSS pixels) are dust.
SMALLEST = 0.8


def decor_overlay(
    spec: MapSpec, shapes: AreaShapes, view: View, order: Order = Order.RGBA
) -> NDArray[np.uint32] | None:
    """Premultiplied colours, one per device pixel, of all layers of a map; None where it has
    none."""
    if not spec.layers or len(shapes) != len(spec.keys):
        return None
    configure()
    width, height = view.pixels
    dpi = 96 * view.dpr
    figure = Figure(figsize=(width / dpi, height / dpi), dpi=dpi)
    figure.patch.set_alpha(0)
    canvas: Any = FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    half = view.width / 2 / view.scale, view.height / 2 / view.scale
    axes.set_xlim(view.x - half[0], view.x + half[0])
    axes.set_ylim(view.y - half[1], view.y + half[1])
    draw_layers(axes, spec, shapes, 1 / view.scale)
    canvas.draw()
    image = np.asarray(canvas.buffer_rgba()).astype(np.float64) / 255
    image[..., :3] *= image[..., 3:]  # Agg's colours are not premultiplied
    return packed(image.reshape(-1, 4), order).reshape(height, width)


def fitted_symbols(spec: MapSpec, shapes: AreaShapes, pixel: float) -> MapSpec:
    """The map with circles small enough for its areas; ``pixel``: map units per CSS pixel. The
    legend must be made from the same."""
    symbols = spec.layers.symbols
    if symbols is None:
        return spec
    least = 20.0 if len(shapes) <= FEW else 4.0
    most = max(least, 0.8 * float(np.sqrt(shapes.median_surface)) / pixel)
    if symbols.largest <= most:
        return spec
    return replace(spec, layers=replace(spec.layers, symbols=replace(symbols, largest=most)))


def draw_layers(axes: Axes, spec: MapSpec, shapes: AreaShapes, pixel: float) -> None:
    """Draw on axes in map coordinates; ``pixel``: map units per CSS pixel."""
    layers = fitted_symbols(spec, shapes, pixel).layers
    for background in layers.backgrounds:
        _draw_background(axes, background)
    for overlay in layers.overlays:
        _draw_overlay(axes, overlay)
    if layers.symbols is not None:
        _draw_symbols(axes, layers.symbols, shapes, pixel)
    for points in layers.points:
        _draw_points(axes, points)
    if layers.labels is not None:
        _draw_labels(axes, spec, layers.labels, shapes, pixel)


def _draw_background(axes: Axes, background: Background) -> None:
    fill, opacity, line = GROUND_LOOKS[background.ground]
    lines, areas = _split(background.geometries)
    axes.add_collection(
        PathCollection(
            [compound_path(p) for p in areas],
            facecolors=fill,
            alpha=opacity,
            linewidths=0,
            zorder=6,
        ),
        autolim=False,
    )
    # An edge shows a park as such where the class below has a like colour.
    rings = [r for p in areas for r in shapely.get_rings(p)]
    _add_lines(axes, rings, line, 0.8, 6.1)
    _add_lines(axes, lines, line, 2.0, 6.1)


def _draw_overlay(axes: Axes, overlay: Overlay) -> None:
    lines, areas = _split(overlay.geometries)
    if overlay.fill > 0:
        axes.add_collection(
            PathCollection(
                [compound_path(p) for p in areas], facecolors=overlay.colour,
                alpha=overlay.fill, linewidths=0, zorder=7,
            ),
            autolim=False,
        )  # fmt: skip
    rings = [r for p in areas for r in shapely.get_rings(p)]
    # A light line below keeps it apart from the classes.
    _add_lines(axes, [*lines, *rings], "#ffffff", overlay.width + 1.6, 7.1, opacity=0.75)
    _add_lines(axes, [*lines, *rings], overlay.colour, overlay.width, 7.2, dashed=overlay.dashed)


def _split(geometries: Any) -> tuple[list[Any], list[Any]]:
    """Lines and polygons; everything else is left out."""
    parts = shapely.get_parts(np.array([g for g in geometries if g is not None], dtype=object))
    parts = shapely.get_parts(parts)  # collections of multi-parts
    lines = [p for p in parts if p.geom_type in ("LineString", "LinearRing")]
    return lines, [p for p in parts if p.geom_type == "Polygon" and not p.is_empty]


def _add_lines(
    axes: Axes, lines: list[Any], colour: str, width: float, zorder: float,
    *, opacity: float = 1.0, dashed: bool = False,
) -> None:  # fmt: skip
    axes.add_collection(
        LineCollection(
            [shapely.get_coordinates(line) for line in lines], colors=colour, alpha=opacity,
            linewidths=width * PT_PER_PX, zorder=zorder, capstyle="butt" if dashed else "round",
            linestyles=[(0, (4, 2))] if dashed else "solid",
        ),
        autolim=False,
    )  # fmt: skip


def _draw_symbols(axes: Axes, symbols: Symbols, shapes: AreaShapes, pixel: float) -> None:
    places = anchors(shapes)
    known = np.isfinite(symbols.values) & (symbols.values != 0) & np.isfinite(places).all(axis=1)
    (west, east), (south, north) = axes.get_xlim(), axes.get_ylim()
    shares = np.abs(np.where(known, symbols.values, 0)) / max(symbols.maximum, 1e-300)
    reach = np.sqrt(shares) * symbols.largest / 2 * pixel  # radius in map units
    seen = (places[:, 0] + reach > west) & (places[:, 0] - reach < east)
    seen &= (places[:, 1] + reach > south) & (places[:, 1] - reach < north)
    order = np.flatnonzero(known & seen & (2 * reach >= SMALLEST * pixel))
    order = order[np.argsort(-np.abs(symbols.values[order]), kind="stable")]  # small ones on top
    sizes = 2 * reach[order]
    less = [symbols.values[i] < 0 for i in order]
    fills = ["#ffffff" if below else symbols.colour for below in less]
    edges = [symbols.colour if below else "#ffffff" for below in less]
    axes.add_collection(
        EllipseCollection(
            sizes, sizes, np.zeros(len(sizes)), units="xy", offsets=places[order],
            offset_transform=axes.transData, facecolors=fills, edgecolors=edges,
            linewidths=1.2 * PT_PER_PX, alpha=0.88, zorder=8,
        ),
        autolim=False,
    )  # fmt: skip


def _draw_points(axes: Axes, layer: PointLayer) -> None:
    kinds = np.array(layer.kinds, dtype=object)
    for kind, (colour, shape) in layer.looks.items():
        chosen = layer.places[kinds == kind]
        axes.scatter(
            chosen[:, 0], chosen[:, 1], s=(layer.size * PT_PER_PX) ** 2, c=colour, marker=shape,
            edgecolors="#ffffff", linewidths=1.0 * PT_PER_PX, zorder=9,
        )  # fmt: skip


#: Points inside of areas, found once for the shapes of a map: they do not depend on the view.
_anchors: WeakKeyDictionary[AreaShapes, NDArray[np.float64]] = WeakKeyDictionary()


def anchors(shapes: AreaShapes) -> NDArray[np.float64]:
    """A point inside of each area, shape (n, 2): the centroid where it lies within; NaN for empty
    areas."""
    if shapes not in _anchors:
        _anchors[shapes] = _points_inside(shapes)
    return _anchors[shapes]


def _points_inside(shapes: AreaShapes) -> NDArray[np.float64]:
    polygons = shapes.polygons
    points = shapely.centroid(polygons)
    outside = ~shapely.contains(polygons, points)
    good = outside & ~shapely.is_empty(polygons)
    points[good] = shapely.point_on_surface(polygons[good])
    return np.column_stack([shapely.get_x(points), shapely.get_y(points)])


@dataclass(frozen=True, slots=True)
class PlacedLabel:
    """Lines of text around ``x``/``y``; the box they take is ``width`` × ``height`` map units."""

    position: int
    lines: tuple[str, ...]
    x: float
    y: float
    width: float
    height: float

    def meets(self, other: PlacedLabel) -> bool:
        return (
            abs(self.x - other.x) * 2 < self.width + other.width
            and abs(self.y - other.y) * 2 < self.height + other.height
        )


def placed_labels(
    spec: MapSpec,
    labels: Labels,
    shapes: AreaShapes,
    pixel: float,
    window: tuple[float, float, float, float] | None = None,
) -> tuple[PlacedLabel, ...]:
    """Labels that fit without meeting one another, large areas first. A name that is wider than
    its area by more than a half is left out, and the value alone is tried. ``window``: west,
    south, east and north of what is shown; areas outside get no label."""
    size = labels.size * PT_PER_PX
    places = anchors(shapes)
    boxes = shapes.bounds
    # Areas lower than a line cannot hold one: of 100,000 areas on a screen hardly any is left.
    tall = boxes[:, 3] - boxes[:, 1] >= labels.size * 1.25 * pixel
    if window is not None:
        west, south, east, north = window
        tall &= (boxes[:, 0] < east) & (boxes[:, 2] > west)
        tall &= (boxes[:, 1] < north) & (boxes[:, 3] > south)
    order = np.argsort(-shapely.area(shapes.polygons), kind="stable")
    room = Room(160 * pixel)
    for layer in spec.layers.points:  # facilities stay visible
        side = layer.size * pixel
        for x, y in layer.places:
            room.take(PlacedLabel(-1, (), float(x), float(y), side, side))
    kept: list[PlacedLabel] = []
    for i in order[tall[order]]:
        if not np.isfinite(places[i]).all():
            continue
        wide, high = (boxes[i, 2] - boxes[i, 0]) * 1.1, boxes[i, 3] - boxes[i, 1]
        for lines in _variants(spec, labels, int(i)):
            # The narrowest letters take a quarter of their size: measuring takes time.
            if max(map(len, lines)) * labels.size * 0.25 * pixel > wide:
                continue
            width = max(text_width(t, size) for t in lines) * PT_PER_MM / PT_PER_PX * pixel
            height = len(lines) * labels.size * 1.25 * pixel
            if width > wide or height > high:
                continue
            x, y = float(places[i, 0]), float(places[i, 1])
            shifts = _shifts(spec.layers.symbols, int(i), height, high, pixel)
            tried = (PlacedLabel(int(i), lines, x, y + s, width, height) for s in shifts)
            free = next((label for label in tried if not room.taken(label)), None)
            if free is not None:
                room.take(free)
                kept.append(free)
                break
    return tuple(kept)


def _shifts(
    symbols: Symbols | None, i: int, height: float, high: float, pixel: float
) -> list[float]:
    """How far up a label may go from the middle of its area: not at all, else a little higher or
    lower where that is still inside; below or above a circle that would be hidden."""
    size = 0.0
    if symbols is not None and np.isfinite(symbols.values[i]):
        size = symbols.diameter(float(symbols.values[i])) * pixel
    aside = (size + height) / 2
    if size and aside + height / 2 < high / 2:
        return [-aside, aside]
    return [s * height for s in (0.0, 0.8, -0.8) if abs(s) * height < high / 4]


class Room:
    """Which places are taken, in cells of a grid so that few are compared."""

    def __init__(self, cell: float) -> None:
        self._cell = cell
        self._grid: dict[tuple[int, int], list[PlacedLabel]] = {}

    def _cells(self, label: PlacedLabel) -> list[tuple[int, int]]:
        def span(middle: float, size: float) -> range:
            low, high = (middle - size / 2) // self._cell, (middle + size / 2) // self._cell
            return range(int(low), int(high) + 1)

        return [(a, b) for a in span(label.x, label.width) for b in span(label.y, label.height)]

    def taken(self, label: PlacedLabel) -> bool:
        return any(
            label.meets(other) for cell in self._cells(label) for other in self._grid.get(cell, ())
        )

    def take(self, label: PlacedLabel) -> None:
        for cell in self._cells(label):
            self._grid.setdefault(cell, []).append(label)


def _variants(spec: MapSpec, labels: Labels, i: int) -> list[tuple[str, ...]]:
    value = format_value(
        float(spec.values[i]), int(spec.status[i]), spec.precision, signed=spec.signed
    )
    found: list[tuple[str, ...]] = []
    if labels.names:
        name = spec.names[i]
        parts = [name] if " " not in name and "-" not in name else [name, _broken(name)]
        for part in parts:
            lines = tuple(part.split("\n"))
            found.append((*lines, value) if labels.values else lines)
    if labels.values:
        found.append((value,))
    return [lines for lines in found if all(lines)]


def _broken(name: str) -> str:
    """In two lines, broken at the gap nearest to the middle."""
    gaps = [j for j, c in enumerate(name) if c in " -"]
    at = min(gaps, key=lambda j: abs(j - len(name) / 2))
    return name[: at + 1].rstrip() + "\n" + name[at + 1 :].lstrip()


def _draw_labels(
    axes: Axes, spec: MapSpec, labels: Labels, shapes: AreaShapes, pixel: float
) -> None:
    size = labels.size * PT_PER_PX
    (west, east), (south, north) = axes.get_xlim(), axes.get_ylim()
    for label in placed_labels(spec, labels, shapes, pixel, (west, south, east, north)):
        step = labels.size * 1.25 * pixel
        top = label.y + step * (len(label.lines) - 1) / 2
        for j, line in enumerate(label.lines):
            text = axes.text(
                label.x, top - j * step, line, ha="center", va="center_baseline", zorder=10,
                fontproperties=font(size), color="#1a1a1a", parse_math=False, clip_on=True,
            )  # fmt: skip
            # A light rim makes dark letters readable on dark classes.
            text.set_path_effects(
                [Stroke(linewidth=2.4, foreground="#ffffff", alpha=0.85), Normal()]
            )
