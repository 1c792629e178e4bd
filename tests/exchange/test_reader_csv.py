"""Text tables: encoding, separator, header and rows as found; what is odd comes as an issue."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from monitor_app.core.issues import Severity, UserError
from monitor_app.exchange.readers import iter_chunks, read_tables, sniff
from monitor_app.exchange.source import ReadOptions
from monitor_app.exchange.table import RawTable


def write(folder: Path, text: str | bytes, name: str = "f.csv", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return path


def only(path: Path, options: ReadOptions | None = None) -> RawTable:
    (table,) = read_tables(path, options=options) if options else read_tables(path)
    return table


def rows_of(table: RawTable) -> list[tuple[str, ...]]:
    return list(zip(*table.columns, strict=True))


def codes(table: RawTable) -> list[str]:
    return [i.code for i in table.issues]


def test_cells_are_kept_as_text_with_leading_zeros(tmp_path):
    table = only(write(tmp_path, "key;n\n0101;1.234\n0102; 12,5 \n"))
    assert table.header == ("key", "n")
    assert rows_of(table) == [("0101", "1.234"), ("0102", " 12,5 ")]
    assert table.rows == (2, 3)
    assert (table.encoding, table.separator, table.decimal) == ("utf-8", ";", ",")
    assert not table.issues


def test_the_source_names_hash_and_size(tmp_path):
    path = write(tmp_path, "a;b\n1;2\n")
    source = only(path).source
    assert source.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (source.name, source.size) == ("f.csv", 8)
    assert source.modified is not None


@pytest.mark.parametrize(
    ("encoding", "found"),
    [
        ("utf-8", "utf-8"), ("utf-8-sig", "utf-8-sig"), ("cp1252", "cp1252"), ("cp850", "cp850"),
        ("iso-8859-1", "cp1252"), ("utf-16", "utf-16"), ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
    ],
)  # fmt: skip
def test_encodings_of_german_offices(tmp_path, encoding, found):
    text = "Schlüssel;Name\r\n01;Größenbrück\r\n02;Äußere Öde\r\n03;Über der Aue\r\n"
    table = only(write(tmp_path, text, encoding=encoding))
    assert table.encoding == found
    assert table.header == ("Schlüssel", "Name")
    assert table.column("Name") == ("Größenbrück", "Äußere Öde", "Über der Aue")
    assert not table.issues


def test_mixed_encodings_are_reported_with_line_numbers(tmp_path):
    good, bad = "02;Größe\n".encode(), "03;Brücke\n".encode("cp1252")
    table = only(write(tmp_path, b"key;name\n01;Hof\n" + good + bad + good + bad))
    assert table.column("name") == ("Hof", "Größe", "Brücke", "Größe", "Brücke")
    (issue,) = [i for i in table.issues if i.code == "encoding-mixed"]
    assert issue.severity is Severity.ERROR
    assert (issue.row, issue.count) == (4, 2)
    assert "4, 6" in issue.message


def test_lost_and_twice_encoded_letters_are_reported(tmp_path):
    table = only(write(tmp_path, "key;name\n1;Gr\ufffd\ufffde\n2;GrÃ¶Ãe\n".replace("Ã\x9f", "ÃŸ")))
    assert codes(table) == ["encoding-lossy", "encoding-twice"]
    assert [i.row for i in table.issues] == [2, 3]


@pytest.mark.parametrize("separator", [";", ",", "\t", "|"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_separators_and_line_ends(tmp_path, separator, newline):
    lines = ["a b;c;d", "x;1;", "y;;3"]
    text = newline.join(lines).replace(";", separator) + newline
    table = only(write(tmp_path, text))
    assert table.separator == separator
    assert table.header == ("a b", "c", "d")
    assert rows_of(table) == [("x", "1", ""), ("y", "", "3")]


def test_decimal_commas_are_not_taken_for_separators(tmp_path):
    table = only(write(tmp_path, "area;share\n1;1,5\n2;2,5\n3;3,5\n"))
    assert table.separator == ";"
    assert table.column("share") == ("1,5", "2,5", "3,5")


def test_a_stated_separator_line_is_obeyed(tmp_path):
    table = only(write(tmp_path, "sep=^\na^b\n1^2\n"))
    assert (table.header, rows_of(table), table.rows) == (("a", "b"), [("1", "2")], (3,))


def test_quoted_cells_may_hold_anything(tmp_path):
    table = only(write(tmp_path, 'a;b\n"x;y";"say ""ja"""\n"line\nbreak";2\n3;4\n'))
    assert rows_of(table) == [("x;y", 'say "ja"'), ("line\nbreak", "2"), ("3", "4")]
    assert table.rows == (2, 3, 5)
    assert codes(table) == ["row-multiline"]


