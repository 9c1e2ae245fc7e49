"""Whatever is wrong in the file of a template is one message with its place, before a row is drawn."""

from pathlib import Path

import pytest

from gristmill.errors import UsageError
from gristmill.generators.template import Template, template

pytest.importorskip("yaml")

DIE = 'kind = "integer"\nlow = 1\nhigh = 6\n'
KINDS = '[fields.k]\nkind = "choice"\noptions = ["x", "y"]\n[fields.a]\nkind = "cases"\nof = "k"\n'
NESTED = '[fields.s]\nkind = "{}"\n{}\n[fields.s.fields.a]\n' + DIE
WEIGHTS = '[fields.a]\nkind = "choice"\noptions = ["x", "y"]\nweights = '
FAKE = '[fields.a]\nkind = "fake"\nprovider = '


def read(text: str, folder: Path, ending: str) -> Template:
    """Return the template of a file with this text."""
    path = folder / f"t{ending}"
    path.write_text(text)
    return template(str(path))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (NESTED.format("space", 'wher = "a > 1"'), "fields.s: Unknown entry 'wher'. Did you mean 'where'"),
        (NESTED.format("space", 'unit = "m"'), "fields.s: Unknown entry 'unit'"),
        (NESTED.format("many", "counts.options = [1]\nsize = 3"), "fields.s: Unknown entry 'size'"),
        (NESTED.format("space", 'where = "a + 1"'), "fields.s.where: expected what is true or false"),
        (
            NESTED.format("many", 'counts.options = [1]\nwhere = "a + 1"'),
            "fields.s.where: expected what is true or",
        ),
        (
            KINDS + 'cases.x = { kind = "flag", rate = 0.5, missing = 0.2 }',
            "fields.a.cases.x: expected missing at",
        ),
        (
            KINDS + 'cases.x = { kind = "flag", rate = 0.5, hidden = true }',
            "fields.a.cases.x: expected hidden at",
        ),
        (
            KINDS
            + 'cases.x = { kind = "space", where = "b > 2", fields.b = { kind = "poisson", mean = 1 } }',
            "fields.a.cases.x: expected where at the table",
        ),
        (
            KINDS + 'cases.x = { kind = "flag", rate = 0.5 }',
            "fields.a.cases: expected one for k 'y', or otherwise",
        ),
        (
            KINDS + 'cases.x = { kind = "flag", rate = 0.5 }\ncases.y = { kind = "constant", value = "z" }',
            "fields.a: Expected cases with values of one type",
        ),
        ('[fields.a]\nhidden = "false"\n' + DIE, "fields.a.hidden: expected true or false, got 'false'"),
        ('[fields."a is missing"]\n' + DIE, "fields.a is missing: expected another name"),
        (
            f'[fields.row]\n{DIE}[fields.a]\nkind = "derived"\nvalue = "row + 1"',
            "fields.row: expected another",
        ),
        ("correlated = 5\n[fields.a]\n" + DIE, "correlated: expected a list of groups of fields, got 5"),
        ("tables = 5", "tables: expected at least one by its name, got 5"),
        ("tables = {}", "tables: expected at least one by its name"),
        ("tables.a = 5", "tables.a: expected entries by name, got 5"),
        ("name = 5\n[fields.a]\n" + DIE, "name: expected a text, got 5"),
        ('[fields.a]\nkind = ["x"]', "fields.a: Unknown kind"),
        (
            f'[fields.a]\n{DIE}[fields.b]\nkind = "flag"\nrate = 0\nwhen.a = [[true]]',
            "fields.b.when.a: expected a text",
        ),
        (
            f'[fields.self]\n{DIE}[fields.b]\nkind = "flag"\nrate = 0\nwhen.self = [1]',
            "fields.b.when: expected a field",
        ),
        (
            f'[fields.a]\n{DIE}[fields.b]\nkind = "flag"\nrate = 0\nwhen.a = ["x"]',
            "Field 'b' exists where 'a' is 'x', which it never is",
        ),
        (
            'where = "a + 1"\n[fields.a]\n' + DIE,
            "where: expected what is true or false of a row, got 'a . 1'",
        ),
        (f"[fields.a]\nkind = 'integer'\nlow = 1\nhigh = {'9' * 5_000}", "Expected plain data"),
        (
            f"[fields.a]\nkind = 'integer'\nlow = 1\nhigh = {'9' * 50}",
            "fields.a.high: expected a whole number of 64",
        ),
        (f"a = {'[' * 3_000}{']' * 3_000}", "Expected plain data"),
        (f"a = {'[' * 200}{']' * 200}", "expected at most 50 tables and lists within one another"),
        (WEIGHTS + "[1e308, 1e308]", "fields.a.weights: expected numbers that can be added up"),
        (WEIGHTS + "[1e-320, 1e300]", "fields.a.weights: expected numbers that can be added up"),
        ('[fields.a]\nkind = "choice"\noptions = ["x", 1]', "fields.a: Expected values of one type"),
        (
            '[fields.k]\nkind = "flag"\nrate = 0\n[fields.a]\nkind = "derived"\nvalue = "k + 1"',
            "fields.a: Expected",
        ),
        (
            f'[fields.a]\nkind = "pattern"\npattern = "{"x" * 40_000}"',
            "fields.a.pattern: expected at most 1,000",
        ),
        (FAKE + '"seed_instance"', "fields.a: Expected a locale and the name of a provider"),
        (FAKE + '"__class__"', "fields.a: Expected a locale and the name of a provider"),
        (FAKE + '"enum"', "fields.a: Expected a provider of Faker's that needs no arguments, got 'enum'"),
        (
            FAKE + '"date_this_month"',
            "fields.a: Expected a provider .* 'date_this_month', which reads the clock",
        ),
        (FAKE + '"ssn"\nlocale = "sv_SE"', "'ssn', which reads the clock"),
        (FAKE + '"binary"\nsize = 1', "fields.a: Expected a provider of texts or numbers"),
    ],
)
def test_a_mistake_is_told_with_its_place(text: str, message: str, tmp_path: Path) -> None:
    """Entries that nothing reads, values of another kind, names that are taken, what could not be drawn."""
    with pytest.raises(UsageError, match=message):
        read(text, tmp_path, ".toml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("fields:\n  a: {kind: flag, rate: 0.5}\n  a: {kind: flag, rate: 0.1}\n", "Line 3: .* got 'a' twice"),
        ("fields:\n  a: &x {kind: flag, rate: 0.5}\n  b: *x\n", "Line 3: expected no aliases"),
        ("fields: &x\n  a: *x\n", "Line 2: expected no aliases"),
        ("? [a, b]\n: 1\n", "Line 1: expected a text as a name"),
        ("fields: !!set {a, b}\n", "Line 1: expected no tags"),
        ("fields:\n  a: {kind: date, start: 2024-02-30, end: 2024-03-01}\n", "fields.a: .*2024-02-30"),
        (f"a: {'9' * 5_000}", "Expected plain data"),
        (f"a: {'[' * 3_000}{']' * 3_000}", "Expected plain data"),
        ("--- 1\n--- 2\n", "Expected YAML, got"),
        ("", "Expected entries by name, got None"),
    ],
)
def test_a_mistake_in_yaml_is_told_too(text: str, message: str, tmp_path: Path) -> None:
    """What would win silently, grow without end or become something else."""
    with pytest.raises(UsageError, match=message):
        read(text, tmp_path, ".yaml")


