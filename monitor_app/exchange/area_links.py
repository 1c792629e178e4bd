"""Which column of a table names the areas of a known level, and how its texts become their keys.

By key (``1`` for ``01``), by name (``Altstadt``), or by both in one cell (``01 Altstadt``,
``......0261 Zürich``). Rows of totals and of coarser areas are found by their sums.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from monitor_app.core.areas import CITY, AreaSystem
from monitor_app.exchange.keys import clean_key, match_keys
from monitor_app.exchange.recipe_model import KeyRule, RowFilter
from monitor_app.exchange.table import RawTable

#: So large a share of the distinct texts of a column must be areas (the rest are totals, errors).
SHARE = 0.6
#: A level whose areas a file names to less than this share is not meant, unless the header says.
COVERED = 0.5
_HEAD = re.compile(
    r"schl|(?<![a-z])nr|code|key|gebiet|bezirk|viertel|quartier|teil|raum|block|district|area|zbez"
    r"|_id$|kreis|gemeinde|ort|lor|plr|bzr|region|kanton|ags|auspr|attribute"
)
_OTHER_HEAD = re.compile(r"alter(?!s?wohn)|^age|jahr(?!gang)|^zeit|datum|date|sort$|geschl|^sex")
_BOTH = re.compile(r"[^0-9A-Za-zÄÖÜäöü]*([0-9][0-9./]*[0-9]|[0-9])[\s.:_–-]+(\S.*)")
_TAIL = re.compile(r",? ?(?:(?:kreisfreie |landeshaupt|hanse)?stadt|landkreis|kreis|st)$")
_TOTAL = re.compile(
    r"(?i)^\W*(insgesamt|gesamt|gesamtstadt|summe|total|zusammen|stadt insgesamt|alle)\b"
    r"|\b(insgesamt|gesamt|total)\W*$"
)


@dataclass(frozen=True)
class AreaLink:
    """``rule`` reads the keys of ``level``; ``totals`` are texts of rows that only repeat the
    others. ``by``: key, name or both."""

    level: str
    rule: KeyRule
    by: str
    score: float
    unmatched: tuple[str, ...] = ()
    aside: tuple[str, ...] = field(default=())

    @property
    def column(self) -> str:
        return self.rule.column or ""


def plain_name(text: str) -> str:
    """A name without marks, blanks, case and the kind of municipality behind it."""
    text = unicodedata.normalize("NFKC", text).casefold().strip(" .>-–\t")
    text = _TAIL.sub("", text).replace("ß", "ss")
    for a, b in (("ä", "ae"), ("ö", "oe"), ("ü", "ue")):
        text = text.replace(a, b)
    return re.sub(r"[\W_]+", "", text)


def find_link(table: RawTable, areas: AreaSystem) -> AreaLink | None:
    """The column that names most areas of the finest level the file is about."""
    found = [
        link
        for level in areas.levels
        if level.key != CITY
        for column in table.header
        if (link := _link(table, column, level.key, areas)) is not None
    ]
    return max(found, key=lambda link: link.score, default=None)


def _link(table: RawTable, column: str, level: str, areas: AreaSystem) -> AreaLink | None:
    known = areas.keys(level)
    texts = [t for t in dict.fromkeys(table.column(column)) if t.strip()]
    head = column.strip().casefold()
    if not texts or len(known) < 2 or _OTHER_HEAD.search(head) or column in _measured(table):
        return None
    named: dict[str, str] = {}
    for area in areas.at(level):
        named.setdefault(plain_name(area.name), area.key)
    by = "key"
    found = _by_key(texts, known)
    if len(found) < SHARE * len(texts):
        by, found = "both", _by_both(texts, known, named)
    if len(found) < SHARE * len(texts):
        by, found = "name", _by_name(texts, named)
    hit = set(found.values())
    hinted = _HEAD.search(head) is not None or plain_name(level) == plain_name(column)
    covered = len(hit) / len(known)
    least = 1 if hinted else 2
    if len(found) < SHARE * len(texts) or len(hit) < least:
        return None
    if covered < COVERED and not (hinted and by != "key") and not (hinted and len(hit) > 2):
        return None
    rest = tuple(t for t in texts if t not in found)
    mapped = {} if by == "key" else {clean_key(t): k for t, k in found.items()}
    score = (
        len(hit)
        + 0.5 * covered
        + (0.3 if hinted else 0.0)
        - 0.1 * ("key", "both", "name").index(by)
    )
    if by == "key" and any(clean_key(t) != k for t, k in found.items()) and not hinted:
        score *= 0.5
    return AreaLink(level, KeyRule(column=column, map=mapped), by, score, rest)


def areas_across(
    headers: Sequence[str], areas: AreaSystem
) -> tuple[str | None, dict[str, dict[str, str]]]:
    """The level whose areas stand in the headers of columns, and header -> its key."""
    best: tuple[str | None, dict[str, dict[str, str]]] = (None, {})
    for level in (lv.key for lv in areas.levels if lv.key != CITY):
        known = areas.keys(level)
        named: dict[str, str] = {}
        for area in areas.at(level):
            named.setdefault(plain_name(area.name), area.key)
        texts = [h for h in headers if h.strip()]
        found = _by_name(texts, named) or _by_both(texts, known, named)
        least = max(3, SHARE * len(texts), COVERED * len(known))
        if len(found) >= least and len(found) > len(best[1]):
            best = level, {h: {"area": key} for h, key in found.items()}
    return best


def _measured(table: RawTable) -> frozenset[str]:
    """Columns with so many different numbers that they count something."""
    return frozenset(
        h for h, cells in zip(table.header, table.columns, strict=True)
        if h in table.numeric and any("." in c.removesuffix(".0") for c in cells)
    )  # fmt: skip


def _by_key(texts: Sequence[str], known: Sequence[str]) -> dict[str, str]:
    match = match_keys([clean_key(t) for t in texts], known)
    return {t: k for t, k, ok in zip(texts, match.keys, match.known, strict=True) if ok}


def _by_name(texts: Sequence[str], named: Mapping[str, str]) -> dict[str, str]:
    found = {t: named[plain_name(t)] for t in texts if plain_name(t) in named}
    return found if len(set(found.values())) == len(found) else {}


def _by_both(
    texts: Sequence[str], known: Sequence[str], named: Mapping[str, str]
) -> dict[str, str]:
    parts = {t: m for t in texts if (m := _BOTH.fullmatch(t.strip())) is not None}
    if not parts:
        return {}
    by_key = _by_key([m[1] for m in parts.values()], known)
    found = {t: by_key[m[1]] for t, m in parts.items() if m[1] in by_key}
    by_name = {t: named[plain_name(m[2])] for t, m in parts.items() if plain_name(m[2]) in named}
    best = by_name if len(by_name) > len(found) else found
    return best if len(set(best.values())) == len(best) else {}


def rows_aside(
    table: RawTable, column: str, unmatched: Sequence[str], sums: NDArray[np.float64]
) -> tuple[RowFilter, ...]:
    """Rows of totals and of coarser areas. ``sums``: float64 [kind of number, row].

    A text is one where it says so, or where the rows of all such texts together are as many
    persons as all areas (or twice as many, for two coarser levels).
    """
    cells = np.array([c.strip() for c in table.column(column)], dtype=object)
    empty = cells == ""
    inside = sums[:, ~(np.isin(cells, [t.strip() for t in unmatched]) | empty)].sum(axis=1)

    def repeats(rows: NDArray[np.bool_], times: int = 1) -> bool:
        own = sums[:, rows].sum(axis=1)
        return any(_same(a, times * b) for a, b in zip(own, inside, strict=True))

    found: list[RowFilter] = []
    if empty.any() and repeats(empty):
        found.append(RowFilter(column=column, empty=True, role="total"))
    said = [t for t in unmatched if _TOTAL.search(t) or repeats(cells == t.strip())]
    if said:
        equals = tuple(t.strip() for t in said)
        found.append(RowFilter(column=column, equals=equals, role="total"))
    other = tuple(t.strip() for t in unmatched if t not in said)
    if other:
        rows = np.isin(cells, other)
        if repeats(rows) or repeats(rows, 2):
            found.append(RowFilter(column=column, equals=other, role="subtotal"))
    return tuple(found)


def _same(first: float, second: float) -> bool:
    """Equal up to rounding in the file; nothing equals zero."""
    return second > 0 and abs(first - second) <= 0.001 * second
