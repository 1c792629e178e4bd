"""Which format a file has: by its content, with plain words for what is no table."""

from __future__ import annotations

import zipfile
from pathlib import Path

from monitor_app.core.i18n import _
from monitor_app.core.issues import UserError, fail
from monitor_app.exchange import reader_csv, source
from monitor_app.exchange.archives import open_zip, protected

FORMATS = ("csv", "xlsx", "xls", "ods", "gpkg", "shp", "shp-zip", "geojson", "fgb", "parquet")
_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_SHP = bytes.fromhex("0000270a")
#: Parts of a shapefile that may be chosen in place of the .shp itself.
_SHP_PARTS = (".dbf", ".shx", ".prj", ".cpg", ".cst", ".qix", ".sbn", ".sbx")


def recognise(path: Path) -> str:
    """Format id; ``UserError`` for a file that no reader can use."""
    raw = source.head(path)
    if raw.startswith(b"SQLite format 3\0"):
        return _sqlite(path, raw)
    if raw.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip(path)
    if raw.startswith(_OLE):
        return _ole(path)
    if raw.startswith((b"\x09\x08", b"\x09\x04", b"\x09\x02", b"\x09\x00")):
        return "xls"
    if raw.startswith(b"PAR1"):
        return "parquet"
    if raw.startswith(b"fgb"):
        return "fgb"
    if raw.startswith(_SHP):
        return "shp"
    if path.suffix.lower() in _SHP_PARTS and path.with_suffix(".shp").exists():
        return "shp"
    if raw.startswith(b"%PDF"):
        raise _no_table(path, _("a PDF document"))
    return _text(path, raw)


def _text(path: Path, raw: bytes) -> str:
    start = raw.removeprefix(b"\xef\xbb\xbf").lstrip()[:2048].lower()
    if start.startswith((b"{", b"[")):
        if b'"type"' in raw and any(
            word in raw for word in (b"Feature", b"GeometryCollection", b"Polygon", b"Point")
        ):
            return "geojson"
        if path.suffix.lower() in (".json", ".geojson") or b'"' in start[:200]:
            raise _no_table(path, _("a JSON file without map features"))
    if start.startswith((b"<!doctype html", b"<html")) or b"<table" in start:
        raise _no_table(path, _("a web page (even if its name ends in .xls)"))
    if start.startswith((b"<?xml", b"<gml", b"<kml")):
        raise _no_table(path, _("an XML file"))
    if reader_csv.sniff(path) > 0:
        return "csv"
    raise _no_table(path, _("not text and of no known format"))


def _no_table(path: Path, what: str) -> UserError:
    return fail(
        "not-a-table",
        _("“{name}” is not a table that can be imported: it is {what}.").format(
            name=path.name, what=what),
        file=path.name,
        repair=_("Possible are CSV, xlsx, xls, ods, GeoPackage, Shapefile (also zipped), GeoJSON,"
                 " FlatGeobuf and GeoParquet."),
    )  # fmt: skip


def _sqlite(path: Path, raw: bytes) -> str:
    """The application id in the header says GeoPackage; older files are known by their name."""
    if raw[68:72] in (b"GPKG", b"GP10", b"GP11") or path.suffix.lower() == ".gpkg":
        return "gpkg"
    raise _no_table(path, _("a database that is no GeoPackage"))


def _zip(path: Path) -> str:
    with open_zip(path) as archive:
        names = [n.lower() for n in archive.namelist()]
        if "xl/workbook.xml" in names:
            return "xlsx"
        if "xl/workbook.bin" in names:
            raise _no_table(path, _("a binary xlsb workbook; save it as xlsx"))
        if "mimetype" in names and "content.xml" in names:
            return _open_document(path, archive)
        if any(n.endswith(".shp") and not n.startswith("__macosx/") for n in names):
            return "shp-zip"
    raise _no_table(path, _("a zip archive without a shapefile; unpack it first"))


def _open_document(path: Path, archive: zipfile.ZipFile) -> str:
    with archive.open("mimetype") as stream:
        kind = stream.read(100)
    if b"opendocument.spreadsheet" not in kind:
        raise _no_table(path, _("a text or drawing document"))
    if "META-INF/manifest.xml" in archive.namelist():
        with archive.open("META-INF/manifest.xml") as stream:
            if b"encryption-data" in stream.read(1 << 20):
                raise protected(path)
    return "ods"


def _ole(path: Path) -> str:
    """Old office container: xls, or an encrypted xlsx, or something else."""
    try:
        with path.open("rb") as stream:
            raw = stream.read(64 << 20)
    except OSError as error:
        raise source.unreadable(path, error) from error
    if "EncryptedPackage".encode("utf-16-le") in raw:
        raise protected(path)
    if any(name.encode("utf-16-le") in raw for name in ("Workbook", "Book")):
        return "xls"
    raise _no_table(path, _("an old office document, but no spreadsheet"))
