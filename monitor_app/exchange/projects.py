"""Planned housing projects: one row per project, read and checked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor_app.core.formats import format_number
from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, Severity
from monitor_app.core.planned import PlannedHousing, PlannedProject
from monitor_app.exchange.coded import check_column, chosen_rows, fits_sheet, place
from monitor_app.exchange.keys import apply_key_rule
from monitor_app.exchange.mapping import KnownAreas
from monitor_app.exchange.recipe_model import ProjectsContent, Recipe
from monitor_app.exchange.table import RawTable
from monitor_app.exchange.values import convert_cells

#: Shares of occupation that sum to 100 per cent but for printed digits.
_ROUNDING = 0.02


@dataclass(frozen=True, eq=False)
class _Columns:
    """Numbers of the chosen rows: start year, shares by year (years, rows), probability, and
    dwellings by type."""

    start: NDArray[np.float64]
    shares: NDArray[np.float64]
    probability: NDArray[np.float64]
    dwellings: dict[str, NDArray[np.float64]]


def map_projects(
    recipe: Recipe, content: ProjectsContent, tables: Sequence[RawTable], known: KnownAreas
) -> tuple[PlannedHousing | None, tuple[Issue, ...]]:
    """All projects of the tables and everything that is wrong with them.

    Errors: areas that the level does not have, years that are none, negative dwellings, shares
    of occupation outside 0..1 or that do not sum to 1, a probability outside 0..1, a project
    named twice.
    """
    issues: list[Issue] = []
    found: list[PlannedProject] = []
    seen: dict[str, int] = {}
    for table in tables:
        if not fits_sheet(table, content.sheets):
            continue
        for row, project in _read(recipe, content, table, known, issues):
            if seen.setdefault(project.key, row) != row:
                issues.append(
                    _wrong(table, row, content.id, _("The project is named twice."), project.key,
                           _("Keep one of the rows."))
                )  # fmt: skip
            found.append(project)
    if not found and not issues:
        file = tables[0].source.name if tables else None
        issues.append(
            Issue("projects-empty", Severity.ERROR, _("No project was found."), file=file,
                  repair=_("Check whether the recipe fits the file."))
        )  # fmt: skip
    if not found:
        return None, tuple(issues)
    total = sum(p.total for p in found)
    issues.append(
        Issue("projects-read", Severity.INFO,
              _("{count} projects with {dwellings} dwellings are planned.").format(
                  count=len({p.key for p in found}), dwellings=format_number(total)),
              file=tables[0].source.name)
    )  # fmt: skip
    return PlannedHousing(
        content.level, str(content.name), tuple(found), recipe.source,
        recipe.label_of(content.labels),
    ), tuple(issues)  # fmt: skip


def _read(
    recipe: Recipe, content: ProjectsContent, table: RawTable, known: KnownAreas,
    issues: list[Issue],
) -> Iterator[tuple[int, PlannedProject]]:  # fmt: skip
    names = [content.id, content.project, content.start, *content.dwellings.values()]
    names += [*content.shares, *(c for c in (content.probability, content.state) if c)]
    if content.area.column:
        names.append(content.area.column)
    present = [check_column(table, c, issues) for c in names]
    if not all(present):
        return
    chosen = np.flatnonzero(chosen_rows(table, content.only, content.ignore, issues))
    columns = _columns(recipe, content, table, chosen.astype(np.int64), issues)
    keys = frozenset(known.of(content.level))
    ids, titles = table.column(content.id), table.column(content.project)
    cells = table.column(content.area.column) if content.area.column else ("",) * len(table)
    states = table.column(content.state) if content.state else ("",) * len(table)
    for n, row in enumerate(chosen.tolist()):
        area = apply_key_rule(content.area, cells[row])
        wrong = list(_check(content, table, row, n, columns))
        if area not in keys:
            wrong.append(
                _wrong(table, row, content.area.column, _("The level has no such area."), area,
                       _("Correct the key, or import the boundaries first."))
            )  # fmt: skip
        issues.extend(wrong)
        if wrong:
            continue
        start = int(columns.start[n])
        for kind, numbers in columns.dwellings.items():
            years = {
                start + step: round(float(numbers[n] * share), 6)
                for step, share in enumerate(columns.shares[:, n])
                if numbers[n] * share > 0
            }
            if years:
                yield row, PlannedProject(
                    ids[row].strip(), titles[row].strip(), area,
                    _kind(content, kind, titles[row]), years,
                    float(columns.probability[n]), states[row].strip(),
                )  # fmt: skip


def _columns(
    recipe: Recipe, content: ProjectsContent, table: RawTable, rows: NDArray[np.int64],
    issues: list[Issue],
) -> _Columns:  # fmt: skip
    def numbers(column: str) -> NDArray[np.float64]:
        values, _status = convert_cells(
            table, table.header.index(column), rows, recipe.numbers, issues
        )
        return np.asarray(values, dtype=np.float64)

    shares = np.array([numbers(c) for c in content.shares]).reshape(len(content.shares), len(rows))
    if not content.shares:
        shares = np.ones((1, len(rows)))
    elif content.percent:
        shares = shares / 100.0
    chance = numbers(content.probability) if content.probability else np.ones(len(rows))
    return _Columns(
        numbers(content.start), np.nan_to_num(shares), chance,
        {kind: np.nan_to_num(numbers(column)) for kind, column in content.dwellings.items()},
    )  # fmt: skip


def _check(
    content: ProjectsContent, table: RawTable, row: int, n: int, columns: _Columns
) -> Iterator[Issue]:
    start = columns.start[n]
    if not (np.isfinite(start) and start == int(start) and 1900 <= start <= 2200):
        yield _wrong(table, row, content.start, _("A year is needed."), "", _("Enter the year."))
    shares = columns.shares[:, n]
    if (shares < 0).any() or abs(shares.sum() - 1.0) > _ROUNDING:
        yield _wrong(
            table, row, content.shares[0] if content.shares else None,
            _("The shares of occupation do not sum to 100 %."), format_number(shares.sum(), 2),
            _("Correct the shares."),
        )  # fmt: skip
    if not 0.0 <= columns.probability[n] <= 1.0:
        yield _wrong(table, row, content.probability, _("A probability lies between 0 and 1."), "",
                     _("Correct the cell."))  # fmt: skip
    for kind, numbers in columns.dwellings.items():
        if numbers[n] < 0:
            yield _wrong(table, row, content.dwellings[kind], _("Dwellings cannot be negative."),
                         format_number(numbers[n]), _("Correct the cell."))  # fmt: skip


def project_preview(
    recipe: Recipe, content: ProjectsContent, table: RawTable, shown: int
) -> tuple[tuple[str, ...], dict[int, tuple[str, ...]], tuple[Issue, ...]]:
    """Titles, area, dwellings, years and probability of the first ``shown`` rows by position, and
    findings of the cells."""
    issues: list[Issue] = []
    names = [content.id, content.project, content.start, *content.dwellings.values()]
    names += [*content.shares, *(c for c in (content.probability,) if c)]
    present = [check_column(table, c, issues) for c in names]
    titles = (_("area"), _("dwellings"), _("years"), _("probability"))
    if not all(present):
        return titles, {}, tuple(issues)
    rows = np.arange(min(shown, len(table)), dtype=np.int64)
    columns = _columns(recipe, content, table, rows, issues)
    cells = table.column(content.area.column) if content.area.column else ("",) * len(table)
    found: dict[int, tuple[str, ...]] = {}
    for n in rows.tolist():
        issues.extend(_check(content, table, n, n, columns))
        used = np.flatnonzero(columns.shares[:, n] > 0)
        start = columns.start[n]
        span = ""
        if len(used) and np.isfinite(start):
            span = f"{int(start + used[0])} – {int(start + used[-1])}"
        total = sum(float(numbers[n]) for numbers in columns.dwellings.values())
        found[n] = (
            apply_key_rule(content.area, cells[n]), format_number(total), span,
            format_number(100.0 * float(columns.probability[n])) + " %",
        )  # fmt: skip
    return titles, found, tuple(issues)


def _kind(content: ProjectsContent, kind: str, title: str) -> str:
    """Type of dwelling: by the name of the project where the recipe tells that by a pattern."""
    for pattern, other in content.named.items():
        if re.search(pattern, title, re.IGNORECASE):
            return other
    return kind


def _wrong(
    table: RawTable, row: int, column: str | None, message: str, value: str, repair: str
) -> Issue:
    where: dict[str, Any] = place(table, row, column) if column else place(table, row)
    return Issue("project-cell", Severity.ERROR, message, **where, value=value or None,
                 repair=repair)  # fmt: skip
