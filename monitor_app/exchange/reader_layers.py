"""Map layers through GDAL: GeoPackage, Shapefile (also zipped), GeoJSON, FlatGeobuf."""

from __future__ import annotations

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
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError, FieldError

from monitor_app.core.datasets import SourceFile
from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, Severity, fail
from monitor_app.core.progress import Progress
from monitor_app.exchange import arrow_text, source
from monitor_app.exchange.archives import open_zip, unpack
from monitor_app.exchange.encoding import detect_encoding
from monitor_app.exchange.layout import name_columns
from monitor_app.exchange.source import ReadOptions
from monitor_app.exchange.table import RawTable

FORMATS = ("gpkg", "shp", "shp-zip", "geojson", "fgb")
_SHAPE_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg", ".cst")


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
    return _shapefile(path.with_suffix(_case(path, ".shp")), options, progress)


def _case(path: Path, suffix: str) -> str:
    """``.SHP`` where the file is written so."""
    for candidate in (suffix, suffix.upper()):
        if path.with_suffix(candidate).exists():
            return candidate
    return suffix


def _parts(path: Path) -> dict[str, Path]:
    found = {}
    for suffix in _SHAPE_PARTS:
        part = path.with_suffix(_case(path, suffix))
        if part.exists():
            found[suffix] = part
    return found


def _shapefile(
    path: Path, options: ReadOptions, progress: Progress, outer: SourceFile | None = None
) -> tuple[RawTable, ...]:
    parts = _parts(path)
    for suffix in (".shp", ".shx", ".dbf"):
        if suffix not in parts:
            raise fail(
                "shapefile-part",
                _("The shapefile “{name}” is incomplete: its part {suffix} is missing.").format(
                    name=path.stem, suffix=suffix), file=path.name,
                repair=_("Copy all files with the same name (.shp, .shx, .dbf, .prj) together."),
            )  # fmt: skip
    others = tuple(p for s, p in parts.items() if s != ".shp")
    described = outer or source.describe(parts[".shp"], progress, others)
    encoding, issues = _dbf_encoding(parts, options)
    with source.unchanged(parts[".shp"]), source.unchanged(parts[".dbf"]):
        tables = _layers(str(parts[".shp"]), path, described, options, progress, encoding)
    return tuple(replace(t, encoding=encoding, issues=(*issues, *t.issues)) for t in tables)


def _dbf_encoding(parts: dict[str, Path], options: ReadOptions) -> tuple[str, list[Issue]]:
    """The encoding of the attribute table: as declared where that fits the bytes, else measured."""
    if options.encoding:
        return options.encoding, []
    declared = None
    for suffix in (".cpg", ".cst"):
        if suffix in parts:
            declared = _codec(parts[suffix].read_bytes()[:40])
            break
    raw = parts[".dbf"].read_bytes()
    body = raw[int.from_bytes(raw[8:10], "little") :] if len(raw) > 10 else b""
    if body.isascii():
        return declared or "utf-8", []
    # One "line" per record, so that a letter cut at the end of a field spoils one record only.
    size = int.from_bytes(raw[10:12], "little") or len(body)
    records = b"\n".join(body[i : i + size].replace(b"\n", b" ") for i in range(0, len(body), size))
    measured = detect_encoding([records])
    name = measured.name
    if measured.mixed_count:  # letters cut at the end of a field, or truly mixed
        return declared if declared and declared != "utf-8" else "cp1252", [
            Issue(
                "encoding-mixed",
                Severity.WARNING,
                _(
                    "The texts of the shapefile mix encodings, or letters were cut off: {count}"
                    " records."
                ).format(count=measured.mixed_count),
                parts[".dbf"].name,
                row=measured.mixed[0],
                count=measured.mixed_count,
                repair=_("Check the umlauts in the preview."),
            )
        ]
    if declared is None or (declared == "utf-8") == (name == "utf-8"):
        return declared or name, []
    return name, [Issue(
        "encoding-declared", Severity.WARNING,
        _("The shapefile says its texts are {declared}, but they are {measured}.").format(
            declared=declared, measured=name),
        parts[".dbf"].name, repair=_("Check the umlauts in the preview."),
    )]  # fmt: skip


def _codec(raw: bytes) -> str | None:
    """Name of a Python codec from the text of a .cpg or .cst file."""
    import codecs

    text = raw.decode("ascii", "ignore").strip().strip("\ufeff").lower()
    text = text.replace("ansi ", "cp").replace("ldid/87", "cp1252").replace("ldid/57", "cp1252")
    if text.isdigit():
        text = {"65001": "utf-8", "88591": "iso-8859-1", "28591": "iso-8859-1"}.get(
            text, f"cp{text}"
        )
    try:
        name = codecs.lookup(text).name
    except LookupError:
        return None
    return "cp1252" if name == "iso8859-1" else name


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
                and PurePosixPath(n).suffix.lower() in _SHAPE_PARTS
            ]  # fmt: skip
            unpack(path, archive, wanted, folder)
            inner = replace(described, sheet=PurePosixPath(shape).stem)
            tables += _shapefile(folder / PurePosixPath(shape).name, options, progress, inner)
    return tuple(tables)


def _geopackage(path: Path, options: ReadOptions, progress: Progress) -> tuple[RawTable, ...]:
    described = source.describe(path, progress)
    with _quiet(path) as quiet:
        return _layers(str(quiet), path, described, options, progress)


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
) -> tuple[RawTable, ...]:
    """Every layer that GDAL finds under ``name``; ``path`` is what the user chose."""
    tables = []
    try:
        with warnings.catch_warnings():
            # Remarks of GDAL (ring order, odd fields) are no news for the user of a table.
            warnings.simplefilter("ignore")
            layers = [str(row[0]) for row in pyogrio.list_layers(name)]
            for i, layer in enumerate(layers):
                progress.step(i / len(layers), layer)
                if options.sheet in (None, layer):
                    inner = replace(described, sheet=layer) if len(layers) > 1 else described
                    tables.append(_layer(name, layer, path, inner, options, encoding))
    except (DataSourceError, DataLayerError, FeatureError, FieldError, ValueError) as error:
        raise source.damaged(path) from error
    except pa.ArrowException as error:
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
