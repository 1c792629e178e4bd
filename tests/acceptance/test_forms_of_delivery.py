"""One and the same delivery in the forms that offices send: all give the same project content."""

from __future__ import annotations

import csv
import datetime
import zipfile
from collections.abc import Callable
from pathlib import Path

import deliveries as make
import pytest
import python_calamine
import xlsxwriter
from commandline import done, monitor


def _cells() -> list[list[str]]:
    return [line.split(";") for line in (make.HEAD, *make.rows())]


def _csv(separator: str, encoding: str, *, bom: bytes = b"") -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        path = folder / "bestand.csv"
        text = "\r\n".join(separator.join(row) for row in _cells()) + "\r\n"
        path.write_bytes(bom + text.encode(encoding))
        return path

    return write


def _titled(folder: Path) -> Path:
    """Title lines, trailing empty columns, a total row below, a footnote; cp1252."""
    head, *rows = _cells()
    lines = ["Bevölkerung nach Vierteln", "Quelle: Melderegister", ""]
    lines += [";".join([*row, "", ""]) for row in (head, *rows)]
    lines += ["", "* Hauptwohnung"]
    path = folder / "bestand.csv"
    path.write_bytes("\r\n".join(lines).encode("cp1252"))
    return path


def _quoted(folder: Path) -> Path:
    path = folder / "bestand.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=",", quoting=csv.QUOTE_ALL).writerows(_cells())
    return path


def _xlsx_text(folder: Path) -> Path:
    path = folder / "bestand.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("Bestand")
        for i, row in enumerate(_cells()):
            for j, cell in enumerate(row):
                sheet.write_string(i, j, cell)
    return path


def _xlsx_typed(folder: Path) -> Path:
    """As somebody types it: dates are dates, counts numbers, and the keys have lost their zero."""
    path = folder / "bestand.xlsx"
    with xlsxwriter.Workbook(path) as book:
        day = book.add_format({"num_format": "dd.mm.yyyy"})
        sheet = book.add_worksheet("Bestand")
        head, *rows = _cells()
        sheet.write_row(0, 0, head)
        for i, (stand, key, sex, count) in enumerate(rows, start=1):
            sheet.write_datetime(i, 0, datetime.datetime.strptime(stand, "%d.%m.%Y"), day)
            sheet.write_number(i, 1, int(key))
            sheet.write_string(i, 2, sex)
            sheet.write_number(i, 3, int(count))
    return path


def _ods(folder: Path) -> Path:
    def cell(value: str) -> str:
        return (f'<table:table-cell office:value-type="string"><text:p>{value}</text:p>'
                "</table:table-cell>")  # fmt: skip

    rows = "".join(
        f"<table:table-row>{''.join(map(cell, row))}</table:table-row>" for row in _cells()
    )
    names = " ".join(
        f'xmlns:{n}="urn:oasis:names:tc:opendocument:xmlns:{n}:1.0"'
        for n in ("office", "table", "text")
    )
    path = folder / "bestand.ods"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr(
            "content.xml",
            f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {names}>'
            f'<office:body><office:spreadsheet><table:table table:name="Bestand">{rows}'
            "</table:table></office:spreadsheet></office:body></office:document-content>",
        )
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
    return path


def _keys_without_zero(folder: Path) -> Path:
    path = folder / "bestand.csv"
    rows = [[a, b.lstrip("0"), c, d] for a, b, c, d in _cells()]
    path.write_text("\n".join(";".join(r) for r in rows), encoding="utf-8")
    return path


def _other_dates(folder: Path) -> Path:
    path = folder / "bestand.csv"
    rows = [[a[6:] + a[3:5] + a[:2] if a[:2].isdigit() else a, *r] for a, *r in _cells()]
    path.write_text("\n".join(";".join(r) for r in rows), encoding="utf-8")
    return path


FORMS: dict[str, Callable[[Path], Path]] = {
    "semicolon utf-8": _csv(";", "utf-8"),
    "semicolon cp1252": _csv(";", "cp1252"),
    "utf-8 with mark": _csv(";", "utf-8", bom=b"\xef\xbb\xbf"),
    "utf-16": _csv(";", "utf-16-le", bom=b"\xff\xfe"),
    "tab": _csv("\t", "utf-8"),
    "comma": _csv(",", "utf-8"),
    "bar": _csv("|", "utf-8"),
    "quoted": _quoted,
    "title and footnote": _titled,
    "xlsx, text": _xlsx_text,
    "xlsx, typed": _xlsx_typed,
    "ods": _ods,
    "keys without zero": _keys_without_zero,
    "dates yyyymmdd": _other_dates,
}


