"""What lies over the picture of a chart: outlines, veil of a filter, names, words of a mark."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen, QPolygonF, QRegion

from monitor_app.ui.theme import SMALL, Theme

if TYPE_CHECKING:
    from monitor_app.cartography.chartmarks import Marks

#: So many selected areas are named on points.
NAMED = 6
#: Marks that a filter leaves out are veiled by the paper as strongly as this (of 255).
VEIL = 205
#: How far an outline reaches beyond its mark, in pixels.
_REACH = 5
#: More marks than this are repainted as one rectangle: a region of many parts is slow.
_PARTS = 12


@dataclass(frozen=True)
class TipBox:
    """Name and values of a mark, and where they stand."""

    mark: int
    box: QRectF
    name: str
    lines: tuple[str, ...]


def rect_of(marks: Marks, mark: int) -> QRectF:
    """The box of a mark in logical pixels."""
    left, top, right, bottom = (float(v) for v in marks.boxes[mark])
    return QRectF(QPointF(left, top), QPointF(right, bottom))


def _shape(painter: QPainter, marks: Marks, mark: int, grow: float) -> None:
    if mark in marks.outlines:
        painter.drawPolygon(QPolygonF([QPointF(x, y) for x, y in marks.outlines[mark]]))
    elif marks.is_point(mark):
        painter.drawEllipse(rect_of(marks, mark).adjusted(-grow, -grow, grow, grow))
    else:
        painter.drawRect(rect_of(marks, mark))


def outline(
    painter: QPainter, marks: Marks, chosen: Iterable[int], colour: QColor, width: float
) -> None:
    painter.setPen(QPen(colour, width))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for mark in chosen:
        _shape(painter, marks, mark, 1.5)


def veil(painter: QPainter, marks: Marks, kept: Collection[str], paper: QColor) -> None:
    """Let marks fade of which a filter leaves no area."""
    tint = QColor(paper)
    tint.setAlpha(VEIL)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(tint)
    for mark, keys in enumerate(marks.keys):
        if keys and not any(key in kept for key in keys):
            _shape(painter, marks, mark, 1.0)


def _small(font: QFont, *, bold: bool) -> QFont:
    made = QFont(font)
    made.setPixelSize(SMALL)
    made.setBold(bold)
    return made


def name_points(
    painter: QPainter, marks: Marks, keys: Sequence[str], theme: Theme, width: int
) -> None:
    """Names of the first selected areas beside their points."""
    if not keys or not marks.one_each:
        return
    painter.setFont(_small(painter.font(), bold=True))
    metrics = painter.fontMetrics()
    paper = theme.colour("surface")
    paper.setAlpha(215)
    for key in keys[:NAMED]:
        for mark in marks.of(key):
            name = marks.tip(mark)[0]
            at = rect_of(marks, mark)
            wide = metrics.horizontalAdvance(name)
            x = at.right() + 4
            if x + wide > width - 4:
                x = at.left() - 4 - wide
            base = QPointF(x, at.top() + 3)
            room = QRectF(x - 2, base.y() - metrics.ascent(), wide + 4, metrics.height())
            painter.fillRect(room, paper)
            painter.setPen(theme.colour("text"))
            painter.drawText(base, name)


def tip_box(marks: Marks, mark: int, size: QSize, font: QFont) -> TipBox:
    """The words of a mark beside it, inside a widget of ``size``."""
    name, text = marks.tip(mark)
    metrics = QFontMetricsF(_small(font, bold=True))
    lines = tuple(text.split("\n")) if text else ()
    wide = max(metrics.horizontalAdvance(t) for t in (name, *lines)) + 16
    high = metrics.height() * (1 + len(lines)) + 12
    at = rect_of(marks, mark)
    x = at.right() + 10 if at.right() + 10 + wide < size.width() else at.left() - 10 - wide
    x = min(max(x, 4.0), max(size.width() - wide - 4.0, 4.0))
    y = min(max(at.center().y() - high / 2, 4.0), max(size.height() - high - 4.0, 4.0))
    return TipBox(mark, QRectF(x, y, wide, high), name, lines)


def paint_tip(painter: QPainter, tip: TipBox, theme: Theme) -> None:
    bold, plain = _small(painter.font(), bold=True), _small(painter.font(), bold=False)
    painter.setPen(QPen(theme.colour("border"), 1))
    painter.setBrush(theme.colour("raised"))
    painter.drawRoundedRect(tip.box, 4, 4)
    painter.setPen(theme.colour("text"))
    metrics = QFontMetricsF(bold)
    x, line = tip.box.left() + 8, tip.box.top() + 6 + metrics.ascent()
    painter.setFont(bold)
    painter.drawText(QPointF(x, line), tip.name)
    painter.setFont(plain)
    for words in tip.lines:
        line += metrics.height()
        painter.drawText(QPointF(x, line), words)


def region_of(marks: Marks, hot: Sequence[int], tip: TipBox | None) -> QRegion:
    """Where outlines of marks and a tip are painted."""
    boxes = [
        rect_of(marks, mark).adjusted(-_REACH, -_REACH, _REACH, _REACH).toAlignedRect()
        for mark in hot
    ]
    region = QRegion()
    for box in boxes:
        region = region.united(box)
    if len(boxes) > _PARTS:
        region = QRegion(region.boundingRect())
    if tip is not None:
        region = region.united(tip.box.adjusted(-2, -2, 2, 2).toAlignedRect())
    return region
