"""All indicator definitions at hand: those shipped and those of a project."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, Severity, UserError, fail
from monitor_app.core.resources import resource_path
from monitor_app.indicators.definitions import IndicatorDef
from monitor_app.indicators.tokens import nearest

#: libyaml reads the catalogue ten times as fast; both construct plain values only.
_LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Entry:
    """A definition and the file or document it came from."""

    definition: IndicatorDef
    place: str


@dataclass(frozen=True)
class Catalogue:
    """Definitions in order. Of two with one id the later counts (a project may change shipped
    ones); two with one id in one file are an issue. ``problems``: entries that cannot be read."""

    entries: tuple[Entry, ...] = ()
    problems: tuple[Issue, ...] = field(default=())

    @classmethod
    def shipped(cls) -> Catalogue:
        """The catalogue that comes with the application (read once)."""
        return _shipped()

    @classmethod
    def from_folder(cls, folder: Path) -> Catalogue:
        texts = {p.name: p.read_text(encoding="utf-8") for p in sorted(folder.glob("*.yaml"))}
        return cls().with_documents(texts)

    def with_documents(self, texts: Mapping[str, str] | Iterable[str]) -> Catalogue:
        """This catalogue and further YAML documents (place -> text), each with one definition or
        a list of them. Later definitions replace earlier ones of other documents."""
        if not isinstance(texts, Mapping):
            texts = {_("document {number}").format(number=i + 1): t for i, t in enumerate(texts)}
        entries, problems = list(self.entries), list(self.problems)
        for place, text in texts.items():
            found, wrong = read_document(text, place)
            entries.extend(found)
            problems.extend(wrong)
        return Catalogue(tuple(entries), tuple(problems))

    @cached_property
    def _by_id(self) -> dict[str, IndicatorDef]:
        return {entry.definition.id: entry.definition for entry in self.entries}

    @property
    def definitions(self) -> tuple[IndicatorDef, ...]:
        return tuple(self._by_id.values())

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(self._by_id)

    def __iter__(self) -> Iterator[IndicatorDef]:
        return iter(self.definitions)

    def __contains__(self, indicator_id: object) -> bool:
        return indicator_id in self._by_id

    def __len__(self) -> int:
        return len(self._by_id)

    def get(self, indicator_id: str) -> IndicatorDef:
        """The definition; UserError with the nearest id where there is none."""
        found = self._by_id.get(indicator_id)
        if found is None:
            raise fail(
                "unknown-indicator",
                _("There is no indicator “{id}”.").format(id=indicator_id),
                value=indicator_id,
                repair=nearest(indicator_id, self._by_id),
            )
        return found

    def check(self, *, variables: Iterable[str] = ()) -> tuple[Issue, ...]:
        """Everything wrong with the catalogue at once; ``variables``: keys known to a project."""
        from monitor_app.indicators.checks import check_catalogue

        return check_catalogue(self, frozenset(variables))


def read_document(text: str, place: str) -> tuple[list[Entry], list[Issue]]:
    """Definitions of a YAML document and what is wrong with the others."""
    try:
        content: Any = yaml.load(text, Loader=_LOADER)  # a safe loader either way
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        row = None if mark is None else mark.line + 1
        issue = Issue(
            "catalogue-yaml",
            Severity.ERROR,
            _("This is not readable as YAML."),
            file=place,
            row=row,
            repair=_("Check indents, quotation marks and colons around this line."),
        )
        return [], [issue]
    rows = content if isinstance(content, list) else [] if content is None else [content]
    entries: list[Entry] = []
    problems: list[Issue] = []
    for row in rows:
        try:
            entries.append(Entry(IndicatorDef.model_validate(row), place))
        except ValidationError as error:
            name = str(row.get("id", "?")) if isinstance(row, dict) else "?"
            problems.extend(_issues(error, place, name))
    return entries, problems


def _issues(error: ValidationError, place: str, name: str) -> list[Issue]:
    found = []
    for item in error.errors(include_url=False, include_context=False):
        where = ".".join(str(part) for part in item["loc"])
        found.append(
            Issue(
                "catalogue-form",
                Severity.ERROR,
                _("Indicator “{id}”: the entry “{field}” does not fit ({problem}).").format(
                    id=name, field=where or "–", problem=item["msg"]
                ),
                file=place,
                column=where or None,
            )
        )
    return found


def parse_error(error: UserError, place: str, name: str) -> list[Issue]:
    """The issues of a faulty formula, with the place of its definition."""
    return [
        Issue(
            i.code,
            i.severity,
            _("Indicator “{id}”: {message}").format(id=name, message=i.message),
            file=place,
            column=i.column,
            value=i.value,
            repair=i.repair,
        )
        for i in error.issues
    ]


@cache
def _shipped() -> Catalogue:
    return Catalogue.from_folder(resource_path("catalogue", "indicators"))
