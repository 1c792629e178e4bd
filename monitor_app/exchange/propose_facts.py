"""What a table of numbers is about: dimensions, values, totals, guessed with reasons."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from monitor_app.core.areas import CITY
from monitor_app.core.batch import ImportContext
from monitor_app.core.i18n import _
from monitor_app.exchange.area_links import areas_across, find_link, rows_aside
from monitor_app.exchange.coded import UNKNOWN
from monitor_app.exchange.guess import Guess, Role
from monitor_app.exchange.labels import parse_ages, parse_sexes
from monitor_app.exchange.longform import dimension_name
from monitor_app.exchange.numbers import weigh
from monitor_app.exchange.propose_dates import date_rule, days_of
from monitor_app.exchange.propose_groups import add_groups
from monitor_app.exchange.propose_totals import last_is_open, starts_at_one, total_rows
from monitor_app.exchange.propose_words import (
    is_rate,
    names_sex,
    names_subject,
    role_name,
    same_series,
    slug,
    stem_of,
    subject_of,
    total_text,
)
from monitor_app.exchange.recipe_model import (
    AgeRule,
    CodeRule,
    DateRule,
    FactContent,
    KeyRule,
    NumberRule,
    RowFilter,
    ValueColumn,
)
from monitor_app.exchange.table import RawTable
from monitor_app.exchange.table_facts import Facts, Guesses, row_sums
from monitor_app.exchange.wide_headers import WideTable, read_wide
from monitor_app.exchange.wording import kind_name

_CODE_HEAD = re.compile(r"(code|cd|sort|nr|nummer|schl(ü|ue)ssel|key|id|kurz|lang|q|ver)$")
_SEX_HEAD = re.compile(r"geschl|sex|gender|^g$|(?<![a-z0-9])c11(?![0-9])")


@dataclass(frozen=True)
class Proposal:
    contents: tuple[FactContent, ...]
    numbers: NumberRule = field(default_factory=NumberRule)


def propose_facts(
    table: RawTable, guesses: Guesses, context: ImportContext, reasons: list[str]
) -> Proposal:
    """Contents for one table of numbers, one per kind of number."""
    codes, distinct = {}, {}
    for header, cells in zip(table.header, table.columns, strict=True):
        factors, unique = pd.factorize(pd.Series([c.strip() for c in cells], dtype=object))
        codes[header] = factors.astype(np.int64)
        distinct[header] = tuple(str(t) for t in unique)
    facts = Facts(table, guesses, context, reasons, codes, distinct)
    _find_roles(facts)
    values = _value_columns(facts)
    subjects = {h: subject_of(h, table, _has_people(facts)) for h in values}
    if facts.wide.columns:
        _say_wide(facts)
    else:
        _say_values(facts, values)
    wide_subject = subject_of(_rest_of_headers(facts), table, _has_people(facts))
    counted = {wide_subject} if facts.wide.columns else set(subjects.values())
    shared = _shared(facts, values, everybody="population" in counted)
    if facts.wide.columns:
        contents: tuple[FactContent, ...] = (_wide_content(facts, shared, wide_subject),)
    else:
        contents = _long_contents(facts, shared, values, subjects)
    return Proposal(contents, _numbers(facts, contents))


def _birth_years(facts: Facts) -> str | None:
    """A column of many years of which its header says that people were born in them."""
    for column in facts.table.header:
        texts = facts.distinct[column]
        named = re.search(r"geb(\.|oren|urts)|jahrgang|birth", column.casefold())
        years = [t for t in texts if re.fullmatch(r"(?:18|19|20)\d\d", t)]
        if named and len(years) >= 5 and len(years) == len(texts):
            return column
    return None


def _has_people(facts: Facts) -> bool:
    """Whether ages or sexes are told apart: then people are counted."""
    return bool({Role.AGE, Role.SEX} & facts.roles.keys()) or bool(
        facts.wide.dimensions & {"age", "sex"}
    )


def _find_roles(facts: Facts) -> None:
    table = facts.table
    facts.link = find_link(table, facts.context.areas)
    if facts.link is not None:
        facts.roles[Role.AREA] = Guess(
            facts.link.column, Role.AREA, 1.0, _link_reason(facts), facts.link.level
        )
    day = _best(facts, Role.DATE)
    if day is not None:
        facts.roles[Role.DATE] = day
    numbers = [
        own[0].column
        for own in facts.guesses
        if any(g.role is Role.VALUE for g in own) and own[0].column not in facts.used
    ]
    facts.wide = read_wide(numbers)
    if facts.link is None and not facts.wide.columns:
        level, named = areas_across(numbers, facts.context.areas)
        if level is not None:
            facts.wide, facts.level = (
                WideTable(named, tuple(h for h in numbers if total_text(h))),
                level,
            )
    if "date" in facts.wide.dimensions:
        facts.roles.pop(Role.DATE, None)
    if "age" not in facts.wide.dimensions and (age := _age_column(facts)) is not None:
        facts.roles[Role.AGE] = age
    if "sex" not in facts.wide.dimensions and (sex := _best(facts, Role.SEX)) is not None:
        facts.roles[Role.SEX] = sex
    if facts.link is None and facts.level is None and (area := _best(facts, Role.AREA)) is not None:
        facts.roles[Role.AREA] = area
    order = (Role.AREA, Role.DATE, Role.SEX, Role.AGE)
    for role in (r for r in order if r in facts.roles):
        guess = facts.roles[role]
        facts.reasons.append(
            _("{column} is taken as {role}: {reason}.").format(
                column=guess.column, role=role_name(role), reason=guess.reason
            )
        )


def _link_reason(facts: Facts) -> str:
    assert facts.link is not None
    level = facts.context.areas.level(facts.link.level).name
    if facts.link.by == "name":
        return _("the texts are names of the areas of the level {level}").format(level=level)
    if facts.link.by == "both":
        return _("the texts hold key and name of the areas of the level {level}").format(
            level=level
        )
    cells = facts.distinct[facts.link.column]
    share = 1 - len(facts.link.unmatched) / max(1, len([t for t in cells if t]))
    return _("{share} of the keys are areas of the level {level}").format(
        share=f"{round(100 * share)} %", level=level
    )


def _best(facts: Facts, role: Role) -> Guess | None:
    """The column for which a role is the best guess, or nearly, and that is not taken yet."""
    ranked = sorted(
        (
            g for own in facts.guesses for g in own
            if g.role is role and g.score >= own[0].score - 0.05 and g.column not in facts.used
            and g.column not in facts.wide.columns
        ),
        key=lambda g: -g.score,
    )  # fmt: skip
    if role is Role.DATE and ranked:
        # months beside years: the finer one tells the rows apart
        good = [g for g in ranked if g.score >= ranked[0].score - 0.35]
        ranked = sorted(good, key=lambda g: -len(facts.distinct[g.column]))
    if role is Role.SEX:
        ranked = [g for g in ranked if _two_sexes(facts, g.column)]
    return ranked[0] if ranked else None


def _two_sexes(facts: Facts, column: str) -> bool:
    """A column of one sex or of totals only tells nothing apart; empty codes are no sexes."""
    texts = facts.distinct[column]
    if all(t.isdigit() for t in texts) and not _SEX_HEAD.search(column.casefold()):
        return False  # 1 and 2 may be districts
    codes = {r.code for r in parse_sexes(texts).readings.values()}
    return "" not in texts and (len(codes - {None}) > 1 or len(facts.table) <= 1)


def _age_column(facts: Facts) -> Guess | None:
    """The column with the finest ages; among equal ones that which says where the last one
    ends. Codes without text (empty for a total) lose against labels."""
    found = [
        g for own in facts.guesses for g in own
        if g.role is Role.AGE and g.score >= 0.45 and g.column not in facts.used
        and g.column not in facts.wide.columns and not facts.constant(g.column)
        and not _numbers_of_groups(facts, g.column)
    ]  # fmt: skip
    if not found:
        return None

    def rank(guess: Guess) -> tuple[int, bool, bool, bool, float]:
        texts = facts.distinct[guess.column]
        groups = {r.group for r in parse_ages(texts).readings.values()} - {None}
        open_end = any(g is not None and g.hi is None for g in groups)
        coded = guess.column.casefold().endswith("sort")
        return len(groups), "" not in texts, open_end, not coded, guess.score

    return max(found, key=rank)


def _numbers_of_groups(facts: Facts, column: str) -> bool:
    """Codes 1, 2, 3 … up to a small number: age groups whose bounds only a code list tells."""
    texts = facts.distinct[column]
    coded = re.search(r"^c-|(?:cd|code|sort|nr|id)$", column.strip().casefold())
    if coded is None or not all(t.isdigit() for t in texts):
        return False
    codes = sorted(int(t) for t in texts)
    if codes != list(range(1, len(codes) + 1)) or len(codes) >= 80:
        return False
    text = _(
        "{column} has codes of age groups; their bounds must be stated in the recipe (age.map)."
    )
    facts.reasons.append(text.format(column=column))
    return True


def _value_columns(facts: Facts) -> list[str]:
    """Columns that count something: numbers that are no codes of a dimension."""
    numeric = [
        own[0].column
        for own in facts.guesses
        if any(g.role is Role.VALUE for g in own) and own[0].column not in facts.used
        and own[0].column not in facts.wide.columns
        and own[0].column not in facts.wide.repeats
        and not (any(g.role is Role.TOTAL for g in own) and facts.wide.columns)
    ]  # fmt: skip
    births = _birth_years(facts)
    found = [h for h in numeric if not _is_code(facts, h) and h != births]
    if not found:  # a number that never changes is still better than none
        found = [h for h in numeric if not _CODE_HEAD.search(h.strip().casefold())]
    totals = [h for h in found if total_text(h)]
    return [h for h in found if h not in totals] or totals


def _is_code(facts: Facts, column: str) -> bool:
    """A number that only repeats another column (``SexCd`` beside ``SexLang``) or never changes."""
    head = column.strip().casefold()
    if facts.constant(column) and len(facts.table) > 2:
        return not names_subject(column)
    if re.fullmatch(r"(stichtag.*)?jahr|year|zeit", head) and Role.DATE in facts.roles:
        return True
    if _names_areas(facts, column):
        return True
    if not _CODE_HEAD.search(head):
        return False
    others = [
        h for h in facts.table.header
        if h != column and (h in facts.used or not weigh(facts.distinct[h]).is_numeric)
    ]  # fmt: skip
    return any(facts.follows(column, h) for h in others) or any(
        facts.distinct[h] == facts.distinct[column] for h in facts.used
    )


def _names_areas(facts: Facts, column: str) -> bool:
    """Keys of areas above the ones that the numbers are about: they go with the area column."""
    own = next((own for own in facts.guesses if own[0].column == column), ())
    area = facts.roles.get(Role.AREA)
    if area is None or not any(g.role is Role.AREA for g in own):
        return False
    few = len(facts.distinct[column]) < len(facts.distinct[area.column])
    return few and facts.follows(column, area.column)


def _say_wide(facts: Facts) -> None:
    names = ", ".join(dimension_name(dim) for dim in sorted(facts.wide.dimensions))
    text = _("{count} headers stand for positions of: {dimension}.")
    facts.reasons.append(text.format(count=len(facts.wide.columns), dimension=names))
    if facts.wide.repeats:
        shown = ", ".join(facts.wide.repeats[:5]) + (" …" if len(facts.wide.repeats) > 5 else "")
        text = _("Columns that repeat sums of the others are left out ({columns}).")
        facts.reasons.append(text.format(columns=shown))
    known = {*facts.used, *facts.wide.columns, *facts.wide.repeats}
    numeric = [
        own[0].column
        for own in facts.guesses
        if any(g.role is Role.VALUE for g in own) and own[0].column not in known
    ]
    if numeric:
        shown = ", ".join(numeric[:8]) + (", …" if len(numeric) > 8 else "")
        text = _("Other columns with numbers are not used ({columns}).")
        facts.reasons.append(text.format(columns=shown))


def _say_values(facts: Facts, values: Sequence[str]) -> None:
    if not values:
        facts.reasons.append(_("No column with numbers was found."))
    numeric = [
        own[0].column for own in facts.guesses
        if any(g.role is Role.VALUE for g in own) and own[0].column not in facts.used
    ]  # fmt: skip
    left = [h for h in numeric if h not in values]
    if left and values:
        shown = ", ".join(left[:5]) + (" …" if len(left) > 5 else "")
        text = _("Columns with codes, totals or constants are left out ({columns}).")
        facts.reasons.append(text.format(columns=shown))


def _shared(facts: Facts, values: Sequence[str], *, everybody: bool) -> dict[str, object]:
    """What all contents of the table have in common."""
    roles = facts.roles
    shared: dict[str, object] = {"level": facts.level or CITY}
    shared["date"] = date_rule(
        facts.table, roles.get(Role.DATE), "date" in facts.wide.dimensions, facts.reasons
    )
    sums = row_sums(facts, values)
    aside: tuple[RowFilter, ...] = ()
    if (area := roles.get(Role.AREA)) is not None:
        shared["level"] = area.level or slug(area.column, "level")
        rule = facts.link.rule if facts.link else KeyRule(column=area.column)
        shared["area"] = rule
        unmatched = facts.link.unmatched if facts.link else ()
        aside = rows_aside(facts.table, area.column, unmatched, sums)
    aside = (*aside, *total_rows(facts, aside))
    if aside:
        shared["ignore"] = aside
    if (sex := roles.get(Role.SEX)) is not None:
        shared["sex"] = CodeRule(column=sex.column)
    elif names_sex(facts.table.name) and "sex" not in facts.wide.dimensions:
        shared["sex"] = CodeRule(sheet="(.+)")
        facts.reasons.append(_("The sex is taken from the name of the sheet."))
    if (age := roles.get(Role.AGE)) is not None:
        shift = -1 if everybody and starts_at_one(facts, age.column) else 0
        open_end = last_is_open(facts, age.column, sums[0], everybody=everybody)
        shared["age"] = AgeRule(column=age.column, last_open=open_end, shift=shift)
    elif "age" in facts.wide.dimensions:
        open_end = last_is_open(facts, None, sums[0], everybody=everybody)
        shared["age"] = AgeRule(last_open=open_end)
    elif (births := _birth_years(facts)) is not None:
        shared["age"] = AgeRule(column=births, birth_year=True, last_open=everybody)
        text = _("{column} holds years of birth; the ages follow from the dates.")
        facts.reasons.append(text.format(column=births))
    add_groups(facts, shared, values)
    return shared


def _wide_content(facts: Facts, shared: Mapping[str, object], subject: str) -> FactContent:
    facts.reasons.append(_("The content is taken as {kind}.").format(kind=kind_name(subject)))
    rules = tuple(
        ValueColumn.model_validate({"column": h, **own}) for h, own in facts.wide.columns.items()
    )
    extra = dict(shared)
    if "group" in facts.wide.dimensions:
        extra["labels"] = {
            "national": {"de": "deutsch", "en": "national"}
            if any("deutsch" in h.casefold() for h in facts.wide.columns)
            else {"de": "inländisch", "en": "national"},
            "foreign": {"de": "ausländisch", "en": "foreign"},
        }
    return _fact(facts, extra, subject, stem_of(facts.table), rules)


def _rest_of_headers(facts: Facts) -> str:
    return next(iter(facts.wide.columns), "")


def _long_contents(
    facts: Facts,
    shared: Mapping[str, object],
    values: Sequence[str],
    subjects: Mapping[str, str],
) -> tuple[FactContent, ...]:
    stem = stem_of(facts.table)
    if not values:
        subject = subject_of("", facts.table, _has_people(facts))
        return (_fact(facts, shared, subject, stem, (ValueColumn(column=UNKNOWN),)),)
    if len(values) > 1 and len(set(subjects.values())) == 1:
        subject = next(iter(subjects.values()))
        if subject in ("moves_in", "moves_out"):
            rules = tuple(ValueColumn(column=h, partner=slug(h, "partner")) for h in values)
            _say_kinds(facts, [subject])
            return (_fact(facts, shared, subject, stem, rules),)
    counted = [s for s in subjects.values() if s != "variable"]
    found = []
    for header in values:
        subject = subjects[header]
        if subject != "variable" and counted.count(subject) > 1:
            # the first one may be the number, the others are parts of it or something else
            subject = subject if _stands_for(header, values, subjects) else "variable"
        name = stem if len(values) == 1 else header
        found.append(_fact(facts, shared, subject, name, (ValueColumn(column=header),), header))
    _say_kinds(facts, [c.kind for c in found])
    return tuple(found)


def _stands_for(header: str, values: Sequence[str], subjects: Mapping[str, str]) -> bool:
    """Among several columns of one subject the shortest header is the number itself."""
    same = [h for h in values if subjects[h] == subjects[header]]
    return header == min(same, key=len)


def _say_kinds(facts: Facts, kinds: Sequence[str]) -> None:
    for kind in dict.fromkeys(kinds):
        facts.reasons.append(_("The content is taken as {kind}.").format(kind=kind_name(kind)))


def _fact(
    facts: Facts,
    shared: Mapping[str, object],
    kind: str,
    name: str,
    values: tuple[ValueColumn, ...],
    header: str = "",
) -> FactContent:
    variable = kind == "variable"
    key = slug(header or name, "variable")
    dataset = f"variable_{key}"[:60] if variable else _dataset(facts, shared, kind, name)
    return FactContent.model_validate(
        {
            **shared,
            "kind": kind,
            "dataset": dataset,
            "variable": key if variable else None,
            "name": kind_name(kind) if dataset == kind and name == stem_of(facts.table) else name,
            "values": values,
            "absent": "missing" if variable else "zero",
            "fractions": variable,
            "negative": variable,
            "aggregation": "none" if variable and is_rate(header or name) else "sum",
        }
    )


def _dataset(facts: Facts, shared: Mapping[str, object], kind: str, name: str) -> str:
    """The name of the subject, unless another data set has it: other dimensions or areas, or
    numbers of another file for the same dates, which must not be overwritten."""
    dims = {"area", "date", *facts.wide.dimensions} | (
        {d for d in ("sex", "age", "group", "partner") if shared.get(d) is not None}
    )
    known = {info.spec.key: info for info in facts.context.datasets}
    rule = shared["date"]
    days = days_of(facts.table, rule, facts.wide) if isinstance(rule, DateRule) else frozenset()

    def continues(key: str) -> bool:
        info = known.get(key)
        if info is None:
            return True
        if set(info.dims) != dims or info.spec.level != shared["level"]:
            return False
        own = same_series(facts.table.source.name)
        return not days & set(info.dates) or any(same_series(f.name) == own for f in info.sources)

    plain = slug(name, "dataset")
    keys = (kind, plain, *(f"{plain[:56]}_{n}" for n in range(2, 100)))
    return next(key for key in keys if continues(key))


def _numbers(facts: Facts, contents: Sequence[FactContent]) -> NumberRule:
    """Marks before three digits in columns that count people or events, where the table shows that
    they group thousands; else the check asks."""
    marks: dict[str, str] = {}
    counted = [
        rule.column
        for content in contents
        if content.kind != "variable"
        for rule in content.values
        if rule.column in facts.distinct and rule.column not in facts.table.numeric
    ]
    for column in counted:
        proof = weigh(facts.distinct[column])
        if proof.decimal is None and proof.ambiguous is not None:
            marks[column] = "," if "." in proof.ambiguous else "."
    if not marks or facts.table.decimal is not None:
        return NumberRule()
    if not _thousands_shown([t for c in dict.fromkeys(counted) for t in facts.distinct[c]]):
        return NumberRule()
    example = next(iter(marks))
    text = _("Column {column} counts whole numbers, so its marks group thousands.")
    facts.reasons.append(text.format(column=example))
    return NumberRule.model_validate({"columns": marks})


#: Different numbers with and without a mark that show what the mark means.
_SHOWN = 5


def _thousands_shown(texts: Sequence[str]) -> bool:
    """Whether counts from 1,000 on have a mark and smaller ones have none: nobody writes decimals
    of counts like that."""
    cells = {t.strip() for t in texts}
    if any(re.fullmatch(r"[1-9]\d{3,}", t) for t in cells):
        return False
    marked = sum(re.fullmatch(r"[1-9]\d{0,2}([.,]\d{3})+", t) is not None for t in cells)
    return min(marked, sum(re.fullmatch(r"[1-9]\d{0,2}", t) is not None for t in cells)) >= _SHOWN
