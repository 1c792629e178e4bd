"""Repairs that are safe for all findings of one kind at once: each is a statement of the recipe,
so it is seen, kept with the recipe, and changes no file. No Qt in here."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue
from monitor_app.exchange.recipe_model import (
    AreasContent,
    FactContent,
    PersonsContent,
    Recipe,
    RowFilter,
)

#: Words that name a row as a total of other rows.
_TOTAL = r"(?i)^\s*(insgesamt|gesamt|gesamtstadt|summe|total|zusammen)\b"
#: Reference systems that German and Austrian offices deliver in, offered where a layer names none.
SYSTEMS = (
    ("EPSG:25832", "ETRS89 / UTM 32N"),
    ("EPSG:25833", "ETRS89 / UTM 33N"),
    ("EPSG:31467", "Gauß-Krüger 3"),
    ("EPSG:31468", "Gauß-Krüger 4"),
    ("EPSG:31256", "MGI / Austria GK East"),
    ("EPSG:4326", "WGS 84"),
)


@dataclass(frozen=True)
class Repair:
    """``text`` is what a button says; ``apply`` gives the recipe with the repair, or the same
    recipe where it has nothing to do with the findings."""

    text: str
    apply: Callable[[Recipe], Recipe]

    def changes(self, recipe: Recipe) -> bool:
        return self.apply(recipe) != recipe


def repairs_for(code: str, issues: Sequence[Issue]) -> tuple[Repair, ...]:
    """What can be offered for findings of one kind; empty where only the office can mend them."""
    if code == "area-unknown":
        totals = _total_column(issues)
        found = [Repair(_("Keep as areas that cannot be located"), _keep_unknown)]
        if totals:
            leave = Repair(_("Leave out the total rows"), lambda r: _ignore_totals(r, totals))
            found.insert(0, leave)
        return tuple(found)
    if code == "date-contradicts-block":
        return (Repair(_("Take the date of the rows around"), _date_from_block),)
    if code == "number-ambiguous":
        columns = tuple(dict.fromkeys(i.column for i in issues if i.column))
        return (
            Repair(_("Decimal comma: 1.234 is 1,234"), lambda r: _decimal(r, columns, ",")),
            Repair(_("Decimal point: 1.234 is 1.234"), lambda r: _decimal(r, columns, ".")),
        )
    if code in ("crs-missing", "crs-wrong"):
        return tuple(
            Repair(f"{name} ({system})", partial(_crs, system)) for system, name in SYSTEMS
        )
    return ()


def _facts(recipe: Recipe, change: Callable[[FactContent], Mapping[str, object] | None]) -> Recipe:
    """The recipe with changed contents; the same object where nothing changes."""
    contents = []
    for content in recipe.contents:
        update = change(content) if isinstance(content, FactContent) else None
        contents.append(content if not update else content.model_copy(update=dict(update)))
    return recipe.model_copy(update={"contents": tuple(contents)})


def _keep_unknown(recipe: Recipe) -> Recipe:
    contents = tuple(
        c.model_copy(update={"unknown_areas": "keep"})
        if isinstance(c, FactContent | PersonsContent)
        else c
        for c in recipe.contents
    )
    return recipe.model_copy(update={"contents": contents})


def _date_from_block(recipe: Recipe) -> Recipe:
    def change(content: FactContent) -> Mapping[str, object] | None:
        return None if content.date.column is None else {"repair": ("date_from_block",)}

    return _facts(recipe, change)


def _total_column(issues: Sequence[Issue]) -> str | None:
    """The column whose unknown areas are all totals by their word."""
    columns = {i.column for i in issues}
    values = [i.value for i in issues]
    all_totals = bool(values) and all(v is not None and re.search(_TOTAL, v) for v in values)
    return columns.pop() if len(columns) == 1 and all_totals else None


def _ignore_totals(recipe: Recipe, column: str) -> Recipe:
    rule = RowFilter(column=column, pattern=_TOTAL, role="total")

    def change(content: FactContent) -> Mapping[str, object] | None:
        own = content.area is not None and content.area.column == column
        return {"ignore": (*content.ignore, rule)} if own and rule not in content.ignore else None

    return _facts(recipe, change)


def _decimal(recipe: Recipe, columns: Sequence[str], mark: str) -> Recipe:
    if not recipe.facts:
        return recipe
    stated = {**recipe.numbers.columns, **dict.fromkeys(columns, mark)}
    return recipe.model_copy(
        update={"numbers": recipe.numbers.model_copy(update={"columns": stated})}
    )


def _crs(system: str, recipe: Recipe) -> Recipe:
    contents = tuple(
        c.model_copy(update={"crs": system}) if isinstance(c, AreasContent) else c
        for c in recipe.contents
    )
    return recipe.model_copy(update={"contents": contents})
