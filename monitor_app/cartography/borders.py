"""Lines between areas as one overlay of premultiplied colours.

From the index raster (where neighbouring numbers differ) they are ready at once; through the
places where edges cross pixel rows and columns they are smooth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor_app.cartography.lines import LEVELS, Bars, apart, bars_of, cover_of
from monitor_app.cartography.mapspec import AREAS, OUTLINE, Border
from monitor_app.cartography.pixels import Order, packed
from monitor_app.cartography.raster import IndexRaster, View, grid
from monitor_app.cartography.shapes import AreaShapes

#: Below the first median size (square pixels) area borders vanish, above the second they are
#: full: at 100,000 areas they would cover half of the picture.
FADE = (25.0, 160.0)

Overlay = NDArray[np.uint32]


@dataclass(frozen=True, eq=False)
class Patch:
    """A part of the picture: premultiplied colours (rows, columns) whose upper left corner lies
    at device pixel (``x``, ``y``)."""

    x: int
    y: int
    colours: Overlay


def visible(borders: Sequence[Border], shapes: AreaShapes, view: View) -> tuple[Border, ...]:
    """Borders that can be drawn for these shapes; area borders fade where areas are tiny."""
    size = shapes.median_surface * (view.scale * view.dpr) ** 2
    share = float(np.clip((size - FADE[0]) / (FADE[1] - FADE[0]), 0, 1))
    kept: list[Border] = []
    for border in borders:
        if border.level == AREAS:
            if share > 0:
                kept.append(Border(AREAS, border.width, border.colour, border.opacity * share))
        elif border.level == OUTLINE or border.level in shapes.groups:
            kept.append(border)
    return tuple(kept)


def border_overlay(
    raster: IndexRaster,
    borders: Sequence[Border],
    order: Order = Order.RGBA,
    *,
    smooth: bool = True,
) -> Overlay:
    """Premultiplied colours, one per device pixel."""
    view, shapes = raster.view, raster.shapes
    width, height = view.pixels
    drawn = visible(borders, shapes, view)
    overlay = np.zeros((height, width), dtype=np.uint32)
    if not drawn or not len(shapes):
        return overlay
    covers = _smooth(raster, drawn) if smooth else _quick(raster, drawn)
    levels = LEVELS if smooth else 1
    some = np.zeros(width * height, dtype=np.uint8)
    for cover in covers:
        some |= cover
    touched = np.flatnonzero(some != 0)  # of truth values numpy skips eight at once
    codes = np.zeros(len(touched), dtype=np.int32)
    for cover in covers:
        codes *= levels + 1
        codes += cover[touched]
    overlay.reshape(-1)[touched] = np.take(_table(drawn, levels, order), codes)
    return overlay


def _quick(raster: IndexRaster, drawn: Sequence[Border]) -> list[NDArray[np.uint8]]:
    """Cover (0 or 1) of each border in pixels of the raster."""
    shapes, ids = raster.shapes, raster.ids
    steps = Steps.between(ids)
    covers = []
    for border, inner in _with_side(drawn):
        groups = _groups(shapes, border.level)
        chosen = steps.pixels if groups is None else steps.where(groups, inner=inner)
        width = max(1, round(border.width * raster.view.dpr))
        covers.append(stroke(ids.shape, chosen, width).view(np.uint8).reshape(-1))
    return covers


def _smooth(raster: IndexRaster, drawn: Sequence[Border]) -> list[NDArray[np.uint8]]:
    """Cover (0…``LEVELS``) of each border."""
    shapes, ids = raster.shapes, raster.ids
    edges = shapes.edges
    if all(border.level != AREAS for border in drawn):
        # Only areas beside a border that is drawn are looked at.
        steps = Steps.between(ids)
        beside = [
            chosen
            for level in dict.fromkeys(b.level for b in drawn)
            if (groups := _groups(shapes, level)) is not None
            for chosen in steps.sides(groups)
        ]
        numbers = np.unique(np.concatenate(beside))
        edges = edges.of(numbers[numbers > 0].astype(np.int64) - 1)
    bars = bars_of(raster, edges)
    kept: dict[tuple[str, bool], tuple[Bars, ...]] = {}
    covers: dict[tuple[str, bool, float], NDArray[np.uint8]] = {}
    for border, inner in _with_side(drawn):
        groups = _groups(shapes, border.level)
        key = (border.level, inner)
        if key not in kept:
            kept[key] = bars if groups is None else tuple(b.between(groups, inner) for b in bars)
        wide = (*key, border.width)
        if wide not in covers:
            covers[wide] = cover_of(kept[key], border.width * raster.view.dpr, ids.shape)
    return [covers[(b.level, inner, b.width)] for b, inner in _with_side(drawn)]


def _with_side(drawn: Sequence[Border]) -> list[tuple[Border, bool]]:
    """Where the outline has a line of its own, borders of groups keep to the inside."""
    outlined = any(border.level == OUTLINE for border in drawn)
    return [(b, outlined and b.level not in (AREAS, OUTLINE)) for b in drawn]


def _groups(shapes: AreaShapes, level: str) -> NDArray[np.int32] | None:
    """Number of the group per area number; None where every area is a group of its own."""
    if level == AREAS:
        return None
    if level == OUTLINE:
        return np.minimum(np.arange(len(shapes) + 1), 1).astype(np.int32)
    return shapes.group_numbers(level)


@dataclass(frozen=True, eq=False)
class Steps:
    """Where neighbouring pixels have different numbers: flat position of the left (or upper)
    ``pixels``, and the numbers on both sides. Borders of groups are a part of these few."""

    pixels: NDArray[np.intp]
    one: NDArray[Any]
    other: NDArray[Any]

    @classmethod
    def between(cls, numbers: NDArray[Any]) -> Steps:
        numbers = np.ascontiguousarray(numbers)
        flat, columns = numbers.reshape(-1), numbers.shape[1]
        differs = np.zeros(numbers.shape, dtype=bool)
        np.not_equal(numbers[:, 1:], numbers[:, :-1], out=differs[:, :-1])
        across = np.flatnonzero(differs)
        below = np.flatnonzero(flat[columns:] != flat[:-columns])
        pixels = np.concatenate([across, below])
        other = np.concatenate([across + 1, below + columns])
        return cls(pixels, flat[pixels], flat[other])

    def where(self, group: NDArray[Any], *, inner: bool) -> NDArray[np.intp]:
        """Pixels on borders between groups (``group``: number per number); with ``inner`` not
        those on the border to group 0."""
        return np.asarray(self.pixels[apart(group[self.one], group[self.other], inner)])

    def sides(self, group: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Numbers of the areas on both sides of borders between groups."""
        kept = group[self.one] != group[self.other]
        return self.one[kept], self.other[kept]


