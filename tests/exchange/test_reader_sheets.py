"""Spreadsheets: all sheets, typed numbers, merged headers; dangerous files are refused."""

from __future__ import annotations

import zipfile
from datetime import date, datetime
from pathlib import Path

import pytest
import xlsxwriter

from monitor_app.core.issues import Severity, UserError
from monitor_app.exchange.readers import read_tables, sniff

ODS_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?><office:document-content'
    ' xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
    ' xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
    ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.2">'
    "<office:body><office:spreadsheet>"
)
ODS_TAIL = "</office:spreadsheet></office:body></office:document-content>"


def ods_cell(value: object) -> str:
    if isinstance(value, int | float):
        return (f'<table:table-cell office:value-type="float" office:value="{value}">'
                f"<text:p>{value}</text:p></table:table-cell>")  # fmt: skip
    if value == "":
        return "<table:table-cell/>"
    return (f'<table:table-cell office:value-type="string"><text:p>{value}</text:p>'
            "</table:table-cell>")  # fmt: skip


def ods_sheet(name: str, rows: list[list[object]]) -> str:
    body = "".join(
        "<table:table-row>" + "".join(map(ods_cell, row)) + "</table:table-row>" for row in rows
    )
    return f'<table:table table:name="{name}">{body}</table:table>'


def write_ods(path: Path, content: str, manifest: str | None = None) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "mimetype", "application/vnd.oasis.opendocument.spreadsheet", zipfile.ZIP_STORED
        )
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", manifest or "<manifest/>")
    return path


def write_xlsx(path: Path, rows: list[list[object]], merges: list[str] | None = None) -> Path:
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet("Daten")
    day = book.add_format({"num_format": "dd.mm.yyyy"})
    for span in merges or []:
        sheet.merge_range(span, "")
    for i, row in enumerate(rows):
        for j, cell in enumerate(row):
            if isinstance(cell, date):
                sheet.write_datetime(i, j, cell, day)
            elif isinstance(cell, str) and cell:
                sheet.write_string(i, j, cell)
            elif cell != "":
                sheet.write(i, j, cell)
    book.close()
    return path


def repack(path: Path, part: str, change) -> Path:
    """Rewrite one part of a zip container."""
    with zipfile.ZipFile(path) as archive:
        parts = {n: archive.read(n) for n in archive.namelist()}
    parts[part] = change(parts[part])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def test_numbers_dates_and_keys_become_text(tmp_path):
    path = write_xlsx(tmp_path / "f.xlsx", [
        ["key", "n", "share", "day"],
        ["0101", 1234567, 0.1, date(2024, 12, 31)],
        ["0102", 5, 2.5, datetime(2024, 12, 31, 12, 30)],
        ["0103", "–", 1e-7, date(2025, 1, 1)],
    ])  # fmt: skip
    assert sniff(path) == "xlsx"
    (table,) = read_tables(path)
    assert (table.name, table.source.sheet) == ("Daten", "Daten")
    assert table.column("key") == ("0101", "0102", "0103")
    assert table.column("n") == ("1234567", "5", "–")
    assert [float(t) for t in table.column("share")] == [0.1, 2.5, 1e-7]
    assert table.column("day") == ("2024-12-31", "2024-12-31 12:30:00", "2025-01-01")
    assert table.numeric == {"n", "share"}
    assert table.rows == (2, 3, 4)
    assert not table.issues


def test_titles_merged_headers_and_footnotes(tmp_path):
    path = write_xlsx(tmp_path / "f.xlsx", [
        ["Bevölkerung am 31.12.2024"],
        [],
        ["Nr", "Name", "männlich", "", "weiblich", "", "insgesamt"],
        ["", "", "0–2", "3+", "0–2", "3+", ""],
        ["01", "Mitte", 1, 2, 3, 4, 10],
        ["02", "West", 5, 6, 7, 8, 26],
        [],
        ["* Hauptwohnsitz; Quelle: Melderegister"],
    ], ["A1:G1", "A3:A4", "B3:B4", "C3:D3", "E3:F3", "G3:G4"])  # fmt: skip
    (table,) = read_tables(path)
    assert table.header == (
        "Nr", "Name", "männlich | 0–2", "männlich | 3+", "weiblich | 0–2", "weiblich | 3+",
        "insgesamt",
    )  # fmt: skip
    assert table.rows == (5, 6)
    assert table.before == ("Bevölkerung am 31.12.2024",)
    assert table.after == ("* Hauptwohnsitz; Quelle: Melderegister",)


def test_a_group_covers_exactly_the_columns_merged_under_it(tmp_path):
    path = write_xlsx(tmp_path / "f.xlsx", [
        ["", "Alter", "", ""],
        ["Nr", "0–2", "3+", "insgesamt"],
        ["01", 1, 2, 3],
        ["02", 1, 2, 3],
    ], ["B1:C1"])  # fmt: skip
    (table,) = read_tables(path)
    assert table.header == ("Nr", "Alter | 0–2", "Alter | 3+", "insgesamt")


def test_all_filled_sheets_are_read(tmp_path):
    book = xlsxwriter.Workbook(str(tmp_path / "f.xlsx"))
    for name in ("Eins", "Leer", "Zwei"):
        sheet = book.add_worksheet(name)
        if name != "Leer":
            for i, row in enumerate([["a", "b"], ["x", 1], ["y", 2]]):
                sheet.write_row(i, 0, row)
    book.close()
    tables = read_tables(tmp_path / "f.xlsx")
    assert [t.name for t in tables] == ["Eins", "Zwei"]


