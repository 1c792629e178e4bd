"""What happens in a draw apart from rates: new dwellings, and a given total of the whole city.

Both keep the moves inside the city at zero sum: who moves into a new dwelling from inside leaves
another cell of the same kind; a city total is reached by arrivals and departures alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor_app.forecast.control import flows_with_net
from monitor_app.forecast.state import Array

Floats = NDArray[Any]


@dataclass(frozen=True, eq=False)
class DrawEvents:
    """Events of one draw.

    ``residents`` (years, kinds, areas) first residents of new dwellings, by ``profiles`` (kinds,
    sex, group, age) that add up to 1, a share ``from_town`` (kinds,) from inside the city.
    ``city`` (years,) persons in the whole city at the end of each year, NaN where free.
    """

    residents: Array | None = None
    profiles: Array | None = None
    from_town: Array | None = None
    city: Array | None = None


def move_in_drawn(end: Floats, events: DrawEvents, year: int) -> None:
    """Add the first residents of a year to ``end`` ``[sex, group, age, area]``, in place.

    Those from inside leave all areas in proportion to the people of their cell; where a cell is
    empty, fewer come.
    """
    if events.residents is None or events.profiles is None or events.from_town is None:
        return
    now = events.residents[year]
    totals = now.sum(axis=1)
    if not totals.any():
        return
    there = end.sum(axis=-1, dtype=np.float64)
    wanted = np.tensordot(totals * events.from_town, events.profiles, axes=1)
    taken = np.minimum(wanted, there)
    share = np.divide(taken, there, out=np.zeros_like(there), where=there > 0)
    end *= (1.0 - share)[..., None].astype(end.dtype)
    # Where a cell could not supply all, fewer of every kind came from inside.
    placed = np.divide(taken, wanted, out=np.ones_like(taken), where=wanted > 0)
    for persons, profile, inside in zip(now, events.profiles, events.from_town, strict=True):
        places = np.flatnonzero(persons)
        came = profile * (placed * inside + (1.0 - inside))
        for place in places.tolist():
            end[..., place] += (came * persons[place]).astype(end.dtype)


def reach_city(end: Floats, arrived: Floats | None, departed: Floats | None, total: float) -> None:
    """Move ``end`` to a city total by the in/out root of ``control.flows_with_net``, in place.

    ``arrived`` and ``departed`` ``[sex, group, age, area]``: migrants of the year in ``end``.
    """
    came = 0.0 if arrived is None else float(arrived.sum(dtype=np.float64))
    left = 0.0 if departed is None else float(departed.sum(dtype=np.float64))
    net = total - (float(end.sum(dtype=np.float64)) - came + left)
    wanted_in, wanted_out = (float(w) for w in flows_with_net(came, left, net))
    if arrived is not None and came > 0:
        end += arrived * end.dtype.type(wanted_in / came - 1.0)
    if departed is not None and left > 0:
        end -= departed * end.dtype.type(wanted_out / left - 1.0)
    np.maximum(end, 0.0, out=end)
    # Rounding of single precision, and what cells could not give.
    reached = float(end.sum(dtype=np.float64))
    if reached > 0:
        end *= end.dtype.type(total / reached)


def departures_of(
    aged: Floats, hazards: Mapping[str, Floats | None], levels: Mapping[str, Floats]
) -> Floats | None:
    """Departures ``[sex, group, age, area]`` from people ``aged`` under negated hazards.

    ``hazards``: death, departure, move, naturalise; ``levels`` multipliers of a year (areas,).
    """
    leaving = hazards["departure"]
    if leaving is None:
        return None
    part = leaving * levels["departures"]
    total = part
    if hazards["death"] is not None:
        total = total + hazards["death"] * levels["mortality"]
    if hazards["move"] is not None:
        total = total + hazards["move"] * levels["moves"]
    if hazards["naturalise"] is not None:
        total = total + hazards["naturalise"]
    return np.asarray(-aged * np.expm1(total) / total * part)
