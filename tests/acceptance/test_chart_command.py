"""Charts from the command line: every kind and format, numbers held against scipy, the values of
the project and the raw files."""

from __future__ import annotations

import csv
import io
import math
import shutil
from collections import Counter
from pathlib import Path

import pytest
from commandline import Imported, done, monitor
from python_calamine import CalamineWorkbook
from scipy.stats import linregress

LEVEL = "stadtteil"
#: What each kind needs besides project, kind, level and file.
OPTIONS: dict[str, tuple[str, ...]] = {
    "ranking": ("-i", "altenquotient"),
    "timeline": ("-i", "altenquotient", "-a", "011"),
    "pyramid": ("-a", "011", "-a", "city"),
    "scatter": ("-i", "altenquotient", "--second", "auslaenderanteil"),
    "histogram": ("-i", "altenquotient"),
    "boxes": ("-i", "altenquotient", "--by", "stadtbezirk"),
    "radar": ("-a", "011"),
    "correlation": (),
    "components": (),
    "flows": (),
    "chord": (),
}


FORMATS = ((".png", b"\x89PNG"), (".svg", b"<?xml"), (".pdf", b"%PDF"))


def number(cell: str) -> float:
    return float(cell.replace(",", ".")) if cell not in ("", "…") else math.nan


def rows_of(path: Path) -> list[dict[str, str]]:
    """The numbers of an exported chart, German CSV; notes below the table are left out."""
    text = path.read_text(encoding="utf-8-sig")
    lines = [r for r in csv.reader(io.StringIO(text), delimiter=";") if r]
    head = next(i for i, r in enumerate(lines) if len(r) > 1)
    return [
        dict(zip(lines[head], r, strict=True))
        for r in lines[head + 1 :]
        if len(r) == len(lines[head])
    ]


def chart(project: Path, kind: str, out: Path, *options: object, level: str = LEVEL) -> Path:
    done("chart", project, "-k", kind, "-l", level, "-o", out, *options)
    return out


def values(project: Path, indicator: str, level: str = LEVEL) -> dict[tuple[str, str], float]:
    found = done("values", project, "-i", indicator, "-l", level)
    return {(v["area"], v["date"]): v["value"] for v in found["values"]}


@pytest.mark.parametrize("kind", list(OPTIONS))
def test_every_kind_is_written_as_picture_and_numbers(
    sample: Imported, tmp_path: Path, kind: str
) -> None:
    # Pictures of the first kinds, drawings of the others: each format is written more than once.
    ending, start = FORMATS[list(OPTIONS).index(kind) % len(FORMATS)]
    out = chart(sample.project, kind, tmp_path / f"{kind}{ending}", *OPTIONS[kind])
    assert out.read_bytes().startswith(start)
    chart(sample.project, kind, tmp_path / f"{kind}.xlsx", *OPTIONS[kind])
    book = CalamineWorkbook.from_path(tmp_path / f"{kind}.xlsx")
    assert len(book.get_sheet_by_index(0).to_python()) > 2


def test_scatter_agrees_with_scipy(sample: Imported, tmp_path: Path) -> None:
    rows = rows_of(chart(sample.project, "scatter", tmp_path / "s.csv", *OPTIONS["scatter"],
                         level="stadtviertel"))  # fmt: skip
    key, name, x_name, y_name, rest_name = rows[0]
    x, y, rest = ([number(r[c]) for r in rows] for c in (x_name, y_name, rest_name))
    assert (key, name) == ("Schlüssel", "Gebiet")
    foreign = values(sample.project, "auslaenderanteil", "stadtviertel")
    old = values(sample.project, "altenquotient", "stadtviertel")
    for row, a, b in zip(rows, x, y, strict=True):
        assert a == pytest.approx(foreign[row[key], "2024-12-31"])
        assert b == pytest.approx(old[row[key], "2024-12-31"])
    line = linregress(x, y)
    expected = [b - line.intercept - line.slope * a for a, b in zip(x, y, strict=True)]
    assert rest == pytest.approx(expected, abs=1e-9)
    svg = chart(sample.project, "scatter", tmp_path / "s.svg", *OPTIONS["scatter"],
                level="stadtviertel").read_text(encoding="utf-8")  # fmt: skip
    shown = f"{line.rvalue**2:.2f}".replace(".", ",")
    assert f"n = {len(x)}" in svg
    assert f"r² = {shown}" in svg
    if line.pvalue < 0.001:
        assert "p &lt; 0,001" in svg