def test_numbers_stored_as_text_are_reported(tmp_path):
    path = write_xlsx(tmp_path / "f.xlsx", [["k", "n"], ["a", 1.5], ["b", "1.234"], ["c", 3]])
    (table,) = read_tables(path)
    (issue,) = table.issues
    assert (issue.code, issue.severity) == ("numbers-as-text", Severity.WARNING)
    assert (issue.sheet, issue.row, issue.column, issue.value) == ("Daten", 3, "n", "1.234")
    assert "n" not in table.numeric


def test_open_document_sheets(tmp_path):
    path = write_ods(tmp_path / "f.ods", ODS_HEAD + ods_sheet("Daten", [
        ["Schlüssel", "n"], ["01", 1.5], ["02", 2]
    ]) + ods_sheet("Mehr", [["a", "b"], ["x", 1], ["y", 2]]) + ODS_TAIL)  # fmt: skip
    assert sniff(path) == "ods"
    tables = read_tables(path)
    assert [t.name for t in tables] == ["Daten", "Mehr"]
    assert tables[0].column("Schlüssel") == ("01", "02")
    assert tables[0].column("n") == ("1.5", "2")
    assert tables[0].numeric == {"n"}


def refused(path: Path, code: str) -> None:
    with pytest.raises(UserError) as caught:
        read_tables(path)
    (issue,) = caught.value.issues
    assert issue.code == code
    assert issue.file == path.name
    assert issue.repair


@pytest.mark.parametrize("keep", [10, 100, 0.3, 0.9, -1])
def test_a_truncated_workbook_is_damaged(tmp_path, keep):
    path = write_xlsx(tmp_path / "f.xlsx", [["a", "b"], *([str(i), i] for i in range(200))])
    raw = path.read_bytes()
    path.write_bytes(raw[: int(len(raw) * keep) if isinstance(keep, float) else keep])
    refused(path, "file-damaged")


def test_broken_xml_inside_is_damaged(tmp_path):
    path = write_xlsx(tmp_path / "f.xlsx", [["a", "b"], ["x", 1]])
    refused(repack(path, "xl/worksheets/sheet1.xml", lambda x: x[: len(x) // 2]), "file-damaged")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entity_bombs_are_refused_before_parsing(tmp_path, encoding):
    bomb = (
        '<?xml version="1.0"?><!-- x --><!DOCTYPE b [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"/>'
    ).encode(encoding)
    path = write_xlsx(tmp_path / "f.xlsx", [["a", "b"], ["x", 1]])
    refused(repack(path, "xl/worksheets/sheet1.xml", lambda _x: bomb), "xml-entities")
    ods = write_ods(tmp_path / "f.ods", "<!DOCTYPE a [<!ENTITY x 'y'>]>" + ODS_HEAD[38:] + ODS_TAIL)
    refused(ods, "xml-entities")


def test_a_far_away_cell_is_refused_before_memory_is_spent(tmp_path):
    path = write_xlsx(tmp_path / "f.xlsx", [["a", "b"], ["x", 1]])

    def far(xml: bytes) -> bytes:
        return xml.replace(b'r="B2"', b'r="XFD1048576"')

    refused(repack(path, "xl/worksheets/sheet1.xml", far), "file-bomb")


def test_a_far_away_row_of_unnamed_cells_is_refused(tmp_path):
    path = write_xlsx(tmp_path / "f.xlsx", [["a", "b"], ["x", 1]])

    def far(xml: bytes) -> bytes:
        xml = xml.replace(b'r="B1"', b'r="XFD1"').replace(b'<row r="2"', b'<row r="1048576"')
        return xml.replace(b' r="A2"', b"").replace(b' r="B2"', b"")

    refused(repack(path, "xl/worksheets/sheet1.xml", far), "file-bomb")


def test_repeated_rows_and_cells_are_refused(tmp_path):
    bomb = (
        '<table:table table:name="D"><table:table-row table:number-rows-repeated="1000000">'
        '<table:table-cell table:number-columns-repeated="1000" office:value-type="float"'
        ' office:value="1"><text:p>1</text:p></table:table-cell></table:table-row></table:table>'
    )
    refused(write_ods(tmp_path / "f.ods", ODS_HEAD + bomb + ODS_TAIL), "file-bomb")


def test_empty_repeats_at_the_end_are_harmless(tmp_path):
    tail = (
        '<table:table-row table:number-rows-repeated="1048570"><table:table-cell'
        ' table:number-columns-repeated="1024"/></table:table-row></table:table>'
    )
    content = ods_sheet("D", [["a", "b"], ["x", 1]]).removesuffix("</table:table>") + tail
    (table,) = read_tables(write_ods(tmp_path / "f.ods", ODS_HEAD + content + ODS_TAIL))
    assert len(table) == 1


def test_a_zip_bomb_is_refused(tmp_path):
    path = write_xlsx(tmp_path / "f.xlsx", [["a", "b"], ["x", 1]])
    repack(path, "xl/styles.xml", lambda _x: b" " * (80 << 20))
    refused(path, "file-bomb")


def test_protected_workbooks_are_named_as_such(tmp_path):
    path = tmp_path / "f.xlsx"
    head = bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 504
    path.write_bytes(head + "EncryptedPackage".encode("utf-16-le") + b"\0" * 1000)
    refused(path, "file-protected")
    manifest = "<manifest><file-entry><encryption-data/></file-entry></manifest>"
    refused(write_ods(tmp_path / "f.ods", ODS_HEAD + ODS_TAIL, manifest), "file-protected")
