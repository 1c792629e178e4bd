"""The commands ``forecast`` and ``backtest``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from monitor_app.commandline import (
    Json,
    ProjectPath,
    Steps,
    command,
    console,
    emit,
    open_session,
    tell,
)
from monitor_app.core.formats import format_number
from monitor_app.core.i18n import _
from monitor_app.core.issues import fail

SpecFile = Annotated[
    str | None,
    typer.Option("--spec", "-s", help=_("Specification: YAML file or id in the project")),
]
Level = Annotated[str | None, typer.Option("--level", "-l", help=_("Key of the level"))]
Control = Annotated[
    float | None,
    typer.Option(help=_("Weight of shares of growth in the totals of areas, 0 to 1")),
]

Choose = Annotated[
    bool,
    typer.Option(
        "--choose", help=_("Choose the settings from the town's own past, see “backtest”")
    ),
]


def _spec(session: Any, name: str | None, **changes: Any) -> Any:
    """The specification of a command line: a file or a stored one, with what options change."""
    from monitor_app.app.forecasting_specs import named_spec

    return named_spec(session, name, **changes)


@command("forecast", _("Forecast the population of a level and store the result."))
def forecast(
    project: ProjectPath,
    spec: SpecFile = None,
    level: Level = None,
    years: Annotated[int | None, typer.Option("--years", "-n", help=_("Years ahead"))] = None,
    variant: Annotated[str | None, typer.Option(help=_("natural, external or full"))] = None,
    scenarios: Annotated[bool, typer.Option(help=_("Lower, middle and upper scenario"))] = False,
    draws: Annotated[
        int | None, typer.Option(help=_("Draws for probable ranges, such as 1000"))
    ] = None,
    seed: Annotated[int | None, typer.Option(help=_("Seed of the draws"))] = None,
    control: Control = None,
    choose: Choose = False,
    usual_housing: Annotated[
        str | None,
        typer.Option(
            "--usual-housing",
            help=_("Dwellings a year that are in the rates already: none, completions or a number"),
        ),
    ] = None,
    check: Annotated[bool, typer.Option("--check", help=_("Check the data only"))] = False,
    as_json: Json = False,
) -> None:
    """Forecast the population of a level and store the result."""
    from monitor_app.app import forecasting
    from monitor_app.app.forecasting_choose import as_data
    from monitor_app.forecast.spec import three_scenarios

    session = open_session(project, "read" if check else "write")
    try:
        overlays = [s.model_dump() for s in three_scenarios()] if scenarios else None
        wanted = _spec(
            session, spec, level=level, years=years, variant=variant, draws=draws, seed=seed,
            control=control, scenarios=overlays, usual_housing=_usual(usual_housing),
        )  # fmt: skip
        if check:
            tell(forecasting.data_check(session, wanted)[1], as_json=as_json)
            return
        with Steps() as steps:
            chosen = None
            if choose:
                chosen = forecasting.choose(session, wanted, steps.part(0.0, 0.3))
                wanted = chosen.spec
            done = forecasting.run(session, wanted, steps.part(0.3 if choose else 0.0, 0.9))
            forecasting.keep(session, done, steps.part(0.9, 0.95))
            rows = forecasting.kept_summary(session, done)
            session.save(steps.part(0.95, 1.0))
    finally:
        session.close(discard=True)
    issues = [*done.issues, *(i for r in done.results for i in r.issues)]
    if as_json:
        data = forecasting.as_data(done)
        if chosen is not None:
            data["choice"] = as_data(chosen)
        emit({"ok": True, **data, "issues": [i.as_dict() for i in issues]})
        return
    for reason in () if chosen is None else chosen.reasons:
        console.print(reason, markup=False)
    tell(issues, as_json=False)
    _show(rows)
    console.print(_("Stored in the project."))


def _usual(text: str | None) -> str | dict[str, float] | None:
    """The option ``--usual-housing`` as an entry of a specification: a number is the town's."""
    if text is None:
        return None
    try:
        return {"all": float(text.replace(",", "."))}
    except ValueError:
        return text


def _show(rows: list[Any]) -> None:
    table = Table(box=None, pad_edge=False)
    heads = (
        _("Scenario"),
        _("Year"),
        _("Population"),
        _("From (80 per cent)"),
        _("to"),
        _("Births"),
        _("Deaths"),
    )
    for n, head in enumerate(heads):
        table.add_column(head, justify="right" if n > 1 else "left")

    def number(value: float | None) -> str:
        return "" if value is None else format_number(value)

    for row in rows:
        table.add_row(
            row.scenario, str(row.year), number(row.population), number(row.lower),
            number(row.upper), number(row.components.get("births")),
            number(row.components.get("deaths")),
        )  # fmt: skip
    console.print(table)


def _numbers(text: str | None, option: str) -> list[int] | None:
    """``1,3,5`` or ``2010-2014`` as numbers."""
    if text is None:
        return None
    found: list[int] = []
    try:
        for part in text.split(","):
            first, _dash, last = part.partition("-")
            found += range(int(first), int(last or first) + 1)
    except ValueError:
        raise fail(
            "number-list",
            _("{option} needs whole numbers such as 1,3,5 or 2010-2014.").format(option=option),
            value=text,
        ) from None
    return sorted(set(found))


@command("backtest", _("Forecast the past from earlier years and score the method."))
def backtest(
    project: ProjectPath,
    spec: SpecFile = None,
    level: Level = None,
    origins: Annotated[
        str | None, typer.Option(help=_("Years of origin, such as 2010-2014"))
    ] = None,
    horizons: Annotated[str, typer.Option(help=_("Years ahead, such as 1,3,5,10"))] = "1,3,5,10",
    control: Control = None,
    choose: Choose = False,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help=_("Report (.pdf, .xlsx or .md)"))
    ] = None,
    as_json: Json = False,
) -> None:
    """Forecast the past from earlier years and score the method."""
    from monitor_app.app import forecasting
    from monitor_app.app import forecasting_report as reports
    from monitor_app.app.backtest_view import board_of, check_report_path, save_report
    from monitor_app.app.forecasting_choose import as_data

    if out is not None:
        check_report_path(out)
    session = open_session(project)
    try:
        wanted = _spec(session, spec, level=level, control=control)
        with Steps() as steps:
            chosen = forecasting.choose(session, wanted, steps.part(0.0, 0.2)) if choose else None
            done, others = forecasting.backtest(
                session, wanted, origins=_numbers(origins, "--origins"),
                horizons=_numbers(horizons, "--horizons") or (), choosing=choose,
                progress=steps.part(0.2, 1.0),
            )  # fmt: skip
        board = board_of(session, wanted, done, others)
    finally:
        session.close(discard=True)
    if out is not None:
        save_report(board, out, choice=chosen)
    if as_json:
        data = {"choice": as_data(chosen)} if chosen is not None else {}
        emit({"ok": True, "file": None if out is None else str(out), **data,
              **reports.numbers(done, others)})  # fmt: skip
    elif out is not None:
        for line in reports.verdict(done):
            console.print(line, markup=False)
        console.print(_("Written: {path}").format(path=out), markup=False)
    else:
        console.print(reports.report(done, board.title, others, chosen), markup=False)
