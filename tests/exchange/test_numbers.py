"""Numbers from text: proof of the decimal mark, signs of official tables, exact values."""

from __future__ import annotations

import math
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor_app.core.issues import Severity
from monitor_app.core.status import Status
from monitor_app.exchange.numbers import Proof, prove_decimal, to_numbers, weigh

NO_VALUE = math.nan


@pytest.mark.parametrize(
    ("cells", "values", "decimal"),
    [
        (["1.234", "2,5"], [1234.0, 2.5], ","),
        (["1,234", "2.5"], [1234.0, 2.5], "."),
        (["41,14", "1.234.567"], [41.14, 1234567.0], ","),
        (["0,123", "1.500"], [0.123, 1500.0], ","),
        (["0.179", "18.217"], [0.179, 18.217], "."),
        (["1'234.5", "7"], [1234.5, 7.0], "."),
        (["1 234,5", "1\u202f234\u202f567"], [1234.5, 1234567.0], ","),
        (["-5,0", "−5", "– 5", "+5"], [-5.0, -5.0, -5.0, 5.0], ","),
        (["1,5E3", "2e-2"], [1500.0, 0.02], ","),
        (["1234.567"], [1234.567], "."),
        (["12 345"], [12345.0], None),
    ],
)
def test_one_cell_proves_the_mark_for_the_whole_column(cells, values, decimal):
    column = to_numbers(cells, column="A")
    assert column.decimal == decimal
    assert column.values.tolist() == values
    assert not column.issues


def test_an_unproven_mark_is_reported_and_not_guessed():
    column = to_numbers(["7", "1.234", "18.217"], column="INC", rows=[2, 3, 4], file="f.csv")
    assert column.proof is Proof.AMBIGUOUS
    assert column.values[0] == 7.0
    assert np.isnan(column.values[1:]).all()
    assert column.status.tolist() == [Status.OK, Status.MISSING, Status.MISSING]
    (issue,) = column.issues
    assert (issue.code, issue.severity) == ("number-ambiguous", Severity.ERROR)
    assert (issue.file, issue.row, issue.column, issue.value) == ("f.csv", 3, "INC", "1.234")
    assert issue.count == 2
    assert "1234 " in issue.message
    assert issue.repair


def test_another_column_of_the_file_is_proof_and_is_named():
    income, age = ["18.217", "25.463"], ["41,14", "39,2"]
    mark = prove_decimal([income, age])
    assert mark == ","
    column = to_numbers(income, column="INC", file_decimal=mark)
    assert column.values.tolist() == [18217.0, 25463.0]
    assert column.proof is Proof.FILE
    assert [i.code for i in column.issues] == ["number-by-file"]


def test_an_instruction_overrules_detection():
    assert to_numbers(["1.234"], decimal=",").values.tolist() == [1234.0]
    assert to_numbers(["1.234"], decimal=".").values.tolist() == [1.234]
    wrong = to_numbers(["12.5", "1,5"], column="A", decimal=",", rows=[9, 10])
    assert wrong.values[1] == 1.5
    assert math.isnan(wrong.values[0])
    assert [(i.code, i.row) for i in wrong.issues] == [("number-unreadable", 9)]


def test_columns_that_contradict_themselves_are_an_error():
    column = to_numbers(["1,5", "2,5", "3.5"], column="A", rows=[2, 3, 4])
    assert column.proof is Proof.CONTRADICTORY
    assert np.isnan(column.values).all()
    assert [(i.code, i.row, i.value) for i in column.issues] == [("number-contradiction", 4, "3.5")]


def test_columns_that_contradict_each_other_prove_nothing():
    assert prove_decimal([["1,5"], ["2.5"]]) is None
    assert prove_decimal([["1,5"], ["Haus"], ["31.12.2024"]]) == ","


def test_keys_and_texts_are_no_witnesses():
    assert prove_decimal([["01.1", "01.2"], ["1.234"]]) is None
    assert prove_decimal([["12.5", "Haus", "Hof", "Garten"]]) is None
    assert weigh(["007", "1"]).keys


