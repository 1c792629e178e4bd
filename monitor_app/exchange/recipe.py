"""Recipes as YAML: safe reading with line numbers in every finding, writing, finding a match."""

from __future__ import annotations

import fnmatch
import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, Severity, UserError, fail
from monitor_app.core.resources import resource_path
from monitor_app.exchange.recipe_model import Recipe
from monitor_app.exchange.table import RawTable

__all__ = ["Recipe", "dump_recipe", "load_recipe", "match_recipes", "shipped_recipes"]

#: A recipe is a few kilobytes; anything much larger is not one.
MAX_LENGTH = 1_000_000


def load_recipe(source: str | Path) -> Recipe:
    """Read a recipe from YAML text or from a file.

    Every scalar is text first, so that a key ``010`` stays ``010``. Raises ``UserError`` with one
    issue per wrong field, each with the line; tags, aliases and duplicate fields are refused.
    """
    name: str | None = None
    if isinstance(source, Path) or ("\n" not in source and source.endswith((".yaml", ".yml"))):
        path = Path(source)
        name = path.name
        try:
            text = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise fail(
                "recipe-unreadable",
                _("The recipe {file} cannot be read.").format(file=path.name),
                file=path.name,
                repair=_("Check that the file exists and is a text file in UTF-8."),
            ) from error
    else:
        text = str(source)
    node = _compose(text, name)
    lines: dict[tuple[str | int, ...], int] = {}
    data = _construct(node, (), lines, name)
    try:
        return Recipe.model_validate(data)
    except ValidationError as error:
        raise UserError(_validation_issues(error, lines, name)) from error


def _compose(text: str, name: str | None) -> yaml.Node:
    if len(text) > MAX_LENGTH:
        raise fail("recipe-too-long", _("This file is too long for a recipe."), file=name)
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                raise _refused(_("Anchors and aliases are not allowed in a recipe."), event, name)
            tag = getattr(event, "tag", None)
            if tag is not None and tag != "!":
                raise _refused(_("YAML tags are not allowed in a recipe."), event, name)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise fail(
            "recipe-not-yaml",
            _("This recipe is not well-formed YAML."),
            file=name,
            row=None if mark is None else mark.line + 1,
            repair=_("Check indentation, colons and quotes in this line."),
        ) from error
    except RecursionError as error:
        raise fail("recipe-not-yaml", _("This recipe is nested too deeply."), file=name) from error
    if not isinstance(node, yaml.MappingNode):
        raise fail(
            "recipe-not-yaml",
            _("A recipe is a list of fields such as id, name and contents."),
            file=name,
            repair=_("Start from a recipe that was exported by the program."),
        )
    return node


def _refused(message: str, event: yaml.Event, name: str | None) -> UserError:
    line = event.start_mark.line + 1 if event.start_mark is not None else None
    return fail("recipe-refused", message, file=name, row=line, repair=_("Write the value out."))


def _construct(
    node: yaml.Node,
    path: tuple[str | int, ...],
    lines: dict[tuple[str | int, ...], int],
    name: str | None,
) -> Any:
    """Plain Python values: dicts, lists and text; ``null`` is None."""
    lines[path] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            if key in result:
                raise fail(
                    "recipe-duplicate-field",
                    _("The field {field} stands twice in the recipe.").format(field=key),
                    file=name,
                    row=key_node.start_mark.line + 1,
                    column=key,
                    repair=_("Delete one of the two."),
                )
            result[key] = _construct(value_node, (*path, key), lines, name)
            lines[(*path, key)] = key_node.start_mark.line + 1
        return result
    if isinstance(node, yaml.SequenceNode):
        return [_construct(n, (*path, i), lines, name) for i, n in enumerate(node.value)]
    if getattr(node, "style", None) is None and node.value in ("", "~", "null", "Null", "NULL"):
        return None
    return str(node.value)


