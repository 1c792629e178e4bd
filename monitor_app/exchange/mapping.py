"""Facts: tables and a content of a recipe become one data set with all findings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from monitor_app.core.ages import AgeAxis
from monitor_app.core.areas import CITY
from monitor_app.core.batch import Comparison, FactTable, ImportContext
from monitor_app.core.cube import Cube
from monitor_app.core.datasets import Absent, DatasetSpec
from monitor_app.core.formats import format_date
from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, Severity
from monitor_app.core.progress import Progress
from monitor_app.core.status import Status
from monitor_app.exchange import validate
from monitor_app.exchange.age_axes import fit_ages
from monitor_app.exchange.assemble import (
    MAX_CELLS,
    Long,
    build_cube,
    find_duplicates,
    join_parts,
)
from monitor_app.exchange.blocks import apply_strays, find_strays
from monitor_app.exchange.code_prefixes import without_prefixes
from monitor_app.exchange.coded import check_column, filter_rows, fits_sheet, place
from monitor_app.exchange.comparisons import compare, comparison_issues
from monitor_app.exchange.dates import DateReader
from monitor_app.exchange.longform import LongPart, LongReader
from monitor_app.exchange.recipe_model import FactContent, Recipe
from monitor_app.exchange.table import RawTable
from monitor_app.exchange.values import convert_cells

Span = tuple[date | None, date | None]


@dataclass(frozen=True)
class KnownAreas:
    """Keys per level that the project has or that the same import brings, in order; ``spans``
    are the periods (from, to, both inclusive, None = unbounded) in which a key exists;
    ``unlocated`` are keys without boundary in levels that have boundaries."""

    keys: dict[str, tuple[str, ...]]
    spans: dict[str, dict[str, tuple[Span, ...]]] = field(default_factory=dict)
    unlocated: dict[str, frozenset[str]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)  # of the levels

    def of(self, level: str) -> tuple[str, ...]:
        return (CITY,) if level == CITY else self.keys.get(level, ())

    def name(self, level: str) -> str:
        """The name of a level; its key where nothing names it."""
        return self.names.get(level, level)

    def exists(self, level: str, key: str, day: date) -> bool:
        """Whether an area exists on a day; areas without dates always do."""
        spans = self.spans.get(level, {}).get(key, ())
        return not spans or any(
            (a is None or a <= day) and (b is None or day <= b) for a, b in spans
        )


@dataclass(frozen=True)
class MappedFact:
    """``table`` is None where nothing could be built. ``unknown`` are area keys of the file that
    no boundary has, with the parents that the file itself names for them."""

    table: FactTable | None
    issues: tuple[Issue, ...]
    comparisons: tuple[Comparison, ...] = ()
    unknown: dict[str, dict[str, str]] | None = None


def map_fact(
    recipe: Recipe,
    content: FactContent,
    tables: Sequence[RawTable],
    known: KnownAreas,
    context: ImportContext,
    progress: Progress,
) -> MappedFact:
    """Build one data set from all tables that the content fits."""
    reader = LongReader(content, recipe.numbers, known.of(content.level))
    issues: list[Issue] = []
    parts: list[LongPart] = []
    stated: dict[date, float] = {}
    for i, table in enumerate(without_prefixes(t, recipe.prefixes) for t in tables):
        progress.step(i / max(1, len(tables)), table.source.name)
        if not fits_sheet(table, content.sheets):
            continue
        part = reader.read(table)
        issues.extend(part.issues)
        if len(part.values):
            _mend_dates(part, content, issues)
            parts.append(part)
            _add(stated, read_control(recipe, content, table, part, issues))
    if not parts:
        if not any(i.severity is Severity.ERROR for i in issues):
            issues.append(validate.nothing_found(content, _only_file(tables)))
        return MappedFact(None, tuple(issues))
    if content.empty is Absent.ZERO:
        _fill_empty(parts, issues)
    long = join_parts(parts, known.of(content.level))
    return _assemble(recipe, content, long, stated, known, context, issues)


def _only_file(tables: Sequence[RawTable]) -> str | None:
    """The file to name in a finding about all tables; None where it is about several files."""
    names = {table.source.name for table in tables}
    return names.pop() if len(names) == 1 else None


def _assemble(
    recipe: Recipe,
    content: FactContent,
    long: Long,
    stated: dict[date, float],
    known: KnownAreas,
    context: ImportContext,
    issues: list[Issue],
) -> MappedFact:
    if "area" not in long.dims or "date" not in long.dims or not long.usable.any():
        if not any(i.severity is Severity.ERROR for i in issues):
            file = _only_file([p.table for p in long.parts])
            issues.append(validate.nothing_found(content, file))
        return MappedFact(None, tuple(issues))
    issues.extend(validate.check_cells(long, content))
    unlocated = known.unlocated.get(content.level, frozenset())
    unknown = validate.unknown_areas(
        long,
        content,
        known.of(content.level),
        issues,
        level=known.name(content.level),
        unlocated=unlocated,
    )
    duplicates = find_duplicates(long, content)
    if content.duplicates == "error":
        issues.extend(validate.duplicate_issues(long, duplicates))
    ages = None
    if "age" in long.dims:
        ages = fit_ages(long, content, existing_ages(content, context), issues)
        if ages is None:
            return MappedFact(None, tuple(issues))
    cells = int(np.prod([len(long.labels[d]) for d in long.dims], dtype=np.float64))
    if cells > MAX_CELLS:
        issues.append(validate.too_large(content, cells))
        return MappedFact(None, tuple(issues))
    cube, filled = build_cube(long, content, ages)
    files = validate.Files.of(long)
    cube, filled = respect_validity(cube, filled, content, known, files, issues)
    issues.extend(
        validate.check_cube(cube, filled, content, expected_areas(content, cube, known), files)
    )
    parents = validate.parents_of(long, content, unknown)
    spec = dataset_spec(recipe, content)
    comparisons = compare(long, cube, spec, stated)
    issues.extend(comparison_issues(comparisons, content, files))
    by_date = validate.Files.by_date(long)
    table = FactTable(spec, cube, {d: by_date[d] for d in cube.dates if d in by_date})
    return MappedFact(table, tuple(issues), comparisons, parents)


def expected_areas(content: FactContent, cube: Cube, known: KnownAreas) -> tuple[str, ...]:
    """Areas of the level that exist on at least one date of the data set. Those that cannot be
    located are not expected: most deliveries do not know them."""
    return tuple(
        key
        for key in known.of(content.level)
        if key not in known.unlocated.get(content.level, ())
        and any(known.exists(content.level, key, day) for day in cube.dates)
    )


def respect_validity(
    cube: Cube,
    filled: NDArray[np.bool_],
    content: FactContent,
    known: KnownAreas,
    files: validate.Files,
    issues: list[Issue],
) -> tuple[Cube, NDArray[np.bool_]]:
    """Cells of areas that do not exist on a date: nobody lives there (counts are zero), other
    values do not apply. Numbers given for such cells are reported and kept."""
    gone = np.array(
        [[not known.exists(content.level, a, d) for d in cube.dates] for a in cube.areas],
        dtype=np.bool_,
    )
    if not gone.any():
        return cube, filled
    absent = gone.reshape(gone.shape + (1,) * (len(cube.dims) - 2)) & ~filled
    values, status = cube.values.copy(), cube.status.copy()
    values[absent] = 0.0 if content.counts else np.nan
    status[absent] = Status.OK if content.counts else Status.NOT_APPLICABLE
    other = tuple(range(2, len(cube.dims)))
    given = gone & (filled.any(axis=other) if other else filled)
    for area, day in np.argwhere(given)[: validate.LISTED].tolist():
        issues.append(validate.outside_validity(cube.areas[area], cube.dates[day], files))
    return replace(cube, values=values, status=status), filled | absent


def dataset_spec(recipe: Recipe, content: FactContent) -> DatasetSpec:
    return DatasetSpec(
        key=content.dataset,
        kind=content.subject,
        name=str(content.name),
        level=content.level,
        unit=content.unit,
        time=content.time_reference,
        origin=content.origin,
        absent=content.absent,
        variable=content.variable,
        aggregation=content.aggregation,
        source=recipe.source,
        labels=recipe.label_of(content.labels),
    )


def existing_ages(content: FactContent, context: ImportContext) -> AgeAxis | None:
    """The age axis of the data set in the project, which a new delivery must be summed to."""
    for info in context.datasets:
        if info.spec.key == content.dataset and info.age_axis:
            return AgeAxis.decode(info.age_axis)
    return None


def _mend_dates(part: LongPart, content: FactContent, issues: list[Issue]) -> None:
    strays = find_strays(part)
    if not len(strays.rows):
        return
    mend = "date_from_block" in content.repair
    labels = part.dims["date"].labels
    first = {int(r): i for i, r in reversed(list(enumerate(part.row.tolist())))}
    for row, block in zip(strays.rows.tolist(), strays.block.tolist(), strict=True):
        own = labels[part.dims["date"].codes[first[row]]]
        day = labels[block]
        text = (
            _("The date {own} contradicts the rows around it; {day} was taken from them.")
            if mend
            else _("The date {own} contradicts the rows around it, which all have {day}.")
        )
        column = content.date.column
        issues.append(
            Issue(
                "date-contradicts-block",
                Severity.WARNING if mend else Severity.ERROR,
                text.format(own=format_date(own), day=format_date(day)),
                **place(part.table, row, column),
                value=part.table.column(column)[row] if column in part.table.header else None,
                repair=None
                if mend
                else _(
                    "Correct the date in the file, or set “repair: [date_from_block]” in the "
                    "recipe to take the date of the surrounding rows."
                ),
            )
        )
    if mend:
        apply_strays(part, strays)


def _fill_empty(parts: list[LongPart], issues: list[Issue]) -> None:
    """Empty cells count as zero where the recipe says so; how many is reported."""
    count = 0
    for part in parts:
        missing = np.flatnonzero(part.status == Status.MISSING)
        columns = part.table.columns
        empty = np.array(
            [not columns[int(part.column[i])][int(part.row[i])].strip() for i in missing.tolist()],
            dtype=np.bool_,
        )
        hits = missing[empty] if len(missing) else missing
        part.values[hits] = 0.0
        part.status[hits] = Status.OK
        count += len(hits)
    if count:
        issues.append(
            Issue(
                "empty-is-zero",
                Severity.INFO,
                _("{count} empty cells count as zero, as the recipe says.").format(count=count),
                count=count,
            )
        )


def read_control(
    recipe: Recipe,
    content: FactContent,
    table: RawTable,
    part: LongPart,
    issues: list[Issue],
) -> dict[date, float]:
    """Totals per date that the file states itself: a total column, or total rows."""
    total_rows = tuple(f for f in content.ignore if f.role == "total")
    control = content.control
    if control is not None and not check_column(table, control.column, issues):
        return {}
    if control is not None:
        chosen = filter_rows(table, control.rows, issues) if control.rows else None
        rows = np.unique(part.row) if chosen is None else np.flatnonzero(chosen)
        columns = [table.header.index(control.column)]
    elif total_rows and content.counts and content.date.column:
        rows = np.flatnonzero(filter_rows(table, total_rows, issues))
        columns = sorted(set(part.column.tolist()))
    else:
        return {}
    found: dict[date, float] = {}
    quiet: list[Issue] = []
    dates = DateReader(content.date).code(table, rows.astype(np.int64), quiet)
    for position in columns:
        values, _status = convert_cells(
            table, position, rows.astype(np.int64), recipe.numbers, quiet
        )
        for code, value in zip(dates.codes.tolist(), values.tolist(), strict=True):
            if code >= 0 and not np.isnan(value):
                day = dates.labels[code]
                found[day] = found.get(day, 0.0) + value
    return found


def _add(total: dict[date, float], more: dict[date, float]) -> None:
    for day, value in more.items():
        total[day] = total.get(day, 0.0) + value
