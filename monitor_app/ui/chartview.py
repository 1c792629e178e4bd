"""Any chart as a picture that answers to the hand: hover, click and box selection both ways.

matplotlib draws only when the chart itself changes. Highlights are painted over the cached picture,
so that hovering an area shows it everywhere within a frame.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QRegion,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from monitor_app.core.i18n import _
from monitor_app.core.selection import Selection, SelectionChange
from monitor_app.ui.chartoverlay import (
    TipBox,
    name_points,
    outline,
    paint_tip,
    region_of,
    tip_box,
    veil,
)
from monitor_app.ui.figureimage import figure_image
from monitor_app.ui.theme import Theme

if TYPE_CHECKING:
    from monitor_app.cartography.chartframe import ChartTheme
    from monitor_app.cartography.chartkinds import AnyChart
    from monitor_app.cartography.chartmarks import Marks

#: Smaller pictures than this are not worth drawing.
LEAST = QSize(180, 110)
#: Screen pixels per inch of a chart: texts of 7.5 points become 11 pixels high.
DPI = 106.0
#: Charts of more parts than this are drawn by the drawer, where there is one.
MANY = 900
#: Does slow work elsewhere: gets the work and who takes its result (None where it failed).
Drawer = Callable[[Callable[[], Any], Callable[[Any], None]], None]
_DRAG = 5  # pixels that tell a drag from a click


def seen(widget: QWidget) -> bool:
    """Whether any of a widget is on screen. Qt keeps panels behind other tabs visible, far off."""
    return widget.isVisible() and not widget.visibleRegion().isEmpty()


def chart_style(theme: Theme) -> ChartTheme:
    """Colours of a chart on screen, those of the window around it."""
    from monitor_app.cartography.chartframe import DARK, LIGHT

    tokens = theme.tokens
    base = DARK if theme.dark else LIGHT
    return replace(
        base, paper=tokens.surface, ink=tokens.text, quiet=tokens.muted, grid=tokens.line
    )


def parts_of(spec: AnyChart) -> int:
    """About how many things a chart is made of."""
    from monitor_app.cartography.profilespec import FlowSpec
    from monitor_app.cartography.relationspec import ScatterSpec

    if isinstance(spec, FlowSpec):
        return len(spec.names) ** 2
    return len(spec.keys) if isinstance(spec, ScatterSpec) else 0


def chart_picture(
    spec: AnyChart, size: QSize, ratio: float, style: ChartTheme
) -> tuple[QImage, Marks]:  # fmt: skip
    """A chart in ``size`` logical pixels, and where its marks are in them. Loads matplotlib; may
    run in any thread."""
    from matplotlib.figure import Figure

    from monitor_app.cartography.chartkinds import draw_chart
    from monitor_app.cartography.chartmarks import marks_of

    figure = Figure(figsize=(size.width() / DPI, size.height() / DPI), dpi=DPI * ratio)
    axes = draw_chart(figure, spec, style)
    return figure_image(figure, ratio), marks_of(axes, spec, ratio)


class ChartView(QWidget):
    """Shows a spec, or words about what is missing. ``mark_clicked``: position of a mark that
    stands for no area (a cell of a correlation matrix)."""

    mark_clicked = Signal(int)
    menu_wanted = Signal(QPoint)

    def __init__(self, theme: Theme, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._selection = selection
        self._spec: AnyChart | None = None
        self._image: QImage | None = None
        self._marks: Marks | None = None
        self._mark: int | None = None  # under the mouse or the keyboard
        self._pressed: QPoint | None = None
        self._box = QRect()
        self._kept: frozenset[str] | None = None
        #: The picture, and the same with all that stays while the mouse moves.
        self._grounded: tuple[QImage, QImage] | None = None
        self._hot_region = QRegion()
        self._words = ""
        self.drawer: Drawer | None = None
        self._drawing = self._closed = False
        self.setMinimumHeight(100)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAccessibleName(_("Chart"))
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(30)  # several changes in one go make one picture
        self._soon.timeout.connect(self._redraw)
        self._unsubscribe = selection.subscribe(self._selection_changed)

    def sizeHint(self) -> QSize:
        return QSize(480, 200)

    # what is shown -----------------------------------------------------------------------

    @property
    def spec(self) -> AnyChart | None:
        """The chart as it is exported, with its title."""
        return self._spec

    @property
    def marks(self) -> Marks | None:
        """Where things are, None while nothing is drawn."""
        return self._marks

    @property
    def words(self) -> str:
        """What stands in place of a chart."""
        return self._words

    @property
    def drawn(self) -> bool:
        """Whether the picture is that of the present chart."""
        return self._image is not None and not self._soon.isActive() and not self._drawing

    def set_chart(self, spec: AnyChart) -> None:
        self._spec = spec
        self._words = ""
        self.setAccessibleDescription(str(getattr(spec, "title", "")))
        self._later()

    def set_words(self, text: str) -> None:
        """No chart: say what is missing and what to do."""
        self._spec = self._image = self._marks = None
        self._mark = None
        self._words = text
        self._soon.stop()
        self.setAccessibleDescription(text)
        self.update()

    def set_kept(self, keys: frozenset[str] | None) -> None:
        """Let the marks of all areas but these fade (a filter); None: show all alike."""
        if keys == self._kept:
            return
        self._kept = keys
        if self._own_fading:
            self._later()
        else:
            self._repaint_ground()

    @property
    def _own_fading(self) -> bool:
        """Whether the picture itself shows what a filter leaves out: a veil over points would
        blot out names beside them."""
        from monitor_app.cartography.relationspec import ScatterSpec

        return isinstance(self._spec, ScatterSpec)

    def _later(self) -> None:
        self._mark = None
        if seen(self):
            self._soon.start()
        else:
            self._image = self._marks = None

    def _redraw(self) -> None:
        spec = self._spec
        if spec is None or self.width() < LEAST.width() or self.height() < LEAST.height():
            self._image = self._marks = None
            self.update()
            return
        # The line above the chart says what it shows: here its title would only take room.
        shown: Any = replace(spec, title="")
        if self._own_fading and self._kept is not None:
            shown = replace(shown, faded=frozenset(shown.keys) - self._kept)
        size, ratio, style = self.size(), self.devicePixelRatioF(), chart_style(self._theme)

        def work() -> tuple[QImage, Marks]:
            return chart_picture(shown, size, ratio, style)

        if self.drawer is None or parts_of(spec) <= MANY:
            self._image, self._marks = work()
            self._repaint_ground()
        elif not self._drawing:
            self._drawing = True
            self.drawer(work, partial(self._take_picture, spec, size))
        else:
            self._soon.start()  # look again when the present picture may be done

    def _take_picture(
        self, spec: AnyChart, size: QSize, picture: tuple[QImage, Marks] | None
    ) -> None:
        """A picture that was drawn elsewhere; None: it could not be drawn."""
        self._drawing = False
        if self._closed or picture is None:
            return
        if spec is self._spec and size == self.size():
            self._image, self._marks = picture
            self._repaint_ground()
        elif self._spec is not None:
            self._later()

    # painting ----------------------------------------------------------------------------

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), self._theme.colour("surface"))
        ground = self._ground()
        if ground is not None:
            painter.drawImage(0, 0, ground)
            self._paint_hot(painter)
        elif self._spec is not None:
            if not self._soon.isActive() and not self._drawing:
                self._soon.start()
        elif self._words:
            self._paint_words(painter)
        if self.hasFocus():
            painter.setPen(QPen(self._theme.colour("accent"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.rect().adjusted(1, 1, -1, -1))

    def _paint_words(self, painter: QPainter) -> None:
        painter.setPen(self._theme.colour("muted"))
        room = self.rect().adjusted(24, 8, -24, -8)
        painter.drawText(room, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._words)

    def _ground(self) -> QImage | None:
        """The picture with all that stays while the mouse moves: the veil of the filter, outlines
        and names of selected areas. Made once, or a frame would take as long as there are
        areas."""
        image, marks = self._image, self._marks
        if image is None or marks is None:
            return None
        if self._grounded is None or self._grounded[0] is not image:
            made = image.copy()
            painter = QPainter(made)
            painter.setFont(self.font())
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            if self._kept is not None and not self._own_fading:
                veil(painter, marks, self._kept, self._theme.colour("surface"))
            chosen = self._selection.keys
            own = [mark for key in chosen for mark in marks.of(key)]
            outline(painter, marks, own, self._theme.colour("text"), 1.8)
            name_points(painter, marks, chosen, self._theme, self.width())
            painter.end()
            self._grounded = (image, made)
        return self._grounded[1]

    def _hot_marks(self) -> list[int]:
        """Marks under the mouse or the keyboard here, or of the area hovered elsewhere."""
        marks, hovered = self._marks, self._selection.hovered
        if marks is None:
            return []
        own = list(marks.of(hovered)) if hovered is not None else []
        if self._mark is not None and self._mark < len(marks) and self._mark not in own:
            own.append(self._mark)
        return own

    def _paint_hot(self, painter: QPainter) -> None:
        marks = self._marks
        if marks is None:
            return
        hot = QColor(chart_style(self._theme).hover)
        outline(painter, marks, self._hot_marks(), hot, 2.4)
        if not self._box.isNull():
            painter.setPen(QPen(self._theme.colour("accent"), 1, Qt.PenStyle.DashLine))
            tint = self._theme.colour("accent")
            tint.setAlpha(40)
            painter.setBrush(tint)
            painter.drawRect(self._box)
        tip = self._tip_box()
        if tip is not None:
            paint_tip(painter, tip, self._theme)
            painter.setFont(self.font())

    def _tip_box(self) -> TipBox | None:
        mark, marks = self._tip_mark(), self._marks
        if mark is None or marks is None:
            return None
        return tip_box(marks, mark, self.size(), self.font())

    def _follow(self) -> None:
        """Paint anew what is highlighted now and what was before, nothing else."""
        marks, before = self._marks, self._hot_region
        now = QRegion()
        if marks is not None and self._image is not None:
            now = region_of(marks, self._hot_marks(), self._tip_box())
        self._hot_region = now
        if not (both := before.united(now)).isEmpty():
            self.update(both)

    def _repaint_ground(self) -> None:
        self._grounded = None
        self._follow()
        self.update()

    def _tip_mark(self) -> int | None:
        """The mark to explain: the one under the mouse, else the only one of the hovered area."""
        marks = self._marks
        if marks is None or self._pressed is not None:
            return None
        if self._mark is not None:
            return self._mark if self._mark < len(marks) else None
        hovered = self._selection.hovered
        own = [m for m in (marks.of(hovered) if hovered else ()) if len(marks.keys[m]) == 1]
        return own[0] if len(own) == 1 else None

    @property
    def tip(self) -> str:
        """Name and values of the mark that is explained now, in lines."""
        mark = self._tip_mark()
        if mark is None or self._marks is None:
            return ""
        return "\n".join(t for t in self._marks.tip(mark) if t)

    # hand --------------------------------------------------------------------------------

    def _keys(self, mark: int | None) -> tuple[str, ...]:
        return () if mark is None or self._marks is None else self._marks.keys[mark]

    def _point_at(self, mark: int | None) -> None:
        if mark == self._mark:
            return
        self._mark = mark
        keys = self._keys(mark)
        self._selection.hover(keys[0] if len(keys) == 1 else None)
        self._follow()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        if self._pressed is not None:
            if (at.toPoint() - self._pressed).manhattanLength() > _DRAG:
                self._box = QRect(self._pressed, at.toPoint()).normalized()
            self.update()
        elif self._marks is not None:
            self._point_at(self._marks.at(at.x(), at.y()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton and self._marks is not None:
            self._pressed = event.position().toPoint()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        marks, pressed, box = self._marks, self._pressed, self._box
        if event.button() is not Qt.MouseButton.LeftButton or pressed is None or marks is None:
            return
        self._pressed, self._box = None, QRect()
        adds = bool(
            event.modifiers()
            & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
        )
        if not box.isNull():
            keys = marks.within(box.left(), box.top(), box.right(), box.bottom())
            self._selection.set((*self._selection.keys, *keys) if adds else keys)
        else:
            at = event.position()
            self._choose(marks.at(at.x(), at.y()), adds=adds)
        self.update()

    def _choose(self, mark: int | None, *, adds: bool = False) -> None:
        """Select the areas of a mark; the same ones again let go of them."""
        keys = self._keys(mark)
        if mark is not None and not keys:
            self.mark_clicked.emit(mark)
            return
        now = self._selection.keys
        if adds:
            both = [k for k in now if k not in keys]
            self._selection.set(both if set(keys) <= set(now) else (*now, *keys))
        elif set(keys) == set(now):
            self._selection.clear()
        else:
            self._selection.set(keys)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        marks = self._marks
        steps = {Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1, Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1}
        key = Qt.Key(event.key())
        if key in steps and marks is not None and len(marks):
            before = -1 if self._mark is None and steps[key] > 0 else self._mark or 0
            self._point_at((before + steps[key]) % len(marks))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Space) and self._mark is not None:
            self._choose(self._mark, adds=True)
        elif key is Qt.Key.Key_Escape and self._mark is not None:
            self._point_at(None)
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if self._spec is not None:
            self.menu_wanted.emit(event.globalPos())

    def leaveEvent(self, _event: QEvent) -> None:
        if self._mark is not None or self._selection.hovered is not None:
            self._mark = None
            self._selection.hover(None)
            self._follow()

    def focusOutEvent(self, event: Any) -> None:
        super().focusOutEvent(event)
        self._point_at(None)

    def resizeEvent(self, _event: QResizeEvent) -> None:
        self._later()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() is QEvent.Type.StyleChange:
            self._image = self._marks = None
        super().changeEvent(event)

    def _selection_changed(self, change: SelectionChange) -> None:
        if change.added or change.removed:
            self._grounded = None
        if self.isVisible() and self._image is not None:
            if self._grounded is None:
                self._repaint_ground()
            else:
                self._follow()

    def shutdown(self) -> None:
        self._closed = True
        self._soon.stop()
        self._unsubscribe()
        self._unsubscribe = lambda: None
