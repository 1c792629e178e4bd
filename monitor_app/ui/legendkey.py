"""Parts of the legend on screen beside classes: two measures at once, and layers over the map."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from monitor_app.cartography.decor import GROUND_LOOKS
from monitor_app.cartography.layers import Ground, Symbols
from monitor_app.cartography.legend import round_samples
from monitor_app.cartography.mapspec import MapSpec, Pair
from monitor_app.core.formats import format_number
from monitor_app.core.i18n import _
from monitor_app.ui.theme import SMALL, TEXT, Theme, luminance

_ROW, _SAMPLE = 22, 28
_CELL = 46


class LegendKey(QWidget):
    """Samples of circles, facilities, lines and backgrounds, below the classes."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._rows: list[_Row] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def rows(self) -> list[str]:
        """Texts as shown, from the top."""
        return [row.text for row in self._rows]

    def set_map(self, spec: MapSpec) -> None:
        self._rows = _rows(spec)
        self.setVisible(bool(self._rows))
        self.setFixedHeight(max(1, sum(row.height for row in self._rows)))
        self.setAccessibleName(_("Layers over the map"))
        self.setAccessibleDescription("; ".join(self.rows))
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        top = 0.0
        for row in self._rows:
            self._paint_row(painter, row, top)
            top += row.height

    def _paint_row(self, painter: QPainter, row: _Row, top: float) -> None:
        font = painter.font()
        font.setPixelSize(TEXT)
        font.setBold(row.kind == "head")
        painter.setFont(font)
        painter.setPen(self._theme.colour("text"))
        middle = top + row.height / 2
        left = 0.0 if row.kind == "head" else _SAMPLE + 8.0
        number = format_number(row.count) if row.count else ""
        room = self.width() - left - QFontMetricsF(font).horizontalAdvance(number) - 8
        if row.kind == "circles":
            self._paint_circles(painter, row.symbols, top)
            return
        text = painter.fontMetrics().elidedText(
            row.text, Qt.TextElideMode.ElideRight, max(10, int(room))
        )
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        bottom = Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft
        box = QRectF(left, top, room, row.height)
        painter.drawText(box, bottom if row.kind == "head" else flags, text)
        if number:
            painter.setPen(self._theme.colour("muted"))
            right = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
            painter.drawText(QRectF(0, top, self.width(), row.height), right, number)
        if row.kind == "point":
            # Facilities lie on light and dark classes: the sample shows them on white.
            painter.setPen(QPen(self._theme.colour("border"), 1))
            painter.setBrush(QColor("#ffffff"))
            painter.drawRect(QRectF(0.5, middle - 9, _SAMPLE - 1, 18))
            paint_shape(painter, row.shape, row.colour, QPointF(_SAMPLE / 2, middle), 9.0)
        elif row.kind == "hollow":
            painter.setPen(QPen(QColor(row.colour), 1.5))
            painter.setBrush(QColor("#ffffff"))
            painter.drawEllipse(QPointF(_SAMPLE / 2, middle), 7, 7)
        elif row.kind == "line":
            pen = QPen(QColor(row.colour), 2)
            if row.shape == "dashed":
                pen.setStyle(Qt.PenStyle.DashLine)
            painter.setPen(pen)
            painter.drawLine(QPointF(0, middle), QPointF(_SAMPLE, middle))
        elif row.kind == "ground":
            fill, opacity, line = GROUND_LOOKS[Ground(row.shape)]
            painter.setPen(Qt.PenStyle.NoPen)
            box = QRectF(0.5, middle - 9, _SAMPLE - 1, 18)
            painter.setBrush(QColor("#ffffff"))
            painter.drawRect(box)
            colour = QColor(fill)
            colour.setAlphaF(opacity)
            painter.setPen(QPen(QColor(line), 1))
            painter.setBrush(colour)
            painter.drawRect(box)

    def _paint_circles(self, painter: QPainter, symbols: Symbols | None, top: float) -> None:
        """Circles within each other, as on the page, their numbers beside."""
        if symbols is None:
            return
        font = painter.font()
        font.setPixelSize(SMALL)
        font.setBold(False)
        painter.setFont(font)
        samples = round_samples(symbols, SMALL + 3.0)
        largest = symbols.diameter(samples[0]) if samples else 0.0
        for sample in samples:
            size = symbols.diameter(sample)
            y = top + 8 + largest - size
            painter.setPen(QPen(QColor("#ffffff"), 1))
            painter.setBrush(QColor(symbols.colour))
            painter.drawEllipse(QRectF((largest - size) / 2, y, size, size))
            painter.setPen(QPen(self._theme.colour("muted"), 1))
            painter.drawLine(QPointF(largest / 2, y), QPointF(largest + 8, y))
            painter.setPen(self._theme.colour("text"))
            text = format_number(sample, 0 if sample >= 1 else symbols.precision)
            painter.drawText(QPointF(largest + 12, y + 4), text)


@dataclass(frozen=True)
class _Row:
    """One line of the key: a head, circles, a facility, a line or a background."""

    kind: str
    text: str = ""
    height: int = _ROW
    shape: str = ""
    colour: str = ""
    count: int = 0
    symbols: Symbols | None = None


