"""Spellings of ages, dates and sexes in the open data of towns and statistical offices."""

from __future__ import annotations

from datetime import date

import pytest

from monitor_app.core.ages import AgeGroup
from monitor_app.exchange.dates import DateReader
from monitor_app.exchange.labels import AgeRule, DateKind, parse_age, parse_date, parse_sex
from monitor_app.exchange.recipe_model import DateRule


@pytest.mark.parametrize(
    ("label", "low", "high"),
    [
        ("unter 3", 0, 3), ("3 bis unter 6", 3, 6), ("80 u.ä.", 80, None),
        ("80 u. ä.", 80, None), ("100 u. älter", 100, None), ("85 Jahre und mehr", 85, None),
        ("100 Jahre oder mehr", 100, None), ("90 oder älter", 90, None), ("0-jährig", 0, 1),
        ("7-Jährige", 7, 8), ("65-Jährige und Ältere", 65, None), ("00", 0, 1),
        ("A00_01", 0, 2), ("1 Jahr", 1, 2), ("unter 1 Jahr", 0, 1), ("0 - 4 Jahre", 0, 5),
        ("ALT000B01", 0, 1), ("ALT007", 7, 8), ("ALT090UM", 90, None), ("ALT003B06", 3, 6),
        ("18 b. u. 25", 18, 25), ("75 und ält.", 75, None), ("Alter: 5-9", 5, 10),
    ],
)  # fmt: skip
def test_ages(label: str, low: int, high: int | None) -> None:
    assert parse_age(label).group == AgeGroup(low, high)


@pytest.mark.parametrize("label", ["Alter - Total", "Insgesamt", "Altersgruppe: Insgesamt"])
def test_totals_of_ages(label: str) -> None:
    assert parse_age(label).rule is AgeRule.TOTAL


@pytest.mark.parametrize(
    ("label", "day"),
    [
        ("31.12.2024", date(2024, 12, 31)), ("20241231", date(2024, 12, 31)),
        ("2024-12-31", date(2024, 12, 31)), ("2024", date(2024, 12, 31)),
        ("Jahresende 2024", date(2024, 12, 31)), ("Ende 2024", date(2024, 12, 31)),
        ("2024H2", date(2024, 12, 31)), ("2024H1", date(2024, 6, 30)),
        ("2024-Q3", date(2024, 9, 30)), ("Q1 2024", date(2024, 3, 31)),
        ("2. Halbjahr 2024", date(2024, 12, 31)), ("3. Quartal 2024", date(2024, 9, 30)),
        ("Dez 24", date(2024, 12, 31)), ("202406", date(2024, 6, 30)),
        ("Stand: 31.12.2024", date(2024, 12, 31)), ("am 31. Dezember 2024", date(2024, 12, 31)),
    ],
)  # fmt: skip
def test_dates(label: str, day: date) -> None:
    assert DateReader(DateRule(column="x")).one(label) == day


@pytest.mark.parametrize("label", ["202413", "2024H3", "5. Quartal 2024", "180012", "ende"])
def test_what_is_no_date(label: str) -> None:
    assert parse_date(label).kind is DateKind.UNREADABLE


@pytest.mark.parametrize(
    ("label", "code"),
    [("GESM", "m"), ("GESW", "f"), ("Mann", "m"), ("Frauen", "f"), ("Geschlecht: männlich", "m"),
     ("2", "f"), ("d", "x")],
)  # fmt: skip
def test_sexes(label: str, code: str) -> None:
    assert parse_sex(label).code == code


def test_a_total_named_by_its_dimension_is_one() -> None:
    assert parse_sex("Geschlecht - Total").total
