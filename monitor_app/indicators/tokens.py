"""From the formula as typed to text that Python's own parser can read.

Only the characters and words of the language pass. ``age 20..64`` and a single ``=`` are no
Python: they become ``age @ 20 | 64`` and ``==``. For every character of the result ``columns``
keeps the place in the text as typed, so that errors name the right column.
"""

from __future__ import annotations

import difflib
import keyword
import re
from collections.abc import Iterable
from dataclasses import dataclass

from monitor_app.core.i18n import _
from monitor_app.core.issues import UserError, fail

MAX_LENGTH = 2000
MAX_TOKENS = 400
MAX_DEPTH = 20
MAX_DIGITS = 15

_TOKEN = re.compile(
    r"""
      (?P<space>\s+)
    | (?P<number>\d+(?:\.\d+)?(?!\.?\d|[A-Za-z_]))
    | (?P<name>[A-Za-z][A-Za-z0-9_]*)
    | (?P<text>"[^"\\\n\r]*"|'[^'\\\n\r]*')
    | (?P<range>\.\.)
    | (?P<op>\*\*|<=|>=|==|!=|<>|[-+*/()<>,=≤≥≠×·−–])
    """,
    re.VERBOSE,
)
_RANGE_FOLLOWS = re.compile(r"\s*(?:in\s+)?\d+\s*\.\.")
_PLAIN = {"=": "==", "<>": "!=", "≠": "!=", "≤": "<=", "≥": ">=", "×": "*", "·": "*",
          "−": "-", "–": "-"}  # fmt: skip
_WORDS = {"and": "and", "or": "or", "not": "not", "in": "in",
          "und": "and", "oder": "or", "nicht": "not"}  # fmt: skip


@dataclass(frozen=True)
class Prepared:
    """Python text and, per character of it, the 0-based place in the text as typed."""

    text: str
    columns: tuple[int, ...]
    original: str

    def column(self, line_bytes: int) -> int:
        """1-based column as typed for a byte offset that Python's parser reports."""
        place = len(self.text.encode()[: max(line_bytes, 0)].decode(errors="ignore"))
        if not self.columns:
            return 1
        return self.columns[min(place, len(self.columns) - 1)] + 1


def wrong(message: str, column: int, text: str, repair: str | None = None) -> UserError:
    """The error of a formula: place is the 1-based column."""
    return fail(
        "formula",
        _("Formula, column {column}: {message}").format(column=column, message=message),
        column=str(column),
        value=text[:200],
        repair=repair,
    )


def nearest(word: str, known: Iterable[str]) -> str | None:
    """A repair that suggests the known name most like ``word``."""
    found = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return _("Did you mean “{name}”?").format(name=found[0]) if found else None


def prepare(text: str) -> Prepared:
    """Check size, characters and nesting and rewrite; raises UserError."""
    if len(text) > MAX_LENGTH:
        raise wrong(
            _("the formula is longer than {limit} characters").format(limit=MAX_LENGTH),
            MAX_LENGTH + 1,
            text,
            _("Split it into several indicators that refer to each other."),
        )
    out: list[str] = []
    columns: list[int] = []
    opened: list[int] = []
    count, place = 0, 0
    before = ""
    while place < len(text):
        kind, piece = _token(text, place)
        if kind != "space":
            count += 1
            if kind == "text" and before == "text":
                raise wrong(_("an operator or comma is missing here"), place + 1, text)
            before = kind
            _brackets(opened, piece if kind == "op" else "", place, text)
            rewritten = _rewrite(kind, piece, text, place)
            out.append(f" {rewritten}")
            columns.extend([place] * (len(rewritten) + 1))
            if count > MAX_TOKENS:
                raise wrong(_("the formula has too many parts"), place + 1, text)
        place += len(piece)
    if not out:
        raise wrong(_("the formula is empty"), 1, text)
    if opened:
        raise wrong(_("a bracket is not closed"), opened[-1] + 1, text)
    # The leading blank would be an indent for the parser.
    return Prepared("".join(out)[1:], tuple(columns[1:]), text)


def _token(text: str, place: int) -> tuple[str, str]:
    match = _TOKEN.match(text, place)
    if match is None or match.lastgroup is None:
        raise wrong(
            _("the character “{sign}” has no meaning here").format(sign=text[place]),
            place + 1,
            text,
        )
    return match.lastgroup, match.group()


def _brackets(opened: list[int], piece: str, place: int, text: str) -> None:
    """Keep the places of open brackets."""
    if piece == "(":
        opened.append(place)
        if len(opened) > MAX_DEPTH:
            raise wrong(_("brackets are nested too deeply"), place + 1, text)
    elif piece == ")":
        if not opened:
            raise wrong(_("there is a closing bracket too many"), place + 1, text)
        opened.pop()


def _rewrite(kind: str, piece: str, text: str, place: int) -> str:
    if kind == "range":
        return "|"
    if kind == "number":
        if len(piece) > MAX_DIGITS:
            raise wrong(_("the number is too long"), place + 1, text)
        # Leading zeros are no Python; "007" means 7.
        return piece if "." in piece else str(int(piece))
    if kind == "name":
        return _word(piece, text, place)
    return _PLAIN.get(piece, piece)


def _word(piece: str, text: str, place: int) -> str:
    if piece == "in" and _RANGE_FOLLOWS.match(text, place + 2):
        return ""
    if piece in _WORDS:
        return _WORDS[piece]
    if keyword.iskeyword(piece):
        raise wrong(
            _("the word “{word}” does not belong to the formula language").format(word=piece),
            place + 1,
            text,
            _("For a choice between two values use where(condition, then, else)."),
        )
    # ``age 20..64`` or ``age in 20..64``: the blank between becomes an operator.
    if piece == "age" and _RANGE_FOLLOWS.match(text, place + 3):
        return "age @"
    return piece
