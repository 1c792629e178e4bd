"""The command ``rates``: all rate tables of a forecast into a workbook, and changes back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

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
from monitor_app.core.i18n import _, ngettext
from monitor_app.core.issues import Issue, errors, fail

if TYPE_CHECKING:
    from monitor_app.app.rates import RateBook
    from monitor_app.forecast.rate_edits import RateEdit

SpecFile = Annotated[
    str | None,
    typer.Option("--spec", "-s", help=_("Specification: YAML file or id in the project")),
]
Level = Annotated[str | None, typer.Option("--level", "-l", help=_("Key of the level"))]


@command("rates", _("Write the rate tables of a forecast, or take changed ones back."))
def rates(
    project: ProjectPath,
    spec: SpecFile = None,
    level: Level = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help=_("Workbook to write (.xlsx)"))
    ] = None,
    take: Annotated[
        Path | None, typer.Option("--take", "-t", help=_("Workbook with changed rates to read"))
    ] = None,
    note: Annotated[str, typer.Option("--note", help=_("Reason of the changes, in words"))] = "",
    as_json: Json = False,
) -> None:
    """Write the rate tables of a forecast, or take changed ones back."""
    from monitor_app.app.forecasting_specs import named_spec
    from monitor_app.app.rates import rate_tables, with_spec
    from monitor_app.app.rates_change import keep_rates
    from monitor_app.app.rates_file import export_rates, take_rates

    if out is not None and take is not None:
        raise fail(
            "rates-both",
            _("Rates are either written (--out) or taken back (--take)."),
            repair=_("Give one of the two options."),
        )
    session = open_session(project, "write" if take is not None else "read")
    try:
        wanted = named_spec(session, spec, level=level)
        issues: tuple[Issue, ...] = ()
        taken: list[RateEdit] = []
        with Steps() as steps:
            book = rate_tables(session, wanted, steps.part(0.0, 0.5))
            if out is not None:
                export_rates(book, out, steps.part(0.5, 1.0))
            if take is not None:
                taken, issues = take_rates(book, take, note, steps.part(0.5, 0.8))
                changed = wanted.model_copy(update={"rates": [*wanted.rates, *taken]})
                book = with_spec(book, changed)
                issues = (*issues, *book.issues)
                if not errors(issues) and taken:
                    keep_rates(session, changed)
                    session.save(steps.part(0.8, 1.0))
    finally:
        session.close(discard=True)
    failed = bool(errors(issues))
    if as_json:
        emit({
            "ok": not failed, "file": None if out is None else str(out),
            "changes": [] if failed else [e.model_dump(mode="json", exclude_defaults=True)
                                          for e in taken],
            "tables": _as_data(book), "issues": [i.as_dict() for i in issues],
        })  # fmt: skip
    else:
        tell(issues, as_json=False)
        if take is not None and not failed:
            text = ngettext("{count} change taken", "{count} changes taken", len(taken))
            console.print(text.format(count=len(taken)))
        elif out is not None:
            console.print(_("Written: {path}").format(path=out), markup=False)
        elif take is None:
            _show(book)
    if failed:
        raise typer.Exit(1)


def _as_data(book: RateBook) -> list[dict[str, object]]:
    from monitor_app.app.rates_summary import measures

    return [
        {
            "table": key, "unit": table.unit, "method": table.source.value,
            "source": book.source_text(key), "changed_cells": int(table.edited.sum()),
            "measures": [
                {
                    "sex": sex, "group": group,
                    **{m.key: round(m.value, 4) for m in measures(table, s, g, None)},
                }
                for s, sex in enumerate(table.sexes)
                for g, group in enumerate(table.groups)
            ],
        }
        for key, table in book.tables.items()
    ]  # fmt: skip


def _show(book: RateBook) -> None:
    """The measures of the town, table by table."""
    from monitor_app.app.rates import group_name, sex_name
    from monitor_app.app.rates_summary import measures

    for table in book.tables.values():
        console.print(table.name, style="bold", markup=False)
        console.print(f"  {book.source_text(table.key)}", markup=False)
        for s, sex in enumerate(table.sexes):
            for g, group in enumerate(table.groups):
                texts = [
                    f"{m.name} {format_number(m.value, m.precision)} {m.unit}".strip()
                    for m in measures(table, s, g, None)
                ]
                if texts:
                    who = _("Mothers") if table.key == "births" else sex_name(sex)
                    who = f"{who}, {group_name(book.town, group)}"
                    console.print(f"  {who}: {'; '.join(texts)}", markup=False)
