"""Proposals for all tables of an import together: boundaries explain the data and the reverse."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from monitor_app.core.areas import CITY, Area, AreaSystem, Level
from monitor_app.core.batch import ImportContext
from monitor_app.core.datasets import DatasetInfo
from monitor_app.core.i18n import _
from monitor_app.exchange.code_prefixes import find_prefixes, without_prefixes
from monitor_app.exchange.coded import chosen_rows
from monitor_app.exchange.keys import apply_key_rule
from monitor_app.exchange.mapping import dataset_spec
from monitor_app.exchange.propose import propose_recipe
from monitor_app.exchange.propose_dates import days_of
from monitor_app.exchange.propose_words import names_sex, same_series
from monitor_app.exchange.recipe_model import (
    AreasContent,
    CodeRule,
    FactContent,
    LevelRule,
    Recipe,
    Text,
    ValueColumn,
)
from monitor_app.exchange.table import RawTable
from monitor_app.exchange.wide_headers import WideTable

Proposed = tuple[Recipe, tuple[RawTable, ...]]

#: Columns with more distinct texts hold no areas of a town.
MOST_AREAS = 20_000


def alike(table: RawTable) -> tuple[str, ...]:
    """Tables with equal marks are parts of one delivery: same columns, and names of file and
    sheet that differ in digits only."""
    return (same_series(table.source.name), _sheet(table.name), *table.header)


def _sheet(name: str) -> str:
    """Sheets for years and for sexes are parts of one table."""
    return "sex" if names_sex(name) else re.sub(r"\d+", "#", name)


def propose_all(
    tables: Sequence[RawTable], context: ImportContext, taken: Iterable[str] = ()
) -> tuple[Proposed, ...]:
    """A recipe for each group of tables that belong together: layers first, the coarsest one
    before its parts, so that the data find the areas of the same import. ``taken``: ids of
    recipes that must not be used again."""
    groups: dict[tuple[str, ...], list[RawTable]] = {}
    for table in tables:
        groups.setdefault(alike(table), []).append(table)
    ordered = sorted(groups.values(), key=lambda own: (not _is_layer(own[0]), _order(own[0])))
    wanted = [
        t for own in ordered if not _is_layer(own[0])
        for t in _texts(without_prefixes(own[0], find_prefixes(own[0])))
    ]  # fmt: skip
    used = set(taken)
    found: list[Proposed] = []
    for own in ordered:
        recipe = propose_recipe(tuple(own), context, wanted)
        if not any(level.key != CITY for level in context.areas.levels):
            recipe = _with_areas(recipe, own)
        recipe = _named_apart(recipe, used)
        used.add(recipe.id)
        found.append((recipe, tuple(own)))
        context = _with_datasets(with_areas_of(context, recipe, own), recipe, own)
    return tuple(found)


def _with_datasets(
    context: ImportContext, recipe: Recipe, tables: Sequence[RawTable]
) -> ImportContext:
    """The context with the data sets that a recipe makes, so that no other takes their names."""
    fresh = []
    for content in recipe.facts:
        wide = WideTable({v.column or "": _said(v) for v in content.values})
        dims = {"area", "date"} | {
            d for d in ("sex", "age", "group", "partner")
            if getattr(content, d) is not None or d in wide.dimensions
        }  # fmt: skip
        bare = [without_prefixes(t, recipe.prefixes) for t in tables]
        days = {day for t in bare for day in days_of(t, content.date, wide)}
        spec = dataset_spec(recipe, content)
        fresh.append(
            DatasetInfo(
                spec, tuple(dims), tuple(sorted(days)), {}, 0, None,
                tuple(t.source for t in tables),
            )
        )  # fmt: skip
    return replace(context, datasets=(*context.datasets, *fresh))


def _said(rule: ValueColumn) -> dict[str, str]:
    """The coordinates that a header stands for."""
    own = {d: getattr(rule, d) for d in ("date", "sex", "group", "partner", "age")}
    return {d: t for d, t in own.items() if t is not None}


def _is_layer(table: RawTable) -> bool:
    return table.geometries is not None


def _order(table: RawTable) -> int:
    return len(table) if _is_layer(table) else 0


def _texts(table: RawTable) -> list[frozenset[str]]:
    found = []
    for cells in table.columns:
        texts = frozenset(c.strip() for c in cells)
        if 2 <= len(texts) <= MOST_AREAS:
            found.append(texts)
    return found


def _named_apart(recipe: Recipe, used: set[str]) -> Recipe:
    """Two files of one name must not share a recipe."""
    name, number = recipe.id, 2
    while name in used:
        name = f"{recipe.id[:56]}_{number}"
        number += 1
    return recipe.model_copy(update={"id": name})


def with_areas_of(
    context: ImportContext, recipe: Recipe, tables: Sequence[RawTable]
) -> ImportContext:
    """The context with the levels that a recipe makes of its tables (keys and names only)."""
    system = context.areas
    levels, areas = list(system.levels), list(system.areas)
    for content in recipe.contents:
        if not isinstance(content, AreasContent):
            continue
        have = {a.key for a in areas if a.level == content.level.key}
        named = dict(_entries(recipe, content, tables))
        if content.level.key not in {level.key for level in levels}:
            levels.append(Level(content.level.key, str(content.level.name), content.level.rank))
        start = 1 + max((a.id for a in areas), default=0)
        fresh = [(k, n) for k, n in named.items() if k not in have]
        areas += [
            Area(start + i, content.level.key, key, name) for i, (key, name) in enumerate(fresh)
        ]
    return replace(context, areas=AreaSystem(tuple(levels), tuple(areas), system.crs))


def _entries(
    recipe: Recipe, content: AreasContent, tables: Sequence[RawTable]
) -> Iterable[tuple[str, str]]:
    yield from ((entry.key, entry.name) for entry in content.list)
    rule = content.key
    if rule is None or rule.column is None:
        return
    for table in tables:
        if rule.column not in table.header:
            continue
        used = chosen_rows(table, content.only, content.ignore, [])
        table = without_prefixes(table, recipe.prefixes)
        keys = [apply_key_rule(rule, cell) for cell in table.column(rule.column)]
        named = content.name.column if content.name else None
        names = table.column(named) if named in table.header and named else keys
        rows = zip(keys, names, used, strict=True)
        yield from ((k, n.strip() or k) for k, n, use in rows if k and use)


def _with_areas(recipe: Recipe, tables: Sequence[RawTable]) -> Recipe:
    """Without any boundaries the areas that the data name become a level of their own, so that
    everything but the map works; boundaries may follow later."""
    content = next((c for c in recipe.contents if isinstance(c, FactContent)), None)
    if content is None or content.level == CITY or content.area is None:
        return recipe
    column = content.area.column
    if column is None or any(column not in t.header for t in tables):
        return recipe
    named = _name_beside(tables[0], column)
    areas = AreasContent(
        kind="areas",
        level=LevelRule(key=content.level, name=Text(de=column, en=column), rank=1),
        key=content.area,
        name=None if named is None else CodeRule(column=named),
        ignore=content.ignore,
    )
    count = len({key for key, _name in _entries(recipe, areas, tables)})
    if count < 2:
        return recipe
    reason = _(
        "The project has no areas yet: {count} areas are taken from column {column}, without"
        " boundaries. Import the boundaries to draw maps."
    ).format(count=count, column=column)
    return recipe.model_copy(
        update={
            "contents": (*recipe.contents, areas),
            "proposed": (*recipe.proposed, reason),
        }
    )


def _name_beside(table: RawTable, column: str) -> str | None:
    """A column of texts with one text for each key and back."""
    cells = table.column(column)
    for header, own in zip(table.header, table.columns, strict=True):
        pairs = set(zip(cells, own, strict=True))
        if header == column or len(pairs) != len(set(cells)) or len(set(own)) != len(pairs):
            continue
        if not any(t.strip().replace(".", "").isdigit() for t in own if t.strip()):
            return header
    return None
