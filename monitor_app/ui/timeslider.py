"""Time axis over real dates: gaps keep their length, dates without data cannot be chosen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QHideEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
)
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QToolButton, QWidget

from monitor_app.core.formats import format_date
from monitor_app.core.i18n import _
from monitor_app.ui.icons import icon
from monitor_app.ui.theme import CONTROL, SMALL, Theme

#: Milliseconds that a date stays on screen while playing.
PLAY_MS = 800
_MARGIN = 28


def short_label(day: date) -> str:
    """``2024`` for the last and first day of a year, else ``06/2024``."""
    if (day.month, day.day) in ((12, 31), (1, 1)):
        return str(day.year)
    return f"{day.month:02d}/{day.year}"


class TimeAxis(QWidget):
    """The axis itself: one handle for the shown date, a second one while comparing.

    Positions are indices into ``dates`` (ascending). Arrow keys step, Home and End jump; while
    comparing, Shift with an arrow moves the second handle.
    """

    moved = Signal(int)
    compared = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._dates: tuple[date, ...] = ()
        self._breaks: tuple[date, ...] = ()
        self._forecast_from: date | None = None
        self._index = -1
        self._other: int | None = None
        self._dragged: str | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._name()

    def sizeHint(self) -> QSize:
        return QSize(400, 48)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, 48)

    @property
    def dates(self) -> tuple[date, ...]:
        return self._dates

    @property
    def index(self) -> int:
        return self._index

    @property
    def forecast_from(self) -> date | None:
        return self._forecast_from

    @property
    def other(self) -> int | None:
        return self._other

    def set_dates(
        self, dates: Sequence[date], index: int, forecast_from: date | None = None
    ) -> None:
        self._dates = tuple(dates)
        self._forecast_from = forecast_from
        self._index = min(max(index, 0), len(self._dates) - 1) if self._dates else -1
        if self._other is not None and self._other >= len(self._dates):
            self._other = 0 if self._dates else None
        self._name()
        self.update()

    def set_breaks(self, days: Sequence[date]) -> None:
        """Days of territorial reforms: numbers before and after count other areas."""
        if tuple(days) != self._breaks:
            self._breaks = tuple(days)
            self._name()
            self.update()

    @property
    def breaks(self) -> tuple[date, ...]:
        return self._breaks

    def set_index(self, index: int) -> None:
        """Move the handle; ``moved`` is told only where the date really changes."""
        if not self._dates:
            return
        index = min(max(index, 0), len(self._dates) - 1)
        if index != self._index:
            self._index = index
            self._name()
            self.update()
            self.moved.emit(index)

    def set_other(self, index: int | None) -> None:
        if index is not None:
            if not self._dates:
                return
            index = min(max(index, 0), len(self._dates) - 1)
        if index != self._other:
            self._other = index
            self._name()
            self.update()
            if index is not None:
                self.compared.emit(index)

    def x_of(self, index: int) -> float:
        """Horizontal place of a date in widget pixels, proportional to time."""
        return self._x_of_day(self._dates[index])

    def _x_of_day(self, day: date) -> float:
        first, last = self._dates[0].toordinal(), self._dates[-1].toordinal()
        width = max(self.width() - 2 * _MARGIN, 1)
        if first == last:
            return _MARGIN + width / 2
        return _MARGIN + width * (day.toordinal() - first) / (last - first)

    def index_at(self, x: float) -> int:
        return min(range(len(self._dates)), key=lambda i: abs(self.x_of(i) - x))

    def _name(self) -> None:
        if self._index < 0:
            text = _("Time axis: no dates")
        elif self._other is None:
            text = _("Time axis: {day}").format(day=format_date(self._dates[self._index]))
        else:
            text = _("Time axis: {day} compared with {other}").format(
                day=format_date(self._dates[self._index]),
                other=format_date(self._dates[self._other]),
            )
        self.setAccessibleName(text)
        tip = _("Step with the arrow keys, drag the handle, or click a date")
        if self._breaks:
            days = ", ".join(format_date(day) for day in self._breaks)
            marks = _("Slanted strokes: the areas changed on {days}").format(days=days)
            tip = f"{tip}\n{marks}"
            self.setAccessibleDescription(marks)
        self.setToolTip(tip)

    def labelled(self) -> tuple[int, ...]:
        """Indices of the dates whose labels fit without touching each other: both ends, and
        between them every date or those of every 2nd, 5th, 10th … year."""
        if not self._dates:
            return ()
        ends = list(dict.fromkeys((0, len(self._dates) - 1)))
        between = range(1, len(self._dates) - 1)
        for step in (0, 1, 2, 5, 10, 20, 50, 100):
            years: set[int] = set()
            chosen: list[int] = []
            for i in between:
                year = self._dates[i].year
                if step and (year % step or year in years):
                    continue
                years.add(year)
                chosen.append(i)
            fitting = self._fitting(ends)
            inner = [i for i in chosen if self._free(i, fitting)]
            if len(self._fitting(inner)) == len(inner):
                ends = [*fitting, *inner]
                break
        # Dates that lie irregularly leave room for more.
        return tuple(sorted(self._fitting([*ends, *between])))

    def _span(self, i: int) -> tuple[float, float]:
        half = self.fontMetrics().horizontalAdvance(short_label(self._dates[i])) / 2 + 6
        return self.x_of(i) - half, self.x_of(i) + half

    def _free(self, i: int, others: Sequence[int]) -> bool:
        left, right = self._span(i)
        return all(right <= a or left >= b for a, b in map(self._span, others))

    def _fitting(self, wanted: Sequence[int]) -> list[int]:
        """Those that touch none before them."""
        kept: list[int] = []
        for i in wanted:
            if self._free(i, kept):
                kept.append(i)
        return kept

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self._dates:
            painter.setPen(self._theme.colour("muted"))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, _("No dates"))
            return
        y = 16.0
        self._paint_line(painter, y)
        self._paint_breaks(painter, y)
        font = painter.font()
        font.setPixelSize(SMALL)
        painter.setFont(font)
        labels = set(self.labelled())
        for i, day in enumerate(self._dates):
            x = self.x_of(i)
            painter.setPen(QPen(self._theme.colour("border"), 1.5))
            painter.drawLine(QPointF(x, y - 4), QPointF(x, y + 4))
            if i in labels:
                shown = i in (self._index, self._other)
                painter.setPen(self._theme.colour("text" if shown else "muted"))
                box = QRectF(x - 40, y + 10, 80, 18)
                painter.drawText(box, Qt.AlignmentFlag.AlignCenter, short_label(day))
        self._paint_handles(painter, y)

    def _paint_line(self, painter: QPainter, y: float) -> None:
        left, right = self.x_of(0), self.x_of(len(self._dates) - 1)
        split = right
        if self._forecast_from is not None:
            seen = [i for i, d in enumerate(self._dates) if d < self._forecast_from]
            split = self.x_of(seen[-1]) if seen else left
        pen = QPen(self._theme.colour("border"), 2)
        painter.setPen(pen)
        painter.drawLine(QPointF(left, y), QPointF(split, y))
        if split < right:
            pen.setStyle(Qt.PenStyle.DashLine)
            painter.setPen(pen)
            painter.drawLine(QPointF(split, y), QPointF(right, y))
        if self._other is not None:
            painter.setPen(QPen(self._theme.colour("accent"), 4))
            painter.drawLine(QPointF(self.x_of(self._other), y), QPointF(self.x_of(self._index), y))

    def _paint_breaks(self, painter: QPainter, y: float) -> None:
        """A gap with two slanted strokes, as on axes of print: no line goes across a reform."""
        for day in self._breaks:
            if not self._dates[0] < day <= self._dates[-1]:
                continue
            x = self._x_of_day(day)
            if any(abs(self.x_of(i) - x) < 5 for i in range(len(self._dates))):
                # The reform came into force on the day after a date: the gap lies before the next.
                later = [self.x_of(i) for i, d in enumerate(self._dates) if d >= day]
                x = (x + later[0]) / 2 if later and later[0] - x > 5 else x
            painter.setPen(QPen(self._theme.colour("window"), 5))
            painter.drawLine(QPointF(x, y - 2), QPointF(x, y + 2))
            painter.setPen(QPen(self._theme.colour("error"), 1.6))
            for shift in (-2.5, 2.5):
                painter.drawLine(QPointF(x + shift - 2, y + 7), QPointF(x + shift + 2, y - 7))

    def _paint_handles(self, painter: QPainter, y: float) -> None:
        accent, surface = self._theme.colour("accent"), self._theme.colour("surface")
        if self._other is not None:
            x = self.x_of(self._other)
            painter.setPen(QPen(accent, 2))
            painter.setBrush(surface)
            corners = [(0, -8), (8, 0), (0, 8), (-8, 0)]
            painter.drawPolygon(QPolygonF([QPointF(x + dx, y + dy) for dx, dy in corners]))
        x = self.x_of(self._index)
        if self.hasFocus():
            halo = QColor(accent)
            halo.setAlpha(80)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(halo)
            painter.drawEllipse(QPointF(x, y), 13, 13)
        painter.setPen(QPen(surface, 2))
        painter.setBrush(accent)
        painter.drawEllipse(QPointF(x, y), 8, 8)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is not Qt.MouseButton.LeftButton or not self._dates:
            return
        x = event.position().x()
        self._dragged = "index"
        if self._other is not None:
            near = abs(self.x_of(self._other) - x) < abs(self.x_of(self._index) - x)
            self._dragged = "other" if near else "index"
        self._drag(x)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._dragged is not None:
            self._drag(event.position().x())

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        self._dragged = None

    def _drag(self, x: float) -> None:
        index = self.index_at(x)
        if self._dragged == "other":
            self.set_other(index)
        else:
            self.set_index(index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {
            Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Down: -1, Qt.Key.Key_Up: 1,
            Qt.Key.Key_PageDown: -5, Qt.Key.Key_PageUp: 5,
            Qt.Key.Key_Home: -len(self._dates), Qt.Key.Key_End: len(self._dates),
        }  # fmt: skip
        step = steps.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
        elif event.modifiers() & Qt.KeyboardModifier.ShiftModifier and self._other is not None:
            self.set_other(self._other + step)
        else:
            self.set_index(self._index + step)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()


class TimeSlider(QWidget):
    """Time axis with buttons: back, play, forward."""

    moved = Signal(int)
    compared = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.axis = TimeAxis(theme, self)
        self.back = self._button(_("Previous date"))
        self.play = self._button(_("Play"))
        self.play.setCheckable(True)
        self.forward = self._button(_("Next date"))
        self._timer = QTimer(self)
        self._timer.setInterval(PLAY_MS)
        self._timer.timeout.connect(self._advance)
        self.back.clicked.connect(lambda: self.axis.set_index(self.axis.index - 1))
        self.forward.clicked.connect(lambda: self.axis.set_index(self.axis.index + 1))
        self.play.toggled.connect(self._toggle_play)
        self.axis.moved.connect(self._tell)
        self.axis.compared.connect(self.compared)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 4, 4, 4)
        row.setSpacing(4)
        for widget in (self.back, self.play, self.forward):
            row.addWidget(widget)
        row.addWidget(self.axis, 1)
        self._draw_icons()
        self._enable()

    def _button(self, name: str) -> QToolButton:
        button = QToolButton(self)
        button.setProperty("role", "flat")
        button.setMinimumSize(CONTROL, CONTROL)
        button.setToolTip(name)
        button.setAccessibleName(name)
        return button

    def _draw_icons(self) -> None:
        self.back.setIcon(icon("previous", self._theme))
        self.forward.setIcon(icon("next", self._theme))
        self.play.setIcon(icon("pause" if self.play.isChecked() else "play", self._theme))

    def set_dates(
        self, dates: Sequence[date], index: int, forecast_from: date | None = None
    ) -> None:
        self.axis.set_dates(dates, index, forecast_from)
        self._enable()

    def stop(self) -> None:
        self.play.setChecked(False)

    def _enable(self) -> None:
        index, last = self.axis.index, len(self.axis.dates) - 1
        self.back.setEnabled(index > 0)
        self.forward.setEnabled(0 <= index < last)
        self.play.setEnabled(last > 0)

    def _tell(self, index: int) -> None:
        self._enable()
        self.moved.emit(index)

    def _toggle_play(self, on: bool) -> None:
        name = _("Pause") if on else _("Play")
        self.play.setToolTip(name)
        self.play.setAccessibleName(name)
        self._draw_icons()
        if not on:
            self._timer.stop()
            return
        if self.axis.index == len(self.axis.dates) - 1:
            self.axis.set_index(0)
        self._timer.start()

    def _advance(self) -> None:
        if self.axis.index >= len(self.axis.dates) - 1:
            self.stop()
        else:
            self.axis.set_index(self.axis.index + 1)

    def hideEvent(self, event: QHideEvent) -> None:
        self.stop()
        super().hideEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() is QEvent.Type.StyleChange:
            self._draw_icons()
        super().changeEvent(event)
