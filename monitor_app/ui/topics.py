"""Names of the topics that the catalogue sorts its indicators by."""

from __future__ import annotations

from monitor_app.core.i18n import _


def topic_name(topic: str) -> str:
    """Name of a topic in the user's language; its key where a catalogue brings its own."""
    return {
        "demography": _("Population and ages"),
        "migration": _("Moves"),
        "integration": _("Origin and integration"),
        "social": _("Social situation"),
        "housing": _("Housing"),
        "environment": _("Environment"),
        "segregation": _("Segregation"),
    }.get(topic, topic)
