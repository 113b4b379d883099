"""The error tree: what a user meets, and the exit code that scripts rely on."""

from __future__ import annotations

import re

import pytest

import careerbot.errors
from careerbot import CareerbotError, IndexUnusable, InputError, LockedError, StorageError


@pytest.mark.parametrize(
    ("error", "code"), [(InputError, 2), (LockedError, 3), (IndexUnusable, 4), (StorageError, 5)], ids=lambda x: str(x)
)
def test_exit_codes_stay_what_scripts_rely_on(error: type[CareerbotError], code: int) -> None:
    assert error.exit_code == code


def test_every_error_is_caught_by_the_one_base_class() -> None:
    raised = {held for held in vars(careerbot.errors).values() if isinstance(held, type)}
    assert raised == {CareerbotError, InputError, LockedError, IndexUnusable, StorageError}
    assert all(issubclass(error, CareerbotError) for error in raised)


def test_no_error_shares_an_exit_code_with_an_answer_or_a_refusal() -> None:
    assert not {error.exit_code for error in CareerbotError.__subclasses__()} & {0, 1}


def test_the_tree_in_the_docstring_is_the_tree_in_the_code() -> None:
    drawn = dict(re.findall(r"─ (\w+) +(\d)", careerbot.errors.__doc__ or ""))
    assert drawn == {error.__name__: str(error.exit_code) for error in CareerbotError.__subclasses__()}


def test_every_error_says_what_it_is_for() -> None:
    assert all(error.__doc__ for error in (CareerbotError, *CareerbotError.__subclasses__()))
