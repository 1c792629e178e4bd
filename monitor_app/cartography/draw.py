"""The map as vectors on matplotlib axes: same classes, colours, patterns and borders as the
screen, drawn from the same ``MapSpec``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.path import Path
from numpy.typing import NDArray

from monitor_app.cartography.colour import mix
from monitor_app.cartography.figures import PT_PER_MM, PT_PER_PX
from monitor_app.cartography.looks import Pattern, Swatch
from monitor_app.cartography.mapspec import AREAS, OUTLINE, Border, MapSpec
from monitor_app.cartography.shapes import AreaShapes

#: From this number of areas on, outlines are thinned to what print can show.
SIMPLIFY_FROM = 10_000
#: Deviation allowed when thinning, in points on paper.
SIMPLIFY_POINTS = 0.12
#: Gaps between neighbours that are not meant as gaps, in points on paper.
SLIVER_POINTS = 0.35


def draw_map(
    axes: Axes, spec: MapSpec, shapes: AreaShapes, width: float, height: float
) -> float | None:
    """Draw into axes of ``width`` × ``height`` millimetres; returns metres of the map per
    millimetre of paper, None where there is nothing to draw."""
    if len(spec.keys) != len(shapes):
        raise ValueError("the map and its shapes have different areas")
    extent = shapes.extent
    if extent is None:
        return None
    west, south, east, north = extent
    metres = max((east - west) / (width - 1.2), (north - south) / (height - 1.2), 1e-9)
    x, y = (west + east) / 2, (south + north) / 2
    axes.set_xlim(x - metres * width / 2, x + metres * width / 2)
    axes.set_ylim(y - metres * height / 2, y + metres * height / 2)
    point = metres / PT_PER_MM  # map units per point
    polygons = thinned(shapes, point)
    _draw_fills(axes, spec, polygons, shapes, point)
    _draw_patterns(axes, spec, polygons, point)
    _draw_borders(axes, spec.borders, polygons, shapes, point)
    return metres


def thinned(shapes: AreaShapes, point: float) -> NDArray[Any]:
    """The polygons, simplified where there are more than print can show. Shared borders stay
    shared in a clean coverage."""
    if len(shapes) <= SIMPLIFY_FROM:
        return shapes.polygons
    tolerance = SIMPLIFY_POINTS * point
    if shapes.is_coverage:
        return np.asarray(shapely.coverage_simplify(shapes.polygons, tolerance))
    return np.asarray(shapely.simplify(shapes.polygons, tolerance))


def compound_path(polygon: Any) -> Path:
    """A (multi)polygon with holes as one path."""
    vertices: list[NDArray[np.float64]] = []
    codes: list[NDArray[np.uint8]] = []
    for part in shapely.get_parts(polygon):
        for ring in shapely.get_rings(part):
            points = shapely.get_coordinates(ring)
            code = np.full(len(points), Path.LINETO, dtype=np.uint8)
            code[0], code[-1] = Path.MOVETO, Path.CLOSEPOLY
            vertices.append(points)
            codes.append(code)
    if not vertices:
        return Path(np.empty((0, 2)))
    return Path(np.concatenate(vertices), np.concatenate(codes))


def _draw_fills(
    axes: Axes, spec: MapSpec, polygons: NDArray[Any], shapes: AreaShapes, point: float
) -> None:
    """Fill and area border in one stroke per area: the later one paints over the half of the
    border that belongs to it and draws the whole border again. Further area borders follow as
    lines of their own."""
    colours = [spec.swatches[code].colour for code in spec.codes]
    lines = [b for b in spec.borders if b.level == AREAS]
    # As on the screen, borders fade where areas are only a few points wide.
    share = float(np.clip((shapes.median_surface / point**2 - 6) / 60, 0, 1))
    if share < 0.5:
        lines = lines[-1:]
    paths = [compound_path(p) for p in polygons]
    for i, line in enumerate(lines or [None]):
        edges: Any = "none"
        width = 0.0
        if line is not None:
            width = line.width * PT_PER_PX * (0.4 + 0.3 * share)
            edges = mix("#ffffff", line.colour, line.opacity) if share > 0 else colours
        axes.add_collection(
            PathCollection(
                paths,
                facecolors=colours if i == 0 else "none",
                edgecolors=edges,
                linewidths=width,
                joinstyle="round",
                # Lines over patterns, or these would cut them.
                zorder=1 if i == 0 else 2.5,
            ),
            autolim=False,
        )


def _draw_patterns(axes: Axes, spec: MapSpec, polygons: NDArray[Any], point: float) -> None:
    for code in np.unique(spec.codes):
        swatch = spec.swatches[code]
        if swatch.pattern is Pattern.NONE:
            continue
        below = shapely.union_all(shapely.make_valid(polygons[spec.codes == code]))
        draw_pattern(axes, swatch, below, point * PT_PER_PX)


def draw_pattern(axes: Axes, swatch: Swatch, below: Any, pixel: float) -> None:
    """The pattern of a swatch clipped to a polygon; ``pixel``: units of the axes per CSS pixel."""
    if below.is_empty:
        return
    ink = mix(swatch.colour, swatch.ink, swatch.opacity)
    west, south, east, north = below.bounds
    step = swatch.spacing * pixel
    if swatch.pattern is Pattern.DOTS:
        xs = np.arange(np.floor(west / step), np.ceil(east / step) + 1) * step
        ys = np.arange(np.floor(south / step), np.ceil(north / step) + 1) * step
        grid = np.stack(np.meshgrid(xs, ys), axis=-1).reshape(-1, 2)
        reach = swatch.width * pixel * 0.5
        shapely.prepare(below)
        inside = shapely.contains_xy(below, grid[:, 0], grid[:, 1])
        dots = shapely.buffer(shapely.points(grid[inside]), reach, quad_segs=3)
        axes.add_collection(
            PathCollection(
                [compound_path(d) for d in dots], facecolors=ink, linewidths=0, zorder=2
            ),
            autolim=False,
        )
        return
    lines = pattern_lines(swatch.pattern, (west, south, east, north), step)
    clipped = shapely.intersection(shapely.MultiLineString(lines), below)
    parts = [p for p in shapely.get_parts(clipped) if p.geom_type == "LineString"]
    axes.add_collection(
        LineCollection(
            [shapely.get_coordinates(p) for p in parts],
            colors=ink,
            linewidths=swatch.width * PT_PER_PX * 0.8,
            capstyle="butt",
            zorder=2,
        ),
        autolim=False,
    )


def pattern_lines(
    pattern: Pattern, box: tuple[float, float, float, float], step: float
) -> list[NDArray[np.float64]]:
    """Lines that fill a box; ``step`` is their distance along the axes. Tied to the origin, so
    that neighbouring areas have one pattern."""
    west, south, east, north = box

    def multiples(low: float, high: float) -> NDArray[np.float64]:
        return np.arange(np.ceil(low / step), np.floor(high / step) + 1) * step

    found: list[NDArray[np.float64]] = []
    if pattern is Pattern.HORIZONTAL:
        found += [np.array([[west, y], [east, y]]) for y in multiples(south, north)]
    if pattern in (Pattern.HATCH, Pattern.CROSS):  # rising: y = x + c
        shifts = multiples(south - east, north - west)
        found += [np.array([[west, west + c], [east, east + c]]) for c in shifts]
    if pattern in (Pattern.BACK_HATCH, Pattern.CROSS):  # falling: y = c − x
        shifts = multiples(south + west, north + east)
        found += [np.array([[west, c - west], [east, c - east]]) for c in shifts]
    return found


def _draw_borders(
    axes: Axes,
    borders: Sequence[Border],
    polygons: NDArray[Any],
    shapes: AreaShapes,
    point: float,
) -> None:
    known: dict[str, list[NDArray[np.float64]]] = {}
    sliver = SLIVER_POINTS * point
    if any(border.level == OUTLINE for border in borders):
        everywhere = np.ones(len(shapes), dtype=np.int64)
        known[OUTLINE] = group_rings(polygons, everywhere, sliver, coverage=shapes.is_coverage)
    for i, border in enumerate(borders):
        if border.level == AREAS or (border.level != OUTLINE and border.level not in shapes.groups):
            continue
        if border.level not in known:
            groups = shapes.group_numbers(border.level)[1:].astype(np.int64)
            rings = group_rings(polygons, groups, sliver, coverage=shapes.is_coverage)
            known[border.level] = _inside(rings, known.get(OUTLINE, []), 3 * sliver)
        axes.add_collection(
            LineCollection(
                known[border.level],
                colors=border.colour,
                alpha=None if border.opacity == 1 else border.opacity,
                linewidths=border.width * PT_PER_PX * 0.75,
                joinstyle="round",
                capstyle="butt",
                zorder=3 + i,
            ),
            autolim=False,
        )


def _inside(
    rings: list[NDArray[np.float64]], outline: list[NDArray[np.float64]], reach: float
) -> list[NDArray[np.float64]]:
    """Parts of the rings that do not run along the outline, which has a line of its own."""
    if not outline or not rings:
        return rings
    edge = shapely.buffer(shapely.MultiLineString(outline), reach)
    kept = shapely.difference(shapely.MultiLineString(rings), edge)
    return [shapely.get_coordinates(part) for part in shapely.get_parts(kept) if part.length > 0]


def group_rings(
    polygons: NDArray[Any], groups: NDArray[np.int64], sliver: float, *, coverage: bool
) -> list[NDArray[np.float64]]:
    """Outlines of the union of each group (0: no group). Gaps narrower than ``sliver`` between
    polygons that do not share their borders exactly are closed."""
    rings: list[NDArray[np.float64]] = []
    for group in np.unique(groups[groups > 0]):
        members = polygons[groups == group]
        if coverage:
            whole = shapely.coverage_union_all(members)
        else:
            grown = shapely.buffer(members, sliver, join_style="mitre", mitre_limit=2)
            whole = shapely.buffer(
                shapely.union_all(grown), -sliver, join_style="mitre", mitre_limit=2
            )
        for part in shapely.get_parts(whole):
            rings.extend(
                shapely.get_coordinates(ring)
                for ring in shapely.get_rings(part)
                if shapely.area(shapely.polygons(ring)) > (4 * sliver) ** 2
            )
    return rings
