"""Moves in from and out to other areas, from counts by origin and destination."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from monitor_app.core.areas import AreaSystem
from monitor_app.core.cube import Cube


def margin(cube: Cube, areas: AreaSystem, level: str, target: str, *, arriving: bool) -> Cube:
    """The cube without ``partner``: moves of each area of ``target`` to others (or from others,
    ``arriving``). ``cube`` has origins on ``area`` and destinations on ``partner``, both keys of
    ``level``; moves that stay inside one area of ``target`` count for neither.
    """
    parent = {a: a for a in areas.keys(level)} if level == target else areas.ancestor(level, target)
    origins, destinations = cube.labels["area"], cube.labels["partner"]
    start = np.array([parent.get(a, "") for a in origins], dtype=object)
    end = np.array([parent.get(a, "") for a in destinations], dtype=object)
    crossed = (start[:, None] != end[None, :]) & (start[:, None] != "") & (end[None, :] != "")
    values = np.moveaxis(cube.values, cube.axis("partner"), 1)  # area, partner, date, …
    # Origin by origin: the whole table is as large as the square of the number of areas.
    moved = np.zeros((len(destinations if arriving else origins), *values.shape[2:]))
    known = np.zeros(values.shape[2], dtype=bool)
    for row, leaving in enumerate(values):
        there = np.isfinite(leaving)
        known |= there.any(axis=(0, *range(2, leaving.ndim)))
        counted = there & crossed[row].reshape(-1, *[1] * (leaving.ndim - 1))
        if arriving:
            np.add(moved, leaving, out=moved, where=counted)
        else:
            moved[row] = np.sum(leaving, axis=0, where=counted)
    named = (end if arriving else start).tolist()
    keys = tuple(k for k in areas.keys(target) if k in set(named))
    rows = {k: i for i, k in enumerate(keys)}
    found = np.zeros((len(keys), *moved.shape[1:]))
    for position, key in enumerate(named):
        if key in rows:
            found[rows[key]] += moved[position]
    # A date of which nothing is known stays unknown.
    found[:, ~known] = np.nan
    labels: dict[str, Sequence[Any]] = {"area": keys}
    labels.update({d: v for d, v in cube.labels.items() if d not in ("area", "partner", "age")})
    return Cube.of(labels, found, ages=cube.ages)
