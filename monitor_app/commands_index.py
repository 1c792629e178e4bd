"""The command ``index``: composite indices, their ranking and how far it can be trusted."""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from monitor_app.app.classes import certainty_of, check_classes, index_spec
from monitor_app.app.exports import PAGE_ENDINGS, write_table
from monitor_app.app.ranking import RankRow, rank_rows, rank_table
from monitor_app.app.session import Session
from monitor_app.app.usedefinitions import keep_weighting
from monitor_app.app.weighting import (
    ComputedIndex,
    check_robustness,
    compute_index,
    find_weighting,
    typed_weighting,
    weightings,
    with_rules,
)
from monitor_app.commandline import (
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
    tell,
)
from monitor_app.core.formats import THIN_SPACE, format_date, format_number
from monitor_app.core.i18n import _
from monitor_app.core.issues import fail
from monitor_app.core.progress import Progress
from monitor_app.exchange.export_table import ExportTable
from monitor_app.indicators.classconfidence import ClassConfidence
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
    class_draws: Annotated[
        int,
        typer.Option("--classes", metavar="N", help=_("How certain are the classes? Draw N times")),
    ] = 0,
    years: Annotated[
        int | None,
        typer.Option("--dynamics", metavar="N", help=_("Dynamics: change over N years")),
    ] = None,
    since: Annotated[
        str | None, typer.Option("--dynamics-from", help=_("Dynamics: change since this date"))
    ] = None,
    least: Annotated[
        float | None,
        typer.Option("--minimum-inhabitants", help=_("Leave out areas with fewer inhabitants")),
    ] = None,
    frozen: Annotated[
        str | None, typer.Option("--base-date", help=_("Freeze the scales at this date"))
    ] = None,
    form: Annotated[str, typer.Option("--format", help=_("csv or json"))] = "",
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help=_("Table (.csv, .xlsx) or map (.pdf, …)"))
    ] = None,
    record: Record = False,
    as_json: Json = False,
) -> None:
    """Compute a composite index: values, ranks, and how weights change them."""
    if form not in ("", "csv", "json"):
        raise fail("format", _("Unknown format: {name}").format(name=form), repair="csv, json")
    session = open_session(project, "write" if record else "read")
    try:
        chosen = _chosen(session, weighting, indicator)
        with Steps() as steps:
            found = compute_index(session, chosen, level, steps.part(0.0, 0.3))
            at = find_day(day, found.dates) if day else found.dates[-1]
            changed = with_rules(
                chosen, at, years=years, least=least, since=_day_of(since, found),
                frozen=_day_of(frozen, found),
            )  # fmt: skip
            if changed != chosen:
                found = compute_index(session, changed, level)
            result = _checked(
                session, found, at, steps, draws=draws, worst=worst, classes=class_draws, seed=seed
            )
        _write(session, result, "json" if as_json else form, out)
        if record and out is not None:
            keep_weighting(session, changed, out.name, level, at)
            session.project.save()
    finally:
        session.close(discard=True)


def _checked(
    session: Session, found: ComputedIndex, at: date, steps: Progress, *, draws: int, worst: int,
    classes: int, seed: int,
) -> Result:  # fmt: skip
    """The index with the checks that were asked for (0 draws: none)."""
    robust = certain = None
    if draws:
        part = steps.part(0.3, 0.8)
        robust = check_robustness(found, at, k=worst, draws=draws, seed=seed, progress=part)
    if classes:
        part = steps.part(0.8, 1.0)
        certain = check_classes(session, found, at, draws=classes, seed=seed, progress=part)
    return Result(found, at, robust, certain)


def _day_of(text: str | None, found: ComputedIndex) -> date | None:
    return None if text is None else find_day(text, found.dates)


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