def _validation_issues(
    error: ValidationError, lines: dict[tuple[str | int, ...], int], name: str | None
) -> tuple[Issue, ...]:
    found = []
    details = error.errors(include_url=False)
    for detail in details:
        if detail["type"] == "too_short" and any(
            len(d["loc"]) > len(detail["loc"]) and d["loc"][: len(detail["loc"])] == detail["loc"]
            for d in details
        ):
            continue  # entries that failed themselves are not counted by pydantic
        # pydantic puts the tag of a union into the location: it is no field of the file
        place = tuple(p for p in detail["loc"])
        clean: tuple[str | int, ...] = ()
        for part in place:
            if (*clean, part) in lines or part == place[-1]:
                clean = (*clean, part)
        line_path = clean
        while line_path and line_path not in lines:
            line_path = line_path[:-1]
        field = ".".join(str(p) for p in clean)
        if detail["type"] == "extra_forbidden":
            code, text = "recipe-unknown-field", _("The recipe has an unknown field {field}.")
            repair = _("Correct the spelling or delete the field.")
        elif detail["type"] == "missing":
            code, text = "recipe-missing-field", _("The recipe lacks the field {field}.")
            repair = _("Add the field.")
        else:
            code, text = "recipe-wrong-value", _("The field {field} of the recipe is not valid.")
            repair = _expectation(detail["type"], detail.get("ctx", {}), detail["msg"])
        found.append(
            Issue(
                code,
                Severity.ERROR,
                text.format(field=field),
                file=name,
                row=lines.get(line_path),
                column=field,
                value=None if isinstance(detail["input"], (dict, list)) else str(detail["input"]),
                repair=repair,
            )
        )
    return tuple(found)


def _expectation(kind: str, context: dict[str, Any], message: str) -> str:
    if kind == "literal_error" or kind == "enum":
        return _("Possible values: {values}").format(values=context.get("expected", ""))
    if kind == "union_tag_invalid":
        return _("Possible values: {values}").format(values=context.get("expected_tags", ""))
    if kind == "string_pattern_mismatch" and str(context.get("pattern", "")).startswith("^[a-z]"):
        return _("Small letters, digits and underscores only, beginning with a letter.")
    return {
        "bool_parsing": _("Possible values: {values}").format(values="true, false"),
        "int_parsing": _("A whole number is expected here."),
        "string_type": _("A text is expected here."),
    }.get(kind, _("Expected: {rule}").format(rule=message))


class _Dumper(yaml.SafeDumper):
    """Text that looks like a number keeps its quotes; sequences are indented."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - signature of PyYAML
        return True


def dump_recipe(recipe: Recipe) -> str:
    """YAML text that ``load_recipe`` reads back to an equal recipe."""
    data = _plain(recipe.model_dump(mode="json", exclude_defaults=True))
    return yaml.dump(data, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=100)


def _plain(value: Any) -> Any:
    """A name that is the same in both languages is written as plain text."""
    if isinstance(value, dict):
        if set(value) == {"de", "en"} and value["de"] == value["en"]:
            return value["de"]
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_plain(v) for v in value]
    return value


@cache
def shipped_recipes() -> tuple[Recipe, ...]:
    """All recipes that come with the application, in order of their ids."""
    folder = resource_path("catalogue", "recipes")
    recipes = [load_recipe(path) for path in sorted(folder.glob("*.yaml"))]
    return tuple(sorted(recipes, key=lambda r: r.id))


@cache
def _shipped_ids() -> frozenset[str]:
    return frozenset(r.id for r in shipped_recipes())


def match_score(recipe: Recipe, table: RawTable) -> float:
    """How well a recipe fits a table: 0 = not at all, 1 = name and header agree.

    All columns of the fingerprint must be there; with shipped recipes the file name only adds to
    the score, since offices rename files. A recipe of a project was made for one table: births and
    departures may have the same columns, so without the name it is a suggestion only (below 0.5).
    """
    rule = recipe.match
    if rule.sheets and not any(fnmatch.fnmatchcase(table.name, p) for p in rule.sheets):
        return 0.0
    header = {h.strip() for h in table.header}
    if any(column not in header for column in rule.columns):
        return 0.0
    if any(not any(re.fullmatch(p, h) for h in header) for p in rule.patterns):
        return 0.0
    named = any(fnmatch.fnmatchcase(table.source.name.lower(), p.lower()) for p in rule.files)
    fingerprint = len(rule.columns) + len(rule.patterns)
    if not fingerprint:
        return 0.4 if named else 0.0
    share = min(1.0, fingerprint / max(1, len([h for h in header if h])))
    score = (0.5 if named else 0.1) + 0.3 + 0.2 * share
    return score if named or recipe.id in _shipped_ids() else min(score, 0.4)


def match_recipes(
    tables: tuple[RawTable, ...], recipes: tuple[Recipe, ...] | None = None
) -> tuple[tuple[Recipe, float], ...]:
    """Recipes that fit at least one of the tables, best first (score 0..1)."""
    candidates = shipped_recipes() if recipes is None else recipes
    scored = [(r, max((match_score(r, t) for t in tables), default=0.0)) for r in candidates]
    return tuple(sorted((s for s in scored if s[1] > 0), key=lambda s: (-s[1], s[0].id)))
