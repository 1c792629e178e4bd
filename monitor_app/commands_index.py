"""The command ``index``: composite indices, their ranking and how far it can be trusted."""

from __future__ import annotations

import sys
import tempfile
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from monitor_app.app.exports import write_table
from monitor_app.app.session import Session
from monitor_app.app.weighting import (
    ComputedIndex,
    RankRow,
    check_robustness,
    compute_index,
    find_weighting,
    rank_rows,
    rank_table,
    typed_weighting,
    weightings,
)
from monitor_app.commandline import (
    Json,
    LevelKey,
    ProjectPath,
    Steps,
    command,
    console,
    emit,
    find_day,
    open_session,
    tell,
)
from monitor_app.core.formats import format_date, format_number
from monitor_app.core.i18n import _
from monitor_app.core.issues import fail
from monitor_app.indicators.robustness import Robustness
from monitor_app.indicators.weightings import Weighting


@command("index", _("Compute a composite index: values, ranks, and how weights change them."))
def index(
    project: ProjectPath,
    level: LevelKey,
    weighting: Annotated[
        str | None, typer.Option("--weighting", "-w", help=_("Weighting: id or YAML file"))
    ] = None,
    indicator: Annotated[
        list[str] | None, typer.Option("--indicator", "-i", help=_("Indicator:weight (several)"))
    ] = None,
    day: Annotated[
        str | None, typer.Option("--date", "-d", help=_("Date (default: the newest)"))
    ] = None,
    draws: Annotated[
        int, typer.Option("--robustness", metavar="N", help=_("Draw so many weightings"))
    ] = 0,
    seed: Annotated[int, typer.Option(help=_("Start value of the random numbers"))] = 1,
    worst: Annotated[int, typer.Option(help=_("How many areas count as the highest"))] = 10,
    form: Annotated[str, typer.Option("--format", help=_("csv or json"))] = "",
    out: Annotated[Path | None, typer.Option("--out", "-o", help=_(".csv or .xlsx"))] = None,
    as_json: Json = False,
) -> None:
    """Compute a composite index: values, ranks, and how weights change them."""
    if form not in ("", "csv", "json"):
        raise fail("format", _("Unknown format: {name}").format(name=form), repair="csv, json")
    session = open_session(project)
    try:
        chosen = _chosen(session, weighting, indicator)
        with Steps() as steps:
            found = compute_index(session, chosen, level, steps.part(0.0, 0.3))
            at = find_day(day, found.dates) if day else found.dates[-1]
            robust = None
            if draws:
                robust = check_robustness(
                    found, at, k=worst, draws=draws, seed=seed, progress=steps.part(0.3, 1.0)
                )
        _write(session, found, at, robust, "json" if as_json else form, out)
    finally:
        session.close(discard=True)


def _chosen(session: Session, name: str | None, items: list[str] | None) -> Weighting:
    if (name is None) == (not items):
        raise fail(
            "weighting",
            _("Name either a weighting or indicators with weights."),
            repair=_("Weightings: {names}").format(
                names=", ".join(w.id for w in weightings(session))
            ),
        )
    return find_weighting(session, name) if name is not None else typed_weighting(items or [])


def _write(
    session: Session,
    found: ComputedIndex,
    at: date,
    robust: Robustness | None,
    form: str,
    out: Path | None,
) -> None:
    if out is not None:
        write_table(out, rank_table(session, found, at, robust))
        tell(found.issues, as_json=False)
    elif form == "json":
        emit(_as_json(session, found, at, robust))
    elif form == "csv":
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "index.csv"
            write_table(path, rank_table(session, found, at, robust))
            sys.stdout.write(path.read_text(encoding="utf-8-sig"))
        tell(found.issues, as_json=False)
    else:
        _show(session, found, at, robust)
        tell(found.issues, as_json=False)


def _as_json(
    session: Session, found: ComputedIndex, at: date, robust: Robustness | None
) -> dict[str, Any]:
    shares = found.composite.at(at).shares(found.weighting.weights)
    data: dict[str, Any] = {
        "weighting": found.weighting.id,
        "level": found.table.level,
        "date": at.isoformat(),
        "dates": [d.isoformat() for d in found.dates],
        "shares": dict(zip(found.weighting.indicators, shares.tolist(), strict=True)),
        "areas": [r.as_dict() for r in rank_rows(session, found, at, robust)],
        "issues": [i.as_dict() for i in found.issues],
    }
    if robust is not None:
        data["robustness"] = {
            "draws": robust.around.draws,
            "seed": robust.seed,
            "worst": robust.all_weights.k,
            "concentration": robust.concentration,
            "cronbach_alpha": _known(robust.alpha),
            "correlation": [[_known(v) for v in row] for row in robust.correlation.tolist()],
        }
    return data


def _known(value: float) -> float | None:
    """JSON has no NaN."""
    return value if value == value else None


def _show(session: Session, found: ComputedIndex, at: date, robust: Robustness | None) -> None:
    rows = rank_rows(session, found, at, robust)
    console.print(f"{found.weighting.name.shown}, {format_date(at)}", markup=False, style="bold")
    table = Table(box=None, pad_edge=False)
    table.add_column(_("Rank"), justify="right")
    table.add_column(session.areas.level(found.table.level).name)
    table.add_column(_("Index"), justify="right")
    classed = any(r.group for r in rows)
    if classed:
        table.add_column(_("Class"))
    if robust is not None:
        table.add_column(_("Rank range"))
        table.add_column(_("Among the highest {k}").format(k=robust.all_weights.k), justify="right")
    for row in rows:
        table.add_row(*_cells(row, found.table.precision, classed, robust is not None))
    console.print(table)
    if robust is not None and robust.alpha == robust.alpha:
        alpha = format_number(robust.alpha, 2)
        console.print(_("Cronbach's alpha: {alpha}").format(alpha=alpha), markup=False)
        console.print(f"{rows[0].name}: {rows[0].text}", markup=False)


def _cells(row: RankRow, precision: int, classed: bool, ranges: bool) -> list[str]:
    cells = [
        str(row.rank or "–"), row.name,
        "–" if row.value is None else format_number(row.value, precision),
    ]  # fmt: skip
    if classed:
        cells.append(" / ".join(t for t in (row.group, row.dynamics) if t))
    if ranges:
        known = row.low is not None and row.share_worst is not None
        cells += [
            f"{row.low}–{row.high}" if known else "–",
            f"{format_number(100 * (row.share_worst or 0.0))} %" if known else "–",
        ]
    return cells
