"""Two maps of the same town that move together: beside each other, or under one swipe line."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPen, QRegion
from PySide6.QtWidgets import QWidget

from monitor_app.cartography.mapspec import MapSpec
from monitor_app.cartography.paint import Painter
from monitor_app.cartography.pixels import Order
from monitor_app.cartography.raster import View
from monitor_app.cartography.shapes import AreaShapes
from monitor_app.core.i18n import _
from monitor_app.core.selection import Selection
from monitor_app.ui.mapframe import Frame, LayerPicture
from monitor_app.ui.mapfurniture import INK, PAPER, paint_furniture, value_words
from monitor_app.ui.mapview import MapView
from monitor_app.ui.mapworker import Decor, MapWorker, Sketch, SmoothBorders, Wish
from monitor_app.ui.theme import Theme

#: How near the line the pointer takes it, and its grip, in logical pixels.
REACH, GRIP = 9, 15
#: What one press of an arrow key moves the line by.
STEP = 0.02


class LinkedMap(MapView):
    """A map that tells where it looks (``looked``) and can be made to look there too."""

    looked = Signal(object)

    def _move_to(self, view: View) -> None:
        changed = view != self._view
        super()._move_to(view)
        if changed:
            self.looked.emit(view)

    def zoom_to_all(self) -> None:
        super().zoom_to_all()
        self.looked.emit(self._view)

    @property
    def fitted(self) -> bool:
        """Whether it shows the whole town because nobody moved it."""
        return self._fitted

    def look_like(self, view: View) -> None:
        """The same middle and scale in a window of another size; tells nobody."""
        own = View(view.x, view.y, view.scale, self.width(), self.height(), self._view.dpr)
        self._fitted = False
        MapView._move_to(self, own)


def link(one: LinkedMap, other: LinkedMap) -> None:
    """Pan and zoom together; selection and hover are shared through their ``Selection``."""
    one.looked.connect(other.look_like)
    other.looked.connect(one.look_like)


class SwipeMap(LinkedMap):
    """Two maps on one raster, cut at a line that follows the hand. Where both have the same areas
    the second is a look-up on the raster of the first; else a worker of its own makes it.
    Dragging the line only paints what is there."""

    swiped = Signal(float)

    def __init__(self, theme: Theme, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(theme, selection, parent)
        self._right_spec: MapSpec | None = None
        self._right_shapes: AreaShapes | None = None
        self._right: Frame | None = None
        self._right_places: dict[str, int] = {}
        self._captions = ("", "")
        self._share = 0.5
        self._dragging = False
        self.rasters = 0  # how often a raster came: dragging the line must not ask for one
        self._second = MapWorker(self)
        self._second.sketched.connect(self._take_right, Qt.ConnectionType.QueuedConnection)
        self._second.smoothed.connect(self._take_right_smooth, Qt.ConnectionType.QueuedConnection)
        self._second.decorated.connect(self._take_right_decor, Qt.ConnectionType.QueuedConnection)
        self._right_decor: LayerPicture | None = None
        self.setAccessibleName(_("Two maps under a swipe line"))
        self.setToolTip("")

    def set_pair(
        self,
        left: tuple[MapSpec, AreaShapes],
        right: tuple[MapSpec, AreaShapes],
        captions: tuple[str, str],
    ) -> None:
        """Show two maps; ``captions`` stand above their sides."""
        self._right_spec, self._right_shapes = right
        self._right_places = {key: i for i, key in enumerate(right[1].keys)}
        self._right = self._right_decor = None
        self._captions = captions
        before = self._number
        self.set_map(*left)
        if self._frame is not None and self._frame.raster.shapes is left[1]:
            if self._number == before:
                self._wish_right()
            self._fill_right()
        self.setAccessibleDescription(_("Left: {left}. Right: {right}.").format(
            left=captions[0], right=captions[1]))  # fmt: skip

    @property
    def share(self) -> float:
        """Where the line stands, 0 at the left, 1 at the right."""
        return self._share

    def set_share(self, share: float) -> None:
        share = min(max(share, 0.0), 1.0)
        if share != self._share:
            self._share = share
            self.swiped.emit(share)
            self.update()

    @property
    def line_x(self) -> float:
        return self._share * self.width()

    @property
    def both_sharp(self) -> bool:
        right = self._right
        return self.sharp and right is not None and right.view == self._view and self._second.idle

    # pictures ------------------------------------------------------------------------------

    def _wish(self) -> None:
        super()._wish()
        self._wish_right()

    def _wish_right(self) -> None:
        """A raster of its own for the second map where it has other areas, else what lies over
        its areas: names, circles, facilities."""
        spec, shapes = self._right_spec, self._right_shapes
        if spec is None or shapes is None:
            return
        wish = Wish(self._number, shapes, spec, self._view)
        if shapes is not self._shapes:
            self._second.wish(wish)  # what lies over it comes with it
        elif spec.layers:
            self._second.wish_decor(wish)

    def _take_sketch(self, sketch: Sketch) -> None:
        super()._take_sketch(sketch)
        self.rasters += 1
        if self._frame is not None and self._frame.number == sketch.wish.number:
            self._fill_right()

    def _fill_right(self) -> None:
        """The second map as a look-up on the raster of the first."""
        frame, spec = self._frame, self._right_spec
        if frame is None or spec is None:
            return
        if self._right_shapes is not frame.raster.shapes:
            return  # its own worker makes it
        painter = Painter(frame.raster, Order.ARGB32)
        painter.fill(spec)
        wish = Wish(frame.number, frame.raster.shapes, spec, frame.view)
        self._right = Frame(Sketch(wish, painter, frame.border_buffer), spec)
        self._finish_right()

    def _take_right(self, sketch: Sketch) -> None:
        if sketch.wish.shapes is self._right_shapes and self._right_spec is not None:
            self.rasters += 1
            self._right = Frame(sketch, self._right_spec)
            self._finish_right()

    def _take_right_decor(self, decor: Decor) -> None:
        spec = self._right_spec
        if spec is None or decor.wish.spec is not spec:
            return
        self._right_decor = None
        if spec.layers and decor.colours is not None:
            self._right_decor = LayerPicture(decor.wish, decor.colours)
        self.update()
        self.drawn.emit()

    def _take_right_smooth(self, smooth: SmoothBorders) -> None:
        if self._right is not None and smooth.number == self._right.number:
            self._right.set_borders(smooth.borders)
            self.update()

    def _take_smooth(self, smooth: SmoothBorders) -> None:
        super()._take_smooth(smooth)
        right = self._right
        same = right is not None and right.raster.shapes is self._shapes
        if same and right is not None and smooth.number == right.number:
            right.set_borders(smooth.borders)
            self.update()

    def _finish_right(self) -> None:
        self._outline_selected()
        self._outline_hovered()
        self.update()
        self.drawn.emit()

    def _outline_selected(self) -> None:
        super()._outline_selected()
        if self._right is not None:
            places = self._right_places
            self._right.outline_selected([places[k] for k in self._selection.keys if k in places])

    def _outline_hovered(self) -> None:
        super()._outline_hovered()
        if self._right is not None:
            places, hovered = self._right_places, self._selection.hovered
            self._right.outline_hovered([places[hovered]] if hovered in places else [])

    def _hovered_region(self) -> QRegion:
        region = super()._hovered_region()
        right = self._right
        return region if right is None else region.united(right.hovered_region(self._view))

    def _paint_map(self, painter: QPainter, *, day: bool = False) -> None:
        super()._paint_map(painter)
        if self._frame is None or self._right_spec is None:
            return
        x = round(self.line_x)
        if self._right is not None:
            painter.save()
            painter.setClipRect(QRectF(x, 0, self.width() - x, self.height()))
            painter.fillRect(self.rect(), self._theme.colour("map_ground"))
            self._right.paint(painter, self._view)
            if self._right_decor is not None:
                self._right_decor.paint(painter, self._view)
            paint_furniture(painter, self._view, self._right_spec, day=False)
            painter.restore()
        self._paint_line(painter, x)
        self._paint_captions(painter, x)

    def _paint_line(self, painter: QPainter, x: int) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = QPointF(x, self.height() / 2)
        for width, colour in ((4.0, PAPER), (1.6, INK)):
            painter.setPen(QPen(QColor(colour), width))
            painter.drawLine(QPointF(x, 0), QPointF(x, self.height()))
        painter.setBrush(QColor(PAPER))
        painter.setPen(QPen(QColor(INK), 1.6))
        painter.drawEllipse(middle, GRIP, GRIP)
        painter.setBrush(QColor(INK))
        painter.setPen(Qt.PenStyle.NoPen)
        for sign in (-1, 1):
            tip, foot = middle + QPointF(sign * 10, 0), middle + QPointF(sign * 4, 0)
            painter.drawPolygon([tip, foot + QPointF(0, -5), foot + QPointF(0, 5)])
        painter.restore()

    def _paint_captions(self, painter: QPainter, x: int) -> None:
        """What either side shows, beside the line where there is room, cut where there is not."""
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = painter.font()
        font.setBold(True)
        painter.setFont(font)
        metrics = painter.fontMetrics()
        rooms = (x - 24, self.width() - x - 24 - 52)  # the buttons stand at the right
        for i, (text, room) in enumerate(zip(self._captions, rooms, strict=True)):
            shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, max(room - 20, 0))
            if len(shown) < 2:
                continue
            width = metrics.horizontalAdvance(shown) + 20
            left = x - 12 - width if i == 0 else x + 12
            box = QRectF(left, 12, width, metrics.height() + 8)
            painter.setPen(QPen(QColor("#7c8794"), 1))
            painter.setBrush(QColor(PAPER))
            painter.drawRoundedRect(box, 5, 5)
            painter.setPen(QColor(INK))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, shown)
        painter.restore()

    # hand ----------------------------------------------------------------------------------

    def _near_line(self, x: float) -> bool:
        return self._right_spec is not None and abs(x - self.line_x) <= REACH

    def area_at(self, x: float, y: float) -> str | None:
        if self._right is not None and x > self.line_x:
            return self._right.key_at(self._view, x, y)
        return super().area_at(x, y)

    def _show_card(self, key: str | None) -> None:
        """Both values of the area, whatever side the pointer is on."""
        left, right = self._spec, self._right_spec
        if key is None or left is None or right is None or self._panning or self._dragging:
            super()._show_card(None)
            return
        lines, name = [], ""
        sides = ((left, self._places, 0), (right, self._right_places, 1))
        for spec, places, side in sides:
            place = places.get(key)
            if place is not None and place < len(spec.keys):
                name = name or spec.names[place]
                lines.append(f"{self._captions[side]}: {value_words(spec, place)}")
        if not lines:
            super()._show_card(None)
            return
        self.card.tell(name, "\n".join(lines))
        self.setAccessibleDescription(f"{name}: " + "; ".join(lines))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton and self._near_line(event.position().x()):
            self._dragging = True
            self.card.hide()
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        x = event.position().x()
        if self._dragging:
            self.set_share(x / max(self.width(), 1))
            return
        super().mouseMoveEvent(event)
        if self._pressed is None and not self.box_tool:
            if self._near_line(x):
                self.setCursor(Qt.CursorShape.SplitHCursor)
            else:
                self.unsetCursor()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._dragging:
            self._dragging = False
            return
        super().mouseReleaseEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self._near_line(event.position().x()):
            self.set_share(0.5)
        else:
            super().mouseDoubleClickEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Left: -STEP, Qt.Key.Key_Right: STEP}
        key = Qt.Key(event.key())
        if key in steps and not event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.set_share(self._share + steps[key])
        else:
            super().keyPressEvent(event)

    def shutdown(self) -> None:
        self._second.shutdown()
        super().shutdown()


def same_place(one: View, other: View) -> bool:
    """Whether two views look at the same middle in the same scale."""
    return bool(np.allclose((one.x, one.y, one.scale), (other.x, other.y, other.scale)))
