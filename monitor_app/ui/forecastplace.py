"""Where the forecast workspace stands, and the steps that are made elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

if TYPE_CHECKING:
    from monitor_app.ui.workbench import Workbench


class Place(QWidget):
    """Where the page stands once it is looked at: building it costs time that the start of the
    program has not."""

    appeared = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)

    def put(self, page: QWidget) -> None:
        layout = self.layout()
        assert layout is not None
        layout.addWidget(page)
        self.setFocusProxy(page)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.appeared.emit()


def panels(bench: Workbench) -> list[Any]:
    """Steps made elsewhere: rates, and the test of the method on the past; None where missing."""
    from importlib import import_module

    found: list[Any] = []
    for module, name in (
        ("monitor_app.ui.ratespanel", "RatesPanel"),
        ("monitor_app.ui.backtestpanel", "BacktestPanel"),
    ):
        try:
            found.append(getattr(import_module(module), name)(bench))
        except ModuleNotFoundError:
            found.append(None)
    return found
