"""The legend on paper: classes with counts, states, town value, method and scale bar."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import shapely
from matplotlib.patches import Rectangle

from monitor_app.cartography.classify import Method, method_name
from monitor_app.cartography.draw import draw_pattern
from monitor_app.cartography.figures import (
    INK,
    MM_PER_INCH,
    PT_PER_MM,
    QUIET,
    Sheet,
    text_width,
    wrap,
)
from monitor_app.cartography.legend import EntryKind, LegendEntry, legend_entries, legend_title
from monitor_app.cartography.looks import Pattern, Swatch
from monitor_app.cartography.mapspec import MapKind, MapSpec
from monitor_app.cartography.scalebar import scale_bar
from monitor_app.core.formats import format_number, format_value
from monitor_app.core.i18n import _
from monitor_app.core.status import Status
from monitor_app.reports.legendextras import draw_layers_key, draw_square

HEAD, BODY, SMALL = 9.5, 8.5, 7.0
SWATCH = (8.5, 4.6)
ROW_GAP = 1.3
COUNT_WIDTH = 11.0
COLUMN_GAP = 8.0


def _line(size: float) -> float:
    return size * 1.3 / PT_PER_MM


@dataclass(frozen=True)
class LegendBox:
    """Measures first, draws after: its height is known before the map gets its room. ``counts``:
    with the number of areas per class; a legend of several maps has none."""

    spec: MapSpec
    counts: bool = True

    @cached_property
    def _classes(self) -> list[LegendEntry]:
        return [e for e in legend_entries(self.spec) if e.kind is EntryKind.CLASS]

    @cached_property
    def _others(self) -> list[LegendEntry]:
        return [e for e in legend_entries(self.spec) if e.kind is not EntryKind.CLASS]

    def draw(
        self, sheet: Sheet, left: float, top: float, width: float, metres: float | None
    ) -> float:
        """One column; returns its height."""
        y = self._head(sheet, left, top, width)
        y = self._body(sheet, left, y, width)
        if self._others:
            y = self._rows(sheet, self._others, left, y + 1.5, width)
        y = draw_layers_key(sheet, self.spec, left, y, width)
        y = self._notes(sheet, left, y + 2.5, width)
        y = self._scale(sheet, left, y + 5.0, width, metres)
        return y - top

    def draw_in_columns(
        self, sheet: Sheet, left: float, top: float, width: float, metres: float | None
    ) -> float:
        """Two columns: classes to the left, all else to the right."""
        half = (width - COLUMN_GAP) / 2
        y = self._head(sheet, left, top, half)
        y = self._body(sheet, left, y, half)
        right = left + half + COLUMN_GAP
        other = top + (_line(HEAD) if self._others else 0)
        if self._others:
            self._count_head(sheet, right, top, half)
            other = self._rows(sheet, self._others, right, top + self._head_height(half), half)
        other = draw_layers_key(sheet, self.spec, right, other, half)
        other = self._notes(sheet, right, other + (2.5 if self._others else 0), half)
        other = self._scale(sheet, right, other + 4.0, half, metres)
        return max(y, other) - top

    def _body(self, sheet: Sheet, left: float, top: float, width: float) -> float:
        if self.spec.kind is MapKind.BIVARIATE:
            return draw_square(sheet, self.spec, left, top, width)
        return self._rows(sheet, self._classes, left, top, width)

    def height_in_columns(self, width: float) -> float:
        """What ``draw_in_columns`` will need, found by drawing on a sheet that is thrown away."""
        return self.draw_in_columns(Sheet(width, 100), 0, 0, width, 1000.0)

    def _head_height(self, width: float) -> float:
        return len(self._title_lines(width)) * _line(HEAD) + 1.8

    def _title_lines(self, width: float) -> list[str]:
        if self.spec.kind is MapKind.BIVARIATE:
            return [_("Areas by thirds")]
        return wrap(legend_title(self.spec), width - COUNT_WIDTH - 3, HEAD, "bold")

    def _head(self, sheet: Sheet, left: float, top: float, width: float) -> float:
        lines = self._title_lines(width)
        sheet.paragraph(left, top, lines, HEAD, face="bold")
        self._count_head(sheet, left, top + (len(lines) - 1) * _line(HEAD), width)
        return top + self._head_height(width)

    def _count_head(self, sheet: Sheet, left: float, top: float, width: float) -> None:
        if not self.counts:
            return
        lift = (HEAD - SMALL) / PT_PER_MM
        sheet.text(left + width, top + lift, _("Areas"), SMALL, colour=QUIET, align="right")

    def _rows(
        self, sheet: Sheet, entries: list[LegendEntry], left: float, top: float, width: float
    ) -> float:
        room = width - SWATCH[0] - 3 - COUNT_WIDTH
        for entry in entries:
            lines = wrap(entry.label, room, BODY)
            height = max(SWATCH[1], len(lines) * _line(BODY))
            middle = top + height / 2
            self._sample(sheet, entry.swatch, left, middle - SWATCH[1] / 2)
            # The middle of the figures, not of the line, meets the middle of the sample.
            first = middle - (len(lines) - 1) * _line(BODY) / 2 - BODY * 0.64 / PT_PER_MM
            sheet.paragraph(left + SWATCH[0] + 3, first, lines, BODY)
            if self.counts:
                base = middle - BODY * 0.64 / PT_PER_MM
                count = format_number(entry.count)
                sheet.text(left + width, base, count, BODY, colour=QUIET, align="right")
            top += height + ROW_GAP
        return top

    def _sample(self, sheet: Sheet, swatch: Swatch, left: float, top: float) -> None:
        width, height = SWATCH
        axes = sheet.axes(left, top, width, height)
        # The origin in the middle, so that patterns lie evenly in the sample.
        corner = (-width / 2, -height / 2)
        axes.set_xlim(-width / 2, width / 2)
        axes.set_ylim(-height / 2, height / 2)
        axes.add_patch(
            Rectangle(corner, width, height, facecolor=swatch.colour, edgecolor="none", zorder=1)
        )
        if swatch.pattern is not Pattern.NONE:
            area = shapely.box(*corner, width / 2, height / 2)
            draw_pattern(axes, swatch, area, MM_PER_INCH / 96)
        axes.add_patch(
            Rectangle(
                corner,
                width,
                height,
                facecolor="none",
                edgecolor="#6b6b6b",
                linewidth=0.5,
                clip_on=False,
                zorder=3,
            )
        )

    def _notes(self, sheet: Sheet, left: float, top: float, width: float) -> float:
        spec = self.spec
        if spec.city_value is not None:
            text = _("Town as a whole: {value}").format(
                value=format_value(
                    spec.city_value, Status.OK, spec.precision, "", signed=spec.signed
                )
            )
            top = sheet.paragraph(left, top, wrap(text, width, BODY, "bold"), BODY, face="bold")
            top += 1.2
        return sheet.paragraph(
            left, top, wrap(self._method(), width, SMALL), SMALL, colour=QUIET, leading=1.35
        )

    def _method(self) -> str:
        found = self.spec.classification
        if found.k == 0:
            return _("There is no value for any area.")
        if self.spec.kind is MapKind.CATEGORIES:
            return ""
        parts = [_("Classes: {method}").format(method=method_name(found.method))]
        if found.shared and found.method is not Method.MANUAL:
            parts.append(_("the same for all dates"))
        if self.spec.kind in (MapKind.THRESHOLD, MapKind.DEVIATION) and (
            self.spec.reference is not None
        ):
            value = format_number(self.spec.reference, self.spec.precision)
            parts.append(_("measured against {value}").format(value=value))
        return ", ".join(parts)

    def _scale(
        self, sheet: Sheet, left: float, top: float, width: float, metres: float | None
    ) -> float:
        bar = None if metres is None else scale_bar(metres * min(width * 0.62, 42))
        if bar is None or metres is None:
            return top
        length = bar.length / metres
        axes = sheet.axes(left, top, length, 1.5)
        axes.set_xlim(0, bar.parts)
        axes.set_ylim(0, 1)
        for part in range(bar.parts):
            axes.add_patch(
                Rectangle(
                    (part, 0),
                    1,
                    1,
                    facecolor=INK if part % 2 == 0 else "#ffffff",
                    edgecolor=INK,
                    linewidth=0.9,
                    clip_on=False,
                )
            )
        below = top + 1.5 + 0.8
        sheet.text(left, below, "0", SMALL, colour=QUIET, align="center")
        text = bar.label
        # The number, not the number with its unit, stands below the end of the bar.
        number = text.split("\u202f")[0]
        sheet.text(left + length - text_width(number, SMALL) / 2, below, text, SMALL, colour=QUIET)
        return below + _line(SMALL)
