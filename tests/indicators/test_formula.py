"""The formula language: what it means, what it refuses, and where it points at."""

from __future__ import annotations

import string
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from towns import FakeSource, catalogue, stock, town

from monitor_app.core.datasets import Kind
from monitor_app.core.issues import UserError
from monitor_app.core.status import Status
from monitor_app.indicators.definitions import IndicatorDef
from monitor_app.indicators.engine import Engine
from monitor_app.indicators.formula import parse
from monitor_app.indicators.functions import FUNCTIONS
from monitor_app.indicators.parser import CALLABLE
from monitor_app.indicators.tree import Binary, CodeTest, Filter, Input, Name, Number


def population(**conditions: object) -> Input:
    return Input(Kind.POPULATION, Filter(**conditions))  # type: ignore[arg-type]


def test_reads_the_old_age_ratio() -> None:
    tree = parse("100 * pop(age >= 65) / pop(age 20..64)").tree
    assert tree == Binary(
        "/", Binary("*", Number(100.0), population(lo=65)), population(lo=20, hi=65)
    )


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("pop(age 20..64)", {"lo": 20, "hi": 65}),
        ("pop(age in 20..64)", {"lo": 20, "hi": 65}),
        ("pop(age 20 .. 64)", {"lo": 20, "hi": 65}),
        ("pop(20 <= age < 65)", {"lo": 20, "hi": 65}),
        ("pop(20 <= age and age <= 64)", {"lo": 20, "hi": 65}),
        ("pop(age > 19, age < 65)", {"lo": 20, "hi": 65}),
        ("pop(age ≥ 20, age ≤ 64)", {"lo": 20, "hi": 65}),
        ("pop(age < 3)", {"hi": 3}),
        ("pop(age = 0)", {"hi": 1}),
        ("pop(age 85..85)", {"lo": 85, "hi": 86}),
        ("pop(sex == f)", {"sex": CodeTest(frozenset("f"))}),
        ("pop(sex = w)", {"sex": CodeTest(frozenset("f"))}),
        ("pop(sex in (m, x))", {"sex": CodeTest(frozenset("mx"))}),
        ('pop(group != "AUT")', {"group": CodeTest(frozenset({"AUT"}), True)}),
        ('pop(group not in ("EEA", REU))', {"group": CodeTest(frozenset({"EEA", "REU"}), True)}),
        ("pop(\n  age >= 65,\n  sex = m\n)", {"lo": 65, "sex": CodeTest(frozenset("m"))}),
    ],
)
def test_reads_filters(text: str, condition: dict[str, object]) -> None:
    assert parse(text).tree == population(**condition)


def test_text_of_an_input_reads_back_as_the_same_input() -> None:
    for text in ("pop(age 20..64, sex == f)", "births(age < 20)", "moves_in(partner == abroad)",
                 "pop(group in (a, b))", "mean_age(age >= 18)", "mean_pop()"):  # fmt: skip
        tree = parse(text).tree
        assert isinstance(tree, Input)
        assert tree.text() == text
        assert parse(tree.text()).tree == tree


def test_derives_inputs_and_names() -> None:
    formula = parse('gesamt + variable("sgb2") / pop(age < 15) - pop(age < 15)')
    assert formula.names == ("gesamt",)
    assert [i.text() for i in formula.inputs] == ['variable("sgb2")', "pop(age < 15)"]


def test_numbers_may_have_leading_zeros() -> None:
    assert parse("007").tree == Number(7.0)


