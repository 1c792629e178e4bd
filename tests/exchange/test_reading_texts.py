"""Every text of the reading half has a German translation with the same placeholders."""

from __future__ import annotations

import ast
import gettext
import re
from pathlib import Path

import pytest

import monitor_app.exchange
from monitor_app.core.resources import resource_path

ROOM = Path(monitor_app.exchange.__file__).parent
MODULES = [
    "age_labels", "archives", "arrow_text", "date_labels", "encoding", "export_table", "layout",
    "numbers", "reader_csv", "reader_sheets", "readers", "recognise", "sex_labels", "shapefile",
    "source", "text_plan", "writers", "xlsx_book",
]  # fmt: skip


def messages(module: str) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse((ROOM / f"{module}.py").read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_":
            (text,) = node.args
            assert isinstance(text, ast.Constant), f"{module}: not a literal text"
            found.add(text.value)
    return found


@pytest.mark.parametrize("module", MODULES)
def test_all_texts_speak_german(module):
    german = gettext.translation("exchange_reading", str(resource_path("i18n")), languages=["de"])
    texts = messages(module)
    assert texts
    for text in texts:
        translated = german.gettext(text)
        assert translated != text, text
        assert sorted(re.findall(r"\{\w+\}", text)) == sorted(re.findall(r"\{\w+\}", translated))
