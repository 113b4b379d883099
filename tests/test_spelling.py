from __future__ import annotations

import random
import string
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from careerbot.spelling import correct, known

VOCABULARY = {"electrician": 9, "electricians": 4, "baker": 7, "wages": 5, "apprenticeship": 3, "sourdough": 1}


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        pytest.param("what does a bakr earn", "what does a baker earn", id="missing-letter"),
        pytest.param("elecrtician wages", "electrician wages", id="swapped-letters-are-one-mistake"),
        pytest.param("an aprenticeshp", "an apprenticeship", id="two-mistakes-in-a-long-word"),
        pytest.param("sourdogh bread", "sourdough bread", id="word-that-only-the-documents-hold"),
        pytest.param("Bakr or cook?", "Baker or cook?", id="capital-at-the-beginning-is-kept"),
        pytest.param("Is a Bakr paid?", "Is a Baker paid?", id="capital-inside-may-be-a-word-of-the-documents"),
        pytest.param("Hello. Bakr pay?", "Hello. Baker pay?", id="capital-after-a-full-stop-is-no-name"),
        pytest.param("teh wages", "the wages", id="english-word"),
        pytest.param("how mny ovens", "how many ovens", id="short-word-with-a-letter-left-out"),
        pytest.param("W-A-G-E-S and b.a.k.e.r pay", "WAGES and BAKER pay", id="letters-that-spell-a-word-of-theirs"),
        pytest.param("a-b-c and U.S.A. wages", "a-b-c and U.S.A. wages", id="letters-that-spell-none"),
        pytest.param("lowst wages", "lowest wages", id="letters-left-out-rather-than-swapped-or-added"),
    ],
)
def test_a_mistyped_word_becomes_the_one_that_was_meant(question: str, expected: str) -> None:
    assert correct(question, VOCABULARY) == expected


@pytest.mark.parametrize(
    "question",
    [
        pytest.param("Is Mr Huose a teacher?", id="name-inside-the-sentence"),
        pytest.param("the NECX exam", id="acronym"),
        pytest.param("what is NFPA-70E", id="word-with-digits"),
        pytest.param("mail bakr@wagse.org or www.bakr.org/wagse", id="addresses"),
        pytest.param("do bakrs' wages rise", id="possessive"),
        pytest.param("a bkr", id="three-letters-are-near-too-many-words"),
        pytest.param("ab xq", id="two-letters-are-too-few-to-tell"),
        pytest.param("zzqxjvk wages", id="nothing-is-near"),
        pytest.param("How many bakers are there in Germany?", id="no-mistake"),
        pytest.param("", id="nothing"),
        pytest.param("¿cuánto? 面包师 🥖", id="other-script"),
    ],
)
def test_what_is_no_mistake_stays_as_it_is(question: str) -> None:
    assert correct(question, VOCABULARY) == question


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        pytest.param("isnt", "isnt", id="without-the-apostrophe"),
        pytest.param("havent", "havent", id="near-another-word"),
        pytest.param("dosent", "doesnt", id="mistyped"),
    ],
)
def test_a_contraction_may_lack_its_apostrophe(typed: str, meant: str) -> None:
    assert correct(f"it {typed} pay", VOCABULARY) == f"it {meant} pay"


def test_a_word_of_the_documents_wins_over_a_more_frequent_english_one() -> None:
    assert correct("a bakee", {"baked": 1}) == "a baked"
    assert correct("a bakee", {"baker": 1}) == "a baker"


def test_known_words_are_those_of_the_documents_and_of_english() -> None:
    assert known("sourdoughs", {"sourdoughs": 1})
    assert known("oven", {})
    assert not known("ovvenn", {})


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        pytest.param("mny", "many", id="letter-left-out"),
        pytest.param("ment", "meant", id="a-word-of-the-documents-would-fit"),
        pytest.param("haveing", "having", id="a-rare-word-would-fit"),
        pytest.param("ern", "earn", id="of-three-letters"),
        pytest.param("cma", "cma", id="an-acronym-is-not-what-was-meant"),
    ],
)
def test_left_out_letters_are_likely_but_not_in_rare_words(typed: str, meant: str) -> None:
    assert correct(f"{typed} ovens", {"ovens": 1, "meet": 9, "earn": 5, "cpma": 3}) == f"{meant} ovens"


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        pytest.param("how long dose it take", "how long does it take", id="how-long"),
        pytest.param("What dose a baker earn", "What does a baker earn", id="what"),
        pytest.param("what is a dose", "what is a dose", id="meant"),
    ],
)
def test_dose_is_does_where_a_verb_stands(typed: str, read: str) -> None:
    known = {"baker": 1, "earn": 1}
    assert correct(typed, known) == read
    assert correct(typed, known | {"dose": 1}) == typed


def test_a_name_that_the_documents_write_with_a_number_is_known() -> None:
    assert correct("what is bakrum", {"bakrum360": 1, "bakum": 5}) == "what is bakrum"
    assert correct("what is bakrum", {"bakrumix": 1, "bakum": 5}) == "what is bakum"


def test_a_long_question_of_unknown_words_is_bounded() -> None:
    rng = random.Random(1)  # noqa: S311 - only a text
    words = ["".join(rng.choices(string.ascii_lowercase, k=7)) for _ in range(1250)]
    started = time.process_time()
    corrected = correct(" ".join(words), VOCABULARY).split()
    assert time.process_time() - started < 6
    assert len(corrected) == 1250
    assert corrected[200:] == words[200:]


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="abker .?!,\n'@/-0é", max_size=40))
def test_correcting_changes_letters_of_words_only(question: str) -> None:
    corrected = correct(question, {"baker": 1})

    def rest(text: str) -> list[str]:
        return [character for character in text if not character.isascii() or not character.isalpha()]

    assert rest(corrected) == rest(question)