def test_yaml_is_what_it_reads_as(tmp_path: Path) -> None:
    """Norway stays a text, ten has a zero before it, and names of fields and cases are those that are written."""
    found = read(
        "fields:\n"
        "  on: {kind: choice, options: [NO, no, off, 2024-02-30]}\n"
        "  1: {kind: choice, options: [010, 0x10]}\n"
        "  flag: {kind: flag, rate: 5e-1}\n"
        "  a: {kind: cases, of: flag, cases: {true: {kind: constant, value: y}, false: {kind: constant, value: n}}}\n",
        tmp_path,
        ".yaml",
    )
    rows = found.table(0, range(200), 200).to_pylist()

    assert {"NO", "no", "off", "2024-02-30"} == {row["on"] for row in rows}
    assert {10, 16} == {row["1"] for row in rows}
    assert {(True, "y"), (False, "n")} == {(row["flag"], row["a"]) for row in rows}


def test_what_says_that_a_value_is_missing_is_no_part_of_a_record(tmp_path: Path) -> None:
    """Records within rows have the fields that the template names, hidden ones where they are asked for."""
    text = '[fields.s]\nkind = "many"\ncounts.options = [2]\n[fields.s.fields]\n'
    inner = 'a = { kind = "flag", rate = 0, missing = 0.5 }\nb = { kind = "flag", rate = 0, hidden = true }\n'
    found = read(text + inner, tmp_path, ".toml")

    for hidden, names in ((False, {"a"}), (["s.b"], {"a", "b"}), (True, {"a", "b"})):
        for row in found.table(0, range(3), 3, hidden=hidden).to_pylist():
            assert [names, names] == [set(one) for one in row["s"]]
