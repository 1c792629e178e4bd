"""What the columns of an unknown table may be, with a score and the reason of each guess."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from monitor_app.core.i18n import _
from monitor_app.exchange.keys import clean_key, match_keys
from monitor_app.exchange.labels import AgeRule as AgeKind
from monitor_app.exchange.labels import DateKind, parse_ages, parse_dates, parse_sexes
from monitor_app.exchange.numbers import weigh
from monitor_app.exchange.table import RawTable

#: So many distinct texts of a column are looked at.
SAMPLE = 5_000
#: A column keeps its role where so many of its cells agree; the others are findings, not proof.
AGREEING = 0.95


class Role(StrEnum):
    AREA = "area"
    DATE = "date"
    SEX = "sex"
    AGE = "age"
    GROUP = "group"
    NAME = "name"
    VALUE = "value"
    TOTAL = "total"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class Guess:
    """One role that a column may have. ``score`` 0..1; ``level`` for area keys."""

    column: str
    role: Role
    score: float
    reason: str
    level: str | None = None


_HINTS: Mapping[Role, re.Pattern[str]] = {
    Role.AREA: re.compile(
        r"schl|(?<![a-z])nr|code|key|gebiet|bezirk|viertel|quartier|(?<!an)(?<!vor)teil(?!n)|raum|block"
        r"|district|area|zbez|_id$|(?<!land)kreis|gemeinde|ortschaft|region"
    ),
    Role.DATE: re.compile(r"stichtag|datum|date|jahr|year|stand|zeit|period"),
    Role.SEX: re.compile(r"geschlecht|sex|gender|(?<![a-z0-9])c11(?![0-9])"),
    Role.AGE: re.compile(r"(?<!zeit)alter|age(?![a-z]*ncy)|jahrgang|galt(?:ej|5j)"),
    Role.GROUP: re.compile(r"staat|nation|herkunft|gruppe|group|typ|art|form|status|kind|geo"),
    Role.NAME: re.compile(r"name|bezeichnung|label|stadtteil$|viertel$|bezirk$"),
    Role.VALUE: re.compile(
        r"anzahl|(?<!leit)zahl$|wert|personen|einwohner|bestand|count|value|f(ä|ae)lle"
    ),
    Role.TOTAL: re.compile(r"insgesamt|gesamt|total|summe|zusammen|all(e)?$"),
}


_BIRTH = re.compile(r"geb(\.|oren|urts?)|jahrgang|birth")
_SUM = re.compile(r"^(jahres)?summe|^total|^insgesamt|^gesamt")
#: Headers of figures, whatever else they speak of.
_MEASURE = re.compile(r"%|anteil|quote|je 1|pro |durchschnitt|prozent|dichte|fläche")


def _hint(role: Role, column: str) -> float:
    return 0.3 if _HINTS[role].search(column.strip().casefold()) else 0.0


def guess_columns(
    table: RawTable,
    levels: Mapping[str, Sequence[str]],
    names: Mapping[str, str] | None = None,
) -> tuple[tuple[Guess, ...], ...]:
    """Ranked guesses for every column of the table; ``levels`` are the known keys per level,
    ``names`` the names of the levels."""
    return tuple(
        tuple(sorted(_of_column(table, i, levels, names or {}), key=lambda g: -g.score))
        for i in range(len(table.header))
    )


def _of_column(
    table: RawTable,
    position: int,
    levels: Mapping[str, Sequence[str]],
    names: Mapping[str, str],
) -> list[Guess]:
    column = table.header[position]
    cells = table.columns[position]
    counts = Counter(c.strip() for c in cells)
    counts.pop("", None)
    texts = list(counts)[:SAMPLE]
    if not texts:
        return [Guess(column, Role.EMPTY, 1.0, _("the column is empty"))]
    found = _area_guesses(column, texts, levels, names)
    found += _label_guesses(column, texts, counts)
    evidence = weigh(texts)
    if evidence.is_numeric:
        score = 0.35 + (0.1 if column in table.numeric else 0.0)
        score += -0.2 if evidence.keys else _hint(Role.VALUE, column)
        found.append(Guess(column, Role.VALUE, score, _("all cells are numbers")))
        if _HINTS[Role.TOTAL].search(column.strip().casefold()):
            found.append(Guess(column, Role.TOTAL, 0.5, _("the header says that it is a total")))
    else:
        if _agree([t for t in texts if weigh([t]).is_numeric], counts) and not evidence.keys:
            score = 0.35 + _hint(Role.VALUE, column)
            found.append(Guess(column, Role.VALUE, score, _("nearly all cells are numbers")))
        few = len(texts) <= 30 and len(texts) * 3 <= len(table)
        if few:
            text = _("few distinct texts ({count})").format(count=len(texts))
            found.append(Guess(column, Role.GROUP, 0.3 + _hint(Role.GROUP, column), text))
        text = _("texts that are no keys")
        score = 0.25 if len(texts) > 2 else 0.1
        found.append(Guess(column, Role.NAME, score + _hint(Role.NAME, column) / 2, text))
    return found


def _area_guesses(
    column: str,
    texts: Sequence[str],
    levels: Mapping[str, Sequence[str]],
    names: Mapping[str, str],
) -> list[Guess]:
    found = []
    keys = [clean_key(t) for t in texts]
    for level, known in levels.items():
        if not known:
            continue
        match = match_keys(keys, known)
        share = sum(match.known) / len(keys)
        covered = len({k for k, hit in zip(match.keys, match.known, strict=True) if hit})
        if share >= 0.6 and covered * 2 >= min(len(known), len(keys)):
            text = _("{share} of the keys are areas of the level {level}").format(
                share=f"{round(100 * share)} %", level=names.get(level, level)
            )
            score = 0.5 * share + 0.2 * covered / len(known) + _hint(Role.AREA, column)
            # keys that had to be changed may be any small numbers (1, 2 for the sexes)
            score -= 0.3 if match.repaired else 0.0
            found.append(Guess(column, Role.AREA, min(1.0, score), text, level))
    codes = all(re.fullmatch(r"[0-9A-Za-z_.\-/]{1,16}", k) for k in keys)
    if found or not _hint(Role.AREA, column) or len(keys) < 2 or _MEASURE.search(column.casefold()):
        return found
    if codes and not any(re.fullmatch(r"\d+[.,]\d+", k) for k in keys):
        found.append(Guess(column, Role.AREA, 0.45, _("the header speaks of an area key")))
    elif not any(weigh([t]).is_numeric for t in texts[:SAMPLE]) and all(len(t) < 60 for t in texts):
        found.append(Guess(column, Role.AREA, 0.4, _("the header speaks of areas")))
    return found


def _agree(good: Sequence[str], counts: Counter[str]) -> bool:
    """Whether cells with these texts make nearly the whole column."""
    return sum(counts[t] for t in good) >= AGREEING * counts.total()


def _label_guesses(column: str, texts: Sequence[str], counts: Counter[str]) -> list[Guess]:
    found = []
    days = parse_dates(texts).readings
    good = [t for t in texts if days[t].kind in (DateKind.DAY, DateKind.YEAR, DateKind.MONTH)]
    years = {days[t].year for t in good}
    sums = [t for t in texts if t not in good and _SUM.search(t.casefold())]
    if _BIRTH.search(column.casefold()):
        good = []  # years of birth date no rows
    enough = len(good) + len(sums) == len(texts) or (
        _hint(Role.DATE, column) > 0 and _agree(good, counts)
    )
    if enough and good and all(y is not None and 1800 <= y <= 2100 for y in years):
        bare = all(days[t].kind is DateKind.YEAR for t in good)
        text = _("all cells are years") if bare else _("all cells are dates")
        if len(good) < len(texts):
            text = _("nearly all cells are dates")
        score = (0.4 if bare else 0.7) + _hint(Role.DATE, column)
        found.append(Guess(column, Role.DATE, score, text))
    sexes = parse_sexes(texts).readings
    if len(texts) <= 5 and all(sexes[t].readable for t in texts):
        numbers = all(t.isdigit() for t in texts)
        score = (0.35 if numbers else 0.7) + _hint(Role.SEX, column)
        found.append(Guess(column, Role.SEX, score, _("all cells are sexes")))
    ages = parse_ages(texts).readings
    groups = [t for t in texts if ages[t].group is not None]
    readable = len(groups) + sum(ages[t].rule is AgeKind.TOTAL for t in texts)
    if len(groups) >= 3 and readable >= 0.9 * len(texts):
        # Prefixes are read generously (“x15”): only many of them say that ages are meant.
        plain = sum(t.isdigit() for t in groups) >= 0.8 * len(groups)
        score = (0.2 if plain else 0.6) + _hint(Role.AGE, column)
        found.append(Guess(column, Role.AGE, score, _("the cells are age groups")))
    return found
