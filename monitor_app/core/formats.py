"""Numbers and dates as a German (or English) reader expects them."""

from __future__ import annotations

import math
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


def format_date(day: date) -> str:
    """``31.12.2024`` (de) or ``2024-12-31`` (en)."""
    return day.strftime("%d.%m.%Y") if LANGUAGE.code == "de" else day.isoformat()


def collation_key(text: str) -> tuple[str, str]:
    """Sort key after DIN 5007-1: ä as a, ß as ss, accents only to break ties."""
    folded = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(c for c in folded if not unicodedata.combining(c))
    return plain, text