def test_single_quotes_are_recognised(tmp_path):
    table = only(write(tmp_path, "'a','b'\n'x,y','1'\n'z','2'\n"))
    assert rows_of(table) == [("x,y", "1"), ("z", "2")]


def test_titles_units_and_footnotes_are_no_data(tmp_path):
    text = (
        "Bevölkerung nach Stadtteilen;;;\n;;;\nNr;Name;Anzahl;Anteil\n;;Personen;%\n"
        "01;Mitte;1.234;1,5\n02;West;5;2,5\n;;;\nQuelle: Stadt Musterstadt\n* ohne Nebenwohnsitz\n"
    )
    table = only(write(tmp_path, text))
    assert table.header == ("Nr", "Name", "Anzahl", "Anteil")
    assert rows_of(table) == [("01", "Mitte", "1.234", "1,5"), ("02", "West", "5", "2,5")]
    assert table.rows == (5, 6)
    assert table.before == ("Bevölkerung nach Stadtteilen", "Personen %")
    assert table.after == ("Quelle: Stadt Musterstadt", "* ohne Nebenwohnsitz")
    assert codes(table) == ["header-found"]


@pytest.mark.parametrize(
    ("lines", "names"),
    [
        (["Nr;Name;männlich;;weiblich;", ";;0–2;3+;0–2;3+", "01;A;1;2;3;4", "02;B;5;6;7;8"],
         ("Nr", "Name", "männlich | 0–2", "männlich | 3+", "weiblich | 0–2", "weiblich | 3+")),
        ([";;männlich;;weiblich;", "Nr;Name;0;1;0;1", "01;A;1;2;3;4", "02;B;5;6;7;8"],
         ("Nr", "Name", "männlich | 0", "männlich | 1", "weiblich | 0", "weiblich | 1")),
        (["Titel der Tabelle", "Nr;Name;Einwohner;;Fläche", ";;m;w;", "01;A;1;2;3,5",
          "02;B;5;6;7,5"],
         ("Nr", "Name", "Einwohner | m", "Einwohner | w", "Fläche")),
    ],
)  # fmt: skip
def test_two_line_headers_are_joined(tmp_path, lines, names):
    table = only(write(tmp_path, "\n".join(lines) + "\n"))
    assert table.header == names
    assert len(table) == 2


def test_years_and_ages_as_column_names_are_a_header(tmp_path):
    table = only(write(tmp_path, "Viertel;2019;2020;2021\n01;10;20;30\n02;40;50;60\n"))
    assert table.header == ("Viertel", "2019", "2020", "2021")
    assert len(table) == 2


def test_a_table_without_header_is_reported(tmp_path):
    table = only(write(tmp_path, "0101;12;30\n0102;15;17\n0103;11;12\n"))
    assert table.header == ("column_1", "column_2", "column_3")
    assert len(table) == 3
    assert codes(table) == ["header-missing"]


def test_the_header_line_can_be_stated(tmp_path):
    path = write(tmp_path, "x;y\n1;2\na;b\n3;4\n")
    assert only(path, ReadOptions(header_row=3)).header == ("a", "b")
    assert only(path, ReadOptions(header_row=3)).rows == (4,)
    assert len(only(path, ReadOptions(header_row=0))) == 4


