"""Data sets: what is stored about them besides their numbers."""

from __future__ import annotations

import json
from dataclasses import asdict, fields, replace
from datetime import date, datetime
from typing import Any

import numpy as np
import sqlalchemy as sa

from monitor_app.core.ages import AgeAxis
from monitor_app.core.batch import FactTable, PointTable
from monitor_app.core.cube import Cube
from monitor_app.core.datasets import (
    Absent,
    DatasetInfo,
    DatasetSpec,
    Kind,
    Origin,
    SourceFile,
    TimeReference,
)  # fmt: skip
from monitor_app.core.i18n import _
from monitor_app.core.issues import UserError, fail
from monitor_app.project import areas, cubes, geopackage, history, schema
from monitor_app.project.history import Change


class UnknownDataset(KeyError):  # noqa: N818 - a lookup that found nothing
    """There is no data set with this key."""


_ENUMS: dict[str, Any] = {"kind": Kind, "time": TimeReference, "origin": Origin, "absent": Absent}


#: Beside the labels of the dimensions: which files (by hash) each date came from.
FILES = "@files"


def spec_text(spec: DatasetSpec) -> str:
    return json.dumps(asdict(spec), ensure_ascii=False, sort_keys=True)


def spec_from(text: str) -> DatasetSpec:
    """A spec as stored; fields that this version does not know are passed over."""
    stored = json.loads(text)
    known = {f.name for f in fields(DatasetSpec)}
    return DatasetSpec(
        **{k: _ENUMS[k](v) if k in _ENUMS else v for k, v in stored.items() if k in known}
    )


def infos(conn: sa.Connection) -> tuple[DatasetInfo, ...]:
    """All data sets in the order in which they came."""
    files = history.sources(conn)
    days: dict[int, list[Any]] = {}
    d = schema.DATE.c
    for row in conn.execute(sa.select(d.dataset, d.date, d.total, d.revision).order_by(d.date)):
        days.setdefault(row.dataset, []).append(row)
    counts: dict[int, int] = dict(
        conn.execute(
            sa.select(schema.FACILITY.c.dataset, sa.func.count()).group_by(
                schema.FACILITY.c.dataset
            )
        ).all()
    )
    result = []
    for row in conn.execute(sa.select(schema.DATASET).order_by(schema.DATASET.c.number)):
        axes = json.loads(row.axes)
        own = days.get(row.number, [])
        revisions = sorted({r.revision for r in own} | ({row.revision} if row.layer else set()))
        of_date = _files_of(axes, own, files)
        known = [f for found in of_date.values() for f in found]
        if row.layer:
            wanted = set(axes.get(FILES, {}).get("", ()))
            given = [f for r in revisions for f in files.get(r, ())]
            known = [f for f in given if f.sha256 in wanted] or given
        result.append(
            DatasetInfo(
                spec=spec_from(row.spec),
                dims=tuple(row.dims.split(",")),
                dates=tuple(date.fromisoformat(r.date) for r in own),
                totals={date.fromisoformat(r.date): r.total for r in own},
                areas=counts.get(row.number, 0) if row.layer else len(axes.get("area", ())),
                age_axis=row.age_axis,
                sources=tuple(dict.fromkeys(known)),
                files=of_date,
                imported_at=datetime.fromisoformat(row.imported_at),
            )
        )
    return tuple(result)


def _files_of(
    axes: dict[str, Any],
    days: list[Any],
    files: dict[int, tuple[SourceFile, ...]],
) -> dict[date, tuple[SourceFile, ...]]:
    """What each date was read from; all files of its import where the file does not tell."""
    result = {}
    for row in days:
        wanted = axes.get(FILES, {}).get(row.date)
        own = files.get(row.revision, ())
        result[date.fromisoformat(row.date)] = (
            own if wanted is None else tuple(f for f in own if f.sha256 in set(wanted))
        )
    return result


def _row(conn: sa.Connection, key: str) -> sa.Row[Any] | None:
    return conn.execute(sa.select(schema.DATASET).where(schema.DATASET.c.key == key)).first()


