"""The histogram in the legend: bars in the colours of the classes, limits that can be moved."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from monitor_app.cartography.classify import MAX_CLASSES
from monitor_app.cartography.mapspec import MapSpec
from monitor_app.cartography.ownbreaks import can_have_own_breaks, rounded_break
from monitor_app.cartography.relationspec import HistogramSpec, histogram_spec
from monitor_app.core.formats import format_number
from monitor_app.core.i18n import _
from monitor_app.ui.theme import SMALL, Theme

_HEIGHT, _TOP, _FOOT, _SIDE = 124, 20, 34, 8
_NEAR = 8  # pixels within which a limit is taken hold of
#: A press of an arrow key moves a limit by this share of the scale.
_KEY_STEP = 0.01


@dataclass(frozen=True)
class _Scale:
    low: float
    high: float
    left: float
    width: float

    def x(self, value: float) -> float:
        return self.left + (value - self.low) / (self.high - self.low) * self.width

    def value(self, x: float) -> float:
        return self.low + (x - self.left) / self.width * (self.high - self.low)


def shown_range(
    spec: MapSpec, breaks: tuple[float, ...]
) -> tuple[tuple[float, float], tuple[bool, bool]]:
    """The scale: all values but those beyond Tukey's outer fences (three interquartile ranges
    from the quartiles), which would press the rest together, and all limits. Also whether values
    lie below and above it; they stand in the first and last bar."""
    known = spec.values[spec.classification.classes >= 0]
    if not len(known):
        ends = breaks or (0.0, 1.0)
        low, high = min(ends), max(ends)
    else:
        q1, q3 = np.quantile(known, (0.25, 0.75))
        reach = 3 * (q3 - q1) if q3 > q1 else np.inf
        low = float(min(max(known.min(), q1 - reach), *breaks, known.max()))
        high = float(max(min(known.max(), q3 + reach), *breaks, known.min()))
    if high - low <= 1e-9 * max(abs(low), abs(high)):
        return (low - 0.5, high + 0.5), (False, False)
    beyond = (bool((known < low).any()), bool((known > high).any()))
    return (low, high), beyond


class BreakHistogram(QWidget):
    """Drag a limit with the mouse (``previewed`` at every move, ``chosen`` at the end), double
    click to add or to take one away. Keys: Page up and down choose a limit, arrows move it
    (Shift: ten times as far), Insert adds one, Delete takes it away, Escape gives up
    a move with the mouse."""

    previewed = Signal(tuple)
    chosen = Signal(tuple)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._spec: MapSpec | None = None
        self._bars: HistogramSpec | None = None
        self._breaks: tuple[float, ...] = ()
        self._range = (0.0, 1.0)
        self._beyond = (False, False)
        self._active: int | None = None
        self._dragged = False
        self._before: tuple[float, ...] = ()  # limits when the hand took hold of one
        self.setFixedHeight(_HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAccessibleName(_("Histogram with class limits"))

    def sizeHint(self) -> QSize:
        return QSize(240, _HEIGHT)

    # what is shown -----------------------------------------------------------------------

    def set_map(self, spec: MapSpec | None) -> None:
        """Show the values of a map; None or a map without ranges shows nothing."""
        there = spec is not None and can_have_own_breaks(spec)
        self.setVisible(there)
        self._spec = spec if there else None
        if self._spec is None:
            self._bars = None
            return
        found = self._spec.classification
        self._breaks = found.breaks if found.k <= MAX_CLASSES else ()
        if not self._dragged:
            self._range, self._beyond = shown_range(self._spec, self._breaks)
        clipped = np.clip(self._spec.values, *self._range)
        self._bars = histogram_spec(replace(self._spec, values=clipped))
        if self._active is not None and self._active >= len(self._breaks):
            self._active = None
        self._describe()
        self.update()

    @property
    def breaks(self) -> tuple[float, ...]:
        return self._breaks

    def _describe(self) -> None:
        self.setAccessibleDescription("; ".join(self._text(b) for b in self._breaks))

    def _text(self, value: float) -> str:
        spec = self._spec
        precision = 0 if spec is None else spec.precision
        while precision < 6 and round(value, precision) != value and abs(value) < 1e6:
            precision += 1
        signed = spec is not None and spec.signed
        own = 0 if spec is None else spec.precision
        return format_number(value, precision if precision <= own + 2 else own, signed=signed)

    def _scale(self) -> _Scale:
        return _Scale(*self._range, _SIDE, max(1.0, self.width() - 2.0 * _SIDE))

    def x_of(self, value: float) -> float:
        """Where a value stands in the widget, in logical pixels."""
        return self._scale().x(value)

    # painting ----------------------------------------------------------------------------

    def paintEvent(self, _event: QPaintEvent) -> None:
        bars = self._bars
        if bars is None:
            return
        painter = QPainter(self)
        font = painter.font()
        font.setPixelSize(SMALL)
        painter.setFont(font)
        scale, base = self._scale(), float(self.height() - _FOOT)
        self._paint_bars(painter, bars, scale, base)
        painter.setPen(QPen(self._theme.colour("border"), 1))
        painter.drawLine(QPointF(scale.left, base), QPointF(scale.left + scale.width, base))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_city(painter, bars, scale, base)
        for i, value in enumerate(self._breaks):
            self._paint_break(painter, scale.x(value), base, active=i == self._active)
        self._paint_words(painter, scale)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(self._theme.colour("accent"), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 4, 4)

    def _paint_bars(
        self, painter: QPainter, bars: HistogramSpec, scale: _Scale, base: float
    ) -> None:
        most = int(bars.counts.sum(axis=1).max(initial=0))
        room = base - _TOP
        edge = self._theme.colour("border")
        for i, row in enumerate(bars.counts):
            left, right = scale.x(float(bars.edges[i])), scale.x(float(bars.edges[i + 1]))
            bottom = base
            for j in np.flatnonzero(row):
                height = float(row[j]) / max(most, 1) * room
                box = QRectF(left + 0.5, bottom - height, max(1.0, right - left - 1), height)
                painter.fillRect(box, QColor(bars.colours[min(int(j), len(bars.colours) - 1)]))
                bottom -= height
            if bottom < base:
                # Light classes are seen on light ground by their edge.
                painter.setPen(QPen(edge, 1))
                painter.drawRect(
                    QRectF(left + 0.5, bottom, max(1.0, right - left - 1), base - bottom)
                )

    def _paint_city(
        self, painter: QPainter, bars: HistogramSpec, scale: _Scale, base: float
    ) -> None:
        city = bars.city_value
        if city is None or not self._range[0] <= city <= self._range[1]:
            return
        pen = QPen(self._theme.colour("text"), 1.5, Qt.PenStyle.DashLine)
        painter.setPen(pen)
        x = scale.x(city)
        painter.drawLine(QPointF(x, _TOP - 4), QPointF(x, base))

    def _paint_break(self, painter: QPainter, x: float, base: float, *, active: bool) -> None:
        ink = self._theme.colour("accent" if active else "text")
        painter.setPen(QPen(self._theme.colour("surface"), 3))
        painter.drawLine(QPointF(x, _TOP - 2), QPointF(x, base))
        painter.setPen(QPen(ink, 2 if active else 1.2))
        painter.drawLine(QPointF(x, _TOP - 2), QPointF(x, base))
        size = 7 if active else 6
        painter.setPen(QPen(self._theme.colour("surface"), 1))
        painter.setBrush(ink)
        corners = [(0, 0), (size, size), (size, size + 5), (-size, size + 5), (-size, size)]
        painter.drawPolygon(QPolygonF([QPointF(x + dx, base + dy) for dx, dy in corners]))

    def _paint_words(self, painter: QPainter, scale: _Scale) -> None:
        metrics = painter.fontMetrics()
        painter.setPen(self._theme.colour("muted"))
        foot = self.height() - 4.0
        low, high = (self._text(self._rounded(v)) for v in self._range)
        low = f"≤ {low}" if self._beyond[0] else low
        high = f"≥ {high}" if self._beyond[1] else high
        painter.drawText(QPointF(scale.left, foot), low)
        right = scale.left + scale.width - metrics.horizontalAdvance(high)
        painter.drawText(QPointF(right, foot), high)
        if self._active is not None:
            text = self._text(self._breaks[self._active])
            width = metrics.horizontalAdvance(text)
            x = scale.x(self._breaks[self._active]) - width / 2
            painter.setPen(self._theme.colour("accent"))
            x = min(max(x, scale.left), scale.left + scale.width - width)
            painter.drawText(QPointF(x, _TOP - 7.0), text)

    def _rounded(self, value: float) -> float:
        spec = self._spec
        return value if spec is None else round(value, spec.precision)

    # pointer -----------------------------------------------------------------------------

    def _near(self, x: float) -> int | None:
        """The limit at a place of the widget."""
        scale = self._scale()
        far = [abs(scale.x(b) - x) for b in self._breaks]
        return int(np.argmin(far)) if far and min(far) <= _NEAR else None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton:
            self._active = self._near(event.position().x())
            self._dragged = self._active is not None
            self._before = self._breaks
            self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        x = event.position().x()
        if self._dragged and self._active is not None:
            scale = self._scale()
            value = min(max(scale.value(x), self._range[0]), self._range[1])
            self._move(self._active, value, done=False)
        elif not self._dragged:
            near = self._near(x)
            if near is None:
                self.unsetCursor()
            else:
                self.setCursor(Qt.CursorShape.SizeHorCursor)
            if not self.hasFocus() and near != self._active:
                self._active = near
                self.update()

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        if self._dragged:
            self._dragged = False
            if self._breaks != self._before:  # a mere click is no wish for own limits
                self.chosen.emit(self._breaks)
        self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        near = self._near(event.position().x())
        self._dragged = False
        if near is None:
            self._add(self._scale().value(event.position().x()))
        else:
            self._take_away(near)

    def _move(self, index: int, value: float, *, done: bool) -> None:
        """Move one limit, at most up to its neighbours."""
        span = self._range[1] - self._range[0]
        precision = 0 if self._spec is None else self._spec.precision
        wanted = rounded_break(value, span, self._scale().width, precision)
        low = self._breaks[index - 1] if index else -np.inf
        high = self._breaks[index + 1] if index + 1 < len(self._breaks) else np.inf
        if not low < wanted < high or wanted == self._breaks[index]:
            return
        moved = (*self._breaks[:index], wanted, *self._breaks[index + 1 :])
        self._breaks = moved
        (self.chosen if done else self.previewed).emit(moved)
        self._describe()
        self.update()

    def _add(self, value: float) -> None:
        if len(self._breaks) + 1 >= MAX_CLASSES or self._spec is None:
            return
        span = self._range[1] - self._range[0]
        wanted = rounded_break(value, span, self._scale().width, self._spec.precision)
        if wanted not in self._breaks:
            self._breaks = tuple(sorted((*self._breaks, wanted)))
            self._active = self._breaks.index(wanted)
            self.chosen.emit(self._breaks)

    def _take_away(self, index: int) -> None:
        if len(self._breaks) > 1:
            self._breaks = (*self._breaks[:index], *self._breaks[index + 1 :])
            self._active = None
            self.chosen.emit(self._breaks)

    # keys --------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        far = 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        arrows = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        if key in (Qt.Key.Key_PageDown, Qt.Key.Key_PageUp) and self._breaks:
            step = 1 if key == Qt.Key.Key_PageUp else -1
            at = -1 if self._active is None else self._active
            self._active = (at + step) % len(self._breaks)
            self.update()
        elif key in arrows and self._active is not None:
            span = self._range[1] - self._range[0]
            value = self._breaks[self._active] + arrows[key] * far * _KEY_STEP * span
            self._move(self._active, value, done=True)
        elif key == Qt.Key.Key_Escape and self._dragged:
            self._let_go()
        elif key == Qt.Key.Key_Delete and self._active is not None:
            self._take_away(self._active)
        elif key == Qt.Key.Key_Insert:
            self._add(self._widest_gap())
        else:
            super().keyPressEvent(event)

    def _let_go(self) -> None:
        """Leave the limits as they were before the hand took hold of one."""
        self._dragged = False
        if self._breaks != self._before:
            self._breaks = self._before
            self._describe()
            self.previewed.emit(self._before)
        self.update()

    def _widest_gap(self) -> float:
        ends = np.array([self._range[0], *self._breaks, self._range[1]])
        at = int(np.argmax(np.diff(ends)))
        return float((ends[at] + ends[at + 1]) / 2)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if self._active is None and self._breaks:
            self._active = 0
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._active = None
        self.update()
