"""Texts that the project keeps: recipes, own indicators, views, weightings, settings, bridges of
territorial reforms, reference values, layers that are only drawn, planned dwellings, definitions as
they were when a page was printed."""

from __future__ import annotations

import sqlalchemy as sa

from monitor_app.project import geopackage, schema
from monitor_app.project.history import Change

KINDS = (
    "recipe", "indicator", "view", "weighting", "forecast", "setting", "bridge", "reference",
    "backdrop", "housing", "used_definition",
)  # fmt: skip


def check_kind(kind: str) -> None:
    if kind not in KINDS:
        raise ValueError(f"unknown kind of document: {kind}")


def get(conn: sa.Connection, kind: str, key: str) -> str | None:
    d = schema.DOCUMENT.c
    return conn.execute(sa.select(d.text).where(d.kind == kind, d.key == key)).scalar_one_or_none()


def all_of(conn: sa.Connection, kind: str) -> dict[str, str]:
    """Key -> text, by key."""
    d = schema.DOCUMENT.c
    rows = conn.execute(sa.select(d.key, d.text).where(d.kind == kind).order_by(d.key))
    return {key: text for key, text in rows}  # noqa: C416 - rows are not plain tuples


def put(change: Change, kind: str, key: str, text: str) -> None:
    """Store a text; nothing happens where the same text is there."""
    check_kind(kind)
    if get(change.conn, kind, key) == text:
        return
    delete(change, kind, key)
    change.insert(schema.DOCUMENT, [(kind, key, text)])


def delete(change: Change, kind: str, key: str) -> int:
    d = schema.DOCUMENT.c
    return change.remove(schema.DOCUMENT, sa.and_(d.kind == kind, d.key == key))


def put_style(change: Change, layer: str, name: str, qml: str, sld: str) -> None:
    """Store the style that QGIS gives a layer by default."""
    s = schema.STYLE.c
    change.remove(schema.STYLE, s.f_table_name == layer)
    change.insert(
        schema.STYLE,
        [("", "", layer, "geom", name, qml, sld, 1, "", "", None, geopackage.now_text())],
    )
