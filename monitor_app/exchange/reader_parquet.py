"""GeoParquet (and plain Parquet) through pyarrow."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from monitor_app.core.issues import Issue
from monitor_app.core.progress import Progress
from monitor_app.exchange import arrow_text, source
from monitor_app.exchange.layout import name_columns
from monitor_app.exchange.source import ReadOptions
from monitor_app.exchange.table import RawTable

FORMAT = "parquet"


def sniff(path: Path) -> float:
    """0.95 for the signature of Parquet, else 0."""
    return 0.95 if source.head(path, 4) == b"PAR1" else 0.0


def read(path: Path, options: ReadOptions, progress: Progress) -> tuple[RawTable, ...]:
    """The file as one table; the geometry column becomes ``geometries``."""
    described = source.describe(path, progress)
    with source.unchanged(path):
        try:
            table = pq.read_table(path)
            table.validate(full=True)
            geo = _geo(table)
        except (pa.ArrowException, OSError, ValueError) as error:  # bad JSON is a ValueError
            raise source.damaged(path) from error
    progress.step(0.5)
    rows = tuple(range(1, table.num_rows + 1))
    geometries = None
    crs: str | None = None
    issues: list[Issue] = []
    if geo is not None:
        column, crs = geo
        geometries, issues = arrow_text.shapes(table[column], rows, path.name, "")
        crs, found = arrow_text.crs_issues(options.crs or crs, geometries, path.name, "")
        issues += found
        table = table.drop_columns([column])
    names, kept, found = name_columns(
        table.column_names, [True] * table.num_columns, file=path.name, sheet=None, row=1
    )
    numeric = frozenset(
        n for n, j in zip(names, kept, strict=True)
        if arrow_text.is_number(table.schema.field(j).type)
    )  # fmt: skip
    progress.step(0.8)
    try:
        columns = tuple(arrow_text.column_text(table.column(j)) for j in kept)
    except (UnicodeError, pa.ArrowException) as error:
        raise source.damaged(path) from error
    progress.step(1.0)
    return (RawTable(
        replace(described), "", names, columns, rows, numeric=numeric,
        geometries=None if geometries is None else tuple(geometries), crs=crs,
        issues=(*issues, *found),
    ),)  # fmt: skip


def _geo(table: pa.Table) -> tuple[str, str | None] | None:
    """Name of the geometry column and its reference system, from the GeoParquet metadata."""
    raw = (table.schema.metadata or {}).get(b"geo")
    if raw is None:
        return None
    meta: Any = json.loads(raw)
    columns = meta.get("columns") if isinstance(meta, dict) else None
    if not isinstance(columns, dict):
        return None
    column = str(meta.get("primary_column", "geometry"))
    described = columns.get(column)
    if not isinstance(described, dict):
        return None
    if column not in table.column_names:
        return None
    if "crs" not in described:
        return column, "EPSG:4326"  # the standard's default
    crs = described["crs"]
    return column, arrow_text.crs_code(json.dumps(crs)) if crs else None
