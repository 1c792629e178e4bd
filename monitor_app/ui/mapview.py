"""The map: one plain widget that shows the buffers of cartography and follows the hand.

While the view moves, the picture at hand is moved and stretched at once; a sharp one comes from
the worker thread. Recolouring (another date, class, value) never touches geometry.
"""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QFocusEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QRegion,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QSizePolicy, QWidget

from monitor_app.cartography.mapspec import MapSpec
from monitor_app.cartography.raster import View
from monitor_app.cartography.shapes import AreaShapes
from monitor_app.core.i18n import _
from monitor_app.core.selection import Selection, SelectionChange
from monitor_app.ui.mapframe import Frame, LayerPicture
from monitor_app.ui.mapfurniture import (
    ADDING,
    BY_KEY,
    HoverCard,
    MapButtons,
    paint_furniture,
    paint_marks,
    value_words,
)
from monitor_app.ui.mapworker import Decor, MapWorker, Sketch, SmoothBorders, Wish
from monitor_app.ui.theme import Theme

#: One notch of the wheel, and one press of a key.
WHEEL_STEP, KEY_STEP, PAN_STEP = 1.25, 1.5, 60
#: Logical pixels per metre: from a continent on screen to a doorstep.
SCALES = (1e-5, 1e3)


class MapView(QWidget):
    """Choropleth map of a ``MapSpec`` over ``AreaShapes``, linked through a ``Selection``.

    Drag pans, the wheel zooms at the pointer, a double click zooms in, click selects (Ctrl or
    Shift adds), Shift-drag or the box tool selects what it touches. Keys: + and −, 0 for the
    whole town, Shift with arrows pans, arrows step the date, Page up and down walk through the
    areas, Enter selects the one in the frame.
    """

    stepped = Signal(int)
    drawn = Signal()

    def __init__(self, theme: Theme, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._selection = selection
        self._spec: MapSpec | None = None
        self._shapes: AreaShapes | None = None
        self._view = View(0.0, 0.0, 1.0, 1, 1)
        self._fitted = True  # nobody moved the map yet: it refits when the window changes
        self._frame: Frame | None = None
        self._number = 0
        self._kept: frozenset[str] | None = None
        self._places: dict[str, int] = {}
        self._pressed: QPointF | None = None
        self._last = QPointF()
        self._panning = False
        self._box: QRectF | None = None
        self.box_tool = False
        self._ring = False  # focus frame, for those who came with the keyboard
        self.empty_text = ""
        self._worker = MapWorker(self)
        self._worker.sketched.connect(self._take_sketch, Qt.ConnectionType.QueuedConnection)
        self._worker.smoothed.connect(self._take_smooth, Qt.ConnectionType.QueuedConnection)
        self._worker.decorated.connect(self._take_decor, Qt.ConnectionType.QueuedConnection)
        self._decor: LayerPicture | None = None
        self._last_decor: Wish | None = None
        self._unsubscribe = selection.subscribe(self._selection_changed)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName(_("Map"))
        self.card = HoverCard(theme, self)
        self.buttons = MapButtons(theme, self)
        self.buttons.zoom_in.clicked.connect(lambda: self.zoom(KEY_STEP))
        self.buttons.zoom_out.clicked.connect(lambda: self.zoom(1 / KEY_STEP))
        self.buttons.all.clicked.connect(self.zoom_to_all)
        self.buttons.selection.clicked.connect(self.zoom_to_selection)
        self.buttons.box.toggled.connect(self._use_box_tool)

    def sizeHint(self) -> QSize:
        return QSize(800, 600)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, 120)

    # what is shown -----------------------------------------------------------------------

    @property
    def view(self) -> View:
        return self._view

    @property
    def spec(self) -> MapSpec | None:
        return self._spec

    @property
    def sharp(self) -> bool:
        """Whether the picture on screen was made for the present view and map."""
        frame = self._frame
        return (
            frame is not None
            and frame.number == self._number
            and frame.spec is self._spec
            and self._worker.idle
            and self._decorated()
        )

    def _decorated(self) -> bool:
        """Whether the layers on screen are those of the map."""
        spec, shapes, wish = self._spec, self._shapes, self._last_decor
        if spec is None or shapes is None or not spec.layers:
            return True
        if self._decor is not None and self._decor.fits(spec, shapes, self._view):
            return True
        return wish is not None and wish.spec is spec and wish.view == self._view

    def set_map(self, spec: MapSpec | None, shapes: AreaShapes | None) -> None:
        """Show a map. With the same shapes only colours change; with others of the same extent
        the view stays."""
        self._spec = spec
        if spec is None or shapes is None:
            self._shapes, self._frame, self._places = None, None, {}
            self._decor = None
            self.card.hide()
            self._describe()
            self.update()
            return
        if shapes is self._shapes:
            frame = self._frame
            if frame is not None and frame.raster.shapes is shapes:
                frame.refill(spec)
                self._wish_decor()
                self.update()
            else:
                self._wish()
        else:
            moved = self._shapes is None or self._shapes.extent != shapes.extent
            self._shapes = shapes
            self._places = {key: i for i, key in enumerate(shapes.keys)}
            if moved:
                self._fitted = True
                self._frame = None
                self._decor = None
                self._refit()
            self._wish()
        self._describe()
        self._show_card(self._selection.hovered)

    def set_kept(self, keys: Iterable[str] | None) -> None:
        """Veil all areas but these (a filter); None shows all."""
        kept = None if keys is None else frozenset(keys)
        if kept != self._kept:
            self._kept = kept
            if self._frame is not None:
                self._frame.veil_all_but(kept)
            self.update()

    def _describe(self) -> None:
        spec = self._spec
        text = "" if spec is None else f"{spec.title}, {spec.date_text}, {spec.level_name}"
        self.setAccessibleDescription(text.strip(", "))

    # pictures from the worker ------------------------------------------------------------

    def _wish(self) -> None:
        if self._shapes is None or self._spec is None or self.width() < 1 or self.height() < 1:
            return
        self._number += 1
        self._worker.wish(Wish(self._number, self._shapes, self._spec, self._view))

    def _wish_decor(self) -> None:
        """Layers over the map anew where the map at hand has others."""
        spec, shapes = self._spec, self._shapes
        if spec is None or shapes is None:
            return
        if not spec.layers:
            self._decor = None
        elif self._decor is None or not self._decor.fits(spec, shapes, self._view):
            self._worker.wish_decor(Wish(self._number, shapes, spec, self._view))

    def _take_decor(self, decor: Decor) -> None:
        spec = self._spec
        if spec is None or decor.wish.shapes is not self._shapes:
            return
        self._decor, self._last_decor = None, decor.wish
        if spec.layers and decor.colours is not None:
            self._decor = LayerPicture(decor.wish, decor.colours)
        self.update()
        self.drawn.emit()

    def _take_sketch(self, sketch: Sketch) -> None:
        wish = sketch.wish
        stale = self._frame is not None and wish.number < self._frame.number
        if wish.shapes is not self._shapes or self._spec is None or stale:
            return
        self._frame = Frame(sketch, self._spec)
        self._frame.veil_all_but(self._kept)
        self._outline_selected()
        self._outline_hovered()
        self.update()
        self.drawn.emit()

    def _take_smooth(self, smooth: SmoothBorders) -> None:
        frame = self._frame
        if frame is not None and smooth.number == frame.number:
            frame.set_borders(smooth.borders)
            self.update()
            self.drawn.emit()

    def _positions(self, keys: Iterable[str]) -> list[int]:
        return [self._places[key] for key in keys if key in self._places]

    def _outline_selected(self) -> None:
        if self._frame is not None:
            self._frame.outline_selected(self._positions(self._selection.keys))

    def _outline_hovered(self) -> None:
        if self._frame is not None:
            key = self._selection.hovered
            self._frame.outline_hovered(self._positions(() if key is None else (key,)))

    def _hovered_region(self) -> QRegion:
        return QRegion() if self._frame is None else self._frame.hovered_region(self._view)

    def _selection_changed(self, change: SelectionChange) -> None:
        before = self._hovered_region()
        if change.added or change.removed:
            self._outline_selected()
        self._outline_hovered()
        self._show_card(change.hovered)
        self.buttons.selection.setEnabled(bool(self._selection.keys))
        if change.added or change.removed:
            self.update()
        elif not (both := before.united(self._hovered_region())).isEmpty():
            self.update(both)  # the whole map would take many times as long

    # moving the view ---------------------------------------------------------------------

    def _move_to(self, view: View) -> None:
        if view != self._view:
            self._view = view
            self._wish()
            self.update()

    def _refit(self) -> None:
        extent = None if self._shapes is None else self._shapes.extent
        self._view = View.fit(
            extent, self.width(), self.height(), dpr=self.devicePixelRatioF(), margin=24
        )

    def zoom(self, factor: float, at: QPointF | None = None) -> None:
        """Zoom around a point of the widget, the middle where none is given."""
        scale = min(max(self._view.scale * factor, SCALES[0]), SCALES[1])
        point = QPointF(self.width() / 2, self.height() / 2) if at is None else at
        self._fitted = False
        self._move_to(self._view.zoomed(scale / self._view.scale, point.x(), point.y()))

    def pan(self, dx: float, dy: float) -> None:
        """Move the picture by logical pixels."""
        self._fitted = False
        self._move_to(self._view.panned(dx, dy))

    def zoom_to_all(self) -> None:
        before = self._view
        self._fitted = True
        self._refit()
        if self._view != before:
            self._wish()
            self.update()

    def zoom_to_selection(self) -> None:
        places = self._positions(self._selection.keys)
        box = None if self._shapes is None else self._shapes.extent_of(places)
        if box is None:
            return
        self._fitted = False
        dpr = self.devicePixelRatioF()
        self._move_to(View.fit(box, self.width(), self.height(), dpr=dpr, margin=64))

    def resizeEvent(self, _event: QResizeEvent) -> None:
        self._follow_size()
        self.buttons.place()

    def _follow_size(self) -> None:
        if self._fitted:
            self._refit()
        else:
            self._view = self._view.resized(self.width(), self.height(), self.devicePixelRatioF())
        self._wish()

    # painting ----------------------------------------------------------------------------

    def paintEvent(self, _event: QPaintEvent) -> None:
        if self.devicePixelRatioF() != self._view.dpr:
            self._follow_size()  # the window went to another screen
        painter = QPainter(self)
        self._paint_map(painter)
        ring = QRectF(self.rect()) if self._ring else None
        paint_marks(painter, self._theme.colour("map_hover"), self._box, ring)

    def _paint_map(self, painter: QPainter, *, day: bool = False) -> None:
        painter.fillRect(self.rect(), self._theme.colour("map_ground"))
        frame = self._frame
        if frame is None or self._spec is None:
            if self._spec is None and self.empty_text:
                painter.setPen(self._theme.colour("map_select"))
                flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
                painter.drawText(self.rect().adjusted(48, 24, -48, -24), flags, self.empty_text)
            return
        frame.paint(painter, self._view)
        if self._decor is not None and self._spec.layers:
            self._decor.paint(painter, self._view)
        paint_furniture(painter, self._view, self._spec, day=day)

    def picture(self) -> QImage:
        """The map as shown, without buttons, for the clipboard and small previews."""
        dpr = self.devicePixelRatioF()
        image = QImage(self.size() * dpr, QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(dpr)
        painter = QPainter(image)
        painter.setFont(self.font())
        self._paint_map(painter, day=True)
        painter.end()
        return image

    # pointer -----------------------------------------------------------------------------

    def area_at(self, x: float, y: float) -> str | None:
        """Key of the area under a point of the widget, by the picture on screen."""
        return None if self._frame is None else self._frame.key_at(self._view, x, y)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() not in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            return
        self._pressed = self._last = event.position()
        self._panning = event.button() is Qt.MouseButton.MiddleButton
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if not self._panning and (self.box_tool or shift):
            self._box = QRectF(self._pressed, self._pressed)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        if self._pressed is None:
            self._selection.hover(self.area_at(at.x(), at.y()))
            self.card.follow(at)
        elif self._box is not None:
            self._box = QRectF(self._pressed, at).normalized()
            self.update()
        else:
            moved = (at - self._pressed).manhattanLength()
            if not self._panning and moved >= QApplication.startDragDistance():
                self._panning = True
                self.setCursor(Qt.CursorShape.ClosedHandCursor)
                self.card.hide()
            if self._panning:
                step = at - self._last
                self._last = at
                self.pan(step.x(), step.y())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._pressed is None:
            return
        pressed, self._pressed = self._pressed, None
        box, self._box = self._box, None
        panned, self._panning = self._panning, False
        self.unsetCursor()
        adds = bool(event.modifiers() & ADDING)
        far = (event.position() - pressed).manhattanLength() >= QApplication.startDragDistance()
        if box is not None and far:
            self._select_box(box, adds)
        elif not panned:
            self._click(pressed, adds)
        self.update()

    def _click(self, at: QPointF, adds: bool) -> None:
        key = self.area_at(at.x(), at.y())
        if key is None:
            if not adds:
                self._selection.clear()
        elif adds:
            self._selection.toggle(key)
        elif self._selection.keys == (key,):
            self._selection.clear()
        else:
            self._selection.set((key,))

    def _select_box(self, box: QRectF, adds: bool) -> None:
        if self._frame is not None:
            found = self._frame.keys_in(self._view, box)
            self._selection.set([*self._selection.keys, *found] if adds else found)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton:
            self.zoom(2.0, event.position())

    def wheelEvent(self, event: QWheelEvent) -> None:
        notches = event.angleDelta().y() / 120
        if notches:
            self.zoom(WHEEL_STEP**notches, event.position())
        event.accept()

    def _use_box_tool(self, on: bool) -> None:
        self.box_tool = on
        self.setCursor(Qt.CursorShape.CrossCursor) if on else self.unsetCursor()

    def leaveEvent(self, _event: QEvent) -> None:
        self._selection.hover(None)

    def _show_card(self, key: str | None) -> None:
        spec = self._spec
        place = self._places.get(key or "")
        if spec is None or place is None or place >= len(spec.keys) or self._panning:
            self.card.hide()
            return
        value = value_words(spec, place)
        self.card.tell(spec.names[place], value)
        self.setAccessibleDescription(f"{spec.names[place]}: {value}")

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._ring = event.reason() in BY_KEY
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._ring = False
        super().focusOutEvent(event)
        self.update()

    # keys --------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, keys = Qt.Key(event.key()), Qt.Key
        arrows = {keys.Key_Left: (1, 0), keys.Key_Right: (-1, 0), keys.Key_Up: (0, 1),
                  keys.Key_Down: (0, -1)}  # fmt: skip
        if key in arrows and event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            dx, dy = arrows[key]
            self.pan(dx * PAN_STEP, dy * PAN_STEP)
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self.stepped.emit(1 if key == Qt.Key.Key_Right else -1)
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus):
            self.zoom(1 / KEY_STEP if key == Qt.Key.Key_Minus else KEY_STEP)
        elif key == Qt.Key.Key_0:
            self.zoom_to_all()
        elif key in (Qt.Key.Key_PageDown, Qt.Key.Key_PageUp) and self._places:
            self._walk(1 if key == Qt.Key.Key_PageDown else -1)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Space) and self._selection.hovered:
            self._selection.toggle(self._selection.hovered)
        else:
            super().keyPressEvent(event)

    def _walk(self, step: int) -> None:
        """Put the hover frame on the next area in map order, for those who use no mouse."""
        keys = list(self._places)
        now = self._selection.hovered
        at = keys.index(now) + step if now in self._places else (0 if step > 0 else -1)
        key = keys[at % len(keys)]
        self._selection.hover(key)
        box = None if self._shapes is None else self._shapes.extent_of([self._places[key]])
        if box is not None:
            west, south, east, north = box
            x, y = self._view.to_pixel((west + east) / 2, (south + north) / 2)
            self.card.follow(QPointF(x, y))

    # end ---------------------------------------------------------------------------------

    def changeEvent(self, event: QEvent) -> None:
        if event.type() is QEvent.Type.StyleChange:
            self.buttons.draw_icons()
        super().changeEvent(event)

    def shutdown(self) -> None:
        """End the worker; call before the widget goes."""
        self._unsubscribe()
        self._unsubscribe = lambda: None
        self._worker.shutdown()

    def closeEvent(self, event: QCloseEvent) -> None:
        self.shutdown()
        super().closeEvent(event)
