"""The printed report of a backtest: from its scores to blocks that ``reports`` lays out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from monitor_app.app import forecasting_report as reports
from monitor_app.app.backtest_view import (
    Board,
    CoverRow,
    coverage_rows,
    error_rows,
    origins_reached,
    promise,
    size_classes,
    step_words,
    sureness,
    years_text,
)
from monitor_app.app.forecasting_backtest import ENGINE, FIXED
from monitor_app.app.forecasting_choose import Choice
from monitor_app.app.forecasting_words import special_words
from monitor_app.app.forecastspecs import verdict as data_verdict
from monitor_app.core.formats import THIN_SPACE, format_number
from monitor_app.core.i18n import _
from monitor_app.core.issues import Severity
from monitor_app.reports.backtestsheet_spec import (
    BacktestReport,
    Block,
    Charts,
    Course,
    Horizons,
    Look,
    Numbers,
    Words,
)

#: Notes about the data on paper at most.
_NOTES = 4


def report_of(board: Board, choice: Choice | None = None) -> BacktestReport:
    """What the pages say; ``choice``: settings that were chosen from the past, with reasons."""
    head, *lines = reports.verdict(board.test)
    years = board.test.years
    place = _("{town} · {where} · forecasts from the years {first} to {last}").format(
        town=board.title, where=reports.where(board.test),
        first=years[0], last=years[-1],
    )  # fmt: skip
    cover = coverage_rows(board.test)
    blocks: list[Block] = [
        Words("", _lead(board)),
        Words("", (*lines, *_held_words(board, cover)), bullets=True),
        Charts((_error_chart(board), _cover_chart(board, cover))),
        _total_table(board),
        Words(_("How to read this"), _reading(board)),
        _age_table(board),
        _cover_table(board, cover),
        *_size_table(board),
        *_rival_table(board),
        *_settings(board, choice),
        *_remarks(board),
    ]
    return BacktestReport(
        _("Test of the forecast on the past"), place, head, tuple(blocks), board.source
    )


# page one ----------------------------------------------------------------------------------------


def _held_words(board: Board, cover: Sequence[CoverRow]) -> tuple[str, ...]:
    """How many of the probable ranges held, areas and the whole town, in a sentence."""
    total, told = board.test.areas.variables[0], []
    for row in cover:
        known = [v for v in row.values if np.isfinite(v)]
        if row.variable != total or not known:
            continue
        low, high = (format_number(v) for v in (min(known), max(known)))
        spread = low if low == high else _("{low} to {high}").format(low=low, high=high)
        whose = _("for the whole town {spread}") if row.city else _("for areas {spread}")
        told.append(whose.format(spread=spread))
    if not told:
        return ()
    text = _("Of 100 probable ranges {share} should hold. By years ahead there held {list}.")
    return (text.format(share=format_number(promise()), list=", ".join(told)),)


def _lead(board: Board) -> tuple[str, ...]:
    """What the median error of some years ahead means, in people."""
    test = board.test
    ahead = max((h for h in board.horizons if h <= 5), default=board.horizons[0])
    error = test.areas.score(ENGINE, 0, ahead).scores.mdape
    people = float(np.median(test.areas.size[-1]))
    if not np.isfinite(error) or people < 1:
        return ()
    size = float(f"{people:.1g}")
    one = _("After one year half of the forecasts of an area were off by no more than {error} per"
            " cent: in an area of {people} people that is {off}.")  # fmt: skip
    more = _("After {h} years half of the forecasts of an area were off by no more than {error} per"
             " cent: in an area of {people} people that is {off}.")  # fmt: skip
    return (
        (one if ahead == 1 else more).format(
            h=ahead, error=format_number(error, 1), people=format_number(size),
            off=format_number(float(f"{size * error / 100:.2g}")),
        ),
    )  # fmt: skip


def _error_chart(board: Board) -> Horizons:
    rows = error_rows(board.test.areas, board.horizons, 0)
    simple = [r for r in rows if r.method in board.test.naive]
    best = min(simple, key=lambda r: _mean(r.values)) if simple else None
    looks = {
        r.method: Look.OWN if r.own else Look.TOWN if r.method == FIXED
        else Look.RIVAL if r is best else Look.OTHER
        for r in rows
    }  # fmt: skip
    courses = tuple(Course(r.name, r.values, looks[r.method]) for r in rows)
    return Horizons(
        _("Total by area: median error, per cent"), tuple(board.horizons), courses
    )  # fmt: skip


def _mean(values: Sequence[float]) -> float:
    known = [abs(v) for v in values if np.isfinite(v)]
    return sum(known) / len(known) if known else float("inf")


def _cover_chart(board: Board, cover: Sequence[CoverRow]) -> Horizons:
    total = board.test.areas.variables[0]
    courses = [Course(r.variable, r.values, Look.OTHER) for r in cover
               if r.variable != total and not r.city]  # fmt: skip
    for row in cover:
        if row.variable == total:
            name = _("whole town") if row.city else _("areas")
            courses.append(Course(name, row.values, Look.TOWN if row.city else Look.OWN))
    share = f"{format_number(promise())}{THIN_SPACE}%"
    title = _("Ranges of {share} that held (green: promised)").format(share=share)
    return Horizons(title, tuple(board.horizons), tuple(courses), promise(), (75.0, 85.0), 104.0)


def _total_table(board: Board) -> Numbers:
    """Median and mean error of the total, every method."""
    horizons, areas = board.horizons, board.test.areas
    median = error_rows(areas, horizons, 0, "mdape")
    mean = {r.method: r for r in error_rows(areas, horizons, 0, "mape")}
    rows, strong, own = [], set(), set()
    for n, row in enumerate(median):
        other = mean[row.method].values
        cells = [_pair(a, b) for a, b in zip(row.values, other, strict=True)]
        rows.append((row.name, *cells))
        strong |= {(n, i) for i, best in enumerate(row.best) if best}
        if row.own:
            own.add(n)
    counts = origins_reached(board)
    rows.append((_("Origins that could be checked"), *(str(counts[h]) for h in horizons)))
    return Numbers(
        _("Errors of the total beside every simple method: median / mean, per cent"),
        (_("Procedure"), *(years_text(h) for h in horizons)), tuple(rows), frozenset(strong),
        frozenset(own), _("Bold: the smallest median error of all methods."),
    )  # fmt: skip


def _pair(a: float, b: float) -> str:
    return f"{format_number(a, 2)} / {format_number(b, 2)}" if np.isfinite(a) else "–"


def _reading(board: Board) -> tuple[str, ...]:
    median = _(
        "Median error: in half of the cases the forecast was nearer to what came, in the other half"
        " further away. Simple methods carry the past on without births, deaths or moves; a"
        " forecast that does not beat them is not worth its effort."
    )
    return tuple(t for t in (reports.introduction(board.test), step_words(board), median) if t)


# the pages after ---------------------------------------------------------------------------------


def _age_table(board: Board) -> Numbers:
    """The program and, in brackets, the best simple method of each cell."""
    horizons, test = board.horizons, board.test
    rows, strong = [], set()
    for v, name in enumerate(test.areas.variables):
        cells = []
        for n, h in enumerate(horizons):
            sign, own, other, _best = reports.compared(test, v, h)
            cells.append(f"{format_number(own, 2)} ({format_number(other, 2)})")
            if sign > 0:
                strong.add((v, n))
        rows.append((name if v == 0 else _("Age {group}").format(group=name), *cells))
    return Numbers(
        _("Age groups: median error of the program, per cent"),
        (_("Age group"), *(years_text(h) for h in horizons)), tuple(rows), frozenset(strong),
        note=_("In brackets the best simple method of each cell, picked afterwards. Bold: the"
               " program is better."),
    )  # fmt: skip


def _cover_table(board: Board, every: Sequence[CoverRow]) -> Numbers:
    """Areas by age group; of the whole town, with few cases, the total only."""
    total = board.test.areas.variables[0]
    cover = [r for r in every if r.variable == total or not r.city]
    rows = tuple(
        (
            f"{r.variable}, {_('whole town') if r.city else _('areas')}",
            *(f"{format_number(v)}{THIN_SPACE}%" if np.isfinite(v) else "–" for v in r.values),
        )
        for r in cover
    )
    good = frozenset(
        (n, i) for n, r in enumerate(cover) for i, v in enumerate(r.values) if 75 <= v <= 85
    )
    return Numbers(
        _("Probable ranges of {share} per cent: share that held").format(
            share=format_number(promise())
        ),
        (_("Age group"), *(years_text(h) for h in board.horizons)), rows, good,
        note=_("Bold: 75 to 85 per cent, as promised. Ranges that hold more often are wider than"
               " they need be; such that hold more seldom are too sure."),
    )  # fmt: skip


def _size_table(board: Board) -> list[Block]:
    """The total by size of area; nothing where all are of one size class."""
    areas, rows = board.test.areas, []
    for key, text in size_classes(areas):
        if key is None:
            continue
        cells = []
        for h in board.horizons:
            own = areas.score(ENGINE, 0, h, key).scores.mdape
            other = min(areas.score(m, 0, h, key).scores.mdape for m in board.test.naive)
            cells.append(f"{format_number(own, 2)} ({format_number(other, 2)})")
        rows.append((text, *cells))
    if not rows:
        return []
    heads = (_("Size of area"), *(years_text(h) for h in board.horizons))
    title = _("Total by size of area: median error of the program, per cent")
    return [Numbers(title, heads, tuple(rows), note=_("In brackets the best simple method."))]


def _rival_table(board: Board) -> list[Block]:
    others = board.rivals
    if not others:
        return []
    names = reports.method_names()
    shown = ["published", *(m for m in others[0].scores if m != "published")]
    rows, strong = [], set()
    for n, method in enumerate(shown):
        values = [r.scores[method].mape for r in others]
        rows.append((names[method], *(format_number(v, 2) for v in values)))
        strong |= {
            (n, i) for i, r in enumerate(others)
            if method == min(r.scores, key=lambda m, r=r: r.scores[m].mape)  # type: ignore[misc]
        }  # fmt: skip
    heads = tuple(f"{r.origin} – {r.origin + r.horizon}" for r in others)
    title = _("Beside the published projection “{name}”: mean error of the total, per cent").format(
        name=others[0].name
    )
    own = frozenset({shown.index(ENGINE)})
    return [Numbers(title, (_("Procedure"), *heads), tuple(rows), frozenset(strong), own)]


def _settings(board: Board, choice: Choice | None) -> list[Block]:
    lines = [
        *special_words(board.spec, board.test.town),
        *(choice.reasons if choice is not None else ()),
    ]
    return [Words(_("Settings of the program"), tuple(lines), bullets=True)] if lines else []


def _remarks(board: Board) -> list[Block]:
    """How sure the comparison is, goals that were missed, and what is to be known of the data."""
    found: list[Block] = []
    if chance := sureness(board):
        found.append(Words(_("Could it be chance?"), (chance,)))
    if missed := _missed(board):
        found.append(Words(_("Goals that were missed"), missed, bullets=True))
    town = board.test.town
    warned = [i.message for i in town.issues if i.severity is not Severity.INFO]
    notes = (data_verdict(town), *warned[:_NOTES])
    found.append(Words(_("Data and methods"), notes, bullets=len(notes) > 1))
    return found


def _missed(board: Board) -> tuple[str, ...]:
    """Where a simple method was better, and where ranges did not hold as promised, by age group;
    the numbers stand in the tables."""
    test, worse, off = board.test, [], []
    for v, name in enumerate(test.areas.variables):
        lost = [h for h in board.horizons if reports.compared(test, v, h)[0] < 0]
        if lost:
            worse.append(f"{name} ({', '.join(str(h) for h in lost)})")
        wide = [
            h for h in board.horizons if not 75 <= 100 * test.areas.coverage(ENGINE, v, h) <= 85
        ]
        if wide:
            off.append(f"{name} ({', '.join(str(h) for h in wide)})")
    found = []
    if worse:
        text = _("A simple method was better (years ahead in brackets): {list}")
        found.append(text.format(list="; ".join(worse)))
    if off:
        text = _("Ranges held in less than 75 or more than 85 per cent (years ahead): {list}")
        found.append(text.format(list="; ".join(off)))
    return tuple(found)