@pytest.mark.parametrize(
    ("text", "column", "suggestion"),
    [
        ("100 * popp(age >= 65)", 7, "pop"),
        ("100 * pop(agee >= 65)", 11, "age"),
        ("pop() / birth()", 9, "births"),
        ("pop(age >= 65) + ", 16, None),
        ("2 * pop(age >= 65", 8, None),
        ("pop(age 64..20)", 5, None),
        ("pop(age < 18 or age > 65)", 5, "pop(age < 18) + pop(age >= 65)"),
        ("pop(sex == q)", 12, "m, f, x"),
        ("pop / 2", 1, "pop()"),
        ("1 + age", 5, None),
        ("pop(f)", 5, "sex == f"),
        ("change(pop())", 1, "change(pop(), 5)"),
        ("lag(pop(), 1.5)", 12, None),
        ("lag(pop(), -1)", 12, None),
        ("pop(age >= 65.5)", 12, None),
        ("pop() ; pop()", 7, None),
        ('"text"', 1, None),
        ("surface(acres)", 1, "surface(km2)"),
    ],
)
def test_errors_name_the_column_and_suggest(text: str, column: int, suggestion: str | None) -> None:
    with pytest.raises(UserError) as caught:
        parse(text)
    issue = caught.value.issues[0]
    assert issue.column == str(column)
    assert suggestion is None or (issue.repair is not None and suggestion in issue.repair)


ATTACKS = [
    "__import__('os').system('true')",
    "().__class__.__bases__[0].__subclasses__()",
    "pop.__class__",
    "pop().real",
    "pop()[0]",
    "[x for x in (1, 2)]",
    "{1: 2}",
    "{1, 2}",
    "(lambda: 1)()",
    "lambda x: x",
    "f'{pop()}'",
    "'a' * 1000000000",
    "9**9**9**9",
    "2 ** pop()",
    "(2 ** 4) ** 99",
    "1 << 99999",
    "1 if 1 else 2",
    "(x := 5)",
    "eval('1')",
    "exec('1')",
    "open('/etc/passwd')",
    "getattr(pop, 'x')",
    "print(1)",
    "variable(pop())",
    "variable('a' 'b')",
    "variable(*args)",
    "pop(**{'age': 1})",
    "pop(*[1])",
    "pop(age >= pop())",
    "pop(sex == __import__)",
    "sum(x for x in y)",
    "await pop()",
    "yield 1",
    "not in",
    "1_000",
    "0x10",
    "1e400",
    "1j",
    "...",
    "pop()\x00",
    "\\",
    "#",
    "`pop`",
    "a.b.c",
    "a->b",
    "a@b",
    "a|b",
    "a//b",
    "a%b",
    "~a",
    "_x",
    "(1, 2)",
    "1 < 2 < 3",
    "None",
    "True",
    "pop() in (1, 2)",
    "(" * 5000 + "1" + ")" * 5000,
    "(" * 21 + "1" + ")" * 21,
    "-" * 1990 + "1",
    "not " * 300 + "1",
    "1+" * 999 + "1",
    "abs(" * 100 + "1" + ")" * 100,
    "9" * 1000,
    "x" * 100_000,
    "ｐｏｐ()",
    "pоp()",  # a Cyrillic o
    "",
    "   \n\t ",
    ",",
    ")",
    "pop()pop()",
    "pop() pop()",
    "20..64",
    "age 20..64",
    "pop(age 20..)",
    "pop(age 20..64..70)",
    "pop(age @ 20)",
    "'unclosed",
]


@pytest.mark.parametrize("text", ATTACKS, ids=lambda t: t[:30].encode("unicode_escape").decode())
def test_attacks_end_as_an_error_for_the_user(text: str) -> None:
    with pytest.raises(UserError) as caught:
        parse(text)
    issue = caught.value.issues[0]
    assert issue.column is not None
    assert int(issue.column) >= 1
    assert len(issue.message) < 400


def test_plus_signs_may_be_many_but_bounded() -> None:
    assert parse("+" * 50 + "1").tree == Number(1.0)


