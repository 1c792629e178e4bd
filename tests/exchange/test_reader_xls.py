"""The old binary workbook, from a file put together record by record."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from monitor_app.core.issues import UserError
from monitor_app.exchange.readers import read_tables, sniff

SECTOR = 512
END, FREE, FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD


def record(kind: int, data: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def label(row: int, column: int, text: str) -> bytes:
    """LABEL record with an uncompressed unicode string."""
    raw = text.encode("utf-16-le")
    return record(0x0204, struct.pack("<HHHHB", row, column, 0, len(text), 1) + raw)


def number(row: int, column: int, value: float) -> bytes:
    return record(0x0203, struct.pack("<HHHd", row, column, 0, value))


def workbook_stream(name: str, cells: bytes) -> bytes:
    """BIFF8: globals with one BOUNDSHEET, then the sheet."""
    start = record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0, 0x07CC, 0, 6))
    raw = name.encode("latin-1")
    bound = struct.pack("<IBBBB", 0, 0, 0, len(raw), 0) + raw
    globals_size = len(start) + len(record(0x0085, bound)) + len(record(0x000A))
    bound = struct.pack("<I", globals_size) + bound[4:]
    sheet = record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0, 0x07CC, 0, 6))
    return start + record(0x0085, bound) + record(0x000A) + sheet + cells + record(0x000A)


def directory_entry(name: str, kind: int, start: int, size: int, child: int = 0xFFFFFFFF) -> bytes:
    raw = name.encode("utf-16-le") + b"\0\0" if name else b""
    return (
        raw.ljust(64, b"\0") + struct.pack("<HBB", len(raw), kind, 1)
        + struct.pack("<III", 0xFFFFFFFF, 0xFFFFFFFF, child) + b"\0" * 16
        + struct.pack("<IQQIQ", 0, 0, 0, start, size)
    )  # fmt: skip


def compound_file(stream: bytes) -> bytes:
    """A container with one stream ``Workbook``: header, FAT, directory, then the stream."""
    stream = stream.ljust(max(4096, -(-len(stream) // SECTOR) * SECTOR), b"\0")
    sectors = len(stream) // SECTOR
    header = (
        bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 16
        + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + b"\0" * 6
        + struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, END, 0, END, 0)
        + struct.pack("<I", 0) + struct.pack("<I", FREE) * 108
    )  # fmt: skip
    chain = [FAT, END, *range(3, 2 + sectors), END]
    fat = struct.pack(f"<{len(chain)}I", *chain).ljust(SECTOR, b"\xff")
    directory = (
        directory_entry("Root Entry", 5, END, 0, child=1)
        + directory_entry("Workbook", 2, 2, len(stream))
    ).ljust(SECTOR, b"\0")
    return header + fat + directory + stream


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    cells = b"".join([
        label(0, 0, "Schlüssel"), label(0, 1, "Einwohner"), label(0, 2, "Anteil"),
        label(1, 0, "0101"), number(1, 1, 1234.0), number(1, 2, 12.5),
        label(2, 0, "0102"), number(2, 1, 56.0), label(2, 2, "–"),
    ])  # fmt: skip
    path = tmp_path / "f.xls"
    path.write_bytes(compound_file(workbook_stream("Daten", cells)))
    return path


def test_the_old_workbook_is_read_like_the_new_one(workbook):
    assert sniff(workbook) == "xls"
    (table,) = read_tables(workbook)
    assert table.name == "Daten"
    assert table.header == ("Schlüssel", "Einwohner", "Anteil")
    assert table.columns == (("0101", "0102"), ("1234", "56"), ("12.5", "–"))
    assert table.numeric == {"Einwohner", "Anteil"}
    assert table.rows == (2, 3)


@pytest.mark.parametrize("size", [600, 1000, 1540, 1800])
def test_a_truncated_old_workbook_is_a_clear_message(workbook, size):
    workbook.write_bytes(workbook.read_bytes()[:size])
    with pytest.raises(UserError) as caught:
        read_tables(workbook)
    assert caught.value.issues[0].code in ("file-damaged", "not-a-table", "no-table")


def test_an_old_text_document_is_no_table(tmp_path):
    raw = compound_file(b"x" * 5000).replace(
        "Workbook".encode("utf-16-le"), "WordDocu".encode("utf-16-le")
    )
    path = tmp_path / "f.xls"
    path.write_bytes(raw)
    with pytest.raises(UserError) as caught:
        read_tables(path)
    assert caught.value.issues[0].code == "not-a-table"


def test_a_cell_beyond_every_sheet_is_refused_before_memory_is_spent(tmp_path):
    cells = label(0, 0, "a") + label(0, 1, "b") + number(0xFFFF, 0xFFFF, 1.0)
    path = tmp_path / "f.xls"
    path.write_bytes(compound_file(workbook_stream("Daten", cells)))
    with pytest.raises(UserError) as caught:
        read_tables(path)
    assert caught.value.issues[0].code == "file-bomb"


@pytest.mark.parametrize(
    ("at", "value"),
    [
        (40, 0x05001700),  # sectors of the directory
        (44, 0xFFFFFF01),  # sectors of the table of sectors
        (64, 0x7FFFFFFF),  # sectors of the table of small pieces
        (72, 0x7FFFFFFF),  # sectors of the list of tables
        (68, 0),  # the list of tables goes round in a circle: endless memory
    ],
)
def test_a_container_that_names_more_than_it_has_is_refused(workbook, at, value):
    """Found by fuzzing: the parser ended the process ("memory allocation failed")."""
    raw = bytearray(workbook.read_bytes())
    if at == 68:
        raw[2 * SECTOR - 4 : 2 * SECTOR] = bytes(4)
    raw[at : at + 4] = struct.pack("<I", value)
    workbook.write_bytes(raw)
    with pytest.raises(UserError) as caught:
        read_tables(workbook)
    assert caught.value.issues[0].code in ("file-damaged", "no-table")
