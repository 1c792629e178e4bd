"""Reference values of a project: read from a table, shown beside what is computed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from monitor_app.app.session import Session
from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, Severity, UserError, errors, fail
from monitor_app.exchange.coded import place
from monitor_app.exchange.dates import DateReader
from monitor_app.exchange.readers import read_tables
from monitor_app.exchange.recipe_model import DateRule, NumberRule
from monitor_app.exchange.table import RawTable
from monitor_app.exchange.values import convert_cells
from monitor_app.indicators.reference import Reference, load_reference

KIND = "reference"
#: What the columns of a table of reference values may be called.
COLUMNS = {
    "indicator": ("Indikator", "indicator"),
    "name": ("Gebiet", "Vergleichsraum", "Name", "area", "name"),
    "date": ("Stichtag", "Datum", "Jahr", "date", "year"),
    "value": ("Wert", "value"),
    "source": ("Quelle", "source"),
    "place": ("Art", "place"),
}
NEEDED = ("indicator", "name", "date", "value")
#: What the column "Art" may say.
PLACES = {"": "external", "extern": "external", "external": "external", "stadt": "city",
          "city": "city"}  # fmt: skip


def references(session: Session, indicator: str | None = None) -> tuple[Reference, ...]:
    """Reference values of the project, those of one indicator where one is given."""
    texts = session.project.documents(KIND)
    found = (load_reference(text) for _key, text in sorted(texts.items()))
    return tuple(r for r in found if indicator is None or r.indicator == indicator)


def add_references(session: Session, path: Path) -> tuple[Reference, ...]:
    """Store the rows of a table (CSV, Excel, ODS) with the columns Indikator, Gebiet, Stichtag,
    Wert and perhaps Quelle and Art (extern, Stadt), as one step of undo. Dates that a series has
    already are replaced. Errors: ``UserError`` with every finding; nothing is stored then."""
    rows: list[_Row] = []
    issues: list[Issue] = []
    for table in read_tables(path):
        issues.extend(table.issues)
        rows += _rows(session, table, issues)
    issues += _twice(rows)
    if not rows and not errors(issues):
        issues.append(Issue("no-references", Severity.ERROR, _("The file has no rows."),
                            file=path.name))  # fmt: skip
    if errors(issues):
        raise UserError(errors(issues))
    before = {r.key: r for r in references(session)}
    series: dict[str, Reference] = {}
    for row in rows:
        new = Reference.model_validate(
            {
                "indicator": row.indicator, "name": row.name, "place": row.place,
                "unit": session.catalogue.get(row.indicator).unit, "source": row.source,
                "values": {row.day: row.value},
            }
        )  # fmt: skip
        old = series.get(new.key) or before.get(new.key)
        series[new.key] = new if old is None else old.joined(new)
    texts = {key: reference.dump() for key, reference in series.items()}
    label = _("Reference values: {name}").format(
        name=", ".join(r.name.shown for r in series.values())
    )
    session.project.put_documents(KIND, texts, label)
    return tuple(series.values())


def remove_reference(session: Session, key: str) -> None:
    """Take a series out of the project. Errors: ``UserError`` where there is none."""
    label = _("Remove the reference values {name}").format(name=key)
    if session.project.delete_document(KIND, key, label) is None:
        known = ", ".join(r.key for r in references(session)) or "–"
        raise fail(
            "unknown-reference",
            _("The project has no reference values “{name}”.").format(name=key),
            value=key,
            repair=_("Known are: {names}").format(names=known),
        )


def reference_data(reference: Reference) -> dict[str, Any]:
    """A series as plain data."""
    return {
        "id": reference.key,
        "indicator": reference.indicator,
        "name": reference.name.shown,
        "place": reference.place,
        "unit": reference.unit,
        "source": reference.source,
        "values": {day.isoformat(): value for day, value in reference.values.items()},
    }


@dataclass(frozen=True)
class _Row:
    indicator: str
    name: str
    day: date
    value: float
    source: str
    place: str
    where: dict[str, Any]


def _rows(session: Session, table: RawTable, issues: list[Issue]) -> list[_Row]:
    header = {name.strip().lower(): name for name in table.header}
    columns = {
        key: next((header[n.lower()] for n in names if n.lower() in header), None)
        for key, names in COLUMNS.items()
    }
    lacking = [COLUMNS[key][0] for key in NEEDED if columns[key] is None]
    if lacking:
        issues.append(
            Issue(
                "column-missing",
                Severity.ERROR,
                _("The table lacks the columns {names}.").format(names=", ".join(lacking)),
                **place(table),
                repair=_("Columns: Indikator; Gebiet; Stichtag; Wert; Quelle"),
            )
        )
        return []
    chosen = np.arange(len(table), dtype=np.int64)
    days = DateReader(DateRule(column=columns["date"])).code(table, chosen, issues)
    position = table.header.index(str(columns["value"]))
    values, _status = convert_cells(table, position, chosen, NumberRule(), issues)
    found = []
    for i in range(len(table)):
        cells = {k: _cell(table, column, i) for k, column in columns.items()}
        wrong = _wrong(session, table, columns, cells, float(values[i]), i)
        issues += wrong
        if not wrong and days.codes[i] >= 0:
            found.append(
                _Row(
                    cells["indicator"], cells["name"], days.labels[days.codes[i]],
                    float(values[i]), cells["source"], PLACES[cells["place"].lower()],
                    place(table, i),
                )
            )  # fmt: skip
    return found


def _cell(table: RawTable, column: str | None, row: int) -> str:
    return "" if column is None else table.column(column)[row].strip()


def _wrong(
    session: Session,
    table: RawTable,
    columns: dict[str, str | None],
    cells: dict[str, str],
    value: float,
    row: int,
) -> list[Issue]:
    """What is wrong with a row besides its date, which its reader tells."""

    def issue(key: str, message: str, repair: str | None = None) -> Issue:
        return Issue("reference-row", Severity.ERROR, message, **place(table, row, columns[key]),
                     value=cells[key] or None, repair=repair)  # fmt: skip

    found = []
    if cells["indicator"] not in session.catalogue:
        try:
            session.catalogue.get(cells["indicator"])
        except UserError as error:
            found += [issue("indicator", i.message, i.repair) for i in error.issues]
    if not cells["name"]:
        found.append(issue("name", _("The name of the region is missing.")))
    if not np.isfinite(value):
        text = _("A reference value must be a number.")
        found.append(issue("value", text, _("Leave the row out where there is none.")))
    if cells["place"].lower() not in PLACES:
        known = "extern, Stadt"
        repair = _("Possible values: {values}").format(values=known)
        found.append(issue("place", _("This kind of region is unknown."), repair))
    return found


def _twice(rows: Sequence[_Row]) -> list[Issue]:
    seen: set[tuple[str, str, date]] = set()
    found = []
    for row in rows:
        mark = (row.indicator, row.name, row.day)
        if mark in seen:
            text = _("The table names the same value twice.")
            found.append(Issue("reference-twice", Severity.ERROR, text, **row.where))
        seen.add(mark)
    return found
