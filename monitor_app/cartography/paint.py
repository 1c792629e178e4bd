"""From index raster to picture: one look-up per pixel, patterns on the few that need them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

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

PatternShape = tuple[Pattern, float, float]


class Painter:
    """Paints specs of the same areas into one buffer, as fast as possible. The buffer is reused:
    the picture is valid until the next ``fill``. Not for use from several threads at once.

    Under patterns a pixel looks up a number of its own for each step of ink, so that a map full
    of patterns is one look-up like any other."""

    def __init__(
        self, raster: IndexRaster, order: Order = Order.RGBA, background: str = PAPER
    ) -> None:
        self.raster = raster
        self.order = order
        self.background = background
        self.picture: NDArray[np.uint32] = np.empty(raster.ids.shape, dtype=np.uint32)
        slots = len(raster.shapes) + 1
        self._table = np.zeros((INK_LEVELS + 1, slots), dtype=np.uint32)
        self._kinds = np.zeros(slots, dtype=np.uint8)  # pattern per area number, 0 for none
        self._known: dict[PatternShape | None, int] = {None: 0}
        self._inks: dict[int, NDArray[np.uint8]] = {}
        self._ids = raster.ids

    def fill(self, spec: MapSpec) -> NDArray[np.uint32]:
        """Fills and patterns, without borders: shape (rows, columns), colours as numbers."""
        if len(spec.keys) != len(self.raster.shapes):
            raise ValueError("the map and its shapes have different areas")
        swatches, codes = spec.swatches, spec.codes
        numbers = _numbers(swatches, self.order, self.background)
        per_swatch = [self._kind(_shape(swatch)) for swatch in swatches]
        kinds = np.zeros(len(self._kinds), dtype=np.uint8)
        np.take(np.array(per_swatch, dtype=np.uint8), codes, out=kinds[1:])
        self._lay_patterns(kinds)
        table = self._table
        table[:, 0] = numbers[0, -1]
        np.take(numbers[0], codes, out=table[0, 1:])
        inked = np.flatnonzero(kinds)
        for level in range(1, INK_LEVELS + 1):
            table[level, inked] = numbers[level, codes[inked - 1]]
        # Area numbers are proven to be in range by the rasteriser; "clip" is the fast way.
        np.take(table.reshape(-1), self._ids, out=self.picture, mode="clip")
        return self.picture

    def _kind(self, shape: PatternShape | None) -> int:
        return self._known.setdefault(shape, len(self._known))

    def _lay_patterns(self, kinds: NDArray[np.uint8]) -> None:
        """Number the pixels of areas whose pattern is another one now."""
        changed = kinds != self._kinds
        if not changed.any():
            return
        if self._ids is self.raster.ids:
            self._ids = self.raster.ids.copy()
        ids, flat, slots = self.raster.ids.reshape(-1), self._ids.reshape(-1), len(kinds)
        # One look-up tells all that is to be done: 255 where a pixel stays as it is.
        todo = np.take(np.where(changed, kinds, 255).astype(np.uint8), ids, mode="clip")
        shapes = {kind: shape for shape, kind in self._known.items()}
        for kind in np.unique(kinds[changed]):
            pixels = np.flatnonzero(todo == kind)
            numbers = ids[pixels]
            if kind:
                numbers += self._ink(int(kind), shapes[kind])[pixels] * np.intp(slots)
            flat[pixels] = numbers
        self._kinds = kinds

    def _ink(self, kind: int, shape: PatternShape | None) -> NDArray[np.uint8]:
        """Ink of a pattern for every pixel of the picture (flat)."""
        if kind not in self._inks and shape is not None:
            rows, columns = self.raster.ids.shape
            tile = pattern_tile(shape, self.raster.view.dpr).astype(np.uint8)
            x, y = _anchor(self.raster.view)
            down = (np.arange(rows) + y) % tile.shape[0]
            across = (np.arange(columns) + x) % tile.shape[1]
            self._inks[kind] = tile[down][:, across].reshape(-1)
        return self._inks[kind]


@lru_cache(maxsize=128)
def _numbers(swatches: tuple[Swatch, ...], order: Order, background: str) -> NDArray[np.uint32]:
    """Colours of all swatches, shape (steps of ink + 1, swatches + 1); the background last."""
    rows = []
    for level in range(INK_LEVELS + 1):
        share = level / INK_LEVELS
        inked = [
            s.colour if s.pattern is Pattern.NONE else mix(s.colour, s.ink, s.opacity * share)
            for s in swatches
        ]
        rows.append(opaque([*inked, background], order))
    return np.stack(rows)


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
    if spec.layers:
        from monitor_app.cartography.decor import decor_overlay  # loads matplotlib

        decor = decor_overlay(spec, raster.shapes, raster.view)
        if decor is not None:
            over(image, decor.view(np.uint8).reshape(image.shape))
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
