"""Chart of a number by horizon: the program bold, other methods thin, a promised value as line."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from monitor_app.core.formats import THIN_SPACE, format_number
from monitor_app.core.i18n import _
from monitor_app.reports.backtestsheet_spec import Course, Horizons, Look
from monitor_app.ui.rateschart import nice_step
from monitor_app.ui.theme import SMALL, Theme

_LEFT, _TOP, _BOTTOM = 44, 28, 36


class HorizonChart(QWidget):
    """Lines over years ahead, named at their ends."""

    def __init__(self, theme: Theme, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.plot: Horizons | None = None
        self.setMinimumSize(280, 170)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(name)

    def sizeHint(self) -> QSize:
        return QSize(340, 240)

    def show_plot(self, plot: Horizons | None) -> None:
        self.plot = plot
        if plot is not None:
            told = [
                f"{line.name}: "
                + ", ".join(
                    f"{h}: {format_number(v, 1)}"
                    for h, v in zip(plot.years, line.values, strict=True)
                    if np.isfinite(v)
                )
                for line in plot.courses
                if line.look is not Look.OTHER
            ]
            self.setAccessibleDescription(f"{plot.title}. " + "; ".join(told))
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), self._theme.colour("surface"))
        plot = self.plot
        if plot is None or not plot.courses or not plot.years:
            return
        font = painter.font()
        font.setPixelSize(SMALL)
        painter.setFont(font)
        named = [line for line in plot.courses if line.look is not Look.OTHER]
        metrics = painter.fontMetrics()
        right = 14 + max((metrics.horizontalAdvance(line.name) for line in named), default=0)
        right = min(right, int(0.36 * self.width()))
        frame = QRectF(_LEFT, _TOP, self.width() - _LEFT - right, self.height() - _TOP - _BOTTOM)
        high = self._top(plot)
        painter.setPen(self._theme.colour("text"))
        painter.drawText(QPointF(8, 17), plot.title)
        self._axes(painter, plot, frame, high)
        for look in (Look.OTHER, Look.TOWN, Look.RIVAL, Look.OWN):
            for line in plot.courses:
                if line.look is look:
                    self._draw(painter, plot, line, frame, high)
        self._names(painter, plot, named, frame, high, right)

    @staticmethod
    def _top(plot: Horizons) -> float:
        if plot.top is not None:
            return plot.top
        values = [v for line in plot.courses for v in line.values if np.isfinite(v)]
        named = [v for line in plot.courses if line.look is not Look.OTHER
                 for v in line.values if np.isfinite(v)]  # fmt: skip
        # A method that is far worse than the others may leave the picture.
        high = min(max(values, default=1.0), 2.5 * max(named, default=1.0))
        return 1.08 * max(high, 1e-6)

    @staticmethod
    def _place(plot: Horizons, frame: QRectF, high: float, horizon: float, value: float) -> QPointF:
        first, last = plot.years[0], plot.years[-1]
        part = 0.5 if last == first else (horizon - first) / (last - first)
        x = frame.left() + 8 + part * (frame.width() - 16)
        return QPointF(x, frame.bottom() - value / high * frame.height())

    def _axes(self, painter: QPainter, plot: Horizons, frame: QRectF, high: float) -> None:
        line, muted = self._theme.colour("line"), self._theme.colour("muted")
        if plot.band is not None:
            low = self._place(plot, frame, high, plot.years[0], plot.band[0]).y()
            top = self._place(plot, frame, high, plot.years[0], plot.band[1]).y()
            fill = QColor(self._theme.colour("good"))
            fill.setAlpha(36)
            painter.fillRect(QRectF(frame.left(), top, frame.width(), low - top), fill)
        step = nice_step(high, 4)
        digits = max(0, -int(np.floor(np.log10(step) + 1e-9)))
        for n in range(int(high / step + 1e-9) + 1):
            y = self._place(plot, frame, high, plot.years[0], n * step).y()
            painter.setPen(QPen(line, 1))
            painter.drawLine(QPointF(frame.left(), y), QPointF(frame.right(), y))
            painter.setPen(muted)
            text = f"{format_number(n * step, digits)}{THIN_SPACE}%"
            box = QRectF(0, y - 9, _LEFT - 6, 18)
            align = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(box, align, text)
        for h in plot.years:
            x = self._place(plot, frame, high, h, 0).x()
            box = QRectF(x - 20, frame.bottom() + 2, 40, 15)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, str(h))
        below = QRectF(frame.left(), frame.bottom() + 17, frame.width(), 16)
        painter.drawText(below, Qt.AlignmentFlag.AlignCenter, _("years ahead"))
        if plot.promise is not None:
            y = self._place(plot, frame, high, plot.years[0], plot.promise).y()
            painter.setPen(QPen(self._theme.colour("good"), 1.6))
            painter.drawLine(QPointF(frame.left(), y), QPointF(frame.right(), y))

    def _pen(self, look: Look) -> QPen:
        if look is Look.OWN:
            return QPen(self._theme.colour("accent"), 3.2)
        if look is Look.RIVAL:
            return QPen(self._theme.colour("text"), 1.8)
        if look is Look.TOWN:
            return QPen(self._theme.colour("text"), 1.8, Qt.PenStyle.DashLine)
        return QPen(self._theme.colour("border"), 1.0)

    def _draw(
        self, painter: QPainter, plot: Horizons, line: Course, frame: QRectF, high: float
    ) -> None:
        points = [
            self._place(plot, frame, high, h, v)
            for h, v in zip(plot.years, line.values, strict=True)
            if np.isfinite(v)
        ]
        pen = self._pen(line.look)
        painter.save()
        painter.setClipRect(frame.adjusted(-6, -6, 6, 6))
        painter.setPen(pen)
        painter.drawPolyline(QPolygonF(points))
        if line.look is not Look.OTHER:
            painter.setBrush(QBrush(pen.color()))
            size = 4.0 if line.look is Look.OWN else 3.0
            for point in points:
                painter.drawEllipse(point, size, size)
        painter.restore()

    def _names(
        self, painter: QPainter, plot: Horizons, named: list[Course], frame: QRectF, high: float,
        width: int,
    ) -> None:  # fmt: skip
        """Names at the ends of the lines, moved apart where they would overlap."""
        ends = []
        for line in named:
            known = [v for v in line.values if np.isfinite(v)]
            if known:
                ends.append((self._place(plot, frame, high, plot.years[-1], known[-1]).y(), line))
        ends.sort(key=lambda end: end[0])
        last, before = -1e9, 0.0
        flags = int(Qt.AlignmentFlag.AlignVCenter) | int(Qt.TextFlag.TextWordWrap)
        for y, line in ends:
            painter.setPen(self._pen(line.look).color())
            font = painter.font()
            font.setBold(line.look is Look.OWN)
            painter.setFont(font)
            rows = 1 if painter.fontMetrics().horizontalAdvance(line.name) <= width - 8 else 2
            y = max(y, last + (before + 15.0 * rows) / 2)
            last, before = y, 15.0 * rows
            box = QRectF(frame.right() + 6, y - 9 * rows, width - 8, 18 * rows)
            painter.drawText(box, flags, line.name)
