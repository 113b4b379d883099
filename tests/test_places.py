from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careerbot.places import FILE, home, mentions, places
from evals import gazetteer


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("What does a baker earn in Vermont?", ("vermont",), id="state"),
        pytest.param("what does a baker earn in vermont", ("vermont",), id="lower-case"),
        pytest.param("WELDERS IN CANADA", ("canada",), id="upper-case"),
        pytest.param("Paris or Berlin?", ("paris", "berlin"), id="two-cities-in-their-order"),
        pytest.param("Berlin, then Paris, then Berlin", ("berlin", "paris"), id="each-once"),
        pytest.param("bakers in New Mexico", ("new mexico",), id="name-that-ends-with-another"),
        pytest.param("bakers of Mexico City", ("mexico city",), id="name-that-begins-with-another"),
        pytest.param("bakers in the UK", ("united kingdom",), id="abbreviation"),
        pytest.param("bakers in the U.K.?", ("united kingdom",), id="abbreviation-with-full-stops"),
        pytest.param("bakers in Great Britain", ("united kingdom",), id="everyday-name"),
        pytest.param("America, the US and the USA", ("united states",), id="several-names-of-one-place"),
        pytest.param("welders of São Paulo", ("sao paulo",), id="accents"),
        pytest.param("welders of sao paulo", ("sao paulo",), id="accents-left-out"),
        pytest.param("Could you tell us what it pays?", (), id="the-word-us"),
        pytest.param("US pay", ("united states",), id="the-place-us"),
        pytest.param("I like reading a nice plan in march", (), id="ordinary-words-that-are-places-too"),
        pytest.param("an oven in Reading", ("reading",), id="the-town-of-reading"),
        pytest.param("a baker of Gerlosta", (), id="no-place-on-any-map"),
        pytest.param("Vermonters", (), id="longer-word-that-begins-alike"),
        pytest.param("", (), id="nothing"),
        pytest.param("?! …", (), id="punctuation-only"),
    ],
)
def test_places(text: str, expected: tuple[str, ...]) -> None:
    assert places(text) == expected


def test_places_as_they_are_written() -> None:
    text = "From São Paulo to the U.S., or the UK"
    assert mentions(text) == {"são paulo": "sao paulo", "u.s": "united states", "uk": "united kingdom"}


@given(st.lists(st.sampled_from(["Peru", "the", "New", "York", "City", "U.S.", "us", "Great", "bakers", ",", "?"])))
def test_a_place_is_named_once_whatever_surrounds_it(words: list[str]) -> None:
    found = places(" ".join(words))
    assert len(found) == len(set(found))
    assert ("peru" in found) == ("Peru" in words)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("Wages in the U.S.\nThe U.S. average\nPeru too", "united states", id="the-most-lines"),
        pytest.param("Wages in Ohio and Texas", "", id="states-are-no-countries"),
        pytest.param("Cali pays well.\nCalifornia grows.\nJobs in Peru", "peru", id="nor-are-their-everyday-names"),
        pytest.param("Bread is baked at night.", "", id="no-place"),
    ],
)
def test_the_home_of_a_text_is_the_country_it_names_most(text: str, expected: str) -> None:
    assert home(text) == expected


def test_the_file_of_places_is_what_the_library_says_now() -> None:
    assert FILE.read_text(encoding="utf-8") == gazetteer.text()