def test_pyramid_adds_up_to_the_residents(sample: Imported, tmp_path: Path) -> None:
    people = values(sample.project, "einwohner")
    for area in ("011", "city"):
        rows = rows_of(chart(sample.project, "pyramid", tmp_path / f"{area}.csv", "-a", area,
                             "-d", "2010", "-d", "2024"))  # fmt: skip
        columns = list(rows[0])[2:]
        sums = [sum(number(r[c]) for r in rows) for c in columns]
        assert sums[0] + sums[1] == people[area, "2010-12-31"]
        assert sums[2] + sums[3] == people[area, "2024-12-31"]


def test_components_explain_the_change(sample: Imported, tmp_path: Path) -> None:
    people = values(sample.project, "einwohner")
    for area in ("011", "032", "city"):
        rows = rows_of(chart(sample.project, "components", tmp_path / f"{area}.csv", "-a", area))
        first, *_parts, balance = rows[0]
        assert len(rows) == 15
        for row in rows:
            year = int(row[first])
            change = people[area, f"{year}-12-31"] - people[area, f"{year - 1}-12-31"]
            assert number(row[balance]) == change
        assert len(_parts) == (2 if area == "city" else 3)  # nothing is left unexplained


def test_flows_are_those_of_the_file(sample: Imported, sample_town: Path, tmp_path: Path) -> None:
    """Summed from the raw file: origin and destination by the first three digits of a quarter."""
    expected: Counter[tuple[str, str]] = Counter()
    path = sample_town / "bewegungen" / "umzuege.csv"
    with path.open(encoding="cp1252", newline="") as file:
        for row in csv.DictReader(file, delimiter=";"):
            if row["Jahr"] == "2024":
                pair = row["Von_Viertel"][:3], row["Nach_Viertel"][:3]
                expected[pair] += int(row["Personen"] or 0)
    rows = rows_of(chart(sample.project, "flows", tmp_path / "f.csv"))
    info = done("values", sample.project, "-i", "einwohner", "-l", LEVEL)
    names = {v["name"]: v["area"] for v in info["values"]}
    found = {(names[r["Von"]], names[r["Nach"]]): number(r["Umzüge"]) for r in rows}
    assert sum(found.values()) > 1000
    assert found == {pair: expected[pair] for pair in found}
    assert sum(expected.values()) == sum(found.values())


def test_residuals_are_a_page(sample: Imported, tmp_path: Path) -> None:
    from pypdf import PdfReader

    out = chart(sample.project, "residuals", tmp_path / "r.pdf", *OPTIONS["scatter"])
    text = " ".join(PdfReader(out).pages[0].extract_text().split())
    assert "Residuen: Altenquotient" in text
    refused = monitor("chart", sample.project, "-k", "residuals", "-l", LEVEL, "-o",
                      tmp_path / "r.csv", *OPTIONS["scatter"])  # fmt: skip
    assert refused.code == 1


