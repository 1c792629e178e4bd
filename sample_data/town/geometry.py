"""Boundaries: a coverage of wiggly polygons around a river, in whole centimetres (EPSG:25832)."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import LineString, MultiPolygon, Point, Polygon
from shapely.ops import polygonize, split

from town import plan

Points = NDArray[np.float64]
GRID = 0.01

RIVER = ((2600, -11500), (1500, -8200), (150, -6200), (650, -4300), (-650, -2600), (-350, -1300),
         (-650, -300), (-500, 700), (-1300, 1900), (-1100, 3000), (-2900, 4300), (-2700, 6200),
         (-4300, 8000), (-4600, 11500))  # fmt: skip


@dataclass(frozen=True)
class Town:
    """Polygons per piece (in order of ``plan.pieces()``), and what lies over them."""

    pieces: tuple[Polygon | MultiPolygon, ...]
    river_line: LineString
    river: Polygon | MultiPolygon
    lakes: tuple[tuple[str, Polygon], ...]
    greens: tuple[tuple[str, str, Polygon], ...]  # name, kind, shape
    outline: Polygon


def wiggle(ends: Points, rng: np.random.Generator, amount: float, step: float = 45.0) -> Points:
    """Midpoint displacement of a polyline: each segment is halved until shorter than ``step``;
    midpoints move sideways by up to ``amount`` times the segment's length."""
    points = [ends[0]]
    for p, q in itertools.pairwise(ends):
        line = np.array([p, q])
        while np.hypot(*(line[1] - line[0])) > step:
            d = line[1:] - line[:-1]
            shift = (rng.random(len(d)) * 2 - 1) * amount
            mid = (line[1:] + line[:-1]) / 2 + np.c_[-d[:, 1], d[:, 0]] * shift[:, None]
            merged = np.empty((2 * len(line) - 1, 2))
            merged[0::2], merged[1::2] = line, mid
            line = merged
        points.extend(line[1:])
    return np.array(points)


def smooth(points: Sequence[tuple[float, float]], rounds: int = 3, closed: bool = False) -> Points:
    """Chaikin's corner cutting."""
    line = np.array(points, dtype=float)
    for _ in range(rounds):
        p, q = line, np.roll(line, -1, axis=0)
        if not closed:
            p, q = line[:-1], line[1:]
        cut = np.empty((2 * len(p), 2))
        cut[0::2], cut[1::2] = p * 0.75 + q * 0.25, p * 0.25 + q * 0.75
        line = cut if closed else np.vstack([line[:1], cut, line[-1:]])
    return line


def blob(x: float, y: float, radius: float, rng: np.random.Generator, flat: float = 1.0) -> Polygon:
    """A closed wiggly shape around a point."""
    angle = np.arange(9) / 9 * 2 * np.pi
    r = radius * (0.75 + 0.5 * rng.random(9))
    ring = smooth(list(zip(x + r * np.cos(angle), y + flat * r * np.sin(angle), strict=True)),
                  2, closed=True)  # fmt: skip
    return Polygon(np.round(wiggle(np.vstack([ring, ring[:1]]), rng, 0.08, 30.0), 2))


def _outline(rng: np.random.Generator) -> Polygon:
    angle = np.arange(40) / 40 * 2 * np.pi
    r = 6600 + 500 * np.cos(2 * angle + 0.7) + 420 * np.cos(3 * angle + 2.1)
    r = r + (rng.random(40) * 2 - 1) * 620
    ring = np.c_[200 + r * np.cos(angle), -100 + r * np.sin(angle)]
    return Polygon(wiggle(np.vstack([ring, ring[:1]]), rng, 0.17, 60.0))


def _seeds(banks: dict[str, Polygon], rng: np.random.Generator) -> dict[str, Points]:
    """Seeds of the quarters per district: weighted k-means, denser towards the centre."""
    found: dict[str, Points] = {}
    for bank, shape in banks.items():
        x0, y0, x1, y1 = shape.bounds
        gx, gy = np.meshgrid(np.arange(x0, x1, 90.0), np.arange(y0, y1, 90.0))
        grid = np.c_[gx.ravel(), gy.ravel()]
        grid = grid + (rng.random(grid.shape) - 0.5) * 60
        grid = grid[shapely.contains_xy(shape, grid[:, 0], grid[:, 1])]
        here = [d for d in plan.DISTRICTS if d.bank == bank]
        centres = np.array([(d.x, d.y) for d in here])
        nearest = ((grid[:, None] - centres[None]) ** 2).sum(axis=2).argmin(axis=1)
        for number, district in enumerate(here):
            own = grid[nearest == number]
            weight = np.exp(-np.hypot(own[:, 0], own[:, 1]) / 1900)
            count = sum(name not in plan.ENCLAVES for name, _ in district.quarters)
            found[district.key] = _k_means(own, weight, count, rng)
    return found


