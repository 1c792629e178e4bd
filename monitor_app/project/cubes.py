"""Numbers in and out: one row per area, date, sex, group and partner, the ages as one BLOB.

Whole numbers are stored in the smallest unsigned type that holds them exactly, everything else
as float64; readers get float64 either way. Combinations that equal what the data set says about
absent ones are not stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from monitor_app.core.ages import AgeAxis
from monitor_app.core.cube import Cube
from monitor_app.core.datasets import Absent
from monitor_app.core.i18n import _
from monitor_app.core.issues import fail
from monitor_app.core.status import Status, has_value
from monitor_app.project import schema
from monitor_app.project.history import Change

#: Layout of the BLOBs; raise it when their meaning changes.
BLOB_VERSION = 1
#: Dimensions that are columns, in the order of ``core.cube.DIMENSIONS`` (age is inside the BLOB).
KEY_DIMS = ("area", "date", "sex", "group", "partner")
_DTYPES = {"u1": np.uint8, "<u2": np.uint16, "<u4": np.uint32, "<f8": np.float64}
_LIMITS = (("u1", 2**8), ("<u2", 2**16), ("<u4", 2**32))
_BLOCK = 20_000  # rows encoded at a time


def write(change: Change, number: int, cube: Cube, absent: Absent) -> None:
    """Add the cells of a cube to data set ``number`` (its dates must have been removed)."""
    width = len(cube.labels["age"]) if cube.has("age") else 1
    values = np.ascontiguousarray(cube.values).reshape(-1, width)
    status = np.ascontiguousarray(cube.status).reshape(-1, width)
    kept = np.flatnonzero(~_is_absent(values, status, absent))
    for start in range(0, len(kept), _BLOCK):  # in parts, so that cancelling does not wait
        part = kept[start : start + _BLOCK]
        change.insert(schema.CELL, _encode(cube, number, part, values[part], status[part]))


def _encode(
    cube: Cube,
    number: int,
    kept: NDArray[np.intp],
    values: NDArray[np.float64],
    status: NDArray[np.uint8],
) -> list[tuple[Any, ...]]:
    """Rows for the positions ``kept``, whose values and status are (rows, ages)."""
    width = values.shape[1]
    known = has_value(status)
    totals = np.where(known, values, 0.0).sum(axis=1)
    some: NDArray[np.bool_] = np.asarray(known.any(axis=1))
    dtype, packed = _pack(values, known)
    step = packed.shape[1] * packed.dtype.itemsize
    body = packed.tobytes()
    marks = status.tobytes()
    plain: NDArray[np.bool_] = np.asarray((status == Status.OK).all(axis=1))
    keys = _key_columns(cube, kept)
    return [
        (
            number, day.isoformat(), area, sex, group, partner,
            total if has else None, dtype, BLOB_VERSION,
            body[i * step : (i + 1) * step],
            None if ok else marks[i * width : (i + 1) * width],
        )
        for i, (area, day, sex, group, partner, total, has, ok) in enumerate(
            zip(*keys, totals.tolist(), some.tolist(), plain.tolist(), strict=True)
        )
    ]  # fmt: skip


def _is_absent(
    values: NDArray[np.float64], status: NDArray[np.uint8], absent: Absent
) -> NDArray[np.bool_]:
    if absent is Absent.ZERO:
        return np.asarray(((values == 0) & (status == Status.OK)).all(axis=1))
    return np.asarray((status == Status.MISSING).all(axis=1))


def _pack(values: NDArray[np.float64], known: NDArray[np.bool_]) -> tuple[str, NDArray[np.generic]]:
    """Values in the smallest type that gives back exactly the same numbers."""
    filled = np.where(known, values, 0.0)
    if np.isfinite(filled).all() and filled.min() >= 0 and not np.signbit(filled).any():
        top = filled.max()
        for name, limit in _LIMITS:
            if top < limit and (filled == np.floor(filled)).all():
                return name, filled.astype(_DTYPES[name])
    return "<f8", np.where(known, values, np.nan).astype("<f8")


def _key_columns(cube: Cube, kept: NDArray[np.intp]) -> list[list[Any]]:
    """Per key dimension the label of each kept row (None where the cube lacks the dimension)."""
    dims = [d for d in cube.dims if d != "age"]
    positions = np.unravel_index(kept, [len(cube.labels[d]) for d in dims])
    columns: list[list[Any]] = []
    for dim in KEY_DIMS:
        if dim not in dims:
            columns.append([None] * len(kept))
            continue
        labels = cube.labels[dim]
        columns.append([labels[i] for i in positions[dims.index(dim)].tolist()])
    return columns


def read(
    conn: sa.Connection,
    number: int,
    dims: tuple[str, ...],
    labels: dict[str, tuple[Any, ...]],
    ages: AgeAxis | None,
    unit: str,
    absent: Absent,
) -> Cube:
    """The whole cube of a data set; arrays are read-only because they are shared."""
    full = dict(labels)
    if ages is not None:
        full["age"] = ages.labels
    shape = tuple(len(full[d]) for d in dims)
    width = len(ages) if ages is not None else 1
    filler, mark = (0.0, Status.OK) if absent is Absent.ZERO else (np.nan, Status.MISSING)
    values = np.full(shape, filler)
    status = np.full(shape, mark, dtype=np.uint8)
    result = conn.exec_driver_sql(
        "SELECT area, date, sex, grp, partner, dtype, vals, status FROM monitor_cell "
        "WHERE dataset = ? ORDER BY dtype",
        (number,),
    )
    rows: Sequence[tuple[Any, ...]] = result.cursor.fetchall() if result.cursor else ()
    result.close()
    if rows:
        try:
            _fill(values.reshape(-1, width), status.reshape(-1, width), rows, dims, full)
        except (ValueError, KeyError) as error:
            raise fail(
                "damaged_cells",
                _("The numbers of a data set in the project file are damaged."),
                repair=_("Open one of the backups beside the file (.bak1, .bak2, .bak3)."),
            ) from error
    values.setflags(write=False)
    status.setflags(write=False)
    return Cube(dims, full, values, status, unit, ages)


def _fill(
    values: NDArray[np.float64],
    status: NDArray[np.uint8],
    rows: Sequence[tuple[Any, ...]],
    dims: tuple[str, ...],
    labels: dict[str, tuple[Any, ...]],
) -> None:
    """Put rows where they belong. ``values``/``status`` are views (cells, ages)."""
    columns = list(zip(*rows, strict=True))
    where = _positions(columns, dims, labels)
    width = values.shape[1]
    dtypes, blobs, marks = columns[5], columns[6], columns[7]
    start = 0
    while start < len(rows):  # rows come sorted by type
        name, stop = dtypes[start], start
        while stop < len(rows) and dtypes[stop] == name:
            stop += 1
        block = np.frombuffer(b"".join(blobs[start:stop]), dtype=np.dtype(_DTYPES[name]))
        values[where[start:stop]] = block.reshape(stop - start, width)
        start = stop
    status[where] = Status.OK
    marked = [i for i, m in enumerate(marks) if m is not None]
    if marked:
        block = np.frombuffer(b"".join(marks[i] for i in marked), dtype=np.uint8)
        status[where[marked]] = block.reshape(len(marked), width)
        rest = where[marked]
        values[rest] = np.where(has_value(status[rest]), values[rest], np.nan)


def plain_bytes(dtype: str, vals: bytes, status: bytes | None) -> bytes:
    """The float64 numbers of one row as bytes, whatever type they are stored in."""
    numbers = np.frombuffer(vals, dtype=np.dtype(_DTYPES[dtype])).astype("<f8")
    if status is not None:
        numbers[~has_value(np.frombuffer(status, dtype=np.uint8))] = np.nan
    return numbers.tobytes()


def _positions(
    columns: list[tuple[Any, ...]], dims: tuple[str, ...], labels: dict[str, tuple[Any, ...]]
) -> NDArray[np.int64]:
    """Flat position of each row in the array without its age axis."""
    where = np.zeros(len(columns[0]), dtype=np.int64)
    for column, dim in zip(columns, KEY_DIMS, strict=False):
        if dim not in dims:
            continue
        names = [d.isoformat() for d in labels[dim]] if dim == "date" else labels[dim]
        index = {name: i for i, name in enumerate(names)}
        found = np.fromiter(map(index.__getitem__, column), dtype=np.int64, count=len(column))
        where = where * len(names) + found
    return where


def remove(change: Change, number: int, days: tuple[date, ...] | None = None) -> None:
    """Take the cells of some dates (or all) out of a data set."""
    for table in (schema.CELL, schema.DATE):
        condition = table.c.dataset == number
        if days is not None:
            condition = sa.and_(condition, table.c.date.in_([d.isoformat() for d in days]))
        change.remove(table, condition)
