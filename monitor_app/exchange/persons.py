"""Files with one row per person (or event): counted chunk by chunk, no row is kept.

Memory holds one chunk and the counts, whose number is bounded by the cells of the result.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from monitor_app.core.ages import AgeAxis
from monitor_app.core.batch import Comparison, FactTable
from monitor_app.core.cube import DIMENSIONS, SEXES, Cube
from monitor_app.core.datasets import Absent, SourceFile, TimeReference
from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, Severity, UserError
from monitor_app.core.progress import Progress
from monitor_app.exchange import interpret, validate
from monitor_app.exchange.coded import (
    TOTAL,
    Coded,
    Codes,
    check_column,
    chosen_rows,
    code_column,
    fits_sheet,
    place,
)
from monitor_app.exchange.interpret import Meaning
from monitor_app.exchange.label_set import LabelPlace
from monitor_app.exchange.labels import parse_dates
from monitor_app.exchange.longform import LongReader
from monitor_app.exchange.mapping import KnownAreas, MappedFact, dataset_spec
from monitor_app.exchange.readers import iter_chunks
from monitor_app.exchange.recipe_model import FactContent, PersonsContent, Recipe, ValueColumn
from monitor_app.exchange.table import RawTable

#: Rows per chunk. Texts of some ten columns take about 100 MB.
CHUNK_ROWS = 200_000
_UNKNOWN_DAY = re.compile(r"0{1,2}\.(?P<m>\d{1,2})\.(?P<y>\d{4})|(?P<y2>\d{4})-?(?P<m2>\d\d)-?00")


@dataclass
class _Tally:
    """Counts per cell; the key has one label per dimension of ``dims``."""

    dims: tuple[str, ...]
    cells: Counter[tuple[Any, ...]] = field(default_factory=Counter)
    first: dict[str, dict[str, Any]] = field(default_factory=dict)  # area -> place of first row
    rows: Counter[date] = field(default_factory=Counter)
    issues: dict[tuple[Any, ...], Issue] = field(default_factory=dict)

    def report(self, issues: Sequence[Issue]) -> None:
        """Add findings; the same finding of several chunks counts up."""
        for issue in issues:
            key = (issue.code, issue.file, issue.column, issue.value)
            known = self.issues.get(key)
            self.issues[key] = (
                issue if known is None else replace(known, count=known.count + issue.count)
            )


def map_persons(
    recipe: Recipe,
    content: PersonsContent,
    paths: Sequence[Path],
    known: KnownAreas,
    progress: Progress,
) -> tuple[MappedFact, tuple[SourceFile, ...]]:
    """Count the persons of all files by area, date, sex, group, partner and age."""
    counting = _as_fact(content)
    reader = LongReader(counting, recipe.numbers, known.of(content.level))
    has_age = content.age is not None or content.birth_date is not None
    wanted = {
        "area": True, "date": True, "sex": content.sex, "group": content.group,
        "partner": content.partner or content.partner_key, "age": has_age,
    }  # fmt: skip
    tally = _Tally(tuple(d for d in DIMENSIONS if wanted[d]))
    sources: dict[str, SourceFile] = {}
    for i, path in enumerate(paths):
        part = progress.part(i / len(paths), (i + 1) / len(paths))
        try:
            for chunk in iter_chunks(path, CHUNK_ROWS, part):
                sources[chunk.source.sha256] = chunk.source
                tally.report(chunk.issues)
                if fits_sheet(chunk, content.sheets):
                    _count(content, reader, chunk, tally)
        except UserError as error:
            tally.report(error.issues)
    used = tuple(replace(s, sheet=None) for s in sources.values())
    return _result(recipe, content, counting, tally, known, used), used


def _as_fact(content: PersonsContent) -> FactContent:
    """The data set that the counts make, in the words of other facts."""
    return FactContent(
        kind=content.counts,
        dataset=content.dataset,
        name=content.name,
        level=content.level,
        area=content.area,
        date=content.date,
        sex=content.sex,
        group=content.group,
        partner=content.partner,
        partner_key=content.partner_key,
        values=(ValueColumn(column="1"),),
        labels=content.labels,
        time=content.time,
        origin=content.origin,
        absent=Absent.ZERO,
        unknown_areas=content.unknown_areas,
        only=content.only,
        ignore=content.ignore,
    )


def _count(content: PersonsContent, reader: LongReader, table: RawTable, tally: _Tally) -> None:
    issues: list[Issue] = []
    mask = chosen_rows(table, content.only, content.ignore, issues)
    rows = np.flatnonzero(mask).astype(np.int64)
    dims = reader.row_dimensions(table, rows, [], issues)
    if "age" in tally.dims and "date" in dims:
        dims["age"] = _ages(content, table, rows, dims["date"], issues)
    tally.report(issues)
    if any(d not in dims for d in tally.dims) or not len(rows):
        return
    if content.time is not TimeReference.POINT and content.counts != "population":
        dims["date"] = _year_ends(dims["date"])
    sizes = tuple(max(1, len(dims[d].labels)) for d in tally.dims)
    codes = np.stack([dims[d].codes for d in tally.dims])
    usable = (codes >= 0).all(axis=0)
    flat, counts = np.unique(np.ravel_multi_index(codes[:, usable], sizes), return_counts=True)
    positions = np.stack(np.unravel_index(flat, sizes), axis=1)
    for where, count in zip(positions.tolist(), counts.tolist(), strict=True):
        cell = tuple(dims[d].labels[i] for d, i in zip(tally.dims, where, strict=True))
        tally.cells[cell] += count
        tally.rows[cell[tally.dims.index("date")]] += count
    areas = dims["area"]
    for code, first in zip(*np.unique(areas.codes, return_index=True), strict=True):
        if code >= 0 and areas.labels[code] not in tally.first:
            where_first = place(table, int(rows[first]), content.area.column)
            tally.first[areas.labels[code]] = where_first


def _year_ends(dates: Coded) -> Coded:
    """Events belong to the calendar year that ends on the stored day."""
    ends = [date(day.year, 12, 31) for day in dates.labels]
    labels = tuple(dict.fromkeys(ends))
    lookup = np.array([labels.index(end) for end in ends] + [TOTAL, -1], dtype=np.int64)
    return Coded(lookup[dates.codes], labels, dates.raw)


def _ages(
    content: PersonsContent, table: RawTable, rows: Codes, dates: Coded, issues: list[Issue]
) -> Coded:
    """Completed years of age; from ``open_from`` on one open group."""
    column = content.age or content.birth_date or ""
    nothing = Coded(np.full(len(rows), -1, dtype=np.int64), (), np.zeros(len(rows), dtype=np.int64))
    if not check_column(table, column, issues):
        return nothing
    if content.age is not None:
        groups = code_column(table, column, rows, interpret.ages(None), issues)
        years = np.array([g.lo for g in groups.labels] + [TOTAL, -1], dtype=np.int64)[groups.codes]
    else:
        births = code_column(table, column, rows, _births, issues)
        years = _completed_years(births, dates)
        impossible = (births.codes >= 0) & (dates.codes >= 0) & ((years < 0) | (years > 130))
        if impossible.any():
            first = int(rows[np.flatnonzero(impossible)[0]])
            issues.append(
                Issue(
                    "birth-after-date",
                    Severity.ERROR,
                    _("The date of birth does not fit the date of the row."),
                    **place(table, first, column),
                    value=table.column(column)[first],
                    repair=_("Correct the date of birth, or leave the row out."),
                    count=int(impossible.sum()),
                )
            )
        years = np.where(impossible | (births.codes < 0) | (dates.codes < 0), -1, years)
    codes = np.minimum(years, content.open_from)
    axis = AgeAxis.single_years(content.open_from)
    return Coded(codes, axis.groups, codes)


def _births(texts: Sequence[str], where: LabelPlace) -> Meaning:
    """Dates of birth; an unknown day (``00.05.1950``, ``00.00.1950``) is put into the middle."""
    known: dict[str, str] = {}
    middles: dict[str, date] = {}
    for text in texts:
        match = _UNKNOWN_DAY.fullmatch(text.strip())
        if match and int(match["m"] or match["m2"]) <= 12:
            month, year = int(match["m"] or match["m2"]), int(match["y"] or match["y2"])
            middles[text] = date(year, month or 7, 15 if month else 1)
        else:
            known[text] = text
    found = parse_dates(list(known), where)
    issues = list(found.issues)
    if middles:
        issues.append(
            Issue(
                "birth-day-unknown",
                Severity.INFO,
                _("Dates of birth without day or month were put into the middle: {count}.").format(
                    count=len(middles)
                ),
                file=where.file,
                sheet=where.sheet,
                column=where.column,
                count=len(middles),
            )
        )
    days: dict[str, date | None] = dict(middles)
    for text in known:
        days[text] = found[text].on(7, 1)
    return days, issues


def _completed_years(births: Coded, dates: Coded) -> Codes:
    def parts(days: tuple[date, ...], codes: Codes) -> tuple[Codes, Codes]:
        years = np.array([d.year for d in days] + [0], dtype=np.int64)
        order = np.array([d.month * 100 + d.day for d in days] + [0], dtype=np.int64)
        return years[codes], order[codes]

    born_year, born_day = parts(births.labels, births.codes)
    year, day = parts(dates.labels, dates.codes)
    years: Codes = year - born_year - (day < born_day)
    return years


def _result(
    recipe: Recipe,
    content: PersonsContent,
    counting: FactContent,
    tally: _Tally,
    known: KnownAreas,
    sources: Sequence[SourceFile],
) -> MappedFact:
    issues = list(tally.issues.values())
    if not tally.cells:
        if not any(i.severity is Severity.ERROR for i in issues):
            issues.append(
                validate.nothing_found(counting, sources[0].name if len(sources) == 1 else None)
            )
        return MappedFact(None, tuple(issues))
    cube = _cube(content, tally, known.of(content.level))
    unknown = _unknown(content, tally, known.of(content.level), known.name(content.level), issues)
    names = tuple(s.name for s in sources)
    files = validate.Files(names, dict.fromkeys(cube.dates, names[0] if len(names) == 1 else ""))
    filled = np.ones(cube.values.shape, dtype=np.bool_)
    issues += validate.check_cube(cube, filled, counting, known.of(content.level), files)
    spec = dataset_spec(recipe, counting)
    stored = cube.totals()
    comparisons = tuple(
        Comparison(spec.key, day, float(count), stored[day], _("rows counted"))
        for day, count in sorted(tally.rows.items())
    )
    table = FactTable(spec, cube, dict.fromkeys(cube.dates, tuple(sources)))
    return MappedFact(table, tuple(issues), comparisons, {k: {} for k in unknown})


def _cube(content: PersonsContent, tally: _Tally, known: Sequence[str]) -> Cube:
    labels: dict[str, tuple[Any, ...]] = {}
    axis: AgeAxis | None = None
    for i, dim in enumerate(tally.dims):
        present = {cell[i] for cell in tally.cells}
        if dim == "age":
            axis = AgeAxis.single_years(content.open_from)
            labels[dim] = axis.groups
        elif dim == "sex":
            labels[dim] = tuple(s for s in SEXES if s in present)
        elif dim == "area":
            order = {key: n for n, key in enumerate(known)}
            labels[dim] = tuple(sorted(present, key=lambda k: (order.get(k, len(order)), k)))
        else:
            labels[dim] = tuple(sorted(present))
    position = {d: {label: n for n, label in enumerate(labels[d])} for d in tally.dims}
    values = np.zeros(tuple(len(labels[d]) for d in tally.dims))
    for cell, count in tally.cells.items():
        index = tuple(position[d][label] for d, label in zip(tally.dims, cell, strict=True))
        values[index] = count
    names: dict[str, Sequence[Any]] = {d: labels[d] for d in tally.dims if d != "age"}
    return Cube.of(names, values, ages=axis)


def _unknown(
    content: PersonsContent,
    tally: _Tally,
    known: Sequence[str],
    level: str,
    issues: list[Issue],
) -> list[str]:
    have = set(known)
    keep = content.unknown_areas == "keep"
    if not known and not keep:
        issues.append(validate.level_unknown(level))
        return []
    lost = sorted({cell[0] for cell in tally.cells} - have)
    for key in lost[: validate.LISTED]:
        persons = sum(count for cell, count in tally.cells.items() if cell[0] == key)
        issues.append(
            validate.unknown_area(key, level, tally.first.get(key, {}), persons, keep=keep)
        )
    return lost
