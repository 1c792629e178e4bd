"""First page: open the sample town, start or open a project, drop files anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPixmap
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from monitor_app.core.i18n import _
from monitor_app.ui.icons import icon
from monitor_app.ui.theme import Theme

PICTURE = QSize(96, 64)


class RecentRow(QFrame):
    """A recent project: small map, name, folder. Enter or click opens it."""

    opened = Signal(str)
    forgotten = Signal(str)

    def __init__(self, theme: Theme, path: Path, picture: Path | None) -> None:
        super().__init__()
        self.path = str(path)
        self.setProperty("role", "card")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        found = path.exists()
        name = path.name.removesuffix(".gpkg").removesuffix(".monitor")
        self.setAccessibleName(_("Recent project {name}").format(name=name))
        self.setToolTip(self.path)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 8, 8, 8)
        row.setSpacing(12)
        thumb = QLabel()
        thumb.setFixedSize(PICTURE)
        thumb.setAlignment(Qt.AlignmentFlag.AlignCenter)
        shown = QPixmap(str(picture)) if picture is not None and picture.exists() else QPixmap()
        if shown.isNull():
            shown = icon("map", theme, "muted", 28).pixmap(28)
        else:
            ratio = self.devicePixelRatioF()
            shown = shown.scaled(
                PICTURE * ratio,
                Qt.AspectRatioMode.KeepAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            )
            shown.setDevicePixelRatio(ratio)
        thumb.setPixmap(shown)
        texts = QVBoxLayout()
        texts.setSpacing(2)
        title = QLabel(name)
        title.setStyleSheet("font-weight: 600")
        folder = QLabel(str(path.parent) if found else _("not found: {path}").format(path=path))
        folder.setProperty("role", "small")
        folder.setTextFormat(Qt.TextFormat.PlainText)
        folder.setMinimumWidth(40)
        texts.addStretch(1)
        texts.addWidget(title)
        texts.addWidget(folder)
        texts.addStretch(1)
        forget = QToolButton()
        forget.setProperty("role", "flat")
        forget.setIcon(icon("close", theme, "muted", 14))
        forget.setToolTip(_("Take off the list"))
        forget.setAccessibleName(_("Take {name} off the list").format(name=name))
        forget.clicked.connect(lambda: self.forgotten.emit(self.path))
        row.addWidget(thumb)
        row.addLayout(texts, 1)
        row.addWidget(forget)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton and self.rect().contains(
            event.position().toPoint()
        ):
            self.opened.emit(self.path)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.opened.emit(self.path)
        else:
            super().keyPressEvent(event)


class Leftover(QFrame):
    """Offer to restore work that was not saved before the program ended."""

    restored = Signal()
    discarded = Signal()

    def __init__(self, theme: Theme, text: str, details: Sequence[str] = ()) -> None:
        super().__init__()
        self.setProperty("role", "banner")
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 8, 8, 8)
        row.setSpacing(12)
        sign = QLabel()
        sign.setPixmap(icon("recover", theme, "on_warning", 20).pixmap(20))
        words = QLabel(text)
        words.setWordWrap(True)
        self.restore = QPushButton(_("Restore"))
        self.restore.setProperty("role", "primary")
        self.discard = QPushButton(_("Discard"))
        self.restore.clicked.connect(self.restored)
        self.discard.clicked.connect(self.discarded)
        row.addWidget(sign)
        texts = QVBoxLayout()
        texts.setSpacing(4)
        texts.addWidget(words)
        self.details = QLabel("\n".join(details))
        self.details.setTextFormat(Qt.TextFormat.PlainText)
        self.details.setWordWrap(True)
        self.details.hide()
        texts.addWidget(self.details)
        row.addLayout(texts, 1)
        self.unfold = QPushButton(_("Details"))
        self.unfold.setCheckable(True)
        self.unfold.setVisible(bool(details))
        self.unfold.toggled.connect(self.details.setVisible)
        row.addWidget(self.unfold)
        row.addWidget(self.restore)
        row.addWidget(self.discard)


class StartPage(QScrollArea):
    """Tells what to do with itself; works before anything heavy is loaded."""

    sample_wanted = Signal()
    new_wanted = Signal()
    open_wanted = Signal()
    files_wanted = Signal()
    recent_wanted = Signal(str)
    recent_forgotten = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        inside = QWidget()
        self.setWidget(inside)
        outer = QHBoxLayout(inside)
        outer.setContentsMargins(32, 32, 32, 32)
        body = QWidget()
        body.setMaximumWidth(1080)
        outer.addStretch(1)
        outer.addWidget(body, 20)
        outer.addStretch(1)
        self._column = QVBoxLayout(body)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(20)
        self._head()
        self._offers = QVBoxLayout()
        self._offers.setSpacing(8)
        self._column.addLayout(self._offers)
        grid = QGridLayout()
        grid.setHorizontalSpacing(32)
        grid.setVerticalSpacing(12)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)
        grid.addWidget(self._heading(_("Begin")), 0, 0)
        grid.addWidget(self._heading(_("Recent projects")), 0, 1)
        grid.addLayout(self._beginnings(), 1, 0, Qt.AlignmentFlag.AlignTop)
        self._recent = QVBoxLayout()
        self._recent.setSpacing(8)
        grid.addLayout(self._recent, 1, 1, Qt.AlignmentFlag.AlignTop)
        self._column.addLayout(grid)
        self._column.addStretch(1)
        self.set_recent([], {})

    @staticmethod
    def _heading(text: str) -> QLabel:
        label = QLabel(text)
        label.setProperty("role", "heading")
        return label

    def _head(self) -> None:
        title = QLabel(_("Small-area monitoring"))
        title.setProperty("role", "title")
        words = QLabel(
            _("From the files of the registry office to indicators, maps and pages for council.")
        )
        words.setProperty("role", "muted")
        words.setWordWrap(True)
        head = QVBoxLayout()
        head.setSpacing(4)
        head.addWidget(title)
        head.addWidget(words)
        self._column.addLayout(head)

    def _beginnings(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(8)
        self.sample = self._offer("town", _("Open the sample town"), primary=True)
        self.new = self._offer("new", _("New project …"))
        self.open = self._offer("open", _("Open a project …"))
        self.sample.clicked.connect(self.sample_wanted)
        self.new.clicked.connect(self.new_wanted)
        self.open.clicked.connect(self.open_wanted)
        for button in (self.sample, self.new, self.open):
            column.addWidget(button)
        column.addSpacing(8)
        self.drop = QFrame()
        self.drop.setProperty("role", "drop")
        inner = QVBoxLayout(self.drop)
        inner.setContentsMargins(20, 24, 20, 20)
        inner.setSpacing(8)
        picture = QLabel()
        picture.setPixmap(icon("import", self._theme, "muted", 32).pixmap(32))
        picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        words = QLabel(_("Drop files or a project here"))
        words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        kinds = QLabel(_("CSV, Excel, OpenDocument, GeoPackage, Shapefile, GeoJSON, Parquet"))
        kinds.setProperty("role", "small")
        kinds.setAlignment(Qt.AlignmentFlag.AlignCenter)
        kinds.setWordWrap(True)
        self.choose = QPushButton(_("Choose files …"))
        self.choose.clicked.connect(self.files_wanted)
        for widget in (picture, words, kinds):
            inner.addWidget(widget)
        inner.addWidget(self.choose, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self.drop)
        return column

    def _offer(self, picture: str, text: str, primary: bool = False) -> QPushButton:
        button = QPushButton(text)
        button.setIconSize(QSize(20, 20))
        button.setIcon(icon(picture, self._theme, "on_accent" if primary else "text"))
        button.setProperty("role", "offer-first" if primary else "offer")
        return button

    def set_drop_active(self, on: bool) -> None:
        """Light up the drop field while files are dragged over the window."""
        self.drop.setProperty("active", on)
        self.drop.style().unpolish(self.drop)
        self.drop.style().polish(self.drop)

    def set_recent(self, paths: Sequence[str], pictures: dict[str, Path]) -> None:
        """Fill the list of recent projects; ``pictures``: path of the project -> small map."""
        _empty(self._recent)
        for text in paths:
            row = RecentRow(self._theme, Path(text), pictures.get(text))
            row.opened.connect(self.recent_wanted)
            row.forgotten.connect(self.recent_forgotten)
            self._recent.addWidget(row)
        if not paths:
            nothing = QLabel(
                _("Projects that you open appear here. Start with the sample town to look around.")
            )
            nothing.setProperty("role", "muted")
            nothing.setWordWrap(True)
            self._recent.addWidget(nothing)

    def add_leftover(self, text: str, details: Sequence[str] = ()) -> Leftover:
        """Show the offer to restore unsaved work."""
        offer = Leftover(self._theme, text, details)
        self._offers.addWidget(offer)
        return offer


def _empty(layout: QVBoxLayout) -> None:
    while layout.count():
        item = layout.takeAt(0)
        widget = item.widget() if item is not None else None
        if widget is not None:
            widget.hide()
            widget.deleteLater()
