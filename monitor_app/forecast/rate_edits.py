"""Changes of rate tables by hand: overlays with a reason, applied to every step of a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from monitor_app.forecast.moves import MoveModel, OriginDestination, Pool
from monitor_app.forecast.rates import StepRates
from monitor_app.forecast.state import Array, Layout

RateTableKey = Literal[
    "births", "girls", "deaths", "arrivals", "departures", "net_migration", "moves",
    "destinations", "naturalisation",
]  # fmt: skip
TABLES: tuple[str, ...] = get_args(RateTableKey)
#: Tables of the engine by name of the field of ``StepRates``, axes ``[sex, group, age, area]``.
FIELDS = {
    "deaths": "death", "arrivals": "arrivals", "departures": "departure", "moves": "move",
    "naturalisation": "naturalise",
}  # fmt: skip
#: Tables without ages: one share, one pull per area.
WITHOUT_AGES = ("girls", "destinations")

Finite = Annotated[float, Field(allow_inf_nan=False)]


class RateEdit(BaseModel):
    """A change of cells of one table.

    ``sex``, ``group`` and ``areas``: keys, all where none are given; ``ages``: first and last age,
    inclusive (of age groups those that begin in between). Either ``factor`` (on the rate of each
    year) or ``value`` (in its place, in all years): events per person and year, arrivals in
    persons per year, ``girls`` a share.
    ``note``: the reason in words.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    table: RateTableKey
    sex: tuple[str, ...] = ()
    group: tuple[str, ...] = ()
    ages: tuple[Annotated[int, Field(ge=0)], Annotated[int, Field(ge=0)]] | None = None
    areas: tuple[str, ...] = ()
    factor: Annotated[Finite, Field(ge=0.0, le=100.0)] | None = None
    value: Finite | None = None
    note: str

    @model_validator(mode="after")
    def _whole(self) -> RateEdit:
        if (self.factor is None) == (self.value is None):
            raise ValueError("either a factor or a value")
        if not self.note.strip():
            raise ValueError("a change of rates needs a reason")
        if self.ages is not None and self.ages[0] > self.ages[1]:
            raise ValueError("first age above last age")
        if self.table == "destinations" and (
            self.value is not None or self.sex or self.group or self.ages
        ):
            raise ValueError("destinations take a factor for areas")
        return self

    def cells(self, layout: Layout) -> NDArray[np.bool_]:
        """Which cells ``[sex, group, age, area]`` it changes."""

        def among(keys: Sequence[str], known: Sequence[str]) -> NDArray[np.bool_]:
            return np.array([not keys or k in keys for k in known])

        ages = layout.ages.lows
        lo, hi = self.ages or (0, int(ages[-1]))
        return np.asarray(
            among(self.sex, layout.sexes)[:, None, None, None]
            & among(self.group, layout.groups)[None, :, None, None]
            & ((ages >= lo) & (ages <= hi))[None, None, :, None]
            & among(self.areas, layout.areas)[None, None, None, :]
        )

    def changed(self, values: Array, cells: NDArray[np.bool_]) -> Array:
        """``values`` with the change in ``cells``; both of one shape."""
        if self.factor is not None:
            return np.where(cells, values * self.factor, values)
        return np.where(cells, float(self.value or 0.0), values)


def edited_values(
    table: str, values: Array, edits: Sequence[RateEdit], layout: Layout
) -> tuple[Array, NDArray[np.bool_]]:
    """Values ``[sex, group, age, area]`` of one table after all edits, one after the other, and
    which cells were changed. Births: one row of sex, that of the mothers."""
    shape = (values.shape[0], *layout.shape[1:])
    found = np.broadcast_to(values, shape)
    touched: NDArray[np.bool_] = np.zeros(shape, dtype=np.bool_)
    for edit in (e for e in edits if e.table == table):
        cells = edit.cells(layout)
        if table == "births":
            cells = np.asarray(cells.any(axis=0, keepdims=True))
        if table == "naturalisation":  # nationals stay what they are
            foreign = np.asarray(values.any(axis=(0, 2, 3)))
            cells = np.asarray(cells & foreign[None, :, None, None])
        found = edit.changed(found, cells)
        touched |= cells
    return found, touched


def edited_rates(rates: StepRates, edits: Sequence[RateEdit], layout: Layout) -> StepRates:
    """Rates of one step after all edits. Tables that the rates do not have stay away; net
    migration is edited before it becomes rates of a step."""
    changes: dict[str, object] = {}
    tables = {e.table for e in edits}
    for table, name in FIELDS.items():
        array = getattr(rates, name)
        if table in tables and array is not None:
            full = np.broadcast_to(array, layout.shape)
            changes[name] = edited_values(table, full, edits, layout)[0]
    if "births" in tables:
        full = np.broadcast_to(rates.fertility, layout.shape[1:])
        changes["fertility"] = edited_values("births", full[None], edits, layout)[0][0]
    for edit in edits:
        if edit.table == "girls":
            now = float(changes.get("girls", rates.girls))  # type: ignore[arg-type]
            changes["girls"] = now * edit.factor if edit.factor is not None else edit.value
    if "destinations" in tables and rates.move_model is not None:
        changes["move_model"] = _pulled(rates.move_model, pull_of(edits, layout))
    return replace(rates, **changes)  # type: ignore[arg-type]


def pull_of(edits: Sequence[RateEdit], layout: Layout) -> Array:
    """Factors (areas,) on what draws movers within the town to an area."""
    pull = np.ones(len(layout.areas))
    for edit in edits:
        if edit.table == "destinations" and edit.factor is not None:
            here = [not edit.areas or a in edit.areas for a in layout.areas]
            pull = np.where(here, pull * edit.factor, pull)
    return pull


def _pulled(model: MoveModel, pull: Array) -> MoveModel:
    """Shares of destinations times their factors; each model scales them to 1 again."""
    if isinstance(model, Pool):
        return Pool(model.weights * pull, model.type_of)
    if isinstance(model, OriginDestination):
        return OriginDestination(model.matrix * pull, model.type_of, model.full)
    return model