@pytest.mark.slow
def test_forecast_years_have_a_range(sample: Imported, tmp_path: Path) -> None:
    project, level = Path(shutil.copy(sample.project, tmp_path / "p.gpkg")), "stadtbezirk"
    made = done("forecast", project, "-l", level, "-n", "2", "--draws", "12")
    scenario = f"{made['spec']}/{made['scenarios'][0]['key']}"
    area = "01"
    rows = rows_of(
        chart(project, "pyramid", tmp_path / "p.csv", "-a", area, "-d", "2026", level=level)
    )
    columns = list(rows[0])[2:]
    assert len(columns) == 6  # persons, lower and upper bound by sex
    sums = [sum(number(r[c]) for r in rows) for c in columns]
    assert sums[2] + sums[3] < sums[0] + sums[1] < sums[4] + sums[5]
    found = done("values", project, "-i", "einwohner", "-l", level, "--origin", "forecast")
    ahead = {v["date"]: v["value"] for v in found["values"] if v["area"] == area}
    assert sums[0] + sums[1] == ahead["2026-12-31"]
    bars = rows_of(chart(project, "components", tmp_path / "c.csv", "-a", area, level=level))
    last = {next(iter(r.values())): number(list(r.values())[-1]) for r in bars}
    assert last["2026"] == ahead["2026-12-31"] - ahead["2025-12-31"]
    series = rows_of(
        chart(project, "timeline", tmp_path / "t.csv", "-i", "einwohner", "-a", area, "--scenario",
              scenario, level=level)
    )  # fmt: skip
    values_, lower, upper = (number(c) for c in list(series[-1].values())[1:4])
    assert values_ == ahead["2026-12-31"]
    assert lower < values_ < upper
    observed = list(series[0].values())
    assert math.isnan(number(observed[2].strip("…–")))


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("-k", "cake", "-l", LEVEL), "chart.kind"),
        (("-k", "scatter", "-l", LEVEL, "-i", "altenquotient"), "chart.second"),
        (("-k", "ranking", "-l", LEVEL), "chart.indicator"),
        (("-k", "radar", "-l", LEVEL, "-a", "999"), "unknown-area"),
        (("-k", "radar", "-l", "dorf"), "unknown-level"),
        (("-k", "flows", "-l", LEVEL, "-d", "1871"), "no_date"),
        (("-k", "pyramid", "-l", LEVEL, "-a", "011", "-a", "012", "-a", "013"), "pyramid.two"),
        (("-k", "scatter", "-l", LEVEL, "-i", "altenquotient", "--second", "altenquotient"),
         "chart.same"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_words(
    sample: Imported, tmp_path: Path, options: tuple[str, ...], code: str
) -> None:
    answer = monitor("chart", sample.project, *options, "-o", tmp_path / "x.png", "--json")
    assert answer.code == 1
    assert code in answer.codes()
    assert not (tmp_path / "x.png").exists()


def test_unknown_endings_are_refused(sample: Imported, tmp_path: Path) -> None:
    answer = monitor("chart", sample.project, "-k", "radar", "-l", LEVEL, "-o", tmp_path / "x.doc")
    assert answer.code == 1
    assert ".svg" in answer.err


def test_data_that_give_no_chart_say_what_is_missing(small: Path, tmp_path: Path) -> None:
    level = done("info", small)["levels"][0]["key"]
    for kind in ("pyramid", "components", "flows", "radar", "correlation"):
        answer = monitor("chart", small, "-k", kind, "-l", level, "-o", tmp_path / "x.png")
        assert answer.code == 1, kind
        assert "Lesen Sie" in answer.err or "lesen Sie" in answer.err, (kind, answer.err)


@pytest.mark.realdata
def test_vienna_has_a_remainder_for_what_it_lacks(vienna: Imported, tmp_path: Path) -> None:
    """No births and deaths are published there: the rest of the change is named as such."""
    rows = rows_of(chart(vienna.project, "components", tmp_path / "c.csv", level="bezirk"))
    people = values(vienna.project, "einwohner", "bezirk")
    assert any("Rest" in name for name in rows[0])
    for row in rows:
        year = int(next(iter(row.values())))
        change = people["city", f"{year + 1}-01-01"] - people["city", f"{year}-01-01"]
        assert number(list(row.values())[-1]) == change
    refused = monitor(
        "chart", vienna.project, "-k", "flows", "-l", "bezirk", "-o", tmp_path / "f.png"
    )
    assert refused.code == 1
    assert "Herkunft und Ziel" in refused.err
