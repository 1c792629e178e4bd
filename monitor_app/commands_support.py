"""The command that helps to help: versions, settings and the log as a text to copy."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from monitor_app.app.diagnostics import diagnostics_text
from monitor_app.app.session import Session
from monitor_app.commandline import Json, command, emit
from monitor_app.core.i18n import _


@command(
    "diagnostics", _("Versions, settings and the log as a text to copy, without any cell value.")
)
def diagnostics(
    project: Annotated[
        Path | None, typer.Argument(metavar=_("PROJECT"), help=_("Project file (.gpkg)"))
    ] = None,
    as_json: Json = False,
) -> None:
    """Versions, settings and the log as a text to copy, without any cell value."""
    session = Session()
    try:
        if project is not None:
            session.open(project, mode="read")
        text = diagnostics_text(session)
    finally:
        session.close()
    if as_json:
        emit({"ok": True, "text": text})
    else:
        typer.echo(text, nl=False)
