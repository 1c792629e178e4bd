"""How a cell of a rate table was computed: from the events that were counted to the value used."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from monitor_app.app.forecasting_events import Source
from monitor_app.app.rates import RateBook, RateTable, group_name, sex_name
from monitor_app.core.formats import THIN_SPACE, format_number
from monitor_app.core.i18n import _, ngettext
from monitor_app.forecast.estimate import LevelledRates
from monitor_app.forecast.rate_edits import WITHOUT_AGES, RateEdit


@dataclass(frozen=True)
class Step:
    """One step of the way: ``label`` what it is, ``value`` its number as shown, ``text`` the
    words; ``mark``: a change by hand."""

    label: str
    value: str
    text: str
    mark: bool = False


@dataclass(frozen=True)
class Trace:
    title: str
    steps: tuple[Step, ...]


def trace(book: RateBook, key: str, sex: int, group: int, age: int, area: int | None) -> Trace:
    """The way of one cell. ``sex``, ``group`` positions in the table, ``age`` in years, ``area``
    a position or None for the town."""
    table = book.tables[key]
    age = 0 if key in WITHOUT_AGES else table.position(age)
    found = [_data(book, table)]
    if key == "girls":
        found += _girls(book)
    elif key == "destinations":
        text = _("share of all who move within the town; destinations differ by age and group")
        found.append(Step(_("Share"), _shown(table, _cell(table, table.before, 0, 0, 0, area)),
                          text))  # fmt: skip
    elif key == "net_migration":
        found += _net(book, table, sex, group, age, area)
    elif table.levels is None and table.source is not Source.DEFAULT:
        value = _shown(table, _cell(table, table.before, sex, group, age, area))
        text = _("estimated for steps of five years from the population alone")
        found.append(Step(_("Result"), value, text))
    elif table.levels is None:
        found.append(_default(book, table, sex, group, age, area))
    else:
        found += _counted(table, sex, group, age, area)
        found += _level_steps(book, table, table.levels, sex, group, age, area)
    found += _changes(book, table, sex, group, age, area)
    found += [*_later(book, key), *_assumed(book, table, group, area)]
    return Trace(_title(book, table, sex, group, age, area), tuple(found))


def _title(
    book: RateBook, table: RateTable, sex: int, group: int, age: int, area: int | None
) -> str:
    if table.key in WITHOUT_AGES:
        return f"{table.name}, {book.area_name(area)}" if table.areas != ("",) else table.name
    who = _("mothers") if table.key == "births" else sex_name(table.sexes[sex])
    parts = [who, age_name(table, age)]
    if len(table.groups) > 1:
        parts.append(group_name(book.town, table.groups[group]))
    return f"{table.name}: {book.area_name(area)}, {', '.join(parts)}"


def age_name(table: RateTable, row: int) -> str:
    """Name of an age group by its position."""
    first, last = table.span(row, row)
    if row == table.layout.shape[2] - 1:
        return _("{age} years and older").format(age=first)
    if first < last:
        return _("ages {first} to {last}").format(first=first, last=last)
    return _("{age} years").format(age=first)


def years_text(table: RateTable) -> str:
    """The years that count, with weights where they are not all alike, and those left out."""
    used = [(y, w) for y, w in table.years if w > 0]
    if not used:
        return ""
    if len({w for _y, w in used}) > 1:
        return ", ".join(f"{y} (× {format_number(w, 2)})" for y, w in used)
    first, last = used[0][0], used[-1][0]
    missing = [str(y) for y, w in table.years if w <= 0 and first < y < last]
    text = f"{first}–{last}" if first != last else str(first)
    return _("{years} without {missing}").format(years=text, missing=", ".join(missing)) if (
        missing) else text  # fmt: skip


def _shown(table: RateTable, value: float) -> str:
    return format_number(value * table.scale, table.precision) if np.isfinite(value) else "–"


def _cell(
    table: RateTable, array: np.ndarray, sex: int, group: int, age: int, area: int | None
) -> float:
    found = table.of_town(array) if area is None else array[..., area]
    return float(found[sex, group, age])


def _data(book: RateBook, table: RateTable) -> Step:
    text = book.source_text(table.key)
    # Rates of a country and the share of girls do not rest on the base years of the table.
    rests = table.source is not Source.DEFAULT and table.key != "girls"
    years = years_text(table) if rests else ""
    return Step(_("Data"), years if "(" not in years else "", f"{text}; {years}" if "(" in years
                else text)  # fmt: skip


def counted_name(table: RateTable) -> str:
    """How the events of a table came about, in a word or two."""
    names = {
        Source.ALLOTTED: _("Counted, dealt out"), Source.COUNTED_BACK: _("Counted back"),
        Source.RESIDUAL: _("From cohorts"),
    }  # fmt: skip
    return names.get(table.source, _("Counted"))


def _counted(table: RateTable, sex: int, group: int, age: int, area: int | None) -> list[Step]:
    """Events, person-years and the raw rate of the cell."""
    if area is None:
        events = float(np.nansum(table.events[sex, group, age]))
        exposure = float(np.nansum(table.exposure[sex, group, age]))
        raw = float(np.nansum(table.raw[sex, group, age])) if table.summed else (
            events / exposure if exposure > 0 else float("nan"))  # fmt: skip
    else:
        events = float(table.events[sex, group, age, area])
        exposure = float(table.exposure[sex, group, age, area])
        raw = float(table.raw[sex, group, age, area])
    counts = ngettext(
        "{events} event in {exposure} person-years",
        "{events} events in {exposure} person-years",
        1 if events == 1 else 2,
    ).format(
        events=format_number(events, 0 if float(events).is_integer() else 1),
        exposure=format_number(exposure, 1),
    )
    per = _("events per year") if table.summed else _("events divided by person-years")
    return [
        Step(counted_name(table), "", counts),
        Step(_("Raw"), _shown(table, raw), f"{per} ({table.unit})"),
    ]


def _level_steps(
    book: RateBook, table: RateTable, levels: LevelledRates, sex: int, group: int, age: int,
    area: int | None,
) -> list[Step]:  # fmt: skip
    """Smoothed profile of the town, and how far the area differs from it."""
    city = float(levels.city[sex, group, age])
    smooth = format_number(book.method.smoothness, 0) if book.method.smoothness else _("by BIC")
    steps = [
        Step(
            _("Smoothed over age"), _per_thousand(city),
            _("profile of the whole town (Whittaker–Henderson, weight {weight}), per 1,000")
            .format(weight=smooth),
        )
    ]  # fmt: skip
    if area is not None:
        band = int(levels.band_of[age])
        at = (band, group, area)
        raw, weight = float(levels.raw[at]), float(levels.weight[at])
        steps.append(
            Step(
                _("Area against town"), f"× {format_number(raw, 2)}" if np.isfinite(raw) else "–",
                _("{band}: {seen} events, {due} expected at the rates of the town").format(
                    band=_band(levels, band),
                    seen=format_number(float(levels.observed[at]), 0),
                    due=format_number(float(levels.expected[at]), 1)),
            )
        )  # fmt: skip
        steps.append(
            Step(
                _("Pulled towards the whole"), f"× {format_number(float(levels.level[at]), 2)}",
                _("{own} own experience, {rest} {whole} (× {goal})").format(
                    own=_percent(weight, 0), rest=_percent((1 - weight), 0),
                    whole=_whole(book, table.key, area),
                    goal=format_number(float(levels.goal[at]), 2)),
            )
        )  # fmt: skip
    result = _cell(table, table.before, sex, group, age, area)
    if table.key == "arrivals":
        text = _("times today's people; all areas together keep the yearly mean of the town")
        steps.append(Step(_("Result"), _shown(table, result), text))
    else:
        words = _("mean of all areas") if area is None else _("profile of the town × level")
        steps.append(Step(_("Result"), _shown(table, result), f"{words} ({table.unit})"))
    return steps


def _percent(share: float, precision: int = 0) -> str:
    return f"{format_number(100 * share, precision)}{THIN_SPACE}%"


def _per_thousand(rate: float) -> str:
    return format_number(1000.0 * rate, 2)


def _band(levels: LevelledRates, band: int) -> str:
    ages = np.flatnonzero(levels.band_of == band)
    first, last = int(ages[0]), int(ages[-1])
    if first == 0 and last == len(levels.band_of) - 1:
        return _("all ages")
    if last == len(levels.band_of) - 1:
        return _("{age} years and older").format(age=first)
    return _("ages {first} to {last}").format(first=first, last=last)


def _whole(book: RateBook, key: str, area: int) -> str:
    """What an area is pulled towards: its type, with the other areas of it, or the town."""
    types = book.type_of(key)
    if types is None:
        return _("of the whole town")
    same = [n for n, t in enumerate(types) if t == types[area] and n != area]
    if not same:
        return _("of the whole town")
    names = ", ".join(book.area_name(n) for n in same[:4]) + (" …" if len(same) > 4 else "")
    return _("of its type (with {areas})").format(areas=names)


def _default(
    book: RateBook, table: RateTable, sex: int, group: int, age: int, area: int | None
) -> Step:
    value = _cell(table, table.before, sex, group, age, area)
    source = book.town.default_rates(book.town.years[-1]).source
    return Step(_("Default"), _shown(table, value), _("{source}; carried on to {year}").format(
        source=source, year=book.town.years[-1]))  # fmt: skip


def _girls(book: RateBook) -> list[Step]:
    girls = book.base.girls
    if girls is None:
        return []
    source = book.town.default_rates(book.town.years[-1]).source
    steps = [Step(_("Default"), _percent(girls.default, 2), source)]
    if girls.own is not None:
        steps.append(
            Step(_("Counted"), _percent(girls.own, 2),
                 _("girls among {births} births").format(births=format_number(girls.births)))
        )  # fmt: skip
        steps.append(
            Step(
                _("Result"), _percent(girls.share, 2),
                _("{own} own experience: few births tell little about a share that hardly differs"
                  " between populations").format(own=_percent(girls.weight, 0)),
            )
        )  # fmt: skip
    return steps


def _net(
    book: RateBook, table: RateTable, sex: int, group: int, age: int, area: int | None
) -> list[Step]:
    net = book.base.net
    assert net is not None
    steps = _counted_net(table, sex, group, age, area)
    band = int(net.band_of[age])
    single = bool(net.city[sex, group, age] == net.single[sex, group, age])
    how = _("single year of age") if single else _("{band} together").format(
        band=_net_band(net.band_of, band))  # fmt: skip
    steps.append(Step(_("Town"), _per_thousand(float(net.city[sex, group, age])), _(
        "net migration of the whole town, {how}, per 1,000").format(how=how)))  # fmt: skip
    if area is not None and len(table.areas) > 1:
        at = (sex, group, band, area)
        own, weight = float(net.deviation[at]), float(net.weight[at])
        steps.append(
            Step(_("Area against town"), format_number(1000 * own, 2, signed=True),
                 _("difference of the area, {band}, per 1,000").format(
                     band=_net_band(net.band_of, band)))
        )  # fmt: skip
        steps.append(
            Step(
                _("Pulled towards the whole"), format_number(1000 * own * weight, 2, signed=True),
                _("{own} own experience; the rest is as likely chance").format(
                    own=_percent(weight, 0)),
            )
        )  # fmt: skip
    value = _cell(table, table.before, sex, group, age, area)
    steps.append(Step(_("Result"), _shown(table, value), _(
        "gains of the town as yearly counts on today's people ({unit})").format(
            unit=table.unit)))  # fmt: skip
    return steps


def _counted_net(table: RateTable, sex: int, group: int, age: int, area: int | None) -> list[Step]:
    cells = (sex, group, age) if area is None else (sex, group, age, area)
    net, people = float(table.events[cells].sum()), float(table.exposure[cells].sum())
    text = _("{net} people more than births, ageing and deaths explain, of {people}").format(
        net=format_number(net, 1, signed=True), people=format_number(people, 0)
    )
    raw = net / people if people > 0 else float("nan")
    return [Step(_("From cohorts"), _shown(table, raw), text)]


def _net_band(band_of: np.ndarray, band: int) -> str:
    ages = np.flatnonzero(band_of == band)
    if ages[-1] == len(band_of) - 1:
        return _("{age} years and older").format(age=int(ages[0]))
    if len(ages) == 1:
        return _("{age} years").format(age=int(ages[0]))
    return _("ages {first} to {last}").format(first=int(ages[0]), last=int(ages[-1]))


def _changes(
    book: RateBook, table: RateTable, sex: int, group: int, age: int, area: int | None
) -> list[Step]:
    """Changes by hand that meet the cell, and what is used in the end."""
    mine = [e for e in book.spec.rates if e.table == table.key]
    steps = [
        Step(_("Changed by hand"), change_text(table, edit), edit.note, mark=True)
        for edit in mine
        if _meets(table, edit, sex, group, age, area)
    ]
    if steps and not book.issues:
        value = _cell(table, table.values, sex, group, age, area)
        steps.append(Step(_("Used"), _shown(table, value), table.unit, mark=True))
    return steps


def change_text(table: RateTable, edit: RateEdit) -> str:
    """``× 1,10`` or ``= 12,00``."""
    if edit.factor is not None:
        return f"× {format_number(edit.factor, 2)}"
    return f"= {_shown(table, float(edit.value or 0.0))}"


def _meets(
    table: RateTable, edit: RateEdit, sex: int, group: int, age: int, area: int | None
) -> bool:
    if table.key in WITHOUT_AGES:
        return area is None or not edit.areas or table.areas[area] in edit.areas
    cells = edit.cells(table.layout)
    rows = cells[:, group, age] if table.key == "births" else cells[sex : sex + 1, group, age]
    return bool(rows.any() if area is None else rows[:, area].any())


def _assumed(book: RateBook, table: RateTable, group: int, area: int | None) -> list[Step]:
    """Assumptions of the specification that change the rate from year to year."""
    parts = {"net_migration": ("arrivals", "departures"), "destinations": (), "girls": ()}
    wanted = parts.get(table.key, (table.key,))
    found = []
    for change in book.spec.changes:
        there = not change.areas or area is None or table.areas[area] in change.areas
        same = change.group is None or table.groups[group] == change.group
        if change.component not in wanted or not (there and same):
            continue
        given = change.factor if isinstance(change.factor, dict) else {None: change.factor}
        text = ", ".join(
            f"× {format_number(f, 2)}" + (f" ({year})" if year else "") for year, f in given.items()
        )
        found.append(Step(_("Assumption"), text, change.note or _("for all scenarios"), mark=True))
    return found


def _later(book: RateBook, key: str) -> list[Step]:
    """What becomes of the value after the first year."""
    if key == "deaths":
        slope = book.town.default_rates(book.town.years[-1]).mortality_slope
        text = _("falls by {percent} a year at first, a tenth less each year, as in {source}")
        return [
            Step(_("Later years"), "", text.format(
                percent=_percent((1 - np.exp(slope)), 1),
                source=book.town.default_rates(book.town.years[-1]).source))
        ]  # fmt: skip
    if key == "net_migration" and book.method.fade < 1.0:
        text = _("the difference of an area from the town keeps {percent} a year")
        return [Step(_("Later years"), "", text.format(
            percent=_percent(book.method.fade, 0)))]  # fmt: skip
    return [Step(_("Later years"), "", _("stays as it is"))]
