"""What a backtest shows: errors by level, age group, size and horizon, and what ranges held."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from monitor_app.app import forecasting
from monitor_app.app import forecasting_report as reports
from monitor_app.app.forecasting_backtest import ENGINE, HORIZONS, PROBABILITY, TownBacktest
from monitor_app.app.forecasting_choose import Choice
from monitor_app.app.session import Session
from monitor_app.core.areas import CITY, AreaSystem
from monitor_app.core.formats import format_number
from monitor_app.core.i18n import _
from monitor_app.core.issues import fail
from monitor_app.core.progress import Progress
from monitor_app.exchange.export_table import Column, ExportTable, TextColumn, ValueColumn
from monitor_app.exchange.writers import write_xlsx
from monitor_app.forecast.backtest import SIZE_CLASSES, Backtest
from monitor_app.forecast.scores import PointScores
from monitor_app.forecast.spec import ForecastSpec

METRICS = ("mdape", "mape", "ape90", "wmape", "malpe", "within_10")
REPORT_ENDINGS = (".pdf", ".xlsx", ".md")


@dataclass(frozen=True, eq=False)
class Board:
    """A backtest of one specification. ``levels``: key -> name and scores on areas of that level,
    that of the forecast first, coarser ones summed from it. ``source`` of the population, and the
    ``office`` that tests, for printed pages."""

    spec: ForecastSpec
    test: TownBacktest
    rivals: tuple[reports.Rival, ...]
    levels: dict[str, tuple[str, Backtest]]
    title: str
    source: str = ""
    office: str = ""

    @property
    def horizons(self) -> list[int]:
        """Horizons that at least one origin has reached."""
        return reports.known_horizons(self.test)


@dataclass(frozen=True)
class ErrorRow:
    """Errors of one method by horizon; ``best`` marks the smallest of each horizon."""

    method: str
    name: str
    values: tuple[float, ...]
    best: tuple[bool, ...]

    @property
    def own(self) -> bool:
        return self.method == ENGINE


@dataclass(frozen=True)
class CoverRow:
    """Share (per cent) of ranges that held, by horizon; ``city``: of the whole town."""

    variable: str
    city: bool
    values: tuple[float, ...]


def make_board(
    session: Session,
    spec: ForecastSpec,
    *,
    horizons: Sequence[int] = HORIZONS,
    origins: Sequence[int] | None = None,
    choosing: bool = False,
    progress: Progress | None = None,
) -> Board:
    """*Slow.* Forecast the past and score it; see ``forecasting.backtest``."""
    test, others = forecasting.backtest(
        session, spec, origins=origins, horizons=horizons, choosing=choosing, progress=progress
    )
    return board_of(session, spec, test, others)


def board_of(
    session: Session, spec: ForecastSpec, test: TownBacktest, others: tuple[reports.Rival, ...]
) -> Board:
    """A finished test with what its reports say about the project."""
    title = f"{session.project.name} – {session.areas.level(spec.level).name}"
    infos = {i.spec.key: i.spec.source for i in session.project.datasets()}
    return Board(
        spec, test, others, levels_of(test, session.areas), title,
        infos.get(test.town.dataset, ""), session.settings.office,
    )  # fmt: skip


def levels_of(test: TownBacktest, areas: AreaSystem) -> dict[str, tuple[str, Backtest]]:
    """Scores on the level of the forecast and, summed, on coarser ones and the whole town."""
    own = test.town.level
    found = {own: (areas.level(own).name, test.areas)}
    keys = test.town.layout.areas
    for level in areas.levels:
        if level.key in (own, CITY):
            continue
        try:
            coarser = areas.finer(own, level.key)
        except KeyError:
            continue
        if coarser:
            up = areas.ancestor(own, level.key)
            if all(k in up for k in keys):
                parents = list(dict.fromkeys(up[k] for k in keys))
                member = np.zeros((len(keys), len(parents)))
                member[range(len(keys)), [parents.index(up[k]) for k in keys]] = 1.0
                found[level.key] = (level.name, _summed(test.areas, member))
    if len(keys) > 1:
        found[CITY] = (_("Whole town"), test.city)
    return found


def _summed(areas: Backtest, member: np.ndarray) -> Backtest:
    """Areas summed to larger ones by ``member`` (areas, larger); ranges are not known for them."""
    return replace(
        areas,
        observed=_added(areas.observed, member),
        forecasts={name: _added(f, member) for name, f in areas.forecasts.items()},
        size=_added(areas.size, member),
        intervals={},
    )


def _added(values: np.ndarray, member: np.ndarray) -> np.ndarray:
    """``values`` (…, areas) times ``member``; an unknown area makes only its own unit unknown, not
    those where its weight is 0 (0 · NaN is NaN)."""
    known = np.isfinite(values)
    unknown = (~known).astype(np.float64) @ (member != 0).astype(np.float64) > 0
    return np.where(unknown, np.nan, np.where(known, values, 0.0) @ member)


def metric_names() -> dict[str, str]:
    return {
        "mdape": _("Median error, per cent"),
        "mape": _("Mean error, per cent"),
        "ape90": _("Nine in ten err less than, per cent"),
        "wmape": _("Error weighted by people, per cent"),
        "malpe": _("Mean deviation (too high +, too low −), per cent"),
        "within_10": _("Areas within 10 per cent, per cent"),
    }


def size_classes(tested: Backtest) -> list[tuple[int | None, str]]:
    """Size classes that have areas, all areas first."""
    classes = np.searchsorted(np.array(SIZE_CLASSES), tested.size, side="right") - 1
    found: list[tuple[int | None, str]] = [(None, _("all sizes"))]
    bounds = [*SIZE_CLASSES, np.inf]
    present = sorted({int(c) for c in np.unique(classes)})
    for c in present if len(present) > 1 else ():
        low, high = bounds[c], bounds[c + 1]
        if low <= 0:
            text = _("under {high} people").format(high=format_number(high))
        elif np.isinf(high):
            text = _("{low} people and more").format(low=format_number(low))
        else:
            text = _("{low} to {high} people").format(
                low=format_number(low), high=format_number(high - 1)
            )
        found.append((c, text))
    return found


def years_text(horizon: int) -> str:
    return _("1 year") if horizon == 1 else _("{h} years").format(h=horizon)


def origins_reached(board: Board) -> dict[int, int]:
    """Horizon -> number of origins whose forecasts have come true (or not) by now."""
    tested = board.test.areas
    return {
        h: int(np.isfinite(tested.observed[:, tested.horizons.index(h)]).any(axis=(1, 2)).sum())
        for h in board.horizons
    }


def value_of(scores: PointScores, metric: str) -> float:
    return float(getattr(scores, metric))


def error_rows(
    tested: Backtest, horizons: Sequence[int], variable: int, metric: str = "mdape",
    size_class: int | None = None,
) -> list[ErrorRow]:  # fmt: skip
    """One row per method, the program first; the best of each horizon marked."""
    return _rows_of(_scores(tested, horizons, variable, size_class), metric)


def _scores(
    tested: Backtest, horizons: Sequence[int], variable: int, size_class: int | None
) -> dict[str, list[PointScores]]:
    return {
        method: [tested.score(method, variable, h, size_class).scores for h in horizons]
        for method in tested.forecasts
    }


def _rows_of(scores: dict[str, list[PointScores]], metric: str) -> list[ErrorRow]:
    names = reports.method_names()
    table = {m: [value_of(s, metric) for s in found] for m, found in scores.items()}
    columns = list(zip(*table.values(), strict=True))
    best = [_best(column, metric) for column in columns]
    return [
        ErrorRow(
            method, names.get(method, method), tuple(values),
            tuple(n == best[i] for i in range(len(columns))),
        )
        for n, (method, values) in enumerate(table.items())
    ]  # fmt: skip


def _best(values: Sequence[float], metric: str) -> int:
    """Position of the best value; -1 where none is known."""
    cost = np.abs(np.array(values, dtype=np.float64))
    if metric == "within_10":
        cost = -cost
    return int(np.nanargmin(cost)) if np.isfinite(cost).any() else -1


def coverage_rows(test: TownBacktest) -> list[CoverRow]:
    """Share of 80 per cent ranges that held, areas and the whole town, by variable."""
    horizons, found = reports.known_horizons(test), []
    for v, name in enumerate(test.areas.variables):
        for city, part in ((False, test.areas), (True, test.city)):
            if city and len(test.town.layout.areas) == 1:
                continue
            shares = tuple(100.0 * part.coverage(ENGINE, v, h) for h in horizons)
            found.append(CoverRow(name, city, shares))
    return found


def promise() -> float:
    """Share that the ranges promise to hold, per cent."""
    return 100.0 * PROBABILITY


def sureness(board: Board) -> str:
    """How sure the comparison with the best simple method is, in a sentence."""
    test, parts = board.test, []
    names = reports.method_names()
    for h in board.horizons:
        best = test.areas.best(test.naive, 0, h)
        chance = test.areas.chance_to_beat(ENGINE, best, 0, h)
        if np.isfinite(chance):
            parts.append(
                _("{years}: {share} of 100 ({name})").format(
                    years=years_text(h), share=format_number(100 * chance), name=names[best])
            )  # fmt: skip
    if not parts:
        return ""
    return _("Drawing the years of origin anew, the program wins in: {list}.").format(
        list="; ".join(parts)
    )


def step_words(board: Board) -> str:
    """That the test goes in single years where the forecast does not; else nothing."""
    if board.spec.age_step == "single":
        return ""
    return _("Tested was the forecast in single years; this forecast itself goes in steps of five"
             " years.")  # fmt: skip


# -- reports ---------------------------------------------------------------------------------------


def export_tables(board: Board) -> list[ExportTable]:
    """Errors (every level, age group, size, metric), coverage and published projections."""
    return [_errors_sheet(board), _coverage_sheet(board), *_rivals_sheet(board)]


def _errors_sheet(board: Board) -> ExportTable:
    horizons, metrics = board.horizons, metric_names()
    texts: list[tuple[str, ...]] = []
    numbers: list[tuple[float, ...]] = []
    marks: list[str] = []
    for name, tested in board.levels.values():
        for size, label in size_classes(tested):
            for v, variable in enumerate(tested.variables):
                scores = _scores(tested, horizons, v, size)
                for metric in METRICS:
                    for row in _rows_of(scores, metric):
                        texts.append((name, label, variable, metrics[metric], row.name))
                        numbers.append(row.values)
                        marks.append(", ".join(
                            years_text(h)
                            for h, best in zip(horizons, row.best, strict=True) if best
                        ))  # fmt: skip
    heads = (_("Level"), _("Size"), _("Age group"), _("Metric"), _("Procedure"))
    columns: list[Column] = [
        TextColumn(head, tuple(t[i] for t in texts)) for i, head in enumerate(heads)
    ]
    for i, h in enumerate(horizons):
        columns.append(ValueColumn.of(years_text(h), [n[i] for n in numbers], 2))
    columns.append(TextColumn(_("Best at"), tuple(marks)))
    notes = tuple(reports.verdict(board.test))
    return ExportTable(_("Errors"), tuple(columns), board.title, notes)


def _coverage_sheet(board: Board) -> ExportTable:
    rows, horizons = coverage_rows(board.test), board.horizons
    columns: list[Column] = [
        TextColumn(_("Age group"), tuple(r.variable for r in rows)),
        TextColumn(_("Of"), tuple(_("whole town") if r.city else _("areas") for r in rows)),
    ]
    for i, h in enumerate(horizons):
        columns.append(ValueColumn.of(years_text(h), [r.values[i] for r in rows], 1))
    note = _("Ranges of {share} per cent: share that held.").format(share=format_number(promise()))
    return ExportTable(_("Ranges"), tuple(columns), note, (note,))


def _rivals_sheet(board: Board) -> list[ExportTable]:
    if not board.rivals:
        return []
    names = reports.method_names()
    rows = [(r, m, s) for r in board.rivals for m, s in r.scores.items()]
    columns: tuple[Column, ...] = (
        TextColumn(_("Projection"), tuple(r.name for r, _m, _s in rows)),
        TextColumn(_("From"), tuple(str(r.origin) for r, _m, _s in rows)),
        TextColumn(_("Until"), tuple(str(r.origin + r.horizon) for r, _m, _s in rows)),
        TextColumn(_("Procedure"), tuple(names.get(m, m) for _r, m, _s in rows)),
        ValueColumn.of(_("Mean error, per cent"), [s.mape for _r, _m, s in rows], 2),
        ValueColumn.of(_("Median error, per cent"), [s.mdape for _r, _m, s in rows], 2),
    )
    return [ExportTable(_("Published"), columns, _("Beside a published projection"))]


def save_report(
    board: Board, path: Path, progress: Progress | None = None, choice: Choice | None = None
) -> None:
    """*Slow.* The report as pages (``.pdf``), as a workbook (``.xlsx``) or as text (``.md``);
    ``choice``: settings that were chosen from the past, with their reasons."""
    check_report_path(path)
    if path.suffix.lower() == ".pdf":
        from monitor_app.app.backtest_sheet import report_of
        from monitor_app.reports.backtestsheet import write_backtest
        from monitor_app.reports.page import SheetLayout

        write_backtest(report_of(board, choice), path, SheetLayout(office=board.office), progress)
        return
    if path.suffix.lower() == ".xlsx":
        notes = [
            *reports.verdict(board.test),
            *filter(None, [step_words(board)]),
            *(choice.reasons if choice is not None else ()),
        ]
        write_xlsx(path, export_tables(board), notes, progress)
        return
    text = reports.report(board.test, board.title, board.rivals, choice) + "\n"
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        from monitor_app.core.causes import cause

        raise fail(
            "write",
            _("The report cannot be written: {reason}.").format(reason=cause(error)),
            file=str(path),
        ) from None


def check_report_path(path: Path) -> None:
    """``UserError`` unless the ending names a format of reports."""
    if path.suffix.lower() not in REPORT_ENDINGS:
        raise fail(
            "ending",
            _("The ending of {file} names no format that can be written.").format(file=path.name),
            repair=_("Use one of: {endings}").format(endings=", ".join(REPORT_ENDINGS)),
        )
