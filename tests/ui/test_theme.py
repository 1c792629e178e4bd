"""Colours are told apart and readable; the style sheet has no holes."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit, QPushButton, QSpinBox, QToolButton

from monitor_app.core.resources import resource_path
from monitor_app.ui.icons import icon
from monitor_app.ui.theme import (
    CONTROL,
    CONTROL_PAIRS,
    DARK,
    GRID,
    LIGHT,
    TEXT_PAIRS,
    Scheme,
    Theme,
    Tokens,
    contrast,
    load_fonts,
    style_sheet,
)

SCHEMES = pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])


def test_contrast_follows_the_published_formula():
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#ffffff", "#777777") == pytest.approx(4.48, abs=0.01)  # known from WCAG tools
    assert contrast("#336699", "#336699") == 1.0


@SCHEMES
@pytest.mark.parametrize("pair", TEXT_PAIRS, ids="/".join)
def test_text_can_be_read(tokens: Tokens, pair: tuple[str, str]):
    assert contrast(getattr(tokens, pair[0]), getattr(tokens, pair[1])) >= 4.5


@SCHEMES
@pytest.mark.parametrize("pair", CONTROL_PAIRS, ids="/".join)
def test_controls_stand_out(tokens: Tokens, pair: tuple[str, str]):
    assert contrast(getattr(tokens, pair[0]), getattr(tokens, pair[1])) >= 3.0


@SCHEMES
def test_tokens_are_plain_colours(tokens: Tokens):
    for field in fields(tokens):
        assert re.fullmatch(r"#[0-9a-f]{6}", getattr(tokens, field.name)), field.name


@SCHEMES
def test_style_sheet_is_complete_and_its_pictures_exist(tokens: Tokens):
    sheet = style_sheet(tokens)
    assert "$" not in sheet
    pictures = re.findall(r'url\("([^"]+)"\)', sheet)
    assert pictures
    assert all(Path(p).is_file() for p in pictures)


def test_control_height_lies_on_the_grid():
    assert CONTROL >= 28
    assert CONTROL % GRID == 0


@pytest.mark.parametrize("kind", [QPushButton, QToolButton, QComboBox, QLineEdit, QSpinBox])
def test_controls_are_high_enough_to_hit(qtbot, theme: Theme, kind):
    widget = kind()
    qtbot.addWidget(widget)
    widget.show()
    assert widget.sizeHint().height() >= CONTROL


@pytest.mark.parametrize("kind", [QPushButton, QComboBox, QLineEdit, QSpinBox])
def test_focus_changes_the_picture(qtbot, theme: Theme, kind):
    widget = kind()
    other = QLineEdit()
    for each in (widget, other):
        qtbot.addWidget(each)
        each.show()
    other.setFocus()
    before = widget.grab().toImage()
    widget.activateWindow()
    widget.setFocus()
    qtbot.waitUntil(widget.hasFocus)
    assert widget.grab().toImage() != before


@pytest.mark.parametrize("scheme", [Scheme.LIGHT, Scheme.DARK])
def test_icons_take_the_colour_of_the_theme(qapp: QApplication, scheme: Scheme):
    theme = Theme(scheme)
    picture = icon("close", theme).pixmap(QSize(20, 20), 1.0, QIcon.Mode.Normal).toImage()
    ink = {
        picture.pixelColor(x, y).name()
        for x in range(picture.width())
        for y in range(picture.height())
        if picture.pixelColor(x, y).alpha() == 255
    }
    assert theme.tokens.text in ink


def test_every_icon_can_be_drawn(qapp: QApplication, theme: Theme):
    for path in resource_path("icons").glob("*.svg"):
        picture = icon(path.stem, theme).pixmap(20).toImage()
        assert any(picture.pixelColor(x, y).alpha() for x in range(20) for y in range(20)), path


def test_bundled_font_is_found(qapp: QApplication):
    assert "Noto Sans" in load_fonts()
