"""Definitions that users write themselves: read from YAML and checked before anything is stored.

Findings name the line of the file and, inside a formula, the column.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import yaml
from pydantic import ValidationError

from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, Severity, UserError, errors
from monitor_app.indicators.catalogue import Catalogue, Entry
from monitor_app.indicators.checks import check_entries
from monitor_app.indicators.definitions import IndicatorDef
from monitor_app.indicators.formula import parse

#: A definition has some hundred characters; anything much larger is no such file.
MAX_LENGTH = 1_000_000
#: Entries that a shipped definition must have, and one of a user need not.
_OPTIONAL = ("name.en", "description.en", "interpretation.en")


@dataclass(frozen=True)
class OwnDefinition:
    """A definition and the YAML text that stands for it alone."""

    definition: IndicatorDef
    text: str


@dataclass(frozen=True)
class Checked:
    """What a text says and everything that is wrong with it."""

    definitions: tuple[OwnDefinition, ...]
    issues: tuple[Issue, ...]

    @property
    def sound(self) -> bool:
        return not errors(self.issues)


def check_own(
    catalogue: Catalogue, text: str, place: str, variables: Iterable[str] = ()
) -> Checked:
    """Read a definition, or a list of them, and check it against ``catalogue``: form, formula,
    unknown names, units, circles, the German name, its test rows; and the definitions that refer
    to one it replaces. ``variables``: keys that the project knows. Raises nothing."""
    nodes, rows, issues = _load(text, place)
    entries: list[Entry] = []
    found: list[OwnDefinition] = []
    where: dict[str, yaml.Node] = {}
    for node, row in zip(nodes, rows, strict=True):
        try:
            definition = IndicatorDef.model_validate(row)
        except ValidationError as error:
            issues.extend(_form(error, node, place))
            continue
        if definition.id in where:
            issues.append(_twice(definition.id, node, place))
            continue
        where[definition.id] = node
        entries.append(Entry(definition, place))
        found.append(OwnDefinition(definition, text if len(rows) == 1 else _dump(row)))
    if not entries and not issues:
        repair = _("Start with “id:”, “name:” and “formula:”.")
        message = _("There is no definition here.")
        issues.append(Issue("no-definition", Severity.ERROR, message, file=place, repair=repair))
    whole = Catalogue((*catalogue.entries, *entries))
    known = frozenset(variables)
    for entry in entries:
        for issue in check_entries(whole, known, [entry]):
            if not (issue.code == "missing-text" and _about(issue, _OPTIONAL)):
                issues.append(_placed(issue, entry.definition, where[entry.definition.id]))
    issues.extend(_followers(catalogue, whole, frozenset(where), known, place))
    return Checked(tuple(found), tuple(dict.fromkeys(issues)))


def _about(issue: Issue, fields: Iterable[str]) -> bool:
    return any(f"“{f}”" in issue.message or f"„{f}“" in issue.message for f in fields)


def _load(text: str, place: str) -> tuple[list[yaml.Node], list[Any], list[Issue]]:
    """Nodes (they know their lines) and values of the definitions of a text."""

    def refused(message: str, row: int | None = None) -> tuple[list[Any], list[Any], list[Issue]]:
        repair = _("Check indents, quotation marks and colons around this line.")
        issue = Issue("catalogue-yaml", Severity.ERROR, message, file=place, row=row, repair=repair)
        return [], [], [issue]

    if len(text) > MAX_LENGTH:
        return refused(_("This file is too long for definitions of indicators."))
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        content: Any = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        row = None if mark is None else mark.line + 1
        return refused(_("This is not readable as YAML."), row)
    if root is None:
        return [], [], []
    if isinstance(root, yaml.SequenceNode):
        return list(root.value), list(content), []
    return [root], [content], []


def _dump(row: Any) -> str:
    return yaml.safe_dump(row, allow_unicode=True, sort_keys=False, width=100)


def _child(node: yaml.Node | None, part: str | int) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == str(part)), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        child: yaml.Node = node.value[part]
        return child
    return None


def _line(node: yaml.Node, path: Iterable[str | int]) -> int:
    """The line of the deepest entry of a path that the text has."""
    for part in path:
        below = _child(node, part)
        if below is None:
            break
        node = below
    return int(node.start_mark.line) + 1


def _name(node: yaml.Node) -> str:
    child = _child(node, "id")
    return str(child.value) if isinstance(child, yaml.ScalarNode) else "?"


def _form(error: ValidationError, node: yaml.Node, place: str) -> Iterator[Issue]:
    for item in error.errors(include_url=False, include_context=False):
        field = ".".join(str(part) for part in item["loc"])
        yield Issue(
            "catalogue-form",
            Severity.ERROR,
            _("Indicator “{id}”: the entry “{field}” does not fit ({problem}).").format(
                id=_name(node), field=field or "–", problem=_problem(item)
            ),
            file=place,
            row=_line(node, item["loc"]),
            column=field or None,
        )


def _problem(item: Any) -> str:
    known = {
        "missing": _("it is missing"),
        "extra_forbidden": _("there is no such entry"),
        "string_pattern_mismatch": _("small letters, digits and underscores only"),
        "string_type": _("a text is expected"),
        "model_type": _("a definition with its entries is expected"),
    }
    text: str = known.get(item["type"], item["msg"])
    return text


def _twice(name: str, node: yaml.Node, place: str) -> Issue:
    return Issue(
        "duplicate-id",
        Severity.ERROR,
        _("The id “{id}” occurs twice in one file.").format(id=name),
        file=place,
        row=_line(node, ("id",)),
        value=name,
        repair=_("Give one of the two another id."),
    )


def _placed(issue: Issue, definition: IndicatorDef, node: yaml.Node) -> Issue:
    """The finding with its line, and the column in the line where it is about a formula."""
    if issue.column is not None and issue.column.isdigit():
        formula = _formula_node(issue, definition, node)
        start = formula.start_mark
        plain = getattr(formula, "style", None) is None
        column = int(issue.column) + start.column + (0 if plain else 1)
        if formula.end_mark.line != start.line:  # folded over lines: the column of the formula
            return replace(issue, row=start.line + 1)
        return replace(issue, row=start.line + 1, column=str(column))
    fields = {"unit-mismatch": "formula", "circular": "formula", "no-base": "minimum_base",
              "unknown-unit": "unit", "unknown-topic": "topic", "missing-name": "name",
              "weight": "weight", "no-base-node": "base"}  # fmt: skip
    path: tuple[str | int, ...] = (fields.get(issue.code, "id"),)
    if issue.column is not None and issue.column.startswith("tests."):
        path = ("tests", int(issue.column.removeprefix("tests.")))
    return replace(issue, row=_line(node, path))


def _formula_node(issue: Issue, definition: IndicatorDef, node: yaml.Node) -> yaml.Node:
    """The node of the formula that a finding is about: of dated ones the first that shows it."""
    found: list[tuple[str, yaml.Node | None]] = []
    child = _child(node, "formula")
    if isinstance(child, yaml.SequenceNode):
        for dated, item in zip(definition.formulas, child.value, strict=True):
            found.append((dated.formula, _child(item, "formula")))
    else:
        found.append((definition.formulas[0].formula, child))
    for extra in ("base", "weight"):
        text = getattr(definition, extra)
        if text is not None:
            found.append((text, _child(node, extra)))
    for text, place in found:
        if place is None:
            continue
        try:
            names = set(parse(text).names)
        except UserError:
            if issue.code == "formula":
                return place
            continue
        if issue.code == "unknown-name" and any(f"{n}“" in issue.message for n in names):
            return place
    return next((p for _text, p in found if p is not None), node)


def _followers(
    before: Catalogue, after: Catalogue, changed: frozenset[str], known: frozenset[str], place: str
) -> Iterator[Issue]:
    """Errors that a replaced definition brings to others that refer to it."""
    touched = [
        entry
        for entry in before.entries
        if entry.definition.id not in changed
        and after.get(entry.definition.id) is entry.definition
        and changed & set(entry.definition.names)
    ]
    for issue in errors(check_entries(after, known, touched)):
        yield replace(issue, file=place)


def removal_problems(
    catalogue: Catalogue, name: str, variables: Iterable[str]
) -> tuple[Issue, ...]:
    """What would break if ``name`` were no longer in ``catalogue`` (which is already without it):
    definitions that refer to it."""
    touched = [e for e in catalogue.entries if name in e.definition.names]
    return errors(check_entries(catalogue, frozenset(variables), touched))
