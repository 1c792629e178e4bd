"""Changes of rate tables by hand in a run: applied to the rates of each step, checked before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from monitor_app.app.forecasting_rates import TownRates
from monitor_app.app.forecasting_town import Town
from monitor_app.core.formats import format_number
from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, Severity
from monitor_app.forecast.rate_edits import (
    FIELDS,
    WITHOUT_AGES,
    RateEdit,
    RateTableKey,
    edited_rates,
    edited_values,
    pull_of,
)
from monitor_app.forecast.rates import StepRates
from monitor_app.forecast.state import Array, Layout

#: Nobody can have an event more often than this in a year of life.
MOST = 1.0


def with_edits(base: TownRates, edits: Sequence[RateEdit], layout: Layout) -> TownRates:
    """The rates of every step with the changes; the same object where there are none."""
    if not edits:
        return base
    net = base.net

    def of_step(step: int) -> StepRates:
        if net is None or not any(e.table == "net_migration" for e in edits):
            return edited_rates(base.of_step(step), edits, layout)
        rate = edited_values("net_migration", net.rate(step), edits, layout)[0]
        return edited_rates(net.build(step, rate), edits, layout)

    return replace(base, of_step=of_step, first=of_step(0))


def table_names() -> dict[str, str]:
    """Names of the tables as users see them."""
    return {
        "births": _("Fertility"),
        "girls": _("Share of girls among births"),
        "deaths": _("Mortality"),
        "arrivals": _("Moves in from outside, profile"),
        "departures": _("Moves out of the town, rates"),
        "net_migration": _("Net migration, rates"),
        "moves": _("Moves within the town, rates of leaving"),
        "destinations": _("Moves within the town, destinations"),
        "naturalisation": _("Naturalisation"),
    }


def tables_of(base: TownRates) -> tuple[RateTableKey, ...]:
    """Tables that the rates of a town have, in the order in which they are shown."""
    found: list[RateTableKey] = ["births", "girls", "deaths"]
    if base.net is not None:
        return (*found, "net_migration")
    first = base.first
    outside: tuple[RateTableKey, ...] = ("arrivals", "departures", "moves", "naturalisation")
    found += [name for name in outside if getattr(first, FIELDS[name]) is not None]
    if first.move_model is not None:
        found.insert(found.index("moves") + 1, "destinations")
    return tuple(found)


def check_edits(edits: Sequence[RateEdit], town: Town, base: TownRates) -> list[Issue]:
    """All findings of the changes: names that do not exist, rates that cannot be."""
    found: list[Issue] = []
    known = tables_of(base)
    for number, edit in enumerate(edits, start=1):
        place = f"rates.{number}"
        if edit.table not in known:
            names = table_names()
            found.append(
                _error(
                    "rates-table", place,
                    _("This forecast has no table “{table}”.").format(table=names[edit.table]),
                    edit.table,
                    _("Its tables are: {tables}.").format(
                        tables=", ".join(names[k] for k in known)),
                )
            )  # fmt: skip
            continue
        found += _unknown_names(edit, town.layout, place)
        found += _impossible(edit, place)
    if not found and "destinations" in known and pull_of(edits, town.layout).max() <= 0:
        found.append(
            _error(
                "rates-destinations", "rates",
                _("No area is left that people could move to."), None,
                _("Give at least one area a factor above 0."),
            )
        )  # fmt: skip
    return found or _checked_together(edits, town.layout, base)


def _unknown_names(edit: RateEdit, layout: Layout, place: str) -> list[Issue]:
    found = []
    for name, keys, known in (
        (_("sex"), edit.sex, layout.sexes),
        (_("group"), edit.group, layout.groups),
        (_("area"), edit.areas, layout.areas),
    ):
        odd = [k for k in keys if k not in known]
        if odd:
            shown = ", ".join(known[:8]) + (" …" if len(known) > 8 else "")
            found.append(
                _error(
                    "rates-name", place,
                    _("A change of rates names a key that the forecast does not have ({what})."
                      ).format(what=name),
                    ", ".join(odd[:8]), _("Known are: {names}.").format(names=shown),
                )
            )  # fmt: skip
    if edit.ages is not None and edit.table not in WITHOUT_AGES:
        oldest = int(layout.ages.lows[-1])
        if edit.ages[0] > oldest:
            found.append(
                _error(
                    "rates-age", place,
                    _("A change of rates begins above the oldest age of the forecast."),
                    str(edit.ages[0]), _("The oldest age is {age}.").format(age=oldest),
                )
            )  # fmt: skip
    return found


def _impossible(edit: RateEdit, place: str) -> list[Issue]:
    """A value that cannot be, whatever the rates are."""
    value = edit.value
    if value is None:
        return []
    table = table_names()[edit.table]
    if value < 0 and edit.table != "net_migration":
        return [
            _error(
                "rates-negative", place, _("Negative rate in the table “{table}”.").format(
                    table=table), str(value), _("Enter 0 or a positive number."))
        ]  # fmt: skip
    if edit.table == "girls" and not 0 < value < 1:
        return [
            _error(
                "rates-girls", place, _("The share of girls must lie between 0 and 1."),
                str(value), _("Enter the share of girls among births, usually 0.488."))
        ]  # fmt: skip
    if edit.table not in ("arrivals", "girls") and abs(value) > MOST:
        return [_above(place, table, value)]
    return []


def _checked_together(edits: Sequence[RateEdit], layout: Layout, base: TownRates) -> list[Issue]:
    """Tables after all their changes: factors may lift a rate above what is possible."""
    found: list[Issue] = []
    first = base.first
    girls = edited_rates(first, [e for e in edits if e.table == "girls"], layout).girls
    if not 0 < girls < 1:
        found.append(
            _error("rates-girls", "rates", _("The share of girls must lie between 0 and 1."),
                   format_number(girls, 3),
                   _("Enter the share of girls among births, usually 0.488."))
        )  # fmt: skip
    for table in dict.fromkeys(e.table for e in edits):
        before = table_values(base, table, layout)
        if before is None or table in ("arrivals", "girls"):
            continue
        after, touched = edited_values(table, before, edits, layout)
        high = touched & (np.abs(after) > np.maximum(MOST, np.abs(before)))
        if high.any():
            worst = float(np.abs(after[high]).max())
            found.append(replace(_above("rates", table_names()[table], worst),
                                 count=int(high.sum())))  # fmt: skip
    return found


def table_values(base: TownRates, table: str, layout: Layout) -> Array | None:
    """Values of a table in the first step ``[sex, group, age, area]``; births have one sex."""
    if table == "births":
        return np.broadcast_to(base.first.fertility, layout.shape[1:])[None]
    if table == "net_migration":
        return None if base.net is None else base.net.rate(0)
    if table in FIELDS:
        array = getattr(base.first, FIELDS[table])
        return None if array is None else np.broadcast_to(array, layout.shape)
    return None


def _above(place: str, table: str, value: float) -> Issue:
    return _error(
        "rates-above-one", place,
        _("More than one event per person and year in the table “{table}”.").format(table=table),
        format_number(value, 3),
        _("Rates are events per person: 1,000 per 1,000 people at most."),
    )  # fmt: skip


def _error(code: str, place: str, message: str, value: str | None, repair: str) -> Issue:
    return Issue(code, Severity.ERROR, message, column=place, value=value, repair=repair)
