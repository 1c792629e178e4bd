"""Names of the topics that the catalogue sorts its indicators by."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from monitor_app.core.i18n import _
from monitor_app.ui.chooser import Topic


def topic_name(topic: str) -> str:
    """Name of a topic in the user's language; its key where a catalogue brings its own."""
    return {
        "demography": _("Population and ages"),
        "migration": _("Migration"),
        "integration": _("Origin and integration"),
        "social": _("Social situation"),
        "housing": _("Housing"),
        "environment": _("Environment"),
        "segregation": _("Segregation"),
    }.get(topic, topic)


def with_favourites(topics: Sequence[Topic], favourites: Collection[str]) -> list[Topic]:
    """The topics, and before them once more the favourites among their choices."""
    starred = tuple(c for topic in topics for c in topic.choices if c.id in favourites)
    first = [Topic("★ " + _("Favourites"), starred)] if starred else []
    return [*first, *topics]
