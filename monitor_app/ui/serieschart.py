"""A small chart of a few series over time: lines with their names at the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QToolTip, QWidget

from monitor_app.core.formats import format_date, format_number
from monitor_app.core.i18n import _
from monitor_app.ui.theme import SMALL, Theme

#: Lines that differ in lightness and dashes too; each has 3:1 against light and dark surfaces.
COLOURS = ("#2f7fb8", "#c8641e", "#1b9371", "#b0609a", "#8f7a10", "#7a6fd0")
STYLES = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DashDotLine)
_LEFT, _TOP, _BOTTOM = 52, 12, 24
#: Room for the names at the right, at least and at most.
_NAMES = (72, 184)


@dataclass(frozen=True)
class Series:
    """Values by date; ``thin``: drawn faint, such as what chance alone would give."""

    name: str
    values: dict[date, float]
    thin: bool = False


class SeriesChart(QWidget):
    """Draws what it is given; a tooltip tells the values of the nearest date."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._series: tuple[Series, ...] = ()
        self._days: tuple[date, ...] = ()
        self._breaks: tuple[date, ...] = ()
        self._precision = 2
        self._range = (0.0, 1.0)
        self.setMouseTracking(True)
        self.setMinimumHeight(140)
        self.setAccessibleName(_("Values over time"))

    def sizeHint(self) -> QSize:
        return QSize(480, 200)

    @property
    def series(self) -> tuple[Series, ...]:
        return self._series

    def show_series(
        self, series: Sequence[Series], breaks: Sequence[date] = (), precision: int = 2
    ) -> None:
        """``breaks``: days of territorial reforms, drawn as lines."""
        self._series = tuple(s for s in series if s.values)
        self._days = tuple(sorted({d for s in self._series for d in s.values}))
        self._breaks, self._precision = tuple(breaks), precision
        known = [v for s in self._series for v in s.values.values() if np.isfinite(v)]
        low, high = min([0.0, *known]), max([0.0, *known])
        top = high + 0.06 * (high - low)
        self._range = (low, top if top > low else low + 1.0)
        last = self._days[-1] if self._days else None
        self.setAccessibleDescription(
            "; ".join(f"{s.name}: {self._text(s.values[last])}" for s in self._series
                      if last in s.values)
        )  # fmt: skip
        self.update()

    def _text(self, value: float) -> str:
        return format_number(value, self._precision)

    @property
    def _names_room(self) -> int:
        widest = max(
            (self.fontMetrics().horizontalAdvance(s.name) for s in self._series), default=0
        )
        return min(max(widest + 44, _NAMES[0]), _NAMES[1])

    def _x(self, day: date) -> float:
        first, last = self._days[0].toordinal(), self._days[-1].toordinal()
        room = self.width() - _LEFT - self._names_room
        return _LEFT + room * (day.toordinal() - first) / max(1, last - first)

    def _y(self, value: float) -> float:
        low, high = self._range
        return (
            self.height()
            - _BOTTOM
            - (value - low) / (high - low) * (self.height() - _TOP - _BOTTOM)
        )

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), self._theme.colour("surface"))
        if not self._days:
            return
        font = painter.font()
        font.setPixelSize(SMALL)
        painter.setFont(font)
        self._paint_axes(painter)
        for number, series in enumerate(self._series):
            self._paint_line(painter, series, number)
        self._paint_names(painter)

    def _paint_axes(self, painter: QPainter) -> None:
        muted, grid = self._theme.colour("muted"), self._theme.colour("border")
        grid.setAlpha(90)
        right = self.width() - self._names_room
        for value in self._ticks():
            y = self._y(value)
            painter.setPen(QPen(grid, 1))
            painter.drawLine(QPointF(_LEFT, y), QPointF(right, y))
            painter.setPen(muted)
            painter.drawText(
                QRectF(0, y - 8, _LEFT - 8, 16),
                Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
                format_number(value, self._tick_decimals()),
            )  # fmt: skip
        for day in self._breaks:
            if self._days[0] < day <= self._days[-1]:
                painter.setPen(QPen(muted, 1, Qt.PenStyle.DotLine))
                x = self._x(day)
                painter.drawLine(QPointF(x, _TOP), QPointF(x, self.height() - _BOTTOM))
        painter.setPen(muted)
        for day in self._labelled():
            painter.drawText(
                QRectF(self._x(day) - 30, self.height() - _BOTTOM + 4, 60, 16),
                Qt.AlignmentFlag.AlignCenter, str(day.year),
            )  # fmt: skip

    def _tick_decimals(self) -> int:
        """As many as tell the ticks apart."""
        ticks = self._ticks()
        step = ticks[1] - ticks[0] if len(ticks) > 1 else 1.0
        return max(self._precision, -int(np.floor(np.log10(step) + 1e-9)))

    def _ticks(self) -> list[float]:
        """Round values, about four."""
        low, high = self._range
        step = 10.0 ** np.floor(np.log10((high - low) / 3))
        step *= next(f for f in (1, 2, 5, 10) if (high - low) / (step * f) <= 4.5)
        first = int(np.ceil(low / step - 1e-9))
        return [k * float(step) for k in range(first, int(np.floor(high / step + 1e-9)) + 1)]

    def _labelled(self) -> list[date]:
        """Dates whose years are written: as many as there is room for, first and last always."""
        kept: list[date] = [self._days[-1]]
        for day in reversed(self._days[:-1]):
            if self._x(kept[-1]) - self._x(day) >= 48:
                kept.append(day)
        if kept[-1] != self._days[0] and len(kept) > 1:
            kept[-1] = self._days[0]
        return kept

    def _pen(self, series: Series, number: int) -> QPen:
        colour = QColor(COLOURS[number % len(COLOURS)])
        if series.thin:
            muted = self._theme.colour("muted")
            return QPen(muted, 1, Qt.PenStyle.DotLine)
        return QPen(colour, 2, STYLES[number // 2 % len(STYLES)])

    def _paint_line(self, painter: QPainter, series: Series, number: int) -> None:
        """A date without a value is a gap; a value between two gaps is a point."""
        painter.setPen(self._pen(series, number))
        for run in self.runs(series):
            points = [QPointF(self._x(d), self._y(series.values[d])) for d in run]
            if len(points) == 1:
                painter.drawEllipse(points[0], 2, 2)
            painter.drawPolyline(points)

    def runs(self, series: Series) -> list[list[date]]:
        """Dates of a series that follow each other without a gap."""
        found: list[list[date]] = [[]]
        for day in self._days:
            if np.isfinite(series.values.get(day, np.nan)):
                found[-1].append(day)
            elif found[-1]:
                found.append([])
        return [run for run in found if run]

    def _paint_names(self, painter: QPainter) -> None:
        """Names beside the ends of their lines, moved apart where they would overlap."""
        ends = []
        for number, series in enumerate(self._series):
            known = [day for day, value in series.values.items() if np.isfinite(value)]
            if known:
                ends.append((self._y(series.values[max(known)]), series, number))
        ends.sort(key=lambda e: e[0])
        places: list[float] = []
        for y, _series, _number in ends:
            places.append(y if not places else max(y, places[-1] + 16))
        over = places[-1] + 8 - (self.height() - 2) if places else 0
        if over > 0:
            places[-1] -= over
            for n in range(len(places) - 2, -1, -1):
                places[n] = min(places[n], places[n + 1] - 16)
        left = self.width() - self._names_room + 8
        for place, (_y, series, number) in zip(places, ends, strict=True):
            pen = self._pen(series, number)
            painter.setPen(pen)
            painter.drawLine(QPointF(left, place), QPointF(left + 16, place))
            painter.setPen(self._theme.colour("muted" if series.thin else "text"))
            box = QRectF(left + 22, place - 8, self._names_room - 34, 16)
            text = painter.fontMetrics().elidedText(
                series.name, Qt.TextElideMode.ElideRight, int(box.width())
            )
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, text)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if not self._days:
            return
        day = min(self._days, key=lambda d: abs(self._x(d) - event.position().x()))
        lines = [format_date(day)]
        lines += [f"{s.name}: {self._text(s.values[day])}" for s in self._series if day in s.values]
        QToolTip.showText(event.globalPosition().toPoint(), "\n".join(lines), self)