def _k_means(points: Points, weight: Points, k: int, rng: np.random.Generator) -> Points:
    """``k`` centres (rounded to 0.1 m), ordered by distance from the town centre."""
    start = np.searchsorted(np.cumsum(weight), (np.arange(k) + rng.random(k)) / k * weight.sum())
    centres = points[np.minimum(start, len(points) - 1)]
    for _ in range(12):
        near = ((points[:, None] - centres[None]) ** 2).sum(axis=2).argmin(axis=1)
        for j in range(k):
            mine = near == j
            if mine.any():
                w = weight[mine][:, None]
                centres[j] = (points[mine] * w).sum(axis=0) / w.sum()
    centres = np.round(centres, 1)
    return centres[np.argsort(np.hypot(centres[:, 0], centres[:, 1]), kind="stable")]


def _arcs(seeds: Points, bank: Polygon) -> list[Points]:
    """Straight borders between the seeds' cells inside a bank, in a fixed order."""
    edges = shapely.voronoi_polygons(
        shapely.MultiPoint(seeds), extend_to=bank.buffer(500), only_edges=True
    )
    clipped = shapely.intersection(edges, bank)
    lines = [shapely.get_coordinates(g) for g in shapely.get_parts(clipped) if g.length > 1]
    lines = [c if tuple(c[0]) <= tuple(c[-1]) else c[::-1] for c in lines]
    return sorted(lines, key=lambda c: tuple(np.round(c[0], 1)) + tuple(np.round(c[-1], 1)))


def _perturb(arcs: list[Points], bank: Polygon, rng: np.random.Generator) -> list[LineString]:
    """Wiggly arcs with the same ends that cross neither each other nor the bank's border."""
    done: list[LineString] = []
    for number, arc in enumerate(arcs):
        middle = arc.mean(axis=0)
        amount = 0.09 + 0.09 * min(1.0, float(np.hypot(*middle)) / 4500)
        waiting = [LineString(a) for a in arcs[number + 1 :]]
        for _ in range(6):
            line = LineString(wiggle(arc, rng, amount))
            inner = shapely.ops.substring(line, 2.0, line.length - 2.0)
            tree = shapely.STRtree([*done, *waiting, bank.exterior])
            if line.is_simple and not len(tree.query(inner, predicate="intersects")):
                break
            amount *= 0.6
        else:
            line = LineString(arc)
        done.append(line)
    return done


def _cells(seeds: Points, bank: Polygon, border: LineString, rng: np.random.Generator
           ) -> list[Polygon]:  # fmt: skip
    """One wiggly polygon per seed. Faces cut off by a bend go to their longest neighbour."""
    lines = _perturb(_arcs(seeds, bank), bank, rng)
    noded = shapely.unary_union([*lines, border], grid_size=GRID)
    faces = [f for f in polygonize(shapely.get_parts(noded)) if bank.buffer(1).contains(f)]
    cells = shapely.get_parts(
        shapely.voronoi_polygons(
            shapely.MultiPoint(seeds), extend_to=bank.buffer(500), ordered=True
        )
    )
    groups: list[list[Polygon]] = [[] for _ in seeds]
    loose: list[Polygon] = []
    for face in sorted(faces, key=lambda f: -f.area):
        overlap = [c.intersection(face).area for c in cells]
        best = int(np.argmax(overlap))
        if groups[best] and not any(face.intersection(f).length > 1 for f in groups[best]):
            loose.append(face)
        else:
            groups[best].append(face)
    for face in loose:
        touch = [max((face.intersection(f).length for f in g), default=0) for g in groups]
        groups[int(np.argmax(touch))].append(face)
    return [shapely.union_all(g) if len(g) > 1 else g[0] for g in groups]


def build(rng: np.random.Generator) -> Town:
    """The whole town; coordinates in EPSG:25832, rounded to centimetres."""
    outline = _outline(rng)
    river = LineString(
        wiggle(smooth(wiggle(np.array(RIVER, float), rng, 0.13, 800.0), 3), rng, 0.03, 40.0)
    )
    outline = shapely.set_precision(outline, GRID)
    river = shapely.set_precision(river, GRID)
    parts = sorted(split(outline, river).geoms, key=lambda g: -g.area)[:2]
    west, east = sorted(parts, key=lambda g: g.representative_point().x)
    banks = {"east": east, "west": west}
    border = shapely.unary_union([outline.exterior, river.intersection(outline)], grid_size=GRID)
    seeds = _seeds(banks, rng)
    cells: dict[str, Polygon] = {}
    for bank, shape in banks.items():
        here = [d for d in plan.DISTRICTS if d.bank == bank]
        points = np.vstack([seeds[d.key] for d in here])
        shapes = iter(_cells(points, shape, border, rng))
        for d in here:
            for name, _ in d.quarters:
                if name not in plan.ENCLAVES:
                    cells[d.key + name] = next(shapes)
    polygons = _finish(cells, rng)
    greens, lakes = _nature(polygons, river, rng)
    water = river.intersection(outline.buffer(150))
    return Town(
        tuple(_shift(p) for p in polygons),
        _shift(water),
        _shift(shapely.set_precision(_river_area(water), GRID)),
        tuple((n, _shift(g)) for n, g in lakes),
        tuple((n, k, _shift(g)) for n, k, g in greens),
        _shift(shapely.coverage_union_all(polygons)),
    )


