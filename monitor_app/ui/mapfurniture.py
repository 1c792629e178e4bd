"""What stands on the map besides the areas: hover card, buttons, scale bar, date."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QFrame, QLabel, QToolButton, QVBoxLayout, QWidget

from monitor_app.cartography.mapspec import MapKind, MapSpec
from monitor_app.cartography.raster import View
from monitor_app.cartography.scalebar import scale_bar
from monitor_app.core.formats import THIN_SPACE, format_value
from monitor_app.core.i18n import _
from monitor_app.core.status import Status
from monitor_app.ui.icons import icon
from monitor_app.ui.tablemodel import status_text
from monitor_app.ui.theme import CONTROL, HEADING, SMALL, Theme

#: The map is paper: its ink does not follow the dark theme.
INK, PAPER = "#1b2129", "#ffffff"
_BAR = 140  # longest scale bar in logical pixels


#: With these keys a click adds to what is selected.
ADDING = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
#: Why the map has the focus, for those who came with the keyboard.
BY_KEY = (
    Qt.FocusReason.TabFocusReason,
    Qt.FocusReason.BacktabFocusReason,
    Qt.FocusReason.ShortcutFocusReason,
)


class HoverCard(QFrame):
    """Name and value of the area under the pointer."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._map = parent
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setObjectName("hoverCard")
        self.setStyleSheet(
            f"QFrame#hoverCard {{ background: {PAPER}; border: 1px solid #7c8794;"
            f" border-radius: 6px; }} QFrame#hoverCard QLabel {{ color: {INK}; }}"
        )
        self.name = QLabel()
        self.name.setTextFormat(Qt.TextFormat.PlainText)
        self.value = QLabel()
        self.value.setTextFormat(Qt.TextFormat.PlainText)
        self.value.setStyleSheet("font-weight: 600; font-size: 15px")
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 12, 8)
        column.setSpacing(0)
        column.addWidget(self.name)
        column.addWidget(self.value)
        self._at = QPointF(24, 24)
        self.hide()

    def tell(self, name: str, value: str) -> None:
        self.name.setText(name)
        self.value.setText(value)
        self.adjustSize()
        self.show()
        self.raise_()
        self._place()

    def follow(self, at: QPointF) -> None:
        self._at = at
        if self.isVisible():
            self._place()

    def _place(self) -> None:
        """Below right of the pointer, on the other side where there is no room."""
        room = self._map.size()
        x, y = self._at.x() + 16, self._at.y() + 16
        if x + self.width() > room.width():
            x = self._at.x() - 12 - self.width()
        if y + self.height() > room.height():
            y = self._at.y() - 12 - self.height()
        self.move(round(max(0.0, x)), round(max(0.0, y)))


def value_words(spec: MapSpec, place: int) -> str:
    """What a map says of one area: its value, type, or both measures, in lines."""

    def text(value: float, unit: str, precision: int, *, signed: bool = False) -> str:
        shown = format_value(float(value), 0, precision, unit, signed=signed)
        return shown.replace(THIN_SPACE, " ")

    status = int(spec.status[place])
    why = status_text(status)
    if why and status >= Status.MISSING:
        return why
    if spec.pair is not None and spec.pair.second is not None:
        pair = spec.pair
        both = (spec.values[place], spec.pair.second[place])
        rows = zip(pair.titles, both, pair.units, pair.precisions, strict=True)
        return "\n".join(f"{_short(title)}: {text(v, unit, p)}" for title, v, unit, p in rows)
    value = text(spec.values[place], spec.unit, spec.precision, signed=spec.signed)
    if spec.kind is MapKind.CATEGORIES:
        kind = int(spec.classification.classes[place])
        value = f"{value}\n{spec.classification.names[kind]}" if kind >= 0 else value
    return f"{value} ({why})" if why else value


def _short(title: str) -> str:
    return title if len(title) <= 40 else f"{title[:38].rstrip()}…"


class MapButtons(QFrame):
    """Zoom and selection tools at the upper right of the map."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._map = parent
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        self._all: list[tuple[QToolButton, str]] = []
        self.zoom_in = self._button("plus", _("Zoom in (+)"))
        self.zoom_out = self._button("minus", _("Zoom out (−)"))
        self.all = self._button("fit", _("Show the whole town (0)"))
        self.selection = self._button("fit-selection", _("Zoom to selection"))
        self.box = self._button("box", _("Select with a box (or Shift and drag)"))
        self.box.setCheckable(True)
        self.selection.setEnabled(False)
        for button, _picture in self._all:
            column.addWidget(button)
        self.draw_icons()
        self.adjustSize()

    def _button(self, picture: str, text: str) -> QToolButton:
        button = QToolButton()
        button.setProperty("role", "map")
        button.setFixedSize(CONTROL + 4, CONTROL + 4)
        button.setIconSize(QSize(18, 18))
        button.setToolTip(text)
        button.setAccessibleName(text)
        self._all.append((button, picture))
        return button

    def draw_icons(self) -> None:
        for button, picture in self._all:
            button.setIcon(icon(picture, self._theme, size=18))

    def place(self) -> None:
        self.adjustSize()
        self.move(self._map.width() - self.width() - 12, 12)


def paint_marks(painter: QPainter, colour: QColor, box: QRectF | None, ring: QRectF | None) -> None:
    """The box that is being drawn to select, and the focus frame."""
    if box is not None:
        painter.setPen(colour)
        veil = QColor(colour)
        veil.setAlpha(40)
        painter.fillRect(box, veil)
        painter.drawRect(box)
    if ring is not None:
        painter.setPen(QPen(colour, 2))
        painter.drawRect(ring.adjusted(1, 1, -1, -1))


def paint_furniture(painter: QPainter, view: View, spec: MapSpec, *, day: bool) -> None:
    """Scale bar at the lower left, and the date at the upper left where nothing else shows it."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    font = painter.font()
    font.setPixelSize(HEADING)
    font.setBold(True)
    painter.setFont(font)
    text = spec.date_text if day else ""
    width = painter.fontMetrics().horizontalAdvance(text)
    back = QColor(PAPER)
    back.setAlpha(215)
    if text:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(back)
        painter.drawRoundedRect(QRectF(12, 12, width + 20, 32), 6, 6)
        painter.setPen(QColor(INK))
        painter.drawText(QPointF(22, 34), text)
    bar = scale_bar(_BAR / view.scale) if view.scale > 0 else None
    if bar is not None:
        font.setPixelSize(SMALL)
        font.setBold(False)
        painter.setFont(font)
        length = bar.length * view.scale
        bottom = view.height - 18.0
        label = painter.fontMetrics().horizontalAdvance(bar.label)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(back)
        painter.drawRoundedRect(QRectF(12, bottom - 12, length + label + 28, 22), 6, 6)
        painter.setPen(QPen(QColor(INK), 1.5))
        painter.drawLine(QPointF(20, bottom), QPointF(20 + length, bottom))
        for i in range(bar.parts + 1):
            x = 20 + length * i / bar.parts
            painter.drawLine(QPointF(x, bottom - 4), QPointF(x, bottom))
        painter.drawText(QPointF(26 + length, bottom + 3), bar.label)
    painter.restore()
