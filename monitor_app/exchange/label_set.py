"""Reading the distinct labels of a column together: one result per label, findings beside."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from monitor_app.core.issues import Issue, Severity

T = TypeVar("T")


@dataclass(frozen=True)
class Labels(Generic[T]):
    """``readings`` has one entry per distinct label, in order of appearance."""

    readings: Mapping[str, T]
    issues: tuple[Issue, ...] = field(default=())

    def __getitem__(self, label: str) -> T:
        return self.readings[label]


@dataclass(frozen=True)
class LabelPlace:
    """Where labels come from, so that findings can name file, sheet, row and column.

    ``rows`` are the lines of the file, one per cell of a column; None for labels of a header.
    """

    column: str = ""
    file: str | None = None
    sheet: str | None = None
    rows: Sequence[int] | None = None


class Findings:
    """Collects issues about the labels of one column; knows first row and number of each."""

    def __init__(self, labels: Sequence[str], place: LabelPlace) -> None:
        self.place = place
        self.first: dict[str, int] = {}
        self.counts: dict[str, int] = {}
        for i, label in enumerate(labels):
            self.first.setdefault(label, i)
            self.counts[label] = self.counts.get(label, 0) + 1
        self.issues: list[Issue] = []

    def add(
        self, code: str, severity: Severity, message: str, label: str, repair: str | None = None
    ) -> None:
        rows = self.place.rows
        self.issues.append(
            Issue(
                code,
                severity,
                message,
                self.place.file,
                self.place.sheet,
                None if rows is None else int(rows[self.first[label]]),
                self.place.column or label,
                label,
                repair,
                self.counts[label],
            )
        )

    def read(self, parse: Callable[[str], T]) -> dict[str, T]:
        return {label: parse(label) for label in self.first}
