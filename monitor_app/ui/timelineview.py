"""Time line of the city and the selected areas, drawn by cartography into a picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from monitor_app.cartography.chartspec import (
    Role,
    TimeLineSpec,
    time_line_spec,
    with_ranges,
    without_town,
)
from monitor_app.cartography.mapspec import MapSpec
from monitor_app.core.formats import format_value
from monitor_app.core.i18n import _
from monitor_app.core.selection import Selection, SelectionChange
from monitor_app.core.status import Status, has_value
from monitor_app.core.values import IndicatorTable
from monitor_app.ui.chartview import chart_style, seen
from monitor_app.ui.figureimage import figure_image
from monitor_app.ui.theme import SMALL, Theme

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
        #: Gives bounds by date of what is forecast for an area ("": the town).
        self.range_of: Callable[[str], Mapping[date, tuple[float, float]]] | None = None
        self._places: list[tuple[float, date]] = []
        self._origin, self._slope = (0.0, 0.0), (1.0, -1.0)  # pixels of zero, and per unit
        self._fits = True
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
            day=shown.day,
            period=shown.period,
        )
        if self.range_of is not None:
            spec = with_ranges(spec, self.range_of)
        return spec if self._rate else without_town(spec)

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
        from matplotlib.figure import Figure

        from monitor_app.cartography.charts import draw_time_line

        dpr = self.devicePixelRatioF()
        figure = Figure(figsize=(self.width() / 96, self.height() / 96), dpi=96 * dpr)
        axes = draw_time_line(figure, spec, chart_style(self._theme))
        self._image = figure_image(figure, dpr)
        to_display = axes.transData.transform
        days = [float(day.toordinal()) for day in spec.dates]
        origin, unit = (to_display((0.0, v)) / dpr for v in (0.0, 1.0))
        per_day = (to_display((1e6, 0.0))[0] / dpr - origin[0]) / 1e6
        self._origin = (float(origin[0]), self.height() - float(origin[1]))
        self._slope = (float(per_day), float(origin[1] - unit[1]))
        self._places = [
            (self._origin[0] + x * self._slope[0], day)
            for x, day in zip(days, spec.dates, strict=True)
        ]
        # Where only the town's sum is drawn, an area would lie at the bottom of its scale.
        self._fits = self._rate or any(line.role is not Role.CITY for line in spec.lines)
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
            self._paint_hovered(painter)
        elif self._table is not None and not self._soon.isActive():
            self._soon.start()

    def _paint_hovered(self, painter: QPainter) -> None:
        """The area under the mouse, painted over the picture: its line, its name and its value at
        the date of the map."""
        table, key, shown = self._table, self._selection.hovered, self._map
        if table is None or shown is None or key not in table.areas:
            return
        row = table.areas.index(key)
        status = table.status[row]
        good = has_value(status) & np.isfinite(table.values[row])
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        hot = QColor(chart_style(self._theme).hover)
        points = [
            QPointF(x, self._origin[1] + float(v) * self._slope[1])
            for (x, _day), v in zip(self._places, table.values[row], strict=False)
        ]
        if self._fits:
            for i in range(len(points) - 1):
                if good[i] and good[i + 1]:
                    ahead = status[i + 1] == Status.FORECAST
                    style = Qt.PenStyle.DashLine if ahead else Qt.PenStyle.SolidLine
                    painter.setPen(QPen(hot, 2, style))
                    painter.drawLine(points[i], points[i + 1])
        if shown.day not in table.dates:
            return
        at = table.dates.index(shown.day)
        value = format_value(
            float(table.values[row][at]), int(status[at]), table.precision, table.unit
        )
        self._paint_words(painter, f"{self._names.get(key, key)}: {value}", points, at, good)

    def _paint_words(
        self, painter: QPainter, text: str, points: Sequence[QPointF], at: int,
        good: NDArray[np.bool_],
    ) -> None:  # fmt: skip
        if at >= len(points):
            return
        font = painter.font()
        font.setPixelSize(SMALL)
        painter.setFont(font)
        metrics = painter.fontMetrics()
        wide, high = metrics.horizontalAdvance(text) + 12, metrics.height() + 6
        level = points[at].y() - high - 6 if self._fits and good[at] else 8.0
        # Names of lines stand at the right end: words about its last date stay left of it.
        ends = at == len(points) - 1
        x = max(points[at].x() - (wide + 8 if ends else wide / 2), 4.0)
        box = QRectF(x, min(max(level, 4.0), self.height() - high - 4.0), wide, high)
        painter.setPen(QPen(self._theme.colour("border"), 1))
        painter.setBrush(self._theme.colour("raised"))
        painter.drawRoundedRect(box, 4, 4)
        painter.setPen(self._theme.colour("text"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

    def resizeEvent(self, _event: QResizeEvent) -> None:
        self._later()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._places and event.button() is Qt.MouseButton.LeftButton:
            x = event.position().x()
            self.day_chosen.emit(min(self._places, key=lambda p: abs(p[0] - x))[1])

    def _selection_changed(self, change: SelectionChange) -> None:
        if self._table is None:
            return
        if change.added or change.removed:
            self._later()
        else:
            self.update()  # a hovered area is painted over the picture, within a frame

    def changeEvent(self, event: QEvent) -> None:
        if event.type() is QEvent.Type.StyleChange:
            self._image = None
        super().changeEvent(event)

    def shutdown(self) -> None:
        self._soon.stop()
        self._unsubscribe()
        self._unsubscribe = lambda: None
