"""Map layers through GDAL: GeoPackage, Shapefile (also zipped), GeoJSON, FlatGeobuf."""

from __future__ import annotations

import re
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa
import pyogrio

from monitor_app.core.datasets import SourceFile
from monitor_app.core.issues import Issue
from monitor_app.core.progress import Progress
from monitor_app.exchange import arrow_text, shapefile, source
from monitor_app.exchange.archives import open_zip, unpack
from monitor_app.exchange.layout import name_columns
from monitor_app.exchange.source import ReadOptions
from monitor_app.exchange.table import RawTable

FORMATS = ("gpkg", "shp", "shp-zip", "geojson", "fgb")
#: Formats whose header states the number of features.
COUNTED = (".fgb",)
_REPEATS = re.compile(r"\bwith\b", re.IGNORECASE)


def sniff(path: Path) -> float:
    """0.9 for the signatures of GeoPackage, Shapefile and FlatGeobuf, 0.7 for JSON; else 0."""
    raw = source.head(path, 64)
    if raw.startswith((b"SQLite format 3\0", b"fgb", bytes.fromhex("0000270a"))):
        return 0.9
    return 0.7 if raw.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[") else 0.0


def read(path: Path, options: ReadOptions, progress: Progress) -> tuple[RawTable, ...]:
    """One table per layer, geometries beside the attributes."""
    raw = source.head(path, 16)
    if raw.startswith(b"PK"):
        return _zipped(path, options, progress)
    if raw.startswith(b"SQLite"):
        return _geopackage(path, options, progress)
    if raw.startswith(b"fgb") or raw.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"["):
        described = source.describe(path, progress)
        name = f"/vsigzip/{path}" if source.is_gzip(path) else str(path)
        with source.unchanged(path):
            return _layers(name, path, described, options, progress)
    return _shapefile(path.with_suffix(shapefile.written(path, ".shp")), options, progress)


def _shapefile(
    path: Path, options: ReadOptions, progress: Progress, outer: SourceFile | None = None
) -> tuple[RawTable, ...]:
    parts = shapefile.parts(path)
    others = tuple(p for s, p in parts.items() if s != ".shp")
    described = outer or source.describe(parts[".shp"], progress, others)
    encoding, issues = shapefile.text_encoding(parts, options)
    with source.unchanged(parts[".shp"]), source.unchanged(parts[".dbf"]):
        tables = _layers(str(parts[".shp"]), path, described, options, progress, encoding)
    return tuple(replace(t, encoding=encoding, issues=(*issues, *t.issues)) for t in tables)


def _zipped(path: Path, options: ReadOptions, progress: Progress) -> tuple[RawTable, ...]:
    """Each shapefile of a zip archive, unpacked into a folder that is removed afterwards."""
    described = source.describe(path, progress)
    tables: list[RawTable] = []
    with open_zip(path) as archive, tempfile.TemporaryDirectory() as temporary:
        names = [n for n in archive.namelist() if not n.startswith("__MACOSX/")]
        shapes = [n for n in names if n.lower().endswith(".shp")]
        for i, shape in enumerate(shapes):
            folder = Path(temporary) / str(i)
            folder.mkdir()
            stem = shape[:-4].lower()
            wanted = [
                n for n in names
                if n.lower().rpartition(".")[0] == stem
                and PurePosixPath(n).suffix.lower() in shapefile.PARTS
            ]  # fmt: skip
            unpack(path, archive, wanted, folder)
            inner = replace(described, sheet=PurePosixPath(shape).stem)
            tables += _shapefile(folder / PurePosixPath(shape).name, options, progress, inner)
    return tuple(tables)


def _geopackage(path: Path, options: ReadOptions, progress: Progress) -> tuple[RawTable, ...]:
    described = source.describe(path, progress)
    with _quiet(path) as quiet:
        return _layers(str(quiet), path, described, options, progress, database=True)


def _check_database(name: str, path: Path) -> None:
    """Refuse a damaged file: GDAL hands over the rows before the damage and keeps quiet."""
    _meta, found = pyogrio.read_arrow(name, sql="SELECT * FROM pragma_quick_check")
    if found.num_columns == 0 or found.column(0).to_pylist() != ["ok"]:
        raise source.damaged(path)


