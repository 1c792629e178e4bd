"""The commands ``segregation`` and ``clusters``: how unevenly people live, and where likes meet."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from monitor_app.app.exports import PAGE_ENDINGS, write_table
from monitor_app.app.segregation import (
    MEASURES,
    Segregation,
    main_measure,
    measure_name,
    remarks,
    segregation,
    segregation_data,
    segregation_table,
    sentence,
    trend,
)
from monitor_app.app.session import Session
from monitor_app.app.spatialstats import (
    GI,
    LISA,
    Pattern,
    classes,
    cluster_data,
    cluster_spec,
    cluster_table,
    local_of,
    pattern,
    sentences,
)
from monitor_app.app.spatialstats import remarks as pattern_remarks
from monitor_app.app.usedefinitions import keep_used
from monitor_app.commandline import (
    Carried,
    IndicatorId,
    Json,
    LevelKey,
    ProjectPath,
    Record,
    Steps,
    command,
    console,
    emit,
    find_day,
    open_session,
)
from monitor_app.core.formats import format_date, format_number, format_p
from monitor_app.core.i18n import _
from monitor_app.core.issues import fail
from monitor_app.indicators.segregation import DRAWS, Measure
from monitor_app.indicators.spatial import ALPHA, PERMUTATIONS

Seed = Annotated[int, typer.Option(help=_("Start value of the random numbers"))]
Out = Annotated[Path | None, typer.Option("--out", "-o", help=_(".csv or .xlsx"))]


@command("segregation", _("Segregation of groups for all dates, beside chance."))
def segregation_command(
    project: ProjectPath,
    level: LevelKey,
    by: Annotated[
        str | None, typer.Option("--by", help=_("sex, group or age: each group against the rest"))
    ] = None,
    of: Annotated[
        str | None, typer.Option("--of", help=_("A group by condition, such as age >= 65"))
    ] = None,
    against: Annotated[
        str | None, typer.Option("--against", help=_("Second group, by condition"))
    ] = None,
    draws: Annotated[int, typer.Option(help=_("Draws of random allocation"))] = DRAWS,
    seed: Seed = 1,
    carried: Carried = False,
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Segregation of groups for all dates, beside chance."""
    if draws < 1:
        raise fail("options", _("At least one draw is needed."))
    session = open_session(project)
    try:
        with Steps() as steps:
            found = segregation(
                session, level, by if by or of else "group", of=of, against=against,
                carried=carried, draws=draws, seed=seed, progress=steps,
            )  # fmt: skip
        if out is not None:
            write_table(out, segregation_table(found))
        if as_json:
            emit({**segregation_data(found), **({"file": str(out)} if out else {})})
        elif out is None:
            _show(found)
    finally:
        session.close(discard=True)


def _show(found: Segregation) -> None:
    name = main_measure(found)
    console.print(f"{measure_name(name)}, {found.level_name}", markup=False, style="bold")
    table = Table(box=None, pad_edge=False)
    table.add_column(_("Date"), no_wrap=True, min_width=10)
    for group in found.groups:
        table.add_column(group.name, justify="right")
    if found.mixed:
        table.add_column(_("H of all groups"), justify="right")
    for day in found.dates:
        cells = [format_date(day)]
        for group in found.groups:
            measure = found.measure(group.key, day, name)
            cells.append("–" if measure is None else format_number(measure.value, 3))
        if found.mixed:
            mixed = found.mixed.get(day)
            cells.append("–" if mixed is None else format_number(mixed.value, 3))
        table.add_row(*cells)
    console.print(table)
    console.print(_details(found))
    for group in found.groups:
        for text in (sentence(found, group, found.dates[-1]), trend(found, group)):
            if text:
                console.print(text, markup=False)
    for line in remarks(found):
        console.print(line, markup=False, style="dim")


def _details(found: Segregation) -> Table:
    """All measures of the newest date, each with its value under random allocation."""
    day = found.dates[-1]
    table = Table(box=None, pad_edge=False)
    table.add_column(_("{day} (at random)").format(day=format_date(day)))
    for group in found.groups:
        table.add_column(group.name, justify="right")
    for name in MEASURES:
        measures = [found.measure(g.key, day, name) for g in found.groups]
        if any(measures):
            table.add_row(measure_name(name), *(_beside_chance(m) for m in measures))
    return table


