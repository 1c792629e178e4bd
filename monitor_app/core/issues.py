"""Findings: what is wrong, where, and how to mend it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Severity(StrEnum):
    ERROR = "error"  # blocks the action
    WARNING = "warning"  # the user must look, the action may go on
    INFO = "info"  # something was recognised or repaired


@dataclass(frozen=True, slots=True)
class Issue:
    """One finding. ``message`` and ``repair`` are sentences in the user's language.

    ``row`` is the 1-based line of the file (as a spreadsheet shows it), ``column`` the header
    text or the 1-based number as text, ``value`` the original cell text. ``value`` may hold
    personal data: it is shown to the user, never logged.
    """

    code: str
    severity: Severity
    message: str
    file: str | None = None
    sheet: str | None = None
    row: int | None = None
    column: str | None = None
    value: str | None = None
    repair: str | None = None
    count: int = 1  # how many places share this finding (row is then the first)

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "severity": self.severity.value}

    @property
    def place(self) -> str:
        parts = [self.file, self.sheet]
        if self.row is not None:
            parts.append(str(self.row))
        parts.append(self.column)
        return " · ".join(p for p in parts if p)


class UserError(Exception):
    """The one exception that reaches a user: carries issues, never a traceback."""

    def __init__(self, issues: Issue | Iterable[Issue]) -> None:
        self.issues: tuple[Issue, ...] = (issues,) if isinstance(issues, Issue) else tuple(issues)
        super().__init__("; ".join(i.message for i in self.issues))


def fail(code: str, message: str, **place: Any) -> UserError:
    """A ``UserError`` with one error issue: ``raise fail("code", _("…"), file=…, repair=…)``."""
    return UserError(Issue(code, Severity.ERROR, message, **place))


def errors(issues: Iterable[Issue]) -> tuple[Issue, ...]:
    return tuple(i for i in issues if i.severity is Severity.ERROR)
