"""Writing tables as a German registry office would: ``;``, cp1252, decimal comma, CRLF."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from town import plan

OFFICE = "Stadt Beispielstadt, Amt für Statistik und Wahlen (synthetische Daten)"
SEX = ("m", "w")
SEX_LONG = ("männlich", "weiblich")
GROUP = ("d", "nd")
GROUP_LONG = ("deutsch", "nichtdeutsch")
AGES = (*(str(a) for a in range(100)), "100+")


def number(value: float, places: int) -> str:
    """Decimal comma, rounded half up on the shortest decimal form."""
    step = Decimal(1).scaleb(-places)
    return str(Decimal(repr(float(value))).quantize(step, ROUND_HALF_UP)).replace(".", ",")


def write_csv(
    path: Path,
    header: Sequence[str],
    rows: Iterable[Sequence[object]],
    before: Sequence[str] = (),
    after: Sequence[str] = (),
) -> None:
    """One table; ``before`` and ``after`` are title lines and footnotes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [*before, ";".join(header), *(";".join(map(str, row)) for row in rows), *after]
    path.write_bytes(("\r\n".join(lines) + "\r\n").encode("cp1252"))


def after_reform(year: int) -> bool:
    """Whether the data of a year (flows, or stock at its end) come on the new boundaries."""
    return year >= plan.REFORM_YEAR
