"""How the areas before a territorial reform lie in those after it (Umsteigeschlüssel)."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

#: What a share is a share of. Inhabitants are always given; the others fall back on them.
WEIGHTS = ("pop", "area", "dwellings")
#: Sums of weights that differ from 1 by no more are rounding of the printed shares.
ROUNDING = 1e-3


@dataclass(frozen=True, slots=True)
class BridgeRow:
    """``weights``: which share of the old area's inhabitants (``pop``), surface (``area``) or
    dwellings (``dwellings``) lies in the new area, 0..1."""

    from_key: str
    to_key: str
    weights: Mapping[str, float]


@dataclass(frozen=True)
class Bridge:
    """Areas of ``level`` until the day before ``day`` and from ``day`` on.

    An area that ``rows`` do not name stays as it is. ``source`` is the citation.
    """

    level: str
    day: date
    rows: tuple[BridgeRow, ...]
    source: str = ""

    @property
    def key(self) -> str:
        """Unique in a project: one bridge per level and day."""
        return f"{self.level}_{self.day.isoformat()}"

    def shares(self, weight: str) -> dict[tuple[str, str], float]:
        """(old, new) -> share of ``weight`` (inhabitants where it is not given), scaled so that
        the shares of each old area sum to 1 and totals are kept to the last person."""
        given = weight if all(weight in row.weights for row in self.rows) else "pop"
        shares = {(row.from_key, row.to_key): float(row.weights[given]) for row in self.rows}
        sums: dict[str, float] = {}
        for (old, _new), share in shares.items():
            sums[old] = sums.get(old, 0.0) + share
        return {
            pair: share if sums[pair[0]] == 1.0 else share / sums[pair[0]]
            for pair, share in shares.items()
            if share > 0
        }

    @property
    def given_up(self) -> frozenset[str]:
        """Keys that exist before the reform only."""
        return frozenset(r.from_key for r in self.rows) - frozenset(r.to_key for r in self.rows)

    @property
    def founded(self) -> frozenset[str]:
        """Keys that exist after the reform only."""
        return frozenset(r.to_key for r in self.rows) - frozenset(r.from_key for r in self.rows)

    def dump(self) -> str:
        """JSON text for the project file."""
        rows = [[r.from_key, r.to_key, dict(r.weights)] for r in self.rows]
        content = {"level": self.level, "day": self.day.isoformat(), "source": self.source}
        return json.dumps({**content, "rows": rows}, ensure_ascii=False, sort_keys=True)

    @classmethod
    def load(cls, text: str) -> Bridge:
        """Errors: ``ValueError`` or ``TypeError`` for a text that is no bridge."""
        content = json.loads(text)
        rows = tuple(
            BridgeRow(str(old), str(new), {str(k): float(v) for k, v in weights.items()})
            for old, new, weights in content["rows"]
        )
        for row in rows:
            if "pop" not in row.weights or not all(
                math.isfinite(w) and 0 <= w <= 1 + ROUNDING for w in row.weights.values()
            ):
                raise ValueError(f"weights out of range: {row.from_key} {row.to_key}")
        return cls(
            str(content["level"]), date.fromisoformat(content["day"]), rows, str(content["source"])
        )
