"""Tables and recipes become data sets; every doubtful cell is named with its place."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from monitor_app.core.ages import AgeAxis
from monitor_app.core.batch import ImportContext
from monitor_app.core.datasets import DatasetInfo, DatasetSpec, Kind
from monitor_app.core.issues import Severity, errors
from monitor_app.core.status import Status
from tests.exchange.mapping_tools import approx, codes, map_one, only, table

LONG = """\
  - kind: population
    dataset: population
    name: Bevölkerung
    level: viertel
    area: {column: Nr}
    date: {column: Stichtag}
    sex: {column: Geschlecht}
    values: [{column: Anzahl}]
"""
HEAD = ("Nr", "Stichtag", "Geschlecht", "Anzahl")
ROWS = (
    ("01", "31.12.2023", "m", "10"), ("01", "31.12.2023", "w", "11"),
    ("02", "31.12.2023", "m", "20"), ("02", "31.12.2023", "w", "21"),
    ("01", "31.12.2024", "m", "12"), ("01", "31.12.2024", "w", "13"),
    ("02", "31.12.2024", "m", "22"), ("02", "31.12.2024", "w", "23"),
)  # fmt: skip
KNOWN = {"viertel": ("01", "02")}


def changed(index: int, column: int, text: str) -> tuple[tuple[str, ...], ...]:
    rows = [list(r) for r in ROWS]
    rows[index][column] = text
    return tuple(tuple(r) for r in rows)


def test_a_long_table_becomes_a_cube() -> None:
    mapped = map_one(LONG, table(HEAD, ROWS), known=KNOWN)
    assert mapped.table is not None
    cube = mapped.table.cube
    assert cube.dims == ("area", "date", "sex")
    assert cube.labels["sex"] == ("m", "f")
    assert cube.dates == (date(2023, 12, 31), date(2024, 12, 31))
    assert cube.values[1, 0].tolist() == [20, 21]
    assert cube.totals() == {date(2023, 12, 31): 62.0, date(2024, 12, 31): 70.0}
    assert [(c.in_file, c.stored) for c in mapped.comparisons] == [(62, 62), (70, 70)]
    assert not mapped.issues


def test_wide_columns_give_the_same_cube_as_long_rows() -> None:
    wide = """\
  - kind: population
    dataset: population
    name: Bevölkerung
    level: viertel
    area: {column: Nr}
    date: {column: Jahr}
    values: [{pattern: "(Männer|Frauen) (.+)", sex: "{1}", age: "{2}"}]
"""
    content = table(
        (
            "Nr",
            "Jahr",
            "Männer u3",
            "Männer 3b6",
            "Männer 6+",
            "Frauen u3",
            "Frauen 3b6",
            "Frauen 6+",
        ),
        [
            ("01", "2024", "1", "2", "3", "4", "5", "6"),
            ("02", "2024", "7", "8", "9", "1", "2", "3"),
        ],
    )
    mapped = map_one(wide, content, known=KNOWN)
    assert mapped.table is not None
    cube = mapped.table.cube
    assert cube.ages == AgeAxis.from_lows((0, 3, 6))
    assert cube.values[0, 0].tolist() == [[1, 2, 3], [4, 5, 6]]
    assert cube.values[1, 0].tolist() == [[7, 8, 9], [1, 2, 3]]


def test_one_file_feeds_several_data_sets_with_fixed_partners() -> None:
    content = """\
  - kind: moves_in
    dataset: moves_in
    name: Zuzüge
    level: city
    date: {column: Jahr}
    values:
      - {column: aus Ausland, partner: abroad}
      - {column: aus Inland, partner: domestic}