@pytest.mark.parametrize("form", FORMS)
def test_same_content_from_every_form(form: str, small: Path, tmp_path: Path) -> None:
    path = FORMS[form](tmp_path)
    report = done("import", small, path, "-r", make.recipe(tmp_path, "stock"))
    found = done("values", small, "-i", "einwohner", "-l", "viertel")["values"]
    expected = {
        (key, f"{year}-12-31"): sum(
            int(line.split(";")[3]) for line in make.rows((year,)) if line.split(";")[1] == key
        )
        for key in make.KEYS
        for year in (2022, 2023)
    }
    assert {(v["area"], v["date"]): v["value"] for v in found if v["area"] != "city"} == expected
    assert {v["date"][:4]: v["value"] for v in found if v["area"] == "city"} == {
        "2022": make.total(2022), "2023": make.total(2023),
    }  # fmt: skip
    repaired = [i for i in report["issues"] if i["column"] == "Viertel"]
    assert bool(repaired) is (form in ("keys without zero", "xlsx, typed")), repaired


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (("1.234,5", "987,25", "12,0"), (1234.5, 987.25, 12.0)),
        (("1 234,5", "987,25", "12"), (1234.5, 987.25, 12.0)),
        (("1,234.5", "987.25", "12"), (1234.5, 987.25, 12.0)),
        (("1.234.567", "2.345.678", "12"), (1234567.0, 2345678.0, 12.0)),
        (("12,5", "0,25", "7"), (12.5, 0.25, 7.0)),
        (("12,5 ", "(8,5)", "/"), (12.5, 8.5, None)),
        (("12,5", "–", "."), (12.5, 0.0, None)),
        (("12,5", "…", "x"), (12.5, None, None)),
    ],
)
def test_numbers_as_offices_write_them(
    cells: tuple[str, ...], values: tuple[float | None, ...], small: Path, tmp_path: Path
) -> None:
    path = tmp_path / "miete.csv"
    lines = [f"31.12.2023;{key};{cell}" for key, cell in zip(make.KEYS, cells, strict=True)]
    path.write_text("\n".join(["Stichtag;Viertel;Miete", *lines]), encoding="utf-8")
    done("import", small, path, "-r", make.recipe(tmp_path, "rent"))
    from monitor_app.project.project import Project

    with Project.open(small, mode="read") as project:
        cube = project.cube("variable_rent")
    stored = [float(v) for v in cube.values[:, 0]]
    for found, wanted in zip(stored, values, strict=True):
        assert found == wanted or (wanted is None and found != found)


def test_number_that_proves_neither_reading_is_settled_by_the_recipe(
    small: Path, tmp_path: Path
) -> None:
    path = tmp_path / "miete.csv"
    lines = [f"31.12.2023;{key};1.23{i}" for i, key in enumerate(make.KEYS)]
    path.write_text("\n".join(["Stichtag;Viertel;Miete", *lines]), encoding="utf-8")
    rule = make.recipe(tmp_path, "rent")
    refused = monitor("import", small, path, "-r", rule, "--json")
    assert refused.code == 1
    text = rule.read_text(encoding="utf-8")
    rule.write_text(text + 'numbers: {decimal: "."}\n', encoding="utf-8")
    report = done("import", small, path, "-r", rule)
    (row,) = report["comparisons"]
    assert row["stored"] == pytest.approx(1.230 + 1.231 + 1.232)


def test_exported_tables_have_keys_as_text_and_real_numbers(small: Path, tmp_path: Path) -> None:
    stock = _csv(";", "utf-8")(tmp_path)
    done("import", small, stock, "-r", make.recipe(tmp_path, "stock"))
    path = tmp_path / "werte.xlsx"
    done("values", small, "-i", "einwohner", "-l", "viertel", "-o", path)
    book = python_calamine.load_workbook(path)
    rows = book.get_sheet_by_index(0).to_python()
    table = {row[0]: row for row in rows if row[0] in make.KEYS}
    assert list(table) == list(make.KEYS)
    assert [table["01"][1], table["03"][1]] == ["Altstadt", "Südstadt"]
    assert table["01"][2:4] == [100 + 22 + 101 + 22, 100 + 23 + 101 + 23]
    with zipfile.ZipFile(path) as archive:
        assert b'state="frozen"' in archive.read("xl/worksheets/sheet1.xml")
    notes = str([book.get_sheet_by_name(n).to_python() for n in book.sheet_names[1:]])
    assert "Einwohner" in notes + str(rows)
    assert "Quelle" in notes or "Einheit" in notes


def test_own_export_can_be_read_again(small: Path, tmp_path: Path) -> None:
    """What the program writes it understands: German CSV with sources below the table."""
    stock = _csv(";", "utf-8")(tmp_path)
    done("import", small, stock, "-r", make.recipe(tmp_path, "stock"))
    path = tmp_path / "werte.csv"
    done("values", small, "-i", "einwohner", "-l", "viertel", "-o", path)
    answer = monitor("import", small, path, "--dry-run", "--json")
    assert answer.code in (0, 1)
    assert answer.issues