def stroke(shape: tuple[int, ...], pixels: NDArray[np.intp], width: int) -> NDArray[np.bool_]:
    """A line of ``width`` pixels through the lower right corners of some pixels: each is stamped
    as a round dot."""
    rows, columns = shape
    padded = columns + 2 * width
    mask = np.zeros((rows + 2 * width, padded), dtype=bool)
    flat = mask.reshape(-1)
    y, x = np.divmod(pixels, columns)
    at = (y + width) * padded + x + width
    middle = 0.5 if width % 2 == 0 else 0.0
    reach = range(-((width - 1) // 2), width // 2 + 1)
    for dy in reach:
        for dx in reach:
            if np.hypot(dy - middle, dx - middle) <= width / 2 + 0.1:
                flat[at + (dy * padded + dx)] = True
    return np.ascontiguousarray(mask[width:-width, width:-width])


def shrink(mask: NDArray[np.bool_], fineness: int) -> NDArray[np.uint8]:
    """Number of marked pixels in each block of ``fineness`` × ``fineness``."""
    whole = mask.view(np.uint8)
    if fineness == 1:
        return whole
    rows = whole[0::fineness].copy()
    for dy in range(1, fineness):
        rows += whole[dy::fineness]
    total = rows[:, 0::fineness].copy()
    for dx in range(1, fineness):
        total += rows[:, dx::fineness]
    return total


@lru_cache(maxsize=16)
def _table(borders: tuple[Border, ...], levels: int, order: Order) -> NDArray[np.uint32]:
    """Premultiplied colour for every combination of coverages, later borders over earlier."""
    base = levels + 1
    colours = np.zeros((base ** len(borders), 4))
    code = np.arange(len(colours))
    for i, border in enumerate(borders):
        cover = (code // base ** (len(borders) - 1 - i)) % base / levels * border.opacity
        ink = [int(border.colour[j : j + 2], 16) / 255 for j in (1, 3, 5)]
        own = np.concatenate([cover[:, None] * np.array(ink), cover[:, None]], axis=1)
        colours = own + colours * (1 - cover[:, None])
    return packed(colours, order)


@dataclass(frozen=True, slots=True)
class Emphasis:
    """How selected and hovered areas stand out: a dark line within a light one."""

    ink: str = "#111111"
    halo: str = "#ffffff"
    width: float = 3.0
    halo_width: float = 1.5


SELECTED = Emphasis()
HOVERED = Emphasis(ink="#d9480f", width=2.4, halo_width=1.2)


def outline(
    raster: IndexRaster,
    positions: Sequence[int],
    emphasis: Emphasis = SELECTED,
    order: Order = Order.RGBA,
) -> Patch | None:
    """Smooth outlines of some areas, as a patch of the picture; None where none is in view."""
    view, shapes = raster.view, raster.shapes
    width, height = view.pixels
    areas = np.array(sorted(p for p in positions if 0 <= p < len(shapes)), dtype=np.int64)
    areas = areas[np.isfinite(shapes.bounds[areas]).all(axis=1)] if len(areas) else areas
    if not len(areas):
        return None
    reach = int(np.ceil((emphasis.width / 2 + emphasis.halo_width) * view.dpr)) + 2
    box = shapes.bounds[areas]
    left, top = view.to_pixel(box[:, 0].min(), box[:, 3].max())
    right, bottom = view.to_pixel(box[:, 2].max(), box[:, 1].min())
    x0 = int(np.clip(np.floor(left * view.dpr) - reach, 0, width))
    x1 = int(np.clip(np.ceil(right * view.dpr) + reach, 0, width))
    y0 = int(np.clip(np.floor(top * view.dpr) - reach, 0, height))
    y1 = int(np.clip(np.ceil(bottom * view.dpr) + reach, 0, height))
    if x1 <= x0 or y1 <= y0:
        return None
    ids = grid(
        shapes.edges.of(areas), view, 2 * width, 2 * height,
        coverage=shapes.is_coverage, n=len(areas), rows=(2 * y0, 2 * y1),
    )[:, 2 * x0 : 2 * x1]  # fmt: skip
    halo = round(2 * (emphasis.width + 2 * emphasis.halo_width) * view.dpr)
    base = 5
    edge = Steps.between(ids).pixels
    codes = shrink(stroke(ids.shape, edge, max(1, halo)), 2).astype(np.intp) * base
    codes += shrink(stroke(ids.shape, edge, max(1, round(2 * emphasis.width * view.dpr))), 2)
    stack = (
        Border("", 0, emphasis.halo, 0.85),
        Border("", 0, emphasis.ink),
    )
    return Patch(x0, y0, np.take(_table(stack, 4, order), codes))
