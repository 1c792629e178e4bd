"""Tables for others: what a spreadsheet sees, and that it runs nothing."""

from __future__ import annotations

import csv
import errno
import zipfile
from datetime import date
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor_app.core.issues import UserError
from monitor_app.core.progress import Cancelled, CancelToken, Progress
from monitor_app.core.status import Status
from monitor_app.exchange.numbers import to_numbers
from monitor_app.exchange.readers import read_tables
from monitor_app.exchange.writers import (
    ENGLISH,
    DateColumn,
    ExportTable,
    TextColumn,
    ValueColumn,
    neutral,
    write_csv,
    write_xlsx,
)

SIGNS = {
    Status.MISSING: "…",
    Status.SECRET: ".",
    Status.NOT_APPLICABLE: "x",
    Status.TOO_UNCERTAIN: "/",
    Status.BELOW_BASE: "/",
}


def table() -> ExportTable:
    values = np.array([1234567.891, -0.5, np.nan, np.nan, 12.25, 0.0])
    status = np.array(
        [Status.OK, Status.OK, Status.MISSING, Status.SECRET, Status.UNRELIABLE, Status.OK],
        dtype=np.uint8,
    )
    return ExportTable(
        "Altenquotient",
        (
            TextColumn("Schlüssel", ("0101", "0102", "0103", "0104", "0105", "0106")),
            TextColumn("Name", ("=1+1", "@SUM(A1)", "-x", "Größe; neu", '"q"', "A\nB")),
            DateColumn("Stand", (date(2024, 12, 31), None, *[date(2025, 1, 1)] * 4)),
            ValueColumn("Wert", values, status, 2),
        ),
        "Altenquotient am 31.12.2024",
        ("Quelle: Musterstadt",),
    )


def read_csv(path: Path, encoding: str, separator: str) -> list[list[str]]:
    with path.open(encoding=encoding, newline="") as stream:
        return list(csv.reader(stream, delimiter=separator))


def test_german_csv_as_spreadsheets_expect_it(tmp_path):
    path = tmp_path / "f.csv"
    write_csv(path, table())
    raw = path.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    assert b"\r\n" in raw
    rows = read_csv(path, "utf-8-sig", ";")
    assert rows[0] == ["Schlüssel", "Name", "Stand", "Wert"]
    assert [r[3] for r in rows[1:]] == ["1234567,89", "-0,50", "…", ".", "(12,25)", "0,00"]
    assert [r[2] for r in rows[1:3]] == ["31.12.2024", ""]
    assert [r[0] for r in rows[1:]] == ["0101", "0102", "0103", "0104", "0105", "0106"]


def test_cells_that_would_run_are_neutralised(tmp_path):
    path = tmp_path / "f.csv"
    write_csv(path, table())
    rows = read_csv(path, "utf-8-sig", ";")
    assert [r[1] for r in rows[1:]] == [
        "'=1+1", "'@SUM(A1)", "'-x", "Größe; neu", '"q"', "A\nB",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@A1", "\t=1", "\r=1", " =1", "＝1+1", "\u200b=1",
     "=HYPERLINK(\"http://x\")", "-", "-5", "+49 30"],
)  # fmt: skip
def test_neutral_text_never_begins_like_a_formula(text):
    result = neutral(text)
    if text in ("-", "-5"):
        assert result == text
    else:
        assert result == "'" + text


def test_english_csv(tmp_path):
    path = tmp_path / "f.csv"
    write_csv(path, table(), ENGLISH)
    rows = read_csv(path, "utf-8", ",")
    assert rows[1][2:] == ["2024-12-31", "1234567.89"]


@given(
    st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20),
    st.sampled_from(["german", "english"]),
)
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_exact_numbers_survive_csv(tmp_path, values, style):
    path = tmp_path / "f.csv"
    out = ExportTable("t", (
        TextColumn("k", tuple(f"k{i}" for i in range(len(values)))),
        ValueColumn.of("v", values, None),
    ))  # fmt: skip
    if style == "german":
        write_csv(path, out)
    else:
        write_csv(path, out, ENGLISH)
    (found,) = read_tables(path)
    numbers = to_numbers(found.column("v"), decimal="," if style == "german" else ".")
    assert numbers.values.tolist() == [v + 0.0 if v else 0.0 for v in values]


