"""Findings about the numbers of one data set, before anybody confirms it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor_app.core.areas import CITY
from monitor_app.core.cube import Cube
from monitor_app.core.datasets import Absent, Kind, SourceFile
from monitor_app.core.formats import format_date, format_number
from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, Severity
from monitor_app.core.status import has_value
from monitor_app.exchange.assemble import Duplicates, Long
from monitor_app.exchange.dates import spacing
from monitor_app.exchange.keys import apply_key_rule
from monitor_app.exchange.plausible import SMALLEST_STEP, SMALLEST_STEP_AREA, step_list
from monitor_app.exchange.recipe_model import FactContent
from monitor_app.exchange.wording import position_name

#: So many findings of one kind are listed one by one; the rest is counted in the last one.
LISTED = 50


@dataclass(frozen=True)
class Files:
    """Which files a data set comes from, as a whole and per date (the last one that has it)."""

    all: tuple[str, ...]
    of_date: dict[date, str]

    @classmethod
    def of(cls, long: Long) -> Files:
        names = [p.table.source.name for p in long.parts]
        found: dict[date, str] = {}
        known = long.codes["date"] >= 0
        pairs = np.unique(long.codes["date"][known] * len(names) + long.part[known])
        for pair in pairs.tolist():
            code, part = divmod(pair, len(names))
            found[long.labels["date"][code]] = names[part]
        return cls(tuple(dict.fromkeys(names)), found)

    @staticmethod
    def by_date(long: Long) -> dict[date, tuple[SourceFile, ...]]:
        """The files that hold numbers of each date, in the order in which they were read."""
        sources = [replace(p.table.source, sheet=None) for p in long.parts]
        known = long.codes["date"] >= 0
        pairs = np.unique(long.codes["date"][known] * len(sources) + long.part[known])
        found: dict[date, dict[SourceFile, None]] = {}
        for pair in pairs.tolist():
            code, part = divmod(pair, len(sources))
            found.setdefault(long.labels["date"][code], {})[sources[part]] = None
        return {day: tuple(files) for day, files in found.items()}

    @property
    def one(self) -> str | None:
        return self.all[0] if len(self.all) == 1 else None


def nothing_found(content: FactContent, file: str | None = None) -> Issue:
    return Issue(
        "nothing-found",
        Severity.ERROR,
        _("No numbers for “{name}” were found in the files.").format(name=content.name),
        file=file,
        repair=_("Check whether the recipe fits the file, above all its row filters and sheets."),
    )


def too_large(content: FactContent, cells: int) -> Issue:
    return Issue(
        "too-many-cells",
        Severity.ERROR,
        _("“{name}” would have {cells} cells.").format(
            name=content.name, cells=format_number(cells)
        ),
        repair=_("Check which columns the recipe takes for area, group and partner."),
    )


def check_cells(long: Long, content: FactContent) -> list[Issue]:
    """Negative and broken counts, cell by cell."""
    if not content.counts:
        return []
    found: list[Issue] = []
    values = long.values
    negative = np.flatnonzero(values < 0)
    if not content.negative and not any(v.subtract for v in content.values):
        found += _listed(
            long, negative, "negative-count", Severity.ERROR,
            _("A count cannot be negative."),
            _("Correct the cell, or set “negative: true” in the recipe if the value is meant so."),
        )  # fmt: skip
    if not content.fractions:
        broken = np.flatnonzero(np.isfinite(values) & (values != np.round(values)))
        found += _listed(
            long, broken, "broken-count", Severity.WARNING,
            _("A count should be a whole number."),
            _("Check the decimal mark; if the values are estimates, set “fractions: true”."),
        )  # fmt: skip
    return found


def _listed(
    long: Long,
    entries: NDArray[np.int64],
    code: str,
    severity: Severity,
    message: str,
    repair: str,
) -> list[Issue]:
    """One issue per entry, the last one standing for all that are not listed."""
    found = []
    for n, i in enumerate(entries[:LISTED].tolist()):
        rest = len(entries) - LISTED if n == LISTED - 1 else 0
        text = message
        if rest > 0:
            text += " " + _("There are {count} more such cells.").format(count=rest)
        found.append(
            Issue(
                code,
                severity,
                text,
                **long.place(i),
                value=long.cell(i),
                repair=repair,
                count=1 + max(rest, 0),
            )
        )
    return found


def duplicate_issues(long: Long, duplicates: Duplicates) -> list[Issue]:
    """Rows that fill a cell again; one issue per row, however many columns it has."""
    found: list[Issue] = []
    seen: dict[tuple[int, int], int] = {}
    for i, first in zip(duplicates.entries.tolist(), duplicates.first.tolist(), strict=True):
        spot = (int(long.part[i]), int(long.row[i]))
        if spot in seen:
            continue
        seen[spot] = i
        if len(seen) > LISTED:
            continue
        place = long.place(i)
        found.append(
            Issue(
                "duplicate-row",
                Severity.ERROR,
                _("The values for {name} are given twice, first in line {line} of {file}.").format(
                    name=long.name(i), line=long.place(first)["row"], file=long.place(first)["file"]
                ),
                file=place["file"],
                sheet=place["sheet"],
                row=place["row"],
                column=place["column"],
                value=long.cell(i),
                repair=_(
                    "Delete the wrong row, or set “duplicates: sum” in the recipe if the rows are "
                    "parts of one number."
                ),
            )
        )
    if len(seen) > LISTED:
        found.append(
            Issue(
                "duplicate-row",
                Severity.ERROR,
                _("There are {count} more rows whose values are given twice.").format(
                    count=len(seen) - LISTED
                ),
                count=len(seen) - LISTED,
            )
        )
    return found


def level_unknown(level: str) -> Issue:
    return Issue(
        "level-unknown",
        Severity.ERROR,
        _("The project has no areas of the level “{level}” yet.").format(level=level),
        value=level,
        repair=_("Import the boundaries of this level first or in the same step."),
    )


def unknown_area(key: str, level: str, where: dict[str, Any], rows: int, *, keep: bool) -> Issue:
    """An area key without boundary: kept on request, else an error."""
    text = (
        _("The area {key} has no boundary; it counts in totals but is on no map.")
        if keep
        else _("The area key {key} is unknown in the level “{level}”.")
    )
    mend = _(
        "Correct the key, add its boundary, or set “unknown_areas: keep” in the recipe to keep it "
        "as an area that cannot be located."
    )
    return Issue(
        "area-without-boundary" if keep else "area-unknown",
        Severity.WARNING if keep else Severity.ERROR,
        text.format(key=key, level=level),
        **where,
        value=key,
        repair=None if keep else mend,
        count=rows,
    )


def unknown_areas(
    long: Long,
    content: FactContent,
    known: Sequence[str],
    issues: list[Issue],
    *,
    level: str | None = None,
    unlocated: frozenset[str] = frozenset(),
) -> tuple[str, ...]:
    """Keys of the file that no boundary has. Errors, or kept as areas without place; those that
    were kept before (``unlocated``) are named each time. ``level``: its name."""
    keys = long.labels["area"]
    keep = content.unknown_areas == "keep"
    level = level or content.level
    if not known and not keep:
        issues.append(replace(level_unknown(level), file=Files.of(long).one))
        return ()
    have = set(known)
    strange = [(i, key) for i, key in enumerate(keys) if key not in have or key in unlocated]
    unknown = [(i, key) for i, key in strange if key not in have]
    for i, key in strange[:LISTED]:
        entries = np.flatnonzero(long.codes["area"] == i)
        rows = len({(int(long.part[e]), int(long.row[e])) for e in entries.tolist()})
        where = long.place(int(entries[0]))
        if content.area is not None and content.area.column is not None:
            where["column"] = content.area.column
        kept = keep or key in unlocated
        issues.append(unknown_area(key, level, where, rows, keep=kept))
    if len(unknown) > LISTED:
        issues.append(
            Issue(
                "area-without-boundary" if keep else "area-unknown",
                Severity.WARNING if keep else Severity.ERROR,
                _("There are {count} more area keys without boundary.").format(
                    count=len(unknown) - LISTED
                ),
                count=len(unknown) - LISTED,
            )
        )
    return tuple(key for _i, key in unknown)


def outside_validity(key: str, day: date, files: Files) -> Issue:
    return Issue(
        "area-outside-validity",
        Severity.WARNING,
        _(
            "The area {key} does not exist on {date} by its dates of validity, but has numbers."
        ).format(key=key, date=format_date(day)),
        file=files.of_date.get(day),
        value=key,
        repair=_("Check the validity of the area and the state of boundaries of the file."),
    )


def parents_of(
    long: Long, content: FactContent, unknown: Sequence[str]
) -> dict[str, dict[str, str]]:
    """Parents of areas without boundary, read from the rows of the file that name them."""
    found: dict[str, dict[str, str]] = {key: {} for key in unknown}
    position = {key: i for i, key in enumerate(long.labels["area"])}
    for key in unknown:
        entries = np.flatnonzero(long.codes["area"] == position[key])
        table = long.parts[long.part[entries[0]]].table
        row = int(long.row[entries[0]])
        for rule in content.unknown_parents:
            text = key if rule.from_key else ""
            if rule.column is not None and rule.column in table.header:
                text = table.column(rule.column)[row]
            parent = apply_key_rule(rule, text)
            if parent:
                found[key][rule.level] = parent
    return found


def check_cube(
    cube: Cube,
    filled: NDArray[np.bool_],
    content: FactContent,
    known: Sequence[str],
    files: Files,
) -> list[Issue]:
    """Missing areas, dates and combinations, and steps that the series makes implausible."""
    found: list[Issue] = []
    missing = [key for key in known if key not in cube.area_index]
    if missing and content.level != CITY:
        found.append(
            Issue(
                "areas-missing",
                Severity.WARNING,
                _("{count} areas of the level have no row in the file, e.g. {key}.").format(
                    count=len(missing), key=missing[0]
                ),
                file=files.one,
                value=", ".join(missing[:20]),
                repair=_("Check whether the delivery is complete."),
                count=len(missing),
            )
        )
    gaps = spacing(cube.dates)
    if gaps:
        found.append(
            Issue(
                "dates-missing",
                Severity.WARNING,
                _("The series has gaps; missing: {dates}.").format(
                    dates=", ".join(format_date(d) for d in gaps[:10])
                    + (" …" if len(gaps) > 10 else "")
                ),
                file=files.one,
                repair=_("Add the missing deliveries if they exist."),
                count=len(gaps),
            )
        )
    found += _check_combinations(cube, filled, content, files)
    if content.counts:
        found += check_steps(cube, content, files)
    return found


def _check_combinations(
    cube: Cube, filled: NDArray[np.bool_], content: FactContent, files: Files
) -> list[Issue]:
    """Areas that lack a date or a part (a sex, a group) that other areas have."""
    if filled.all():
        return []
    zero = content.absent is Absent.ZERO
    meaning = _("they count as zero") if zero else _("they count as missing")
    age = cube.dims.index("age") if cube.has("age") else None
    whole = filled.any(axis=age) if age is not None else filled
    dims = [d for d in cube.dims if d != "age"]
    holes = np.argwhere(~whole)
    found = []
    if "partner" in dims and len(holes) > LISTED:
        # an origin-destination table is sparse by nature
        holes = holes[:0]
    if zero and len(holes):
        return [_sparse(cube, dims, holes, meaning, files)]
    groups: dict[tuple[str, ...], list[date]] = {}
    for hole in holes.tolist():
        where = tuple(
            position_name(d, cube.labels[d][k])
            for d, k in zip(dims, hole, strict=True)
            if d != "date"
        )
        groups.setdefault(where, []).append(cube.dates[hole[dims.index("date")]])
    for where, days in list(groups.items())[:LISTED]:
        found.append(
            Issue(
                "combination-missing",
                Severity.WARNING,
                _("The file has no rows for {where} on {dates}; {meaning}.").format(
                    where=", ".join(where), dates=_span(days), meaning=meaning
                ),
                file=files.one,
                value=", ".join(where),
                repair=_("Check whether the delivery is complete."),
                count=len(days),
            )
        )
    rest = sum(len(d) for d in list(groups.values())[LISTED:])
    if rest:
        found.append(
            Issue(
                "combination-missing",
                Severity.WARNING,
                _("{count} more combinations have no rows; {meaning}.").format(
                    count=rest, meaning=meaning
                ),
                count=rest,
            )
        )
    return found


def _sparse(
    cube: Cube, dims: list[str], holes: NDArray[np.int64], meaning: str, files: Files
) -> Issue:
    """One finding for all combinations that a delivery leaves out because they are zero."""
    first = zip(dims, holes[0].tolist(), strict=True)
    example = ", ".join(position_name(d, cube.labels[d][k]) for d, k in first)
    return Issue(
        "combination-missing",
        Severity.INFO,
        _("{count} combinations have no rows, e.g. {example}; {meaning}.").format(
            count=len(holes), example=example, meaning=meaning
        ),
        file=files.one,
        value=example,
        count=len(holes),
    )


def _span(days: Sequence[date]) -> str:
    if len(days) == 1:
        return format_date(days[0])
    return f"{format_date(days[0])} … {format_date(days[-1])} ({len(days)})"


def check_steps(cube: Cube, content: FactContent, files: Files) -> list[Issue]:
    """Steps against the previous date: of the whole, and of single areas for stocks."""
    if cube.dates != tuple(sorted(cube.dates)) or len(cube.dates) < 2:
        return []
    values = np.where(has_value(cube.status), cube.values, np.nan)
    other = tuple(i for i, d in enumerate(cube.dims) if d not in ("area", "date"))
    table = values.sum(axis=other) if other else values
    found = [
        _step_issue(content, None, step, files)
        for step in step_list(cube.dates, _total_where_complete(table), SMALLEST_STEP)
    ]
    if content.subject is not Kind.POPULATION or len(cube.areas) < 2:
        return found
    single = [
        (key, step)
        for key, row in zip(cube.areas, table, strict=True)
        for step in step_list(cube.dates, row, SMALLEST_STEP_AREA)
    ]
    found += [_step_issue(content, key, step, files) for key, step in single[:LISTED]]
    return found


def _total_where_complete(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """Total per date over the areas that have a value at every date; if none has, over all."""
    complete = np.isfinite(table).all(axis=1)
    total: NDArray[np.float64] = (table[complete] if complete.any() else table).sum(axis=0)
    return total


def _step_issue(
    content: FactContent, key: str | None, step: tuple[date, date, float, float], files: Files
) -> Issue:
    before, after, old, new = step
    place = _("the whole") if key is None else key
    return Issue(
        "implausible-step",
        Severity.WARNING,
        _(
            "{name}, {place}: from {before} to {after} the value steps from {old} to {new} "
            "({share}), far more than on other dates."
        ).format(
            name=content.name, place=place, before=format_date(before), after=format_date(after),
            old=format_number(old), new=format_number(new),
            share=format_number(100 * (new / old - 1), 1, signed=True) + " %",
        ),
        file=files.of_date.get(after),
        value=f"{format_date(before)} – {format_date(after)}",
        repair=_(
            "Check whether the definition changed between the dates (main or secondary residence, "
            "boundaries, census)."
        ),
    )  # fmt: skip
