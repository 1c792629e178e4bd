"""A recipe for files that no recipe fits: guessed from the cells, with its reasons."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from pathlib import PurePath

from monitor_app.core.areas import CITY
from monitor_app.core.backdrops import BackdropLook
from monitor_app.core.batch import ImportContext
from monitor_app.core.i18n import _
from monitor_app.exchange.guess import Guess, Role, guess_columns, wide_headers
from monitor_app.exchange.longform import dimension_name
from monitor_app.exchange.recipe_model import (
    AgeRule,
    AreasContent,
    AttributeRule,
    BackdropContent,
    CodeRule,
    DateRule,
    FacilitiesContent,
    FactContent,
    KeyRule,
    LevelRule,
    MatchRule,
    ParentRule,
    Recipe,
    RowFilter,
    Text,
    ValueColumn,
)
from monitor_app.exchange.table import RawTable
from monitor_app.exchange.wording import kind_name

_YEAR_IN_NAME = r"((?:19|20)\d{2}(?:\d{4})?)"
_SUBJECTS = (
    ("births", re.compile(r"gebor|geburt|birth")),
    ("deaths", re.compile(r"sterbe|gestorb|todesf|death")),
    ("moves_in", re.compile(r"zuz[uü]|zugez|moves?.?in|immigr")),
    ("moves_out", re.compile(r"wegz[uü]|fortz[uü]|moves?.?out|emigr")),
    ("completions", re.compile(r"fertigstell|completion")),
    ("population", re.compile(r"einwohner|bev[oö]lk|population|personen|wohnber|ewr|_pop")),
)
#: Layers of areas that nobody counts in, by how their names begin.
_WATER = re.compile(r"gew(ä|ae)sser|wasserfl|fl(ü|ue)sse|seen?(_|$)|water|rivers?(_|$)|lakes?(_|$)")
_GREEN = re.compile(r"gr(ü|ue)n(fl|anl|z)|waldfl|w(ä|ae)lder|parks?(_|$)|forests?(_|$)|green")
_RIVER = re.compile(r"gew(ä|ae)sser|flu(ss|ß)|b(a|ä|ae)che?(_|$)|river|stream")
_TOTAL_ROW = r"(?i)^\s*(insgesamt|gesamt|gesamtstadt|summe|total|zusammen|stadt insgesamt)\b"


def propose_recipe(tables: tuple[RawTable, ...], context: ImportContext) -> Recipe:
    """The most plausible recipe for the first table (and all of the same header).

    Whatever cannot be guessed is left open, so that the check names it. ``proposed`` has the
    reasons, one sentence each.
    """
    table = next((t for t in tables if len(t)), tables[0])
    reasons: list[str] = []
    content = _content(table, context, reasons)
    stem = PurePath(table.source.name).stem
    return Recipe(
        id=slug(stem, "recipe"),
        name=Text(de=stem, en=stem),
        match=MatchRule(files=(table.source.name,), columns=_fingerprint(table)),
        contents=(content,) if not isinstance(content, tuple) else content,
        proposed=tuple(reasons),
    )


def _fingerprint(table: RawTable) -> tuple[str, ...]:
    return tuple(dict.fromkeys(h for h in table.header if h.strip()))[:12]


def slug(text: str, default: str) -> str:
    """A key of small letters made from any text."""
    plain = text.casefold()
    for a, b in (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss")):
        plain = plain.replace(a, b)
    plain = unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:50]
    return plain if re.match(r"[a-z]", plain) else f"{default}_{plain}".rstrip("_")


def _content(
    table: RawTable, context: ImportContext, reasons: list[str]
) -> AreasContent | BackdropContent | FacilitiesContent | FactContent | tuple[FactContent, ...]:
    levels = {level.key: context.areas.keys(level.key) for level in context.areas.levels}
    levels.pop(CITY, None)
    names = {level.key: level.name for level in context.areas.levels}
    guesses = guess_columns(table, levels, names)
    kinds = {g.geom_type for g in table.geometries or () if g is not None}
    look = _drawn_as(table, kinds)
    if look is not None:
        return _backdrop(table, look, reasons)
    if kinds & {"Polygon", "MultiPolygon"}:
        return _areas(table, guesses, context, reasons)
    if kinds & {"Point", "MultiPoint"}:
        return _points(table, guesses, reasons)
    return _facts(table, guesses, reasons)


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


def _best(guesses: Sequence[Sequence[Guess]], role: Role, reasons: list[str]) -> Guess | None:
    """The column for which a role is the best guess, or nearly."""
    ranked = sorted(
        (g for own in guesses for g in own if g.role is role and g.score >= own[0].score - 0.05),
        key=lambda g: -g.score,
    )
    if not ranked:
        return None
    best = ranked[0]
    reasons.append(
        _("{column} is taken as {role}: {reason}.").format(
            column=best.column, role=role_name(role), reason=best.reason
        )
    )
    return best


def role_name(role: Role) -> str:
    return {
        Role.AREA: _("area key"),
        Role.DATE: _("date"),
        Role.SEX: _("sex"),
        Role.AGE: _("age"),
        Role.GROUP: _("group"),
        Role.NAME: _("name"),
        Role.VALUE: _("number"),
        Role.TOTAL: _("total"),
        Role.EMPTY: _("empty column"),
    }[role]


def _key_column(table: RawTable, guesses: Sequence[Sequence[Guess]]) -> str | None:
    """A column whose texts are all different and look like keys; known levels first."""
    unique = [
        h
        for h, cells in zip(table.header, table.columns, strict=True)
        if len(set(cells)) == len(cells) and all(c.strip() for c in cells)
    ]
    ranked = [g for own in guesses for g in own if g.role is Role.AREA and g.column in unique]
    if ranked:
        return max(ranked, key=lambda g: g.score).column
    short = [h for h in unique if max(len(c) for c in table.column(h)) <= 16]
    return short[0] if short else (unique[0] if unique else None)


def _areas(
    table: RawTable,
    guesses: Sequence[Sequence[Guess]],
    context: ImportContext,
    reasons: list[str],
) -> AreasContent:
    column = _key_column(table, guesses) or table.header[0]
    reasons.append(_("{column} is taken as area key: all its texts differ.").format(column=column))
    own = [g for found in guesses for g in found if g.column == column and g.level is not None]
    known = max(own, key=lambda g: g.score).level if own else None
    level = next((lv for lv in context.areas.levels if lv.key == known), None)
    names = [g for found in guesses for g in found if g.role is Role.NAME and g.column != column]
    name = max(names, key=lambda g: g.score).column if names else None
    parents = [
        g for found in guesses for g in found
        if g.level is not None and g.level != known and g.column != column
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


def _facts(
    table: RawTable, guesses: Sequence[Sequence[Guess]], reasons: list[str]
) -> FactContent | tuple[FactContent, ...]:
    numbers = [
        own[0].column
        for own in guesses
        if any(g.role is Role.VALUE for g in own) and not any(g.role is Role.TOTAL for g in own)
    ]
    wide = wide_headers(numbers)
    rest = [own for own in guesses if own[0].column not in wide]
    fixed = {dim for own in wide.values() for dim in own}
    roles = {
        role: None if role.value in fixed else _best(rest, role, reasons)
        for role in (Role.AREA, Role.DATE, Role.SEX, Role.AGE)
    }
    used = {g.column for g in roles.values() if g is not None}
    values = [h for h in numbers if h not in used and h not in wide]
    subject = _subject(table, roles, fixed)
    reasons.append(_("The content is taken as {kind}.").format(kind=kind_name(subject)))
    shared = _shared(table, roles, rest, reasons)
    stem = PurePath(table.source.name).stem
    if wide:
        text = _("{count} headers stand for positions of: {dimension}.")
        names = ", ".join(dimension_name(dim) for dim in sorted(fixed))
        reasons.append(text.format(count=len(wide), dimension=names))
        rules = tuple(ValueColumn.model_validate({"column": h, **own}) for h, own in wide.items())
        return _fact(shared, subject, slug(stem, "dataset"), stem, rules)
    if not values:
        reasons.append(_("No column with numbers was found."))
        return _fact(shared, subject, slug(stem, "dataset"), stem, (ValueColumn(column="?"),))
    if subject in ("moves_in", "moves_out") and len(values) > 1:
        rules = tuple(ValueColumn(column=h, partner=slug(h, "partner")) for h in values)
        return _fact(shared, subject, subject, stem, rules)
    if subject != "variable" and len(values) == 1:
        return _fact(shared, subject, subject, stem, (ValueColumn(column=values[0]),))
    return tuple(
        _fact(shared, "variable", slug(h, "variable"), h, (ValueColumn(column=h),)) for h in values
    )


def _shared(
    table: RawTable,
    roles: dict[Role, Guess | None],
    guesses: Sequence[Sequence[Guess]],
    reasons: list[str],
) -> dict[str, object]:
    area, day, sex, age = (roles[r] for r in (Role.AREA, Role.DATE, Role.SEX, Role.AGE))
    shared: dict[str, object] = {"level": CITY, "date": _date_rule(table, day, reasons)}
    if area is not None:
        shared["area"] = KeyRule(column=area.column)
        shared["level"] = area.level or slug(area.column, "level")
    if sex is not None:
        shared["sex"] = CodeRule(column=sex.column)
    if age is not None:
        shared["age"] = AgeRule(column=age.column)
    keys = [g.column for g in roles.values() if g is not None]
    total_rows = _total_rows(table, guesses)
    if total_rows:
        shared["ignore"] = total_rows
    if not _unique(table, keys):
        group = _best(guesses, Role.GROUP, reasons)
        if group is not None and group.column not in keys:
            shared["group"] = CodeRule(column=group.column)
    return shared


def _total_rows(table: RawTable, guesses: Sequence[Sequence[Guess]]) -> tuple[RowFilter, ...]:
    """Rows that a column with texts calls a total."""
    texts = [own[0].column for own in guesses if own[0].role in (Role.AREA, Role.NAME, Role.GROUP)]
    return tuple(
        RowFilter(column=column, pattern=_TOTAL_ROW, role="total")
        for column in texts
        if any(re.search(_TOTAL_ROW, cell) for cell in set(table.column(column)))
    )


def _unique(table: RawTable, columns: Sequence[str]) -> bool:
    """Whether these columns tell all rows apart."""
    if not columns:
        return len(table) <= 1
    rows = list(zip(*(table.column(c) for c in columns), strict=True))
    return len(set(rows)) == len(rows)


def _date_rule(table: RawTable, day: Guess | None, reasons: list[str]) -> DateRule:
    if day is not None:
        return DateRule(column=day.column)
    if re.search(_YEAR_IN_NAME, PurePath(table.source.name).stem):
        reasons.append(_("The date is taken from the name of the file."))
        return DateRule(file=_YEAR_IN_NAME)
    title = r"(\d{1,2}\.\d{1,2}\.\d{4}|(?:19|20)\d{2})"
    reasons.append(_("The date is looked for in the title lines."))
    return DateRule(title=title)


def _fact(
    shared: dict[str, object], kind: str, key: str, name: str, values: tuple[ValueColumn, ...]
) -> FactContent:
    variable = kind == "variable"
    return FactContent.model_validate(
        {
            **shared,
            "kind": kind,
            "dataset": f"variable_{key}"[:60] if variable else key,
            "variable": key if variable else None,
            "name": name,
            "values": values,
            "absent": "missing" if variable else "zero",
            "fractions": variable,
            "negative": variable,
        }
    )


def _subject(table: RawTable, roles: dict[Role, Guess | None], fixed: set[str]) -> str:
    words = " ".join((table.source.name, table.name, *table.before, *table.header)).casefold()
    for kind, pattern in _SUBJECTS:
        if pattern.search(words):
            return kind
    return "population" if roles[Role.AGE] is not None or "age" in fixed else "variable"