class TestWorkbook:
    names: ClassVar[list[str]] = ["Schlüssel", "Name", "Stand", "Wert"]

    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        path = tmp_path / "f.xlsx"
        write_xlsx(path, [table()], ["Bearbeitung: Amt für Statistik"])
        return path

    def test_numbers_are_numbers_and_text_stays_text(self, path):
        found = read_tables(path)[0]
        assert found.name == "Altenquotient"
        assert list(found.header) == self.names
        assert found.column("Schlüssel") == ("0101", "0102", "0103", "0104", "0105", "0106")
        assert found.column("Name")[:2] == ("=1+1", "@SUM(A1)")
        assert found.column("Wert") == ("1234567.891", "-0.5", "…", ".", "12.25", "0")
        assert found.column("Stand")[:2] == ("2024-12-31", "")
        assert "Wert" in found.numeric

    def test_nothing_in_it_runs_or_links(self, path):
        with zipfile.ZipFile(path) as archive:
            parts = {n: archive.read(n) for n in archive.namelist()}
        assert not any(b"<f>" in raw or b"<f " in raw for raw in parts.values())
        assert not any(b"hyperlink" in raw for n, raw in parts.items() if "worksheets" in n)

    def test_the_header_is_frozen_and_filters(self, path):
        with zipfile.ZipFile(path) as archive:
            sheet = archive.read("xl/worksheets/sheet1.xml")
            styles = archive.read("xl/styles.xml")
        assert b'<pane ySplit="1" topLeftCell="A2"' in sheet
        assert b'state="frozen"' in sheet
        assert b'<autoFilter ref="A1:D7"' in sheet
        assert b'quotePrefix="1"' in styles
        assert b"#,##0.00" in styles or b'numFmtId="4"' in styles

    def test_notes_name_sources_and_signs(self, path):
        with zipfile.ZipFile(path) as archive:
            text = archive.read("xl/sharedStrings.xml").decode()
        for note in ("Quelle: Musterstadt", "Altenquotient am 31.12.2024", "Amt für Statistik"):
            assert note in text
        assert text.count("( )") == 1


def test_every_status_has_its_official_sign(tmp_path):
    codes = np.array([int(s) for s in SIGNS], dtype=np.uint8)
    out = ExportTable("t", (
        TextColumn("k", tuple(s.name for s in SIGNS)),
        ValueColumn("v", np.full(len(codes), np.nan), codes),
    ))  # fmt: skip
    write_csv(tmp_path / "f.csv", out)
    rows = read_csv(tmp_path / "f.csv", "utf-8-sig", ";")
    assert [r[1] for r in rows[1:]] == list(SIGNS.values())
    write_xlsx(tmp_path / "f.xlsx", [out])
    assert read_tables(tmp_path / "f.xlsx")[0].column("v") == tuple(SIGNS.values())


def test_a_status_that_promises_a_value_over_nothing_prints_a_sign(tmp_path):
    out = ExportTable("t", (
        TextColumn("k", ("a", "b")),
        ValueColumn("v", np.array([np.nan, np.inf]), np.zeros(2, dtype=np.uint8)),
    ))  # fmt: skip
    write_csv(tmp_path / "f.csv", out)
    assert [r[1] for r in read_csv(tmp_path / "f.csv", "utf-8-sig", ";")[1:]] == ["…", "…"]
    write_xlsx(tmp_path / "f.xlsx", [out])
    assert read_tables(tmp_path / "f.xlsx")[0].column("v") == ("…", "…")


def test_sheet_names_are_valid_and_unique(tmp_path):
    column = (TextColumn("k", ("a", "b")), ValueColumn.of("v", [1.0, 2.0]))
    names = ["a/b*c", "x" * 40, "x" * 40, "", "History", "Hinweise"]
    write_xlsx(tmp_path / "f.xlsx", [ExportTable(n, column) for n in names])
    found = [t.name for t in read_tables(tmp_path / "f.xlsx")]
    assert len({n.casefold() for n in found}) == len(found) >= 6
    assert all(len(n) <= 31 and not set(n) & set("[]:*?/\\") for n in found)


def csv_file(path: Path, **options: Progress) -> None:
    write_csv(path, table(), **options)


def workbook(path: Path, **options: Progress) -> None:
    write_xlsx(path, [table()], **options)


@pytest.mark.parametrize("write", [csv_file, workbook])
class TestTrouble:
    def test_a_full_disk_leaves_the_old_file_and_nothing_else(self, tmp_path, monkeypatch, write):
        path = tmp_path / "f.out"
        path.write_text("old")

        def full(*_args):
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(Path, "replace", full)
        with pytest.raises(UserError) as caught:
            write(path)
        assert caught.value.issues[0].code == "target-unwritable"
        assert [p.name for p in tmp_path.iterdir()] == ["f.out"]
        assert path.read_text() == "old"

    def test_a_locked_target_and_a_missing_folder(self, tmp_path, monkeypatch, write):
        with pytest.raises(UserError) as caught:
            write(tmp_path / "gone" / "f.out")
        assert caught.value.issues[0].code == "target-folder"

        def locked(*_args):
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(Path, "replace", locked)
        with pytest.raises(UserError) as caught:
            write(tmp_path / "f.out")
        assert caught.value.issues[0].code == "target-forbidden"

    def test_cancelling_leaves_nothing(self, tmp_path, write):
        token = CancelToken()
        token.cancel()
        with pytest.raises(Cancelled):
            write(tmp_path / "f.out", progress=Progress(token=token))
        assert not list(tmp_path.iterdir())
