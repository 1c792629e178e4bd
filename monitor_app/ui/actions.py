"""Every command of the window as data: text, shortcut, icon, menu, and when it can be used."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu

from monitor_app.core.i18n import _
from monitor_app.ui.icons import icon
from monitor_app.ui.theme import Theme


class Needs(IntEnum):
    """What must be there before a command makes sense."""

    NOTHING = 0
    PROJECT = 1
    MAP = 2  # a project with areas and a computed indicator
    WRITABLE = 3  # a project that was not opened for reading only


@dataclass(frozen=True)
class ActionSpec:
    """One command. ``menu`` is the key of a menu, empty for commands without one; ``|`` before
    the id starts a new group."""

    id: str
    menu: str
    text: str
    keys: tuple[str, ...] = ()
    icon: str = ""
    needs: Needs = Needs.NOTHING
    group: bool = False
    checkable: bool = False


def menus() -> dict[str, str]:
    """Menus from left to right."""
    return {
        "file": _("&File"),
        "edit": _("&Edit"),
        "view": _("&View"),
        "map": _("&Map"),
        "help": _("&Help"),
    }


def specs() -> tuple[ActionSpec, ...]:
    """All commands in the language in use."""
    no, project, shown, writable = Needs.NOTHING, Needs.PROJECT, Needs.MAP, Needs.WRITABLE
    return (
        ActionSpec("new", "file", _("New project …"), ("Ctrl+N",), "new"),
        ActionSpec("open", "file", _("Open a project …"), ("Ctrl+O",), "open"),
        ActionSpec("sample", "file", _("Open the sample town"), (), "town"),
        ActionSpec("save", "file", _("Save"), ("Ctrl+S",), "save", writable, group=True),
        ActionSpec("save_as", "file", _("Save as …"), ("Ctrl+Shift+S",), "", project),
        ActionSpec(
            "import", "file", _("Import files …"), ("Ctrl+I",), "import", writable, group=True
        ),
        ActionSpec("page", "file", _("Print page …"), ("Ctrl+P",), "page", shown, group=True),
        ActionSpec("table", "file", _("Export table …"), ("Ctrl+E",), "export", shown),
        ActionSpec("close", "file", _("Close project"), ("Ctrl+W",), "", project, group=True),
        ActionSpec("quit", "file", _("Quit"), ("Ctrl+Q",), "", no),
        ActionSpec("undo", "edit", _("Undo"), ("Ctrl+Z",), "undo", writable),
        ActionSpec("redo", "edit", _("Redo"), ("Ctrl+Y", "Ctrl+Shift+Z"), "redo", writable),
        ActionSpec(
            "copy_map", "edit", _("Copy map as picture"), ("Ctrl+Shift+C",), "copy", shown,
            group=True,
        ),
        ActionSpec("copy_table", "edit", _("Copy table with headers"), (), "copy", shown),
        ActionSpec("select_all", "edit", _("Select all areas"), ("Ctrl+A",), "", shown, group=True),
        ActionSpec("select_invert", "edit", _("Invert selection"), ("Ctrl+Shift+A",), "invert",
                   shown),
        ActionSpec("select_none", "edit", _("Clear selection"), ("Escape",), "", shown),
        ActionSpec("filter", "edit", _("Filter areas"), ("Ctrl+F",), "filter", shown, group=True),
        ActionSpec("select_by", "edit", _("Select by expression …"), ("Ctrl+Shift+F",), "filter",
                   shown),
        ActionSpec("commands", "edit", _("Find command, indicator or area …"), ("Ctrl+K",),
                   "search", no),
        ActionSpec("zoom_in", "view", _("Zoom in"), ("Ctrl++", "Ctrl+="), "plus", shown),
        ActionSpec("zoom_out", "view", _("Zoom out"), ("Ctrl+-",), "minus", shown),
        ActionSpec("zoom_all", "view", _("Show the whole town"), ("Ctrl+0",), "fit", shown),
        ActionSpec("zoom_selection", "view", _("Zoom to selection"), ("Ctrl+Shift+0",),
                   "fit-selection", shown),
        ActionSpec("show_table", "view", _("Table"), ("F6",), "table", shown, group=True),
        ActionSpec("refresh", "view", _("Refresh"), ("F5",), "", project, group=True),
        ActionSpec("fullscreen", "view", _("Full screen"), ("F11",), "", no, checkable=True),
        ActionSpec("reset_layout", "view", _("Reset panels"), (), "", no),
        ActionSpec("back", "map", _("Previous date"), ("Alt+Left",), "previous", shown),
        ActionSpec("forward", "map", _("Next date"), ("Alt+Right",), "next", shown),
        ActionSpec("play", "map", _("Play through the dates"), ("Alt+Space",), "play", shown),
        ActionSpec("balance", "map", _("Compare two dates"), ("Ctrl+B",), "balance", shown,
                   group=True, checkable=True),
        ActionSpec("compare_maps", "map", _("Compare maps …"), ("Ctrl+Shift+B",), "", shown),
        ActionSpec("series", "map", _("Map series or moving picture …"), ("Ctrl+Shift+G",), "",
                   shown),
        ActionSpec("profile", "map", _("Profile of the area"), ("Ctrl+Shift+P",), "profile",
                   shown, group=True),
        ActionSpec("help", "help", _("Help on this place"), ("F1",), "info", no),
        ActionSpec("diagnostics", "help", _("Copy diagnostics"), (), "copy", no, group=True),
        ActionSpec("about", "help", _("About this program"), (), "", no),
    )  # fmt: skip


class Actions:
    """The commands of one window as ``QAction``; menus, shortcuts and the command search share
    them."""

    def __init__(
        self, window: QMainWindow, theme: Theme, handlers: Mapping[str, Callable[[], object]]
    ) -> None:
        self._theme = theme
        self._specs = {spec.id: spec for spec in specs()}
        self.menus: dict[str, QMenu] = {
            key: window.menuBar().addMenu(text) for key, text in menus().items()
        }
        self._actions: dict[str, QAction] = {}
        for spec in self._specs.values():
            handler = handlers.get(spec.id)
            if handler is None:
                continue  # a command appears when there is something behind it
            action = QAction(spec.text, window)
            action.setShortcuts([QKeySequence(keys) for keys in spec.keys])
            action.setCheckable(spec.checkable)
            action.triggered.connect(lambda _checked=False, call=handler: call())
            window.addAction(action)
            menu = self.menus[spec.menu]
            if spec.group and menu.actions():
                menu.addSeparator()
            menu.addAction(action)
            self._actions[spec.id] = action
        self.draw_icons()

    def __getitem__(self, action_id: str) -> QAction:
        return self._actions[action_id]

    def __contains__(self, action_id: str) -> bool:
        return action_id in self._actions

    def all(self) -> tuple[QAction, ...]:
        return tuple(self._actions.values())

    def draw_icons(self) -> None:
        for name, action in self._actions.items():
            if self._specs[name].icon:
                action.setIcon(icon(self._specs[name].icon, self._theme, size=16))

    def enable(self, *, project: bool, writable: bool, shown: bool) -> None:
        """Switch commands on and off as a whole."""
        for name, action in self._actions.items():
            needs = self._specs[name].needs
            action.setEnabled(
                needs is Needs.NOTHING
                or (needs is Needs.PROJECT and project)
                or (needs is Needs.WRITABLE and project and writable)
                or (needs is Needs.MAP and shown)
            )
