"""Whether the parts of a project hold together."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa

from monitor_app.core.formats import format_date, format_number
from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, Severity
from monitor_app.project import schema

#: Each query counts rows that must not be.
_ORPHANS = {
    "cells_without_date": "SELECT count(*) FROM monitor_cell c WHERE NOT EXISTS (SELECT 1 FROM "
    "monitor_date d WHERE d.dataset = c.dataset AND d.date = c.date)",
    "dates_without_dataset": "SELECT count(*) FROM monitor_date WHERE dataset NOT IN "
    "(SELECT number FROM monitor_dataset)",
    "facilities_without_dataset": "SELECT count(*) FROM monitor_facility WHERE dataset NOT IN "
    "(SELECT number FROM monitor_dataset)",
    "double_dates": "SELECT count(*) - count(DISTINCT dataset || ':' || date) FROM monitor_date",
    "double_datasets": "SELECT count(*) - count(DISTINCT key) FROM monitor_dataset",
    "double_levels": "SELECT count(*) - count(DISTINCT key) FROM monitor_level",
    "double_documents": "SELECT count(*) - count(DISTINCT kind || ':' || key) "
    "FROM monitor_document",
    "double_cells": "SELECT count(*) FROM (SELECT 1 FROM monitor_cell GROUP BY dataset, date, "
    "area, sex, grp, partner HAVING count(*) > 1)",
    "layers_without_list_entry": "SELECT count(*) FROM monitor_layer WHERE name NOT IN "
    "(SELECT table_name FROM gpkg_geometry_columns)",
    "shadows_without_revision": "SELECT count(*) FROM monitor_undo_added WHERE rev NOT IN "
    "(SELECT id FROM monitor_revision WHERE state <> 'dropped')",
    "broken_references": "SELECT count(*) FROM pragma_foreign_key_check",
}

#: Dates whose total is not the sum of their cells.
_UNBALANCED = """
SELECT s.name, d.date, d.total, coalesce(sum(c.total), 0) AS found
FROM monitor_date d JOIN monitor_dataset s ON s.number = d.dataset
LEFT JOIN monitor_cell c ON c.dataset = d.dataset AND c.date = d.date
GROUP BY d.id HAVING abs(d.total - found) > 1e-6 * max(1, abs(d.total))
"""


def check(conn: sa.Connection) -> tuple[Issue, ...]:
    """All findings: rows that belong to nothing, totals that do not add up."""
    backup = _("Open one of the backups beside the file (.bak1, .bak2, .bak3).")
    findings = []
    for code, query in _ORPHANS.items():
        count = int(conn.exec_driver_sql(query).scalar_one())
        if count:
            text = _("The project holds {count} entries that do not fit together ({code}).")
            message = text.format(count=count, code=code)
            findings.append(Issue(code, Severity.ERROR, message, repair=backup, count=count))
    for name, day, total, found in conn.exec_driver_sql(_UNBALANCED):
        text = _("“{name}”, {day}: the total {total} is not the sum of its areas, {found}.")
        message = text.format(
            name=name,
            day=format_date(date.fromisoformat(day)),
            total=format_number(total, 2),
            found=format_number(found, 2),
        )
        again = _("Import the file of this date again.")
        findings.append(Issue("unbalanced", Severity.ERROR, message, repair=again))
    layers = set(conn.execute(sa.select(schema.LEVEL.c.layer)).scalars())
    known = set(conn.execute(sa.select(schema.LAYER.c.name)).scalars())
    for layer in sorted(layers - known):
        message = _("The areas of a level are missing ({layer}).").format(layer=layer)
        again = _("Import the boundaries of this level again.")
        findings.append(Issue("level_without_layer", Severity.ERROR, message, repair=again))
    return tuple(findings)
