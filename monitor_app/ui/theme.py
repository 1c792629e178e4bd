"""Look of the window: colour tokens, font, spacing and the style sheet made of them.

Standard library and PySide6 only: this module is on the start-up path.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum
from string import Template

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from monitor_app.core.resources import resource_path

#: Everything is a multiple of this many pixels.
GRID = 4
#: Smallest height of a control in pixels.
CONTROL = 28
#: Pixel sizes of the two text sizes and the headings.
SMALL, TEXT, HEADING, TITLE = 12, 13, 16, 24

FAMILY = "Noto Sans"


class Scheme(StrEnum):
    """What the user chose; ``SYSTEM`` follows the desktop."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True, slots=True)
class Tokens:
    """Colours by meaning, as ``#rrggbb``. The map never uses them: it is always light."""

    window: str  # behind everything
    surface: str  # panels, tables
    raised: str  # buttons, chips
    hover: str
    line: str  # quiet separators, no information in them
    border: str  # edges of controls, 3:1
    text: str
    muted: str  # second text, still 4.5:1
    accent: str
    on_accent: str
    selected: str  # background of selected rows and rail entries
    on_selected: str
    warning: str  # background of banners that narrow the view
    on_warning: str
    error: str  # text and icons of errors
    good: str
    map_ground: str  # around the town
    map_select: str  # outline of selected areas, 3:1 on light fills
    map_hover: str


LIGHT = Tokens(
    window="#eef0f3",
    surface="#ffffff",
    raised="#f6f7f9",
    hover="#e3e8ee",
    line="#d8dde4",
    border="#7c8794",
    text="#1b2129",
    muted="#54606e",
    accent="#0b5cad",
    on_accent="#ffffff",
    selected="#d3e4f6",
    on_selected="#0a2f57",
    warning="#fdf0cf",
    on_warning="#5a4100",
    error="#b3261e",
    good="#1c6b3c",
    map_ground="#ffffff",
    map_select="#111827",
    map_hover="#0b5cad",
)

DARK = Tokens(
    window="#16191e",
    surface="#1f242b",
    raised="#2a3038",
    hover="#343c46",
    line="#373f4a",
    border="#838f9d",
    text="#e9ecf0",
    muted="#aab4c0",
    accent="#7cb7f2",
    on_accent="#0a1c30",
    selected="#27435f",
    on_selected="#e6f1fd",
    warning="#4a3a10",
    on_warning="#ffe6a6",
    error="#ff9a90",
    good="#83d3a0",
    map_ground="#ffffff",
    map_select="#111827",
    map_hover="#0b5cad",
)

#: Pairs that carry text (4.5:1) and pairs that mark a control or state (3:1); tests read them.
TEXT_PAIRS = (
    ("text", "window"), ("text", "surface"), ("text", "raised"), ("text", "hover"),
    ("muted", "window"), ("muted", "surface"), ("muted", "raised"),
    ("on_accent", "accent"), ("on_selected", "selected"), ("on_warning", "warning"),
    ("accent", "surface"), ("error", "surface"), ("error", "window"), ("good", "surface"),
)  # fmt: skip
CONTROL_PAIRS = (
    ("border", "surface"), ("border", "window"), ("border", "raised"), ("accent", "window"),
    ("accent", "raised"), ("map_select", "map_ground"), ("map_hover", "map_ground"),
)  # fmt: skip


def luminance(colour: str) -> float:
    """Relative luminance after WCAG 2.2 of ``#rrggbb``, 0 to 1."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one: str, other: str) -> float:
    """Contrast ratio after WCAG 2.2, 1 to 21."""
    hi, lo = sorted((luminance(one), luminance(other)), reverse=True)
    return (hi + 0.05) / (lo + 0.05)


_SHEET = Template("""
* { outline: 0; }
QWidget { color: $text; }
QMainWindow, QDialog, QStackedWidget, QScrollArea, QScrollArea > QWidget > QWidget
  { background: $window; }
QLabel[role="muted"] { color: $muted; }
QLabel[role="small"] { color: $muted; font-size: ${small}px; }
QLabel[role="heading"] { font-size: ${heading}px; font-weight: 600; }
QLabel[role="title"] { font-size: ${title}px; font-weight: 600; }
QLabel[role="error"] { color: $error; }
QLabel[role="good"] { color: $good; }
QFrame[role="panel"], QWidget[role="panel"] { background: $surface; border: 0; }
QFrame[role="card"] { background: $surface; border: 1px solid $line; border-radius: 8px; }
QFrame[role="drop"] { background: $surface; border: 2px dashed $border; border-radius: 8px; }
QFrame[role="drop"][active="true"] { border-color: $accent; background: $selected; }
QFrame[role="line"] { background: $line; border: 0; min-height: 1px; max-height: 1px; }

