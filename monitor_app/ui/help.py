"""F1 explains the place where one is; the about box says what this is."""

from __future__ import annotations

from PySide6.QtCore import Qt, qVersion
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QVBoxLayout, QWidget

import monitor_app
from monitor_app.core.i18n import _
from monitor_app.ui.actions import Actions
from monitor_app.ui.theme import Theme

_NATIVE = QKeySequence.SequenceFormat.NativeText


def help_text(page: str) -> str:
    """What can be done on a page, in a few sentences."""
    return {
        "start": _(
            "Open the sample town to look around, begin a new project, or open one. Files that "
            "are dropped on the window are imported; a project that is dropped is opened."
        ),
        "data": _(
            "All data sets with their dates and totals. Import boundaries first, then tables. "
            "Every import is one change that can be undone with Ctrl+Z."
        ),
        "map": _(
            "Drag moves the map, the wheel zooms. A click selects an area, Ctrl adds to the "
            "selection, Shift and drag selects with a box. The arrow keys step through the "
            "dates. The legend at the right chooses the kind of map, classes and colours – drag "
            "a limit in its histogram – and what lies over the map. Below are ranking, time line, "
            "charts and table. Ctrl+B compares two dates."
        ),
        "profile": _(
            "Everything about one area: choose it in the list, on the map or in the table. A "
            "double click on a key figure shows it on the map, one on a neighbour goes there. "
            "“Choose key figures” puts together the list, “Save sheet” writes one page per area."
        ),
        "whatif": _(
            "The sliders weigh the indicators of an index; map and ranking follow at once. “Check "
            "robustness” tells how firm the ranks are where weights are chosen otherwise. A "
            "weighting that is kept belongs to the project."
        ),
        "patterns": _(
            "Do neighbours have similar values, and where? Clusters and hot spots are held against "
            "chance: what is not significant stays grey. The second tab tells how unevenly groups "
            "live in the town, beside what an accidental distribution would give."
        ),
        "catalogue": _(
            "All indicators with definition, formula and sources. A definition can be copied and "
            "changed; the preview shows its values before it is kept. What comes with the program "
            "stays as it is."
        ),
        "import": _(
            "Five steps lead from a file to data: choose files, read them, say what each column "
            "means, look at the findings, confirm. Nothing is stored before the last step."
        ),
        "forecast": _(
            "The steps at the left lead from the data to the result. “Data” tells which forecast is"
            " possible and what would make it better. “Assumptions” holds horizon, scenarios and"
            " housing projects; wrong entries are named where they stand. “Computation” stores all"
            " results in one step that can be undone. Results follow the selected areas; a click on"
            " the course chooses the year, and “Show on the map” goes on with it there."
        ),
    }.get(page, "")


class _Box(QDialog):
    def __init__(self, title: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self.setMinimumWidth(480)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(24, 20, 24, 16)
        self.column.setSpacing(12)
        heading = QLabel(title)
        heading.setProperty("role", "heading")
        self.column.addWidget(heading)

    def finish(self) -> None:
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.button(QDialogButtonBox.StandardButton.Close).setText(_("Close"))
        buttons.rejected.connect(self.reject)
        self.column.addWidget(buttons)

    def say(self, text: str, role: str | None = None) -> None:
        label = QLabel(text)
        label.setWordWrap(True)
        label.setProperty("role", role)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.column.addWidget(label)


class HelpDialog(_Box):
    """Words about the page, and the keys that work on it."""

    def __init__(self, _theme: Theme, page: str, actions: Actions, parent: QWidget) -> None:
        super().__init__(_("Help on this place"), parent)
        self.say(help_text(page))
        keys = [
            (action.shortcut().toString(_NATIVE), action.text().replace("&", ""))
            for action in actions.all()
            if action.isEnabled() and not action.shortcut().isEmpty()
        ]
        rows = "".join(f"<tr><td><b>{k}</b>&nbsp;&nbsp;</td><td>{t}</td></tr>" for k, t in keys)
        self.say(f"<table cellspacing='4'>{rows}</table>")
        self.finish()


class AboutDialog(_Box):
    """Version, licence, what it is built with."""

    def __init__(self, _theme: Theme, parent: QWidget) -> None:
        super().__init__(_("Small-area monitoring"), parent)
        self.say(_("Version {version}").format(version=monitor_app.__version__))
        self.say(_("Free software under the EUPL 1.2. It works offline and sends nothing."))
        self.say(_("Built with Qt {version} (LGPL).").format(version=qVersion()), "muted")
        self.finish()
