"""What all commands share: how they are registered, speak, show progress and refuse."""

from __future__ import annotations

import functools
import json
import logging
import sys
from collections.abc import Callable, Iterable
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.progress import BarColumn, TextColumn
from rich.progress import Progress as Bar
from typer.core import TyperCommand, TyperGroup

from monitor_app.app.logs import log_path
from monitor_app.app.session import Session
from monitor_app.app.settings import Settings
from monitor_app.core.formats import format_date
from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, Severity, UserError, errors, fail
from monitor_app.core.progress import Progress

F = TypeVar("F", bound=Callable[..., Any])


class GermanHelp:
    """The library says what ``--help`` does in English only."""

    def get_help_option(self, ctx: Any) -> Any:
        option = super().get_help_option(ctx)  # type: ignore[misc]
        if option is not None:
            option.help = _("Show this help.")
            option.metavar = ""
        return option


class HelpedCommand(GermanHelp, TyperCommand):
    """One command."""


class HelpedGroup(GermanHelp, TyperGroup):
    """All commands."""


app = typer.Typer(
    cls=HelpedGroup,
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
    help=_("Small-area monitoring: import, compute, print maps and tables."),
)  # fmt: skip
log = logging.getLogger(__name__)
console = Console(highlight=False, soft_wrap=True)
notes = Console(stderr=True, highlight=False, soft_wrap=True)

ProjectPath = Annotated[Path, typer.Argument(metavar=_("PROJECT"), help=_("Project file (.gpkg)"))]
Json = Annotated[bool, typer.Option("--json", help=_("Output for machines"))]
IndicatorId = Annotated[str, typer.Option("--indicator", "-i", help=_("Id of the indicator"))]
LevelKey = Annotated[str, typer.Option("--level", "-l", help=_("Key of the level"))]

Record = Annotated[
    bool, typer.Option("--record", help=_("Keep the definitions used in the project"))
]
Carried = Annotated[
    bool,
    typer.Option("--carried", help=_("Carry numbers from before reforms to the present areas")),
]


class Action(StrEnum):
    """What to do with the things of a project."""

    ADD = "add"
    LIST = "list"
    REMOVE = "remove"


ActionArgument = Annotated[Action, typer.Argument(help=_("What to do"))]


def needed(given: str | None, what: str) -> str:
    """The argument that an action cannot do without."""
    if given is None:
        raise fail("argument", _("This needs {what}.").format(what=what))
    return given


def command(name: str, text: str) -> Callable[[F], F]:
    """Register a command; a ``UserError`` becomes findings and exit code 1."""

    def register(function: F) -> F:
        @functools.wraps(function)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            try:
                return function(*args, **kwargs)
            except UserError as error:
                tell(error.issues, as_json=bool(kwargs.get("as_json")))
                raise typer.Exit(1) from None
            except KeyboardInterrupt:
                notes.print(_("Cancelled; nothing was changed."))
                raise typer.Exit(1) from None
            except (typer.Exit, typer.Abort):
                raise
            except Exception as error:
                log.exception("command %s failed", name)
                tell([_own_error(error)], as_json=bool(kwargs.get("as_json")))
                raise typer.Exit(3) from None

        app.command(name, cls=HelpedCommand, help=text)(guarded)
        return function

    return register


def _own_error(error: Exception) -> Issue:
    """What a user is told about a fault of the program; its trace stands in the log."""
    return Issue(
        "internal",
        Severity.ERROR,
        _("The program made an error ({kind}) and stopped this command.").format(
            kind=type(error).__name__
        ),
        repair=_("Report it together with the log file {path}.").format(path=log_path()),
    )


def emit(data: Any) -> None:
    """Print data as JSON."""
    sys.stdout.write(json.dumps(data, ensure_ascii=False, indent=1) + "\n")


def tell(issues: Iterable[Issue], *, as_json: bool) -> None:
    """Print findings: to the error stream for people, as JSON for machines."""
    found = tuple(issues)
    if as_json:
        emit({"ok": not errors(found), "issues": [i.as_dict() for i in found]})
        return
    colours = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "dim"}
    words = {
        Severity.ERROR: _("Error"), Severity.WARNING: _("Warning"), Severity.INFO: _("Note"),
    }  # fmt: skip
    for issue in found:
        notes.print(f"[{colours[issue.severity]}]{words[issue.severity]}[/]: ", end="")
        notes.print(issue.message, markup=False, end="")
        if issue.place:
            notes.print(f"  [{issue.place}]", markup=False, style="dim", end="")
        if issue.value is not None:
            notes.print(f"  „{issue.value}“", markup=False, style="dim", end="")
        notes.print()
        if issue.repair:
            notes.print(f"    → {issue.repair}", markup=False)


class Steps:
    """A progress bar on the error stream, only where somebody watches."""

    def __init__(self) -> None:
        self.bar = Bar(
            TextColumn("{task.description}"), BarColumn(), console=notes, transient=True,
            disable=not notes.is_terminal,
        )  # fmt: skip
        self.task = self.bar.add_task("", total=1.0)

    def __enter__(self) -> Progress:
        self.bar.start()
        return Progress(self._report)

    def __exit__(self, *_exc: object) -> None:
        self.bar.stop()

    def _report(self, fraction: float | None, text: str) -> None:
        self.bar.update(self.task, completed=fraction, description=text or None)


def open_session(project: Path | None = None, mode: str = "read") -> Session:
    """A session with the project opened."""
    session = Session(Settings.load())
    if project is not None:
        session.open(project, mode)
    return session


def find_day(text: str, known: tuple[date, ...]) -> date:
    """A date of the series from ``2024-12-31``, ``31.12.2024`` or a year with one date in it."""
    for pattern in (str, format_date, lambda d: d.strftime("%d.%m.%Y"), lambda d: str(d.year)):
        hits = [d for d in known if pattern(d) == text]
        if len(hits) == 1:
            return hits[0]
    raise fail(
        "no_date",
        _("There are no values for {day}.").format(day=text),
        repair=_("Known dates, newest last: {dates}").format(
            dates=", ".join(map(format_date, known[-8:])) or "–"
        ),
    )