def _beside_chance(measure: Measure | None) -> str:
    if measure is None:
        return "–"
    return f"{format_number(measure.value, 3)} ({format_number(measure.random, 3)})"


@command("clusters", _("Spatial pattern of an indicator: Moran's I, clusters, hot spots."))
def clusters(
    project: ProjectPath,
    indicator: IndicatorId,
    level: LevelKey,
    day: Annotated[
        str | None, typer.Option("--date", "-d", help=_("Date (default: the newest)"))
    ] = None,
    permutations: Annotated[int, typer.Option(help=_("Number of permutations"))] = PERMUTATIONS,
    alpha: Annotated[float, typer.Option(help=_("False discovery rate"))] = ALPHA,
    seed: Seed = 1,
    carried: Carried = False,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help=_("Table (.csv, .xlsx) or map (.pdf, …)"))
    ] = None,
    hot: Annotated[bool, typer.Option("--gi", help=_("Map of Gi* instead of LISA"))] = False,
    record: Record = False,
    as_json: Json = False,
) -> None:
    """Spatial pattern of an indicator: Moran's I, clusters, hot spots."""
    session = open_session(project, "write" if record else "read")
    try:
        dates = session.compute(indicator, level, carried=carried).dates
        when = find_day(day, dates) if day and dates else None
        with Steps() as steps:
            found = pattern(
                session, indicator, level, when, permutations=permutations, alpha=alpha,
                seed=seed, carried=carried, progress=steps,
            )  # fmt: skip
        if out is not None:
            _write(session, found, out, GI if hot else LISA)
            if record:
                keep_used(session, [indicator], out.name, level, found.day)
                session.project.save()
        if as_json:
            emit({**cluster_data(found), **({"file": str(out)} if out else {})})
        elif out is None:
            _show_clusters(session, found)
    finally:
        session.close(discard=True)


def _write(session: Session, found: Pattern, out: Path, kind: str) -> None:
    if out.suffix.lower() not in PAGE_ENDINGS:
        write_table(out, cluster_table(session, found))
        return
    from monitor_app.app.maps import shapes_of
    from monitor_app.reports.page import SheetLayout, write_page

    shapes = shapes_of(session, found.table.level, found.day, carried=found.table.carried)
    layout = SheetLayout(office=session.settings.office)
    write_page(cluster_spec(session, found, kind), shapes, layout, out)


def _show_clusters(session: Session, found: Pattern) -> None:
    name = session.catalogue.get(found.table.indicator).name.shown
    console.print(f"{name}, {format_date(found.day)}", markup=False, style="bold")
    for line in sentences(found):
        console.print(line, markup=False)
    table = Table(box=None, pad_edge=False)
    table.add_column(session.areas.level(found.table.level).name)
    for title in (_("Value"), "LISA I", "p"):
        table.add_column(title, justify="right")
    table.add_column(_("LISA class"))
    for title in ("Gi* z", "p"):
        table.add_column(title, justify="right")
    table.add_column(_("Gi* class"))
    words = {kind: list(classes(found, kind).values()) for kind in (LISA, GI)}
    marked = {kind: local_of(found, kind).significant for kind in (LISA, GI)}
    order = sorted(range(len(found.areas)), key=lambda i: (found.lisa.p[i] != found.lisa.p[i],
                                                           found.lisa.p[i]))  # fmt: skip
    for i in order:
        if words[LISA][i] is None and found.names[i] not in found.left_out:
            continue  # not in force at this date
        table.add_row(
            found.names[i], format_number(found.values[i], found.table.precision),
            format_number(found.lisa.value[i], 2), format_p(found.lisa.p[i]),
            words[LISA][i] if marked[LISA][i] else "–", format_number(found.gi.value[i], 2),
            format_p(found.gi.p[i]), words[GI][i] if marked[GI][i] else "–",
        )  # fmt: skip
    console.print(table)
    for line in pattern_remarks(found):
        console.print(line, markup=False, style="dim")