"""
    rows = [("2023", "5", "7"), ("2024", "6", "8")]
    mapped = map_one(content, table(("Jahr", "aus Ausland", "aus Inland"), rows))
    assert mapped.table is not None
    assert mapped.table.cube.labels["partner"] == ("abroad", "domestic")
    assert mapped.table.cube.areas == ("city",)
    assert mapped.table.cube.values[0].tolist() == [[5, 7], [6, 8]]
    assert mapped.table.spec.time == "period"


def test_duplicate_rows_are_named_with_both_lines() -> None:
    mapped = map_one(LONG, table(HEAD, (*ROWS, ROWS[2])), known=KNOWN)
    issue = only(mapped.issues, "duplicate-row")
    assert issue.severity is Severity.ERROR
    assert (issue.row, issue.column, issue.value) == (10, "Anzahl", "20")
    assert "4" in issue.message  # the first line
    assert issue.repair


def test_the_same_date_in_two_files_is_a_duplicate() -> None:
    mapped = map_one(
        LONG, table(HEAD, ROWS, name="a.csv"), table(HEAD, ROWS[:4], name="b.csv"), known=KNOWN
    )
    assert codes(mapped.issues).count("duplicate-row") == 4
    assert {i.file for i in mapped.issues} == {"b.csv"}


def test_codes_that_a_map_merges_are_summed_not_duplicates() -> None:
    content = LONG.replace(
        "sex: {column: Geschlecht}", "group: {column: Geschlecht, map: {m: all, w: all}}"
    )
    mapped = map_one(content, table(HEAD, ROWS), known=KNOWN)
    assert mapped.table is not None
    assert "duplicate-row" not in codes(mapped.issues)
    assert mapped.table.cube.values[:, 0, 0].tolist() == [21, 41]


def test_negative_counts_are_errors_with_their_cell() -> None:
    mapped = map_one(LONG, table(HEAD, changed(3, 3, "-21")), known=KNOWN)
    issue = only(mapped.issues, "negative-count")
    assert (issue.severity, issue.row, issue.value) == (Severity.ERROR, 5, "-21")


def test_broken_counts_are_warned_about() -> None:
    mapped = map_one(LONG, table(HEAD, changed(3, 3, "21,5")), known=KNOWN)
    assert only(mapped.issues, "broken-count").row == 5


def test_a_number_that_proves_neither_reading_blocks_until_the_recipe_answers() -> None:
    rows = changed(3, 3, "1.234")
    mapped = map_one(LONG, table(HEAD, rows), known=KNOWN)
    issue = only(mapped.issues, "number-ambiguous")
    assert (issue.severity, issue.row, issue.value) == (Severity.ERROR, 5, "1.234")
    for rule, value in (('{thousands: "."}', 1234.0), ("{columns: {Anzahl: .}}", 1.234)):
        content = LONG + "    fractions: true\n"
        answered = map_one(content, table(HEAD, rows), known=KNOWN, numbers=rule)
        assert answered.table is not None
        assert not errors(answered.issues)
        assert answered.table.cube.values[1, 0, 1] == approx(value)


def test_unknown_area_keys_are_errors_or_kept_on_request() -> None:
    rows = (*ROWS, ("99", "31.12.2024", "m", "5"))
    mapped = map_one(LONG, table(HEAD, rows), known=KNOWN)
    issue = only(mapped.issues, "area-unknown")
    assert (issue.severity, issue.row, issue.column, issue.value) == (
        Severity.ERROR, 10, "Nr", "99",
    )  # fmt: skip
    kept = map_one(LONG + "    unknown_areas: keep\n", table(HEAD, rows), known=KNOWN)
    assert only(kept.issues, "area-without-boundary").severity is Severity.WARNING
    assert kept.unknown == {"99": {}}
    assert kept.table is not None
    assert kept.table.cube.totals()[date(2024, 12, 31)] == 75


def test_numbers_for_a_level_without_boundaries_ask_for_them_first() -> None:
    assert "level-unknown" in codes(map_one(LONG, table(HEAD, ROWS)).issues)


def test_lost_zeros_of_keys_are_repaired_with_a_report() -> None:
    rows = tuple((r[0].lstrip("0"), *r[1:]) for r in ROWS)
    mapped = map_one(LONG, table(HEAD, rows), known=KNOWN)
    issue = only(mapped.issues, "keys-repaired")
    assert (issue.count, issue.value) == (2, "1")
    assert mapped.table is not None
    assert mapped.table.cube.areas == ("01", "02")


def test_missing_rows_are_missing_and_never_zero() -> None:
    mapped = map_one(LONG, table(HEAD, ROWS[:-1]), known=KNOWN)
    assert mapped.table is not None
    cube = mapped.table.cube
    assert np.isnan(cube.values[1, 1, 1])
    assert cube.status[1, 1, 1] == Status.MISSING
    assert only(mapped.issues, "combination-missing").severity is Severity.WARNING
    zero = map_one(LONG + "    absent: zero\n", table(HEAD, ROWS[:-1]), known=KNOWN)
    assert zero.table is not None
    assert zero.table.cube.values[1, 1, 1] == 0
    assert only(zero.issues, "combination-missing").severity is Severity.INFO


def test_signs_keep_their_status_and_empty_cells_are_missing() -> None:
    rows = [list(r) for r in ROWS]
    rows[0][3], rows[1][3], rows[2][3], rows[3][3] = ".", "", "-", "/"
    mapped = map_one(LONG, table(HEAD, rows), known=KNOWN)
    assert mapped.table is not None
    status = mapped.table.cube.status[:, 0]
    assert status.tolist() == [
        [Status.SECRET, Status.MISSING],
        [Status.OK, Status.TOO_UNCERTAIN],
    ]
    assert mapped.table.cube.values[1, 0, 0] == 0


def test_total_rows_are_left_out_reported_and_compared() -> None:
    content = LONG + "    ignore: [{column: Nr, equals: insgesamt, role: total}]\n"
    total = [("insgesamt", "31.12.2023", "m", "30"), ("insgesamt", "31.12.2023", "w", "33")]
    mapped = map_one(content, table(HEAD, (*ROWS, *total)), known=KNOWN)
    assert only(mapped.issues, "rows-ignored").count == 2
    stated = [c for c in mapped.comparisons if c.note]
    assert [(c.in_file, c.stored) for c in stated] == [(63.0, 62.0)]
    assert only(mapped.issues, "total-differs").severity is Severity.WARNING


def test_sex_and_age_totals_inside_a_dimension_are_left_out() -> None:
    rows = (*ROWS, ("01", "31.12.2023", "insgesamt", "21"))
    mapped = map_one(LONG, table(HEAD, rows), known=KNOWN)
    assert mapped.table is not None
    assert mapped.table.cube.totals()[date(2023, 12, 31)] == 62
    assert only(mapped.issues, "total-left-out").severity is Severity.INFO


def test_missing_columns_are_named_with_those_at_hand() -> None:
    mapped = map_one(LONG, table(("Nr", "Datum", "Geschlecht", "Anzahl"), ROWS), known=KNOWN)
    issue = only(mapped.issues, "column-missing")
    assert issue.column == "Stichtag"
    assert "Datum" in (issue.repair or "")


def test_areas_and_dates_that_are_missing_are_reported() -> None:
    rows = tuple(
        ("01", str(year), "m", "10") for year in (2010, 2011, 2012, 2014, 2015, 2016)
    )  # fmt: skip
    mapped = map_one(LONG, table(HEAD, rows), known=KNOWN)
    assert only(mapped.issues, "areas-missing").value == "02"
    assert "31.12.2013" in only(mapped.issues, "dates-missing").message


AGES = """\
  - kind: population
    dataset: population
    name: Bevölkerung
    level: city
    date: {file: "(\\\\d{4})"}
    age: {column: Alter, last_open: true}
    values: [{column: Anzahl}]