def _check_views(name: str, path: Path) -> None:
    """Refuse views that repeat themselves (SQL's ``WITH`` can, without end): asking GDAL for their
    rows would never return."""
    query = "SELECT name, sql FROM sqlite_master WHERE type = 'view'"
    _meta, found = pyogrio.read_arrow(name, sql=query)
    for view, text in zip(*(column.to_pylist() for column in found.columns[:2]), strict=True):
        if _REPEATS.search(text or ""):
            raise source.too_large(path, view)


@contextmanager
def _quiet(path: Path) -> Iterator[Path]:
    """A GeoPackage that can be opened without leaving a trace in the user's folder.

    In write-ahead mode the newest rows may be in a log beside the file (open in QGIS, or left by
    a crash), and opening it writes there; so does a journal left by a crash. In these cases the
    file and its companions are copied away together and read there.
    """
    companions = [path.with_name(path.name + tail) for tail in ("-wal", "-journal")]
    left = [c for c in companions if c.exists() and c.stat().st_size]
    if not left and source.head(path, 20)[18:19] != b"\x02":  # 2: write-ahead mode
        with source.unchanged(path):
            yield path
        return
    with tempfile.TemporaryDirectory() as temporary:
        copy = Path(temporary) / path.name
        with ExitStack() as stack:
            for part in (path, *left):
                stack.enter_context(source.unchanged(part))
            for part in (path, *left):
                shutil.copyfile(part, copy.with_name(part.name))
        yield copy


def _layers(
    name: str,
    path: Path,
    described: SourceFile,
    options: ReadOptions,
    progress: Progress,
    encoding: str | None = None,
    *,
    database: bool = False,
) -> tuple[RawTable, ...]:
    """Every layer that GDAL finds under ``name``; ``path`` is what the user chose."""
    tables = []
    try:
        with warnings.catch_warnings():
            # Remarks of GDAL (ring order, odd fields) are no news for the user of a table.
            warnings.simplefilter("ignore")
            if database:
                _check_database(name, path)
                _check_views(name, path)
            layers = [str(row[0]) for row in pyogrio.list_layers(name)]
            for i, layer in enumerate(layers):
                progress.step(i / len(layers), layer)
                if options.sheet in (None, layer):
                    inner = replace(described, sheet=layer) if len(layers) > 1 else described
                    tables.append(_layer(name, layer, path, inner, options, encoding))
        if not tables and name.lower().endswith(COUNTED):
            raise source.damaged(path)  # such a file always has its one layer
    except (RuntimeError, ValueError, OSError, pa.ArrowException) as error:
        # GDAL's and Arrow's own errors derive from these.
        raise source.damaged(path) from error
    progress.step(1.0)
    return tuple(tables)


def _layer(
    name: str,
    layer: str,
    path: Path,
    described: SourceFile,
    options: ReadOptions,
    encoding: str | None,
) -> RawTable:
    extra: dict[str, Any] = {"encoding": encoding} if encoding else {}
    meta, table = pyogrio.read_arrow(name, layer=layer, **extra)
    table.validate(full=True)  # a damaged file can make GDAL hand over lengths below zero
    if name.lower().endswith(COUNTED):
        stated = pyogrio.read_info(name, layer=layer)["features"]
        if stated > table.num_rows:  # GDAL stops without a word where such a file is cut off
            raise source.damaged(path)
    geometry = meta["geometry_name"] or "wkb_geometry"
    geometries = None
    rows = tuple(range(1, table.num_rows + 1))
    issues: list[Issue] = []
    crs = options.crs or arrow_text.crs_code(meta["crs"])
    if geometry in table.column_names:
        geometries, issues = arrow_text.shapes(table[geometry], rows, path.name, layer)
        crs, found = arrow_text.crs_issues(crs, geometries, path.name, layer)
        issues += found
        table = table.drop_columns([geometry])
    names, kept, found = name_columns(
        table.column_names, [True] * table.num_columns, file=path.name, sheet=layer, row=1
    )
    numeric = frozenset(
        n
        for n, j in zip(names, kept, strict=True)
        if arrow_text.is_number(table.schema.field(j).type)
    )
    return RawTable(
        described,
        layer,
        names,
        tuple(arrow_text.column_text(table.column(j)) for j in kept),
        rows,
        numeric=numeric,
        geometries=None if geometries is None else tuple(geometries),
        crs=crs,
        issues=(*issues, *found),
    )