def cube(conn: sa.Connection, key: str) -> Cube:
    """The numbers of a data set; ``KeyError`` where there is none with that key."""
    row = _row(conn, key)
    if row is None or row.layer is not None:
        raise UnknownDataset(key)
    spec = spec_from(row.spec)
    dims = tuple(row.dims.split(","))
    axes = json.loads(row.axes)
    query = sa.select(schema.DATE.c.date).where(schema.DATE.c.dataset == row.number)
    labels: dict[str, tuple[Any, ...]] = {
        dim: tuple(axes[dim]) for dim in dims if dim not in ("date", "age")
    }
    labels["date"] = tuple(sorted(date.fromisoformat(t) for t in conn.execute(query).scalars()))
    ages = AgeAxis.decode(row.age_axis) if row.age_axis is not None else None
    return cubes.read(conn, row.number, dims, labels, ages, spec.unit, spec.absent)


def points(conn: sa.Connection, key: str) -> PointTable:
    """Facilities of a data set; ``KeyError`` where there is none with that key."""
    row = _row(conn, key)
    if row is None or row.layer is None:
        raise UnknownDataset(key)
    f = schema.FACILITY.c
    rows = conn.execute(
        sa.select(f.x, f.y, f.attributes).where(f.dataset == row.number).order_by(f.position)
    ).all()
    titles = json.loads(row.axes)["attributes"]
    values = [json.loads(r.attributes) for r in rows]
    return PointTable(
        spec=spec_from(row.spec),
        x=np.array([np.nan if r.x is None else r.x for r in rows], dtype=np.float64),
        y=np.array([np.nan if r.y is None else r.y for r in rows], dtype=np.float64),
        crs=row.crs,
        attributes={title: tuple(v[i] for v in values) for i, title in enumerate(titles)},
    )


def apply_facts(change: Change, table: FactTable) -> None:
    """Store the numbers of a table; dates that the data set has already are replaced."""
    conn, new = change.conn, table.cube
    old = _row(conn, table.spec.key)
    spec, number = table.spec, _number(conn, old)
    axes: dict[str, Any] = {d: list(new.labels[d]) for d in new.dims if d not in ("date", "age")}
    files = {d.isoformat(): [f.sha256 for f in found] for d, found in table.files.items()}
    if old is not None:
        if old.layer is not None:
            raise _other_shape(table.spec)
        query = sa.select(schema.DATE.c.date).where(schema.DATE.c.dataset == number)
        staying = set(conn.execute(query).scalars()) - {day.isoformat() for day in new.dates}
        if staying:
            before = spec_from(old.spec)
            _check_fits(old, before, table)
            stored = json.loads(old.axes)
            axes = _united(stored, axes)
            kept = stored.get(FILES, {})
            files |= {day: kept[day] for day in staying if day in kept}
            spec = replace(spec, labels={**before.labels, **spec.labels})
            cubes.remove(change, number, new.dates)
        else:
            cubes.remove(change, number)
        change.remove(schema.DATASET, schema.DATASET.c.id == old.id)
    if files:
        axes[FILES] = dict(sorted(files.items()))
    age_axis = new.ages.encode() if new.ages is not None else None
    _insert_row(change, number, spec, ",".join(new.dims), axes, age_axis)
    totals = new.totals()
    change.insert(
        schema.DATE,
        [(number, day.isoformat(), totals[day], change.revision.id) for day in new.dates],
    )
    cubes.write(change, number, new, spec.absent)


def apply_points(change: Change, table: PointTable) -> None:
    """Store facilities; they replace those that the data set has."""
    conn = change.conn
    old = _row(conn, table.spec.key)
    if old is not None and old.layer is None:
        raise _other_shape(table.spec)
    number = _number(conn, old)
    if old is not None:
        change.remove(schema.FACILITY, schema.FACILITY.c.dataset == number)
        change.remove(schema.DATASET, schema.DATASET.c.id == old.id)
    crs, x, y = _located(conn, table)
    titles = list(table.attributes)
    layer = old.layer if old is not None else areas.free_name(conn, "points", table.spec.key)
    axes: dict[str, Any] = {"attributes": titles}
    if table.files:
        axes[FILES] = {"": [f.sha256 for f in table.files]}
    _insert_row(change, number, table.spec, "point", axes, None, crs, layer)
    columns = [table.attributes[title] for title in titles]
    change.insert(
        schema.FACILITY,
        [
            (
                number, i, x[i], y[i],
                json.dumps([_plain(column[i]) for column in columns], ensure_ascii=False),
            )
            for i in range(len(table.x))
        ],
    )  # fmt: skip
    change.points.add(number)


