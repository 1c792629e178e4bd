"""Workspaces of the window beside start, data and map, in the order of the rail."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from PySide6.QtWidgets import QWidget

from monitor_app.ui.catalogueroom import CatalogueRoom
from monitor_app.ui.forecastroom import ForecastRoom
from monitor_app.ui.patternroom import PatternRoom
from monitor_app.ui.profileroom import ProfileRoom
from monitor_app.ui.whatif import WhatIf

if TYPE_CHECKING:
    from monitor_app.ui.workbench import Workbench


class Room(Protocol):
    """A workspace. ``key`` names it for commands, ``icon`` is a picture of ``ui.icons``; it listens
    to the session by itself and does nothing slow until its page is looked at."""

    key: str
    icon: str
    title: str

    @property
    def page(self) -> QWidget:
        """What the rail shows."""

    def tools(self) -> Sequence[QWidget]:
        """Widgets that are switched off while the project changes."""

    def shutdown(self) -> None:
        """End threads and subscriptions."""


def rooms_of(bench: Workbench) -> tuple[Room, ...]:
    """All workspaces that work on an open project."""
    return (
        ProfileRoom(bench),
        WhatIf(bench),
        PatternRoom(bench),
        ForecastRoom(bench),
        CatalogueRoom(bench),
    )
