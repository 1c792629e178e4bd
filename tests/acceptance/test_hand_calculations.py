"""Indicators by hand: straight from the raw files with pandas, without any reader of ours.

Every area and date is compared. ``-s`` prints the table of numbers (area, date, by hand, program).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from commandline import Imported, private_home

from monitor_app.app.segregation import segregation
from monitor_app.app.session import Session
from monitor_app.app.settings import Settings
from monitor_app.core.areas import CITY
from monitor_app.core.status import Status, has_value

#: By hand: one row per area key ("" the town), one column per date (ISO text).
Hand = pd.DataFrame


def opened(made: Imported, home: Path) -> Iterator[Session]:
    with private_home(home):
        session = Session(Settings())
        session.open(made.project, "read")
        yield session
        session.close(discard=True)


def compared(session: Session, indicator: str, level: str, hand: Hand, show: str) -> int:
    """Compare every value; returns how many there were."""
    table = session.compute(indicator, level)
    days = [d.isoformat() for d in table.dates]
    rows = {key: i for i, key in enumerate(table.areas)}
    count = 0
    for key, day in [(k, d) for k in hand.index for d in hand.columns]:
        expected = hand.loc[key, day]
        if not np.isfinite(expected):
            continue
        assert day in days, (indicator, day)
        j = days.index(day)
        value = table.city_values[j] if key == "" else table.values[rows[key], j]
        assert value == pytest.approx(expected, rel=1e-9, abs=1e-9), (indicator, key, day)
        count += 1
    last = [d for d in hand.columns if np.isfinite(hand.loc[show, d])][-1]
    mine = table.values[rows[show], days.index(last)]
    print(f"{indicator:32} {show}  {last}  {hand.loc[show, last]:14.4f} {mine:14.4f}  n={count}")
    return count


def with_town(counts: pd.DataFrame) -> pd.DataFrame:
    """Sums of the areas as one more row."""
    return pd.concat([counts, counts.sum().to_frame("").T])


# -- Vienna ---------------------------------------------------------------------------------------

GROUPS = ["AUT", "EEA", "REU", "TCN"]


class Vienna:
    """The register by district, date, sex, age group and nationality, and the migration file."""

    def __init__(self, raw: Path) -> None:
        self.stock = pd.read_csv(
            raw / "vie-bez-pop-sex-age5-stk-nat-geo4-2002f.csv", sep=";", skiprows=1, dtype=str
        )
        self.stock[GROUPS] = self.stock[GROUPS].astype(int)
        self.stock["low"] = 5 * (self.stock["AGE5"].astype(int) - 1)
        self.stock["day"] = pd.to_datetime(self.stock["REF_DATE"]).dt.strftime("%Y-%m-%d")
        moves = pd.read_csv(raw / "vie-zbz-pop-sex-nat-geo2-mig-2007f.csv", sep=";", dtype=str)
        columns = [c for c in moves if c.startswith("MIG_")]
        moves[columns] = moves[columns].astype(int)
        moves["district"] = moves["SUB_DISTRICT_CODE"].str[:3] + "00"
        self.moves = moves

    def heads(self, low: int = 0, high: int = 200, groups: list[str] = GROUPS,
              sex: str = "12") -> pd.DataFrame:  # fmt: skip
        rows = self.stock[self.stock["low"].between(low, high - 1)
                          & self.stock["SEX"].isin(list(sex))]  # fmt: skip
        total = rows[groups].sum(axis=1)
        table = total.groupby([rows["DISTRICT_CODE"], rows["day"]]).sum().unstack()
        return with_town(table.astype(float))

    def moved(self, *columns: str) -> pd.DataFrame:
        total = self.moves[list(columns)].sum(axis=1)
        table = total.groupby([self.moves["district"], self.moves["REF_YEAR"]]).sum().unstack()
        table.columns = [f"{y}-12-31" for y in table.columns]
        return with_town(table.astype(float))

    def mean_population(self) -> pd.DataFrame:
        """Half the sum of the stocks at both ends of a year; 1 January ends the year before."""
        stock = self.heads()
        stock.columns = [f"{int(d[:4]) - 1}-12-31" for d in stock.columns]
        days = list(stock.columns)
        return pd.DataFrame({b: (stock[a] + stock[b]) / 2 for a, b in pairwise(days)})


def _mixture(v: Vienna, entropy: bool) -> Hand:
    total = v.heads()
    shares = [v.heads(groups=[g]) / total for g in GROUPS]
    if entropy:
        return -sum(s * np.log(s) for s in shares) / np.log(4)
    return 1 - sum(s**2 for s in shares)


def _change(v: Vienna, years: int) -> Hand:
    stock = v.heads()
    days = list(stock.columns)
    return pd.DataFrame({
        d: 100 * (stock[d] - stock[days[i - years]]) / stock[days[i - years]]
        for i, d in enumerate(days) if i >= years
    })  # fmt: skip


def _net(v: Vienna) -> Hand:
    gained = v.moved("MIG_EXT_IN", "MIG_INT_IN") - v.moved("MIG_EXT_OUT", "MIG_INT_OUT")
    mean = v.mean_population()
    common = [d for d in gained.columns if d in mean.columns]
    return 1000 * gained[common] / mean[common]


VIENNA: dict[str, Callable[[Vienna], Hand]] = {
    "altenquotient": lambda v: 100 * v.heads(65) / v.heads(20, 65),
    "billeter_mass": lambda v: (v.heads(0, 15) - v.heads(50)) / v.heads(15, 50),
    "wanderungssaldo": _net,
    "jugendquotient": lambda v: 100 * v.heads(0, 20) / v.heads(20, 65),
    "gesamtquotient": lambda v: 100 * (v.heads(0, 20) + v.heads(65)) / v.heads(20, 65),
    "aging_index": lambda v: 100 * v.heads(65) / v.heads(0, 20),
    "greying_index": lambda v: 100 * v.heads(80) / v.heads(60, 80),
    "anteil_80plus": lambda v: 100 * v.heads(80) / v.heads(),
    "auslaenderanteil": lambda v: 100 * v.heads(groups=["EEA", "REU", "TCN"]) / v.heads(),
    "eu_anteil_auslaender": lambda v: (
        100 * v.heads(groups=["EEA"]) / v.heads(groups=["EEA", "REU", "TCN"])),
    "geschlechterverhaeltnis": lambda v: 100 * v.heads(sex="1") / v.heads(sex="2"),
    "child_woman_ratio": lambda v: 100 * v.heads(0, 5) / v.heads(15, 50, sex="2"),
    "nationalitaeten_entropie": lambda v: _mixture(v, entropy=True),
    "nationalitaeten_simpson": lambda v: _mixture(v, entropy=False),
    "einwohner_veraenderung_5j": lambda v: _change(v, 5),
    "auslandszuzug_anteil": lambda v: (
        100 * v.moved("MIG_EXT_IN") / v.moved("MIG_EXT_IN", "MIG_INT_IN")),
    "wanderungseffektivitaet": lambda v: (
        (v.moved("MIG_EXT_IN", "MIG_INT_IN") - v.moved("MIG_EXT_OUT", "MIG_INT_OUT"))
        / (v.moved("MIG_EXT_IN", "MIG_INT_IN") + v.moved("MIG_EXT_OUT", "MIG_INT_OUT"))),
}  # fmt: skip


@pytest.fixture(scope="module")
def vienna_by_hand(realdata: Path) -> Vienna:
    return Vienna(realdata / "wien/raw")


@pytest.fixture(scope="module")
def vienna_session(vienna: Imported, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    yield from opened(vienna, tmp_path_factory.mktemp("handwien"))


@pytest.mark.realdata
@pytest.mark.parametrize("indicator", VIENNA)
def test_vienna_by_hand(vienna_session: Session, vienna_by_hand: Vienna, indicator: str) -> None:
    hand = VIENNA[indicator](vienna_by_hand)
    if indicator == "einwohner_veraenderung_5j":
        hand = hand.loc[hand.index != ""]  # the long series since 1869 answers for the town
    assert compared(vienna_session, indicator, "bezirk", hand, "90100") >= 23 * 15


@pytest.mark.realdata
def test_dissimilarity_of_viennas_districts_by_hand(
    vienna_session: Session, vienna_by_hand: Vienna
) -> None:
    found = segregation(vienna_session, "bezirk", "group", draws=20)
    against = segregation(
        vienna_session, "bezirk", of="group == TCN", against="group == AUT", draws=20
    )
    total = vienna_by_hand.heads().drop("")
    for group in GROUPS:
        x = vienna_by_hand.heads(groups=[group]).drop("")
        rest = total - x
        hand = 0.5 * (x / x.sum() - rest / rest.sum()).abs().sum()
        for day in found.dates:
            measure = found.measure(group, day, "is")
            assert measure is not None
            assert measure.value == pytest.approx(hand[day.isoformat()], rel=1e-12)
        print(f"Segregationsindex {group:14} Wien   {hand.index[-1]}  {hand.iloc[-1]:14.4f} "
              f"{measure.value:14.4f}  n={len(found.dates)}")  # fmt: skip
    x, y = (vienna_by_hand.heads(groups=[g]).drop("") for g in ("TCN", "AUT"))
    hand = 0.5 * (x / x.sum() - y / y.sum()).abs().sum()
    for day in against.dates:
        measure = against.measure("of", day, "dissimilarity")
        assert measure is not None
        assert measure.value == pytest.approx(hand[day.isoformat()], rel=1e-12)
    print(f"Dissimilarität TCN gegen AUT     Wien   {hand.index[-1]}  {hand.iloc[-1]:14.4f} "
          f"{measure.value:14.4f}  n={len(against.dates)}")  # fmt: skip


# -- the sample town ------------------------------------------------------------------------------


class Town:
    """Files of the sample town from 2018 on (one state of the areas)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        stock = self._read("bevoelkerung/bevoelkerung_2018_2024.csv", 4)
        self.ages = [c for c in stock if c.startswith("Alter ")]
        self.stock = stock.astype(dict.fromkeys(self.ages, int)).copy()
        self.stock["day"] = self._day(stock["Stichtag"])
        self.social = self._values("soziales/soziales.csv", 2)
        self.dwellings = self._values("wohnen/wohnungsbestand.csv", 0)

    def _read(self, name: str, skip: int) -> pd.DataFrame:
        frame = pd.read_csv(
            self.folder / name, sep=";", skiprows=skip, dtype=str, encoding="cp1252",
            keep_default_na=False,
        )  # fmt: skip
        key = next(c for c in frame if c.startswith("Viertel"))
        return frame[frame[key].str.fullmatch(r"0\d{3}").fillna(False)].copy()

    @staticmethod
    def _day(text: pd.Series) -> pd.Series:
        return pd.to_datetime(text, format="%d.%m.%Y").dt.strftime("%Y-%m-%d")

    def _values(self, name: str, skip: int) -> pd.DataFrame:
        frame = self._read(name, skip)
        frame["day"] = self._day(frame["Stichtag"])
        return frame[frame["day"] >= "2018"]

    def heads(self, low: int = 0, high: int = 200, sex: str = "", group: str = "") -> Hand:
        rows = self.stock
        if sex:
            rows = rows[rows["Geschlecht"] == sex]
        if group:
            rows = rows[rows["Staatsangehörigkeit"] == group]
        chosen = [c for n, c in enumerate(self.ages) if low <= n < high]
        total = rows[chosen].sum(axis=1)
        return with_town(
            total.groupby([rows["Viertel_Nr"], rows["day"]]).sum().unstack().astype(float)
        )

    def mean_population(self, **condition: object) -> Hand:
        stock = self.heads(**condition)  # type: ignore[arg-type]
        days = list(stock.columns)
        return pd.DataFrame({b: (stock[a] + stock[b]) / 2 for a, b in pairwise(days)})

    def events(self, name: str, *columns: str) -> Hand:
        """Events of a year; what is not listed is zero."""
        frame = self._read(f"bewegungen/{name}.csv", 0)
        frame = frame[frame["Jahr"].astype(int) >= 2019]
        total = frame[list(columns)].astype(int).sum(axis=1)
        table = total.groupby([frame["Viertel_Nr"], frame["Jahr"]]).sum().unstack(fill_value=0)
        table.columns = [f"{y}-12-31" for y in table.columns]
        areas = [k for k in self.heads().index if k]
        return with_town(table.reindex(areas, fill_value=0).astype(float))

    def variable(self, frame: pd.DataFrame, column: str) -> Hand:
        """A column by quarter and date; signs are no numbers, and make the town's sum unknown."""
        text = frame[column].str.replace(",", ".").replace({"-": "0", ".": None, "…": None})
        table = text.astype(float).groupby([frame["Viertel_Nr"], frame["day"]]).sum(min_count=1)
        areas = table.unstack()
        town = areas.sum(skipna=False).to_frame("").T
        return pd.concat([areas, town])

    def mean_age(self) -> Hand:
        years = sum((n + 0.5) * self.heads(n, n + 1) for n in range(len(self.ages)))
        return years / self.heads()


