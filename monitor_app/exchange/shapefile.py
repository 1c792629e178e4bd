"""The parts of a shapefile: which are there, whether they are whole, how their text is encoded."""

from __future__ import annotations

import codecs
from pathlib import Path

from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, Severity, fail
from monitor_app.exchange import source
from monitor_app.exchange.encoding import detect_encoding
from monitor_app.exchange.source import ReadOptions

PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg", ".cst")


def written(path: Path, suffix: str) -> str:
    """``.SHP`` where the file on disk is written so."""
    for candidate in (suffix, suffix.upper()):
        if path.with_suffix(candidate).exists():
            return candidate
    return suffix


def parts(path: Path) -> dict[str, Path]:
    """The parts that exist, by lower-case suffix; ``UserError`` where one is missing or cut."""
    found = {}
    for suffix in PARTS:
        part = path.with_suffix(written(path, suffix))
        if part.exists():
            found[suffix] = part
    for suffix in (".shp", ".shx", ".dbf"):
        if suffix not in found:
            raise fail(
                "shapefile-part",
                _("The shapefile “{name}” is incomplete: its part {suffix} is missing.").format(
                    name=path.stem, suffix=suffix
                ),
                file=path.name,
                repair=_("Copy all files with the same name (.shp, .shx, .dbf, .prj) together."),
            )
        if found[suffix].stat().st_size < _stated_size(found[suffix], suffix):
            raise source.damaged(found[suffix])
    return found


def _stated_size(part: Path, suffix: str) -> int:
    """Bytes that the header promises: GDAL reads what is there and keeps quiet about the rest."""
    with part.open("rb") as stream:
        head = stream.read(100)
    if suffix == ".dbf":
        records, start, size = head[4:8], head[8:10], head[10:12]
        return int.from_bytes(start, "little") + int.from_bytes(records, "little") * (
            int.from_bytes(size, "little")
        )
    return max(100, 2 * int.from_bytes(head[24:28], "big"))


def text_encoding(found: dict[str, Path], options: ReadOptions) -> tuple[str, list[Issue]]:
    """The encoding of the attribute table: as declared where that fits the bytes, else measured."""
    if options.encoding:
        return options.encoding, []
    declared = None
    for suffix in (".cpg", ".cst"):
        if suffix in found:
            declared = _codec(found[suffix].read_bytes()[:40])
            break
    raw = found[".dbf"].read_bytes()
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
                found[".dbf"].name,
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
        found[".dbf"].name, repair=_("Check the umlauts in the preview."),
    )]  # fmt: skip


def _codec(raw: bytes) -> str | None:
    """Name of a Python codec from the text of a .cpg or .cst file."""
    text = raw.decode("ascii", "ignore").strip().strip("\ufeff").lower()
    text = text.replace("ansi ", "cp").replace("ldid/87", "cp1252").replace("ldid/57", "cp1252")
    if text.isdigit():
        text = {"65001": "utf-8", "88591": "iso-8859-1", "28591": "iso-8859-1"}.get(
            text, f"cp{text}"
        )
    try:
        b"".decode(text)  # refuses codecs that are none of text, such as "hex"
        name = codecs.lookup(text).name
    except (LookupError, ValueError):  # the latter for a zero byte in the name
        return None
    return "cp1252" if name == "iso8859-1" else name
