"""Expressions that areas are selected by, such as ``wert > 20 und einwohner >= 500``: the parser.

Small on purpose: columns, numbers (German first: ``1.234,5``), texts in quotation marks, the four
kinds of arithmetic, comparisons (also ``10 <= wert < 20``), ``enthält`` and ``beginnt mit``,
``fehlt``, and ``und``, ``oder``, ``nicht`` with brackets. An area without a value is neither
greater nor smaller than anything, and ``nicht`` does not make it so: only ``fehlt`` finds it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, NoReturn

from monitor_app.core.i18n import _
from monitor_app.core.issues import fail

MAX_LENGTH, MAX_DEPTH = 1000, 40

_TOKEN = re.compile(
    r"""
      (?P<space>\s+)
    | (?P<number>\d{1,3}(?:\.\d{3})+(?:,\d+)?(?![\d.,]*\d)|\d+(?:[.,]\d+)?)
    | (?P<column>\[[^\]]+\])
    | (?P<text>"[^"]*"|'[^']*'|„[^“”"]*[“”"])
    | (?P<word>[^\W\d]\w*)
    | (?P<sign><=|>=|<>|!=|==|[-+*/()<>=≤≥≠×·−–:])
    """,
    re.VERBOSE,
)
_SIGNS = {"<=": "≤", ">=": "≥", "<>": "≠", "!=": "≠", "==": "=", "−": "-", "–": "-", "×": "*",
          "·": "*", ":": "/"}  # fmt: skip
_WORDS = {"und": "and", "and": "and", "oder": "or", "or": "or", "nicht": "not", "not": "not",
          "enthält": "contains", "enthaelt": "contains", "contains": "contains",
          "beginnt": "starts", "starts": "starts", "fehlt": "missing", "missing": "missing",
          "zwischen": "between", "between": "between"}  # fmt: skip
COMPARISONS = ("<", "≤", ">", "≥", "=", "≠")


@dataclass(frozen=True)
class Token:
    kind: str
    text: str
    place: int  # 0-based


@dataclass(frozen=True)
class Node:
    """A part of an expression: ``kind`` says what, ``place`` where it was typed."""

    kind: Literal["number", "text", "column", "arithmetic", "compare", "match", "missing",
                  "and", "or", "not"]  # fmt: skip
    place: int
    text: str = ""
    number: float = 0.0
    parts: tuple[Node, ...] = ()


@dataclass(frozen=True)
class Expression:
    """A parsed expression. ``names``: columns that it reads, as typed."""

    text: str
    root: Node

    @property
    def names(self) -> tuple[str, ...]:
        found: list[str] = []

        def walk(node: Node) -> None:
            if node.kind == "column":
                found.append(node.text)
            for part in node.parts:
                walk(part)

        walk(self.root)
        return tuple(dict.fromkeys(found))


def wrong(text: str, place: int, message: str, repair: str | None = None) -> NoReturn:
    raise fail(
        "selection",
        _("Expression, character {place}: {message}").format(place=place + 1, message=message),
        column=str(place + 1),
        value=text[:200],
        repair=repair,
    )


def parse_expression(text: str) -> Expression:
    """``UserError`` with the place of the fault for everything that is no expression."""
    if len(text) > MAX_LENGTH:
        wrong(text, MAX_LENGTH, _("the expression is too long"))
    return Expression(text, _Parser(text).whole())


def read_number(text: str) -> float:
    """``1.234,5`` and ``12,5``, but also ``12.5``: three digits after the point are thousands."""
    if "," in text or re.fullmatch(r"\d{1,3}(\.\d{3})+", text):
        text = text.replace(".", "").replace(",", ".")
    return float(text)


class _Parser:
    """Recursive descent: or, and, not, comparison, sum, product, sign, atom."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = self._split(text)
        self._at = 0
        self._depth = 0

    def _split(self, text: str) -> list[Token]:
        tokens: list[Token] = []
        place = 0
        while place < len(text):
            match = _TOKEN.match(text, place)
            if match is None or match.lastgroup is None:
                hint = None
                if text[place] in "\"'„":
                    hint = _("Close the quotation mark.")
                wrong(
                    text, place,
                    _("the character “{sign}” has no meaning here").format(sign=text[place]), hint,
                )  # fmt: skip
            kind, piece = match.lastgroup, match.group()
            if kind == "word" and piece.casefold() in _WORDS:
                kind, piece = "key", _WORDS[piece.casefold()]
            elif kind == "sign":
                piece = _SIGNS.get(piece, piece)
            if kind != "space":
                tokens.append(Token(kind, piece, place))
            place = match.end()
        return tokens

    # walking -------------------------------------------------------------------------------

    @property
    def _now(self) -> Token:
        if self._at < len(self._tokens):
            return self._tokens[self._at]
        return Token("end", "", len(self._text))

    def _take(self, kind: str, *texts: str) -> Token | None:
        now = self._now
        if now.kind == kind and (not texts or now.text in texts):
            self._at += 1
            return now
        return None

    def whole(self) -> Node:
        if not self._tokens:
            wrong(self._text, 0, _("the expression is empty"), _("Write for instance wert > 20."))
        node = self._or()
        now = self._now
        if now.kind != "end":
            hint = _("Join conditions by “und” or “oder”.") if now.kind in (
                "word", "column", "number", "text") else None  # fmt: skip
            wrong(self._text, now.place, _("this is too much: “{text}”").format(text=now.text),
                   hint)  # fmt: skip
        return self._condition(node)

    def _condition(self, node: Node) -> Node:
        if node.kind in ("number", "text", "column", "arithmetic"):
            wrong(
                self._text, node.place, _("a comparison is missing"),
                _("Write for instance wert > 20."),
            )  # fmt: skip
        return node

    def _or(self) -> Node:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            wrong(self._text, self._now.place, _("brackets are nested too deeply"))
        node = self._and()
        while (token := self._take("key", "or")) is not None:
            parts = (self._condition(node), self._condition(self._and()))
            node = Node("or", token.place, parts=parts)
        self._depth -= 1
        return node

    def _and(self) -> Node:
        node = self._not()
        while (token := self._take("key", "and")) is not None:
            parts = (self._condition(node), self._condition(self._not()))
            node = Node("and", token.place, parts=parts)
        return node

    def _not(self) -> Node:
        turned: list[Token] = []
        while (token := self._take("key", "not")) is not None:
            turned.append(token)
        node = self._comparison()
        if len(turned) % 2:
            node = Node("not", turned[0].place, parts=(self._condition(node),))
        return node

    def _comparison(self) -> Node:
        left = self._sum()
        found: list[Node] = []
        while True:
            if (token := self._take("sign", *COMPARISONS)) is not None:
                right = self._sum()
                found.append(Node("compare", token.place, token.text, parts=(left, right)))
                left = right
            elif (token := self._take("key", "between")) is not None:
                low = self._sum()
                if self._take("key", "and") is None:
                    wrong(self._text, self._now.place, _("“und” is missing after “zwischen”"))
                high = self._sum()
                found.append(Node("compare", token.place, "≥", parts=(left, low)))
                found.append(Node("compare", token.place, "≤", parts=(left, high)))
            elif (token := self._take("key", "contains", "starts")) is not None:
                if token.text == "starts" and self._now.text in ("mit", "with"):
                    self._at += 1
                text = self._take("text") or self._take("word")
                if text is None:
                    wrong(self._text, self._now.place, _("a text is missing here"))
                word = Node("text", text.place, text.text.strip("\"'„“”"))
                found.append(Node("match", token.place, token.text, parts=(left, word)))
            elif (token := self._take("key", "missing")) is not None:
                found.append(Node("missing", token.place, parts=(left,)))
            else:
                break
        if not found:
            return left
        node = found[0]
        for other in found[1:]:
            node = Node("and", other.place, parts=(node, other))
        return node

    def _sum(self) -> Node:
        node = self._product()
        while (token := self._take("sign", "+", "-")) is not None:
            node = Node("arithmetic", token.place, token.text, parts=(node, self._product()))
        return node

    def _product(self) -> Node:
        node = self._signed()
        while (token := self._take("sign", "*", "/")) is not None:
            node = Node("arithmetic", token.place, token.text, parts=(node, self._signed()))
        return node

    def _signed(self) -> Node:
        if (token := self._take("sign", "-")) is not None:
            zero = Node("number", token.place)
            return Node("arithmetic", token.place, "-", parts=(zero, self._atom()))
        self._take("sign", "+")
        return self._atom()

    def _atom(self) -> Node:
        token = self._now
        if self._take("number"):
            return Node("number", token.place, token.text, read_number(token.text))
        if self._take("text"):
            return Node("text", token.place, token.text[1:-1])
        if self._take("column"):
            return Node("column", token.place, token.text[1:-1].strip())
        if self._take("word"):
            return Node("column", token.place, token.text)
        if self._take("sign", "("):
            node = self._or()
            if self._take("sign", ")") is None:
                wrong(self._text, token.place, _("a bracket is not closed"))
            return node
        what = (
            _("here the expression ends too early")
            if token.kind == "end"
            else _("a column, a number or a text is missing before “{text}”").format(
                text=token.text
            )
        )
        return wrong(self._text, token.place, what)  # fmt: skip
