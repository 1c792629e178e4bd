"""The command that takes several areas together: one value, computed as that of a larger area."""

from __future__ import annotations

from typing import Annotated

import typer

from monitor_app.app.together import together
from monitor_app.commandline import (
    Carried,
    IndicatorId,
    Json,
    LevelKey,
    ProjectPath,
    command,
    console,
    emit,
    find_day,
    open_session,
)
from monitor_app.core.formats import format_date, format_value
from monitor_app.core.i18n import _
from monitor_app.core.issues import fail
from monitor_app.core.status import Status


@command("together", _("An indicator of several areas taken together, never an average of rates."))
def together_command(
    project: ProjectPath,
    indicator: IndicatorId,
    level: LevelKey,
    area: Annotated[list[str], typer.Option("--area", "-a", help=_("Key of an area (several)"))],
    day: Annotated[
        str | None, typer.Option("--date", "-d", help=_("Date (default: the newest)"))
    ] = None,
    carried: Carried = False,
    scenario: Annotated[
        str, typer.Option("--scenario", help=_("Forecast scenario that series go on with"))
    ] = "",
    as_json: Json = False,
) -> None:
    """An indicator of several areas taken together, never an average of rates."""
    session = open_session(project)
    try:
        if level not in [lv.key for lv in session.areas.levels]:
            raise fail(
                "unknown-level", _("There is no level “{level}”.").format(level=level),
                value=level,
                repair=_("Known are: {names}.").format(
                    names=", ".join(lv.key for lv in session.areas.levels)
                ),
            )  # fmt: skip
        dates = session.series(indicator, level, carried=carried, scenario=scenario).dates
        when = dates[-1] if dates and day is None else find_day(day or "", dates)
        found = together(session, indicator, level, area, when, carried=carried, scenario=scenario)
        name = session.catalogue.get(indicator).name.shown
        names = session.names(level)
    finally:
        session.close(discard=True)
    if as_json:
        known = found.status < Status.MISSING
        emit(
            {
                "indicator": indicator, "level": level, "date": when.isoformat(),
                "areas": list(found.keys), "value": found.value if known else None,
                "status": Status(found.status).name.lower(), "unit": found.unit,
                "city": found.city,
            }
        )  # fmt: skip
        return
    console.print(f"{name}, {format_date(when)}", markup=False, style="bold")
    console.print(" + ".join(names.get(key, key) for key in found.keys), markup=False)
    console.print(found.text, markup=False)
    if found.city is not None:
        city = format_value(found.city, 0, found.precision, found.unit)
        console.print(_("Town as a whole: {value}").format(value=city), markup=False)