def test_trailing_empty_columns_are_left_out_with_a_note(tmp_path):
    table = only(write(tmp_path, "a;b;;;\n1;2;;;\n3;4;;;\n"))
    assert table.header == ("a", "b")
    assert [(i.code, i.severity, i.count) for i in table.issues] == [
        ("columns-empty", Severity.INFO, 3)
    ]


def test_repeated_and_missing_names_are_mended_with_a_note(tmp_path):
    table = only(write(tmp_path, "a;n;n;\n1;2;3;4\n5;6;7;8\n"))
    assert table.header == ("a", "n", "n (2)", "column_4")
    assert codes(table) == ["column-repeated", "column-unnamed"]
    assert [i.column for i in table.issues] == ["3", "4"]


def test_ragged_rows_are_reported_with_their_lines(tmp_path):
    text = "a;b;c\n1;2;3\n4;5\n6;7;8;9\n1;1;1\n2;2;2\n3;3;3\n"
    table = only(write(tmp_path, text))
    found = {i.code: i for i in table.issues}
    assert found["row-too-long"].severity is Severity.ERROR
    assert found["row-too-long"].row == 4
    assert found["row-too-short"].row == 3
    assert rows_of(table)[1] == ("4", "5", "")


def test_a_header_with_a_name_too_few_is_an_error(tmp_path):
    table = only(write(tmp_path, "a;b\nx;1;2\ny;3;4\nz;5;6\n"))
    (issue,) = [i for i in table.issues if i.code == "header-short"]
    assert issue.severity is Severity.ERROR


def test_a_header_with_a_name_too_many_keeps_it(tmp_path):
    table = only(write(tmp_path, "a;b;c\nx;1\ny;3\nz;5\n"))
    assert table.header == ("a", "b", "c")
    assert "row-too-short" in codes(table)


def test_a_cut_last_line_is_reported(tmp_path):
    table = only(write(tmp_path, "a;b;c\n1;2;3\n4;5;6\n7;8"))
    assert "file-cut" in codes(table)


def test_gzip_is_read_through(tmp_path):
    path = tmp_path / "f.csv.gz"
    path.write_bytes(gzip.compress("a;b\n1;ä\n".encode("cp1252")))
    assert sniff(path) == "csv"
    assert only(path).column("b") == ("ä",)


def test_a_stated_separator_that_does_not_fit_is_an_error(tmp_path):
    path = write(tmp_path, "a;b;c\n1;2,5;3\n4;5,5;6\n")
    assert "separator-doubtful" in codes(only(path, ReadOptions(separator=",")))


def test_a_table_without_rows_is_reported(tmp_path):
    table = only(write(tmp_path, "a;b;c\n"))
    assert table.header == ("a", "b", "c")
    assert codes(table) == ["table-empty"]


def test_chunks_hold_the_same_cells_as_the_whole(tmp_path):
    body = "".join(f"{i:05};{i % 7},5;n{i}\n" for i in range(2503))
    path = write(
        tmp_path, "Titel\nkey;v;name;\n" + body.replace("n7\n", '"n\n7"\n') + "Quelle: X\n"
    )
    whole = only(path)
    chunks = list(iter_chunks(path, rows=1000))
    assert [len(c) for c in chunks] == [1000, 1000, 503]
    assert {c.header for c in chunks} == {whole.header}
    assert tuple(r for c in chunks for r in c.rows) == whole.rows
    for name in whole.header:
        assert tuple(v for c in chunks for v in c.column(name)) == whole.column(name)
    assert chunks[0].before == whole.before == ("Titel",)
    assert chunks[-1].after == whole.after == ("Quelle: X",)
    assert chunks[0].decimal == whole.decimal == ","
    assert sorted(c for t in chunks for c in codes(t)) == sorted(codes(whole))


def test_an_unnamed_column_that_fills_late_is_an_error_in_chunks(tmp_path):
    body = "1;2;\n" * 20_001
    path = write(tmp_path, "a;b;\n" + body + "1;2;late\n")
    late = [i for t in iter_chunks(path, rows=30_000) for i in t.issues if i.code == "column-late"]
    assert [i.severity for i in late] == [Severity.ERROR]


