"""From index raster to picture: one look-up per pixel, patterns on the few that need them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor_app.cartography.borders import HOVERED, SELECTED, border_overlay, outline
from monitor_app.cartography.colour import mix
from monitor_app.cartography.looks import Pattern, Swatch
from monitor_app.cartography.mapspec import MapSpec
from monitor_app.cartography.pixels import Order, opaque, over
from monitor_app.cartography.raster import IndexRaster, View

PAPER = "#ffffff"
TRANSPARENT = "#00000000"
#: Steps between paper and ink in patterns, so that their strokes look smooth.
INK_LEVELS = 4


@dataclass(frozen=True, eq=False)
class _Patterned:
    """Pixels (flat positions) that a pattern covers with ``level`` quarters of its ink, and the
    area number under each."""

    level: int
    pixels: NDArray[np.intp]
    ids: NDArray[np.intp]


class Painter:
    """Paints specs of the same areas into one buffer, as fast as possible. The buffer is reused:
    the picture is valid until the next ``fill``. Not for use from several threads at once."""

    def __init__(
        self, raster: IndexRaster, order: Order = Order.RGBA, background: str = PAPER
    ) -> None:
        self.raster = raster
        self.order = order
        self.background = background
        self.picture: NDArray[np.uint32] = np.empty(raster.ids.shape, dtype=np.uint32)
        self._pattern_of: NDArray[np.int64] = np.empty(0, np.int64)
        self._patterned: list[_Patterned] = []

    def fill(self, spec: MapSpec) -> NDArray[np.uint32]:
        """Fills and patterns, without borders: shape (rows, columns), colours as numbers."""
        if len(spec.keys) != len(self.raster.shapes):
            raise ValueError("the map and its shapes have different areas")
        swatches = spec.swatches
        table = self._table(spec, [s.colour for s in swatches])
        # Area numbers are proven to be in range by the rasteriser; "clip" is the fast way.
        np.take(table, self.raster.ids, out=self.picture, mode="clip")
        self._find_patterned(spec)
        flat = self.picture.reshape(-1)
        for part in self._patterned:
            share = part.level / INK_LEVELS
            inked = [
                s.colour if s.pattern is Pattern.NONE else mix(s.colour, s.ink, s.opacity * share)
                for s in swatches
            ]
            flat[part.pixels] = self._table(spec, inked)[part.ids]
        return self.picture

    def _table(self, spec: MapSpec, colours: list[str]) -> NDArray[np.uint32]:
        numbers = opaque([*colours, self.background], self.order)
        return np.concatenate([numbers[-1:], numbers[:-1][spec.codes]])

    def _find_patterned(self, spec: MapSpec) -> None:
        """Pixels under patterns; found again only when another set of areas has patterns."""
        shapes = [_shape(swatch) for swatch in spec.swatches]
        kinds = {s: i + 1 for i, s in enumerate(dict.fromkeys(s for s in shapes if s is not None))}
        per_swatch = np.array([0 if s is None else kinds[s] for s in shapes], dtype=np.int64)
        wanted = np.concatenate([[0], per_swatch[spec.codes]])
        signature = np.concatenate([wanted, [hash(tuple(kinds))]])
        if np.array_equal(signature, self._pattern_of):
            return
        self._pattern_of, self._patterned = signature, []
        if not wanted.any():
            return
        ids = self.raster.ids.reshape(-1)
        under = np.take(wanted, ids, mode="clip")
        columns = self.raster.ids.shape[1]
        for shape, kind in kinds.items():
            pixels = np.flatnonzero(under == kind)
            if not len(pixels):
                continue
            tile = pattern_tile(shape, self.raster.view.dpr)
            rows, places = np.divmod(pixels, columns)
            x, y = _anchor(self.raster.view)
            level = tile[(rows + y) % tile.shape[0], (places + x) % tile.shape[1]]
            for step in range(1, INK_LEVELS + 1):
                some = pixels[level == step]
                self._patterned.append(_Patterned(step, some, ids[some]))


PatternShape = tuple[Pattern, float, float]


def _shape(swatch: Swatch) -> PatternShape | None:
    if swatch.pattern is Pattern.NONE:
        return None
    return swatch.pattern, swatch.spacing, swatch.width


def _anchor(view: View) -> tuple[int, int]:
    """Patterns are tied to the map, so that they do not swim while it is moved."""
    scale = view.scale * view.dpr
    return round(view.x * scale - view.width * view.dpr / 2), round(
        -view.y * scale - view.height * view.dpr / 2
    )


def pattern_tile(shape: PatternShape, dpr: float) -> NDArray[np.int64]:
    """One period of a pattern in device pixels: ink 0…``INK_LEVELS`` per pixel. Sampled at 8 × 8
    points per pixel; diagonal lines have their spacing along the axes."""
    pattern, spacing, width = shape
    period = max(3, round(spacing * dpr))
    fine = 8
    at = (np.arange(period * fine) + 0.5) / fine
    x, y = np.meshgrid(at, at)
    stroke = max(width * dpr, 0.9)

    def near(value: NDArray[np.float64], reach: float) -> NDArray[np.bool_]:
        offset = np.abs((value + period / 2) % period - period / 2)
        return np.asarray(offset <= reach)

    if pattern is Pattern.HATCH:
        ink = near(x + y, stroke / np.sqrt(2))
    elif pattern is Pattern.BACK_HATCH:
        ink = near(x - y, stroke / np.sqrt(2))
    elif pattern is Pattern.CROSS:
        ink = near(x + y, stroke / np.sqrt(2)) | near(x - y, stroke / np.sqrt(2))
    elif pattern is Pattern.HORIZONTAL:
        ink = near(y - 0.5, stroke / 2)
    else:
        middle = period / 2
        ink = np.hypot(x - middle, y - middle) <= stroke / 2 + 0.1
    share = ink.reshape(period, fine, period, fine).mean(axis=(1, 3))
    return np.asarray(np.round(share * INK_LEVELS), dtype=np.int64)


def paint(
    spec: MapSpec,
    raster: IndexRaster,
    *,
    selected: Sequence[int] = (),
    hovered: int | None = None,
    background: str = PAPER,
    smooth: bool = True,
) -> NDArray[np.uint8]:
    """The whole map as RGBA bytes, shape (rows, columns, 4): fills, patterns, borders, outlines
    of selected and hovered areas (positions). For live maps use ``Painter`` and the overlays of
    ``borders`` by themselves."""
    picture = Painter(raster, background=background).fill(spec)
    image = picture.view(np.uint8).reshape(*picture.shape, 4)
    key = (spec.borders, smooth)
    if key not in raster.cache:
        raster.cache[key] = border_overlay(raster, spec.borders, smooth=smooth)
    over(image, raster.cache[key].view(np.uint8).reshape(image.shape))
    for positions, emphasis in (
        (tuple(selected), SELECTED),
        (() if hovered is None else (hovered,), HOVERED),
    ):
        patch = outline(raster, positions, emphasis)
        if patch is not None:
            rows, columns = patch.colours.shape
            target = image[patch.y : patch.y + rows, patch.x : patch.x + columns]
            over(target, patch.colours.view(np.uint8).reshape(rows, columns, 4))
    return image
