"""A table on its way out: typed columns with status, ready for CSV and xlsx."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
from numpy.typing import NDArray

from monitor_app.core.i18n import _
from monitor_app.core.status import Status, has_value


@dataclass(frozen=True)
class TextColumn:
    """Names, keys (with their leading zeros), remarks."""

    name: str
    cells: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.cells)


@dataclass(frozen=True)
class DateColumn:
    name: str
    days: tuple[date | None, ...]

    def __len__(self) -> int:
        return len(self.days)


@dataclass(frozen=True)
class ValueColumn:
    """Numbers float64 with a status uint8 each; ``precision`` is the number of decimals shown,
    None writes the shortest decimal that gives the same float64 again."""

    name: str
    values: NDArray[np.float64]
    status: NDArray[np.uint8]
    precision: int | None = 0

    def __post_init__(self) -> None:
        if self.values.shape != self.status.shape or self.values.ndim != 1:
            raise ValueError("values and status of a column must be vectors of one length")

    @classmethod
    def of(
        cls, name: str, values: Sequence[float] | NDArray[np.float64], precision: int | None = 0
    ) -> ValueColumn:
        """A column without signs: NaN is missing, all else is a plain value."""
        numbers = np.asarray(values, dtype=np.float64)
        status = np.where(np.isnan(numbers), Status.MISSING, Status.OK).astype(np.uint8)
        return cls(name, numbers, status, precision)

    def __len__(self) -> int:
        return len(self.values)

    @property
    def present(self) -> NDArray[np.bool_]:
        """Where there is a value to write (a status that promises one over NaN is no value)."""
        return has_value(self.status) & np.isfinite(self.values)


Column = TextColumn | DateColumn | ValueColumn


@dataclass(frozen=True)
class ExportTable:
    """``name`` becomes the sheet's name; ``notes`` are sources, dates and remarks in sentences."""

    name: str
    columns: tuple[Column, ...]
    title: str = ""
    notes: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        if len({len(c) for c in self.columns}) > 1:
            raise ValueError("the columns of a table must have one length")

    def __len__(self) -> int:
        return len(self.columns[0]) if self.columns else 0

    @property
    def statuses(self) -> tuple[Status, ...]:
        """Every status that occurs, for the explanation of signs."""
        found: set[int] = set()
        for column in self.columns:
            if isinstance(column, ValueColumn):
                found.update(np.unique(np.where(
                    ~column.present & has_value(column.status), Status.MISSING, column.status
                )).tolist())  # fmt: skip
        return tuple(Status(code) for code in sorted(found))


def meaning(status: Status) -> str:
    """What a status means, in the words of official tables; "" for plain values."""
    return {
        Status.ESTIMATED: _("estimated value"),
        Status.PROVISIONAL: _("provisional value"),
        Status.REVISED: _("revised value"),
        Status.UNRELIABLE: _("value of limited reliability"),
        Status.FORECAST: _("forecast value"),
        Status.MISSING: _("no data, or data come later"),
        Status.SECRET: _("value unknown or kept secret"),
        Status.NOT_APPLICABLE: _("not applicable"),
        Status.TOO_UNCERTAIN: _("no figure because it is not reliable enough"),
        Status.BELOW_BASE: _("too few cases for a figure"),
    }.get(status, "")