def _finish(cells: dict[str, Polygon], rng: np.random.Generator) -> list[Polygon | MultiPolygon]:
    """Common nodes on all sides, then enclaves and exclaves; in order of the pieces."""
    names = [p.district + p.label for p in plan.pieces()]
    labels = {p.label: p.district + p.label for p in plan.pieces()}
    cells = _common_nodes(cells)
    for name, host in plan.ENCLAVES.items():
        hole = _inside(cells[labels[host]], 0.30, rng)
        cells[labels[name]] = hole
        cells[labels[host]] = cells[labels[host]].difference(hole)
    for owner, host in plan.EXCLAVES:
        hole = _inside(cells[labels[host]], 0.17, rng)
        cells[labels[host]] = cells[labels[host]].difference(hole)
        cells[labels[owner]] = MultiPolygon([*shapely.get_parts(cells[labels[owner]]), hole])
    return [cells[n].normalize() for n in names]


def _common_nodes(cells: dict[str, Polygon]) -> dict[str, Polygon]:
    """Both banks meet at the river with different corners: give every polygon all of them."""
    lines = shapely.unary_union([c.boundary for c in cells.values()], grid_size=GRID)
    faces = list(polygonize(shapely.get_parts(lines)))
    tree = shapely.STRtree([f.representative_point() for f in faces])
    result = {}
    for name, cell in cells.items():
        mine = sorted(tree.query(cell, predicate="contains"))
        whole = [faces[i] for i in mine]
        result[name] = whole[0] if len(whole) == 1 else shapely.coverage_union_all(whole)
    return result


def _inside(host: Polygon, share: float, rng: np.random.Generator) -> Polygon:
    """A shape well inside ``host`` whose radius is a share of the host's typical radius."""
    middle = shapely.maximum_inscribed_circle(host)
    x, y = shapely.get_coordinates(middle)[0]
    radius = min(share * float(np.sqrt(host.area)), 0.7 * middle.length)
    shape = blob(x, y, radius, rng)
    if not host.buffer(-20).contains(shape):
        raise AssertionError("an enclave must lie inside its host")
    return shape


def _river_area(line: LineString) -> Polygon:
    """The water: 34 m on both sides of the centre line."""
    return line.buffer(34, quad_segs=4)


def _nature(polygons: list[Polygon | MultiPolygon], river: LineString, rng: np.random.Generator
            ) -> tuple[list[tuple[str, str, Polygon]], list[tuple[str, Polygon]]]:  # fmt: skip
    town = shapely.coverage_union_all(polygons)
    wet = river.buffer(60)
    greens = []
    for name, kind, x, y, r, flat in (
        ("Wallanlagen", "Park", 620, -620, 230, 0.6),
        ("Stadtpark", "Park", 3050, 450, 420, 0.8),
        ("Bürgerpark Neustadt", "Park", -1900, 900, 300, 0.9),
        ("Botanischer Garten", "Park", -1750, -750, 190, 1.0),
        ("Nordfriedhof", "Friedhof", 1650, 3300, 330, 0.8),
        ("Südfriedhof", "Friedhof", 2900, -2500, 280, 0.8),
        ("Volkspark West", "Park", -4100, -200, 380, 0.7),
        ("Hohenbecker Holz", "Wald", 5300, 2300, 900, 0.9),
        ("Tannroder Forst", "Wald", 5000, -3600, 1050, 0.8),
        ("Eschener Wald", "Wald", -4600, -3500, 850, 0.9),
        ("Rotenfelder Bruch", "Feuchtgebiet", 1300, 5400, 520, 0.7),
        ("Auwald", "Wald", -300, -4900, 620, 1.2),
    ):
        greens.append((name, kind, blob(x, y, r, rng, flat).intersection(town).difference(wet)))
    lakes = [("Baggersee Auental", blob(-1900, -4300, 330, rng, 0.6)),
             ("Nettelsee", blob(-3300, 3700, 260, rng, 0.7))]  # fmt: skip
    greens = [(n, k, g.difference(shapely.union_all([s for _, s in lakes]))) for n, k, g in greens]
    return greens, [(n, g.intersection(town)) for n, g in lakes]


def _shift(shape: Polygon) -> Polygon:
    """From town coordinates to EPSG:25832, whole centimetres."""
    return shapely.transform(shape, lambda c: np.round(c + np.array(plan.CENTRE), 2)).normalize()


def union(shapes: Sequence[Polygon | MultiPolygon]) -> Polygon | MultiPolygon:
    """Pieces that belong together; shared borders vanish, all other corners stay."""
    return shapely.coverage_union_all(list(shapes)).normalize()


def random_point(shape: Polygon, rng: np.random.Generator) -> Point:
    """A point well inside (whole metres)."""
    core = shape.buffer(-60)
    core = core if not core.is_empty else shape
    x0, y0, x1, y1 = core.bounds
    while True:
        point = Point(
            np.round(x0 + (x1 - x0) * rng.random()), np.round(y0 + (y1 - y0) * rng.random())
        )
        if core.contains(point):
            return point