def _least(hand: Hand, base: Hand, least: float) -> Hand:
    """Values on fewer people than the minimum base are not shown."""
    return hand.where(base.reindex_like(hand) >= least)


def _in(*dates: Hand) -> list[str]:
    return sorted(set.intersection(*(set(d.columns) for d in dates)))


def _rate(factor: float, top: Hand, bottom: Hand, least: float = 0) -> Hand:
    days = _in(top, bottom)
    return _least(factor * top[days] / bottom[days], bottom[days], least)


MOVES_IN = ("aus Umland", "aus übrigem Inland", "aus Ausland")
MOVES_OUT = ("ins Umland", "ins übrige Inland", "ins Ausland")
SAMPLE: dict[str, Callable[[Town], Hand]] = {
    "altenquotient": lambda t: 100 * t.heads(65) / t.heads(20, 65),
    "billeter_mass": lambda t: (t.heads(0, 15) - t.heads(50)) / t.heads(15, 50),
    "wanderungssaldo": lambda t: _rate(
        1000, t.events("zuzuege", *MOVES_IN) - t.events("wegzuege", *MOVES_OUT),
        t.mean_population()),
    "durchschnittsalter": lambda t: t.mean_age(),
    "anteil_unter_18": lambda t: 100 * t.heads(0, 18) / t.heads(),
    "auslaenderanteil": lambda t: 100 * t.heads(group="nichtdeutsch") / t.heads(),
    "geburtenziffer": lambda t: _rate(
        1000, t.events("geburten", "Lebendgeborene"), t.mean_population()),
    "fruchtbarkeitsrate": lambda t: _rate(
        1000, t.events("geburten", "Lebendgeborene"),
        t.mean_population(low=15, high=45, sex="weiblich")),
    "sterbeziffer": lambda t: _rate(
        1000, t.events("sterbefaelle", "Sterbefälle"), t.mean_population()),
    "einbuergerungsquote": lambda t: _rate(
        1000, t.events("einbuergerungen", "Einbürgerungen"),
        t.mean_population(group="nichtdeutsch")),
    "mobilitaetsziffer": lambda t: _rate(
        1000, t.events("zuzuege", *MOVES_IN) + t.events("wegzuege", *MOVES_OUT),
        t.mean_population()),
    "einpersonenhaushalte": lambda t: _rate(
        100, t.variable(t.social, "Einpersonenhaushalte"),
        t.variable(t.social, "Privathaushalte")),
    "sgb2_quote": lambda t: _rate(
        100, t.variable(t.social, "Personen mit SGB-II-Leistungen"), t.heads(0, 65)),
    "kinderarmut": lambda t: _rate(
        100, t.variable(t.social, "darunter unter 15 Jahren"), t.heads(0, 15)),
    "arbeitslosenanteil": lambda t: _rate(
        100, t.variable(t.social, "Arbeitslose"), t.heads(15, 65)),
    "pkw_dichte": lambda t: _rate(1000, t.variable(t.social, "Pkw privat"), t.heads()),
    "wohnungen_je_1000": lambda t: _rate(
        1000, t.variable(t.dwellings, "Wohnungen"), t.heads()),
    "efh_anteil": lambda t: _rate(
        100, t.variable(t.dwellings, "darunter in Ein- und Zweifamilienhäusern"),
        t.variable(t.dwellings, "Wohnungen")),
    "wohnflaeche_je_einwohner": lambda t: _rate(
        1000, t.variable(t.dwellings, "Wohnfläche in 1 000 m²"), t.heads()),
}  # fmt: skip


