"""Numbers and dates as a German (or English) reader expects them."""

from __future__ import annotations

import math
import re
import unicodedata
from datetime import date

from monitor_app.core.i18n import LANGUAGE
from monitor_app.core.status import Status

MINUS = "\u2212"
THIN_SPACE = "\u202f"

#: Signs of German official statistics for cells without a value.
STATUS_SIGNS = {
    Status.MISSING: "…",
    Status.SECRET: ".",
    Status.NOT_APPLICABLE: "x",
    Status.TOO_UNCERTAIN: "/",
    Status.BELOW_BASE: "/",
}


def format_number(
    value: float, precision: int = 0, *, signed: bool = False, grouping: bool = True
) -> str:
    """``1234567.89`` -> ``1.234.567,9`` (de); real minus; ``signed`` also writes a plus."""
    if not math.isfinite(value):
        return STATUS_SIGNS[Status.MISSING]
    text = f"{abs(value):,.{precision}f}" if grouping else f"{abs(value):.{precision}f}"
    if LANGUAGE.code == "de":
        text = text.translate({ord(","): ".", ord("."): ","})
    if value < 0 and any(c in "123456789" for c in text):
        return MINUS + text
    return f"+{text}" if signed and value > 0 and any(c in "123456789" for c in text) else text


def format_value(
    value: float, status: int, precision: int = 0, unit: str = "", *, signed: bool = False
) -> str:
    """A value with unit, or the sign of its status."""
    if status >= Status.MISSING:
        return STATUS_SIGNS[Status(status)]
    text = format_number(value, precision, signed=signed)
    return f"{text}{THIN_SPACE}{unit}" if unit else text


def format_p(p: float) -> str:
    """A probability of error as ``0,013``, below what three decimals show as ``< 0,001``."""
    return f"< {format_number(0.001, 3)}" if p < 0.0005 else format_number(p, 3)


def format_date(day: date) -> str:
    """``31.12.2024`` (de) or ``2024-12-31`` (en)."""
    return day.strftime("%d.%m.%Y") if LANGUAGE.code == "de" else day.isoformat()


def collation_key(text: str) -> tuple[str, str]:
    """Sort key after DIN 5007-1: ä as a, ß as ss, accents only to break ties."""
    folded = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(c for c in folded if not unicodedata.combining(c))
    return plain, text


_GROUPED = re.compile(r"\d{1,3}(\.\d{3})+")


def parse_number(text: str) -> float:
    """A finite number as a person types it: ``1.234,5``, ``24,5``, ``-3``; a point that cannot
    part thousands (``24.5``) is a decimal point. ``ValueError`` for anything else."""
    plain = re.sub(r"\s", "", text).replace(MINUS, "-")
    digits = plain.lstrip("+-")
    if "," in plain:
        plain = plain.replace(".", "").replace(",", ".")
    elif LANGUAGE.code == "de" and _GROUPED.fullmatch(digits):
        plain = plain.replace(".", "")
    value = float(plain)
    if not math.isfinite(value) or "_" in plain:
        raise ValueError(text)
    return value
