"""Labels of age, sex and date."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor_app.core.ages import AgeGroup
from monitor_app.core.issues import Severity
from monitor_app.exchange.labels import (
    AgeRule,
    DateKind,
    LabelPlace,
    parse_age,
    parse_ages,
    parse_date,
    parse_dates,
    parse_serial,
    parse_sex,
    parse_sexes,
)


@pytest.mark.parametrize(
    ("label", "lo", "hi"),
    [
        ("0–2", 0, 3), ("0-2", 0, 3), ("0 - 2", 0, 3), ("3 bis 5", 3, 6), ("0-4 Jahre", 0, 5),
        ("0 bis unter 3", 0, 3), ("0_bis_unter_1", 0, 1), ("0 b. u. 3", 0, 3), ("3b6", 3, 6),
        ("3 bis unter 6 Jahre", 3, 6), ("18 bis einschl. 24", 18, 25), ("0 to under 5", 0, 5),
        ("u3", 0, 3), ("U 3", 0, 3), ("unter 3", 0, 3), ("<3", 0, 3), ("under 5", 0, 5),
        ("unter 1 Jahr", 0, 1), ("unter_20", 0, 20), ("bis unter 18", 0, 18),
        ("85+", 85, None), ("85 +", 85, None), ("85 und älter", 85, None), ("ab 65", 65, None),
        ("65 u. m.", 65, None), ("65 Jahre und mehr", 65, None), ("85 u.ä.", 85, None),
        ("90 and over", 90, None), ("75plus", 75, None), (">=65", 65, None), (">64", 65, None),
        ("AGE_75+", 75, None), ("AGE_00_02", 0, 3), ("AGE_10_14", 10, 15), ("age 5-9", 5, 10),
        ("E_E00_01", 0, 1), ("E_E01_02", 1, 2), ("E_E95_110", 95, None), ("E_U1", 0, 1),
        ("E_1U6", 1, 6), ("E_80U110", 80, None),
        ("104", 104, 105), ("0", 0, 1), ("007", 7, 8), ("0 Jahre", 0, 1), ("alter_5", 5, 6),
        ("100 Jahre und älter", 100, None), ("15 bis 110", 15, None), ("6-Jährige", 6, 7),
    ],
)  # fmt: skip
def test_age_labels_of_german_and_english_offices(label, lo, hi):
    assert parse_age(label).group == AgeGroup(lo, hi)


@pytest.mark.parametrize(
    ("label", "meant"),
    [
        ("03. Mai", (3, 6)), ("05.03.2024", (3, 6)), ("2024-05-03", (3, 6)),
        ("2024-05-03 00:00:00", (3, 6)), ("10. Dez", (10, 13)), ("9-May", (5, 10)),
        ("Mai. 03", (3, 6)), ("3. Mrz", (3, 4)),
    ],
)  # fmt: skip
def test_labels_that_a_spreadsheet_turned_into_dates_are_reported(label, meant):
    found = parse_ages(["0-2", label], LabelPlace("Alter", "f.xlsx", "S", [2, 3]))
    assert found[label].rule is AgeRule.MANGLED
    assert found[label].group is None
    (issue,) = found.issues
    assert (issue.code, issue.severity, issue.row) == ("age-mangled", Severity.ERROR, 3)
    assert found[label].candidates == (AgeGroup(*meant),)


@pytest.mark.parametrize("label", ["bis 18", "bis_18", "über 60", "ueber_60", "older than 60"])
def test_a_bound_that_may_be_in_or_out_is_ambiguous(label):
    found = parse_ages([label])
    assert found[label].group is None
    assert len(found[label].candidates) == 2
    assert [i.code for i in found.issues] == ["age-ambiguous"]


@pytest.mark.parametrize("label", ["Haus", "45415", "2010", "5-2", "1-2-3", "alt", "x"])
def test_no_age_is_read_from_other_texts(label):
    found = parse_ages([label])
    assert found[label].group is None
    assert [i.code for i in found.issues] == ["age-unreadable"]


def test_totals_and_unknown_age_are_told_apart():
    assert parse_age("insgesamt").rule is AgeRule.TOTAL
    assert parse_age("Alle Altersgruppen").rule is AgeRule.TOTAL
    assert parse_age("ohne Angabe").rule is AgeRule.UNKNOWN


def test_shared_bounds_prove_that_the_upper_one_is_excluded():
    found = parse_ages(["0-3", "3-6", "6-10", "10+"])
    groups = [r.group for r in found.readings.values()]
    assert groups == [AgeGroup(0, 3), AgeGroup(3, 6), AgeGroup(6, 10), AgeGroup(10, None)]
    assert [i.severity for i in found.issues] == [Severity.INFO]


def test_joining_bounds_prove_that_the_upper_one_is_included():
    found = parse_ages(["0-2", "3-5", "6-9", "10+"])
    groups = [r.group for r in found.readings.values()]
    assert groups == [AgeGroup(0, 3), AgeGroup(3, 6), AgeGroup(6, 10), AgeGroup(10, None)]
    assert not found.issues


def test_bounds_that_touch_here_and_join_there_are_an_error():
    found = parse_ages(["0-3", "3-5", "6-9"])
    assert "age-bounds" in [i.code for i in found.issues]


def test_spans_over_finer_groups_are_no_contradiction():
    found = parse_ages(["0-5", "6-17", "0-17", "18-64", "65+"])
    assert not found.issues
    assert found["0-17"].group == AgeGroup(0, 18)


@given(st.integers(0, 99), st.integers(1, 30))
def test_written_groups_are_read_back(lo: int, width: int):
    hi = lo + width
    for label in (f"{lo} bis unter {hi}", f"{lo}b{hi}", f"{lo}–{hi - 1}" if width > 1 else str(lo)):
        if hi <= 109:
            assert parse_age(label).group == AgeGroup(lo, hi)
    assert parse_age(f"{lo}+").group == AgeGroup(lo, None)


@given(st.text(max_size=20))
def test_no_label_raises(label: str):
    parse_ages([label])
    parse_dates([label])
    parse_sexes([label])


@pytest.mark.parametrize(
    ("label", "code"),
    [
        ("m", "m"), ("w", "f"), ("d", "x"), ("1", "m"), ("2", "f"), ("männlich", "m"),
        ("Weiblich", "f"), ("male", "m"), ("FEMALE", "f"), ("Männer", "m"), ("Frauen", "f"),
        ("Jungen", "m"), ("Mädchen", "f"), ("divers", "x"), ("ohne Angabe", "x"), ("01", "m"),
        ("davon_frauen", "f"), ("POP_MEN", "m"), ("Haus", None), ("7", None),
    ],
)  # fmt: skip
def test_sex_labels(label, code):
    assert parse_sex(label).code == code


def test_sex_codes_without_male_are_reported():
    found = parse_sexes(["0", "1"], LabelPlace("SEX", rows=[2, 3]))
    assert {i.code for i in found.issues} == {"sex-codes", "sex-unreadable"}
    assert parse_sexes(["2", "3"]).issues
    assert not parse_sexes(["1", "2", "insgesamt"]).issues
    assert parse_sexes(["insgesamt"])["insgesamt"].total


@pytest.mark.parametrize(
    "label",
    ["20241231", "31.12.2024", "2024-12-31", "31.12.2024 00:00", "2024-12-31T00:00:00Z",
     "2024-12-31 00:00:00+00:00", "31. Dezember 2024", "31/12/2024", "31.12.24", "31DEC24",
     "2024/12/31", "Stand 31.12.2024", " 31.12.2024 "],
)  # fmt: skip
def test_one_day_in_many_spellings(label):
    assert parse_date(label).day == date(2024, 12, 31)


def test_years_months_and_school_years_keep_what_is_known():
    year = parse_date("2024")
    assert (year.kind, year.year, year.day) == (DateKind.YEAR, 2024, None)
    assert year.on(12, 31) == date(2024, 12, 31)
    school = parse_date("2000/01")
    assert (school.kind, school.year) == (DateKind.SCHOOL_YEAR, 2000)
    assert parse_date("1999/2000").kind is DateKind.SCHOOL_YEAR
    month = parse_date("Dez 2024")
    assert (month.kind, month.year, month.month) == (DateKind.MONTH, 2024, 12)
    assert parse_date("2024-12").month == 12
    assert parse_date("2000/05").kind is DateKind.MONTH


@pytest.mark.parametrize("label", ["31.02.2024", "20241332", "Haus", "", "45657", "2024-13-01"])
def test_what_is_no_date_is_an_error(label):
    found = parse_dates([label, "31.12.2024"])
    assert found[label].kind is DateKind.UNREADABLE
    assert [i.code for i in found.issues] == ["date-unreadable"]


def test_day_and_month_are_settled_by_the_column():
    assert [i.code for i in parse_dates(["03/04/2024"]).issues] == ["date-ambiguous"]
    found = parse_dates(["03/04/2024", "25/04/2024"])
    assert found["03/04/2024"].day == date(2024, 4, 3)
    found = parse_dates(["03/04/2024", "04/25/2024"])
    assert found["03/04/2024"].day == date(2024, 3, 4)


@given(st.dates(date(1950, 1, 1), date(2150, 1, 1)))
def test_spreadsheet_day_numbers(day: date):
    number = str((day - date(1899, 12, 30)).days)
    assert parse_serial(number).day == day
    found = parse_dates([number, str(int(number) + 1)])
    assert found[number].day == day
    assert found[str(int(number) + 1)].day == day + timedelta(days=1)
    assert [i.code for i in found.issues] == ["date-serial"]


@given(st.dates(date(1700, 1, 1), date(2199, 12, 31)))
def test_every_day_is_read_back(day: date):
    for text in (day.isoformat(), day.strftime("%d.%m.") + f"{day.year:04}",
                 f"{day.year:04}{day:%m%d}"):  # fmt: skip
        assert parse_date(text).day == day
