"""Time line of the city and the selected areas, drawn by cartography into a picture."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from monitor_app.cartography.chartspec import Role, TimeLineSpec, time_line_spec
from monitor_app.cartography.mapspec import MapSpec
from monitor_app.core.i18n import _
from monitor_app.core.selection import Selection, SelectionChange
from monitor_app.core.status import Status
from monitor_app.core.values import IndicatorTable
from monitor_app.ui.chartview import seen
from monitor_app.ui.theme import Theme

#: Smaller pictures than this are not worth drawing.
_LEAST = QSize(160, 80)


class TimeLineView(QWidget):
    """A click chooses the nearest date. matplotlib is loaded when the first chart is drawn; a
    chart that nobody sees is not drawn at all."""

    day_chosen = Signal(object)

    def __init__(self, theme: Theme, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._selection = selection
        self._table: IndicatorTable | None = None
        self._names: dict[str, str] = {}
        self._map: MapSpec | None = None
        self._rate = True
        self._image: QImage | None = None
        self._buffer: bytes = b""
        self._places: list[tuple[float, date]] = []
        self.setMinimumHeight(120)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(_("Time line"))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(15)  # several changes in one go make one picture
        self._soon.timeout.connect(self._redraw)
        self._unsubscribe = selection.subscribe(self._selection_changed)

    def sizeHint(self) -> QSize:
        return QSize(480, 200)

    def show_table(
        self, table: IndicatorTable, names: dict[str, str], spec: MapSpec, rate: bool = True
    ) -> None:
        """Show an indicator; ``rate``: the city's value has the size of those of its areas."""
        self._table, self._names, self._map, self._rate = table, names, spec, rate
        self._later()

    def clear(self) -> None:
        self._table = None
        self._image = None
        self.update()

    def chart(self) -> TimeLineSpec | None:
        """What is drawn now."""
        table, shown = self._table, self._map
        if table is None or shown is None:
            return None
        spec = time_line_spec(
            table,
            self._names,
            selected=self._selection.keys,
            hovered=self._selection.hovered,
            day=shown.day,
            period=shown.period,
        )
        if self._rate:
            return spec
        # A sum over the town has no place beside its parts: show the one or the others.
        parts = tuple(line for line in spec.lines if line.role is not Role.CITY)
        if parts:
            return replace(spec, lines=parts)
        nothing = np.full(len(spec.dates), np.nan)
        return replace(spec, low=nothing, high=nothing)

    def _later(self) -> None:
        if seen(self):
            self._soon.start()
        else:
            self._image = None

    def _redraw(self) -> None:
        spec = self.chart()
        if spec is None or self.width() < _LEAST.width() or self.height() < _LEAST.height():
            self._image = None
            self.update()
            return
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        from monitor_app.cartography.charts import DARK, LIGHT, draw_time_line

        tokens = self._theme.tokens
        base = DARK if self._theme.dark else LIGHT
        style = replace(
            base, paper=tokens.surface, ink=tokens.text, quiet=tokens.muted, grid=tokens.line
        )
        dpr = self.devicePixelRatioF()
        figure = Figure(figsize=(self.width() / 96, self.height() / 96), dpi=96 * dpr)
        canvas = FigureCanvasAgg(figure)
        axes = draw_time_line(figure, spec, style)
        canvas.draw()  # type: ignore[no-untyped-call]
        self._buffer = bytes(canvas.buffer_rgba())  # type: ignore[no-untyped-call]
        width, height = canvas.get_width_height()
        image = QImage(self._buffer, width, height, width * 4, QImage.Format.Format_RGBA8888)
        image.setDevicePixelRatio(dpr)
        self._image = image
        across = axes.transData
        self._places = [
            (float(across.transform((day.toordinal(), 0.0))[0]) / dpr, day) for day in spec.dates
        ]
        self._describe(spec)
        self.update()

    def _describe(self, spec: TimeLineSpec) -> None:
        names = ", ".join(line.label for line in spec.lines)
        gaps = any((line.status >= Status.MISSING).any() for line in spec.lines)
        self.setAccessibleDescription(
            _("{names}; with gaps").format(names=names) if gaps else names
        )

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._theme.colour("surface"))
        if self._image is not None:
            painter.drawImage(0, 0, self._image)
        elif self._table is not None and not self._soon.isActive():
            self._soon.start()

    def resizeEvent(self, _event: QResizeEvent) -> None:
        self._later()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._places and event.button() is Qt.MouseButton.LeftButton:
            x = event.position().x()
            self.day_chosen.emit(min(self._places, key=lambda p: abs(p[0] - x))[1])

    def _selection_changed(self, _change: SelectionChange) -> None:
        if self._table is not None:
            self._later()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() is QEvent.Type.StyleChange:
            self._image = None
        super().changeEvent(event)

    def shutdown(self) -> None:
        self._soon.stop()
        self._unsubscribe()
        self._unsubscribe = lambda: None
