"""Chart of one profile of rates: counts as dots, smoothed line, line of the town, changes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from monitor_app.app.rates import RateBook, RateTable
from monitor_app.app.rates_trace import counted_name
from monitor_app.core.formats import format_number
from monitor_app.core.i18n import _
from monitor_app.ui.theme import SMALL, Theme

Floats = NDArray[np.float64]
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 12, 48, 34


@dataclass(frozen=True, eq=False)
class Profile:
    """What is drawn, all (ages,) in units as shown. ``raw`` may be NaN; ``size`` person-years."""

    title: str
    unit: str
    ages: Floats
    raw: Floats
    size: Floats
    smooth: Floats
    town: Floats | None
    used: Floats
    edited: NDArray[np.bool_]
    at: int | None = None  # age of the chosen cell
    counted: str = ""  # what the dots are


def profile_of(
    book: RateBook, table: RateTable, sex: int, group: int, area: int | None, age: int
) -> Profile:
    """What is drawn of a table for one sex, group and area (None: the town)."""

    def column(values: Floats) -> Floats:
        return table.column(values, sex, group, area) * table.scale

    size = table.exposure.sum(axis=-1) if area is None else table.exposure[..., area]
    span = slice(table.first_age, table.last_age + 1)
    return Profile(
        book.area_name(area), table.unit, np.array(table.ages, dtype=np.float64),
        column(table.raw), np.nan_to_num(size[sex, group, span]), column(table.before),
        None if area is None else column(table.town_line), column(table.values),
        table.any_edited(area)[sex, group, span], age, counted_name(table),
    )  # fmt: skip


class RatesChart(QWidget):
    """Dots as large as the person-years behind them."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.profile: Profile | None = None
        self.setMinimumSize(300, 190)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(_("Chart of the rates by age"))

    def sizeHint(self) -> QSize:
        return QSize(420, 260)

    def show_profile(self, profile: Profile | None) -> None:
        self.profile = profile
        if profile is not None:
            peak = int(np.nanargmax(profile.used))
            self.setAccessibleDescription(
                _("{title}: highest at {age} with {value} {unit}").format(
                    title=profile.title, age=int(profile.ages[peak]), unit=profile.unit,
                    value=format_number(float(profile.used[peak]), 1))
            )  # fmt: skip
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), self._theme.colour("surface"))
        shown = self.profile
        if shown is None or len(shown.ages) < 2:
            return
        font = painter.font()
        font.setPixelSize(SMALL)
        painter.setFont(font)
        frame = QRectF(_LEFT, _TOP, self.width() - _LEFT - _RIGHT, self.height() - _TOP - _BOTTOM)
        low, high = self._range(shown)
        self._axes(painter, shown, frame, low, high)
        painter.setClipRect(frame.adjusted(-4, -4, 4, 4))
        self._dots(painter, shown, frame, low, high)
        if shown.town is not None:
            pen = QPen(self._theme.colour("muted"), 1.5, Qt.PenStyle.DashLine)
            self._line(painter, shown, shown.town, pen, frame, low, high)
        self._line(painter, shown, shown.smooth, QPen(self._theme.colour("accent"), 2.2), frame,
                   low, high)  # fmt: skip
        self._changes(painter, shown, frame, low, high)
        painter.setClipping(False)
        self._legend(painter, shown)

    @staticmethod
    def _range(shown: Profile) -> tuple[float, float]:
        """Bounds of the axis: the lines, and dots as far as they do not dwarf them."""
        lines = [shown.smooth, shown.used, *([] if shown.town is None else [shown.town])]
        high = max(float(np.nanmax(a)) for a in lines)
        low = min(0.0, *(float(np.nanmin(a)) for a in lines))
        raw = shown.raw[np.isfinite(shown.raw)]
        if raw.size:
            high = max(high, min(float(raw.max()), 1.6 * high))
            low = min(low, max(float(raw.min()), 1.6 * low))
        if high <= low:
            high = low + 1.0
        return low, high + 0.05 * (high - low)

    @staticmethod
    def _place(
        shown: Profile, frame: QRectF, low: float, high: float, age: float, value: float
    ) -> QPointF:
        first, last = float(shown.ages[0]), float(shown.ages[-1])
        x = frame.left() + (age - first) / (last - first) * frame.width()
        y = frame.bottom() - (value - low) / (high - low) * frame.height()
        return QPointF(x, y)

    def _axes(
        self, painter: QPainter, shown: Profile, frame: QRectF, low: float, high: float
    ) -> None:
        line, muted = self._theme.colour("line"), self._theme.colour("muted")
        step = nice_step(high - low, 4)
        digits = max(0, -int(np.floor(np.log10(step) + 1e-9)))
        tick = np.ceil(low / step) * step
        while tick <= high + 1e-12:
            at = self._place(shown, frame, low, high, float(shown.ages[0]), float(tick))
            painter.setPen(QPen(line, 1))
            painter.drawLine(QPointF(frame.left(), at.y()), QPointF(frame.right(), at.y()))
            painter.setPen(muted)
            box = QRectF(0, at.y() - 9, _LEFT - 6, 18)
            align = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(box, align, format_number(float(tick), digits))
            tick += step
        years = 10 if shown.ages[-1] - shown.ages[0] > 60 else 5
        for age in shown.ages[::1]:
            if age % years == 0:
                at = self._place(shown, frame, low, high, float(age), low)
                box = QRectF(at.x() - 20, frame.bottom() + 2, 40, 14)
                painter.drawText(box, Qt.AlignmentFlag.AlignCenter, str(int(age)))
        text = _("Age in years")
        below = QRectF(frame.left(), frame.bottom() + 16, frame.width(), 16)
        painter.drawText(below, Qt.AlignmentFlag.AlignRight, text)
        if shown.at is not None and shown.ages[0] <= shown.at <= shown.ages[-1]:
            at = self._place(shown, frame, low, high, float(shown.at), low)
            painter.setPen(QPen(muted, 1, Qt.PenStyle.DotLine))
            painter.drawLine(QPointF(at.x(), frame.top()), QPointF(at.x(), frame.bottom()))

    def _dots(
        self, painter: QPainter, shown: Profile, frame: QRectF, low: float, high: float
    ) -> None:
        known = np.isfinite(shown.raw) & (shown.size > 0)
        if not known.any():
            return
        most = float(shown.size[known].max())
        fill = QColor(self._theme.colour("border"))
        fill.setAlpha(110)
        painter.setPen(QPen(self._theme.colour("border"), 0.8))
        painter.setBrush(QBrush(fill))
        for age, value, size in zip(
            shown.ages[known], shown.raw[known], shown.size[known], strict=True
        ):
            radius = 1.2 + 4.3 * float(np.sqrt(size / most))
            at = self._place(shown, frame, low, high, float(age), float(value))
            painter.drawEllipse(at, radius, radius)
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def _line(
        self, painter: QPainter, shown: Profile, values: Floats, pen: QPen, frame: QRectF,
        low: float, high: float,
    ) -> None:  # fmt: skip
        painter.setPen(pen)
        points = [
            self._place(shown, frame, low, high, float(a), float(v))
            for a, v in zip(shown.ages, values, strict=True)
            if np.isfinite(v)
        ]
        painter.drawPolyline(QPolygonF(points))

    def _changes(
        self, painter: QPainter, shown: Profile, frame: QRectF, low: float, high: float
    ) -> None:
        painter.setPen(QPen(self._theme.colour("error"), 1.4))
        painter.setBrush(QBrush(self._theme.colour("warning")))
        for age, value in zip(shown.ages[shown.edited], shown.used[shown.edited], strict=True):
            at = self._place(shown, frame, low, high, float(age), float(value))
            painter.drawRect(QRectF(at.x() - 3, at.y() - 3, 6, 6))
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def _legend(self, painter: QPainter, shown: Profile) -> None:
        ink = self._theme.colour("text")
        painter.setPen(ink)
        metrics = painter.fontMetrics()
        head = metrics.elidedText(
            f"{shown.title} ({shown.unit})", Qt.TextElideMode.ElideRight, self.width() - 16
        )
        painter.drawText(QPointF(8, 16), head)
        entries = []
        if np.isfinite(shown.raw).any():
            entries.append(("dot", shown.counted))
        entries.append(("line", _("Estimated")))
        if shown.town is not None:
            entries.append(("town", _("Level of the town")))
        if shown.edited.any():
            entries.append(("edit", _("Changed by hand")))
        x = 8.0
        for kind, text in entries:
            self._key(painter, kind, x, 32.0)
            painter.setPen(ink)
            painter.drawText(QPointF(x + 22, 36), text)
            x += 22 + metrics.horizontalAdvance(text) + 14

    def _key(self, painter: QPainter, kind: str, x: float, y: float) -> None:
        if kind == "dot":
            fill = QColor(self._theme.colour("border"))
            fill.setAlpha(110)
            painter.setPen(QPen(self._theme.colour("border"), 0.8))
            painter.setBrush(QBrush(fill))
            painter.drawEllipse(QPointF(x + 9, y), 4, 4)
        elif kind == "edit":
            painter.setPen(QPen(self._theme.colour("error"), 1.4))
            painter.setBrush(QBrush(self._theme.colour("warning")))
            painter.drawRect(QRectF(x + 6, y - 3, 6, 6))
        else:
            dashed = kind == "town"
            pen = QPen(self._theme.colour("muted" if dashed else "accent"), 2.0)
            pen.setStyle(Qt.PenStyle.DashLine if dashed else Qt.PenStyle.SolidLine)
            painter.setPen(pen)
            painter.drawLine(QPointF(x, y), QPointF(x + 18, y))
        painter.setBrush(Qt.BrushStyle.NoBrush)


def nice_step(span: float, count: int) -> float:
    """Step of an axis with about ``count`` ticks: 1, 2 or 5 times a power of ten."""
    rough = max(span, 1e-12) / max(count, 1)
    power = float(10.0 ** np.floor(np.log10(rough)))
    return next((m * power for m in (1.0, 2.0, 5.0) if m * power >= rough), 10.0 * power)
