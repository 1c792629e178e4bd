"""Commands about indicators: own definitions, and how a value came about."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from monitor_app.app import definitions
from monitor_app.app.explain import explain, explanation, explanation_data
from monitor_app.app.maps import nothing
from monitor_app.app.usedefinitions import (
    used_data,
    used_definition,
    used_definitions,
    used_text,
)
from monitor_app.commandline import (
    Action,
    ActionArgument,
    Carried,
    IndicatorId,
    Json,
    LevelKey,
    ProjectPath,
    command,
    console,
    emit,
    find_day,
    needed,
    open_session,
    tell,
)
from monitor_app.core.areas import CITY
from monitor_app.core.formats import format_date
from monitor_app.core.i18n import _


@command("indicators", _("Own definitions of indicators: add a YAML file, list, remove."))
def indicators(
    project: ProjectPath,
    action: ActionArgument = Action.LIST,
    what: Annotated[
        str | None, typer.Argument(metavar=_("FILE|ID"), help=_("YAML file, or id"))
    ] = None,
    as_json: Json = False,
) -> None:
    """Own definitions of indicators: add a YAML file, list, remove."""
    session = open_session(project, "read" if action is Action.LIST else "write")
    try:
        if action is Action.LIST:
            found = definitions.own_definitions(session)
            if as_json:
                emit({"indicators": found})
            for row in () if as_json else found:
                mark = _("(replaces the shipped one)") if row["replaces"] else ""
                console.print(f"{row['id']:<28} {row['name']}  {mark}".rstrip(), markup=False)
            if not found and not as_json:
                console.print(_("The project has no definitions of its own."))
        elif action is Action.ADD:
            path = Path(needed(what, _("a YAML file")))
            added = definitions.add_definitions(session, path)
            session.save()
            if as_json:
                issues = [i.as_dict() for i in added.issues]
                emit({"ok": True, "added": list(added.ids), "issues": issues})
            else:
                tell(added.issues, as_json=False)
                console.print(_("Added: {names}").format(names=", ".join(added.ids)), markup=False)
        else:
            name = needed(what, _("the id of a definition"))
            definitions.remove_definition(session, name)
            session.save()
            if as_json:
                emit({"ok": True, "removed": name})
            else:
                console.print(_("Removed: {name}").format(name=name), markup=False)
    finally:
        session.close(discard=True)


@command("trace", _("Tell how a value was computed: formula, inputs, sources."))
def trace(
    project: ProjectPath,
    indicator: IndicatorId,
    level: LevelKey,
    area: Annotated[
        str, typer.Option("--area", "-a", help=_("Key of the area (default: the town)"))
    ] = CITY,
    day: Annotated[
        str | None, typer.Option("--date", "-d", help=_("Date (default: the newest)"))
    ] = None,
    carried: Carried = False,
    as_json: Json = False,
) -> None:
    """Tell how a value was computed: formula, inputs, sources."""
    session = open_session(project)
    try:
        table = session.compute(indicator, level, carried=carried)
        if not table.dates:
            raise nothing(session, indicator, table)
        when = find_day(day, table.dates) if day else table.dates[-1]
        # The town has a level of its own; there it is asked for under any level.
        found = explain(
            session, indicator, CITY if area == CITY else level, area, when, carried=carried
        )
        if as_json:
            emit(explanation_data(found))
        else:
            console.print(explanation(session, found, carried=carried), markup=False)
    finally:
        session.close()


@command("definitions", _("Definitions as they were when a page or table was handed on."))
def used(
    project: ProjectPath,
    key: Annotated[
        str | None, typer.Argument(metavar=_("KEY"), help=_("Key of one (default: list all)"))
    ] = None,
    as_json: Json = False,
) -> None:
    """Definitions as they were when a page or table was handed on."""
    session = open_session(project)
    try:
        if key is not None:
            one = used_definition(session, key)
            if as_json:
                emit(used_data(one))
            else:
                console.print(used_text(session, one), markup=False)
            return
        found = used_definitions(session)
        if as_json:
            emit({"definitions": [used_data(u) for u in found]})
            return
        for kept in found:
            mark = _("changed since") if kept.changed else ""
            pages = ", ".join(dict.fromkeys(u.file for u in kept.uses[-3:]))
            line = f"{format_date(kept.last)}  {kept.key}  {kept.name}  [{pages}]  {mark}"
            console.print(line.rstrip(), markup=False)
        if not found:
            console.print(_("No page or table has been handed on yet."))
    finally:
        session.close()
