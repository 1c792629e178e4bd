"""What is on the screen: chosen once, kept when the workspace changes, saved in the project."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from datetime import date
from enum import StrEnum
from typing import Any


class ChangeKind(StrEnum):
    """How a balance map states the difference between two dates."""

    ABSOLUTE = "absolute"
    RELATIVE = "relative"  # per cent of the earlier value


@dataclass(frozen=True)
class ViewState:
    """Level, indicator, date and classification as chosen.

    ``compare_to`` is the earlier date of a balance map (None: value map). ``breaks`` are manual
    class limits per ``place``. ``whole_series``: classes fixed over all dates.
    ``carried``: numbers from before territorial reforms on the present areas. ``scenario``: key of
    the forecast that goes on where the observed dates end (empty: none). ``kind``: how values are
    shown; ``second``: key of the other indicator of a bivariate map; ``targets``: per indicator the
    value that a threshold map turns at; ``labels`` (names, values, both), ``symbols`` (key of an
    indicator shown by size), ``points`` (facilities, ``data set`` or ``data set:attribute`` that
    the symbols follow) and ``background``: what lies on and below the areas. ``zeros``: a value
    of zero has a look of its own instead of a class.
    """

    level: str = ""
    indicator: str = ""
    day: date | None = None
    compare_to: date | None = None
    change: ChangeKind = ChangeKind.ABSOLUTE
    method: str = "quantiles"
    k: int = 5
    whole_series: bool = True
    palette: str = ""  # empty: the indicator's own
    breaks: dict[str, tuple[float, ...]] = field(default_factory=dict)
    carried: bool = False
    scenario: str = ""
    kind: str = "value"
    second: str = ""
    targets: dict[str, float] = field(default_factory=dict)
    labels: str = ""
    symbols: str = ""
    points: tuple[str, ...] = ()
    background: bool = True
    zeros: bool = False

    @property
    def series(self) -> tuple[str, str, bool, str]:
        """What decides which values must be computed."""
        return self.indicator, self.level, self.carried, self.scenario

    def manual_breaks(self) -> tuple[float, ...] | None:
        if self.method != "manual":
            return None
        return self.breaks.get(self.place)

    @property
    def place(self) -> str:
        """What own class limits belong to: they hold for one kind of map."""
        kind = f"change_{self.change.value}" if self.compare_to is not None else self.kind
        return "|".join((self.indicator, self.level, *(() if kind == "value" else (kind,))))

    def dump(self) -> str:
        stored = asdict(self)
        for name in ("day", "compare_to"):
            stored[name] = stored[name].isoformat() if stored[name] else None
        return json.dumps(stored, ensure_ascii=False)

    @classmethod
    def load(cls, text: str) -> ViewState:
        """Read a stored view; entries of another version fall back to the default."""
        try:
            stored: Any = json.loads(text)
            known = {f.name: stored[f.name] for f in fields(cls) if f.name in stored}
            for name in ("day", "compare_to"):
                if known.get(name):
                    known[name] = date.fromisoformat(known[name])
            known["change"] = ChangeKind(known.get("change", ChangeKind.ABSOLUTE))
            known["breaks"] = {k: tuple(v) for k, v in known.get("breaks", {}).items()}
            known["points"] = tuple(known.get("points", ()))
            return cls(**known)
        except (ValueError, TypeError, AttributeError):
            return cls()
