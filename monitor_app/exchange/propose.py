"""A recipe for files that no recipe fits: guessed from the cells, with its reasons."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePath

from monitor_app.core.areas import CITY
from monitor_app.core.backdrops import BackdropLook
from monitor_app.core.batch import ImportContext
from monitor_app.core.i18n import _
from monitor_app.exchange.code_prefixes import find_prefixes, without_prefixes
from monitor_app.exchange.guess import Guess, Role, guess_columns
from monitor_app.exchange.keys import clean_key, match_keys
from monitor_app.exchange.propose_facts import Proposal, propose_facts
from monitor_app.exchange.propose_words import slug, stem_of
from monitor_app.exchange.recipe_model import (
    AreasContent,
    AttributeRule,
    BackdropContent,
    CodeRule,
    Content,
    FacilitiesContent,
    KeyRule,
    LevelRule,
    MatchRule,
    NumberRule,
    ParentRule,
    Recipe,
    Text,
)
from monitor_app.exchange.table import RawTable

__all__ = ["propose_recipe", "slug"]

#: Row numbers that programs write, no keys of an office.
_ROW_ID = re.compile(
    r"^(?:objid|objectid|object_id|fid|gid|ogc_fid|id_?0|oid|gml_?id|uuid|globalid)$"
)
_KEY_HEAD = re.compile(
    r"schl|(?<![a-z])nr|nr$|nummer|num(?:mer|ber)?$|code|key|kennz|ags|bfs|(?:_|^)id$|_?id$"
)
#: Layers of areas that nobody counts in, by how their names begin.
_WATER = re.compile(r"gew(ä|ae)sser|wasserfl|fl(ü|ue)sse|seen?(_|$)|water|rivers?(_|$)|lakes?(_|$)")
_GREEN = re.compile(r"gr(ü|ue)n(fl|anl|z)|waldfl|w(ä|ae)lder|parks?(_|$)|forests?(_|$)|green")
_RIVER = re.compile(r"gew(ä|ae)sser|flu(ss|ß)|b(a|ä|ae)che?(_|$)|river|stream")


def propose_recipe(
    tables: tuple[RawTable, ...],
    context: ImportContext,
    wanted: Sequence[frozenset[str]] = (),
) -> Recipe:
    """The most plausible recipe for the first table (and all of the same header).

    Whatever cannot be guessed is left open, so that the check names it. ``proposed`` has the
    reasons, one sentence each. ``wanted`` are texts that other tables of the import use for
    areas, so that a layer offers the key that they have.
    """
    table = next((t for t in tables if len(t)), tables[0])
    reasons: list[str] = []
    numbers = NumberRule()
    prefixes = find_prefixes(table) if table.geometries is None else {}
    found = _content(without_prefixes(table, prefixes), context, reasons, wanted)
    if isinstance(found, Proposal):
        contents: tuple[Content, ...] = found.contents
        numbers = found.numbers
    else:
        contents = (found,)
    stem = stem_of(table)
    return Recipe(
        id=slug(stem, "recipe"),
        name=Text(de=stem, en=stem),
        match=MatchRule(files=_file_patterns(tables), columns=_fingerprint(table)),
        numbers=numbers,
        prefixes=prefixes,
        contents=contents,
        proposed=tuple(reasons),
    )


def _file_patterns(tables: tuple[RawTable, ...]) -> tuple[str, ...]:
    """Names of the files; digits may be others in the next delivery."""
    names = dict.fromkeys(re.sub(r"\d", "?", t.source.name) for t in tables)
    return tuple(names)


def _fingerprint(table: RawTable) -> tuple[str, ...]:
    return tuple(dict.fromkeys(h for h in table.header if h.strip()))[:12]


def _content(
    table: RawTable,
    context: ImportContext,
    reasons: list[str],
    wanted: Sequence[frozenset[str]],
) -> AreasContent | BackdropContent | FacilitiesContent | Proposal:
    levels = {level.key: context.areas.keys(level.key) for level in context.areas.levels}
    levels.pop(CITY, None)
    names = {level.key: level.name for level in context.areas.levels}
    guesses = guess_columns(table, levels, names)
    kinds = {g.geom_type for g in table.geometries or () if g is not None}
    look = _drawn_as(table, kinds)
    if look is not None:
        return _backdrop(table, look, reasons)
    if kinds & {"Polygon", "MultiPolygon"}:
        return _areas(table, guesses, context, reasons, wanted)
    if kinds & {"Point", "MultiPoint"}:
        return _points(table, guesses, reasons)
    return propose_facts(table, guesses, context, reasons)


def _drawn_as(table: RawTable, kinds: set[str]) -> BackdropLook | None:
    """How a layer is drawn that holds no areas of a level: lines, or water and green by name."""
    if kinds and kinds <= {"LineString", "MultiLineString"}:
        river = _RIVER.search(f"{table.name}_{PurePath(table.source.name).stem}".casefold())
        return BackdropLook.WATER if river else BackdropLook.LINE
    if not kinds or not kinds <= {"Polygon", "MultiPolygon"}:
        return None
    for text in (table.name, PurePath(table.source.name).stem):
        for look, pattern in ((BackdropLook.WATER, _WATER), (BackdropLook.GREEN, _GREEN)):
            if pattern.match(text.casefold()):
                return look
    return None


def _backdrop(table: RawTable, look: BackdropLook, reasons: list[str]) -> BackdropContent:
    reasons.append(_("The layer is only drawn on the map; nothing is counted in it."))
    title = table.name or PurePath(table.source.name).stem
    return BackdropContent(
        kind="backdrop", layer=slug(title, "layer"), name=Text(de=title, en=title), look=look,
        sheets=(table.name,) if table.name else (),
    )  # fmt: skip


def _key_column(
    table: RawTable, guesses: Sequence[Sequence[Guess]], wanted: Sequence[frozenset[str]]
) -> tuple[str | None, str]:
    """The column that tells the areas apart, and why: the texts that the data of the same import
    use, keys of a known level, a header that speaks of keys; row numbers of programs come last."""
    unique = [
        h
        for h, cells in zip(table.header, table.columns, strict=True)
        if all(c.strip() for c in cells) and len(set(cells)) == len(cells)
    ]
    known = {g.column: g.score for own in guesses for g in own if g.level is not None}

    def rank(column: str) -> tuple[float, float, int, int]:
        head = column.strip().casefold()
        cells = table.column(column)
        used = max((_shared_keys(cells, texts) for texts in wanted), default=0.0)
        short = max(len(c) for c in cells) <= 16
        kind = -2 if _ROW_ID.search(head) else 1 if _KEY_HEAD.search(head) and short else 0
        broken = any("." in c.removesuffix(".0") for c in cells) and column in table.numeric
        # a name is a key of last resort: offices write it in many ways
        return (
            used if kind >= 0 or used > 0.9 else 0.0,
            known.get(column, 0.0),
            kind - 3 * broken,
            int(short) + int(all(c.strip()[:1].isdigit() for c in cells)),
        )

    if not unique:
        return None, _("all its texts differ")
    best = max(unique, key=rank)
    if rank(best)[0] >= 0.5:
        return best, _("the data of this import use its texts")
    return best, _("all its texts differ")


def _shared_keys(cells: Sequence[str], texts: frozenset[str]) -> float:
    """Share of the areas that a column of other data names by these keys, 0 where it has many
    texts that are none."""
    match = match_keys([clean_key(t) for t in texts if t.strip()], [clean_key(c) for c in cells])
    hits = {k for k, ok in zip(match.keys, match.known, strict=True) if ok}
    if sum(match.known) < 0.6 * max(1, len(match.keys)) or len(hits) < 2:
        return 0.0
    return len(hits) / len(cells)


def _areas(
    table: RawTable,
    guesses: Sequence[Sequence[Guess]],
    context: ImportContext,
    reasons: list[str],
    wanted: Sequence[frozenset[str]],
) -> AreasContent:
    found, why = _key_column(table, guesses, wanted)
    column = found or table.header[0]
    text = _("{column} is taken as area key: {reason}.")
    reasons.append(text.format(column=column, reason=why))
    own = [g for found in guesses for g in found if g.column == column and g.level is not None]
    known = max(own, key=lambda g: g.score).level if own else None
    if known is not None and 2 * len(context.areas.keys(known)) < len(table):
        known = None  # a part of the keys is equal by chance
    level = next((lv for lv in context.areas.levels if lv.key == known), None)
    name = _name_column(table, guesses, column)
    parents = [
        g for found in guesses for g in found
        if g.level is not None and g.level != known and g.column != column
        and len(set(table.column(g.column))) < len(table)
    ]  # fmt: skip
    label = table.name or PurePath(table.source.name).stem
    rule = LevelRule(
        key=level.key if level else slug(label, "level"),
        name=Text(de=level.name if level else label, en=level.name if level else label),
        rank=level.rank if level else 1 + max((lv.rank for lv in context.areas.levels), default=0),
    )
    return AreasContent(
        kind="areas",
        level=rule,
        key=KeyRule(column=column),
        name=CodeRule(column=name) if name else None,
        parents=tuple(
            ParentRule(level=g.level, column=g.column) for g in parents[:2] if g.level is not None
        ),
    )


def _name_column(table: RawTable, guesses: Sequence[Sequence[Guess]], key: str) -> str | None:
    """The column with the names of the areas: mostly different texts, a header that says so."""
    names = [g for found in guesses for g in found if g.role is Role.NAME and g.column != key]

    def rank(guess: Guess) -> tuple[float, float]:
        cells = table.column(guess.column)
        return round(len(set(cells)) / max(1, len(cells)), 1), guess.score

    return max(names, key=rank).column if names else None


def _points(
    table: RawTable, guesses: Sequence[Sequence[Guess]], reasons: list[str]
) -> FacilitiesContent:
    names = [g for own in guesses for g in own if g.role is Role.NAME]
    name = max(names, key=lambda g: g.score).column if names else table.header[0]
    reasons.append(
        _("The layer holds points; {column} is taken as their name.").format(column=name)
    )
    attributes = {"name": AttributeRule(column=name)}
    for own in guesses:
        if own[0].column != name and own[0].role is not Role.EMPTY:
            number = own[0].role in (Role.VALUE, Role.TOTAL)
            key = slug(own[0].column, "column")
            attributes[key] = AttributeRule(column=own[0].column, number=number)
    stem = PurePath(table.source.name).stem
    return FacilitiesContent(
        kind="facilities",
        dataset=slug(f"facilities_{stem}", "facilities"),
        name=Text(de=stem, en=stem),
        attributes=attributes,
    )
