"""The first rows of a table: original cells beside what a recipe makes of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from monitor_app.core.batch import ImportContext
from monitor_app.core.formats import format_value
from monitor_app.core.issues import Issue
from monitor_app.exchange.areas import given_parents
from monitor_app.exchange.bridges import bridge_preview
from monitor_app.exchange.coded import chosen_rows, fits_sheet
from monitor_app.exchange.keys import apply_key_rule
from monitor_app.exchange.longform import LongPart, LongReader
from monitor_app.exchange.projects import project_preview
from monitor_app.exchange.readers import iter_chunks
from monitor_app.exchange.recipe_model import (
    AreasContent,
    BridgeContent,
    FactContent,
    ProjectsContent,
    Recipe,
)
from monitor_app.exchange.table import RawTable
from monitor_app.exchange.wording import level_name, position_name

#: The dialect of a column is proven from all rows of a table that is at hand; of a file only so
#: many are read for a preview.
FILE_ROWS = 20_000


@dataclass(frozen=True)
class Preview:
    """``cells[i][j]`` is the original text of row i; ``results[i]`` the texts of what it becomes
    (``result_header`` names them); ``used[i]`` False where the recipe leaves the row out.
    ``issues`` lie in the shown rows; ``cell_issues[(i, j)]`` are those of one cell."""

    header: tuple[str, ...]
    rows: tuple[int, ...]
    cells: tuple[tuple[str, ...], ...]
    result_header: tuple[str, ...]
    results: tuple[tuple[str, ...], ...]
    used: tuple[bool, ...]
    issues: tuple[Issue, ...]
    cell_issues: Mapping[tuple[int, int], tuple[Issue, ...]]


def preview(
    source: str | Path | RawTable,
    recipe: Recipe,
    rows: int = 50,
    content: int = 0,
    context: ImportContext | None = None,
) -> Preview:
    """The first ``rows`` rows under one content of the recipe. ``UserError`` if unreadable."""
    chosen = recipe.contents[content]
    table = source if isinstance(source, RawTable) else _first_table(Path(source), chosen.sheets)
    issues: list[Issue] = list(table.issues)
    mask = chosen_rows(table, chosen.only, chosen.ignore, issues)
    shown = min(rows, len(table))
    if isinstance(chosen, FactContent):
        known = (context or ImportContext()).areas.keys(chosen.level)
        part = LongReader(chosen, recipe.numbers, known).read(table)
        issues = list(dict.fromkeys([*issues, *part.issues]))
        names, results = _fact_results(part, shown)
    elif isinstance(chosen, AreasContent):
        names, results = _area_results(chosen, table, shown)
        names = (*names[:2], *_level_names(names[2:], recipe, context))
    elif isinstance(chosen, BridgeContent):
        names, results, found = bridge_preview(recipe, chosen, table, shown)
        issues = list(dict.fromkeys([*issues, *found]))
    elif isinstance(chosen, ProjectsContent):
        names, results, found = project_preview(recipe, chosen, table, shown)
        issues = list(dict.fromkeys([*issues, *found]))
    else:
        names, results = (), {}
    empty = ("",) * len(names)
    return Preview(
        header=table.header,
        rows=table.rows[:shown],
        cells=tuple(tuple(c[i] for c in table.columns) for i in range(shown)),
        result_header=names,
        results=tuple(results.get(i, empty) for i in range(shown)),
        used=tuple(bool(m) for m in mask[:shown]),
        issues=tuple(issues),
        cell_issues=_by_cell(table, issues, shown),
    )


def _first_table(path: Path, sheets: Sequence[str]) -> RawTable:
    tables = list(_heads(path))
    return next((t for t in tables if fits_sheet(t, sheets)), tables[0])


def _heads(path: Path) -> Sequence[RawTable]:
    found: dict[str, RawTable] = {}
    for table in iter_chunks(path, FILE_ROWS):
        if table.name in found:
            break
        found[table.name] = table
    return tuple(found.values())


def _fact_results(part: LongPart, shown: int) -> tuple[tuple[str, ...], dict[int, tuple[str, ...]]]:
    """Per row: its coordinates, then one text per value column with what it stands for."""
    columns = list(dict.fromkeys(part.column.tolist()))
    header = part.table.header
    fixed: dict[str, None] = {}
    for dim, coded in part.dims.items():
        same = all(len(set(coded.codes[part.row == r].tolist())) <= 1 for r in range(min(shown, 3)))
        if same:
            fixed[dim] = None
    names = (*fixed, *(header[c] for c in columns))
    results: dict[int, tuple[str, ...]] = {}
    near = np.flatnonzero(part.row < shown)
    by_row: dict[int, dict[int, int]] = {}
    for i in near.tolist():
        by_row.setdefault(int(part.row[i]), {})[int(part.column[i])] = i
    for line, entries in by_row.items():
        first = next(iter(entries.values()))
        words = [_label(part, dim, first) for dim in fixed]
        for column in columns:
            entry = entries.get(column)
            words.append("" if entry is None else _value(part, entry, fixed))
        results[line] = tuple(words)
    return names, results


def _label(part: LongPart, dim: str, i: int) -> str:
    coded = part.dims[dim]
    code = int(coded.codes[i])
    return "?" if code < 0 else position_name(dim, coded.labels[code])


def _value(part: LongPart, i: int, fixed: Mapping[str, None]) -> str:
    value = float(part.values[i])
    precision = 0 if not math.isfinite(value) or value.is_integer() else 2
    text = format_value(value, int(part.status[i]), precision)
    varying = [_label(part, dim, i) for dim in part.dims if dim not in fixed]
    return f"{text} ({', '.join(varying)})" if varying else text


def _level_names(
    keys: Sequence[str], recipe: Recipe, context: ImportContext | None
) -> tuple[str, ...]:
    """Names of levels that the recipe brings or the project has."""
    own = {
        str(c.level.key): str(c.level.name) for c in recipe.contents if isinstance(c, AreasContent)
    }
    known = (context or ImportContext()).areas.levels
    return tuple(own.get(key) or level_name(key, known) for key in keys)


def _area_results(
    content: AreasContent, table: RawTable, shown: int
) -> tuple[tuple[str, ...], dict[int, tuple[str, ...]]]:
    names = ["area", "name", *(rule.level for rule in content.parents)]
    results = {}
    key_column = content.key.column if content.key else None
    name_column = content.name.column if content.name else None
    for i in range(shown):
        cell = table.column(key_column)[i] if key_column in table.header and key_column else ""
        key = apply_key_rule(content.key, cell) if content.key else ""
        name = table.column(name_column)[i] if name_column and name_column in table.header else ""
        parents = given_parents(content.parents, table, i, key)
        results[i] = (key, name, *(parents.get(rule.level, "…") for rule in content.parents))
    return tuple(names), results


def _by_cell(
    table: RawTable, issues: Sequence[Issue], shown: int
) -> dict[tuple[int, int], tuple[Issue, ...]]:
    lines = {line: i for i, line in enumerate(table.rows[:shown])}
    found: dict[tuple[int, int], tuple[Issue, ...]] = {}
    for issue in issues:
        if issue.column not in table.header:
            continue
        position = table.header.index(issue.column)
        cells = table.columns[position]
        if issue.value is not None:
            hits = [i for i in range(shown) if cells[i] == issue.value]
        else:
            hits = [lines[issue.row]] if issue.row in lines else []
        for i in hits:
            own = replace(issue, row=table.rows[i], count=1)
            found[i, position] = (*found.get((i, position), ()), own)
    return found
