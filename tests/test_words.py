from __future__ import annotations

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from careerbot.words import FUNCTION_WORDS, content_words, names, search_terms, spelled_out, stem, tokens, unglued


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("Bakers EARN more", ["bakers", "earn", "more"], id="case"),
        pytest.param("a two-year course", ["a", "two-year", "course"], id="hyphenated-word-stays-whole"),
        pytest.param("$1,200.50, or 3.", ["1,200.50", "or", "3"], id="comma-in-a-number-is-not-the-one-after-it"),
        pytest.param("the baker’s oven", ["the", "baker's", "oven"], id="curly-apostrophe"),
        pytest.param("R&D at a pâtisserie", ["r&d", "at", "a", "pâtisserie"], id="ampersand-and-accent"),
        pytest.param(
            "\uff34he \uff11\uff12\uff10 \ufb01rst \uff22akers",
            ["the", "120", "first", "bakers"],
            id="full-width-and-ligature",
        ),
        pytest.param("", [], id="nothing"),
        pytest.param("?!… -- '", [], id="punctuation-only"),
        pytest.param("面包师 工资", ["面包师", "工资"], id="other-script"),
    ],
)
def test_tokens(text: str, expected: list[str]) -> None:
    assert tokens(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("Median Salary$48,780", "Median Salary $48,780", id="amount"),
        pytest.param("Gloves€9", "Gloves €9", id="another-currency"),
        pytest.param("Bakers1,200", "Bakers 1,200", id="number-with-thousands"),
        pytest.param("Growth7%", "Growth 7%", id="percent"),
        pytest.param("Bakers (pastry)$9", "Bakers (pastry) $9", id="bracket-before-an-amount"),
        pytest.param("Baker (BK)Guild", "Baker (BK) Guild", id="bracket-before-a-word"),
        pytest.param("Baker-A$9", "Baker-A $9", id="grade"),
        pytest.param("Per Hour$9Total", "Per Hour $9 Total", id="word-after-an-amount"),
        pytest.param("Head BakerOhio$9", "Head Baker Ohio $9", id="words-beside-an-amount"),
        pytest.param("USBakers$9", "US Bakers $9", id="acronym-beside-an-amount"),
    ],
)
def test_cells_that_were_glued_are_parted(text: str, expected: str) -> None:
    assert unglued(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("A baker earns $9 and 7% more, 1,200 in all.", id="sentence"),
        pytest.param("McOven and iBread", id="names-with-capitals-inside"),
        pytest.param("HeadBaker", id="capital-without-an-amount"),
        pytest.param("oven4", id="small-number"),
        pytest.param("OHIO$9", id="amount-after-a-capital"),
        pytest.param("baker(s) earn", id="bracket-before-a-space"),
        pytest.param("(baker)s", id="bracket-before-a-small-letter"),
    ],
)
def test_what_was_not_glued_stays_as_it_is(text: str) -> None:
    assert unglued(text) == text


GLUED = st.lists(st.sampled_from(["Baker", "oven", "US", "$9", "1,200", "7%", "(", ")", "-A", " ", "|", "é"])).map(
    "".join
)


@given(GLUED | st.text())
@example(")1,200Baker$9")
def test_ungluing_adds_spaces_only_and_once(text: str) -> None:
    found = unglued(text)
    assert found.replace(" ", "") == text.replace(" ", "")
    assert unglued(found) == found


@pytest.mark.faults
@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a$1" * 300_000, id="amounts"),
        pytest.param("a" + "1" * 1_000_000, id="digits"),
        pytest.param("a1" + ",000" * 250_000 + "x", id="thousands"),
        pytest.param("a)" * 500_000, id="brackets"),
    ],
)
def test_ungluing_takes_linear_time(text: str) -> None:
    started = time.process_time()
    assert unglued(text).startswith("a")
    assert time.process_time() - started < 5


def test_content_words_leave_out_function_words_and_repetitions_but_keep_the_order() -> None:
    assert content_words("What does a baker earn, and what do Baker schools cost?") == [
        "baker", "earn", "schools", "cost",
    ]  # fmt: skip


@given(st.text())
def test_content_words_are_tokens_without_function_words(text: str) -> None:
    found = content_words(text)
    assert set(found) == set(tokens(text)) - FUNCTION_WORDS
    assert len(found) == len(set(found))


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        pytest.param(["Work in Gerlosta pays."], {"gerlosta"}, id="capital-inside-a-sentence"),
        pytest.param(["Gerlosta rises early."], set(), id="capital-that-only-begins-the-sentence"),
        pytest.param(["Ask the Gerlosta.", "a gerlosta of bakers"], set(), id="written-in-lower-case-elsewhere"),
        pytest.param(["ask the Gerlosta.", "many gerlostas"], set(), id="another-form-in-lower-case"),
        pytest.param(["Ask the Guild."], set(), id="ordinary-english-word-in-a-title"),
        pytest.param(["NECA trains people."], {"neca"}, id="acronym-at-the-beginning"),
        pytest.param(["We ask Gerlosta's office."], {"gerlosta"}, id="possessive"),
        pytest.param(["call The number"], set(), id="function-word"),
        pytest.param(["A shop, B and C."], set(), id="single-letter"),
        pytest.param(["see 3D printing"], set(), id="begins-with-a-digit"),
        pytest.param([], set(), id="no-texts"),
    ],
)
def test_names_are_words_never_written_in_lower_case(texts: list[str], expected: set[str]) -> None:
    assert names(texts) == expected


@pytest.mark.faults
def test_names_of_a_long_text_take_linear_time() -> None:
    started = time.process_time()
    assert names(["We ask Gerlosta. " * 60_000]) == {"gerlosta"}
    assert time.process_time() - started < 3


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("bakers", "baker", id="plural"),
        pytest.param("baker's", "baker", id="possessive"),
        pytest.param("bakers'", "baker", id="plural-possessive"),
        pytest.param("training", "trained", id="verb-forms"),
    ],
)
def test_forms_of_a_word_share_a_stem(one: str, other: str) -> None:
    assert stem(one) == stem(other)


def test_search_terms_find_a_hyphenated_word_whole_and_by_its_parts() -> None:
    assert search_terms("What is an on-the-job trainee?") == ["on-the-job", "on", "the", "job", "traine"]


def test_search_terms_count_repetitions_because_bm25_does() -> None:
    assert search_terms("bread, bread and more bread") == ["bread", "bread", "bread"]


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        pytest.param("the World Health Organization (WHO)", {"who"}, id="words-first"),
        pytest.param("WHO, the World Organization for Health", set(), id="another-order"),
        pytest.param("PAC, the Portability and Accountability Commission", {"pac"}, id="function-words-are-skipped"),
        pytest.param("the CPR-H (Certified Pilot of Rescue-Helicopters)", {"cpr-h"}, id="hyphen"),
        pytest.param("WHO works on health organizations world-wide", set(), id="small-letters"),
        pytest.param("An Important Statement on AI", set(), id="two-letters"),
        pytest.param("WHO and UNESCO", set(), id="acronyms-alone"),
    ],
)
def test_an_acronym_whose_words_stand_beside_it_is_spelled_out(text: str, spelled: set[str]) -> None:
    assert spelled_out(text) == spelled
