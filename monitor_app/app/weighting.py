"""Composite indices of a session: from a weighting to values, ranks, classes and robustness."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from monitor_app.app.session import Session
from monitor_app.core.formats import format_date
from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, Severity, UserError, fail
from monitor_app.core.progress import Progress
from monitor_app.core.values import IndicatorTable
from monitor_app.indicators.composite import Composite, Part, Rules, change_table, prepare
from monitor_app.indicators.definitions import IndicatorDef
from monitor_app.indicators.normalise import Normalisation
from monitor_app.indicators.robustness import DRAWS, Robustness, robustness
from monitor_app.indicators.weightings import (
    Component,
    Weighting,
    dump_weighting,
    form_error,
    load_weighting,
    shipped_weightings,
)
from monitor_app.indicators.whatif import class_index, shares
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


def with_rules(
    weighting: Weighting,
    day: date,
    *,
    years: int | None = None,
    since: date | None = None,
    least: float | None = None,
    frozen: date | None = None,
) -> Weighting:
    """The same index with other rules: dynamics over ``years`` or ``since`` an earlier date,
    areas with ``least`` inhabitants, scales ``frozen`` at a date. ``UserError`` for what cannot
    be, such as dynamics since a later date."""
    changes: dict[str, Any] = {}
    if since is not None:
        years = day.year - since.year
        if years < 1 or (day.month, day.day) != (since.month, since.day):
            raise fail(
                "dynamics",
                _(
                    "The change to {day} can be measured from the same day of an earlier year."
                ).format(day=format_date(day)),
                value=format_date(since),
            )
    if years is not None:
        own = {} if weighting.dynamics is None else weighting.dynamics.model_dump()
        changes["dynamics"] = {**own, "years": years}
    if least is not None:
        changes["minimum_inhabitants"] = least
    if frozen is not None:
        changes["base_date"] = frozen
    try:
        return Weighting.model_validate({**weighting.model_dump(), **changes})
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
