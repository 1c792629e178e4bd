"""Which definitions a printed page or an exported table was made with, kept in the project.

A definition may change; last year's page must still be explained. What is handed on therefore
leaves a copy of the definition, and of all that it refers to, with the date, the file's name and
the checksums of the deliveries behind the numbers; a composite index that of its weighting and of
all its indicators. Equal definitions are kept once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

import yaml

from monitor_app.app.session import Session
from monitor_app.app.weighting import weightings
from monitor_app.core.formats import format_date
from monitor_app.core.i18n import _
from monitor_app.core.issues import UserError, fail
from monitor_app.indicators.definitions import IndicatorDef
from monitor_app.indicators.dependencies import closure
from monitor_app.indicators.weightings import Weighting, dump_weighting
from monitor_app.project.history import Revision

KIND = "used_definition"
#: Uses of one definition that are kept, newest last.
MOST_USES = 200


@dataclass(frozen=True)
class Use:
    """A page or table that was handed on: when, under which name, of what; ``sources``: name and
    SHA-256 of each delivery behind it."""

    made: date
    file: str
    level: str
    day: date | None
    sources: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class UsedDefinition:
    """A definition as it was. ``texts``: id -> YAML of it and all that it refers to, itself first.
    ``changed``: the project defines it otherwise now (or no longer); ``otherwise``: ids of those
    among ``texts`` that it does."""

    key: str
    indicator: str
    name: str
    sha256: str
    texts: dict[str, str]
    uses: tuple[Use, ...]
    changed: bool
    otherwise: tuple[str, ...] = ()

    @property
    def first(self) -> date:
        return min(u.made for u in self.uses)

    @property
    def last(self) -> date:
        return max(u.made for u in self.uses)


def _text(definition: IndicatorDef) -> str:
    content = definition.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=100)


def _texts(definitions: Iterable[IndicatorDef]) -> dict[str, str]:
    return {d.id: _text(d) for d in definitions}


def _sha(texts: dict[str, str]) -> str:
    """Of everything that decides about values; the wording of texts in it counts too."""
    return hashlib.sha256(json.dumps(texts, ensure_ascii=False).encode()).hexdigest()


def keep_used(
    session: Session,
    indicators: Iterable[str],
    file: str,
    level: str,
    day: date | None = None,
    made: date | None = None,
) -> Revision | None:
    """Keep the definitions of what was handed on as one step of undo. Does nothing in read-only
    mode. ``made``: the day of handing on (None: today)."""
    documents: dict[str, str] = {}
    if not session.project.read_only:
        for indicator in dict.fromkeys(indicators):
            texts = _texts(closure(session.catalogue, indicator))
            use = Use(made or date.today(), file, level, day, _sources(session, [indicator], level))
            name = session.catalogue.get(indicator).name.model_dump()
            documents |= _document(session, indicator, name, texts, use)
    return _put(session, documents, file)


def keep_weighting(
    session: Session,
    weighting: Weighting,
    file: str,
    level: str,
    day: date | None = None,
    made: date | None = None,
) -> Revision | None:
    """The same for what shows a composite index: its weighting and all its indicators."""
    if session.project.read_only:
        return None
    changes = weighting.changes()
    used = list(dict.fromkeys((*weighting.indicators, *(changes.indicators if changes else ()))))
    texts = {weighting.id: dump_weighting(weighting)}
    for indicator in used:
        texts |= _texts(closure(session.catalogue, indicator))
    use = Use(made or date.today(), file, level, day, _sources(session, used, level))
    name = weighting.name.model_dump()
    return _put(session, _document(session, weighting.id, name, texts, use), file)


def _document(
    session: Session, key: str, name: dict[str, str], texts: dict[str, str], use: Use
) -> dict[str, str]:
    """The document of a definition with one more use, by its key."""
    sha = _sha(texts)
    place = f"{key}-{sha[:12]}"
    before = session.project.document(KIND, place)
    uses = () if before is None else _read(place, before).uses
    content = {
        "indicator": key,
        "name": name,
        "sha256": sha,
        "definitions": texts,
        "uses": [_dump(u) for u in (*(u for u in uses if u != use), use)[-MOST_USES:]],
    }
    return {place: json.dumps(content, ensure_ascii=False, indent=1)}


def _put(session: Session, documents: dict[str, str], file: str) -> Revision | None:
    if not documents:
        return None
    label = _("Keep the definitions of {file}").format(file=file)
    return session.project.put_documents(KIND, documents, label, merge=KIND)


def _sources(
    session: Session, indicators: Iterable[str], level: str
) -> tuple[tuple[str, str], ...]:
    used = {key for i in indicators for key in session.compute(i, level).datasets}
    return tuple(
        dict.fromkeys(
            (s.name, s.sha256)
            for info in session.project.datasets()
            if info.spec.key in used
            for s in info.sources
        )
    )


def _dump(use: Use) -> dict[str, Any]:
    return {
        "made": use.made.isoformat(),
        "file": use.file,
        "level": use.level,
        "day": use.day.isoformat() if use.day else None,
        "sources": [list(s) for s in use.sources],
    }


def _read(key: str, text: str, session: Session | None = None) -> UsedDefinition:
    """``ValueError``, ``KeyError`` or ``TypeError`` for a text of another form."""
    stored: dict[str, Any] = json.loads(text)
    uses = tuple(
        Use(
            date.fromisoformat(u["made"]), str(u["file"]), str(u["level"]),
            date.fromisoformat(u["day"]) if u["day"] else None,
            tuple((str(n), str(h)) for n, h in u["sources"]),
        )
        for u in stored["uses"]
    )  # fmt: skip
    texts = {str(k): str(v) for k, v in stored["definitions"].items()}
    otherwise = () if session is None else _otherwise(session, texts)
    return UsedDefinition(
        key, str(stored["indicator"]), str(stored["name"]["de"] or stored["name"]["en"]),
        str(stored["sha256"]), texts, uses, bool(otherwise), otherwise,
    )  # fmt: skip


def _otherwise(session: Session, texts: dict[str, str]) -> tuple[str, ...]:
    """Ids of definitions that the project has otherwise now, or no longer. A weighting that was
    only typed is none of its definitions."""
    known = {w.id: dump_weighting(w) for w in weightings(session)}
    found = []
    for key, text in texts.items():
        if key in session.catalogue:
            now = _text(session.catalogue.get(key))
        elif _is_weighting(text):
            now = known.get(key, text)
        else:
            now = ""
        if now != text:
            found.append(key)
    return tuple(found)


def _is_weighting(text: str) -> bool:
    content = yaml.safe_load(text)
    return isinstance(content, dict) and "components" in content


def used_definitions(session: Session) -> tuple[UsedDefinition, ...]:
    """All that were kept, by the day of their last use, newest first. Documents that cannot be
    read are left out."""
    found = []
    for key, text in session.project.documents(KIND).items():
        try:
            found.append(_read(key, text, session))
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
    return tuple(sorted(found, key=lambda u: (u.last, u.key), reverse=True))


def used_definition(session: Session, key: str) -> UsedDefinition:
    """By key, by the beginning of one, or by the id of the indicator where only one was kept.
    ``UserError`` where there is none or several."""
    known = used_definitions(session)
    hits = [u for u in known if u.key.startswith(key) or u.sha256.startswith(key)]
    exact = [u for u in hits if u.key == key]
    if len(exact or hits) == 1:
        return (exact or hits)[0]
    raise fail(
        "unknown-definition",
        _("There is no single kept definition “{key}”.").format(key=key),
        value=key,
        repair=_("Kept are: {names}").format(
            names=", ".join(u.key for u in (hits or known)[:8]) or "–"
        ),
    )


def used_data(used: UsedDefinition) -> dict[str, Any]:
    """For machines."""
    return {
        "key": used.key,
        "indicator": used.indicator,
        "name": used.name,
        "sha256": used.sha256,
        "changed": used.changed,
        "definitions": used.texts,
        "uses": [_dump(u) for u in used.uses],
    }


def used_text(session: Session, used: UsedDefinition) -> str:
    """A kept definition for reading: pages made with it, the text then, the formula now."""
    lines = [f"{used.name} ({used.indicator})", f"SHA-256 {used.sha256}", ""]
    for use in used.uses:
        day = format_date(use.day) if use.day else _("all dates")
        lines.append(f"{format_date(use.made)}  {use.file}  ({use.level}, {day})")
        lines += [f"    {name}  {sha[:12]}" for name, sha in use.sources]
    for text in used.texts.values():
        lines += ["", text.rstrip()]
    if not used.changed:
        lines += ["", _("The definition is the same today.")]
    elif used.indicator in session.catalogue or not _is_weighting(used.texts[used.indicator]):
        lines += ["", _("Today the project defines it otherwise:")]
        try:
            present = session.catalogue.get(used.indicator)
        except UserError:
            lines.append(_("it is not defined any more."))
        else:
            lines += [f"    {f.formula}" for f in present.formulas]
    else:
        lines += [
            "",
            _("Today the project defines it otherwise:"),
            *(f"    {key}" for key in used.otherwise),
        ]
    return "\n".join(lines)


def handed_words(session: Session, indicator: str) -> tuple[str, ...]:
    """For the sheet of an indicator: pages and tables made with it, newest first, and whether it
    was defined otherwise then."""
    lines = []
    for used in used_definitions(session):
        if used.indicator != indicator:
            continue
        for use in reversed(used.uses):
            text = (
                _("{made}: {file} – with another definition ({key})")
                if used.changed
                else _("{made}: {file}")
            )
            made = format_date(use.made)
            lines.append((use.made, text.format(made=made, file=use.file, key=used.key)))
    return tuple(text for _made, text in sorted(lines, key=lambda line: line[0], reverse=True))
