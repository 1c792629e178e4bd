"""Age labels to half-open groups, with the rule that proves each reading.

``0–2``, ``0 bis unter 3``, ``u3``, ``3b6``, ``85+``, ``AGE_75+``, ``E_E00_01`` … A label alone may
leave open whether its upper bound is included; the other labels of the column usually settle it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from monitor_app.core.ages import AgeGroup
from monitor_app.core.i18n import _
from monitor_app.core.issues import Severity
from monitor_app.exchange.label_set import Findings, LabelPlace, Labels

#: No completed age is above this; upper bounds from here on mean an open group (``95_110``).
OLDEST = 110


class AgeRule(StrEnum):
    """How a label was read."""

    SINGLE = "single"  # 104
    CLOSED = "closed"  # 0–2: both bounds included
    HALF_OPEN = "half_open"  # 0 bis unter 3, 3b6, E_E00_01
    UNDER = "under"  # unter 3, u3, <3
    OPEN = "open"  # 85+, ab 65
    TOTAL = "total"  # insgesamt
    UNKNOWN = "unknown"  # unbekannt, ohne Angabe
    AMBIGUOUS = "ambiguous"  # bis 18, über 60: bound included or not
    MANGLED = "mangled"  # a spreadsheet made a date of it
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class AgeReading:
    """``group`` is None for totals, unknown age and everything that cannot be read for sure;
    ``candidates`` then has the possible groups (also the suggestion for a mangled label)."""

    rule: AgeRule
    group: AgeGroup | None = None
    candidates: tuple[AgeGroup, ...] = ()


_TOTALS = frozenset({
    "insgesamt", "gesamt", "zusammen", "total", "alle", "summe", "all", "sum", "i", "insg", "insg.",
    "alle altersgruppen", "all ages", "alter insgesamt", "alle alter",
})  # fmt: skip
_UNKNOWN = frozenset({
    "unbekannt", "ohne angabe", "unknown", "k.a.", "k. a.", "keine angabe", "not stated", "o.a.",
    "nicht bekannt", "alter unbekannt", "",
})  # fmt: skip
_WORDS = re.compile(
    r"\b(?:jahre?n?|j(?:ä|ae)hrig(?:e[nrs]?)?|jahrig|years?|yrs?|old|aged?|ages|alter|von|from|alt"
    r"|altersgruppe|altersjahr|age group|im alter|der|die)\b\.?"
)
#: The name of the dimension before its label: ``Alter - Total``, ``Altersgruppe: 0-4``.
_NAMED = re.compile(r"^(?:alters?(?:gruppen?|klassen?|jahre?)?|age(?: group)?) ?(?:- |: ?)")
_PREFIX = re.compile(r"(?:[a-zäöü]+(?:gr(?:uppe)?)?[ ]?)??(?=(?:[0-9]|unter |ab |u ?[0-9]|[<>≥≤]))")
_OLDER = (
    r"(?:\+|plus|(?:und|u\.?|oder|&) ?(?:ält(?:ere?r?|\.)|aelter|mehr|darüber|darueber)|u\.? ?ä\.?"
    r"|u\.? ?ae\.?|u\.? ?m\.?|und ueber|und über|and over|and older|and above|or older|or over"
    r"|and more|or more|o\. ?ä\.)"
)
_RULES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), kind)
    for pattern, kind in (
        (r"(\d{1,3}) ?(?:-|bis|to)? ?(?:unter|under|b ?u|b\. ?u\.|-? ?<) ?(\d{1,3})", "half"),
        (r"(\d{1,3}) ?[bu] ?(\d{1,3})", "half"),
        (r"(\d{1,3}) ?(?:-|bis einschl(?:\.|ießlich)?|bis|to|through|\.\.) ?(\d{1,3})", "closed"),
        (r"(\d{1,3}) (\d{1,3})", "closed"),
        (r"(?:bis unter|unter|under|below|less than|<|u\.?) ?(\d{1,3})", "under"),
        (r"(?:bis einschl\.?|bis einschließlich|bis zu|up to|<=|≤|=<) ?(\d{1,3})", "upto"),
        (rf"(?:ab )?(\d{{1,3}}) ?{_OLDER}", "open"),
        (r"(?:ab|>=|≥|=>|mindestens|at least) ?(\d{1,3})", "open"),
        (r"> ?(\d{1,3})", "above"),
        (r"(?:über|ueber|ü|over|mehr als|older than|älter als) ?(\d{1,3})", "above?"),
        (r"bis (\d{1,3})", "upto?"),
        (r"(\d{1,3})", "single"),
    )
)  # fmt: skip
_BERLIN = re.compile(r"E_(?:E?(\d{1,3})[_U](\d{1,3})|U(\d{1,3}))", re.IGNORECASE)
_MONTHS = {
    name: number
    for number, names in enumerate(
        ("jan januar january", "feb februar february", "mrz mär märz mar march", "apr april",
         "mai may", "jun juni june", "jul juli july", "aug august", "sep sept september",
         "okt oktober oct october", "nov november", "dez dezember dec december"), start=1)
    for name in names.split()
}  # fmt: skip
_DATES = (
    re.compile(r"(?P<d>\d{1,2})\.? ?[-. ] ?(?P<mon>[a-zä]{3,9})\.?(?: \d{2,4})?"),
    re.compile(r"(?P<mon>[a-zä]{3,9})\.?[-. ](?P<d>\d{1,2})"),
    re.compile(r"(?P<d>\d{1,2})\.(?P<m>\d{1,2})\.(?:\d{4}|\d{2})?(?: 00:00(?::00)?)?"),
    re.compile(r"\d{4}-(?P<m>\d{1,2})-(?P<d>\d{1,2})(?:[ T]00:00(?::00)?)?"),
    re.compile(r"(?P<m>\d{1,2})/(?P<d>\d{1,2})/(?:\d{4}|\d{2})"),
)


def parse_age(label: str) -> AgeReading:
    """Read one label by itself. ``0–2`` counts as closed: so do all German office tables."""
    if (berlin := _BERLIN.fullmatch(label.strip())) is not None:
        if berlin[3]:
            return _group(AgeRule.UNDER, 0, int(berlin[3]))
        hi = int(berlin[2])
        return _group(AgeRule.HALF_OPEN, int(berlin[1]), None if hi >= OLDEST else hi)
    text = label.strip().casefold()
    for dash in "–—−‐‑":
        text = text.replace(dash, "-")
    text = _NAMED.sub("", text)
    if text in _TOTALS:
        return AgeReading(AgeRule.TOTAL)
    if text in _UNKNOWN:
        return AgeReading(AgeRule.UNKNOWN)
    if (mangled := _mangled(text)) is not None:
        return mangled
    text = text.replace("_", " ").replace("ß", "ß")
    text = re.sub(r"(\d)-?j(?:ä|ae)hrig(?:e[nrs]?)?\b", r"\1", text)
    text = " ".join(_WORDS.sub(" ", text).split())
    reading = _match(text)
    if reading is None and (prefix := _PREFIX.match(text)) is not None and prefix.end():
        reading = _match(text[prefix.end() :].strip())
    return reading or AgeReading(AgeRule.UNREADABLE)


def _match(text: str) -> AgeReading | None:
    for pattern, kind in _RULES:
        match = pattern.fullmatch(text)
        if match is not None:
            return _reading(kind, [int(g) for g in match.groups()])
    return None


def _reading(kind: str, bounds: list[int]) -> AgeReading:
    first, last = bounds[0], bounds[-1]
    if last > OLDEST + 20 or (first > OLDEST + 20 and kind != "half"):
        return AgeReading(AgeRule.UNREADABLE)
    if kind == "half":
        return _group(AgeRule.HALF_OPEN, first, None if last >= OLDEST else last)
    if kind == "closed":
        return _group(AgeRule.CLOSED, first, None if last >= OLDEST else last + 1)
    if kind == "under":
        return _group(AgeRule.UNDER, 0, first)
    if kind == "upto":
        return _group(AgeRule.UNDER, 0, first + 1)
    if kind == "open":
        return _group(AgeRule.OPEN, first, None)
    if kind == "above":
        return _group(AgeRule.OPEN, first + 1, None)
    if kind == "above?":
        return _ambiguous((first, None), (first + 1, None))
    if kind == "upto?":
        return _ambiguous((0, first), (0, first + 1))
    return _group(AgeRule.SINGLE, first, first + 1)


def _group(rule: AgeRule, lo: int, hi: int | None) -> AgeReading:
    if hi is not None and hi <= lo:
        return AgeReading(AgeRule.UNREADABLE)
    return AgeReading(rule, AgeGroup(lo, hi))


def _ambiguous(*bounds: tuple[int, int | None]) -> AgeReading:
    groups = tuple(AgeGroup(lo, hi) for lo, hi in bounds if hi is None or hi > lo)
    return AgeReading(AgeRule.AMBIGUOUS, None, groups)


def _mangled(text: str) -> AgeReading | None:
    """``03. Mai`` was ``3-5`` before a spreadsheet took it for a date."""
    for pattern in _DATES:
        match = pattern.fullmatch(text)
        if match is None:
            continue
        parts = match.groupdict()
        month = _MONTHS.get(parts.get("mon") or "") or int(parts.get("m") or 0)
        day = int(parts["d"])
        if 1 <= month <= 12 and 1 <= day <= 31:
            lo, hi = sorted((day, month))
            return AgeReading(AgeRule.MANGLED, None, (AgeGroup(lo, hi + 1),))
    return None


def parse_ages(labels: Sequence[str], place: LabelPlace | None = None) -> Labels[AgeReading]:
    """Read all labels of a column (or header) together.

    Where ranges touch (``0-3``, ``3-6``) the upper bound is excluded, where they do not
    (``0-2``, ``3-5``) it is included; both at once is an error. Issues name what is mangled,
    ambiguous or unreadable.
    """
    findings = Findings(labels, place or LabelPlace())
    readings = findings.read(parse_age)
    readings = _settle_ranges(readings, findings)
    for label, reading in readings.items():
        _report(label, reading, findings)
    return Labels(readings, tuple(findings.issues))


def _settle_ranges(readings: dict[str, AgeReading], findings: Findings) -> dict[str, AgeReading]:
    closed = {
        label: r.group for label, r in readings.items()
        if r.rule is AgeRule.CLOSED and r.group is not None and r.group.hi is not None
    }  # fmt: skip
    starts = {r.group.lo for r in readings.values() if r.group is not None}
    touching = [t for t, g in closed.items() if g.hi is not None and g.hi - 1 in starts - {g.lo}]
    joining = [t for t, g in closed.items() if g.hi in starts]
    # A span over other groups (0-17 beside 0-5, 6-17) may end where another one starts by chance
    # of nesting, so touching bounds count as proof only where no range joins the closed way.
    if not touching or joining:
        if touching and joining and not _nested(closed):
            findings.add(
                "age-bounds", Severity.ERROR,
                _("Age groups overlap or leave gaps: {first} touches its neighbour, {second} does"
                  " not.").format(first=touching[0], second=joining[0]),
                touching[0], _("State the age groups in the recipe."),
            )  # fmt: skip
        return readings
    findings.add(
        "age-half-open", Severity.INFO,
        _("The age groups share their bounds ({label}): the upper bound is read as “under”.")
        .format(label=touching[0]), touching[0],
    )  # fmt: skip
    settled = dict(readings)
    for label, group in closed.items():
        if group.hi is not None and group.hi - 1 > group.lo:
            settled[label] = replace(
                readings[label], rule=AgeRule.HALF_OPEN, group=AgeGroup(group.lo, group.hi - 1)
            )
    return settled


def _nested(groups: dict[str, AgeGroup]) -> bool:
    """No two groups overlap in part: each pair is apart or one holds the other."""
    ordered = sorted(groups.values(), key=lambda g: (g.lo, -(g.hi or 0)))
    stack: list[int] = []
    for group in ordered:
        while stack and stack[-1] <= group.lo:
            stack.pop()
        hi = group.hi or 0
        if stack and hi > stack[-1]:
            return False
        stack.append(hi)
    return True


def _report(label: str, reading: AgeReading, findings: Findings) -> None:
    options = " / ".join(g.label for g in reading.candidates)
    if reading.rule is AgeRule.MANGLED:
        findings.add(
            "age-mangled", Severity.ERROR,
            _("“{label}” looks like an age group that a spreadsheet turned into a date.").format(
                label=label), label,
            _("Was it {group}? Correct it in the spreadsheet (format the column as text).").format(
                group=options),
        )  # fmt: skip
    elif reading.rule is AgeRule.AMBIGUOUS:
        findings.add(
            "age-ambiguous", Severity.ERROR,
            _("“{label}” does not say whether its bound is included.").format(label=label), label,
            _("State in the recipe which it is: {groups}.").format(groups=options),
        )  # fmt: skip
    elif reading.rule is AgeRule.UNREADABLE:
        findings.add(
            "age-unreadable", Severity.ERROR,
            _("“{label}” is not an age group.").format(label=label), label,
            _("Write it like 0–2, 85+ or 7, or state its meaning in the recipe."),
        )  # fmt: skip
