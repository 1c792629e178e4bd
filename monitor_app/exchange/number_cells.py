"""One cell that may hold a number: signs, marks and the readings that are possible.

A cell such as ``1.234`` has two readings (1234 in German, 1.234 in English); this module lists
them and decides nothing. ``numbers`` decides per column, with proof.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from monitor_app.core.status import Status

#: Signs of German official statistics. ``-`` is exactly zero, all others have no value.
SIGNS: dict[str, Status] = {
    "": Status.MISSING,
    "-": Status.OK, "–": Status.OK, "—": Status.OK, "−": Status.OK,
    ".": Status.SECRET, "·": Status.SECRET, "•": Status.SECRET, "*": Status.SECRET,
    "…": Status.MISSING, "...": Status.MISSING, "..": Status.MISSING,
    "/": Status.TOO_UNCERTAIN, "()": Status.TOO_UNCERTAIN,
    "x": Status.NOT_APPLICABLE, "X": Status.NOT_APPLICABLE, "×": Status.NOT_APPLICABLE,
}  # fmt: skip
ZERO_SIGNS = frozenset({"-", "–", "—", "−"})

#: Words that programs write where there is nothing (compared casefolded).
MISSING_WORDS = frozenset(
    {"na", "n/a", "nan", "null", "none", "nil", "k.a.", "k. a.", "k.a", "#n/a", "#nv"}
)
#: Results of broken spreadsheet formulas: no value, and worth a warning.
BROKEN_CELLS = frozenset(
    {"#wert!", "#value!", "#div/0!", "#bezug!", "#ref!", "#name?", "#zahl!", "#num!", "#null!"}
)
#: Letters after a number in official tables.
SUFFIXES = {"p": Status.PROVISIONAL, "r": Status.REVISED, "s": Status.ESTIMATED}

_SPACES = " \u00a0\u2007\u2008\u2009\u202f"
_APOSTROPHES = "'’ʼ´`"
_STRIP = _SPACES + "\t\r\n\ufeff\u200b"
_EXPONENT = r"(?:[eE][+-]?[0-9]{1,3})?"


def _pattern(decimal: str, grouping: str) -> re.Pattern[str]:
    groups = re.escape(grouping + _SPACES + _APOSTROPHES)
    whole = rf"[1-9][0-9]{{0,2}}(?P<g>[{groups}])[0-9]{{3}}(?:(?P=g)[0-9]{{3}})*|[0-9]+"
    mark = re.escape(decimal)
    return re.compile(rf"(?P<whole>{whole})?(?:{mark}(?P<part>[0-9]+))?(?P<exp>{_EXPONENT})")


_COMMA = _pattern(",", ".")
_POINT = _pattern(".", ",")
_NUMBER = re.compile(
    rf"(?P<sign>[+\-−–]?)[{_SPACES}]?(?P<body>[0-9.,][0-9.,{_SPACES}{_APOSTROPHES}]*"
    rf"{_EXPONENT})[{_SPACES}]?(?P<percent>%?)[{_SPACES}]?(?P<suffix>[prs]?)"
)
_GROUPING = re.compile(rf"[{_SPACES}{_APOSTROPHES}]")


@dataclass(frozen=True, slots=True)
class Cell:
    """What a text can mean. ``comma``/``point`` are plain decimals (``-1234.5``) under the
    reading with that decimal mark, None where the text cannot be read so."""

    status: Status
    comma: str | None = None
    point: str | None = None
    percent: bool = False
    marked: bool = False  # has a decimal or grouping mark
    word: str = ""  # "", "sign", "missing", "broken", "unreadable"

    @property
    def is_number(self) -> bool:
        return self.comma is not None or self.point is not None

    @property
    def ambiguous(self) -> bool:
        return self.comma is not None and self.point is not None and self.comma != self.point

    @property
    def proves(self) -> str | None:
        """The decimal mark that this cell alone proves."""
        if self.comma is None:
            return "." if self.point is not None else None
        return "," if self.point is None else None


@lru_cache(maxsize=50_000)  # most cells of a table are one of a few thousand small numbers
def parse_cell(text: str) -> Cell:
    """All readings of one cell; surrounding blanks are ignored."""
    cell = text.strip(_STRIP)
    if cell in SIGNS:
        zero = "0" if cell in ZERO_SIGNS else None
        return Cell(SIGNS[cell], zero, zero, word="sign")
    folded = cell.casefold()
    if folded in MISSING_WORDS:
        return Cell(Status.MISSING, word="missing")
    if folded in BROKEN_CELLS:
        return Cell(Status.MISSING, word="broken")
    if cell[0] == "(" and cell[-1] == ")":
        inner = parse_cell(cell[1:-1])
        if inner.word == "" and inner.status == Status.OK:
            return Cell(Status.UNRELIABLE, inner.comma, inner.point, inner.percent, inner.marked)
        if inner.word == "sign" and not cell[1:-1].strip(_STRIP):
            return Cell(Status.TOO_UNCERTAIN, word="sign")
        return Cell(Status.MISSING, word="unreadable")
    return _parse_number(cell)


def _parse_number(cell: str) -> Cell:
    match = _NUMBER.fullmatch(cell)
    if match is None:
        return Cell(Status.MISSING, word="unreadable")
    body = match["body"].rstrip(_STRIP)
    negative = match["sign"] in "-−–" and match["sign"] != ""
    comma = _reading(_COMMA, body, negative)
    point = _reading(_POINT, body, negative)
    if comma is None and point is None:
        return Cell(Status.MISSING, word="unreadable")
    status = SUFFIXES.get(match["suffix"], Status.OK)
    return Cell(status, comma, point, match["percent"] == "%", "." in body or "," in body)


def _reading(pattern: re.Pattern[str], body: str, negative: bool) -> str | None:
    match = pattern.fullmatch(body)
    if match is None or (match["whole"] is None and match["part"] is None):
        return None
    whole = match["whole"] or "0"
    if match["g"]:
        whole = whole.replace(match["g"], "")
    part = f".{match['part']}" if match["part"] else ""
    return f"{'-' if negative else ''}{whole}{part}{match['exp']}"


def is_key_like(text: str) -> bool:
    """A number with leading zeros (``01.1``, ``007``) is a key, it proves no decimal mark."""
    return len(text) > 1 and text[0] == "0" and text[1].isdigit()
