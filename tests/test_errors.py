"""Every way to fail carries its wire form, and the tree drawn is the tree there is."""

import re

import pytest

from turnwise import errors
from turnwise.errors import CallError, ClientError, Refused, ServerError, TurnwiseError


def family(kind: type[TurnwiseError]) -> list[type[TurnwiseError]]:
    return [kind, *[each for child in kind.__subclasses__() for each in family(child)]]


CONCRETE = [kind for kind in family(TurnwiseError) if kind is not TurnwiseError]


@pytest.mark.parametrize("kind", CONCRETE)
def test_every_error_has_a_code_and_a_way_to_close(kind: type[TurnwiseError]) -> None:
    assert kind.code
    assert 1000 <= kind.close_code <= 4999


@pytest.mark.parametrize("kind", family(Refused))
def test_every_refusal_has_an_http_status(kind: type[Refused]) -> None:
    assert 400 <= kind.status <= 599


def test_whose_fault_it_is_comes_first() -> None:
    assert {kind for kind in CONCRETE if TurnwiseError in kind.__bases__} == {
        ClientError,
        ServerError,
        CallError,
    }


def test_the_drawn_tree_is_the_real_one() -> None:
    drawn = set(re.findall(r"[├└]── (\w+)", errors.__doc__ or ""))
    assert drawn == {kind.__name__ for kind in CONCRETE}
