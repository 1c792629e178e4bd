"""Columns that tell rows apart beside area, date, sex and age: nationality and other groups."""

from __future__ import annotations

from collections.abc import Sequence

from monitor_app.core.i18n import _
from monitor_app.exchange.guess import Role
from monitor_app.exchange.propose_words import role_name, total_text
from monitor_app.exchange.recipe_model import AgeRule, CodeRule
from monitor_app.exchange.table_facts import Facts, chosen, unique
from monitor_app.exchange.wide_headers import nationality

#: Groups that are taken apart at most; texts beyond that are remarks, not groups.
MOST_GROUPS = 60


def add_groups(facts: Facts, shared: dict[str, object], values: Sequence[str]) -> None:
    """Columns that tell rows apart which the other dimensions do not."""
    keys = [g.column for g in facts.roles.values()]
    age = shared.get("age")
    if isinstance(age, AgeRule) and age.column is not None and age.column not in keys:
        keys.append(age.column)
    rows = chosen(facts, shared)
    if unique(facts, keys, rows):
        return
    free = [h for h in facts.table.header if _may_group(facts, h, keys, values)]
    free = [h for h in free if not any(_renames(facts, h, o) for o in free[: free.index(h)])]
    needed = next(([h] for h in free if unique(facts, [*keys, h], rows)), free)
    if not needed:
        return
    best = _group_first(facts, needed)
    text = _("{column} is taken as {role}: {reason}.")
    reason = _("few distinct texts ({count})").format(count=len(facts.distinct[best]))
    facts.reasons.append(text.format(column=best, role=role_name(Role.GROUP), reason=reason))
    shared["group"], labels = _group_rule(facts, best)
    shared["labels"] = labels
    others = [h for h in needed if h != best]
    if others and not any(total_text(t) for h in others for t in facts.distinct[h]):
        shared["duplicates"] = "sum"
        text = _("Rows that differ only in {columns} are added up.")
        facts.reasons.append(text.format(columns=", ".join(others)))


def _may_group(facts: Facts, column: str, keys: Sequence[str], values: Sequence[str]) -> bool:
    count = len(facts.distinct[column])
    if column in keys or column in values or column in facts.wide.columns:
        return False
    if (
        column in facts.wide.repeats
        or not 2 <= count <= MOST_GROUPS
        or (count * 2 > len(facts.table))
    ):
        return False
    return not any(facts.follows(column, key) for key in keys)


def _renames(facts: Facts, column: str, other: str) -> bool:
    """Whether one of two columns only repeats the other."""
    return facts.follows(column, other) or facts.follows(other, column)


def _group_first(facts: Facts, columns: Sequence[str]) -> str:
    """Nationality before everything else, then the column with the fewest texts."""

    def rank(column: str) -> tuple[bool, int]:
        texts = [t for t in facts.distinct[column] if t and not total_text(t)]
        return not all(nationality(t) for t in texts), len(texts)

    return min(columns, key=rank)


def _group_rule(facts: Facts, column: str) -> tuple[CodeRule, dict[str, dict[str, str]]]:
    """Codes of a group: ``national`` and ``foreign`` where the texts say so; totals left out.
    A column of codes beside its texts is read by its texts."""
    twins = [h for h in facts.table.header if h != column and _renames(facts, h, column)
             and len(facts.distinct[h]) == len(facts.distinct[column])]  # fmt: skip
    for twin in [column, *twins]:
        texts = [t for t in facts.distinct[twin] if t]
        parts = [t for t in texts if not total_text(t)]
        codes = {t: nationality(t) for t in parts}
        if len(parts) == 2 and set(codes.values()) == {"national", "foreign"}:
            found = {t: c or t for t, c in codes.items()}
            labels = {c: {"de": t, "en": t} for t, c in found.items()}
            totals = {t: "total" for t in texts if t not in parts}
            return CodeRule(column=twin, map=found | totals), labels
    named = next((h for h in [column, *twins] if not all(
        t.isdigit() for t in facts.distinct[h] if t)), column)  # fmt: skip
    texts = [t for t in facts.distinct[named] if t]
    if any(total_text(t) for t in texts):
        return CodeRule(column=named, map={t: "total" if total_text(t) else t for t in texts}), {}
    return CodeRule(column=named), {}
