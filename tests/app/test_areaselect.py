"""Expressions select what pandas selects, and faults name place, column and a way out."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor_app.app.areaselect import Column, Numbers, Words, selected, unknown_names
from monitor_app.app.expression import parse_expression, read_number
from monitor_app.core.issues import UserError
from monitor_app.core.status import Status

N = 60
RNG = np.random.default_rng(5)
VALUE = np.round(RNG.normal(25, 10, N), 2)
STATUS = np.zeros(N, dtype=np.uint8)
STATUS[[3, 30]] = Status.SECRET
STATUS[7] = Status.ESTIMATED
PEOPLE = RNG.integers(100, 3000, N).astype(float)
NAMES = tuple(RNG.choice(["Altstadt", "Süd", "Straße", "Nord", "Neustadt"], N))
COLUMNS: dict[str, Column] = {
    "Gebiet": Words(NAMES),
    "Wert (%)": Numbers(np.where(STATUS >= Status.MISSING, np.nan, VALUE), STATUS),
    "Einwohner": Numbers(PEOPLE, np.zeros(N, dtype=np.uint8), 0),
}
FRAME = pd.DataFrame({
    "name": NAMES, "w": np.where(STATUS >= Status.MISSING, np.nan, VALUE), "p": PEOPLE,
})  # fmt: skip


def found(text: str) -> list[bool]:
    return selected(parse_expression(text), COLUMNS, N).tolist()


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("wert > 20", "w > 20"),
        ("WERT > 20 und einwohner >= 500", "w > 20 and p >= 500"),
        ("wert > 20 oder einwohner < 1.000 und wert > 12,5", "w > 20 or (p < 1000 and w > 12.5)"),
        ("(wert > 20 oder einwohner < 1000) und wert > 12.5", "(w > 20 or p < 1000) and w > 12.5"),
        ("10 <= wert < 20", "10 <= w and w < 20"),
        ("wert zwischen 10 und 20", "10 <= w and w <= 20"),
        ("nicht wert > 20", "not (w > 20) and w == w"),
        ("nicht (wert > 20 oder einwohner > 2000)", "w <= 20 and p <= 2000"),
        ("wert fehlt", "w != w"),
        ("nicht wert fehlt", "w == w"),
        ("gebiet = 'süd'", "name == 'Süd'"),
        ('gebiet <> "Nord"', "name != 'Nord'"),
        ("gebiet enthält stadt", "name.str.contains('stadt')"),
        ('gebiet beginnt mit "neu" oder gebiet = „strasse“',
         "name == 'Neustadt' or name == 'Straße'"),
        ("[Wert (%)] * 2 + 1 > einwohner / 50", "w * 2 + 1 > p / 50"),
        ("-wert < −25", "-w < -25"),
        ("wert/(einwohner-einwohner) > 0", "p < 0"),  # nothing divided by zero is no value
    ],
)  # fmt: skip
def test_the_same_areas_as_pandas(text: str, query: str) -> None:
    expected = FRAME.eval(query.split(" and w == w")[0], engine="python")
    if "and w == w" in query:
        expected &= FRAME["w"].notna()
    if "fehlt" not in text and "wert" in text.casefold() and " p" not in f" {query}":
        expected &= FRAME["w"].notna()
    assert found(text) == expected.tolist()


def test_without_a_value_is_neither_more_nor_less() -> None:
    more, less = np.array(found("wert > 20")), np.array(found("nicht wert > 20"))
    assert not (more & less).any()
    assert (~(more | less)).nonzero()[0].tolist() == [3, 30]
    # what holds whatever the missing value is, holds
    sure = np.array(found("wert > 20 oder einwohner > 0"))
    assert sure.all()


def test_compared_as_shown() -> None:
    numbers = Numbers(np.array([20.04, 20.06, 19.96]), np.zeros(3, dtype=np.uint8), 1)
    mask = selected(parse_expression("wert = 20,0"), {"Wert": numbers}, 3)
    assert mask.tolist() == [True, False, True]


@pytest.mark.parametrize(
    ("text", "number"),
    [("12,5", 12.5), ("12.5", 12.5), ("1.234", 1234), ("1.234,5", 1234.5), ("1234", 1234),
     ("1.234.567", 1234567), ("0,125", 0.125)],
)  # fmt: skip
def test_german_numbers(text: str, number: float) -> None:
    assert read_number(text) == number
    mask = selected(
        parse_expression(f"x = {text}"),
        {"x": Numbers(np.array([number]), np.zeros(1, dtype=np.uint8))},
        1,
    )
    assert mask.tolist() == [True]


@pytest.mark.parametrize(
    ("text", "place", "word"),
    [
        ("wer > 2", 1, "Wert"),
        ("wert > 20 und einwoner > 1", 15, "Einwohner"),
        ("wert > ", 8, "zu früh"),
        ("wert 20", 6, "und"),
        ("wert", 1, "Vergleich"),
        ("(wert > 2", 1, "Klammer"),
        ("wert > 2)", 9, ")"),
        ("gebiet > 3", 10, "Anführungszeichen"),
        ("gebiet > 'a'", 8, "gleich"),
        ("wert enthält 'a'", 1, "Texten"),
        ("wert > 'a", 8, "Anführungszeichen"),
        ("wert > 2 und", 13, "zu früh"),
        ("wert zwischen 1 oder 2", 17, "und"),
        ("", 1, "leer"),
        ("wert > 2; x", 9, ";"),
    ],
)
def test_faults_name_place_and_way_out(text: str, place: int, word: str) -> None:
    with pytest.raises(UserError) as wrong:
        found(text)
    (issue,) = wrong.value.issues
    assert issue.column == str(place)
    assert f"Zeichen {place}" in issue.message
    assert word in f"{issue.message} {issue.repair}"


@given(st.text("wert einwohner>=<()+-*/.,0123456789'\"undodernicht[]„“", max_size=40))
def test_any_text_is_an_expression_or_refused(text: str) -> None:
    with suppress(UserError):  # any other exception fails the test
        expression = parse_expression(text)
        if not unknown_names(expression, COLUMNS):
            assert len(found(text)) == N


def test_deep_brackets_are_refused() -> None:
    with pytest.raises(UserError):
        parse_expression("(" * 500 + "wert > 2" + ")" * 500)
    with pytest.raises(UserError):
        parse_expression("wert > 1 und " * 300 + "wert > 1")
