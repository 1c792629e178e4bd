"""Ranking of an index with the range of ranks that other weights would give."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QWidget

from monitor_app.cartography.classify import classifiable
from monitor_app.cartography.mapspec import MapSpec
from monitor_app.core.formats import THIN_SPACE, format_number
from monitor_app.core.i18n import _
from monitor_app.core.selection import Selection
from monitor_app.indicators.robustness import Robustness
from monitor_app.ui.rankingview import HEAD, ROW, RankingView
from monitor_app.ui.theme import SMALL, Theme

_NAME, _VALUE, _PAD = 168, 88, 12
#: Width of the column of classes, and the least width of the view that has room for it.
_CLASS, _ROOMY = 164, 600


class RankRangeView(RankingView):
    """Bars of the index as in the ranking; right of them, on an axis of ranks, a whisker from the
    5th to the 95th percentile, a bar over the middle of all weightings' ranks, and a dot for the
    rank itself. Where there are classes, their names stand before the value, with the share of
    draws that keep them once that is known. Areas without an index say why."""

    def __init__(self, theme: Theme, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(theme, selection, parent)
        self._robust: Robustness | None = None
        self._row: dict[str, int] = {}
        self._reasons: dict[str, str] = {}
        self._types: dict[str, str] = {}
        self._certain: dict[str, float] = {}
        self.setAccessibleName(_("Ranking with ranges of ranks"))

    def set_reasons(self, found: dict[str, str]) -> None:
        self._reasons = found
        self.viewport().update()

    def set_types(self, found: dict[str, str]) -> None:
        """Class names per area; empty: there are none."""
        self._types = found
        self.viewport().update()

    def set_certainty(self, found: dict[str, float]) -> None:
        """Share of draws of the counts in which an area keeps its class."""
        self._certain = found
        self.viewport().update()

    def class_text(self, key: str) -> str:
        """What the column of classes says about an area."""
        name = self._types.get(key, "")
        if name and key in self._certain:
            return f"{name} · {format_number(100 * self._certain[key])}{THIN_SPACE}%"
        return name

    @property
    def _class_room(self) -> int:
        return _CLASS if self._types and self.viewport().width() >= _ROOMY else 0

    def set_ranges(self, robust: Robustness | None) -> None:
        """Show ranges; None: they are not known, or not for these weights."""
        self._robust = robust
        self._row = {} if robust is None else {k: i for i, k in enumerate(robust.areas)}
        self.viewport().update()

    @property
    def ranged(self) -> bool:
        return self._robust is not None

    def _split(self) -> tuple[float, float]:
        """Left end of the axis of ranks, and its right end."""
        right = self.viewport().width() - _VALUE - _PAD - self._class_room
        room = right - _NAME - 2 * _PAD
        part = 0.72 if self._class_room else 0.5
        return (right - part * room if self.ranged else right), right

    @property
    def _class_left(self) -> float:
        return self.viewport().width() - _VALUE - _PAD - _CLASS

    def _x_of(self, value: float) -> float:
        room = self._split()[0] - _NAME - 2 * _PAD
        return _NAME + _PAD + (value - self._low) / (self._high - self._low) * max(room, 1)

    def _x_of_rank(self, rank: float) -> float:
        left, right = self._split()
        most = max(2, int((self._robust.rank > 0).sum())) if self._robust is not None else 2
        return left + _PAD + (rank - 1) / (most - 1) * max(right - left - 3 * _PAD, 1)

    def _paint_head(self, painter: QPainter, spec: MapSpec) -> None:
        super()._paint_head(painter, spec)
        painter.setPen(self._theme.colour("muted"))
        if self._class_room:
            text = _("Class · share of draws") if self._certain else _("Class")
            painter.drawText(
                QRectF(self._class_left, 0, _CLASS, HEAD), Qt.AlignmentFlag.AlignVCenter, text
            )
        if self._robust is None:
            return
        most = int((self._robust.rank > 0).sum())
        middle = Qt.AlignmentFlag.AlignVCenter
        left, right = self._x_of_rank(1), self._x_of_rank(max(2, most))
        painter.drawText(
            QRectF(left - 4, 0, 80, HEAD), middle | Qt.AlignmentFlag.AlignLeft, _("Rank 1")
        )
        painter.drawText(
            QRectF(right - 80, 0, 84, HEAD),
            middle | Qt.AlignmentFlag.AlignRight,
            format_number(most),
        )

    def _paint_row(
        self, painter: QPainter, spec: MapSpec, place: int, box: QRectF, chosen: set[str],
        colour: str,
    ) -> None:  # fmt: skip
        super()._paint_row(painter, spec, place, box, chosen, colour)
        key = spec.keys[place]
        known = classifiable(spec.values[place : place + 1], spec.status[place : place + 1])[0]
        if not known:
            font = painter.font()
            font.setPixelSize(SMALL)
            font.setItalic(True)
            painter.setFont(font)
            painter.setPen(self._theme.colour("muted"))
            room = QRectF(_NAME + _PAD, box.y(), self._split()[1] - _NAME - _PAD, ROW)
            painter.drawText(
                room,
                Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft,
                painter.fontMetrics().elidedText(
                    self._reasons.get(key, ""), Qt.TextElideMode.ElideRight, int(room.width())
                ),
            )
            font.setItalic(False)
            painter.setFont(font)
            return
        if self._class_room:
            box_of = QRectF(self._class_left, box.y(), _CLASS - _PAD, ROW)
            text = painter.fontMetrics().elidedText(
                self.class_text(key), Qt.TextElideMode.ElideRight, int(box_of.width())
            )
            painter.setPen(self._theme.colour("on_selected" if key in chosen else "text"))
            painter.drawText(box_of, Qt.AlignmentFlag.AlignVCenter, text)
        if self._robust is not None and key in self._row:
            self._paint_range(painter, self._robust, self._row[key], box)

    def _paint_range(self, painter: QPainter, robust: Robustness, i: int, box: QRectF) -> None:
        if robust.rank[i] == 0:
            return
        middle = box.y() + ROW / 2
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        wide = self._theme.colour("border")
        wide.setAlpha(70)
        a, b = (
            self._x_of_rank(float(robust.all_weights.p05[i])),
            self._x_of_rank(float(robust.all_weights.p95[i])),
        )
        painter.fillRect(QRectF(a - 2, middle - 5, b - a + 4, 10), wide)
        painter.setPen(QPen(self._theme.colour("text"), 1.5))
        low, high = (
            self._x_of_rank(float(robust.around.p05[i])),
            self._x_of_rank(float(robust.around.p95[i])),
        )
        painter.drawLine(QPointF(low, middle), QPointF(high, middle))
        for x in (low, high):
            painter.drawLine(QPointF(x, middle - 4), QPointF(x, middle + 4))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.colour("accent"))
        painter.drawEllipse(QPointF(self._x_of_rank(float(robust.rank[i])), middle), 4, 4)
        painter.restore()
