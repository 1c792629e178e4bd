"""The numbers of a chart as a plain table, for export and for readers who do not see it."""

from __future__ import annotations

from dataclasses import dataclass

from monitor_app.cartography.chartspec import PyramidSpec, RankingSpec, TimeLineSpec
from monitor_app.core.formats import format_date
from monitor_app.core.i18n import _

Cell = str | int | float | None


@dataclass(frozen=True)
class ChartTable:
    """``columns`` names and ``rows`` with one cell each; NaN and None: no value."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def column(self, name: str) -> tuple[Cell, ...]:
        at = self.columns.index(name)
        return tuple(row[at] for row in self.rows)


def time_line_table(spec: TimeLineSpec) -> ChartTable:
    """One row per date, one column per line, bounds of forecasts, and the range of all areas."""
    ranged = [line for line in spec.lines if line.range is not None]
    heads = [
        text.format(label=line.label)
        for line in ranged
        for text in (_("{label}, lower bound"), _("{label}, upper bound"))
    ]
    names = (line.label for line in spec.lines)
    columns = (_("Date"), *names, *heads, _("Smallest"), _("Largest"))
    shown = [line.shown for line in spec.lines]
    shown += [bound for line in ranged for bound in line.range or ()]
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            str(day.year) if spec.period else format_date(day),
            *(float(s[i]) for s in shown),
            float(spec.low[i]),
            float(spec.high[i]),
        )
        for i, day in enumerate(spec.dates)
    )
    return ChartTable(columns, rows)


def ranking_table(spec: RankingSpec) -> ChartTable:
    """Rank, key, name and value of each area."""
    head = (_("Rank"), _("Key"), _("Area"), spec.unit or _("Value"))
    return ChartTable(head, tuple((b.rank, b.key, b.name, b.value) for b in spec.bars))


def pyramid_table(spec: PyramidSpec) -> ChartTable:
    """Persons per age group and sex of one or two populations."""
    sides = [spec.base] + ([] if spec.overlay is None else [spec.overlay])
    sides += spec.interval or ()
    head = [_("Age from"), _("Age to under")]
    for side in sides:
        head += [_("{label}, men").format(label=side.label)]
        head += [_("{label}, women").format(label=side.label)]
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            int(spec.lows[i]),
            int(spec.highs[i]),
            *(float(v) for side in sides for v in (side.men[i], side.women[i])),
        )
        for i in range(len(spec.lows))
    )
    return ChartTable(tuple(head), rows)
