"""The attribute table sorts, filters and copies as a German reader expects."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester

from monitor_app.core.status import Status
from monitor_app.ui.tablemodel import (
    AttributeTable,
    NumberColumn,
    RowFilter,
    TableData,
    TextColumn,
    parse_filter,
    sort_order,
)

NAMES = ("Zell", "Älbach", "Altstadt", "Straße", "Strass")
VALUES = np.array([1234.56, np.nan, -7.04, np.nan, 20.0])
STATUS = np.array([0, Status.SECRET, 0, Status.MISSING, Status.ESTIMATED], dtype=np.uint8)
DATA = TableData(
    keys=("01", "02", "03", "04", "05"),
    columns=(TextColumn("Name", NAMES), NumberColumn("Anteil", VALUES, STATUS, 1, unit="%")),
    main=1,
)


@pytest.fixture
def model(qtmodeltester, qapp) -> AttributeTable:
    made = AttributeTable()
    made.set_table(DATA)
    return made


def texts(model: AttributeTable, column: int) -> list[str]:
    return [model.data(model.index(r, column)) for r in range(model.rowCount())]


def test_is_a_proper_model(model: AttributeTable):
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal, model)
    model.sort(1)
    model.set_filter(parse_filter("> 0"))
    model.set_table(TableData())


def test_numbers_are_german_and_gaps_are_signs(model: AttributeTable):
    assert texts(model, 1) == ["1.234,6", ".", "−7,0", "…", "20,0"]
    header = model.headerData(1, Qt.Orientation.Horizontal)
    assert header == "Anteil (%)"


def test_names_sort_like_a_german_telephone_book(model: AttributeTable):
    model.sort(0)
    assert texts(model, 0) == ["Älbach", "Altstadt", "Strass", "Straße", "Zell"]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (Qt.SortOrder.AscendingOrder, ["03", "05", "01", "02", "04"]),
        (Qt.SortOrder.DescendingOrder, ["01", "05", "03", "02", "04"]),
    ],
)
def test_areas_without_value_stay_last(model: AttributeTable, order, expected):
    model.sort(1, order)
    assert list(model.keys) == expected


def test_sorting_keeps_hold_of_rows(model: AttributeTable, qtmodeltester):
    from PySide6.QtCore import QPersistentModelIndex

    held = QPersistentModelIndex(model.index(0, 0))
    model.sort(1)
    assert model.key_at(held.row()) == "01"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("str", ["04", "05"]),
        ("STRASSE", ["04"]),
        ("alb", ["02"]),
        ("> 20", ["01"]),
        (">= 20", ["01", "05"]),
        ("< 0", ["03"]),
        ("−10 bis 20", ["03", "05"]),
        ("-10..20", ["03", "05"]),
        ("> 1.000", ["01"]),
        ("= 1.234,6", ["01"]),
        ("> 0 str", ["05"]),
        ("> ", []),
        ("", ["01", "02", "03", "04", "05"]),
    ],
)
def test_filter_line(model: AttributeTable, text: str, expected: list[str]):
    model.set_filter(parse_filter(text))
    assert sorted(model.keys) == expected


@given(st.text(max_size=30))
def test_any_filter_text_is_understood_somehow(text: str):
    assert isinstance(parse_filter(text), RowFilter)


@given(st.lists(st.one_of(st.floats(-1e6, 1e6), st.just(float("nan"))), max_size=30))
def test_sort_order_is_a_permutation_with_gaps_last(numbers: list[float]):
    values = np.array(numbers, dtype=float)
    status = np.where(np.isnan(values), Status.MISSING, Status.OK).astype(np.uint8)
    for descending in (False, True):
        order = sort_order(NumberColumn("x", values, status), descending)
        assert sorted(order) == list(range(len(values)))
        present = [v for v in values[order] if not np.isnan(v)]
        assert present == sorted(present, reverse=descending)
        assert all(np.isnan(v) for v in values[order][len(present) :])


def test_copy_has_headers_and_plain_numbers(model: AttributeTable):
    model.sort(1, Qt.SortOrder.DescendingOrder)
    plain, html = model.as_text([0, 4])
    assert plain == "Name\tAnteil (%)\nZell\t1234,6\nStraße\t…\n"
    assert html.startswith("<table><tr><th>Name</th>")
    assert '<td align="right">1234,6</td>' in html


def test_markup_in_names_is_not_markup(model: AttributeTable):
    model.set_table(TableData(("1",), (TextColumn("A&B", ("<b>x</b>",)),)))
    assert model.as_text()[1] == (
        "<table><tr><th>A&amp;B</th></tr><tr><td>&lt;b&gt;x&lt;/b&gt;</td></tr></table>"
    )


def test_new_numbers_with_a_sort_on_them_are_sorted_again(model: AttributeTable):
    model.sort(1)
    flipped = NumberColumn("Anteil", -VALUES, STATUS, 1, unit="%")
    model.set_table(TableData(DATA.keys, (DATA.columns[0], flipped), 1))
    assert list(model.keys) == ["01", "05", "03", "02", "04"]


def test_large_table_formats_only_what_is_asked_for(qapp, monkeypatch):
    from monitor_app.ui import tablemodel

    calls = 0
    original = tablemodel.cell_text

    def counted(*args, **kwargs):
        nonlocal calls
        calls += 1
        return original(*args, **kwargs)

    monkeypatch.setattr(tablemodel, "cell_text", counted)
    count = 100_000
    model = AttributeTable()
    model.set_table(
        TableData(
            tuple(map(str, range(count))),
            (NumberColumn("x", np.arange(count, dtype=float), np.zeros(count, np.uint8)),),
            0,
        )
    )
    model.data(model.index(99_999, 0))
    assert calls == 1
