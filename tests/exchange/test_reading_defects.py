"""Defects known from other software (numbers of the list in the specification) in reading values.

Each test would fail against the behaviour described there.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest
import xlsxwriter

from monitor_app.exchange.dates import DateReader
from monitor_app.exchange.numbers import to_numbers
from monitor_app.exchange.readers import read_tables
from monitor_app.exchange.recipe_model import DateRule


@pytest.mark.parametrize(
    ("month", "day"),
    [("Januar", (1, 31)), ("März", (3, 31)), ("April", (4, 30)), ("Juli", (7, 31)),
     ("Oktober", (10, 31)), ("Dezember", (12, 31))],
)  # fmt: skip
def test_14_a_month_is_read_as_itself(month: str, day: tuple[int, int]) -> None:
    assert DateReader(DateRule(column="x")).one(f"{month} 2023") == date(2023, *day)


def test_20_numbers_are_read_with_64_bits() -> None:
    column = to_numbers(["594321,57", "16777217", "0,1"], column="x")
    assert column.values.dtype == np.float64
    assert column.values.tolist() == [594321.57, 16777217.0, 0.1]


def test_21_german_numbers_are_read_as_such() -> None:
    column = to_numbers(["1.234,56", "1.234", "12"], column="x")
    assert column.values.tolist() == [1234.56, 1234.0, 12.0]


def test_21_a_lone_point_is_never_guessed() -> None:
    column = to_numbers(["1.234"], column="x")
    assert column.issues  # 1234 or 1.234? The user is asked.


def test_21_cells_of_a_workbook_are_read_as_stored_and_not_as_shown(tmp_path: Path) -> None:
    path = tmp_path / "gerundet.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        shown = book.add_format({"num_format": "0"})  # a spreadsheet shows 35
        sheet.write_row(0, 0, ["Viertel", "Anteil"])
        sheet.write(1, 0, "010")
        sheet.write_number(1, 1, 35.4567, shown)
    (table,) = read_tables(path)
    assert table.column("Anteil") == ("35.4567",) or list(table.column("Anteil")) == ["35.4567"]
    assert table.column("Viertel")[0] == "010"
