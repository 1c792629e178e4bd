"""A chart of cartography as a widget: drawn when seen, in the colours of the theme."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from monitor_app.ui.theme import Theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from monitor_app.cartography.chartframe import ChartTheme

    Draw = Callable[[Figure, ChartTheme], Axes]

_LEAST = QSize(160, 100)


class FigureView(QWidget):
    """Shows what a function draws. A click on a chart over time chooses the nearest date."""

    day_chosen = Signal(object)

    def __init__(self, theme: Theme, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._draw: Draw | None = None
        self._dates: Sequence[date] = ()
        self._places: list[tuple[float, date]] = []
        self._image: QImage | None = None
        self._buffer = b""
        self.empty_text = ""
        self.setAccessibleName(name)
        self.setMinimumSize(280, 180)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(15)  # several changes in one go make one picture
        self._soon.timeout.connect(self._redraw)

    def sizeHint(self) -> QSize:
        return QSize(560, 320)

    def show_chart(
        self, draw: Draw | None, dates: Sequence[date] = (), description: str = ""
    ) -> None:
        """``dates``: those of the time axis, so that a click can choose one."""
        self._draw, self._dates = draw, dates
        self.setAccessibleDescription(description)
        self.setCursor(Qt.CursorShape.PointingHandCursor if dates else Qt.CursorShape.ArrowCursor)
        self._later()

    @property
    def picture(self) -> QImage | None:
        return self._image

    @property
    def drawing(self) -> bool:
        return self._soon.isActive()

    def _later(self) -> None:
        if self.isVisible() and self._draw is not None:
            self._soon.start()
        else:
            self._image = None
            self.update()

    def _redraw(self) -> None:
        if self._draw is None or self.width() < _LEAST.width() or self.height() < _LEAST.height():
            self._image = None
            self.update()
            return
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        from monitor_app.cartography.chartframe import DARK, LIGHT

        tokens = self._theme.tokens
        style = replace(
            DARK if self._theme.dark else LIGHT,
            paper=tokens.surface, ink=tokens.text, quiet=tokens.muted, grid=tokens.line,
        )  # fmt: skip
        dpr = self.devicePixelRatioF()
        figure = Figure(figsize=(self.width() / 96, self.height() / 96), dpi=96 * dpr)
        canvas = FigureCanvasAgg(figure)
        axes = self._draw(figure, style)
        canvas.draw()  # type: ignore[no-untyped-call]
        self._buffer = bytes(canvas.buffer_rgba())  # type: ignore[no-untyped-call]
        width, height = canvas.get_width_height()
        image = QImage(self._buffer, width, height, width * 4, QImage.Format.Format_RGBA8888)
        image.setDevicePixelRatio(dpr)
        self._image = image
        across = axes.transData
        self._places = [
            (float(across.transform((day.toordinal(), 0.0))[0]) / dpr, day) for day in self._dates
        ]
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._theme.colour("surface"))
        if self._image is not None:
            painter.drawImage(0, 0, self._image)
        elif self._draw is None and self.empty_text:
            painter.setPen(self._theme.colour("muted"))
            room = self.rect().adjusted(24, 24, -24, -24)
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(room, int(flags), self.empty_text)
        elif self._draw is not None and not self._soon.isActive():
            self._soon.start()
        painter.end()

    def resizeEvent(self, _event: QResizeEvent) -> None:
        self._later()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._places and event.button() is Qt.MouseButton.LeftButton:
            x = event.position().x()
            self.day_chosen.emit(min(self._places, key=lambda p: abs(p[0] - x))[1])

    def changeEvent(self, event: QEvent) -> None:
        if event.type() is QEvent.Type.StyleChange:
            self._image = None
        super().changeEvent(event)

    def shutdown(self) -> None:
        self._soon.stop()
