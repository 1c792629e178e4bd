"""What the texts of one dimension mean: by the map of the recipe, else by common spelling.

Each function takes the distinct texts of a column and where it stands, and returns text ->
label (None: without meaning) and the findings. Rows that hold a total beside their parts are
left out and reported, never summed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from monitor_app.core.cube import SEXES
from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, Severity
from monitor_app.exchange.keys import apply_key_rule
from monitor_app.exchange.label_set import Findings, LabelPlace
from monitor_app.exchange.labels import AgeRule as AgeKind
from monitor_app.exchange.labels import parse_ages, parse_sexes
from monitor_app.exchange.recipe_model import AgeRule, CodeRule, KeyRule

Meaning = tuple[Mapping[str, Any], Sequence[Issue]]
Interpreter = Callable[[Sequence[str], LabelPlace], Meaning]


def ages(rule: CodeRule | None) -> Interpreter:
    """Age groups; the recipe's map translates codes (``17``) to labels (``80+``) first, its shift
    turns codes that count on from another number into ages."""
    shift = rule.shift if isinstance(rule, AgeRule) else 0

    def label(text: str) -> str:
        code = text.strip()
        if rule is not None and code in rule.map:
            return rule.map[code]
        if shift and code.isdigit() and int(code) + shift >= 0:
            return str(int(code) + shift)
        return text

    def understand(texts: Sequence[str], place: LabelPlace) -> Meaning:
        mapped = {t: label(t) for t in texts}
        found = parse_ages([mapped[t] for t in texts], place)
        back = {label: text for text, label in reversed(mapped.items())}
        extra = Findings(texts, place)
        result: dict[str, Any] = {}
        for text in texts:
            reading = found[mapped[text]]
            result[text] = reading.group
            if reading.rule is AgeKind.TOTAL:
                _total(extra, text)
            elif reading.rule is AgeKind.UNKNOWN:
                extra.add(
                    "age-not-stated",
                    Severity.ERROR,
                    _("“{label}” stands for persons without age, which the age axis cannot hold.")
                    .format(label=text),
                    text,
                    _("Leave these rows out in the recipe, or give them an age group by its map."),
                )  # fmt: skip
        return result, (*_original(found.issues, back), *extra.issues)

    return understand


def sexes(rule: CodeRule | None) -> Interpreter:
    def understand(texts: Sequence[str], place: LabelPlace) -> Meaning:
        if rule is not None and rule.map:
            extra = Findings(texts, place)
            result: dict[str, Any] = {}
            for text in texts:
                code = rule.map.get(text.strip(), rule.other)
                result[text] = code if code in SEXES else None
                if code == "total":
                    _total(extra, text)
                elif code not in SEXES:
                    _not_in_map(extra, text, _("sex"))
            return result, extra.issues
        found = parse_sexes(texts, place)
        extra = Findings(texts, place)
        for text in texts:
            if found[text].total:
                _total(extra, text)
        return {t: found[t].code for t in texts}, (*found.issues, *extra.issues)

    return understand


def codes(rule: CodeRule | None, dimension: str) -> Interpreter:
    """Groups and partners: the map, then ``other``, else (without map) the text itself."""

    def understand(texts: Sequence[str], place: LabelPlace) -> Meaning:
        extra = Findings(texts, place)
        result: dict[str, Any] = {}
        for text in texts:
            clean = text.strip()
            if rule is not None and clean in rule.map:
                code: str | None = rule.map[clean]
            elif rule is not None and rule.other is not None:
                code = rule.other
            else:
                code = clean if clean and not (rule and rule.map) else None
            if code == "total":
                _total(extra, text)
                code = None
            elif code is None:
                _not_in_map(extra, text, dimension)
            result[text] = code
        return result, extra.issues

    return understand


def areas(rule: KeyRule | None) -> Interpreter:
    def understand(texts: Sequence[str], place: LabelPlace) -> Meaning:
        extra = Findings(texts, place)
        result: dict[str, Any] = {}
        for text in texts:
            key = apply_key_rule(rule, text) if rule is not None else text.strip()
            result[text] = key or None
            if not key:
                extra.add(
                    "area-empty",
                    Severity.ERROR,
                    _("The area key is empty."),
                    text,
                    _("Enter the key, or leave these rows out in the recipe."),
                )
        return result, extra.issues

    return understand


def _total(findings: Findings, text: str) -> None:
    findings.add(
        "total-left-out",
        Severity.INFO,
        _("“{label}” is a total of other rows and was left out.").format(label=text),
        text,
    )


def _not_in_map(findings: Findings, text: str, dimension: str) -> None:
    findings.add(
        "code-unknown",
        Severity.ERROR,
        _("“{label}” has no meaning as {dimension} in the recipe.").format(
            label=text, dimension=dimension
        ),
        text,
        _("Add it to the map of the recipe, or leave the rows out."),
    )


def _original(issues: Sequence[Issue], back: Mapping[str, str]) -> list[Issue]:
    """Issues name the text of the file, not what the map made of it."""
    return [replace(i, value=back.get(i.value or "", i.value)) for i in issues]
