"""Dates of German and English deliveries: days, years, months, school years, serial numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from monitor_app.core.formats import format_date
from monitor_app.core.i18n import _
from monitor_app.core.issues import Severity
from monitor_app.exchange.label_set import Findings, LabelPlace, Labels


class DateKind(StrEnum):
    DAY = "day"
    YEAR = "year"  # a bare year: the recipe says which day
    MONTH = "month"
    SCHOOL_YEAR = "school_year"  # 2000/01: starts in ``year``
    SERIAL = "serial"  # day number of a spreadsheet (1900 system)
    AMBIGUOUS = "ambiguous"  # 03/04/2024
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class DateReading:
    """``day`` is set for kinds DAY and SERIAL; ``year`` and ``month`` as far as known;
    ``candidates`` has the possible days where ambiguous."""

    kind: DateKind
    day: date | None = None
    year: int | None = None
    month: int | None = None
    candidates: tuple[date, ...] = ()

    def on(self, month: int, day: int) -> date | None:
        """The day meant: the stated one, else ``day``.``month``. of the year; None if unread."""
        if self.day is not None:
            return self.day
        if self.year is None:
            return None
        return date(self.year, month, day)


_UNREADABLE = DateReading(DateKind.UNREADABLE)
_FIRST, _LAST = 1700, 2199
_EPOCH = date(1899, 12, 30)  # day 0 of the 1900 date system for days from 1 March 1900 on
_TIME = r"(?:[ T]0{1,2}:00(?::00(?:\.0+)?)?(?:Z|[+-]00:?00)?)?"
_MONTHS = {
    name: number
    for number, names in enumerate(
        ("januar jan january jänner", "februar feb february", "märz mrz mär mar march maerz",
         "april apr", "mai may", "juni jun june", "juli jul july", "august aug",
         "september sep sept", "oktober okt october oct", "november nov",
         "dezember dez december dec"), start=1)
    for name in names.split()
}  # fmt: skip
_ISO = re.compile(rf"(\d{{4}})[-/](\d{{1,2}})[-/](\d{{1,2}}){_TIME}")
_ISO_TIME = re.compile(
    r"(\d{4}-\d{2}-\d{2})[ T]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?"
)
_GERMAN = re.compile(rf"(\d{{1,2}})\. ?(\d{{1,2}})\. ?(\d{{4}}|\d{{2}}){_TIME}")
_SHORT = re.compile(r"\d{1,2}\. ?\d{1,2}\. ?\d{2}")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:\.0)?")
_SLASH = re.compile(rf"(\d{{1,2}})[/-](\d{{1,2}})[/-](\d{{4}}){_TIME}")
_WORDS = re.compile(r"(?:(\d{1,2})\.?[ -]?)?([a-zä]{3,9})\.?[ -]?(\d{4}|\d{2})")
_LEAD = re.compile(r"^(?:(?:stichtag|stand|jahr|am|year|zum|per)[ :]+)+")
_YEAR_END = re.compile(r"(?:jahresende|ende|end of|year end)[ :]*(\d{4})")
#: Half years and quarters: ``2024H2``, ``2024-Q4``, ``2. Halbjahr 2024``, ``Q4/2024``.
_PARTS: tuple[tuple[int, re.Pattern[str]], ...] = tuple(
    (months, re.compile(pattern))
    for months, sign, word in ((6, "h", "hj|halbjahr"), (3, "q", "quartal|quarter"))
    for pattern in (
        rf"(?P<y>\d{{4}})[ /-]?(?:{sign}|{word})[ -]?(?P<n>[1-4])",
        rf"{sign}[ -]?(?P<n>[1-4])[ /-]?(?P<y>\d{{4}})",
        rf"(?P<n>[1-4])\.? ?(?:{word})\.?[ /-]?(?P<y>\d{{4}})",
    )
)
_YEAR_MONTH = re.compile(r"((?:19|20)\d{2})(\d{2})")
_YEAR = re.compile(r"(\d{4})(?:\.0)?")
_MONTH = re.compile(r"(\d{4})[-/.](\d{1,2})|(\d{1,2})[/.](\d{4})")
_SCHOOL = re.compile(r"(\d{4}) ?[/-] ?(\d{4}|\d{2})")


def parse_date(label: str) -> DateReading:
    """Read one label by itself; ``03/04/2024`` is ambiguous, ``25/04/2024`` is not."""
    text = " ".join(label.strip().casefold().split())
    text = _LEAD.sub("", text)
    if m := _YEAR_END.fullmatch(text):
        return _month(int(m[1]), 12)
    for months, pattern in _PARTS:
        if m := pattern.fullmatch(text):
            return _month(int(m["y"]), months * int(m["n"]))
    if (m := _YEAR_MONTH.fullmatch(text)) and 1 <= int(m[2]) <= 12:
        return _month(int(m[1]), int(m[2]))
    if (m := _YEAR.fullmatch(text)) and _FIRST <= int(m[1]) <= _LAST:
        return DateReading(DateKind.YEAR, year=int(m[1]))
    if m := _COMPACT.fullmatch(text):
        return _day(m[1], m[2], m[3])
    if m := _ISO.fullmatch(text.upper()):
        return _day(m[1], m[2], m[3])
    if m := _ISO_TIME.fullmatch(text.upper()):
        return _day(*m[1].split("-"))
    if m := _GERMAN.fullmatch(text.upper()):
        return _day(_full_year(m[3]), m[2], m[1])
    if m := _SLASH.fullmatch(text.upper()):
        return _slash(int(m[1]), int(m[2]), m[3])
    if m := _SCHOOL.fullmatch(text):
        year, follow = int(m[1]), m[2]
        if int(follow) == (year + 1 if len(follow) == 4 else (year + 1) % 100):
            return DateReading(DateKind.SCHOOL_YEAR, year=year)
    if m := _MONTH.fullmatch(text):
        return _month(int(m[1] or m[4]), int(m[2] or m[3]))
    if (m := _WORDS.fullmatch(text)) and m[2] in _MONTHS:
        if m[1]:
            return _day(_full_year(m[3]), str(_MONTHS[m[2]]), m[1])
        return _month(int(_full_year(m[3])), _MONTHS[m[2]])
    return _UNREADABLE


def _full_year(text: str) -> str:
    """Two digits: 00–69 in this century, 70–99 in the last one."""
    return text if len(text) == 4 else str(int(text) + (2000 if int(text) < 70 else 1900))


def _day(year: str, month: str, day: str) -> DateReading:
    try:
        found = date(int(year), int(month), int(day))
    except ValueError:
        return _UNREADABLE
    if not _FIRST <= found.year <= _LAST:
        return _UNREADABLE
    return DateReading(DateKind.DAY, found, found.year, found.month)


def _month(year: int, month: int) -> DateReading:
    if _FIRST <= year <= _LAST and 1 <= month <= 12:
        return DateReading(DateKind.MONTH, year=year, month=month)
    return _UNREADABLE


def _slash(first: int, second: int, year: str) -> DateReading:
    readings = (_day(year, str(second), str(first)), _day(year, str(first), str(second)))
    days = tuple(dict.fromkeys(r.day for r in readings if r.day is not None))
    if len(days) == 2:
        return DateReading(DateKind.AMBIGUOUS, candidates=days)
    return next((r for r in readings if r.day is not None), _UNREADABLE)


def parse_serial(label: str) -> DateReading:
    """A spreadsheet's day number, e.g. ``45657`` = 31.12.2024 (1900 date system)."""
    text = label.strip().removesuffix(".0")
    if not text.isdigit() or not 61 <= int(text) <= 110_000:
        return _UNREADABLE
    day = _EPOCH + timedelta(days=int(text))
    return DateReading(DateKind.SERIAL, day, day.year, day.month)


