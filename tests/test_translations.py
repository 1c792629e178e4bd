"""Every text that a user can see is translated, and the compiled catalogues are up to date."""

from __future__ import annotations

import ast
import io
import string
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from monitor_app.core.i18n import DOMAINS

ROOT = Path(__file__).resolve().parents[1]
CATALOGUES = ROOT / "resources" / "i18n" / "de" / "LC_MESSAGES"


#: Rooms whose texts stand in more than one catalogue.
NEWER = ("rates", "backtest", "prognosis", "charts", "map_window", "profile")
ROOMS = {
    "exchange": ("exchange", "exchange_reading", "map_window", "forecast"),
    "indicators": ("indicators", "weighting"),
    "forecast": ("forecast", *NEWER),
    "cartography": ("cartography", *NEWER),
    "reports": ("reports", *NEWER),
    "app": ("app", "safety", "forecast", *NEWER),
    "ui": ("ui", "forecast", *NEWER),
    "cli": ("cli", "safety", "forecast", *NEWER),
}
#: Catalogues that are no room of their own.
PARTS = ("exchange_reading", "weighting", "safety", *NEWER)


def sources(room: str) -> list[Path]:
    package = ROOT / "monitor_app"
    if room == "cli":
        return sorted(package.glob("c*.py"))
    return sorted((package / room).glob("**/*.py"))


def messages(path: Path) -> set[str]:
    """First arguments of ``_`` and ``ngettext`` calls."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
            continue
        if node.func.id in ("_", "ngettext") and node.args:
            first = node.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                found.add(first.value)
            elif node.func.id == "_" and not isinstance(first, ast.Name):
                pytest.fail(f"{path.name}:{node.lineno}: a text must be written out in _()")
    return found


def fields(text: str) -> set[str]:
    return {name for _text, name, _spec, _conv in string.Formatter().parse(text) if name}


def german(room: str) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    known = {}
    for name in ROOMS.get(room, (room,)):
        path = CATALOGUES / f"{name}.po"
        for entry in read_po(io.BytesIO(path.read_bytes())) if path.exists() else ():
            if entry.id:
                ids = entry.id if isinstance(entry.id, (tuple, list)) else (entry.id,)
                texts = entry.string if isinstance(entry.string, (tuple, list)) else (entry.string,)
                known[ids[0]] = (tuple(ids), tuple(texts))
    return known


@pytest.mark.parametrize("room", [d for d in DOMAINS if d not in PARTS])
def test_every_text_has_german_with_the_same_placeholders(room: str) -> None:
    wanted = set().union(*(messages(p) for p in sources(room)), set())
    known = german(room)
    missing = sorted(wanted - known.keys())
    assert not missing
    for ids, texts in (known[m] for m in wanted):
        assert all(texts), f"no German for {ids[0]!r}"
        for text in texts:
            assert fields(text) <= fields("".join(ids)), f"placeholders differ: {ids[0]!r}"


@pytest.mark.parametrize("domain", DOMAINS)
def test_compiled_catalogue_is_up_to_date(domain: str) -> None:
    path = CATALOGUES / f"{domain}.po"
    if not path.exists():
        return
    source = read_po(io.BytesIO(path.read_bytes()))
    compiled = read_mo(io.BytesIO(path.with_suffix(".mo").read_bytes()))

    def texts(entry: Message) -> tuple[tuple[str, ...], tuple[str, ...]]:
        return tuple(
            (part,) if isinstance(part, str) else tuple(part) for part in (entry.id, entry.string)
        )

    wanted = dict(texts(e) for e in source if e.id and e.string and not e.fuzzy)
    assert dict(texts(e) for e in compiled if e.id) == wanted


def test_a_text_of_several_catalogues_is_translated_once() -> None:
    """The first catalogue wins whoever asks: another German would never be seen."""
    found: dict[str, dict[str, str]] = {}
    for domain in DOMAINS:
        path = CATALOGUES / f"{domain}.po"
        for entry in read_po(io.BytesIO(path.read_bytes())):
            if entry.id:
                found.setdefault(str(entry.id), {})[domain] = str(entry.string)
    assert not {k: v for k, v in found.items() if len(set(v.values())) > 1}
