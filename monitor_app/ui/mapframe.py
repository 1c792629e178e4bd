"""The picture of the map at hand: made for one view, moved and stretched for others."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QImage, QPainter, QRegion

from monitor_app.cartography.borders import HOVERED, SELECTED, Patch, outline
from monitor_app.cartography.mapspec import MapSpec
from monitor_app.cartography.pixels import Order
from monitor_app.cartography.raster import View
from monitor_app.cartography.shapes import AreaShapes
from monitor_app.ui.mapworker import Sketch, Wish

#: Areas that the filter leaves out are veiled by this much white (premultiplied).
VEIL = 0xD8D8D8D8


def as_image(buffer: NDArray[np.uint32], dpr: float, *, opaque: bool) -> QImage:
    """A QImage over the buffer, which the caller must keep."""
    rows, columns = buffer.shape
    kind = QImage.Format.Format_RGB32 if opaque else QImage.Format.Format_ARGB32_Premultiplied
    image = QImage(buffer.data, columns, rows, columns * 4, kind)
    image.setDevicePixelRatio(dpr)
    return image


class Frame:
    """Layers from below: fills, veil over what a filter leaves out, borders, outlines of the
    selected and the hovered areas. All buffers are held here as long as their images."""

    def __init__(self, sketch: Sketch, spec: MapSpec) -> None:
        self.number = sketch.wish.number
        self.view = sketch.wish.view
        self.raster = sketch.painter.raster
        self._painter = sketch.painter
        self.spec = sketch.wish.spec
        if spec is not self.spec:
            self.refill(spec)
        self._fill = as_image(self._painter.picture, self.view.dpr, opaque=True)
        self._border_buffer = sketch.borders
        self._borders = as_image(sketch.borders, self.view.dpr, opaque=False)
        self._veil_buffer: NDArray[np.uint32] | None = None
        self._veil: QImage | None = None
        self._patches: dict[str, tuple[Patch, QImage]] = {}

    def refill(self, spec: MapSpec) -> None:
        """New colours in the same buffer."""
        self._painter.fill(spec)
        self.spec = spec

    @property
    def border_buffer(self) -> NDArray[np.uint32]:
        """Borders as they are now, for another picture of the same view."""
        return self._border_buffer

    def set_borders(self, buffer: NDArray[np.uint32]) -> None:
        self._border_buffer = buffer
        self._borders = as_image(buffer, self.view.dpr, opaque=False)

    def veil_all_but(self, kept: Collection[str] | None) -> None:
        self._veil, self._veil_buffer = None, None
        if kept is not None:
            table = [0, *(0 if key in kept else VEIL for key in self.raster.shapes.keys)]
            self._veil_buffer = np.array(table, dtype=np.uint32)[self.raster.ids]
            self._veil = as_image(self._veil_buffer, self.view.dpr, opaque=False)

    def outline_selected(self, places: Sequence[int]) -> None:
        self._outline("selected", outline(self.raster, places, SELECTED, Order.ARGB32))

    def outline_hovered(self, places: Sequence[int]) -> None:
        self._outline("hovered", outline(self.raster, places, HOVERED, Order.ARGB32))

    def _outline(self, name: str, patch: Patch | None) -> None:
        self._patches.pop(name, None)
        if patch is not None:
            image = as_image(patch.colours, self.view.dpr, opaque=False)
            self._patches[name] = (patch, image)

    def paint(self, painter: QPainter, view: View) -> None:
        """Draw everything as ``view`` shows it: exact for the own view, else stretched."""
        painter.save()
        _stretch(painter, self.view, view)
        origin = QPointF(0, 0)
        painter.drawImage(origin, self._fill)
        if self._veil is not None:
            painter.drawImage(origin, self._veil)
        painter.drawImage(origin, self._borders)
        for name in ("selected", "hovered"):
            if name in self._patches:
                patch, image = self._patches[name]
                dpr = self.view.dpr
                painter.drawImage(QPointF(patch.x / dpr, patch.y / dpr), image)
        painter.restore()

    def hovered_region(self, view: View) -> QRegion:
        """Where the hovered area is outlined in ``view``, in logical pixels."""
        if "hovered" not in self._patches:
            return QRegion()
        patch, image = self._patches["hovered"]
        dpr, own = self.view.dpr, self.view
        left, top = patch.x / dpr, patch.y / dpr
        corners = ((left, top), (left + image.width() / dpr, top + image.height() / dpr))
        if own != view:
            one, other = (view.to_pixel(*own.to_map(*corner)) for corner in corners)
            corners = (one, other)
        box = QRectF(QPointF(*corners[0]), QPointF(*corners[1]))
        return QRegion(box.adjusted(-2, -2, 2, 2).toAlignedRect())

    def _own(self, view: View, x: float, y: float) -> tuple[float, float]:
        return (x, y) if view == self.view else self.view.to_pixel(*view.to_map(x, y))

    def key_at(self, view: View, x: float, y: float) -> str | None:
        """Key of the area under a logical pixel of ``view``."""
        return self.raster.key_at(*self._own(view, x, y))

    def keys_in(self, view: View, box: QRectF) -> list[str]:
        """Keys of the areas that a box of ``view`` touches, in map order."""
        corner = self._own(view, box.left(), box.top())
        other = self._own(view, box.right(), box.bottom())
        return [self.raster.shapes.keys[i] for i in self.raster.in_box(*corner, *other)]


def _stretch(painter: QPainter, own: View, view: View) -> None:
    """Make a picture of ``own`` lie where ``view`` shows it."""
    if own != view:
        painter.translate(*view.to_pixel(*own.to_map(0, 0)))
        ratio = view.scale / own.scale
        painter.scale(ratio, ratio)


class LayerPicture:
    """Labels, symbols, facilities and backgrounds as drawn for one view."""

    def __init__(self, wish: Wish, colours: NDArray[np.uint32]) -> None:
        self._wish = wish
        self._buffer = np.ascontiguousarray(colours)
        self._image = as_image(self._buffer, wish.view.dpr, opaque=False)

    def fits(self, spec: MapSpec, shapes: AreaShapes, view: View) -> bool:
        """Whether another map has the same layers, none of which depends on its values."""
        mine, other = self._wish.spec.layers, spec.layers
        if self._wish.view != view or self._wish.shapes is not shapes:
            return False
        if other is mine and self._wish.spec is spec:
            return True
        if other.symbols is not None or (other.labels is not None and other.labels.values):
            return False
        return (
            mine.symbols is None
            and mine.labels == other.labels
            and mine.backgrounds is other.backgrounds
            and mine.overlays is other.overlays
            and len(mine.points) == len(other.points)
            and all(a is b for a, b in zip(mine.points, other.points, strict=True))
        )

    def paint(self, painter: QPainter, view: View) -> None:
        painter.save()
        _stretch(painter, self._wish.view, view)
        painter.drawImage(QPointF(0, 0), self._image)
        painter.restore()