@dataclass(frozen=True, eq=False)
class Result:
    """An index at a date, with what was asked about its trust."""

    index: ComputedIndex
    at: date
    robust: Robustness | None
    certain: ClassConfidence | None

    def rows(self, session: Session) -> tuple[RankRow, ...]:
        return rank_rows(session, self.index, self.at, self.robust, self.kept)

    def table(self, session: Session) -> ExportTable:
        return rank_table(session, self.index, self.at, self.robust, self.kept)

    @property
    def kept(self) -> dict[str, float] | None:
        return None if self.certain is None else certainty_of(self.certain)


def _write(session: Session, result: Result, form: str, out: Path | None) -> None:
    if out is not None:
        if out.suffix.lower() in PAGE_ENDINGS:
            _page(session, result, out)
        else:
            write_table(out, result.table(session))
    elif form == "csv":
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "index.csv"
            write_table(path, result.table(session))
            sys.stdout.write(path.read_text(encoding="utf-8-sig"))
    elif form != "json":
        _show(session, result)
    if form == "json":
        emit({**_as_json(session, result), **({"file": str(out)} if out else {})})
    else:
        tell(result.index.issues, as_json=False)


def _page(session: Session, result: Result, out: Path) -> None:
    """The map of the index: types where the weighting has classes."""
    from monitor_app.app.maps import shapes_of
    from monitor_app.reports.page import SheetLayout, write_page

    shapes = shapes_of(session, result.index.table.level, result.at)
    spec = index_spec(session, result.index, result.at)
    write_page(spec, shapes, SheetLayout(office=session.settings.office), out)


def _as_json(session: Session, result: Result) -> dict[str, Any]:
    found, at, robust = result.index, result.at, result.robust
    shares = found.composite.at(at).shares(found.weighting.weights)
    data: dict[str, Any] = {
        "weighting": found.weighting.id,
        "level": found.table.level,
        "date": at.isoformat(),
        "dates": [d.isoformat() for d in found.dates],
        "shares": dict(zip(found.weighting.indicators, shares.tolist(), strict=True)),
        "areas": [r.as_dict() for r in result.rows(session)],
        "issues": [i.as_dict() for i in found.issues],
    }
    if result.certain is not None:
        data["classes"] = {
            "draws": result.certain.draws,
            "seed": result.certain.seed,
            "not_drawn": list(result.certain.fixed),
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


def _show(session: Session, result: Result) -> None:
    found, at, robust = result.index, result.at, result.robust
    rows = result.rows(session)
    console.print(f"{found.weighting.name.shown}, {format_date(at)}", markup=False, style="bold")
    table = Table(box=None, pad_edge=False)
    table.add_column(_("Rank"), justify="right")
    table.add_column(session.areas.level(found.table.level).name)
    table.add_column(_("Index"), justify="right")
    classed = any(r.group for r in rows)
    if classed:
        table.add_column(_("Class"))
    if result.certain is not None:
        table.add_column(_("Class kept"), justify="right")
    if robust is not None:
        table.add_column(_("Rank range"))
        table.add_column(_("Among the highest {k}").format(k=robust.all_weights.k), justify="right")
    for row in rows:
        table.add_row(*_cells(row, found.table.precision, classed, result))
    console.print(table)
    if robust is not None and robust.alpha == robust.alpha:
        alpha = format_number(robust.alpha, 2)
        console.print(_("Cronbach's alpha: {alpha}").format(alpha=alpha), markup=False)
        console.print(f"{rows[0].name}: {rows[0].text}", markup=False)


def _cells(row: RankRow, precision: int, classed: bool, result: Result) -> list[str]:
    cells = [
        str(row.rank or "–"), row.name,
        "–" if row.value is None else format_number(row.value, precision),
    ]  # fmt: skip
    if classed:
        cells.append(" / ".join(t for t in (row.group, row.dynamics) if t))
    if result.certain is not None:
        kept = row.certain
        cells.append("–" if kept is None else f"{format_number(100 * kept)}{THIN_SPACE}%")
    if result.robust is not None:
        known = row.low is not None and row.share_worst is not None
        cells += [
            f"{row.low}–{row.high}" if known else "–",
            f"{format_number(100 * (row.share_worst or 0.0))}{THIN_SPACE}%" if known else "–",
        ]
    return cells
