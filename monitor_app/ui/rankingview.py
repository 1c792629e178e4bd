"""Ranking: one bar per area in the colours of the map, with the city's line; only the rows on
screen are drawn, so that any number of areas scrolls smoothly."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QWidget

from monitor_app.cartography.classify import classifiable
from monitor_app.cartography.mapspec import MapSpec
from monitor_app.core.formats import format_value
from monitor_app.core.i18n import _
from monitor_app.core.selection import Selection, SelectionChange
from monitor_app.ui.theme import SMALL, Theme

ROW = 24
#: Fixed line above the rows with the unit and the city's value.
HEAD = 24
_NAME, _VALUE, _PAD = 168, 88, 12


class RankingView(QAbstractScrollArea):
    """Areas from the highest to the lowest value; those without one stand below with their
    sign. Hover and click work as on the map."""

    def __init__(self, theme: Theme, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._selection = selection
        self._spec: MapSpec | None = None
        self._city: float | None = None
        self._kept: frozenset[str] | None = None
        self._order: NDArray[np.intp] = np.empty(0, dtype=np.intp)
        self._keys: tuple[str, ...] = ()
        self._row_of: dict[str, int] = {}
        self._low, self._high = 0.0, 1.0
        self.setFrameShape(QAbstractScrollArea.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(_("Ranking"))
        self.viewport().setMouseTracking(True)
        self._unsubscribe = selection.subscribe(self._selection_changed)

    def sizeHint(self) -> QSize:
        return QSize(480, 200)

    def set_map(self, spec: MapSpec | None, city: bool = True) -> None:
        """Show a map; ``city``: with the line of the city's value (it has no place among
        counts, where it is the sum of all)."""
        self._spec = spec
        self._city = spec.city_value if spec is not None and city else None
        self._arrange()

    def set_kept(self, keys: frozenset[str] | None) -> None:
        """Leave out all areas but these (a filter)."""
        self._kept = keys
        self._arrange()

    @property
    def keys(self) -> tuple[str, ...]:
        """Areas as shown, from the top."""
        return self._keys

    def _arrange(self) -> None:
        spec = self._spec
        if spec is None:
            self._order = np.empty(0, dtype=np.intp)
        else:
            good = classifiable(spec.values, spec.status)
            order = np.lexsort((np.where(good, -spec.values, 0.0), ~good))
            if self._kept is not None:
                order = order[[spec.keys[i] in self._kept for i in order]] if len(order) else order
            self._order = order.astype(np.intp)
            seen = spec.values[good]
            if self._city is not None:
                seen = np.append(seen, self._city)
            self._low = min(0.0, float(seen.min())) if len(seen) else 0.0
            self._high = max(0.0, float(seen.max())) if len(seen) else 1.0
            if self._low == self._high:
                self._high = self._low + 1.0
        self._keys = () if spec is None else tuple(spec.keys[i] for i in self._order)
        self._row_of = {key: row for row, key in enumerate(self._keys)}
        self._set_range()
        self.viewport().update()

    def _set_range(self) -> None:
        bar, height = self.verticalScrollBar(), self.viewport().height()
        bar.setRange(0, max(0, len(self._order) * ROW + HEAD + 8 - height))
        bar.setPageStep(height)
        bar.setSingleStep(ROW)

    def resizeEvent(self, _event: QResizeEvent) -> None:
        self._set_range()

    def _x_of(self, value: float) -> float:
        room = self.viewport().width() - _NAME - _VALUE - 2 * _PAD
        return _NAME + _PAD + (value - self._low) / (self._high - self._low) * max(room, 1)

    def row_at(self, y: float) -> int | None:
        if y < HEAD:
            return None
        row = int((y + self.verticalScrollBar().value() - HEAD) // ROW)
        return row if 0 <= row < len(self._order) else None

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.fillRect(self.viewport().rect(), self._theme.colour("surface"))
        spec = self._spec
        if spec is None:
            return
        top = self.verticalScrollBar().value() - HEAD
        first = max(0, top // ROW)
        last = min(len(self._order), (top + self.viewport().height()) // ROW + 1)
        chosen = set(self._selection.keys)
        swatches, codes = spec.swatches, spec.codes
        for row in range(first, last):
            place = int(self._order[row])
            box = QRectF(0, row * ROW - top, self.viewport().width(), ROW)
            self._paint_row(painter, spec, place, box, chosen, swatches[codes[place]].colour)
        if self._city is not None and len(self._order):
            x = self._x_of(self._city)
            painter.setPen(QPen(self._theme.colour("text"), 1.5, Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(x, HEAD), QPointF(x, self.viewport().height()))
        self._paint_head(painter, spec)

    def _paint_head(self, painter: QPainter, spec: MapSpec) -> None:
        width = self.viewport().width()
        painter.fillRect(QRectF(0, 0, width, HEAD), self._theme.colour("surface"))
        font = painter.font()
        font.setPixelSize(SMALL)
        painter.setFont(font)
        painter.setPen(self._theme.colour("muted"))
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(
            QRectF(width - _VALUE - _PAD - 60, 0, _VALUE + 60, HEAD),
            middle | Qt.AlignmentFlag.AlignRight,
            spec.unit,
        )
        if self._city is None:
            return
        value = format_value(self._city, 0, spec.precision, signed=spec.signed)
        text = _("City: {value}").format(value=value)
        room = painter.fontMetrics().horizontalAdvance(text) + 8
        x = min(max(self._x_of(self._city) - room / 2, _NAME), width - _VALUE - 60 - room)
        painter.setPen(self._theme.colour("text"))
        painter.drawText(QRectF(x, 0, room, HEAD), Qt.AlignmentFlag.AlignCenter, text)

    def _paint_row(
        self, painter: QPainter, spec: MapSpec, place: int, box: QRectF, chosen: set[str],
        colour: str,
    ) -> None:  # fmt: skip
        key = spec.keys[place]
        ink = self._theme.colour("text")
        if key in chosen:
            painter.fillRect(box, self._theme.colour("selected"))
            ink = self._theme.colour("on_selected")
        if key == self._selection.hovered:
            painter.fillRect(box, self._theme.colour("hover"))
            ink = self._theme.colour("text")
        painter.setPen(ink)
        font = painter.font()
        font.setPixelSize(SMALL)
        painter.setFont(font)
        middle = Qt.AlignmentFlag.AlignVCenter
        name = painter.fontMetrics().elidedText(
            spec.names[place], Qt.TextElideMode.ElideRight, _NAME - _PAD
        )
        painter.drawText(
            QRectF(_PAD, box.y(), _NAME - _PAD, ROW), middle | Qt.AlignmentFlag.AlignLeft, name
        )
        value, status = float(spec.values[place]), int(spec.status[place])
        text = format_value(value, status, spec.precision, signed=spec.signed)
        painter.drawText(
            QRectF(box.right() - _VALUE - _PAD, box.y(), _VALUE, ROW),
            middle | Qt.AlignmentFlag.AlignRight,
            text,
        )
        if classifiable(spec.values[place : place + 1], spec.status[place : place + 1])[0]:
            zero, end = self._x_of(0.0), self._x_of(value)
            bar = QRectF(min(zero, end), box.y() + 4, max(abs(end - zero), 1.0), ROW - 8)
            painter.fillRect(bar, QColor(colour))
            painter.setPen(QPen(self._theme.colour("border"), 1))
            painter.drawRect(bar)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        row = self.row_at(event.position().y())
        self._selection.hover(None if row is None else self.keys[row])

    def mousePressEvent(self, event: QMouseEvent) -> None:
        row = self.row_at(event.position().y())
        if event.button() is not Qt.MouseButton.LeftButton or row is None:
            return
        key = self.keys[row]
        adds = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
        if event.modifiers() & adds:
            self._selection.toggle(key)
        elif self._selection.keys == (key,):
            self._selection.clear()
        else:
            self._selection.set((key,))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}
        key = Qt.Key(event.key())
        if key in steps and len(self._order):
            row = self._row_of.get(self._selection.hovered or "", -1) + steps[key]
            self._selection.hover(self.keys[min(max(row, 0), len(self._order) - 1)])
            self._show_row(self._selection.hovered)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Space) and self._selection.hovered:
            self._selection.toggle(self._selection.hovered)
        else:
            super().keyPressEvent(event)

    def leaveEvent(self, _event: QEvent) -> None:
        self._selection.hover(None)

    def _selection_changed(self, change: SelectionChange) -> None:
        if change.added and not self.underMouse() and self._selection.keys:
            self._show_row(self._selection.keys[-1])
        self.viewport().update()

    def _show_row(self, key: str | None) -> None:
        row = self._row_of.get(key or "")
        bar = self.verticalScrollBar()
        if (
            row is not None
            and not bar.value() <= row * ROW <= bar.value() + bar.pageStep() - ROW - HEAD
        ):
            bar.setValue(row * ROW - bar.pageStep() // 2)

    def shutdown(self) -> None:
        self._unsubscribe()
        self._unsubscribe = lambda: None
