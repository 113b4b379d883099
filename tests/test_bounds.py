"""Limits to an amount: which texts set one, and which figures are within."""

from __future__ import annotations

import math
from collections.abc import Collection

import pytest

from careerbot.bounds import Bound, bound
from careerbot.figures import MONEY, figures
from careerbot.wanted import units_named


def limit(text: str) -> Bound | None:
    return bound(text, units_named(text))


@pytest.mark.parametrize(
    ("text", "low", "high", "units"),
    [
        pytest.param("Which towns pay at least $40,000?", 40_000, math.inf, {"$"}, id="at-least"),
        pytest.param("which towns pay at most 40,000 dollars", -math.inf, 40_000, MONEY, id="at-most-dollars"),
        pytest.param("Who earns 40k+?", 40_000, math.inf, MONEY, id="thousands-and-more"),
        pytest.param("Which fees are no more than $90?", -math.inf, 90, {"$"}, id="no-more-than"),
        pytest.param("Which fees are not less than €90?", 90, math.inf, {"€"}, id="not-less-than"),
        pytest.param("list the exams of $90 or less", -math.inf, 90, {"$"}, id="or-less"),
        pytest.param("list the exams of 90 dollars and up", 90, math.inf, MONEY, id="dollars-and-up"),
        pytest.param("What costs between $50 and $90?", 50, 90, {"$"}, id="between"),
        pytest.param("any course between 6 to 12 months?", 6, 12, {"months"}, id="between-and-to"),
        pytest.param("Are there courses of up to a year? Within a year?", -math.inf, 12, {"months"}, id="a-year"),
        pytest.param("Which towns employ a minimum of 500 bakers?", 500, math.inf, {"count"}, id="minimum-of"),
        pytest.param("Which exams don't cost more than $90?", -math.inf, 90, {"$"}, id="do-not-cost-more"),
        pytest.param("Which exams do not cost under $90?", 90, math.inf, {"$"}, id="do-not-cost-under"),
        pytest.param("How many towns pay over 40k?", math.nextafter(40_000, math.inf), math.inf, MONEY, id="how-many"),
        pytest.param("exams under $90", -math.inf, math.nextafter(90, 0), {"$"}, id="fragment"),
        pytest.param(
            "Which towns employ over 3k bakers?", math.nextafter(3000, 9e9), math.inf, {"count"}, id="no-money"
        ),
        pytest.param("Who has 2000 dollars or more to pay?", 2000, math.inf, MONEY, id="what-might-be-a-year"),
        pytest.param("Which trades grow by at least 5%?", 5, math.inf, {"percent"}, id="share"),
    ],
)
def test_a_limit_is_read(text: str, low: float, high: float, units: Collection[str]) -> None:
    found = limit(text)
    assert found is not None
    assert (found.low, found.high, found.units) == (low, high, frozenset(units))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("If I earn over $40,000, may I apply?", id="tells-of-who-asks"),
        pytest.param("I earn over $40,000", id="tells-of-who-asks-alone"),
        pytest.param("Do bakers earn more than $40,000?", id="yes-or-no"),
        pytest.param("What is the growth over 10 years?", id="of-another-kind-than-asked-for"),
        pytest.param("What does the $90 exam cost?", id="no-limit"),
        pytest.param("What is paid between May and 2 months later?", id="between-other-things"),
        pytest.param("Which oven is best?", id="no-figure"),
    ],
)
def test_what_sets_no_limit(text: str) -> None:
    assert limit(text) is None


@pytest.mark.parametrize(
    ("question", "said", "within"),
    [
        pytest.param("Which exams cost under $90?", "It costs $90.", False, id="under-is-not-equal"),
        pytest.param("Which exams cost over $90?", "It costs $90.", False, id="over-is-not-equal"),
        pytest.param("Which exams cost up to $90?", "It costs $90.", True, id="up-to-is"),
        pytest.param("Which exams cost over $90?", "It costs $90 to $120.", True, id="range-in-part"),
        pytest.param("Which exams cost under $90?", "It costs $140 or $70.", True, id="one-of-two"),
        pytest.param("Which exams cost under $90?", "It takes 2 hours.", None, id="of-another-kind"),
        pytest.param("Which jobs pay over $20 an hour?", "It pays $50,000 a year.", None, id="of-another-period"),
        pytest.param("Which jobs pay over $20 an hour?", "It pays $18.", False, id="of-no-period"),
        pytest.param("Which courses last less than a year?", "It lasts 9 months.", True, id="converted"),
    ],
)
def test_what_is_within_a_limit(question: str, said: str, within: bool | None) -> None:
    found = limit(question)
    assert found is not None
    assert found.within(figures(said)) is within