"""


def pyramid(year: int, last: int, count: str = "1") -> object:
    rows = [(str(age), count) for age in range(last + 1)]
    return table(("Alter", "Anzahl"), rows, name=f"pyramide_{year}.csv")


def test_differing_open_ends_are_summed_to_the_common_axis() -> None:
    mapped = map_one(AGES, pyramid(2020, 104), pyramid(2021, 106), pyramid(2022, 105))
    assert mapped.table is not None
    cube = mapped.table.cube
    assert cube.ages == AgeAxis.single_years(104)
    assert cube.values[0, :, -1].tolist() == [1, 3, 2]
    assert list(cube.totals().values()) == [105, 107, 106]
    assert only(mapped.issues, "ages-harmonised").count == 2


def test_groups_without_common_division_are_refused_not_split() -> None:
    old = table(("Alter", "Anzahl"), [("0-2", "3"), ("3-9", "4")], name="a_2020.csv")
    new = table(("Alter", "Anzahl"), [("1-4", "3"), ("5-9", "4")], name="a_2021.csv")
    closed = AGES.replace(", last_open: true", "")
    mapped = map_one(closed, old, new)
    assert mapped.table is None
    assert "ages-without-common-axis" in codes(mapped.issues)


def test_overlapping_age_groups_are_refused() -> None:
    rows = [("0-5", "3"), ("3-9", "4"), ("10+", "1")]
    mapped = map_one(AGES, table(("Alter", "Anzahl"), rows, name="a_2020.csv"))
    assert mapped.table is None
    assert "ages-overlap" in codes(mapped.issues)


def test_a_delivery_is_summed_to_the_axis_of_the_project() -> None:
    spec = DatasetSpec("population", Kind.POPULATION, "Bevölkerung", "city")
    axis = AgeAxis.from_lows((0, 3, 6))
    info = DatasetInfo(spec, ("area", "date", "age"), (), {}, 1, axis.encode())
    context = ImportContext(datasets=(info,))
    mapped = map_one(AGES, pyramid(2020, 10), context=context)
    assert mapped.table is not None
    assert mapped.table.cube.ages == axis
    assert mapped.table.cube.values[0, 0].tolist() == [3, 3, 5]
    coarse = table(("Alter", "Anzahl"), [("0-4", "3"), ("5+", "4")], name="a_2020.csv")
    refused = map_one(AGES, coarse, context=context)
    assert refused.table is None
    assert errors(refused.issues)


def test_sparse_events_get_the_stated_axis_with_zeros() -> None:
    content = AGES.replace("last_open: true", 'axis: "10..49"') + "    absent: zero\n"
    rows = [("23", "1"), ("31", "2")]
    mapped = map_one(content, table(("Alter", "Anzahl"), rows, name="g_2020.csv"))
    assert mapped.table is not None
    cube = mapped.table.cube
    assert cube.ages == AgeAxis.from_lows(tuple(range(10, 50)), 50)
    assert cube.values.sum() == 3
    assert not np.isnan(cube.values).any()


def test_areas_that_do_not_exist_on_a_date_hold_nobody() -> None:
    spans = {"viertel": {"02": ((date(2024, 1, 1), None),)}}
    rows = [r for r in ROWS if not (r[0] == "02" and "2023" in r[1])]
    mapped = map_one(LONG, table(HEAD, rows), known=KNOWN, spans=spans)
    assert mapped.table is not None
    assert mapped.table.cube.values[1, 0].tolist() == [0, 0]
    assert mapped.table.cube.sum("area").totals()[date(2023, 12, 31)] == 21
    assert "combination-missing" not in codes(mapped.issues)
    told = map_one(LONG, table(HEAD, ROWS), known=KNOWN, spans=spans)
    assert only(told.issues, "area-outside-validity").value == "02"


def block_rows(slip: bool) -> list[tuple[str, ...]]:
    """Four years, written year by year; the first area carries the year before from the second
    block on, as an office's export did."""
    rows = []
    for year in range(2014, 2018):
        for area in range(1, 41):
            own = year - 1 if slip and area == 1 and year > 2014 else year
            rows.append((f"{area:02d}", str(own), "m", str(year - 2000 + area)))
    return rows


