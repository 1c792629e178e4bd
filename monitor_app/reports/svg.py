"""SVG with a name, a description and its font inside."""

from __future__ import annotations

import base64
from io import BytesIO
from xml.etree import ElementTree

from fontTools import subset  # type: ignore[import-untyped]
from fontTools.ttLib import TTFont  # type: ignore[import-untyped]

from monitor_app.cartography.fonts import FAMILY, font_path

SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"


def with_description(svg: bytes, title: str, description: str, language: str) -> bytes:
    """Title, description and language for screen readers, and the letters in use of our font, so
    that text stays text and looks the same where the font is not installed."""
    ElementTree.register_namespace("", SVG)
    ElementTree.register_namespace("xlink", XLINK)
    root = ElementTree.fromstring(svg)
    for old in root.findall(f"{{{SVG}}}metadata"):
        root.remove(old)
    root.set("role", "img")
    root.set("{http://www.w3.org/XML/1998/namespace}lang", language)
    root.set("aria-labelledby", "page-title page-description")
    name = ElementTree.Element(f"{{{SVG}}}title", {"id": "page-title"})
    name.text = title
    words = ElementTree.Element(f"{{{SVG}}}desc", {"id": "page-description"})
    words.text = description
    style = ElementTree.Element(f"{{{SVG}}}style", {"type": "text/css"})
    style.text = "".join(_face(face, text) for face, text in _letters(root).items() if text)
    for position, element in enumerate((name, words, style)):
        root.insert(position, element)
    written: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _letters(root: ElementTree.Element) -> dict[str, str]:
    """Letters in use per face."""
    used: dict[str, set[str]] = {"regular": set(), "bold": set(), "italic": set()}
    for element in root.iter(f"{{{SVG}}}text"):
        style = element.get("style", "")
        face = "bold" if "700" in style or "bold" in style else "regular"
        face = "italic" if "italic" in style else face
        used[face].update("".join(element.itertext()))
    return {face: "".join(sorted(letters)) for face, letters in used.items()}


def _face(face: str, letters: str) -> str:
    options = subset.Options()
    options.notdef_outline = True
    options.hinting = False
    with TTFont(font_path(face), recalcTimestamp=False) as font:
        for table in ("GSUB", "GPOS", "GDEF"):  # reading them takes a second; we need none
            if table in font:
                del font[table]
        subsetter = subset.Subsetter(options)
        subsetter.populate(text=letters)
        subsetter.subset(font)
        out = BytesIO()
        font.save(out)
    data = base64.b64encode(out.getvalue()).decode("ascii")
    weight = "bold" if face == "bold" else "normal"
    slant = "italic" if face == "italic" else "normal"
    return (
        f"@font-face{{font-family:'{FAMILY}';font-weight:{weight};font-style:{slant};"
        f"src:url(data:font/ttf;base64,{data}) format('truetype');}}"
    )