QFrame#contextBar { background: $surface; border: 0; border-bottom: 1px solid $line; }
QFrame#rail { background: $surface; border: 0; border-right: 1px solid $line; }
QFrame#rail QToolButton {
  background: transparent; border: 0; border-left: 4px solid transparent; border-radius: 0;
  padding: 8px 4px 6px 0; font-size: ${small}px; color: $muted; min-width: 72px; min-height: 44px; }
QFrame#rail QToolButton:hover { background: $hover; color: $text; }
QFrame#rail QToolButton:checked {
  background: $selected; color: $on_selected; border-left-color: $accent; font-weight: 600; }
QFrame#rail QToolButton:focus { border: 2px solid $accent; }

QFrame[role="banner"] { background: $warning; border: 0; border-radius: 6px; }
QFrame[role="notice"] { background: $warning; border: 0; border-bottom: 1px solid $line; }
QFrame[role="notice"] QLabel { color: $on_warning; }
QFrame[role="banner"] QLabel { color: $on_warning; }
QFrame[role="banner"] QToolButton { color: $on_warning; }

QPushButton, QToolButton, QComboBox, QLineEdit, QSpinBox, QDateEdit {
  min-height: ${inner}px; border: 1px solid $border; border-radius: 6px; padding: 0 10px;
  background: $surface; color: $text; selection-background-color: $accent;
  selection-color: $on_accent; }
QPushButton { padding: 0 14px; }
QPushButton:hover, QToolButton:hover, QComboBox:hover { background: $hover; }
QPushButton:pressed, QToolButton:pressed { background: $selected; }
QPushButton:disabled, QToolButton:disabled, QComboBox:disabled, QLineEdit:disabled,
QSpinBox:disabled { color: $muted; border-color: $line; background: $window; }
QPushButton:focus, QToolButton:focus, QComboBox:focus, QLineEdit:focus, QSpinBox:focus {
  border: 2px solid $accent; padding: 0 9px; }
QPushButton:focus { padding: 0 13px; }
QPushButton[role="primary"] { background: $accent; color: $on_accent; border-color: $accent;
  font-weight: 600; }
QPushButton[role="primary"]:hover { background: $accent_hover; }
QPushButton[role="primary"]:focus { border: 2px solid $text; }
QPushButton[role="primary"]:disabled { background: $hover; color: $muted; border-color: $line; }
QPushButton[role="offer"], QPushButton[role="offer-first"] { min-height: 42px; }
QPushButton[role="offer-first"] { background: $accent; color: $on_accent;
  border-color: $accent; font-weight: 600; }
QPushButton[role="offer-first"]:hover { background: $accent_hover; }
QPushButton[role="offer-first"]:focus { border: 2px solid $text; }
QPushButton[role="offer-first"]:disabled { background: $hover; color: $muted;
  border-color: $line; }
QPushButton[role="link"] { border: 0; background: transparent; color: $accent; text-align: left;
  padding: 0 4px; }
QPushButton[role="link"]:hover { text-decoration: underline; background: transparent; }
QPushButton[role="link"]:focus { border: 2px solid $accent; padding: 0 2px; }
QPushButton[role="step"] { text-align: left; border-color: transparent; background: transparent; }
QPushButton[role="step"]:hover { background: $hover; }
QPushButton[role="step"]:checked { background: $selected; color: $on_selected; font-weight: 600; }
QPushButton[role="step"]:focus { border: 2px solid $accent; }
QPushButton[role="step"]:disabled { color: $muted; }
QToolButton { padding: 0 4px; min-width: ${inner}px; }
QToolButton:focus { padding: 0 3px; }
QToolButton[role="flat"] { border-color: transparent; background: transparent; }
QToolButton[role="flat"]:hover { background: $hover; }
QToolButton[role="flat"]:checked { background: $selected; color: $on_selected; }
QToolButton[role="flat"]:focus { border: 2px solid $accent; }
QToolButton[role="section"] { border-color: transparent; background: transparent;
  font-weight: 600; text-align: left; padding: 0; }
