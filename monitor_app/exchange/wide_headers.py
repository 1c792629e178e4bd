"""Headers of a wide table that stand for ages, years, sexes or nationalities.

``0``, ``1``, … ``100+``, ``männlich | unter 3``, ``deutsch weiblich``, ``E_E00_01``, ``2014``. Only
columns that belong together are taken: what is left of a header besides its coordinates must be
the same for all of them, and age groups must join without gaps. Columns that repeat others (a
total, a coarser age group) are named as such and never counted twice.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from monitor_app.core.ages import AgeGroup
from monitor_app.exchange.labels import DateKind, parse_age, parse_ages, parse_date, parse_sex

#: At least so many columns of one kind make a table wide.
ENOUGH: Mapping[tuple[str, ...], int] = {("age",): 3}
_NATIONAL = (
    r"deutsche?r?|schweiz(?:er[a-z*/:]*)?|österreich(?:er[a-z*/:]*)?|inländer[a-z*/:]*|nationals?"
)
_FOREIGN = (
    r"nicht[- ]?deutsche?r?|(?:staats)?ausländ(?:er|isch)[a-z*/:]*|ausland|foreign(?:ers?)?"
    r"|nicht[- ]?(?:schweizer|österreicher)[a-z*/:]*"
)
_GROUPS = tuple(
    (code, re.compile(rf"(?<![a-zäöü])(?:{words})(?![a-zäöü])", re.IGNORECASE))
    for code, words in (("foreign", _FOREIGN), ("national", _NATIONAL))
)
_SEX_WORD = re.compile(
    r"(?<![a-zäöü])(m[aä]e?nnlich|weiblich|divers|m[aä]e?nner|mann|frauen|frau|males?|females?|men"
    r"|women|jungen|m[aä]e?dchen|insgesamt|gesamt|zusammen|total)(?![a-zäöü])",
    re.IGNORECASE,
)
_SEX_LETTER = re.compile(r"(?:^|[\s_(])(m|w|f|d)(?=$|[\s_)])", re.IGNORECASE)
_YEAR_WORD = re.compile(
    r"(?<![0-9a-z])((?:\d{1,2}\.\d{1,2}\.)?(?:19|20)\d{2}|(?:19|20)\d{2}-\d{2}-\d{2})(?![0-9a-z])",
    re.IGNORECASE,
)
_BEFORE_AGE = re.compile(r"\D*?(?=(?:unter|über|ab|bis|u|b)? ?\d|[<>≥≤])", re.IGNORECASE)
_SUM = re.compile(r"insgesamt|gesamt|total|summe|zusammen")
_TRIM = " _-–,;:/()."


@dataclass(frozen=True)
class WideTable:
    """``columns``: header -> dimension -> its text. ``repeats``: headers of columns that only
    repeat sums of the others. Both empty where the table is not wide."""

    columns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    repeats: tuple[str, ...] = ()

    @property
    def dimensions(self) -> frozenset[str]:
        return frozenset(d for own in self.columns.values() for d in own)


@dataclass(frozen=True)
class _Header:
    text: str
    coordinates: Mapping[str, str]
    rest: str  # what is left besides the coordinates
    total: bool = False  # of sexes


def read_wide(headers: Sequence[str]) -> WideTable:
    """The columns that stand for positions of dimensions; empty where too few belong together."""
    single = _single_ages(headers)
    found = [_read(h, single) for h in headers]
    families: dict[tuple[tuple[str, ...], str], list[_Header]] = defaultdict(list)
    for own in found:
        if own.coordinates:
            families[tuple(sorted(own.coordinates)), own.rest].append(own)
    ranked = sorted(families.items(), key=lambda item: (-_weight(item[1]), -len(item[0][0])))
    for (kind, rest), members in ranked:
        chosen = _without_repeats(kind, members)
        if len(chosen) >= ENOUGH.get(kind, 2) and _tells_apart(kind, chosen):
            taken = {h.text for h in chosen}
            repeats = tuple(
                h.text for h in found
                if h.text not in taken and _repeats(h, kind, rest, members)
            )  # fmt: skip
            return WideTable({h.text: dict(h.coordinates) for h in chosen}, repeats)
    return WideTable()


def _weight(members: Sequence[_Header]) -> int:
    return len({tuple(sorted(h.coordinates.items())) for h in members})


def _single_ages(headers: Sequence[str]) -> frozenset[str]:
    """Plain numbers that rise by one from 0 or 1: single ages, not years or keys."""
    numbers = [h.strip() for h in headers if re.fullmatch(r"\d{1,3}", h.strip())]
    values = sorted({int(n) for n in numbers})
    if len(values) < 5 or values[0] > 1 or values[-1] > 125:
        return frozenset()
    return frozenset(numbers) if values == list(range(values[0], values[-1] + 1)) else frozenset()


def _read(header: str, single: frozenset[str]) -> _Header:
    coordinates: dict[str, str] = {}
    rests: list[str] = []
    total = False
    for part in header.split("|"):
        text = part.strip()
        if "date" not in coordinates and parse_date(text).kind in (DateKind.YEAR, DateKind.DAY):
            coordinates["date"] = text
            continue
        if text in single and "age" not in coordinates:
            coordinates["age"] = text
            continue
        text, whole = _take_words(text, coordinates)
        total |= whole
        rest = _take_age(text, coordinates) if not text.isdigit() else text
        if rest:
            rests.append(rest)
    return _Header(header, coordinates, " ".join(rests).casefold(), total)


def _take_words(text: str, coordinates: dict[str, str]) -> tuple[str, bool]:
    """Nationality, sex and year out of a header; what is left of it, and whether it spoke of
    both sexes together."""
    total = False
    for code, pattern in _GROUPS:
        if "group" not in coordinates and (m := pattern.search(text)):
            coordinates["group"] = code
            text = text[: m.start()] + " " + text[m.end() :]
    match = _SEX_WORD.search(text) or _SEX_LETTER.search(text)
    if match and "sex" not in coordinates:
        reading = parse_sex(match[1])
        total = reading.total
        if reading.code is not None:
            coordinates["sex"] = match[1]
        text = text[: match.start(1)] + " " + text[match.end(1) :]
    if "date" not in coordinates and (year := _YEAR_WORD.search(text)):
        coordinates["date"] = year[1]
        text = text[: year.start()] + " " + text[year.end() :]
    return " ".join(text.split()).strip(_TRIM), total


def _take_age(text: str, coordinates: dict[str, str]) -> str:
    """What is left of a header besides an age group."""
    if not text or "age" in coordinates:
        return text
    reading = parse_age(text)
    if reading.group is None:
        return text
    coordinates["age"] = text
    match = _BEFORE_AGE.match(text)
    return match.group(0).strip(_TRIM) if match and not _is_word_of_age(match.group(0)) else ""


def _is_word_of_age(text: str) -> bool:
    return text.strip(_TRIM).casefold() in {"", "alter", "age", "unter", "ab", "über", "von", "im"}


def _tells_apart(kind: tuple[str, ...], chosen: Sequence[_Header]) -> bool:
    """No two columns at one position, and for sexes alone both of them."""
    places = Counter(tuple(sorted(h.coordinates.items())) for h in chosen)
    if max(places.values()) > 1:
        return False
    if kind == ("sex",):
        codes = {parse_sex(h.coordinates["sex"]).code for h in chosen}
        return {"m", "f"} <= codes
    return kind != ("group",) or len(chosen) == 2


def _without_repeats(kind: tuple[str, ...], members: Sequence[_Header]) -> list[_Header]:
    """The finest age groups that join to one axis, the same ones for all other coordinates."""
    if "age" not in kind:
        return list(members)
    readings = parse_ages(list(dict.fromkeys(h.coordinates["age"] for h in members))).readings
    by_other: dict[tuple[tuple[str, str], ...], dict[AgeGroup, _Header]] = defaultdict(dict)
    for header in members:
        group = readings[header.coordinates["age"]].group
        if group is not None:
            other = tuple(sorted((d, t) for d, t in header.coordinates.items() if d != "age"))
            by_other[other].setdefault(group, header)
    if not by_other:
        return []
    common = set.intersection(*(set(own) for own in by_other.values()))
    chain = finest_chain(common)
    return [own[group] for own in by_other.values() for group in chain]


def finest_chain(groups: set[AgeGroup]) -> tuple[AgeGroup, ...]:
    """The most groups that join from the lowest age to the highest; empty where they do not."""
    if not groups:
        return ()
    start = min(g.lo for g in groups)
    end = None if any(g.hi is None for g in groups) else max(g.hi or 0 for g in groups)
    best: dict[int | None, tuple[AgeGroup, ...]] = {start: ()}
    for group in sorted(groups, key=lambda g: (g.lo, g.hi is None, g.hi or 0)):
        if group.lo in best:
            longer = (*best[group.lo], group)
            if group.hi not in best or len(longer) > len(best[group.hi]):
                best[group.hi] = longer
    return best.get(end, ())


def _repeats(header: _Header, kind: tuple[str, ...], rest: str, members: Sequence[_Header]) -> bool:
    """Whether a column only repeats sums of those taken: a coarser group, or both sexes."""
    if header in members:
        return True
    own = set(header.coordinates)
    same = header.rest == rest or not header.rest
    if own == set(kind) - {"sex"} and (header.total or same) and own:
        return True
    return not own and (header.total or _SUM.search(header.rest) is not None)


def nationality(label: str) -> str | None:
    """``national`` or ``foreign`` where a label names nothing else; None for all other texts."""
    text = " ".join(label.split())
    return next((code for code, pattern in _GROUPS if pattern.fullmatch(text)), None)
