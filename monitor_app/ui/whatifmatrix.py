"""How the indicators of an index hang together: correlations and Cronbach's alpha."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QLabel, QScrollArea, QToolTip, QVBoxLayout, QWidget

from monitor_app.cartography.colour import mix
from monitor_app.core.formats import format_number
from monitor_app.core.i18n import _
from monitor_app.ui.theme import SMALL, Theme, contrast

CELL, NAMES = 44, 280
_NEGATIVE, _ZERO, _POSITIVE = "#2166ac", "#f7f7f7", "#b2182b"


def colour_of(value: float) -> str:
    """Blue for −1, near white for 0, red for +1."""
    end = _POSITIVE if value >= 0 else _NEGATIVE
    return mix(_ZERO, end, min(abs(value), 1.0))


class MatrixView(QWidget):
    """Lower triangle of a correlation matrix, numbers in the cells."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._names: tuple[str, ...] = ()
        self._values: NDArray[np.float64] = np.empty((0, 0))
        self.setAccessibleName(_("Correlations of the indicators"))

    def set_matrix(self, names: Sequence[str], values: NDArray[np.float64]) -> None:
        self._names, self._values = tuple(names), values
        count = len(self._names)
        self.setFixedSize(QSize(NAMES + CELL * count + 8, 28 * count + 28))
        pairs = [
            f"{names[i]} – {names[j]}: {format_number(float(values[i, j]), 2)}"
            for i in range(count)
            for j in range(i)
            if np.isfinite(values[i, j])
        ]
        self.setAccessibleDescription("; ".join(pairs))
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        font = painter.font()
        font.setPixelSize(SMALL)
        painter.setFont(font)
        ink = self._theme.colour("text")
        middle = Qt.AlignmentFlag.AlignVCenter
        count = len(self._names)
        for i, name in enumerate(self._names):
            y = 28 * i
            painter.setPen(ink)
            text = painter.fontMetrics().elidedText(
                f"{i + 1}  {name}", Qt.TextElideMode.ElideRight, NAMES - 12
            )
            painter.drawText(QRectF(0, y, NAMES - 12, 28), middle, text)
            for j in range(i + 1):
                self._paint_cell(painter, i, j)
        painter.setPen(self._theme.colour("muted"))
        for j in range(count):
            box = QRectF(NAMES + CELL * j, 28 * count, CELL, 24)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, str(j + 1))

    def _paint_cell(self, painter: QPainter, i: int, j: int) -> None:
        box = QRectF(NAMES + CELL * j, 28 * i, CELL - 2, 26)
        value = float(self._values[i, j])
        if not np.isfinite(value):
            painter.setPen(self._theme.colour("muted"))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, "–")
            return
        ground = colour_of(value)
        painter.fillRect(box, QColor(ground))
        dark, light = "#111827", "#ffffff"
        better = dark if contrast(dark, ground) >= contrast(light, ground) else light
        painter.setPen(QPen(QColor(better)))
        text = "1" if i == j else format_number(value, 2)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

    def event(self, event: QEvent) -> bool:
        if event.type() is QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            i, j = event.pos().y() // 28, (event.pos().x() - NAMES) // CELL
            if 0 <= j <= i < len(self._names) and event.pos().x() >= NAMES:
                QToolTip.showText(event.globalPos(), f"{self._names[i]}\n{self._names[j]}", self)
                return True
        return super().event(event)


class MatrixPanel(QScrollArea):
    """Alpha in words above the matrix."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        inside = QWidget()
        inside.setProperty("role", "panel")
        self.setWidget(inside)
        column = QVBoxLayout(inside)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(8)
        self.alpha = QLabel()
        self.alpha.setWordWrap(True)
        self.matrix = MatrixView(theme)
        self.note = QLabel(
            _("Correlations of the values as they enter the index (after Pearson); areas with "
              "all values count.")
        )  # fmt: skip
        self.note.setProperty("role", "small")
        self.note.setWordWrap(True)
        for widget in (self.alpha, self.matrix, self.note):
            column.addWidget(widget)
        column.addStretch(1)

    def show_result(self, names: Sequence[str], values: NDArray[np.float64], alpha: float) -> None:
        self.alpha.setText(alpha_words(alpha))
        self.matrix.set_matrix(names, values)


def alpha_words(alpha: float) -> str:
    """What Cronbach's alpha says, with the usual limits (Nunnally 1978) as a rule of thumb."""
    if not np.isfinite(alpha):
        return _("Cronbach’s alpha needs at least two indicators that differ between areas.")
    value = format_number(alpha, 2)
    if alpha >= 0.9:
        text = _("Cronbach’s alpha {value}: the indicators say nearly the same; one may do less.")
    elif alpha >= 0.7:
        text = _("Cronbach’s alpha {value}: the indicators measure something in common.")
    elif alpha >= 0.5:
        text = _("Cronbach’s alpha {value}: the indicators have only part in common.")
    else:
        text = _(
            "Cronbach’s alpha {value}: the indicators hardly belong together; "
            "a sum of them hides their differences."
        )
    return text.format(value=value)
