"""Building blocks of the forecast workspace: labels, sections, things that unfold, factor plot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QLocale, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QSpacerItem,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from monitor_app.cartography.fanspec import COURSE_COLOURS
from monitor_app.core.formats import format_number
from monitor_app.core.i18n import LANGUAGE, _
from monitor_app.ui.theme import SMALL, Theme

#: Space around and inside of steps, in pixels.
EDGE = 20


def label(text: str = "", role: str = "") -> QLabel:
    """A label that wraps, in a role of the style sheet."""
    made = QLabel(text)
    if role:
        made.setProperty("role", role)
    made.setWordWrap(True)
    return made


def caption(text: str) -> QLabel:
    """The name above a field."""
    made = QLabel(text)
    made.setProperty("role", "small")
    return made


def line() -> QFrame:
    made = QFrame()
    made.setProperty("role", "line")
    return made


def scrolling(inside: QWidget) -> QScrollArea:
    """A page that scrolls only up and down."""
    inside.setProperty("role", "panel")
    scroll = QScrollArea()
    scroll.setWidgetResizable(True)
    scroll.setFrameShape(QFrame.Shape.NoFrame)
    scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
    scroll.setWidget(inside)
    return scroll


def emptied(page: QWidget) -> None:
    """Take everything off a page."""
    layout = page.layout()
    assert layout is not None
    while layout.count():
        item = layout.takeAt(0)
        old = item.widget() if item is not None else None
        if old is not None:
            old.hide()
            old.deleteLater()


def filled(page: QWidget, about: str, content: QWidget) -> None:
    """A line of text, the content, and room below."""
    layout = page.layout()
    assert layout is not None
    layout.addWidget(label(about, "small"))
    layout.addWidget(content)
    layout.addItem(QSpacerItem(0, 0, QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Expanding))


def roomy(spin: QSpinBox) -> QSpinBox:
    """A number field whose text does not touch its edge, written as everywhere else."""
    spin.lineEdit().setTextMargins(8, 0, 0, 0)
    spin.setLocale(QLocale("de_DE" if LANGUAGE.code == "de" else "en_GB"))
    return spin


class Section(QWidget):
    """Heading, a line about it, content; unfolds where ``folded`` is given."""

    toggled = Signal(bool)

    def __init__(
        self, title: str, about: str = "", *, folded: bool | None = None,
        parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self.body = QWidget()
        self.column = QVBoxLayout(self.body)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(8)
        self.head: QToolButton | None = None
        if folded is None:
            column.addWidget(label(title, "heading"))
        else:
            self.head = QToolButton()
            self.head.setProperty("role", "flat")
            self.head.setText(title)
            self.head.setCheckable(True)
            self.head.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            font = QFont(self.head.font())
            font.setBold(True)
            self.head.setFont(font)
            self.head.toggled.connect(self._unfold)
            column.addWidget(self.head)
        if about:
            column.addWidget(label(about, "small"))
        column.addWidget(self.body)
        if self.head is not None:
            self.head.setChecked(not folded)
            self._unfold(not folded)

    def _unfold(self, on: bool) -> None:
        self.body.setVisible(on)
        if self.head is not None:
            self.head.setArrowType(Qt.ArrowType.DownArrow if on else Qt.ArrowType.RightArrow)
        self.toggled.emit(on)


class FactorPlot(QWidget):
    """Factors of a scenario over the years as steps, in per cent of the rates."""

    def __init__(self, theme: Theme, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._lines: dict[str, tuple[float, ...]] = {}
        self._years: tuple[int, ...] = ()
        self.setAccessibleName(name)
        self.setMinimumSize(240, 130)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def sizeHint(self) -> QSize:
        return QSize(320, 180)

    def show_lines(self, lines: Mapping[str, Sequence[float]], years: Sequence[int]) -> None:
        """Name -> factor per year."""
        self._lines = {name: tuple(values) for name, values in lines.items()}
        self._years = tuple(years)
        self.setAccessibleDescription(
            "; ".join(f"{n} {format_number(100 * v[-1])} %" for n, v in self._lines.items() if v)
        )
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), self._theme.colour("surface"))
        font = QFont(self.font())
        font.setPixelSize(SMALL)
        painter.setFont(font)
        if self._years and self._lines:
            self._paint(painter)
        elif self._years:
            painter.setPen(self._theme.colour("muted"))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect(), int(flags), _("All factors are 100 %."))
        painter.end()

    def _paint(self, painter: QPainter) -> None:
        every = [v for values in self._lines.values() for v in values] or [1.0]
        low, high = min(*every, 0.9), max(*every, 1.1)
        pad = (high - low) * 0.08
        low, high = low - pad, high + pad
        room = QRectF(44, 8, max(self.width() - 190, 60), max(self.height() - 34, 40))

        def place(year: float, value: float) -> QPointF:
            across = (year - self._years[0]) / max(len(self._years), 1)
            return QPointF(
                room.left() + across * room.width(),
                room.bottom() - (value - low) / (high - low) * room.height(),
            )

        muted = self._theme.colour("muted")
        middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
        for value in sorted({1.0, min(every), max(every)}):
            at = place(self._years[0], value)
            painter.setPen(QPen(self._theme.colour("line"), 1))
            painter.drawLine(at, QPointF(room.right(), at.y()))
            painter.setPen(muted)
            painter.drawText(
                QRectF(0, at.y() - 8, 40, 16), int(middle), f"{format_number(100 * value)} %"
            )
        painter.setPen(muted)
        for year, align in (
            (self._years[0], Qt.AlignmentFlag.AlignLeft),
            (self._years[-1], Qt.AlignmentFlag.AlignRight),
        ):
            painter.drawText(
                QRectF(room.left(), room.bottom() + 6, room.width(), 16), int(align), str(year)
            )
        self._paint_lines(painter, place, room)

    def _paint_lines(self, painter: QPainter, place, room: QRectF) -> None:  # type: ignore[no-untyped-def]
        taken: list[float] = []
        for n, (name, values) in enumerate(self._lines.items()):
            colour = QColor(COURSE_COLOURS[n % len(COURSE_COLOURS)])
            painter.setPen(QPen(colour, 2))
            path = QPainterPath(place(self._years[0], values[0]))
            for year, value in zip(self._years, values, strict=True):
                path.lineTo(place(year, value))
                path.lineTo(place(year + 1, value))
            painter.drawPath(path)
            y = place(self._years[-1], values[-1]).y() - 8
            while any(abs(y - other) < 15 for other in taken):
                y += 4
            taken.append(y)
            painter.drawText(
                QRectF(room.right() + 6, y, self.width() - room.right() - 6, 16),
                int(Qt.AlignmentFlag.AlignVCenter), name,
            )  # fmt: skip
