"""What the town consists of: names, keys, kinds of quarters, the territorial reform.

Everything here is invented. Keys are hierarchical text: Stadtbezirk ``01``, Stadtteil ``011``,
Stadtviertel ``0111``. The simulation runs on *pieces*: the smallest areas that both boundary
versions (before and after 1.1.2018) can be put together from.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

SEED = 20241231
CRS = "EPSG:25832"
#: Town centre (market square) in EPSG:25832.
CENTRE = (566_000.0, 5_768_000.0)

FIRST_STOCK, LAST_STOCK = 2009, 2024
REFORM_YEAR = 2018  # the new boundaries hold from 1.1.2018

BEZIRKE = {"01": "Mitte", "02": "Nord", "03": "Süd-Ost", "04": "West"}


@dataclass(frozen=True)
class District:
    """A Stadtteil: place of its centre (m from the town centre), bank and its quarters,
    ordered from the inside to the outside as ``(name, kind)``."""

    key: str
    name: str
    x: float
    y: float
    bank: str  # "east" or "west" of the river
    quarters: tuple[tuple[str, str], ...]


DISTRICTS = (
    District("011", "Altstadt", 300, 0, "east", (
        ("Marktviertel", "altstadt"), ("Domviertel", "altstadt"),
        ("Klosterviertel", "altstadt"), ("Fischerviertel", "altstadt"))),
    District("012", "Bahnhofsvorstadt", 1550, 250, "east", (
        ("Theaterviertel", "gruender"), ("Gerberviertel", "gruender"),
        ("Bahnhofsviertel", "bahnhof"), ("Johannisviertel", "gruender"),
        ("Alter Güterbahnhof", "konversion"))),
    District("013", "Neustadt", -1450, 100, "west", (
        ("Neustädter Markt", "gruender"), ("Mühlenviertel", "gruender"),
        ("Universitätsviertel", "student"), ("Sternwarte", "student"),
        ("Kasernenviertel", "konversion"))),
    District("021", "Nordstadt", 900, 2350, "east", (
        ("Lutherviertel", "gruender"), ("Kreuzviertel", "gruender"),
        ("Schlachthofviertel", "nachkrieg"), ("Eichendorffviertel", "nachkrieg"),
        ("Gartenstadt", "efh"), ("Am Nordfriedhof", "nachkrieg"))),
    District("022", "Rotenfeld", -500, 4900, "east", (
        ("Ziegelei", "nachkrieg"), ("Rotenfeld-Mitte", "gross"),
        ("Rotenfeld-West", "gross"), ("Alt-Rotenfeld", "dorf"), ("Bruchkamp", "efh"))),
    District("023", "Hohenbeck", 3900, 3900, "east", (
        ("Am Kirchberg", "efh"), ("Alt-Hohenbeck", "dorf"), ("Sonnenhang", "efh"),
        ("Brenkhagen", "dorf"), ("Hohenbecker Heide", "efh"))),
    District("031", "Oststadt", 3500, -300, "east", (
        ("Paulusviertel", "gruender"), ("Dichterviertel", "gruender"),
        ("Malerviertel", "nachkrieg"), ("Schillerhöhe", "efh"),
        ("Ostbahnhof", "nachkrieg"), ("Güldenau", "gross"))),
    District("032", "Südstadt", 1700, -2500, "east", (
        ("Südvorstadt", "gruender"), ("Musikerviertel", "nachkrieg"),
        ("Am Stadion", "nachkrieg"), ("Lerchenfeld", "efh"), ("Weidenbruch", "gross"))),
    District("033", "Tannrode", 3900, -4400, "east", (
        ("Neu-Tannrode", "efh"), ("Gewerbepark Süd", "gewerbe"),
        ("Alt-Tannrode", "dorf"), ("Waldsiedlung", "efh"))),
    District("041", "Weststadt", -3100, -500, "west", (
        ("Spinnereiviertel", "bahnhof"), ("Hüttenviertel", "nachkrieg"),
        ("Lindenhof", "nachkrieg"), ("Westend", "efh"),
        ("Am Rangierbahnhof", "gewerbe"), ("Bergmannsheim", "nachkrieg"))),
    District("042", "Steinbrück", -4100, 3000, "west", (
        ("Vogelsiedlung", "efh"), ("Steinbrücker Feld", "gross"), ("Am Kirchberg", "efh"),
        ("Alt-Steinbrück", "dorf"), ("Nettelsiek", "dorf"))),
    District("043", "Auental", -2300, -4100, "west", (
        ("Auwiesen", "efh"), ("Neue Aue", "neubau"), ("Obstgärten", "efh"),
        ("Alt-Eschen", "dorf"), ("Eschener Höhe", "efh"))),
)  # fmt: skip

#: Quarters that are an island inside another one (a hole in the host).
ENCLAVES = {"Waldsiedlung": "Neu-Tannrode"}
#: (owner, host): a part of the owner lies inside the host.
EXCLAVES = (("Bruchkamp", "Alt-Hohenbeck"), ("Alt-Steinbrück", "Nettelsiek"))

#: Reform of 1.1.2018. Merged: pieces -> new key and name.
MERGED = {("Sonnenhang", "Brenkhagen"): ("0236", "Brenkhagen-Sonnenhang")}
#: Split: pieces were one quarter before; the old key and name, then the new key of each piece.
SPLIT = {("Auwiesen", "Neue Aue"): (("0431", "Auwiesen"), ("0435", "Alte Auwiesen"),
                                    ("0436", "Neue Aue"))}  # fmt: skip


@dataclass(frozen=True)
class Piece:
    """Smallest area of the simulation, with its key and name before and after the reform."""

    index: int
    label: str
    kind: str
    district: str
    old_key: str
    old_name: str
    new_key: str
    new_name: str


@dataclass(frozen=True)
class Version:
    """A Stadtviertel in one boundary version, made of pieces."""

    key: str
    name: str
    district: str
    pieces: tuple[int, ...]
    before: bool  # valid until 31.12.2017
    after: bool  # valid from 1.1.2018


@cache
def pieces() -> tuple[Piece, ...]:
    found: list[Piece] = []
    merged = {n: new for names, new in MERGED.items() for n in names}
    split = {
        n: (old, new)
        for names, (old, *news) in SPLIT.items()
        for n, new in zip(names, news, strict=True)
    }
    for district in DISTRICTS:
        number = 0
        for name, kind in district.quarters:
            inside = split.get(name) if district.key == "043" else None
            if inside is None or (inside[0][1] == name):
                number += 1
            key = f"{district.key}{number}"
            old, new = (key, name), (key, name)
            if inside is not None:
                old, new = inside
            elif district.key == "023" and name in merged:
                new = merged[name]
            found.append(Piece(len(found), name, kind, district.key, *old, *new))
    return tuple(found)


@cache
def versions() -> tuple[Version, ...]:
    """All Stadtviertel of both systems, by key; unchanged ones appear once."""
    groups: dict[tuple[str, str], dict[str, list[int]]] = {}
    for p in pieces():
        groups.setdefault((p.old_key, p.old_name), {}).setdefault("old", []).append(p.index)
        groups.setdefault((p.new_key, p.new_name), {}).setdefault("new", []).append(p.index)
    found = []
    for (key, name), sides in sorted(groups.items()):
        members = tuple(sides.get("old") or sides["new"])
        if "old" in sides and "new" in sides and sides["old"] != sides["new"]:
            raise AssertionError(f"{key}: a changed area needs a new key")
        district = pieces()[members[0]].district
        found.append(Version(key, name, district, members, "old" in sides, "new" in sides))
    return tuple(found)


def system(after: bool) -> tuple[Version, ...]:
    """The Stadtviertel of one boundary version, by key."""
    return tuple(v for v in versions() if (v.after if after else v.before))


def district_name(key: str) -> str:
    return next(d.name for d in DISTRICTS if d.key == key)
