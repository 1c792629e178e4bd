"""Made-up cities for measuring maps: Voronoi areas with fractal borders that neighbours share."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import Voronoi

#: Segments per border between two areas: with six neighbours about 100 vertices per area.
SEGMENTS = 16
#: Sideways shift of the middle of a border, as a share of its length; halved at each level.
ROUGHNESS = 0.06


def city(n: int, seed: int = 1) -> list[Any]:
    """``n`` polygons that fill a rectangle of 16 × 10 km without gaps or overlaps."""
    rng = np.random.default_rng(seed)
    size = np.array([16_000.0, 10_000.0])
    # Seeds are spread evenly: tiny areas would cross their own borders.
    columns = round(np.sqrt(n * size[0] / size[1]))
    rows = -(-n // columns)
    cells = np.sort(rng.choice(columns * rows, n, replace=False))
    grid = np.column_stack([cells % columns, cells // columns]) + rng.uniform(0.2, 0.8, (n, 2))
    points = grid / [columns, rows] * size
    for _round in range(2):
        vertices, begin, first = _diagram(points, size)
        count = np.diff(first)
        points = np.add.reduceat(vertices[begin], first[:-1]) / count[:, None]
    vertices, begin, first = _diagram(points, size)
    count = np.diff(first)
    following = np.arange(1, len(begin) + 1)
    following[first[1:] - 1] = first[:-1]
    end = begin[following]
    vertices = np.round(vertices, 3)
    low, high = np.minimum(begin, end), np.maximum(begin, end)
    pairs, which = np.unique(low * len(vertices) + high, return_inverse=True)
    lines = _fractal(vertices[pairs // len(vertices)], vertices[pairs % len(vertices)], size, rng)
    rings = lines[which]
    backwards = begin > end
    rings[backwards] = rings[backwards, ::-1]
    coordinates = rings[:, :-1].reshape(-1, 2)
    owner = np.repeat(np.arange(n), count * SEGMENTS)
    return list(shapely.polygons(shapely.linearrings(coordinates, indices=owner)))


def _diagram(
    points: NDArray[Any], size: NDArray[Any]
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Corners, numbers of the corners of all areas one after the other, and where each area
    begins. Mirrored seeds give every area within the rectangle a closed border along its edge."""
    mirrored = [points]
    reach = 8 * np.sqrt(size.prod() / len(points))
    for axis in (0, 1):
        for edge in (0.0, size[axis]):
            other = points[np.abs(points[:, axis] - edge) < reach].copy()
            other[:, axis] = 2 * edge - other[:, axis]
            mirrored.append(other)
    diagram = Voronoi(np.concatenate(mirrored))
    regions = [diagram.regions[r] for r in diagram.point_region[: len(points)]]
    first = np.concatenate([[0], np.cumsum([len(r) for r in regions])])
    return diagram.vertices, np.concatenate([np.asarray(r) for r in regions]), first


def _fractal(
    begin: NDArray[Any], end: NDArray[Any], size: NDArray[Any], rng: np.random.Generator
) -> NDArray[Any]:
    """Midpoint displacement of all borders at once; the edge of the city stays straight."""
    lines = np.stack([begin, end], axis=1)
    middle = (begin + end) / 2
    at_edge = (np.abs(middle) < 0.01) | (np.abs(middle - size) < 0.01)
    free = (~at_edge.any(axis=1))[:, None, None]
    strength = ROUGHNESS
    while lines.shape[1] <= SEGMENTS:
        step = lines[:, 1:] - lines[:, :-1]
        across = np.stack([-step[..., 1], step[..., 0]], axis=-1)
        shift = rng.normal(0, strength, (*across.shape[:2], 1)).clip(-0.15, 0.15)
        between = (lines[:, 1:] + lines[:, :-1]) / 2 + across * shift * free
        woven = np.empty((len(lines), 2 * lines.shape[1] - 1, 2))
        woven[:, 0::2], woven[:, 1::2] = lines, between
        lines = woven
    return lines


def write_wkb(path: Path, geometries: Sequence[Any]) -> None:
    """Geometries for a program that has no libraries in common with us: length, then WKB."""
    with path.open("wb") as file:
        for blob in shapely.to_wkb(np.asarray(geometries, dtype=object)):
            file.write(struct.pack("<I", len(blob)))
            file.write(blob)