@pytest.mark.parametrize("mend", [False, True])
def test_rows_whose_date_contradicts_their_block_are_listed(mend: bool) -> None:
    content = LONG + ("    repair: [date_from_block]\n" if mend else "")
    known = {"viertel": [f"{i:02d}" for i in range(1, 41)]}
    mapped = map_one(content, table(HEAD, block_rows(slip=True)), known=known)
    found = [i for i in mapped.issues if i.code == "date-contradicts-block"]
    assert [(i.row, i.value) for i in found] == [(42, "2014"), (82, "2015"), (122, "2016")]
    assert bool(errors(mapped.issues)) is not mend
    if mend:
        good = map_one(content, table(HEAD, block_rows(slip=False)), known=known)
        assert mapped.table is not None
        assert good.table is not None
        np.testing.assert_array_equal(mapped.table.cube.values, good.table.cube.values)
    else:
        assert "duplicate-row" in codes(mapped.issues)
        assert "date_from_block" in (found[0].repair or "")


def test_files_in_order_have_no_stray_rows() -> None:
    by_area = sorted(block_rows(slip=False))
    known = {"viertel": [f"{i:02d}" for i in range(1, 41)]}
    for rows in (block_rows(slip=False), by_area):
        mapped = map_one(LONG, table(HEAD, rows), known=known)
        assert "date-contradicts-block" not in codes(mapped.issues)