# -- round trips -----------------------------------------------------------------------------

ODD = "\0\r\ufeff\ufffd\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"
CELL = st.text(
    st.characters(
        codec="utf-8", exclude_characters=ODD, exclude_categories=("Cs", "Cc", "Co", "Cn")
    ),
    max_size=8,
)
NUMBER = st.one_of(
    st.integers(-9999, 9999).map(str),
    st.decimals(-999, 999, places=2, allow_nan=False).map(lambda d: str(d).replace(".", ",")),
)


@st.composite
def tables(draw: st.DrawFn) -> list[list[str]]:
    """A header of plain names and rows of a key, texts and numbers."""
    width = draw(st.integers(2, 6))
    kinds = [draw(st.sampled_from(["text", "number"])) for _ in range(width - 1)]
    header = [f"Spalte {i}" for i in range(width)]
    rows = [
        [f"{i:04}", *(draw(CELL if kind == "text" else NUMBER) for kind in kinds)]
        for i in range(draw(st.integers(3, 12)))
    ]
    return [header, *rows]


@given(
    table=tables(),
    separator=st.sampled_from([";", ",", "\t", "|"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    newline=st.sampled_from(["\n", "\r\n"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    title=st.sampled_from(["", "Bevölkerung nach Alter"]),
    final=st.booleans(),
)
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@example([["a", "b"], ["1", "2"]], ";", csv.QUOTE_ALL, "\n", "utf-8", "", True)
def test_what_any_dialect_writes_is_read_back(
    tmp_path, table, separator, quoting, newline, encoding, title, final
):
    assume(len({tuple(r) for r in table}) > 1)
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=separator, quoting=quoting, lineterminator=newline)
    writer.writerows(table)
    text = (title + newline if title else "") + stream.getvalue()
    path = write(tmp_path, text if final else text.removesuffix(newline), encoding=encoding)
    found = only(path, None)
    assert found.separator == separator
    assert list(found.header) == table[0]
    assert [list(r) for r in rows_of(found)] == table[1:]
    assert found.encoding in (encoding, "utf-8")


@given(data=st.binary(min_size=1, max_size=400))
@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_bytes_are_a_table_or_a_clear_message(tmp_path, data):
    path = write(tmp_path, data, name="f.bin")
    try:
        tables = read_tables(path)
    except UserError as error:
        tables, issues = (), error.issues
    else:
        issues = tuple(i for t in tables for i in t.issues)
    assert tables or issues
    assert all(i.message and i.file == "f.bin" for i in issues)
    assert all(len(c) == len(t) for t in tables for c in t.columns)


def test_mixed_encodings_are_counted_beyond_the_lines_listed(tmp_path):
    bad = "03;Brücke\n".encode("cp1252")
    raw = b"key;name\n" + bad * 90_000 + "02;Größe\n".encode() + bad * 90_000 + bad * 7
    (issue,) = only(write(tmp_path, raw)).issues
    assert (issue.code, issue.row, issue.count) == ("encoding-mixed", 2, 180_007)


def test_equal_cells_of_a_column_share_one_text(tmp_path, monkeypatch):
    """Long files repeat few texts; columns of many texts (numbers of persons) are left alone."""
    monkeypatch.setattr("monitor_app.exchange.reader_csv.SHARED", 5)
    monkeypatch.setattr("monitor_app.exchange.reader_csv.BLOCK", 4)
    cells = [(f"{i:05d}", f"area {i % 3:03d}", "") for i in range(40)]
    text = "id;area;note\n" + "".join(";".join(row) + "\n" for row in cells)
    table = only(write(tmp_path, text))
    assert list(zip(table.column("id"), table.column("area"), strict=True)) == [
        row[:2] for row in cells
    ]
    assert len({id(cell) for cell in table.column("area")}) == 3
    assert len({id(cell) for cell in table.column("id")}) == 40
