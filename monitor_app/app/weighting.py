"""Composite indices of a session: from a weighting to values, ranks, classes and robustness."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from monitor_app.app.session import Session
from monitor_app.core.formats import format_date, format_number
from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, Severity, UserError, fail
from monitor_app.core.progress import Progress
from monitor_app.core.status import Status
from monitor_app.core.values import IndicatorTable
from monitor_app.exchange.export_table import ExportTable, TextColumn, ValueColumn
from monitor_app.indicators.composite import Composite, Part, Rules, change_table, prepare
from monitor_app.indicators.definitions import IndicatorDef
from monitor_app.indicators.normalise import Normalisation
from monitor_app.indicators.robustness import DRAWS, Robustness, robustness, sentence
from monitor_app.indicators.weightings import (
    ClassDef,
    Component,
    Weighting,
    dump_weighting,
    form_error,
    load_weighting,
    shipped_weightings,
)
from monitor_app.indicators.whatif import class_index, rank_change, ranks, shares
from monitor_app.project.history import Revision

KIND = "weighting"
INHABITANTS = "einwohner"
#: Id of a weighting that was typed, not chosen.
TYPED = "eigene"

# -- the weightings of a project ----------------------------------------------------------------


def weightings(session: Session) -> tuple[Weighting, ...]:
    """The presets, and those of the project; of two with one id that of the project counts.
    Documents that cannot be read are left out (``faulty_weightings`` names them)."""
    found = {w.id: w for w in shipped_weightings()}
    for text in session.project.documents(KIND).values():
        try:
            weighting = load_weighting(text)
        except UserError:
            continue
        found[weighting.id] = weighting
    return tuple(found.values())


def faulty_weightings(session: Session) -> tuple[Issue, ...]:
    """What is wrong with weightings that the project keeps."""
    issues: list[Issue] = []
    for key, text in session.project.documents(KIND).items():
        try:
            load_weighting(text, key)
        except UserError as error:
            issues.extend(error.issues)
    return tuple(issues)


def find_weighting(session: Session, name: str) -> Weighting:
    """By id, or from a YAML file. ``UserError`` where there is neither."""
    known = {w.id: w for w in weightings(session)}
    if name in known:
        return known[name]
    path = Path(name)
    if path.suffix.lower() in (".yaml", ".yml") and path.is_file():
        try:
            return load_weighting(path.read_text(encoding="utf-8"), path.name)
        except (OSError, UnicodeDecodeError):
            raise fail(
                "weighting-file", _("The file {file} cannot be read.").format(file=path.name)
            ) from None
    raise fail(
        "unknown-weighting",
        _("There is no weighting “{name}”.").format(name=name),
        value=name,
        repair=_("Known are: {names}.").format(names=", ".join(known)),
    )


def typed_weighting(items: Sequence[str]) -> Weighting:
    """From ``indicator`` or ``indicator:weight`` each; a minus turns the direction round
    (``-indicator:2``). ``UserError`` for what is no number."""
    parts: list[dict[str, Any]] = []
    for item in items:
        name, _colon, weight = item.partition(":")
        turned = name.startswith("-")
        try:
            value = float(weight.replace(",", ".")) if weight else 1.0
        except ValueError:
            raise fail(
                "weights",
                _("“{text}” is no weight.").format(text=weight),
                value=item,
                repair=_("Write the indicator, a colon and a number, such as kinderarmut:2."),
            ) from None
        direction = "negative" if turned else "catalogue"
        parts.append({"indicator": name.removeprefix("-"), "weight": value, "direction": direction})
    shares([part["weight"] for part in parts])
    try:
        return Weighting.model_validate(
            {"id": TYPED, "name": {"de": "Eigener Index", "en": "Own index"}, "components": parts}
        )
    except ValidationError as error:
        raise form_error(error) from None


def keep_weighting(session: Session, weighting: Weighting) -> Revision | None:
    """Store a weighting in the project, undoable; changes of one in a row are one step."""
    label = _("Weighting “{name}”").format(name=weighting.name.shown)
    return session.project.put_document(
        KIND, weighting.id, dump_weighting(weighting), label, merge=f"{KIND}:{weighting.id}"
    )


def delete_weighting(session: Session, weighting: Weighting) -> Revision | None:
    """Remove a weighting of the project; a preset of the same id shows again."""
    label = _("Delete weighting “{name}”").format(name=weighting.name.shown)
    return session.project.delete_document(KIND, weighting.id, label)


# -- computing ----------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class ComputedIndex:
    """An index of one level for all dates: ``composite`` takes any weights (for sliders),
    ``table`` has those of the weighting. ``changes``: the second dimension (dynamics), None
    without one. ``issues``: what had to be decided."""

    weighting: Weighting
    composite: Composite
    table: IndicatorTable
    changes: ComputedIndex | None = None
    issues: tuple[Issue, ...] = ()

    @property
    def dates(self) -> tuple[date, ...]:
        return self.composite.dates

    def classes(self, day: date) -> NDArray[np.int64] | None:
        """Class number per area by the fixed limits, −1 without; None where there are none."""
        limits = self.weighting.classes
        if limits is None or day not in self.dates:
            return None
        values = self.table.values[:, self.dates.index(day)]
        return class_index(values, limits.limits)


def compute_index(
    session: Session, weighting: Weighting, level: str, progress: Progress | None = None
) -> ComputedIndex:
    """*Slow.* The index on a level for all dates that its indicators share. ``UserError`` for
    unknown indicators, missing inputs, or rules that cannot be met."""
    progress = progress or Progress()
    definitions = _definitions(session, weighting)
    tables: dict[str, IndicatorTable] = {}
    for n, definition in enumerate(definitions.values()):
        progress.step(n / len(definitions), _("Computing indicators"))
        tables[definition.id] = session.compute(definition.id, level)
    people = _inhabitants(session, weighting, level)
    found = _computed(weighting, definitions, tables, people)
    changes = weighting.changes()
    if changes is None or weighting.dynamics is None:
        return found
    years = weighting.dynamics.years
    differences = {name: change_table(table, years) for name, table in tables.items()}
    try:
        dynamics = _dynamics(changes, definitions, differences, people)
    except UserError as error:
        # The status stands on its own: say why there are no dynamics, and go on.
        text = _("There are no dynamics over {years} years: {reason}")
        issues = tuple(
            Issue("no-dynamics", Severity.WARNING, text.format(years=years, reason=i.message))
            for i in error.issues
        )
        return replace(found, issues=(*found.issues, *issues))
    return replace(found, changes=dynamics, issues=(*found.issues, *dynamics.issues))


def _definitions(session: Session, weighting: Weighting) -> dict[str, IndicatorDef]:
    """Definitions of all indicators of both dimensions; all unknown ones in one error."""
    changes = weighting.changes()
    names = (*weighting.indicators, *(changes.indicators if changes else ()))
    found: dict[str, IndicatorDef] = {}
    issues: list[Issue] = []
    for name in dict.fromkeys(names):
        try:
            found[name] = session.catalogue.get(name)
        except UserError as error:
            issues.extend(error.issues)
    if issues:
        raise UserError(issues)
    return found


def _inhabitants(session: Session, weighting: Weighting, level: str) -> IndicatorTable | None:
    if (
        weighting.normalisation is not Normalisation.ZSCORE_WEIGHTED
        and weighting.minimum_inhabitants <= 0
    ):
        return None
    table = session.compute(INHABITANTS, level)
    return table if table.dates else None


def _dynamics(
    changes: Weighting,
    definitions: dict[str, IndicatorDef],
    differences: dict[str, IndicatorTable],
    people: IndicatorTable | None,
) -> ComputedIndex:
    """The index of the changes. Its scales are frozen at the base date too, or at the first date
    that has changes where the base date has none."""
    known = [set(differences[name].dates) for name in changes.indicators]
    common = sorted(set.intersection(*known))
    base = changes.base_date
    issues: tuple[Issue, ...] = ()
    if base is not None and common and base not in common:
        text = _("The dynamics take {day} as their base date.").format(day=format_date(common[0]))
        changes = changes.model_copy(update={"base_date": common[0]})
        issues = (Issue("base-date", Severity.INFO, text),)
    found = _computed(changes, definitions, differences, people)
    return replace(found, issues=(*found.issues, *issues))


def _computed(
    weighting: Weighting,
    definitions: dict[str, IndicatorDef],
    tables: dict[str, IndicatorTable],
    people: IndicatorTable | None,
) -> ComputedIndex:
    issues: list[Issue] = []
    parts = [
        Part(tables[c.indicator], _sign(c, weighting, definitions[c.indicator], issues))
        for c in weighting.components
    ]
    rules = Rules(
        weighting.normalisation, weighting.aggregation, weighting.missing, weighting.constant,
        weighting.base_date, weighting.minimum_inhabitants, weighting.restandardise,
    )  # fmt: skip
    names = {name: d.name.shown for name, d in definitions.items()}
    composite = prepare(parts, rules, people, names)
    table = composite.table(weighting.weights, weighting.id)
    return ComputedIndex(weighting, composite, table, issues=(*composite.issues, *issues))


def _sign(
    component: Component, weighting: Weighting, definition: IndicatorDef, issues: list[Issue]
) -> int:
    """+1 where a high value raises the index."""
    if component.direction != "catalogue":
        return 1 if component.direction == "positive" else -1
    if definition.direction == "neutral":
        text = _(
            "“{name}” is neither good nor bad by the catalogue: a high value raises the index."
        )
        issues.append(
            Issue(
                "neutral", Severity.INFO, text.format(name=definition.name.shown),
                repair=_("Set its direction in the weighting."),
            )
        )  # fmt: skip
        return 1
    bad = definition.direction == "lower_better"
    return 1 if bad == (weighting.meaning == "burden") else -1


def check_robustness(
    index: ComputedIndex,
    day: date,
    *,
    k: int = 10,
    draws: int = DRAWS,
    seed: int = 1,
    progress: Progress | None = None,
) -> Robustness:
    """*Slow.* How ranks at a date depend on the weights. Needs no session: fit for a job."""
    return robustness(
        index.composite.at(day), index.weighting.weights, k=k, draws=draws, seed=seed,
        progress=progress,
    )  # fmt: skip


# -- results as rows ----------------------------------------------------------------------------


@dataclass(frozen=True)
class RankRow:
    """One area of the ranking: ``rank`` 0 and ``value`` None without an index, ``missing`` then
    names the indicators that lack. ``group`` and ``dynamics`` are class names."""

    area: str
    name: str
    value: float | None
    status: Status
    rank: int
    group: str = ""
    dynamics: str = ""
    missing: tuple[str, ...] = ()
    low: int | None = None
    median: int | None = None
    high: int | None = None
    share_worst: float | None = None
    text: str = ""

    def as_dict(self) -> dict[str, Any]:
        """For JSON: only what is known."""
        found: dict[str, Any] = {
            "area": self.area, "name": self.name, "value": self.value,
            "status": self.status.name.lower(), "rank": self.rank or None,
        }  # fmt: skip
        for key in ("group", "dynamics", "text", "missing"):
            if getattr(self, key):
                found[key] = getattr(self, key)
        if self.low is not None:
            found |= {
                "rank_low": self.low, "rank_median": self.median, "rank_high": self.high,
                "share_worst": self.share_worst,
            }  # fmt: skip
        return found


def rank_rows(
    session: Session, index: ComputedIndex, day: date, robust: Robustness | None = None
) -> tuple[RankRow, ...]:
    """The areas at a date by rank, those without an index last. Ranges of ranks (5 to 95 % of
    the draws around the chosen weights; the share is of all weightings) where ``robust`` is
    given. ``UserError`` for an unknown date."""
    if day not in index.dates:
        raise fail(
            "no_date",
            _("The index has no values for {day}.").format(day=format_date(day)),
            repair=_("Known dates, newest last: {dates}").format(
                dates=", ".join(format_date(d) for d in index.dates[-8:])
            ),
        )
    column = index.dates.index(day)
    values, status = index.table.values[:, column], index.table.status[:, column]
    places = ranks(values)
    names = session.names(index.table.level)
    groups = _class_names(index, day)
    dynamics = _class_names(index.changes, day)
    lacking = index.composite.at(day).lacking(index.weighting.weights)
    rows = []
    for i, key in enumerate(index.table.areas):
        known = places[i] > 0
        row = RankRow(
            key, names.get(key, key), float(values[i]) if known else None, Status(int(status[i])),
            int(places[i]), groups[i] if groups else "", dynamics[i] if dynamics else "",
            tuple(session.catalogue.get(n).name.shown for n in lacking.get(key, ())),
        )  # fmt: skip
        if robust is not None:
            row = _with_range(row, robust, i, index.weighting.meaning)
        rows.append(row)
    return tuple(sorted(rows, key=lambda r: (r.rank == 0, r.rank, r.area)))


def _class_names(index: ComputedIndex | None, day: date) -> list[str]:
    classes = None if index is None else index.classes(day)
    if index is None or classes is None:
        return []
    limits: ClassDef | None = index.weighting.classes
    names = [text.shown for text in limits.names] if limits is not None else []
    return [names[c] if c >= 0 else "" for c in classes]


def _with_range(row: RankRow, robust: Robustness, i: int, meaning: str) -> RankRow:
    if not row.rank:
        return row
    return replace(
        row,
        low=int(robust.around.p05[i]),
        median=int(robust.around.median[i]),
        high=int(robust.around.p95[i]),
        share_worst=float(robust.all_weights.share_worst[i]),
        text=sentence(robust, row.area, meaning),
    )


def rank_table(
    session: Session, index: ComputedIndex, day: date, robust: Robustness | None = None
) -> ExportTable:
    """The ranking for CSV and Excel, with the rules of the index as notes."""
    rows = rank_rows(session, index, day, robust)
    level = session.areas.level(index.table.level).name
    columns: list[TextColumn | ValueColumn] = [
        TextColumn(_("Key"), tuple(r.area for r in rows)),
        TextColumn(level, tuple(r.name for r in rows)),
        _numbers(_("Rank"), (r.rank or None for r in rows), rows, 0),
        _numbers(_("Index"), (r.value for r in rows), rows, index.table.precision),
    ]
    if any(r.group for r in rows):
        columns.append(TextColumn(_("Class"), tuple(r.group for r in rows)))
    if any(r.dynamics for r in rows):
        columns.append(TextColumn(_("Dynamics"), tuple(r.dynamics for r in rows)))
    if robust is not None:
        among = _("Among the highest {k}, per cent of all weightings").format(
            k=robust.all_weights.k
        )
        columns += [
            _numbers(_("Rank, 5th percentile"), (r.low for r in rows), rows, 0),
            _numbers(_("Rank, median"), (r.median for r in rows), rows, 0),
            _numbers(_("Rank, 95th percentile"), (r.high for r in rows), rows, 0),
            _numbers(
                among, (None if r.share_worst is None else 100 * r.share_worst for r in rows),
                rows, 1,
            ),
        ]  # fmt: skip
    if any(r.missing for r in rows):
        columns.append(TextColumn(_("Missing"), tuple(", ".join(r.missing) for r in rows)))
    name = index.weighting.name.shown
    return ExportTable(
        name=name[:31],
        columns=tuple(columns),
        title=f"{name}, {format_date(day)}",
        notes=tuple(n for n in notes(session, index, robust) if n),
    )


def _numbers(
    name: str, values: Iterable[float | None], rows: Sequence[RankRow], precision: int
) -> ValueColumn:
    numbers = np.array([np.nan if v is None else v for v in values], dtype=np.float64)
    status = np.array([int(r.status) for r in rows], dtype=np.uint8)
    lost = np.isnan(numbers) & (status < Status.MISSING)
    return ValueColumn(
        name, numbers, np.where(lost, Status.MISSING, status).astype(np.uint8), precision
    )


def notes(
    session: Session, index: ComputedIndex, robust: Robustness | None = None
) -> tuple[str, ...]:
    """How the index was made, in sentences: indicators with shares, rules, caveat, sources."""
    weighting = index.weighting
    parts = index.composite.at(index.dates[-1]).shares(weighting.weights)
    catalogue = session.catalogue
    lines = [weighting.description.shown]
    for component, share in zip(weighting.components, parts, strict=True):
        text = _("{name}: weight {share} %")
        name = catalogue.get(component.indicator).name.shown
        lines.append(text.format(name=name, share=format_number(100 * float(share), 1)))
    if weighting.base_date is not None:
        day = format_date(weighting.base_date)
        lines.append(_("Scales frozen at {day}, so that years compare.").format(day=day))
    if robust is not None:
        text = _(
            "Robustness: {draws} draws of weights (Dirichlet, concentration {c}: the shares vary "
            "by about ±{points} percentage points), seed {seed}."
        )
        spread = 100 * float(robust.share_spread.max(initial=0.0))
        lines.append(
            text.format(
                draws=format_number(robust.around.draws),
                c=format_number(robust.concentration, 1),
                points=format_number(spread), seed=robust.seed,
            )
        )  # fmt: skip
    lines += [weighting.caveat.shown, *(i.message for i in index.issues)]
    lines += [_("Method: {source}").format(source=s) for s in weighting.sources]
    return tuple(lines)


def compare_ranks(first: ComputedIndex, second: ComputedIndex, day: date) -> NDArray[np.float64]:
    """Ranks that each area moves up (positive) or down from the first weighting to the second;
    NaN without a rank in one of them. Both of one level; ``KeyError`` for an unknown date."""
    if first.table.areas != second.table.areas:
        raise ValueError("the two indices are of different areas")
    before = first.table.values[:, first.dates.index(day)]
    after = second.table.values[:, second.dates.index(day)]
    return rank_change(before, after)