def remove(change: Change, key: str) -> None:
    """Take a data set out of the project; ``KeyError`` where there is none with that key."""
    row = _row(change.conn, key)
    if row is None:
        raise UnknownDataset(key)
    cubes.remove(change, row.number)
    change.remove(schema.FACILITY, schema.FACILITY.c.dataset == row.number)
    change.remove(schema.DATASET, schema.DATASET.c.id == row.id)
    if row.layer is not None:
        change.points.add(row.number)


def _plain(value: Any) -> Any:
    """Numbers of numpy as Python's; not-a-number as nothing (JSON has none)."""
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not np.isfinite(value) else value


def _located(
    conn: sa.Connection, table: PointTable
) -> tuple[str | None, list[float | None], list[float | None]]:
    x, y = np.asarray(table.x, dtype=float), np.asarray(table.y, dtype=float)
    known = np.isfinite(x) & np.isfinite(y)
    crs = areas.crs_of(conn)
    if known.any():
        pairs = np.column_stack([x[known], y[known]])
        crs = crs or geopackage.project_crs(table.crs, geopackage.lon_lat_of(pairs, table.crs))
        x, y = x.copy(), y.copy()
        x[known], y[known] = geopackage.reproject_points(x[known], y[known], table.crs, crs)
    return (
        crs,
        [v if ok else None for v, ok in zip(x.tolist(), known, strict=True)],
        [v if ok else None for v, ok in zip(y.tolist(), known, strict=True)],
    )


def _number(conn: sa.Connection, old: sa.Row[Any] | None) -> int:
    """The data set's number: kept while it lives, else one that nothing in the file uses."""
    if old is not None:
        return int(old.number)
    shadow = schema.SHADOWS[schema.DATASET.name]
    highest = (
        conn.execute(sa.select(sa.func.max(column))).scalar() or 0
        for column in (schema.DATASET.c.number, shadow.c.number)
    )
    return max(highest) + 1


def _insert_row(
    change: Change,
    number: int,
    spec: DatasetSpec,
    dims: str,
    axes: dict[str, Any],
    age_axis: str | None,
    crs: str | None = None,
    layer: str | None = None,
) -> None:
    change.insert(
        schema.DATASET,
        [
            (
                number, spec.key, spec.kind.value, spec.name, spec.level, spec_text(spec), dims,
                json.dumps(axes, ensure_ascii=False), age_axis, crs, layer,
                change.revision.time.isoformat(), change.revision.id,
            )
        ],
    )  # fmt: skip


def _check_fits(old: sa.Row[Any], before: DatasetSpec, table: FactTable) -> None:
    """New dates must have the structure of those that stay."""
    ages = table.cube.ages.encode() if table.cube.ages is not None else None
    after = table.spec
    same = (
        old.dims == ",".join(table.cube.dims)
        and old.age_axis == ages
        and (before.kind, before.level, before.unit, before.absent)
        == (after.kind, after.level, after.unit, after.absent)
    )
    if not same:
        raise _other_shape(after)


def _other_shape(spec: DatasetSpec) -> UserError:
    return fail(
        "other_structure",
        _("The data set “{name}” exists with another structure (dimensions, age groups, level "
          "or unit).").format(name=spec.name),
        repair=_("Import the file as a data set of its own, under another key."),
    )  # fmt: skip


def _united(old: dict[str, list[Any]], new: dict[str, list[Any]]) -> dict[str, list[Any]]:
    return {dim: list(dict.fromkeys([*old.get(dim, ()), *labels])) for dim, labels in new.items()}
