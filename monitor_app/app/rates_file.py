"""Rate tables as a workbook: all values, how they came about, and changed cells read back."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from monitor_app.app.rates import RateBook, RateTable, group_name, sex_name
from monitor_app.app.rates_edit import MOST, table_names
from monitor_app.app.rates_summary import measures
from monitor_app.app.rates_take import column_edits, number_of
from monitor_app.app.rates_trace import years_text
from monitor_app.core.formats import format_number
from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, Severity, fail
from monitor_app.core.progress import Progress
from monitor_app.exchange import reader_sheets
from monitor_app.exchange.export_table import Column, ExportTable, TextColumn, ValueColumn
from monitor_app.exchange.source import ReadOptions, check_file
from monitor_app.exchange.table import RawTable
from monitor_app.exchange.writers import write_xlsx
from monitor_app.exchange.xlsx_book import sheet_name
from monitor_app.forecast.rate_edits import RateEdit

_KEY = re.compile(r"\[([^\[\]]*)\]\s*$")
Rows = list[tuple[int, int, int]]


def _rows(table: RateTable) -> Rows:
    """Positions of sex, group and age of the rows of a sheet."""
    return [
        (s, g, row)
        for s in range(len(table.sexes))
        for g in range(len(table.groups))
        for row in range(table.first_age, table.last_age + 1)
    ]


def sheet_names(book: RateBook) -> dict[str, str]:
    """Table -> name of its sheet."""
    used: set[str] = {"history", "verlauf"}
    return {key: sheet_name(table_names()[key], used) for key in book.tables}


def export_rates(book: RateBook, path: Path, progress: Progress | None = None) -> None:
    """*Slow.* One sheet per table, a sheet of measures, one of provenance, one of changes."""
    if path.suffix.lower() != ".xlsx":
        raise fail(
            "ending", _("Rates are written as a workbook (.xlsx)."), file=path.name,
            repair=_("Give the file the ending .xlsx."),
        )  # fmt: skip
    sheets = [_sheet(book, t) for t in book.tables.values()]
    notes = [
        _("Forecast “{name}”, level {level}, base {year}").format(
            name=book.spec.name or book.spec.id, level=book.spec.level, year=book.town.years[-1]),
        _("Change cells of areas and read the file back: only cells that differ become changes."),
        _("The column of the whole town is for information only."),
    ]  # fmt: skip
    extra = [_measures(book), _provenance(book)]
    if book.spec.rates:
        extra.append(_changes(book))
    write_xlsx(path, [*sheets, *extra], notes, progress)


def area_header(book: RateBook, area: int) -> str:
    """``Altstadt [011]``: the key in brackets is what counts when the file is read back."""
    return f"{book.area_name(area)} [{book.town.layout.areas[area]}]"


def _sheet(book: RateBook, table: RateTable) -> ExportTable:
    rows, lows = _rows(table), table.layout.ages.lows
    columns: list[Column] = [
        TextColumn(_("Sex"), tuple(_sex_cell(table, s) for s, _g, _a in rows)),
        TextColumn(_("Group"), tuple(_group_cell(book, table, g) for _s, g, _a in rows)),
        TextColumn(_("Age"), tuple(str(int(lows[a])) for _s, _g, a in rows)),
    ]
    town = table.of_town(table.values) * table.scale
    if table.areas == ("",):
        columns.append(ValueColumn.of(_("Whole town") + " []", _picked(town, rows), None))
    else:
        columns.append(ValueColumn.of(_("Whole town"), _picked(town, rows), 4))
        for area in range(len(table.areas)):
            values = table.values[..., area] * table.scale
            columns.append(ValueColumn.of(area_header(book, area), _picked(values, rows), None))
    notes = (
        _("Unit: {unit}").format(unit=table.unit),
        _("Source: {source}").format(source=book.source_text(table.key)),
    )
    return ExportTable(table.name, tuple(columns), table.name, notes)


def _picked(values: np.ndarray, rows: Rows) -> np.ndarray:
    return np.array([values[s, g, a] for s, g, a in rows], dtype=np.float64)


def _sex_cell(table: RateTable, sex: int) -> str:
    return _("Mothers") if table.key == "births" else sex_name(table.sexes[sex])


def _group_cell(book: RateBook, table: RateTable, group: int) -> str:
    return group_name(book.town, table.groups[group])


def _profiles(table: RateTable) -> Iterator[tuple[int, int, int | None]]:
    areas = [None] if table.areas == ("",) else [None, *range(len(table.areas))]
    for s in range(len(table.sexes)):
        for g in range(len(table.groups)):
            for area in areas:
                yield s, g, area


def _measures(book: RateBook) -> ExportTable:
    texts: list[tuple[str, ...]] = []
    values: list[tuple[float, float]] = []
    for table in book.tables.values():
        for s, g, area in _profiles(table):
            old = {m.key: m.value for m in measures(table, s, g, area, before=True)}
            for m in measures(table, s, g, area):
                texts.append((table.name, book.area_name(area), _sex_cell(table, s),
                              _group_cell(book, table, g), m.name, m.unit))  # fmt: skip
                values.append((m.value, old[m.key]))
    heads = (_("Table"), _("Area"), _("Sex"), _("Group"), _("Measure"), _("Unit"))
    columns: list[Column] = [TextColumn(h, tuple(t[i] for t in texts)) for i, h in enumerate(heads)]
    columns.append(ValueColumn.of(_("Value"), [v for v, _o in values], 3))
    columns.append(ValueColumn.of(_("Without changes"), [o for _v, o in values], 3))
    return ExportTable(_("Measures"), tuple(columns), _("Summary measures of all profiles"))


def _provenance(book: RateBook) -> ExportTable:
    """One row per table and area: years, events, exposure, level, weight, type, source."""
    texts: list[tuple[str, ...]] = []
    numbers: list[tuple[float, ...]] = []
    for key, table in book.tables.items():
        types = book.type_of(key)
        for area in [None] if table.areas == ("",) else [None, *range(len(table.areas))]:
            kind = "" if area is None or types is None else str(int(types[area]) + 1)
            texts.append((table.name, book.area_name(area), kind, years_text(table),
                          book.source_text(key), str(table.source.value)))  # fmt: skip
            numbers.append(_numbers(table, area))
    heads = (_("Table"), _("Area"), _("Type"), _("Years and weights"), _("Source"), _("Method"))
    columns: list[Column] = [TextColumn(h, tuple(t[i] for t in texts)) for i, h in enumerate(heads)]
    for i, (head, digits) in enumerate((
        (_("Events"), 1), (_("Person-years"), 1), (_("Raw level against the town"), 3),
        (_("Level used"), 3), (_("Weight of own experience"), 3), (_("Changed cells"), 0),
    )):  # fmt: skip
        columns.append(ValueColumn.of(head, [n[i] for n in numbers], digits))
    note = _("Levels and weights: means over age bands and groups, weighted by expected events.")
    return ExportTable(_("Provenance"), tuple(columns), _("How the rates came about"), (note,))


def _numbers(table: RateTable, area: int | None) -> tuple[float, ...]:
    """Events, person-years, raw level, level, weight and changed cells of an area or the town."""

    def total(array: np.ndarray) -> float:
        part = array if area is None else array[..., area]
        return float(np.nansum(part)) if np.isfinite(part).any() else float("nan")

    counted = np.isfinite(table.events).any()
    events = total(table.events)
    people = total(table.exposure) if counted else float("nan")
    changed, nothing = total(table.edited), float("nan")
    if table.levels is None or area is None:
        return events, people, nothing, nothing, nothing, changed
    levels = table.levels
    due = levels.expected[..., area]
    if due.sum() <= 0:
        return events, people, nothing, nothing, nothing, changed
    means = [
        float((np.nan_to_num(a[..., area]) * due).sum() / due.sum())
        for a in (levels.raw, levels.level, levels.weight)
    ]
    return events, people, *means, changed


def _changes(book: RateBook) -> ExportTable:
    edits = book.spec.rates
    names = book.town.names

    def joined(keys: Sequence[str]) -> str:
        return ", ".join(keys)

    ages = [f"{e.ages[0]}–{e.ages[1]}" if e.ages else "" for e in edits]
    values = [
        float("nan") if e.value is None else e.value * book.tables[e.table].scale for e in edits
    ]
    columns: tuple[Column, ...] = (
        TextColumn(_("Table"), tuple(table_names()[e.table] for e in edits)),
        TextColumn(_("Area"), tuple(joined([names.get(a, a) for a in e.areas]) for e in edits)),
        TextColumn(_("Sex"), tuple(joined([sex_name(s) for s in e.sex]) for e in edits)),
        TextColumn(_("Group"), tuple(joined([group_name(book.town, g) for g in e.group])
                                     for e in edits)),
        TextColumn(_("Age"), tuple(ages)),
        ValueColumn.of(_("Factor"), [float("nan") if e.factor is None else e.factor
                                     for e in edits], 4),
        ValueColumn.of(_("Value"), values, 4),
        TextColumn(_("Reason"), tuple(e.note for e in edits)),
    )  # fmt: skip
    return ExportTable(_("Changes by hand"), columns, _("Changes by hand"))


# -- reading back ----------------------------------------------------------------------------------


def take_rates(
    book: RateBook, path: Path, note: str = "", progress: Progress | None = None
) -> tuple[list[RateEdit], tuple[Issue, ...]]:
    """*Slow.* Changed cells of a workbook that was written before, as changes by hand.

    Only cells that differ count. Findings name sheet, row and column; a cell with an error is left
    out, so that with any error nothing of its sheet is taken.
    """
    check_file(path)
    steps = progress or Progress()
    tables = reader_sheets.read(path, ReadOptions(header_row=1), steps)
    known = {name: key for key, name in sheet_names(book).items()}
    reason = note or _("taken from {file}").format(file=path.name)
    edits: list[RateEdit] = []
    issues: list[Issue] = []
    seen = 0
    for raw in tables:
        key = known.get(raw.name)
        if key is None:
            continue
        seen += 1
        found, problems = _take_sheet(book, book.tables[key], raw, path.name, reason)
        issues += problems
        edits += [] if any(i.severity is Severity.ERROR for i in problems) else found
    if not seen:
        raise fail(
            "rates-file", _("The file has no sheet with rates."), file=path.name,
            repair=_("Take a file that was saved from the rates of this forecast. Its sheets are"
                     " called: {names}.").format(names=", ".join(known)),
        )  # fmt: skip
    return edits, tuple(issues)


def _take_sheet(
    book: RateBook, table: RateTable, raw: RawTable, file: str, note: str
) -> tuple[list[RateEdit], list[Issue]]:
    issues: list[Issue] = []

    def tell(
        code: str, message: str, row: int | None, column: str, value: str, repair: str = "",
        severity: Severity = Severity.ERROR,
    ) -> None:  # fmt: skip
        issues.append(Issue(code, severity, message, file, raw.name, row, column, value or None,
                            repair or None))  # fmt: skip

    places = _row_places(book, table, raw, tell)
    columns = _area_columns(table, raw, tell)
    changed: dict[int, dict[tuple[int, int, int], float]] = {}
    for j, area in columns.items():
        for i, place in places.items():
            text = raw.columns[j][i].strip()
            shown = float(table.values[(*place, area)]) * table.scale
            column, row = raw.header[j], raw.rows[i]
            if not text:
                tell("rates-cell-empty", _("This cell is empty: its rate stays as it was."), row,
                     column, "", severity=Severity.WARNING)  # fmt: skip
                continue
            value = number_of(text, typed=column in raw.numeric)
            if value is None:
                tell("rates-cell", _("This is no number."), row, column, text,
                     _("Enter a number such as 12,5."))  # fmt: skip
                continue
            if abs(value - shown) <= 1e-9 * max(abs(shown), 1.0):
                continue
            if not _possible(table, value / table.scale):
                tell("rates-cell-range", _("This rate cannot be ({unit}).").format(
                        unit=table.unit), row, column, text, _limits(table))  # fmt: skip
                continue
            changed.setdefault(area, {})[place] = value / table.scale
    return column_edits(table, changed, note), issues


def _possible(table: RateTable, value: float) -> bool:
    if table.key == "arrivals":
        return value >= 0
    if table.key == "net_migration":
        return -MOST <= value <= MOST
    if table.key == "girls":
        return 0 < value < 1
    return 0 <= value <= MOST


def _limits(table: RateTable) -> str:
    high = format_number(MOST * table.scale)
    if table.key == "arrivals":
        return _("Enter 0 or a positive number.")
    low = format_number(-MOST * table.scale) if table.key == "net_migration" else "0"
    return _("Enter a number from {low} to {high}.").format(low=low, high=high)


def _row_places(
    book: RateBook, table: RateTable, raw: RawTable, tell: object
) -> dict[int, tuple[int, int, int]]:
    """Row of the sheet -> positions of sex, group and age."""
    assert callable(tell)
    sexes = {_sex_cell(table, s): s for s in range(len(table.sexes))}
    groups = {_group_cell(book, table, g): g for g in range(len(table.groups))}
    found: dict[int, tuple[int, int, int]] = {}
    taken: set[tuple[int, int, int]] = set()
    for i, row in enumerate(raw.rows):
        texts = [raw.columns[j][i].strip() for j in range(min(3, len(raw.columns)))]
        if len(texts) < 3:
            continue
        sex, group = sexes.get(texts[0]), groups.get(texts[1])
        age = number_of(texts[2], typed=True)
        if sex is None:
            tell("rates-row", _("This sex does not occur in the table."), row, raw.header[0],
                 texts[0], _("Known are: {names}.").format(names=", ".join(sexes)))  # fmt: skip
        elif group is None:
            tell("rates-row", _("This group does not occur in the table."), row, raw.header[1],
                 texts[1], _("Known are: {names}.").format(names=", ".join(groups)))  # fmt: skip
        elif age is None or int(age) != age or int(age) not in table.ages:
            tell("rates-row", _("This age does not occur in the table."), row, raw.header[2],
                 texts[2])  # fmt: skip
        elif (sex, group, table.position(int(age))) in taken:
            tell("rates-row-twice", _("This row occurs twice."), row, raw.header[2], texts[2],
                 _("Keep one of them."))  # fmt: skip
        else:
            found[i] = sex, group, table.position(int(age))
            taken.add(found[i])
    return found


def _area_columns(table: RateTable, raw: RawTable, tell: object) -> dict[int, int]:
    """Column of the sheet -> position of the area."""
    assert callable(tell)
    position = {key: n for n, key in enumerate(table.areas)}
    found: dict[int, int] = {}
    for j, header in enumerate(raw.header):
        hit = _KEY.search(header)
        if hit is None:
            continue
        area = position.get(hit[1])
        if area is None:
            tell("rates-column", _("The forecast does not have this area."), 1, header, hit[1],
                 _("Leave the headings of the file as they were."))  # fmt: skip
        else:
            found[j] = area
    return found