QToolButton[role="section"]:hover { background: $hover; }
QToolButton[role="section"]:focus { border: 2px solid $accent; padding: 0; }
QToolButton[role="map"] { background: $surface; border-color: $line; }
QToolButton[role="map"]:hover { background: $hover; }
QToolButton[role="map"]:checked { background: $selected; border-color: $accent; }
QToolButton[role="map"]:focus { border: 2px solid $accent; }
QToolButton::menu-indicator { image: none; }
QComboBox { padding-right: 24px; }
QComboBox:focus { padding-right: 23px; }
QComboBox::drop-down { border: 0; width: 24px; }
QComboBox::down-arrow { image: url("$arrow"); width: 12px; height: 12px; }
QComboBox QAbstractItemView { background: $surface; border: 1px solid $border;
  selection-background-color: $selected; selection-color: $on_selected; padding: 4px; }
QComboBox QAbstractItemView::item { min-height: ${control}px; }
QAbstractSpinBox QLineEdit { border: 0; padding: 0 0 0 8px; min-height: 0;
  background: transparent; }
QAbstractSpinBox QLineEdit:focus { border: 0; padding: 0 0 0 8px; }
QSpinBox::up-button, QSpinBox::down-button { width: 20px; border: 0; background: transparent; }
QSpinBox::up-arrow { image: url("$arrow_up"); width: 10px; height: 10px; }
QSpinBox::down-arrow { image: url("$arrow"); width: 10px; height: 10px; }
QCheckBox, QRadioButton { min-height: ${control}px; spacing: 8px; background: transparent; }
QCheckBox::indicator, QRadioButton::indicator { width: 16px; height: 16px;
  border: 1px solid $border; background: $surface; border-radius: 4px; }
QRadioButton::indicator { border-radius: 9px; }
QCheckBox::indicator:checked { background: $accent; border-color: $accent;
  image: url("$check"); }
QRadioButton::indicator:checked { width: 8px; height: 8px; background: $surface;
  border: 5px solid $accent; border-radius: 9px; }
QCheckBox:focus, QRadioButton:focus { color: $accent; text-decoration: underline; }
QCheckBox::indicator:focus, QRadioButton::indicator:focus { border: 2px solid $accent; }

QMenuBar { background: $surface; border: 0; padding: 0 4px; }
QMenuBar::item { padding: 6px 10px; border-radius: 4px; background: transparent; }
QMenuBar::item:selected { background: $hover; }
QMenu { background: $surface; border: 1px solid $border; padding: 4px; }
QMenu::item { padding: 6px 24px 6px 12px; border-radius: 4px; min-height: 16px; }
QMenu::item:selected { background: $selected; color: $on_selected; }
QMenu::item:disabled { color: $muted; }
QMenu::separator { height: 1px; background: $line; margin: 4px 8px; }
QMenu::icon { padding-left: 8px; }

QDockWidget { titlebar-close-icon: none; }
QTabWidget::pane { border: 0; }
QTabBar { background: transparent; qproperty-drawBase: 0; }
QTabBar::tab { padding: 0 14px; min-height: ${control}px; border: 0; color: $muted;
  border-bottom: 3px solid transparent; background: transparent; }
QTabBar::tab:hover { color: $text; }
QTabBar::tab:selected { color: $text; border-bottom-color: $accent; font-weight: 600; }
QTabBar::tab:focus { border: 2px solid $accent; }
QMainWindow::separator { background: $line; width: 1px; height: 1px; }
QMainWindow::separator:hover { background: $accent; }
QSplitter::handle { background: $line; }
QSplitter::handle:hover { background: $accent; }

QTableView, QTreeView, QListView { background: $surface;
  border: 2px solid transparent; alternate-background-color:
  $raised; gridline-color: $line; selection-background-color: $selected;
  selection-color: $on_selected; }
QTableView:focus, QTreeView:focus, QListView:focus { border-color: $accent; }
QListView::item, QTreeView::item { min-height: ${control}px; padding: 0 4px; }
QListView::item:disabled, QTreeView::item:disabled { color: $muted; }
QTableView::item { padding: 0 8px; }
QTableView::item:focus { border: 2px solid $accent; }
QHeaderView { background: $surface; border: 0; }
QHeaderView::section { background: $surface; color: $muted; border: 0;
  border-bottom: 1px solid $border; padding: 0 8px; min-height: ${control}px;
  font-size: ${small}px; font-weight: 600; }
QHeaderView::section:hover { color: $text; background: $hover; }
QHeaderView::up-arrow { image: url("$arrow_up"); width: 10px; height: 10px; }
QHeaderView::down-arrow { image: url("$arrow"); width: 10px; height: 10px; }
QTableCornerButton::section { background: $surface; border: 0; }

QScrollBar { background: transparent; border: 0; margin: 0; }
QScrollBar:vertical { width: 12px; }
QScrollBar:horizontal { height: 12px; }
QScrollBar::handle { background: $border; border-radius: 3px; margin: 3px; min-height: 28px;
  min-width: 28px; }
