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
    mask = crossed.reshape(*crossed.shape, *[1] * (values.ndim - 2))
    moved = np.where(mask, np.nan_to_num(values), 0.0).sum(axis=0 if arriving else 1)
    named = (end if arriving else start).tolist()
    keys = tuple(k for k in areas.keys(target) if k in set(named))
    rows = {k: i for i, k in enumerate(keys)}
    found = np.zeros((len(keys), *moved.shape[1:]))
    for position, key in enumerate(named):
        if key in rows:
            found[rows[key]] += moved[position]
    # A date of which nothing is known stays unknown.
    known = np.isfinite(values).any(axis=(0, 1, *range(3, values.ndim)))
    found[:, ~known] = np.nan
    labels: dict[str, Sequence[Any]] = {"area": keys}
    labels.update({d: v for d, v in cube.labels.items() if d not in ("area", "partner", "age")})
    return Cube.of(labels, found, ages=cube.ages)
