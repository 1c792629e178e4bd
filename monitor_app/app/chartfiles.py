"""A chart as a file: picture (PNG), drawing (SVG, PDF) or its numbers (xlsx, CSV)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from monitor_app.app.exports import TABLE_ENDINGS, write_table
from monitor_app.cartography.chartdata import Cell, ChartTable
from monitor_app.cartography.chartexport import chart_bytes, write_chart
from monitor_app.cartography.chartkinds import AnyChart, chart_size, chart_table, draw_chart
from monitor_app.core.i18n import _
from monitor_app.core.issues import fail
from monitor_app.exchange.export_table import Column, ExportTable, TextColumn, ValueColumn

PICTURE_ENDINGS = (".png", ".svg", ".pdf")
CHART_ENDINGS = (*PICTURE_ENDINGS, *TABLE_ENDINGS)


def write_chart_file(path: Path, spec: AnyChart) -> Path:
    """*Slow.* Write a chart by the ending of its file. ``UserError`` for other endings and where
    the file cannot be written."""
    ending = path.suffix.lower()
    if ending in TABLE_ENDINGS:
        write_table(path, export_table(spec))
        return path
    if ending in PICTURE_ENDINGS:
        return write_chart(lambda figure: draw_chart(figure, spec), path, chart_size(spec))
    raise fail(
        "ending",
        _("The ending of {file} names no format that can be written.").format(file=path.name),
        repair=_("Use one of: {endings}").format(endings=", ".join(CHART_ENDINGS)),
    )


def picture_of(spec: AnyChart, ending: str) -> bytes:
    """*Slow.* The bytes of a picture file of a chart."""
    return chart_bytes(lambda figure: draw_chart(figure, spec), ending, chart_size(spec))


def export_table(spec: AnyChart) -> ExportTable:
    """The numbers of a chart as they are; the shortest decimals that give the same numbers."""
    table = chart_table(spec)
    title = spec.title or _("Chart")
    notes = [t for t in (getattr(spec, "note", ""),) if t]
    return ExportTable(
        name="".join(c for c in title if c not in "[]:*?/\\")[:31],
        columns=tuple(_column(table, i) for i in range(len(table.columns))),
        title=title,
        notes=tuple(notes),
    )


def _column(table: ChartTable, at: int) -> Column:
    cells = [row[at] for row in table.rows]
    if all(isinstance(c, (int, float)) or c is None for c in cells) and cells:
        numbers = np.array([np.nan if c is None else float(c) for c in cells])
        whole = bool(np.all(np.isnan(numbers) | (numbers == np.round(numbers))))
        return ValueColumn.of(table.columns[at], numbers, 0 if whole else None)
    return TextColumn(table.columns[at], tuple(_text(c) for c in cells))


def _text(cell: Cell) -> str:
    return "" if cell is None else str(cell)


def tab_text(spec: AnyChart) -> str:
    """The numbers of a chart for the clipboard: tabs between cells, heads in the first line."""
    table = chart_table(spec)
    lines = ["\t".join(table.columns)]
    lines += ["\t".join(_typed(cell) for cell in row) for row in table.rows]
    return "\n".join(lines)


def _typed(cell: Cell) -> str:
    """A cell as a German spreadsheet reads it; keys and names stay as they are."""
    if isinstance(cell, float):
        return "" if np.isnan(cell) else str(cell).replace(".", ",")
    return _text(cell)
