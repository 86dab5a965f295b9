"""docs/contract.md: every rule of the wire is in it, with a test that exists and shows it."""

import ast
import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
TABLE = ROOT / "docs" / "contract.md"
SECTIONS = {
    *("1.1", "1.2", "1.3", "1.4", "1.5", "1.6", "2", "3", "3.1", "3.2", "3.3", "3.4", "3.5"),
    *("4", "4.1", "4.2", "4.3", "4.4", "4.5", "4.6", "4.7", "5", "5.1", "5.2", "5.3", "5.4"),
    *("6", "6.1", "7.1", "7.2", "7.3", "7.4", *(f"12.{number}" for number in range(1, 16))),
}
CELLS = 4
NOT_APPLICABLE = "not applicable: "
VERDICTS = ("same", "different: ", "open: ", NOT_APPLICABLE)


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    """The section, and for most rows what it is about."""
    rule: str
    here: str
    """What we do: one of VERDICTS, and why unless it is the same."""
    tests: tuple[str, ...]


def rows() -> list[Row]:
    found = []
    for line in TABLE.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if line.startswith("|") and cells[0][:1].isdigit():
            assert len(cells) == CELLS, line
            name, rule, here, tests = cells
            found.append(Row(name, rule, here, tuple(re.findall(r"`([^`]+)`", tests))))
    return found


def names_in(path: Path) -> set[str]:
    """Return the names of test functions, and of test cases made by assignment."""
    names = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            names.add(node.targets[0].id)
    return {name for name in names if name.lower().startswith("test")}


def test_every_section_of_the_contract_has_its_rows() -> None:
    assert {row.name.split()[0] for row in rows()} == SECTIONS


def test_no_rule_is_listed_twice() -> None:
    names = [row.name for row in rows()]
    assert len(names) == len(set(names))


def test_every_rule_has_a_verdict() -> None:
    assert [row.name for row in rows() if not row.here.startswith(VERDICTS)] == []


def test_every_rule_is_shown_by_a_test_or_does_not_apply() -> None:
    unshown = [row.name for row in rows() if not row.tests]
    assert unshown == [row.name for row in rows() if row.here.startswith(NOT_APPLICABLE)]


def test_every_test_that_is_named_exists() -> None:
    for row in rows():
        for test in row.tests:
            path, _, name = test.partition("::")
            assert (ROOT / path).is_file(), f"{row.name}: {test}"
            if path.endswith(".py"):
                assert name in names_in(ROOT / path), f"{row.name}: {test}"
            else:  # a golden conversation is a test of its own
                assert path.startswith("tests/conversations/"), f"{row.name}: {test}"
