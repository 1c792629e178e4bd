"""From cells that somebody chose to changes of rates, and how a project keeps them."""

from __future__ import annotations

from collections.abc import Sequence

from monitor_app.app.rates import RateTable
from monitor_app.app.session import Session
from monitor_app.core.i18n import _
from monitor_app.core.issues import UserError
from monitor_app.forecast.rate_edits import WITHOUT_AGES, RateEdit
from monitor_app.forecast.spec import ForecastSpec, dump_spec, load_spec

Cells = Sequence[tuple[int, int | None]]


def keep_rates(session: Session, spec: ForecastSpec) -> None:
    """Keep a specification with its changes in the project, one step of undo."""
    label = _("Rates of the forecast “{name}”").format(name=spec.name or spec.id)
    session.project.put_document("forecast", spec.id, dump_spec(spec), label)


def stored_rates(session: Session, key: str) -> list[RateEdit] | None:
    """Changes of the specification that the project keeps; None where it keeps none."""
    text = session.project.document("forecast", key)
    if text is None:
        return None
    try:
        return list(load_spec(text).rates)
    except UserError:
        return None


def runs_of(ages: Sequence[int]) -> list[tuple[int, int]]:
    """Ages as runs without a gap, each first and last."""
    found: list[tuple[int, int]] = []
    for age in sorted(set(ages)):
        if found and age == found[-1][1] + 1:
            found[-1] = found[-1][0], age
        else:
            found.append((age, age))
    return found


def cells_edits(
    table: RateTable, cells: Cells, sex: tuple[str, ...], group: tuple[str, ...], factor: float,
    note: str,
) -> list[RateEdit]:  # fmt: skip
    """One change for each block of chosen cells. A cell of the town means all areas."""
    if not cells:
        return []
    if table.key == "girls":
        return [RateEdit(table="girls", factor=factor, note=note)]
    alone = table.key in WITHOUT_AGES
    by_area: dict[int | None, list[int]] = {}
    for age, area in cells:
        by_area.setdefault(area, []).append(0 if alone else table.position(age))
    if table.key == "destinations":
        drawn = tuple(table.areas[a] for a in by_area if a is not None)
        return (
            [RateEdit(table="destinations", areas=drawn, factor=factor, note=note)] if drawn else []
        )
    town = set(by_area.pop(None, []))
    found = [_edit(table, sex, group, run, (), factor, note) for run in runs_of(sorted(town))]
    shared: dict[tuple[tuple[int, int], ...], list[str]] = {}
    for area, ages in by_area.items():
        assert area is not None
        rest = tuple(runs_of([a for a in ages if a not in town]))
        shared.setdefault(rest, []).append(table.areas[area])
    for runs, keys in shared.items():
        found += [_edit(table, sex, group, run, tuple(keys), factor, note) for run in runs]
    return found


def _edit(
    table: RateTable, sex: tuple[str, ...], group: tuple[str, ...], run: tuple[int, int],
    areas: tuple[str, ...], factor: float, note: str,
) -> RateEdit:  # fmt: skip
    whole = run == (table.first_age, table.last_age)
    ages = None if whole else table.span(*run)
    return RateEdit(
        table=table.key, sex=sex, group=group, ages=ages, areas=areas,
        factor=factor, note=note,
    )  # fmt: skip


def value_edit(
    table: RateTable, age: int, area: int | None, sex: tuple[str, ...], group: tuple[str, ...],
    value: float, note: str, shown: tuple[int, int] = (0, 0),
) -> RateEdit:  # fmt: skip
    """A typed value (units of the engine) of one cell. For the town, and for shares that add up
    to 1, the factor that leads there; ``shown``: positions of sex and group of the cell."""
    if table.key == "girls":
        return RateEdit(table="girls", value=value, note=note)
    s, g = shown
    row = 0 if table.key in WITHOUT_AGES else table.position(age)
    ages = table.span(row, row)
    if area is None or table.key in WITHOUT_AGES:
        now = float((table.of_town(table.values) if area is None else table.values[..., area])[
            s, g, row])  # fmt: skip
        areas = () if area is None else (table.areas[area],)
        if table.key == "destinations":
            # A share p becomes q where its pull is multiplied by q (1 - p) / (p (1 - q)).
            odds = value * (1.0 - now) / max(now * (1.0 - value), 1e-12)
            return RateEdit(table="destinations", areas=areas, factor=min(odds, 100.0), note=note)
        if now > 0 and value >= 0 and value / now <= 100.0:
            return RateEdit(
                table=table.key, sex=sex, group=group, ages=ages, factor=value / now,
                note=note,
            )  # fmt: skip
        value = value / len(table.areas) if table.summed else value
        return RateEdit(table=table.key, sex=sex, group=group, ages=ages, value=value, note=note)
    return RateEdit(
        table=table.key, sex=sex, group=group, ages=ages, areas=(table.areas[area],),
        value=value, note=note,
    )  # fmt: skip


def without_cells(
    table: RateTable, edits: Sequence[RateEdit], cells: Cells, sex: tuple[str, ...],
    group: tuple[str, ...],
) -> list[RateEdit]:  # fmt: skip
    """The changes without all those that touch one of the cells (of one sex and group)."""
    chosen = cells_edits(table, cells, sex, group, 1.0, "?")

    def touches(edit: RateEdit) -> bool:
        if edit.table != table.key:
            return False
        if table.key in WITHOUT_AGES:
            return not edit.areas or any(not c.areas or set(c.areas) & set(edit.areas)
                                         for c in chosen)  # fmt: skip
        mine = edit.cells(table.layout)
        return any(bool((mine & c.cells(table.layout)).any()) for c in chosen)

    return [e for e in edits if not touches(e)]