WORDS = st.sampled_from(
    [*CALLABLE, "age", "sex", "group", "f", "m", "and", "or", "not", "in", "where", "x", "20..64",
     "65", "0", "1.5", "(", ")", ",", "+", "-", "*", "/", "**", "==", "=", "<", ">=", '"a"', "..",
     " ", "lambda", "import", ".", "[", "]", ":", "é", "\n"]
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.lists(WORDS, max_size=25).map(" ".join) | st.lists(WORDS, max_size=25).map("".join))
def test_fuzz_of_words_raises_nothing_but_user_errors(text: str) -> None:
    _parses_or_tells(text)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60) | st.text(alphabet=string.printable, max_size=60))
def test_fuzz_of_characters_raises_nothing_but_user_errors(text: str) -> None:
    _parses_or_tells(text)


def _parses_or_tells(text: str) -> None:
    try:
        tree = parse(text).tree
    except UserError:
        return
    assert isinstance(hash(tree), int)


def test_every_function_reads_its_own_example() -> None:
    for name, signature in FUNCTIONS.items():
        assert parse(signature.example).text.startswith(name)


def test_dated_formulas_must_be_in_order() -> None:
    row = {
        "id": "x",
        "name": "x",
        "unit": "ratio",
        "formula": [{"from": "2024-01-01", "formula": "1"}, {"from": "2020-01-01", "formula": "2"}],
    }
    with pytest.raises(ValueError, match="order"):
        IndicatorDef.model_validate(row)


def test_a_plain_name_is_kept_for_the_catalogue() -> None:
    assert parse("altenquotient").tree == Name("altenquotient")


TERMS = st.recursive(
    st.sampled_from(
        ["1", "0", "2.5", "pop()", "pop(age >= 65)", "pop(age 20..64, sex == f)", "births()",
         "mean_pop()", "x", 'variable("v")', "surface(km2)", "mean_age()", "median_age()", "n"]
    ),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "<", "==", "and", "or"]), inner).map(
            lambda t: f"({t[0]} {t[1]} {t[2]})"
        ),
        inner.map(lambda t: f"-{t}"),
        inner.map(lambda t: f"(not {t})"),
        inner.map(lambda t: f"interpolate({t})"),
        st.tuples(st.sampled_from(sorted(FUNCTIONS)), st.lists(inner, min_size=1, max_size=3)).map(
            lambda t: f"{t[0]}({', '.join(t[1])})"
        ),
        st.tuples(st.sampled_from(["lag", "change", "mean_years", "change_percent"]), inner).map(
            lambda t: f"{t[0]}({t[1]}, 1)"
        ),
    ),
    max_leaves=6,
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(TERMS)
def test_fuzz_of_values_raises_nothing_but_user_errors(text: str) -> None:
    keys = ["11", "12", "21"]
    areas = town({"11": "1", "12": "1", "21": "2"}, surface={"11": 1e6})
    days = [date(2019, 12, 31), date(2020, 12, 31)]
    counts = [[[3, 0, 1], [0, 0, 0]], [[2, float("nan"), 1], [5, 5, 5]], [[1, 2, 3], [4, 5, 6]]]
    source = FakeSource().add("p", stock(keys, counts, days=days))
    v = stock(keys, [[0, 1], [-1, 2], [3, 3]], ages=None, days=days)
    source.add("v", v, kind=Kind.VARIABLE, variable="v", aggregation="mean:population")
    source.add("b", v, kind=Kind.BIRTHS, period=True)
    engine = Engine(areas, source, catalogue(f=text, n="pop()"))
    for level in ("viertel", "bezirk"):
        try:
            table = engine.compute("f", level)
        except UserError:
            continue
        known = table.status < Status.MISSING
        assert np.isfinite(table.values[known]).all()
        assert np.isnan(table.values[~known]).all()
        assert np.isnan(table.city_values[table.city_status >= Status.MISSING]).all()
        for j, day in enumerate(table.dates[-1:], start=len(table.dates) - 1):
            trace = engine.trace("f", level, table.areas[0], day)
            np.testing.assert_array_equal(trace.value, table.values[0, j])
