"""The editor of a definition: YAML with completion, live check and live preview."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QStringListModel, Qt, QTimer, Signal
from PySide6.QtGui import QFont, QFontDatabase, QKeyEvent, QTextCursor
from PySide6.QtWidgets import (
    QCompleter,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QListView,
    QListWidget,
    QListWidgetItem,
    QPlainTextEdit,
    QPushButton,
    QSplitter,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from monitor_app.core.formats import format_value
from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, Severity
from monitor_app.core.values import IndicatorTable
from monitor_app.ui.theme import Theme

#: Wait this long after the last key before checking, in milliseconds.
PAUSE = 250


class FormulaText(QPlainTextEdit):
    """Text with completion of names: a list opens after two letters; Tab or Enter takes one,
    Ctrl+Space opens it at once."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        font.setStyleHint(QFont.StyleHint.Monospace)
        font.setPixelSize(13)
        self.setFont(font)
        self.setTabChangesFocus(True)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.WidgetWidth)
        self.setAccessibleName(_("Definition of the indicator"))
        self.names = QStringListModel(self)
        self.completer = QCompleter(self.names, self)
        self.completer.setWidget(self)
        self.completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.completer.setFilterMode(Qt.MatchFlag.MatchContains)
        self.list = QListView()
        self.completer.setPopup(self.list)
        self.completer.activated.connect(self.take)

    def word(self) -> str:
        """The name left of the cursor."""
        text = self.textCursor().block().text()[: self.textCursor().positionInBlock()]
        start = len(text)
        while start and (text[start - 1].isalnum() or text[start - 1] == "_"):
            start -= 1
        return text[start:]

    def take(self, name: str) -> None:
        """Write a completion in place of the word."""
        cursor = self.textCursor()
        left = QTextCursor.MoveOperation.Left
        cursor.movePosition(left, QTextCursor.MoveMode.KeepAnchor, len(self.word()))
        cursor.insertText(name)
        if name.endswith("()"):
            cursor.movePosition(left)
        self.setTextCursor(cursor)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        popup = self.list
        keys = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Tab, Qt.Key.Key_Escape)
        if popup.isVisible() and event.key() in keys:
            event.ignore()  # the list takes it
            return
        asked = (
            event.key() == Qt.Key.Key_Space
            and event.modifiers() == Qt.KeyboardModifier.ControlModifier
        )
        if not asked:
            super().keyPressEvent(event)
        word = self.word()
        if not asked and (len(word) < 2 or not event.text()):
            popup.hide()
            return
        self.completer.setCompletionPrefix(word)
        model = self.completer.completionModel()
        if model.rowCount() == 0 or self.completer.currentCompletion() == word:
            popup.hide()
            return
        popup.setCurrentIndex(model.index(0, 0))
        place = self.cursorRect()
        place.setWidth(360)
        self.completer.complete(place)