QScrollBar::handle:hover { background: $text; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }

QStatusBar { background: $surface; border-top: 1px solid $line; color: $muted;
  min-height: ${control}px; }
QStatusBar::item { border: 0; }
QStatusBar QPushButton { min-height: 0; padding: 2px 12px; }
QProgressBar { background: $hover; border: 0; border-radius: 4px; min-height: 8px;
  max-height: 8px; }
QProgressBar::chunk { background: $accent; border-radius: 4px; }
QToolTip { background: $text; color: $surface; border: 0; padding: 4px 8px; }
QGroupBox { border: 0; margin-top: 20px; font-weight: 600; }
QGroupBox::title { subcontrol-origin: margin; left: 0; padding: 0; }
""")


def _blend(one: str, other: str, share: float) -> str:
    a, b = QColor(one), QColor(other)
    mixed = [round(x * (1 - share) + y * share) for x, y in zip(
        (a.red(), a.green(), a.blue()), (b.red(), b.green(), b.blue()), strict=True)]  # fmt: skip
    return "#{:02x}{:02x}{:02x}".format(*mixed)


def style_sheet(tokens: Tokens) -> str:
    """The style sheet of the whole application for one set of tokens."""
    kind = "dark" if luminance(tokens.window) < 0.2 else "light"
    icons = resource_path("icons").as_posix()
    return _SHEET.substitute(
        {f.name: getattr(tokens, f.name) for f in fields(tokens)},
        small=SMALL, heading=HEADING, title=TITLE,
        control=CONTROL, inner=CONTROL - 2,
        accent_hover=_blend(tokens.accent, tokens.text, 0.15),
        arrow=f"{icons}/style/arrow-down-{kind}.svg",
        arrow_up=f"{icons}/style/arrow-up-{kind}.svg",
        check=f"{icons}/style/check-{kind}.svg",
    )  # fmt: skip


class Theme:
    """The tokens in use. One per application, handed to whoever draws by himself."""

    def __init__(self, scheme: Scheme = Scheme.SYSTEM) -> None:
        self.scheme = scheme

    @property
    def dark(self) -> bool:
        if self.scheme is not Scheme.SYSTEM:
            return self.scheme is Scheme.DARK
        return QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark

    @property
    def tokens(self) -> Tokens:
        return DARK if self.dark else LIGHT

    def colour(self, token: str) -> QColor:
        return QColor(getattr(self.tokens, token))

    def apply(self, app: QApplication) -> None:
        """Set font, palette and style sheet of the application."""
        tokens = self.tokens
        app.setStyle("Fusion")
        app.setFont(base_font())
        palette = QPalette()
        roles = {
            QPalette.ColorRole.Window: tokens.window,
            QPalette.ColorRole.WindowText: tokens.text,
            QPalette.ColorRole.Base: tokens.surface,
            QPalette.ColorRole.AlternateBase: tokens.raised,
            QPalette.ColorRole.Text: tokens.text,
            QPalette.ColorRole.Button: tokens.raised,
            QPalette.ColorRole.ButtonText: tokens.text,
            QPalette.ColorRole.Highlight: tokens.accent,
            QPalette.ColorRole.HighlightedText: tokens.on_accent,
            QPalette.ColorRole.PlaceholderText: tokens.muted,
            QPalette.ColorRole.Link: tokens.accent,
            QPalette.ColorRole.ToolTipBase: tokens.text,
            QPalette.ColorRole.ToolTipText: tokens.surface,
        }
        for role, colour in roles.items():
            palette.setColor(role, QColor(colour))
        app.setPalette(palette)
        app.setStyleSheet(style_sheet(tokens))


def load_fonts() -> tuple[str, ...]:
    """Register the bundled fonts; returns the families found (empty where none are shipped)."""
    found: list[str] = []
    folder = resource_path("fonts")
    for path in sorted(folder.glob("*.[to]tf")) if folder.is_dir() else ():
        number = QFontDatabase.addApplicationFont(str(path))
        if number >= 0:
            found += QFontDatabase.applicationFontFamilies(number)
    return tuple(dict.fromkeys(found))


def base_font() -> QFont:
    """Text font with figures of equal width, sized in pixels so that the grid holds."""
    font = QFont(FAMILY)
    font.setPixelSize(TEXT)
    font.setStyleHint(QFont.StyleHint.SansSerif)
    if hasattr(font, "setFeature"):
        font.setFeature(QFont.Tag("tnum"), 1)
    return font
