"""What a bridge table (Umsteigeschlüssel) is and what importing it will do, in sentences."""

from __future__ import annotations

from monitor_app.core.i18n import _
from monitor_app.exchange.recipe_model import BridgeContent


def bridge_words(content: BridgeContent) -> str:
    """For the import page: meaning, use, and which shares carry what."""
    shares = {
        "pop": _("people and everything counted about them by “{column}”"),
        "area": _("areas by “{column}”"),
        "dwellings": _("dwellings and completions by “{column}”"),
    }
    listed = [
        shares[kind].format(column=column)
        for kind, column in sorted(content.weights.items(), key=lambda w: list(shares).index(w[0]))
    ]
    return " ".join(
        (
            _("Bridge table of a territorial reform: it tells for each old area which share of it "
              "lies in which new one."),
            _("With it, numbers from before the reform can be shown on the present areas: counts "
              "are divided by the shares ({shares}), rates are computed anew of them, and such "
              "values are marked as estimated.").format(shares="; ".join(listed)),
            _("The numbers as counted stay as they are, and the break stays visible in the time "
              "line."),
        )
    )  # fmt: skip


def bridge_columns(content: BridgeContent) -> dict[str, str]:
    """Meaning of each column that the table is read from."""
    found = {
        content.from_key.column: _("old area"),
        content.to_key.column: _("new area"),
        content.date.column: _("valid from"),
    }
    shares = {
        "pop": _("share of people"),
        "area": _("share of the surface"),
        "dwellings": _("share of dwellings"),
    }
    found |= {column: shares[kind] for kind, column in content.weights.items()}
    return {column: text for column, text in found.items() if column}