@pytest.fixture(scope="module")
def town_by_hand(sample_town: Path) -> Town:
    return Town(sample_town)


@pytest.fixture(scope="module")
def sample_session(sample: Imported, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    yield from opened(sample, tmp_path_factory.mktemp("handstadt"))


@pytest.mark.parametrize("indicator", SAMPLE)
def test_sample_town_by_hand(sample_session: Session, town_by_hand: Town, indicator: str) -> None:
    hand = SAMPLE[indicator](town_by_hand)
    definition = sample_session.catalogue.get(indicator)
    table = sample_session.compute(indicator, "stadtviertel")
    if definition.minimum_base and table.base is not None:
        # the base itself is by hand too: the denominator of the fraction
        days = [d.isoformat() for d in table.dates]
        for i, key in enumerate(table.areas):
            for day in hand.columns:
                if key in hand.index and table.base[i, days.index(day)] < definition.minimum_base:
                    hand.loc[key, day] = np.nan
                    assert not np.isfinite(table.values[i, days.index(day)])
    assert compared(sample_session, indicator, "stadtviertel", hand, "0111") >= 300


# -- everything that can be computed is ------------------------------------------------------------


def everything(session: Session) -> tuple[int, int, int]:
    """Compute every indicator whose inputs are there on every level: numbers of indicators, of
    indicators per level, and of values. Each has finite values or says why not, never both."""
    ready: set[str] = set()
    tables = values = 0
    for level in [lv.key for lv in session.areas.levels]:
        for choice in session.choices(level):
            if not choice.ready:
                assert choice.missing
                continue
            table = session.compute(choice.definition.id, level)
            known = has_value(table.status)
            assert table.dates, (choice.definition.id, level)
            assert np.isfinite(table.values[known]).all(), choice.definition.id
            assert np.isnan(table.values[~known]).all(), choice.definition.id
            # Where one quarter is kept secret, the town's own value is secret too.
            assert known.any() or (table.status == Status.SECRET).any(), (
                choice.definition.id, level)  # fmt: skip
            ready.add(choice.definition.id)
            tables += 1
            values += int(known.sum())
    return len(ready), tables, values


@pytest.mark.realdata
@pytest.mark.slow
def test_everything_computes_for_vienna(vienna_session: Session) -> None:
    found = everything(vienna_session)
    print("Wien: Indikatoren, Indikatoren × Ebenen, Werte:", *found)
    assert found[0] >= 38
    assert CITY in {lv.key for lv in vienna_session.areas.levels}


@pytest.mark.slow
def test_everything_computes_for_the_sample_town(sample_session: Session) -> None:
    found = everything(sample_session)
    print("Beispielstadt: Indikatoren, Indikatoren × Ebenen, Werte:", *found)
    assert found[0] >= 100
