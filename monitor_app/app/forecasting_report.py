"""What a backtest says, in words, tables (Markdown) and numbers (for machines)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from monitor_app.app import forecasting_axes as axes
from monitor_app.app.forecasting_backtest import ENGINE, FIXED, TownBacktest
from monitor_app.app.forecasting_candidates import USUAL, candidate_names
from monitor_app.app.forecasting_choose import CandidateRow, Choice, part_names
from monitor_app.core.areas import AreaSystem
from monitor_app.core.datasets import Kind, Origin
from monitor_app.core.formats import format_number
from monitor_app.core.i18n import _
from monitor_app.forecast.backtest import SIZE_CLASSES
from monitor_app.forecast.scores import PointScores, point_scores
from monitor_app.forecast.state import Array
from monitor_app.indicators.inputs import CubeSource, moment


@dataclass(frozen=True)
class Rival:
    """A projection made elsewhere beside the engine from the same year."""

    name: str
    origin: int
    horizon: int
    scores: dict[str, PointScores]  # "published", engine and naive methods


def method_names() -> dict[str, str]:
    return {
        ENGINE: _("this program"),
        FIXED: _("this program, settings as given"),
        "published": _("published projection"),
        "constant": _("no change"),
        "linear": _("linear"),
        "exponential": _("exponential"),
        "lin_exp": _("linear or exponential"),
        "damped": _("damped trend"),
        "constant_share": _("constant share"),
        "vsg": _("share of growth"),
        "csp_vsg": _("share and share of growth"),
        "mean_of_five": _("mean of five"),
    }


def rivals(source: CubeSource, areas: AreaSystem, test: TownBacktest) -> tuple[Rival, ...]:
    """Imported projections of the total, held against what came and against the engine."""
    found: list[Rival] = []
    for info in source.datasets():
        spec = info.spec
        if spec.kind is not Kind.POPULATION or spec.origin is not Origin.PROJECTION:
            continue
        if not areas.finer(spec.level, test.town.level) or len(info.dates) < 2:
            continue
        cube = axes.at_level(source.cube(spec.key), areas, spec.level, test.town.level)
        other = [d for d in cube.dims if d not in ("area", "date")]
        totals = cube.sum(*other) if other else cube
        years = {moment(d).year: i for d, i in totals.date_index.items()}
        first = min(years)
        if first not in test.years:
            continue
        row = test.years.index(first)
        for h in test.areas.horizons:
            if first + h in years and np.isfinite(test.areas.observed[row]).any():
                scores = _beside(test, row, h, _by_area(test, totals.values, totals.area_index,
                                                       years[first + h]))  # fmt: skip
                if scores:
                    found.append(Rival(spec.name, first, h, scores))
    return tuple(found)


def _by_area(test: TownBacktest, values: Array, rows: dict[str, int], column: int) -> Array:
    """Totals (areas,) in the order of the test, NaN where not given."""
    keys = test.town.layout.areas
    return np.array([values[rows[k], column] if k in rows else np.nan for k in keys])


def _beside(test: TownBacktest, row: int, horizon: int, said: Array) -> dict[str, PointScores]:
    h = test.areas.horizons.index(horizon)
    came = test.areas.observed[row, h, 0]
    ok = np.isfinite(came) & np.isfinite(said)
    if not ok.any():
        return {}
    scores = {"published": point_scores(said[ok], came[ok])}
    for name, values in test.areas.forecasts.items():
        scores[name] = point_scores(values[row, h, 0][ok], came[ok])
    return scores


def known_horizons(test: TownBacktest) -> list[int]:
    """Horizons that at least one origin has reached."""
    return [
        h for i, h in enumerate(test.areas.horizons) if np.isfinite(test.areas.observed[:, i]).any()
    ]


def compared(test: TownBacktest, variable: int, horizon: int) -> tuple[int, float, float, str]:
    """1, 0 or -1 as the engine is better than, as good as or worse than the best simple method;
    both median errors in per cent to the digits that are shown; the simple method."""
    best = test.areas.best(test.naive, variable, horizon)
    own, other = (
        round(test.areas.score(m, variable, horizon).scores.mdape, 2) for m in (ENGINE, best)
    )
    return int(own < other) - int(own > other), own, other, best


def verdict(test: TownBacktest) -> list[str]:
    """Plain sentences: does the engine beat the best simple method here?"""
    names, found, won = method_names(), [], 0
    horizons = known_horizons(test)
    for h in horizons:
        sign, own, other, best = compared(test, 0, h)
        won += sign > 0
        values = {
            "when": _years(h), "own": format_number(own, 2), "other": format_number(other, 2),
            "name": names[best],
        }  # fmt: skip
        if sign > 0:
            found.append(
                _("{when}: better than every simple method (median error {own} % against"
                  " {other} %, {name}).").format(**values)
            )  # fmt: skip
        elif sign == 0:
            found.append(
                _("{when}: as good as the best simple method (median error {own} per cent,"
                  " {name}).").format(**values)
            )  # fmt: skip
        else:
            found.append(
                _("{when}: not better than the best simple method (median error {own} %"
                  " against {other} %, {name}).").format(**values)
            )  # fmt: skip
    if won == len(horizons):
        head = _("Here the program beats the best simple method at every horizon.")
    elif won == 0:
        head = _("Here the program does not beat the best simple method at any horizon.")
    else:
        head = _(
            "Here the program beats the best simple method at {won} of {all} horizons."
        ).format(won=won, all=len(horizons))
    return [head, *found]


def report(
    test: TownBacktest, title: str, others: Sequence[Rival] = (), choice: Choice | None = None, *,
    level: int = 1,
) -> str:  # fmt: skip
    """The report as Markdown; ``choice``: what the program chose from the newest stock."""
    marks = "#" * level
    lines = [f"{marks} {title}", ""]
    lines.append(introduction(test))
    lines += ["", *(f"- {line}" for line in verdict(test)), ""]
    lines += [f"{marks}# " + _("Data and methods"), ""]
    lines += [f"- {i.message}" for i in test.town.issues]
    lines += ["", f"{marks}# " + _("Errors: median / mean, per cent"), ""]
    for v, name in enumerate(test.areas.variables):
        lines += [*_error_table(test, v, name), ""]
    lines += [f"{marks}# " + _("Probable ranges of 80 per cent: share that held"), ""]
    lines += [*_coverage_table(test), ""]
    sizes = _size_table(test)
    if sizes:
        lines += [f"{marks}# " + _("Total by size of area: median error, per cent"), "", *sizes, ""]
    lines += [f"{marks}# " + _("Could it be chance?"), "", *_chance_table(test), ""]
    if choice is not None:
        lines += [f"{marks}# " + _("What the program chooses today"), ""]
        lines += [*(f"- {r}" for r in choice.reasons), "", *_choice_table(choice), ""]
    missed = shortfalls(test, others)
    if missed:
        lines += [f"{marks}# " + _("Goals that were missed"), "", *(f"- {m}" for m in missed), ""]
    if others:
        lines += [f"{marks}# " + _("Beside a published projection"), "", *_rival_table(others), ""]
    return "\n".join(lines)


def where(test: TownBacktest) -> str:
    """How many areas were tested."""
    count = len(test.town.layout.areas)
    return _("whole town") if count == 1 else _("{n} areas").format(n=format_number(count))


def introduction(test: TownBacktest) -> str:
    """What was tested, and what each forecast knew."""
    values = {"first": test.years[0], "last": test.years[-1], "where": where(test)}
    if test.chosen:
        return _("Origins {first} to {last}, {where}. Each forecast knew only the figures up"
                 " to its origin. At every origin the program chose its settings anew, by forecasts"
                 " from earlier years whose outcome was known by then: no choice has seen the years"
                 " that it is judged by.").format(**values)  # fmt: skip
    return _("Origins {first} to {last}, {where}. Each forecast knew only the figures up to"
             " its origin; the settings are the same at every origin.").format(
        **values)  # fmt: skip


def shortfalls(test: TownBacktest, others: Sequence[Rival] = ()) -> list[str]:
    """Where a simple method or a published projection was better, and ranges that held too often
    or too seldom (80 per cent ranges should hold 75 to 85 per cent)."""
    names, found = method_names(), []
    for v, variable in enumerate(test.areas.variables):
        for h in known_horizons(test):
            sign, own, other, best = compared(test, v, h)
            if sign < 0:
                found.append(
                    _("{variable}, {when}: {own} % against {other} % ({name})").format(
                        variable=variable, when=_years(h), own=format_number(own, 2),
                        other=format_number(other, 2), name=names[best])
                )  # fmt: skip
    for v, variable in enumerate(test.areas.variables):
        off = []
        for h in known_horizons(test):
            share = 100 * test.areas.coverage(ENGINE, v, h)
            if not 75 <= share <= 85:
                off.append(f"{_years(h)} {format_number(share)} %")
        if off:
            found.append(
                _("{variable}: ranges of 80 per cent held in {shares}").format(
                    variable=variable, shares=", ".join(off))
            )  # fmt: skip
    for r in others:
        own = r.scores[ENGINE].mape
        among = [m for m in r.scores if m != FIXED]
        best = min(among, key=lambda m: r.scores[m].mape)
        if best != ENGINE:
            found.append(
                _("{origin} to {year}: {own} % mean error against {other} % ({name})").format(
                    origin=r.origin, year=r.origin + r.horizon, own=format_number(own, 2),
                    other=format_number(r.scores[best].mape, 2), name=names[best])
            )  # fmt: skip
    return found


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _head(cells: Sequence[str]) -> list[str]:
    return [_row(cells), _row(["---", *["--:"] * (len(cells) - 1)])]


def _years(h: int) -> str:
    return _("1 year") if h == 1 else _("{h} years").format(h=h)


def _error_table(test: TownBacktest, variable: int, name: str) -> list[str]:
    horizons, names = known_horizons(test), method_names()
    lines = _head([name, *(_years(h) for h in horizons)])
    best = {
        h: min(test.areas.score(m, variable, h).scores.mdape for m in test.areas.forecasts)
        for h in horizons
    }
    for method in test.areas.forecasts:
        cells = []
        for h in horizons:
            s = test.areas.score(method, variable, h).scores
            text = f"{format_number(s.mdape, 2)} / {format_number(s.mape, 2)}"
            cells.append(f"**{text}**" if s.mdape == best[h] else text)
        lines.append(_row([names[method], *cells]))
    return lines


def _chance_table(test: TownBacktest) -> list[str]:
    """How often the program would be ahead if other origins had been drawn."""
    horizons, names = known_horizons(test), method_names()
    lines = _head([_("Ahead of the best simple method"), *(_years(h) for h in horizons)])
    for v, variable in enumerate(test.areas.variables):
        cells = []
        for h in horizons:
            best = test.areas.best(test.naive, v, h)
            share = 100 * test.areas.chance_to_beat(ENGINE, best, v, h)
            cells.append(f"{format_number(share)} % ({names[best]})")
        lines.append(_row([variable, *cells]))
    return [
        *lines, "",
        _("Share of 1,000 repetitions, drawing whole origins, in which the program has the smaller"
          " median error. Near 50 per cent nothing is proved. The best simple method of each cell"
          " was picked afterwards, which no one could have done in advance."),
    ]  # fmt: skip


def _choice_table(choice: Choice) -> list[str]:
    """Weights of the total by method and years ahead; past errors in brackets."""
    rows = [r for r in choice.table if r.group == "total"]
    horizons = [h for h in (1, 3, 5, 10) if any(r.horizon == h for r in rows)]
    names, found = candidate_names(), []
    for part, title in part_names().items():
        methods = dict.fromkeys(r.method for r in rows if r.part == part)
        if not methods:
            continue
        found += _head([_("{part}: weight (earlier error)").format(part=title), *(
            _years(h) for h in horizons)])  # fmt: skip
        for method in methods:
            cells = [_cell(rows, part, method, h) for h in horizons]
            mark = "*" if method == USUAL[part, "total"] else ""
            found.append(_row([names[method] + mark, *cells]))
        found.append("")
    return [*found, _("* the usual method, which counts alone where no past is known.")]


def _cell(rows: Sequence[CandidateRow], part: str, method: str, horizon: int) -> str:
    row = next(r for r in rows if (r.part, r.method, r.horizon) == (part, method, horizon))
    error = "–" if row.error is None else f"{format_number(row.error, 2)} %"
    return f"{format_number(100 * row.weight)} % ({error})"


def _coverage_table(test: TownBacktest) -> list[str]:
    horizons = known_horizons(test)
    lines = _head(["", *(_years(h) for h in horizons)])
    for v, name in enumerate(test.areas.variables):
        for part, label in ((test.areas, _("areas")), (test.city, _("whole town"))):
            if part is test.city and len(test.town.layout.areas) == 1:
                continue
            shares = [100 * part.coverage(ENGINE, v, h) for h in horizons]
            lines.append(_row([f"{name}, {label}", *(f"{format_number(s)} %" for s in shares)]))
    counts = [test.areas.score(ENGINE, 0, h).origins for h in horizons]
    return [*lines, _row([_("Origins that could be checked"), *map(str, counts)])]


def _size_table(test: TownBacktest) -> list[str]:
    horizons = known_horizons(test)
    classes = sorted({int(c) for c in np.unique(_classes(test))})
    if len(classes) < 2:
        return []
    lines = _head([_("People"), *(_years(h) for h in horizons)])
    bounds = [*SIZE_CLASSES, np.inf]
    for c in classes:
        low, high = bounds[c], bounds[c + 1]
        label = f"{format_number(low)}+" if np.isinf(high) else (
            f"{format_number(low)}–{format_number(high)}")  # fmt: skip
        cells = []
        for h in horizons:
            own = test.areas.score(ENGINE, 0, h, c).scores.mdape
            others = [test.areas.score(m, 0, h, c).scores.mdape for m in test.naive]
            cells.append(f"{format_number(own, 2)} ({format_number(min(others), 2)})")
        lines.append(_row([label, *cells]))
    return [*lines, "", _("In brackets: the best simple method of each cell.")]


def _classes(test: TownBacktest) -> Array:
    found = np.searchsorted(np.array(SIZE_CLASSES), test.areas.size, side="right") - 1
    return np.asarray(found, dtype=np.float64)


def _rival_table(others: Sequence[Rival]) -> list[str]:
    names = method_names()
    shown = ["published", ENGINE, *(m for m in others[0].scores if m not in ("published", ENGINE))]
    lines = _head([_("Total, mean error in per cent"), *(
        f"{r.name} {r.origin} → {r.origin + r.horizon}" for r in others)])  # fmt: skip
    for method in shown:
        values = [format_number(r.scores[method].mape, 2) for r in others]
        lines.append(_row([names[method], *values]))
    return lines


def numbers(test: TownBacktest, others: Sequence[Rival] = ()) -> dict[str, Any]:
    """Everything of a report for machines."""
    rows = []
    for row in test.areas.table():
        s = row.scores
        if row.size_class == -1:
            continue
        rows.append(
            {
                "method": row.method, "variable": row.variable, "horizon": row.horizon,
                "size_class": row.size_class, "origins": row.origins, "n": s.n,
                "mdape": _plain(s.mdape), "mape": _plain(s.mape), "malpe": _plain(s.malpe),
                "ape90": _plain(s.ape90), "wmape": _plain(s.wmape),
                "within_10": _plain(s.within_10),
            }
        )  # fmt: skip
    cover = [
        {
            "variable": name, "horizon": h, "areas": _plain(test.areas.coverage(ENGINE, v, h)),
            "city": _plain(test.city.coverage(ENGINE, v, h)),
        }
        for v, name in enumerate(test.areas.variables)
        for h in known_horizons(test)
    ]  # fmt: skip
    chances = {
        str(h): _plain(test.areas.chance_to_beat(ENGINE, test.areas.best(test.naive, 0, h), 0, h))
        for h in known_horizons(test)
    }
    return {
        "level": test.town.level,
        "origins": list(test.years),
        "chosen": test.chosen,
        "verdict": verdict(test),
        "beats_best_naive": {
            str(h): compared(test, 0, h)[0] > 0
            for h in known_horizons(test)
        },
        "chance_to_beat_best_naive": chances,
        "scores": rows,
        "coverage_80": cover,
        "published": [
            {
                "name": r.name, "origin": r.origin, "horizon": r.horizon,
                "mape": {m: _plain(s.mape) for m, s in r.scores.items()},
                "mdape": {m: _plain(s.mdape) for m, s in r.scores.items()},
            }
            for r in others
        ],
        "issues": [i.as_dict() for i in test.town.issues],
    }  # fmt: skip


def _plain(value: float) -> float | None:
    return round(float(value), 4) if np.isfinite(value) else None
