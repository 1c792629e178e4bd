"""Changing a recipe column by column: what each column of a table means. No Qt in here."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import ValidationError

from monitor_app.core.i18n import _
from monitor_app.core.issues import fail
from monitor_app.exchange.propose import slug
from monitor_app.exchange.recipe_model import (
    AreasContent,
    BackdropContent,
    Content,
    FacilitiesContent,
    FactContent,
    PersonsContent,
    Recipe,
    ValueColumn,
)


class ColumnRole(StrEnum):
    """What a column can mean."""

    UNUSED = "unused"
    AREA = "area"
    NAME = "name"
    PARENT = "parent"
    DATE = "date"
    SEX = "sex"
    AGE = "age"
    GROUP = "group"
    PARTNER = "partner"
    VALUE = "value"


def role_text(role: ColumnRole) -> str:
    return {
        ColumnRole.UNUSED: _("not used"),
        ColumnRole.AREA: _("Area key"),
        ColumnRole.NAME: _("Name"),
        ColumnRole.PARENT: _("Key of the area above"),
        ColumnRole.DATE: _("Date"),
        ColumnRole.SEX: _("Sex"),
        ColumnRole.AGE: _("Age"),
        ColumnRole.GROUP: _("Group"),
        ColumnRole.PARTNER: _("Other end of the move"),
        ColumnRole.VALUE: _("Figure"),
    }[role]


_DIMENSIONS = (
    ColumnRole.AREA, ColumnRole.DATE, ColumnRole.SEX, ColumnRole.AGE, ColumnRole.GROUP,
    ColumnRole.PARTNER,
)  # fmt: skip


def roles_for(content: Content) -> tuple[ColumnRole, ...]:
    """The roles that columns of a content can have; empty where it cannot be edited here."""
    if isinstance(content, AreasContent):
        return (ColumnRole.UNUSED, ColumnRole.AREA, ColumnRole.NAME, ColumnRole.PARENT)
    if isinstance(content, FactContent):
        return (ColumnRole.UNUSED, *_DIMENSIONS, ColumnRole.VALUE)
    if isinstance(content, FacilitiesContent):
        return (ColumnRole.UNUSED, ColumnRole.NAME, ColumnRole.VALUE)
    return ()


def _column_of(rule: Any) -> str | None:
    return getattr(rule, "column", None)


def roles_of(recipe: Recipe, header: Sequence[str]) -> dict[str, ColumnRole]:
    """What the columns of a table mean under a recipe (all of its contents together)."""
    roles = dict.fromkeys(header, ColumnRole.UNUSED)
    for content in recipe.contents:
        if isinstance(content, AreasContent):
            if recipe.facts:
                continue  # the same columns say what the numbers are about
            found = {_column_of(p): ColumnRole.PARENT for p in content.parents}
            found |= {_column_of(content.name): ColumnRole.NAME}
            found |= {_column_of(content.key): ColumnRole.AREA}
        elif isinstance(content, FactContent):
            found = {_column_of(getattr(content, r.value)): r for r in _DIMENSIONS}
            for column in header:
                if any(_matches(rule, column) for rule in content.values):
                    found.setdefault(column, ColumnRole.VALUE)
        elif isinstance(content, FacilitiesContent):
            found = {
                rule.column: ColumnRole.NAME if key == "name" else ColumnRole.VALUE
                for key, rule in content.attributes.items()
            }
        else:
            found = {_column_of(getattr(content, "area", None)): ColumnRole.AREA}
        roles |= {c: r for c, r in found.items() if c in roles}
    return roles


def _matches(rule: ValueColumn, column: str) -> bool:
    if rule.column is not None:
        return rule.column == column
    return rule.pattern is not None and re.fullmatch(rule.pattern, column) is not None


@dataclass(frozen=True)
class Choices:
    """What can be said about a content besides the roles of its columns. ``day``: a fixed date
    as text, empty where the file says it. ``decimal``: "," or "." where the cells cannot prove
    it. ``keep_unknown``: areas without boundary count in the city, instead of being errors."""

    kind: str = ""
    name: str = ""
    level: str = ""
    level_name: str = ""
    day: str = ""
    decimal: str = ""
    keep_unknown: bool = False


def choices_of(recipe: Recipe) -> Choices:
    first = recipe.contents[0]
    decimal = recipe.numbers.decimal or ""
    if isinstance(first, AreasContent):
        return Choices(
            "areas", level=first.level.key, level_name=str(first.level.name), decimal=decimal
        )
    day = (first.date.fixed or "") if isinstance(first, FactContent | PersonsContent) else ""
    kind = first.counts if isinstance(first, PersonsContent) else first.kind
    keep = getattr(first, "unknown_areas", "error") == "keep"
    level = getattr(first, "level", "")  # what is only drawn stands on no level
    return Choices(kind, str(first.name), level, day=day, decimal=decimal, keep_unknown=keep)


def edited(
    recipe: Recipe,
    header: Sequence[str],
    roles: Mapping[str, ColumnRole],
    choices: Choices,
    taken: Sequence[str] = (),
) -> Recipe:
    """The recipe with other roles and choices. Rules of columns that keep their role stay as
    they are (codes, spellings of keys). ``taken``: ids of recipes that must not be overwritten.
    ``UserError`` where something needed is missing."""
    first = recipe.contents[0]
    if isinstance(first, AreasContent):
        contents: list[Any] = [_areas(first, header, roles, choices)]
    elif isinstance(first, FactContent):
        contents = _facts(recipe, header, roles, choices)
        contents += _own_areas(recipe, header, contents[0])
    elif isinstance(first, FacilitiesContent):
        contents = [_facilities(first, header, roles, choices)]
    elif isinstance(first, BackdropContent) and len(recipe.contents) == 1 and choices.name:
        contents = [{**first.model_dump(), "name": choices.name}]
    else:
        contents = [c.model_dump() for c in recipe.contents]
    stored = recipe.model_dump()
    stored["contents"] = contents
    stored["numbers"] = {**stored["numbers"], "decimal": choices.decimal or None}
    stored["proposed"] = ()
    try:
        return as_own(Recipe.model_validate(stored), taken)
    except ValidationError as error:
        place = ".".join(str(p) for p in error.errors()[0]["loc"])
        raise fail(
            "recipe_incomplete",
            _("The assignment is not complete ({place}).").format(place=place),
            repair=_("Please check the meaning of the columns."),
        ) from error


def as_own(recipe: Recipe, taken: Sequence[str]) -> Recipe:
    """A changed recipe under a name of its own, where its id is one of a known recipe."""
    if recipe.id not in taken:
        return recipe
    name = recipe.name
    marked = name.model_copy(update={"de": f"{name.de} *", "en": name.en and f"{name.en} *"})
    return recipe.model_copy(update={"id": f"{recipe.id[:56]}_own", "name": marked})


def _of_role(header: Sequence[str], roles: Mapping[str, ColumnRole], role: ColumnRole) -> list[str]:
    return [c for c in header if roles.get(c) is role]


def _single(header: Sequence[str], roles: Mapping[str, ColumnRole], role: ColumnRole) -> str | None:
    found = _of_role(header, roles, role)
    if len(found) > 1:
        raise fail(
            "role_twice",
            _("Two columns are “{role}”: {columns}.").format(
                role=role_text(role), columns=", ".join(found)
            ),
            repair=_("Please keep one of them."),
        )
    return found[0] if found else None


def _rule(old: Any, column: str | None) -> dict[str, Any] | None:
    """The old rule where it is about this column, else a plain one."""
    if column is None:
        return None
    if _column_of(old) == column:
        return dict(old.model_dump())
    return {"column": column}


def _areas(
    content: AreasContent, header: Sequence[str], roles: Mapping[str, ColumnRole], choices: Choices
) -> dict[str, Any]:
    key = _single(header, roles, ColumnRole.AREA)
    if key is None and not content.list:
        raise fail(
            "no_area_column",
            _("No column is the area key."),
            repair=_("Please choose the column with the keys of the areas."),
        )
    stored = content.model_dump()
    stored["key"] = _rule(content.key, key)
    stored["name"] = _rule(content.name, _single(header, roles, ColumnRole.NAME))
    wanted = _of_role(header, roles, ColumnRole.PARENT)
    kept = [p for p in content.parents if p.column is None or p.column in wanted]
    known = {p.column for p in kept}
    stored["parents"] = [p.model_dump() for p in kept] + [
        {"level": slug(c, "level"), "column": c} for c in wanted if c not in known
    ]
    if choices.level_name:
        level = stored["level"]
        if choices.level_name != str(content.level.name):
            level["name"] = choices.level_name
            level["key"] = choices.level or slug(choices.level_name, "level")
    return stored


def _facts(
    recipe: Recipe, header: Sequence[str], roles: Mapping[str, ColumnRole], choices: Choices
) -> list[dict[str, Any]]:
    facts = recipe.facts
    values = _of_role(header, roles, ColumnRole.VALUE)
    if not values:
        raise fail(
            "no_value_column",
            _("No column holds numbers."),
            repair=_("Please choose the column with the numbers."),
        )
    each = len(facts) > 1 or (choices.kind == "variable" and len(values) > 1)
    shared = [_shared(fact, header, roles, choices) for fact in facts]
    if not each:
        stored = shared[0]
        stored["values"] = _value_rules(facts[0], values)
        if stored["kind"] == "variable" and not stored["variable"]:
            stored["variable"] = slug(choices.name or values[0], "variable")
        return [stored]
    result = []
    for column in values:
        at = next(
            (i for i, f in enumerate(facts) if any(_matches(v, column) for v in f.values)), None
        )
        stored = dict(shared[at] if at is not None else shared[0])
        if at is None or len(facts[at].values) > 1 or len(facts) == 1:
            key = slug(column, "variable")
            stored |= {"dataset": f"variable_{key}"[:60], "variable": key, "name": column}
        stored["values"] = [{"column": column}] if at is None else _value_rules(facts[at], [column])
        result.append(stored)
    return result


def _own_areas(
    recipe: Recipe, header: Sequence[str], fact: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """The areas that a table of numbers brings itself: they follow its area column and level."""
    found = []
    for content in recipe.contents:
        if isinstance(content, AreasContent) and fact["area"] is not None:
            stored = content.model_dump()
            stored["key"] = fact["area"]
            stored["level"]["key"] = fact["level"]
            if _column_of(content.name) not in header or _column_of(content.key) != (
                fact["area"].get("column")
            ):
                stored["name"] = None
            found.append(stored)
    return found


def _value_rules(fact: FactContent, columns: Sequence[str]) -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = []
    covered: set[str] = set()
    for rule in fact.values:
        hit = [c for c in columns if _matches(rule, c)]
        if hit:
            rules.append(rule.model_dump())
            covered |= set(hit)
    return rules + [{"column": c} for c in columns if c not in covered]


def _shared(
    fact: FactContent, header: Sequence[str], roles: Mapping[str, ColumnRole], choices: Choices
) -> dict[str, Any]:
    stored = fact.model_dump()
    for role in _DIMENSIONS:
        old = getattr(fact, role.value)
        column = _single(header, roles, role)
        if column is None and old is not None and _column_of(old) is None:
            continue  # fixed, or from the name of the file: no column is meant to say it
        stored[role.value] = _rule(old, column)
    if choices.day:
        stored["date"] = {"fixed": choices.day}
    elif stored["date"] is None or stored["date"].get("fixed"):
        column = _single(header, roles, ColumnRole.DATE)
        pattern = r"(\d{1,2}\.\d{1,2}\.\d{4}|(?:19|20)\d{2})"
        stored["date"] = {"column": column} if column else {"title": pattern}
    stored["unknown_areas"] = "keep" if choices.keep_unknown else "error"
    if choices.level:
        stored["level"] = choices.level
    if choices.kind and choices.kind != fact.kind:
        stored["kind"] = choices.kind
        stored["dataset"] = choices.kind
        variable = choices.kind == "variable"
        stored |= {"fractions": variable, "negative": variable, "time": None}
        stored["absent"] = "missing" if variable else "zero"
    if choices.name and choices.name != str(fact.name):
        stored["name"] = choices.name
        if stored["kind"] == "variable":
            key = slug(choices.name, "variable")
            stored |= {"dataset": f"variable_{key}"[:60], "variable": key}
    return stored


def _facilities(
    content: FacilitiesContent, header: Sequence[str], roles: Mapping[str, ColumnRole],
    choices: Choices,
) -> dict[str, Any]:  # fmt: skip
    name = _single(header, roles, ColumnRole.NAME)
    if name is None:
        raise fail(
            "no_name_column",
            _("No column is the name."),
            repair=_("Please choose the column with the names of the facilities."),
        )
    kept = {
        key: rule.model_dump()
        for key, rule in content.attributes.items()
        if key != "name" and roles.get(rule.column) is ColumnRole.VALUE
    }
    known = {rule["column"] for rule in kept.values()}
    for column in _of_role(header, roles, ColumnRole.VALUE):
        if column not in known:
            kept[slug(column, "column")] = {"column": column}
    stored = content.model_dump()
    stored["attributes"] = {"name": {"column": name}, **kept}
    if choices.name:
        stored["name"] = choices.name
    return stored
