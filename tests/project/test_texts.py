"""Every message of this room has a German text with the same placeholders."""

from __future__ import annotations

import ast
import gettext
import re
from pathlib import Path

import monitor_app.project
from monitor_app.core.resources import resource_path

FOLDER = Path(monitor_app.project.__file__).parent


def _messages() -> set[str]:
    found = set()
    for path in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id == "_"
            ):
                assert isinstance(node.args[0], ast.Constant), path
                found.add(str(node.args[0].value))
    return found


def test_all_messages_are_german() -> None:
    with (resource_path("i18n") / "de" / "LC_MESSAGES" / "project.mo").open("rb") as file:
        german = gettext.GNUTranslations(file)
    messages = _messages()
    assert len(messages) > 40
    for message in messages:
        text = german.gettext(message)
        assert text != message, message
        assert set(re.findall(r"{\w+}", text)) == set(re.findall(r"{\w+}", message))