def _rows(spec: MapSpec) -> list[_Row]:
    layers, rows = spec.layers, []
    symbols = layers.symbols
    if symbols is not None and symbols.samples():
        unit = f" ({symbols.unit})" if symbols.unit else ""
        rows.append(_Row("head", symbols.title + unit, _ROW + 4))
        height = round(symbols.diameter(symbols.samples()[0])) + 14
        rows.append(_Row("circles", "", height, symbols=symbols))
        if symbols.below_zero:
            rows.append(_Row("hollow", _("hollow: below zero"), colour=symbols.colour))
    for points in layers.points:
        looks = points.looks
        if len(looks) > 1:
            rows.append(_Row("head", points.title, _ROW + 4))
        for kind, (colour, shape) in looks.items():
            count = points.kinds.count(kind)
            rows.append(_Row("point", kind, shape=shape, colour=colour, count=count))
    for line in layers.overlays:
        shape = "dashed" if line.dashed else ""
        rows.append(_Row("line", line.title, shape=shape, colour=line.colour))
    for ground in layers.backgrounds:
        name = _("Water") if ground.ground is Ground.WATER else _("Green areas")
        rows.append(_Row("ground", ground.title or name, shape=ground.ground.value))
    return rows


def paint_shape(painter: QPainter, shape: str, colour: str, at: QPointF, size: float) -> None:
    """A symbol of facilities; ``shape`` as matplotlib names it."""
    half = size / 2 + 1
    painter.setPen(QPen(QColor("#ffffff"), 1))
    painter.setBrush(QColor(colour))
    third = half / 2.6
    plus = [
        (-third, -half), (third, -half), (third, -third), (half, -third), (half, third),
        (third, third), (third, half), (-third, half), (-third, third), (-half, third),
        (-half, -third), (-third, -third),
    ]  # fmt: skip
    outlines = {
        "^": [(0, -half), (half, half), (-half, half)],
        "v": [(0, half), (half, -half), (-half, -half)],
        "D": [(0, -half), (half, 0), (0, half), (-half, 0)],
        "P": plus,
        "X": [((x - y) * 0.75, (x + y) * 0.75) for x, y in plus],
    }
    if shape == "o":
        painter.drawEllipse(at, half, half)
    elif shape in outlines:
        corners = [QPointF(at.x() + dx, at.y() + dy) for dx, dy in outlines[shape]]
        painter.drawPolygon(QPolygonF(corners))
    else:
        painter.drawRect(QRectF(at.x() - half, at.y() - half, 2 * half, 2 * half))


class LegendSquare(QWidget):
    """The 3 × 3 classes of a map with two measures, with counts and limits."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._spec: MapSpec | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(_("Classes of two indicators"))
        self.hide()

    def sizeHint(self) -> QSize:
        return QSize(240, 3 * _CELL + 24)

    def set_map(self, spec: MapSpec) -> None:
        there = spec.pair is not None
        self._spec = spec if there else None
        self.setVisible(there)
        self.setFixedHeight(3 * _CELL + 24)
        if there:
            found = spec.classification
            words = zip(found.names, found.counts, strict=True)
            self.setAccessibleDescription("; ".join(f"{n}: {c}" for n, c in words))
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        spec = self._spec
        if spec is None or spec.pair is None:
            return
        painter = QPainter(self)
        font = painter.font()
        font.setPixelSize(SMALL)
        painter.setFont(font)
        left = self._left(painter, spec.pair)
        for place, (colour, count) in enumerate(
            zip(spec.class_colours, spec.classification.counts, strict=True)
        ):
            y, x = divmod(place, 3)
            box = QRectF(left + x * _CELL, (2 - y) * _CELL, _CELL - 2, _CELL - 2)
            painter.fillRect(box, QColor(colour))
            painter.setPen(QColor("#ffffff" if luminance(colour) < 0.3 else "#1b2129"))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, format_number(count))
        painter.setPen(self._theme.colour("text"))
        for i, bound in enumerate(spec.pair.breaks[0]):
            text = format_number(bound, spec.pair.precisions[0])
            box = QRectF(left + (i + 1) * _CELL - 41, 3 * _CELL, 80, 20)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
        for i, bound in enumerate(spec.pair.breaks[1]):
            text = format_number(bound, spec.pair.precisions[1])
            flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(QRectF(0, (2 - i) * _CELL - 11, left - 6, 20), flags, text)

    def _left(self, painter: QPainter, pair: Pair) -> float:
        texts = [format_number(b, pair.precisions[1]) for b in pair.breaks[1]]
        return 12.0 + max((painter.fontMetrics().horizontalAdvance(t) for t in texts), default=0)


def pair_words(pair: Pair) -> str:
    """What the two directions of the square are."""
    ways = (_("To the right: {title}"), _("Upwards: {title}"))
    lines = [
        way.format(title=f"{title} ({unit})" if unit else title)
        for way, title, unit in zip(ways, pair.titles, pair.units, strict=True)
    ]
    return "\n".join(lines)