def parse_dates(labels: Sequence[str], place: LabelPlace | None = None) -> Labels[DateReading]:
    """Read all labels of a column together.

    ``03/04/2024`` is settled by another label of the column that allows one order only
    (``25/04/2024``: day first). Five-digit numbers are day numbers of a spreadsheet where the
    whole column consists of them; that is reported.
    """
    findings = Findings(labels, place or LabelPlace())
    readings = findings.read(parse_date)
    filled = [label for label in readings if label.strip()]
    if filled and all(re.fullmatch(r"[1-9]\d{4}(?:\.0)?", t.strip()) for t in filled):
        for label in filled:
            readings[label] = parse_serial(label)
        shown = readings[filled[0]].day
        findings.add(
            "date-serial", Severity.WARNING,
            _("The dates are day numbers of a spreadsheet: {label} is read as {day}.").format(
                label=filled[0], day=_shown(shown)), filled[0],
            _("Check the dates in the preview."),
        )  # fmt: skip
    readings = _settle_slashes(readings)
    _report(readings, findings)
    return Labels(readings, tuple(findings.issues))


def _settle_slashes(readings: dict[str, DateReading]) -> dict[str, DateReading]:
    """Order of day and month, proven by the other labels of the column."""
    day_first = month_first = False
    for label, reading in readings.items():
        match = _SLASH.fullmatch(label.strip())
        if match is not None and reading.kind is DateKind.DAY:
            day_first |= int(match[1]) > 12
            month_first |= int(match[2]) > 12
    if day_first == month_first:
        return readings
    settled = {}
    for label, reading in readings.items():
        if reading.kind is DateKind.AMBIGUOUS:
            day = reading.candidates[0 if day_first else 1]
            reading = DateReading(DateKind.DAY, day, day.year, day.month)
        settled[label] = reading
    return settled


def _shown(day: date | None) -> str:
    return "?" if day is None else format_date(day)


def _report(readings: dict[str, DateReading], findings: Findings) -> None:
    short = next((t for t, r in readings.items() if r.day and _SHORT.fullmatch(t.strip())), None)
    if short is not None:
        findings.add(
            "date-two-digits", Severity.WARNING,
            _("Years have two digits: {label} is read as {day}.").format(
                label=short, day=_shown(readings[short].day)), short,
            _("Check the century in the preview."),
        )  # fmt: skip
    for label, reading in readings.items():
        if reading.kind is DateKind.AMBIGUOUS:
            findings.add(
                "date-ambiguous", Severity.ERROR,
                _("“{label}” can be {first} or {second}.").format(
                    label=label, first=_shown(reading.candidates[0]),
                    second=_shown(reading.candidates[1])), label,
                _("State in the recipe whether day or month comes first."),
            )  # fmt: skip
        elif reading.kind is DateKind.UNREADABLE:
            findings.add(
                "date-unreadable", Severity.ERROR,
                _("“{label}” is not a date.").format(label=label), label,
                _("Write it like 31.12.2024, 2024-12-31, 20241231 or 2024."),
            )  # fmt: skip
