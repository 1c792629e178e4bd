"""One door for all foreign files: recognise the format by content, read every table in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, Severity, fail
from monitor_app.core.progress import Progress
from monitor_app.exchange import reader_csv, source
from monitor_app.exchange.recognise import recognise
from monitor_app.exchange.source import DETECT, ReadOptions
from monitor_app.exchange.table import RawTable


def sniff(path: str | Path) -> str:
    """Format id of a file: csv, xlsx, xls, ods, gpkg, shp, shp-zip, geojson, fgb, parquet.

    Decided by content, never by the name alone. ``UserError`` where the file is missing, empty,
    protected or no table.
    """
    file = Path(path)
    source.check_file(file)
    return recognise(file)


def read_tables(
    path: str | Path, progress: Progress | None = None, options: ReadOptions = DETECT
) -> tuple[RawTable, ...]:
    """All tables of a file: one for a text file, one per sheet or layer otherwise.

    Findings are in ``RawTable.issues``; ``UserError`` where nothing can be read at all.
    """
    file = Path(path)
    steps = progress or Progress()
    found = sniff(file)
    tables = _reader(found).read(file, options, steps)
    if not tables:
        raise fail(
            "no-table", _("“{name}” holds no table.").format(name=file.name), file=file.name,
            repair=_("Check whether the right file was chosen."),
        )  # fmt: skip
    return tuple(_with_empty(table, file.name) for table in tables)


def _with_empty(table: RawTable, name: str) -> RawTable:
    """A table of a header only is worth a finding."""
    if len(table):
        return table
    issue = Issue(
        "table-empty",
        Severity.WARNING,
        _("The table has a header but no rows."),
        name,
        table.name or None,
        repair=_("Ask for the delivery again if there should be data."),
    )
    return replace(table, issues=(*table.issues, issue))


def iter_chunks(
    path: str | Path,
    rows: int = 500_000,
    progress: Progress | None = None,
    options: ReadOptions = DETECT,
) -> Iterator[RawTable]:
    """A text file in tables of at most ``rows`` rows; other formats come table by table."""
    file = Path(path)
    steps = progress or Progress()
    if sniff(file) == reader_csv.FORMAT:
        yield from reader_csv.read_chunks(file, rows, options, steps)
    else:
        yield from read_tables(file, steps, options)


def _reader(found: str) -> ModuleType:
    """The reader of a format; those with heavy libraries are loaded when needed."""
    if found == "csv":
        return reader_csv
    if found in ("xlsx", "xls", "ods"):
        from monitor_app.exchange import reader_sheets

        return reader_sheets
    if found == "parquet":
        from monitor_app.exchange import reader_parquet

        return reader_parquet
    from monitor_app.exchange import reader_layers

    return reader_layers