@pytest.mark.parametrize(
    ("sign", "value", "status"),
    [
        ("–", 0.0, Status.OK),
        ("-", 0.0, Status.OK),
        ("0", 0.0, Status.OK),
        (".", NO_VALUE, Status.SECRET),
        ("…", NO_VALUE, Status.MISSING),
        ("...", NO_VALUE, Status.MISSING),
        ("/", NO_VALUE, Status.TOO_UNCERTAIN),
        ("x", NO_VALUE, Status.NOT_APPLICABLE),
        ("", NO_VALUE, Status.MISSING),
        ("  ", NO_VALUE, Status.MISSING),
        ("( )", NO_VALUE, Status.TOO_UNCERTAIN),
        ("(12)", 12.0, Status.UNRELIABLE),
        ("(1.234,5)", 1234.5, Status.UNRELIABLE),
        ("12 p", 12.0, Status.PROVISIONAL),
        ("12r", 12.0, Status.REVISED),
        ("12 s", 12.0, Status.ESTIMATED),
        ("n/a", NO_VALUE, Status.MISSING),
        ("#DIV/0!", NO_VALUE, Status.MISSING),
    ],
)
def test_official_signs_become_status(sign, value, status):
    column = to_numbers(["1,5", sign, "2"], column="A", rows=[2, 3, 4])
    np.testing.assert_equal(column.values[1], value)
    assert column.status[1] == status
    assert column.values[[0, 2]].tolist() == [1.5, 2.0]


@pytest.mark.parametrize(
    "text",
    ["abc", "1.2.3", "12.34.567", "1,2,3", "5.", "12 34", "1e9999", "inf", "٣", "31.12.2024", "12€",
     "--", "1..2", "(abc)", "0x10", "1_000", "(-)x"],
)  # fmt: skip
def test_what_is_no_number_is_an_error_with_its_place(text):
    column = to_numbers(["1", text, text], column="A", rows=[2, 3, 4], file="f.csv", sheet="S")
    assert math.isnan(column.values[1])
    assert column.status[1] == Status.MISSING
    (issue,) = column.issues
    assert issue.severity is Severity.ERROR
    assert (issue.code, issue.row, issue.value, issue.count) == ("number-unreadable", 3, text, 2)
    assert (issue.file, issue.sheet, issue.column) == ("f.csv", "S", "A")


def test_a_percent_sign_is_noted_and_not_divided():
    column = to_numbers(["12,5 %", "7%"], column="A")
    assert column.percent
    assert column.values.tolist() == [12.5, 7.0]
    mixed = to_numbers(["12,5 %", "7"], column="A")
    assert [i.code for i in mixed.issues] == ["number-percent-mixed"]


def test_typed_numbers_need_no_dialect():
    column = to_numbers(["1.234", "1000000", "–"], typed=True)
    assert column.values.tolist() == [1.234, 1e6, 0.0]
    assert column.proof is Proof.TYPED


def test_many_bad_cells_are_listed_in_part_and_counted_in_full():
    cells = [f"bad{i}" for i in range(50)]
    column = to_numbers(cells, column="A")
    assert len(column.issues) == 21
    assert sum(i.count for i in column.issues) == 50


def _german(text: str, group: str) -> str:
    sign, digits = ("-", text[1:]) if text.startswith("-") else ("", text)
    whole, _, part = digits.partition(".")
    if group:
        parts = []
        while len(whole) > 3:
            parts.insert(0, whole[-3:])
            whole = whole[:-3]
        whole = group.join([whole, *parts])
    return sign + whole + ("," + part if part else "")


@given(
    st.lists(
        st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12,
                    places=4),
        min_size=1, max_size=30,
    ),
    st.sampled_from(["", ".", " ", "\u00a0", "\u202f", "'"]),
)  # fmt: skip
def test_values_equal_the_decimal_text_exactly(numbers: list[Decimal], group: str):
    texts = [_german(f"{n:f}", group) for n in numbers]
    column = to_numbers(texts, decimal=",")
    assert column.values.tolist() == [float(n) for n in numbers]
    assert not column.issues
    # four decimals: every cell proves the comma, so detection must find the same
    assert to_numbers(texts).values.tolist() == [float(n) for n in numbers]


@given(st.lists(st.text(max_size=12), max_size=20))
def test_no_text_raises_and_status_fits_the_value(texts: list[str]):
    column = to_numbers(texts, column="A")
    assert len(column.values) == len(texts)
    assert ((column.status < Status.MISSING) == np.isfinite(column.values)).all()


@given(st.text(alphabet="0123456789.,'-+ ()/x…–%eE", max_size=14))
def test_no_number_is_read_that_both_marks_read_differently(text: str):
    free = to_numbers([text]).values
    comma, point = to_numbers([text], decimal=",").values, to_numbers([text], decimal=".").values
    if np.isfinite(free[0]):
        readings = {float(v) for v in (comma[0], point[0]) if np.isfinite(v)}
        assert readings == {float(free[0])}