class IndicatorEditor(QWidget):
    """``edited``: the text rested; ``save``, ``remove``, ``leave``, ``export``, ``load``."""

    edited = Signal(str)
    save = Signal()
    remove = Signal()
    leave = Signal()
    export = Signal()
    load = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setProperty("role", "panel")
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(8)
        row = QHBoxLayout()
        row.setSpacing(8)
        self.keep = QPushButton(_("Keep in the project"))
        self.keep.setProperty("role", "primary")
        self.drop = QPushButton(_("Remove from the project"))
        self.open = QPushButton(_("Read from a file …"))
        self.write = QPushButton(_("Write to a file …"))
        self.back = QPushButton(_("Back to the sheet"))
        for button in (self.keep, self.drop, self.open, self.write, self.back):
            row.addWidget(button)
        row.addStretch(1)
        column.addLayout(row)
        self.text = FormulaText()
        self.state = QLabel()
        self.state.setWordWrap(True)
        self.issues = QListWidget()
        self.issues.setWordWrap(True)
        self.issues.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.issues.setAccessibleName(_("Findings"))
        self.preview = QTableWidget(0, 3)
        self.preview.setHorizontalHeaderLabels([_("Key"), _("Area"), _("Value")])
        self.preview.verticalHeader().hide()
        self.preview.setShowGrid(False)
        self.preview.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.preview.horizontalHeader().setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        self.preview.setAccessibleName(_("Preview of the values"))
        below = QSplitter(Qt.Orientation.Horizontal)
        below.setHandleWidth(1)
        below.addWidget(self.issues)
        below.addWidget(self.preview)
        below.setSizes([420, 420])
        both = QSplitter(Qt.Orientation.Vertical)
        both.setHandleWidth(1)
        both.setChildrenCollapsible(False)
        both.addWidget(self.text)
        both.addWidget(below)
        both.setSizes([420, 240])
        column.addWidget(self.state)
        column.addWidget(both, 1)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(PAUSE)
        self._rest.timeout.connect(lambda: self.edited.emit(self.text.toPlainText()))
        self.text.textChanged.connect(self._rest.start)
        self.issues.itemActivated.connect(self._jump)
        self.issues.itemClicked.connect(self._jump)
        for button, signal in (
            (self.keep, self.save), (self.drop, self.remove), (self.open, self.load),
            (self.write, self.export), (self.back, self.leave),
        ):  # fmt: skip
            button.clicked.connect(signal)

    def begin(self, text: str, names: Sequence[str], own: bool) -> None:
        """Edit a text; ``own``: the project keeps this definition already."""
        self.text.names.setStringList(list(names))
        self.text.setPlainText(text)
        self.drop.setVisible(own)
        self._rest.stop()
        self.edited.emit(text)
        self.text.setFocus()

    def stop(self) -> None:
        """No check any more."""
        self._rest.stop()
        self.text.list.hide()

    def show_issues(self, issues: Sequence[Issue], sound: bool, writable: bool) -> None:
        self.issues.clear()
        for issue in sorted(issues, key=lambda i: i.severity is not Severity.ERROR):
            where = []
            if issue.row is not None:
                where.append(_("line {row}").format(row=issue.row))
            if issue.column:
                where.append(_("column {column}").format(column=issue.column))
            lines = [", ".join([*where]) + (": " if where else "") + issue.message]
            lines += [issue.repair] if issue.repair else []
            item = QListWidgetItem("\n".join(lines))
            item.setData(Qt.ItemDataRole.UserRole, (issue.row, issue.column))
            if issue.severity is Severity.ERROR:
                item.setForeground(self._theme.colour("error"))
            self.issues.addItem(item)
        self.keep.setEnabled(sound and writable)
        self.write.setEnabled(sound)
        if sound:
            self.say(_("The definition is sound."), "good")
        else:
            self.say(_("The definition cannot be used yet."), "error")
            self.preview.setRowCount(0)

    def say(self, text: str, role: str) -> None:
        self.state.setText(text)
        self.state.setProperty("role", role)
        self.state.style().unpolish(self.state)
        self.state.style().polish(self.state)

    def _jump(self, item: QListWidgetItem) -> None:
        """To the place of a finding."""
        row, column = item.data(Qt.ItemDataRole.UserRole)
        if row is None:
            return
        cursor = self.text.textCursor()
        cursor.setPosition(self.text.document().findBlockByNumber(row - 1).position())
        if column and str(column).isdigit():
            cursor.movePosition(
                QTextCursor.MoveOperation.Right, QTextCursor.MoveMode.MoveAnchor, int(column) - 1
            )
        self.text.setTextCursor(cursor)
        self.text.setFocus()

    def show_preview(self, table: IndicatorTable, names: dict[str, str], limit: int = 200) -> None:
        """Values of the newest date."""
        self.preview.setRowCount(0)
        if not table.dates:
            lacking = "; ".join(table.missing_inputs)
            self.say(_("No values: {missing}").format(missing=lacking or "–"), "error")
            return
        count = min(len(table.areas), limit)
        self.preview.setRowCount(count)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for i, key in enumerate(table.areas[:count]):
            value = format_value(
                float(table.values[i, -1]), int(table.status[i, -1]), table.precision, table.unit
            )
            for j, text in enumerate((key, names.get(key, key), value)):
                item = QTableWidgetItem(text)
                if j == 2:
                    item.setTextAlignment(right)
                self.preview.setItem(i, j, item)
