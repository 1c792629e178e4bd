"""Whatever dialect and layout a file has: a number that is read is the number that stands there.

Files are made from ``Decimal`` numbers in random dialects. What the program makes of them is held
against the numbers that the file was made from and against a parser of its own kind, which knows
the dialect and uses ``decimal`` only. A column may be refused (ambiguous), never misread.
"""

from __future__ import annotations

import atexit
import csv
import io
import json
import math
import os
import tempfile
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from monitor_app.core.issues import Severity, UserError
from monitor_app.core.status import Status
from monitor_app.exchange.numbers import to_numbers
from monitor_app.exchange.readers import read_tables
from monitor_app.exchange.table import RawTable

EXAMPLES = int(os.environ.get("RELIABILITY_EXAMPLES", "60"))
COUNTS: Counter[str] = Counter()
GROUPS = {",": (".", " ", "\u00a0", "\u202f", "'", ""), ".": (",", " ", "\u00a0", "'", "")}


@atexit.register
def _write_counts() -> None:
    place = os.environ.get("RELIABILITY_COUNTS")
    if place and COUNTS:
        (Path(place) / f"numbers-{os.getpid()}.json").write_text(json.dumps(COUNTS))


@dataclass(frozen=True)
class Dialect:
    separator: str
    decimal: str
    group: str
    encoding: str
    quoting: int
    newline: str
    titles: tuple[str, ...]
    footers: tuple[str, ...]
    minus: str

    def write(self, number: Decimal) -> str:
        whole, _point, rest = f"{abs(number):f}".partition(".")
        if self.group:
            parts = []
            while len(whole) > 3:
                parts.insert(0, whole[-3:])
                whole = whole[:-3]
            whole = self.group.join([whole, *parts])
        text = whole + (self.decimal + rest if rest else "")
        return self.minus + text if number < 0 else text

    def parse(self, text: str) -> Decimal:
        """The independent parser."""
        plain = text.strip().replace(self.minus, "-")
        if self.group:
            plain = plain.replace(self.group, "")
        return Decimal(plain.replace(self.decimal, "."))

    def file(self, header: list[str], rows: list[list[str]]) -> bytes:
        sink = io.StringIO()
        writer = csv.writer(
            sink, delimiter=self.separator, quoting=self.quoting, lineterminator=self.newline
        )
        for title in self.titles:
            sink.write(title + self.newline)
        writer.writerow(header)
        writer.writerows(rows)
        for footer in self.footers:
            sink.write(footer + self.newline)
        return sink.getvalue().encode(self.encoding)


@st.composite
def dialects(draw: st.DrawFn) -> Dialect:
    decimal = draw(st.sampled_from((",", ".")))
    group = draw(st.sampled_from(GROUPS[decimal]))
    unicode_only = group == "\u202f"
    encodings = ("utf-8", "utf-8-sig", "utf-16") + (() if unicode_only else ("cp1252",))
    return Dialect(
        separator=draw(st.sampled_from(";,\t|")),
        decimal=decimal,
        group=group,
        encoding=draw(st.sampled_from(encodings)),
        quoting=draw(st.sampled_from((csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC))),
        newline=draw(st.sampled_from(("\n", "\r\n"))),
        titles=tuple(draw(st.sampled_from(((), ("Bevölkerung am Stichtag",), ("Titel", ""))))),
        footers=tuple(draw(st.sampled_from(((), ("Quelle: Amt für Statistik",))))),
        minus=draw(st.sampled_from(("-", "-", "-") if unicode_only else ("-",))),
    )


@st.composite
def columns(draw: st.DrawFn, rows: int) -> list[Decimal]:
    places = draw(st.integers(0, 4))
    top = 10 ** draw(st.integers(1, 9))
    signed = draw(st.booleans())
    return [
        Decimal(draw(st.integers(-top if signed else 0, top))).scaleb(-places)
        for _row in range(rows)
    ]


def _read(data: bytes) -> RawTable:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tabelle.csv"
        path.write_bytes(data)
        (table,) = read_tables(path)
    return table


@pytest.mark.slow
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_number_is_read_as_it_stands_or_refused(data: st.DataObject) -> None:
    dialect = data.draw(dialects())
    count = data.draw(st.integers(3, 9))
    numbers = [data.draw(columns(count)) for _column in range(data.draw(st.integers(1, 3)))]
    header = ["Gebiet", *(f"Wert {'ABC'[j]}" for j in range(len(numbers)))]
    cells = [[dialect.write(number) for number in column] for column in numbers]
    assert [[dialect.parse(c) for c in column] for column in cells] == numbers
    rows = [[f"Viertel {i}", *(column[i] for column in cells)] for i in range(count)]
    COUNTS["files"] += 1
    try:
        table = _read(dialect.file(header, rows))
    except UserError:
        COUNTS["files refused"] += 1
        event("refused")
        return
    for name, column, wanted in zip(header[1:], cells, numbers, strict=True):
        _check_column(table, name, column, wanted, dialect)


def _check_column(
    table: RawTable, name: str, cells: list[str], wanted: list[Decimal], dialect: Dialect
) -> None:
    assert name in table.header, f"column lost: {table.header}"
    read = table.column(name)[: len(cells)]
    assert [dialect.parse(c) for c in read] == wanted, "the reader changed a cell"
    result = to_numbers(read, column=name, file_decimal=table.decimal)
    refused = any(i.severity is Severity.ERROR for i in result.issues)
    COUNTS["columns"] += 1
    COUNTS["columns refused as ambiguous"] += refused
    event("column refused" if refused else "column read")
    for value, status, number in zip(result.values, result.status, wanted, strict=True):
        if math.isnan(value):
            assert refused, "a number went missing in silence"
            assert status >= Status.MISSING
        else:
            assert value == float(number), f"{number} was read as {value}"
            COUNTS["numbers read"] += 1
    if not refused:
        total = sum(wanted, Decimal(0))
        parsed = sum((Decimal(repr(float(v))) for v in result.values), Decimal(0))
        assert abs(parsed - total) <= Decimal("1e-6"), "the total changed"


@pytest.mark.slow
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    cells=st.lists(
        st.one_of(
            st.text("0123456789.,-−+ '%()eE\u00a0\u202f€", max_size=12),
            st.decimals(allow_nan=False, allow_infinity=False, places=2).map(str),
            st.text(max_size=6),
        ),
        min_size=1, max_size=6,
    ),
    decimal=st.sampled_from((None, ",", ".")),
)  # fmt: skip
def test_what_cannot_be_read_is_reported(cells: list[str], decimal: str | None) -> None:
    """Each cell is a number, a known sign, or part of a finding; digits never disappear."""
    COUNTS["odd columns"] += 1
    result = to_numbers(cells, column="Wert", decimal=decimal)
    told = bool(result.issues)
    for text, value in zip(cells, result.values, strict=True):
        if any(c.isdigit() for c in text) and math.isnan(value):
            assert told, f"{text!r} became nothing in silence"
        if not math.isnan(value):
            digits = "".join(c for c in text if c in "0123456789")
            if digits and "e" not in text.lower() and value != 0:
                shown = f"{abs(Decimal(repr(float(value)))):f}".replace(".", "")
                assert digits.strip("0").startswith(shown.strip("0")[:12]), (text, value)
