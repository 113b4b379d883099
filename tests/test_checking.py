from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careerbot.checking import check, holds
from careerbot.datatypes import Document, Draft, Quote, Statement

TEXT = """\
# Baker

It is illegal to bake without a licence. Bakers earn $16.80 an hour,
or $1,148,780 in a lifetime.

| Town | Pay | Growth |
|---|---|---|
| Lyon | $17 | -5% |
| Graz \\| Wien | $19 | 8% |
"""
OTHER = "A baker's hourly pay is $16.80. Ovens burn at 250 degrees."
DOCUMENTS = {
    "baker": Document("baker", "Baker", TEXT, "baker.md"),
    "ovens": Document("ovens", "Ovens", OTHER, "ovens.txt"),
}
PAY = "Bakers earn $16.80 an hour,\nor $1,148,780 in a lifetime."
PAY_SHOWN = "Bakers earn $16.80 an hour, or $1,148,780 in a lifetime."


def quote(text: str, document: str = "baker") -> Quote:
    start = DOCUMENTS[document].text.index(text)
    return Quote(document, ("Baker",), start, start + len(text), text)


def says(text: str, *quotes: Quote, pieces: tuple[str, ...] = ()) -> Statement:
    return Statement(text, pieces or (text,), quotes)


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param(says(PAY_SHOWN, quote(PAY)), id="line-break-shown-as-a-space"),
        pytest.param(says(PAY, quote(PAY)), id="line-break-kept"),
        pytest.param(says(PAY_SHOWN, quote(PAY), quote(OTHER, "ovens")), id="two-documents-agree"),
        pytest.param(says(OTHER, quote(OTHER, "ovens")), id="whole-document"),
        pytest.param(
            says(
                "Lyon – Pay: $17; Growth: -5%",
                quote(TEXT[TEXT.index("| Town") : TEXT.index("\n| Graz")]),
                pieces=("Lyon", "Pay", "$17", "Growth", "-5%"),
            ),
            id="table-row-with-its-header",
        ),
        pytest.param(
            says("Graz | Wien: $19", quote("| Graz \\| Wien | $19 | 8% |"), pieces=("Graz | Wien", "$19")),
            id="escaped-pipe-in-a-cell",
        ),
    ],
)
def test_a_verbatim_statement_holds(statement: Statement) -> None:
    assert holds(statement, DOCUMENTS)


def moved(by: int) -> Quote:
    exact = quote("Bakers earn $16.80 an hour,")
    return dataclasses.replace(exact, start=exact.start + by, end=exact.end + by)


ALL = quote(TEXT)


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param(
            says("Bakers earn $16.80", dataclasses.replace(quote("Bakers earn $16.80"), text="Bakers earn $61.80")),
            id="altered-quote",
        ),
        pytest.param(says("Bakers earn $16.80 an hour", moved(1)), id="offsets-one-late"),
        pytest.param(says("Bakers earn $16.80 an hour", moved(-1)), id="offsets-one-early"),
        pytest.param(says("8% |\n", Quote("baker", (), -5, len(TEXT), TEXT[-5:])), id="negative-offset"),
        pytest.param(
            says("degrees.", Quote("ovens", (), len(OTHER) - 8, 10**9, "degrees.")), id="end-beyond-the-document"
        ),
        pytest.param(says("Bakers earn", Quote("pastry", (), 0, 11, "Bakers earn")), id="unknown-document"),
        pytest.param(
            says(OTHER, dataclasses.replace(quote(OTHER, "ovens"), document="baker")), id="quote-of-another-document"
        ),
        pytest.param(says("", Quote("baker", (), 5, 5, "")), id="empty-quote"),
        pytest.param(says("Bakers earn $16.80 an hour"), id="no-quote"),
        pytest.param(Statement("Bakers earn", (), (ALL,)), id="no-pieces"),
        pytest.param(Statement("Bakers earn", ("",), (ALL,)), id="empty-piece"),
        pytest.param(
            says(PAY_SHOWN, quote(PAY), dataclasses.replace(quote(OTHER, "ovens"), start=1)), id="second-quote-is-wrong"
        ),
        pytest.param(says("Bakers earn $18.80 an hour", ALL), id="altered-figure"),
        pytest.param(says("Bakers earn a lot", ALL), id="words-not-in-the-quote"),
        pytest.param(
            says("Bakers earn $16.80 an hour", quote("or $1,148,780 in a lifetime.")), id="piece-from-elsewhere"
        ),
        pytest.param(
            says("burn at 250 degrees", ALL, quote(OTHER, "ovens")), id="piece-stands-in-the-second-quote-only"
        ),
        pytest.param(Statement("Bakers never earn", ("Bakers", "earn"), (ALL,)), id="word-between-the-pieces"),
        pytest.param(Statement("Surely Bakers earn", ("Bakers earn",), (ALL,)), id="word-before-the-pieces"),
        pytest.param(Statement("Bakers earn millions", ("Bakers earn",), (ALL,)), id="word-after-the-pieces"),
        pytest.param(Statement("earn Bakers", ("Bakers", "earn"), (ALL,)), id="pieces-out-of-order"),
        pytest.param(Statement("Bakers earn", ("Bakers earn", "an hour"), (ALL,)), id="piece-that-the-text-left-out"),
        pytest.param(Statement("Bakers earn 17", ("Bakers earn",), (ALL,)), id="figure-between-the-pieces"),
        pytest.param(says("legal to bake without a licence", ALL), id="negation-cut-off-a-word"),
        pytest.param(says("$1,148", ALL), id="longer-number-that-begins-the-same"),
        pytest.param(says("148,780 in a lifetime", ALL), id="longer-number-that-ends-the-same"),
        pytest.param(says("$16", ALL), id="decimals-cut-off"),
        pytest.param(says("148,780 in a lifetime", quote("148,780 in a lifetime")), id="quote-begins-inside-a-number"),
        pytest.param(says("legal to bake", quote("legal to bake")), id="quote-begins-inside-a-word"),
        pytest.param(says("Bakers earn $16", quote("Bakers earn $16")), id="quote-ends-inside-a-number"),
        pytest.param(Statement("Growth: -8%", ("Growth", "8%"), (ALL,)), id="minus-sign-put-in"),
        pytest.param(
            Statement("Pay: 1.17", ("Pay", "1", "17"), (quote("| Lyon | $17 | -5% |"),)), id="figure-glued-together"
        ),
        pytest.param(says("bakers earn", ALL), id="case-changed"),
    ],
)
def test_a_planted_mistake_does_not_hold(statement: Statement) -> None:
    assert not holds(statement, DOCUMENTS)


def test_a_figure_glued_from_two_cells_is_withheld() -> None:
    row = Document("row", "Row", "| 1 | 5 |", "row.md")
    glued = Statement("1.5", ("1", "5"), (Quote("row", (), 0, 9, "| 1 | 5 |"),))
    assert not holds(glued, {"row": row})
    assert holds(dataclasses.replace(glued, text="1; 5"), {"row": row})


GOOD = says("Bakers earn $16.80 an hour", quote(PAY))
GOOD_TOO = says("Ovens burn at 250 degrees.", quote(OTHER, "ovens"))
WRONG = says("Bakers earn $18.80 an hour", quote(PAY))


def test_a_wrong_statement_is_withheld_and_the_others_stay_in_order() -> None:
    checked = check(Draft((WRONG, GOOD, WRONG, GOOD_TOO), missing=("tips",)), DOCUMENTS)
    assert checked == Draft((GOOD, GOOD_TOO), missing=("tips",))


def test_sides_follow_their_statements_when_earlier_ones_fall_away() -> None:
    draft = Draft((WRONG, GOOD, GOOD_TOO), (("pay", (("$16.80", 1), ("250", 2))),))
    assert check(draft, DOCUMENTS).sides == (("pay", (("$16.80", 0), ("250", 1))),)


def test_a_disagreement_that_lost_a_side_is_no_disagreement() -> None:
    draft = Draft((GOOD, WRONG, GOOD_TOO), (("pay", (("$16.80", 0), ("$18.80", 1))), ("heat", (("250", 2),))))
    assert check(draft, DOCUMENTS).sides == (("heat", (("250", 1),)),)


def test_an_empty_draft_stays_empty() -> None:
    assert check(Draft(()), DOCUMENTS) == Draft(())


@given(st.integers(0, len(TEXT)), st.text(alphabet="0123456789abé -.,$%", min_size=1, max_size=5))
def test_no_text_put_into_a_quotation_ever_holds(at: int, added: str) -> None:
    sentence = quote("It is illegal to bake without a licence.")
    at = sentence.start + at % len(sentence.text)
    text = TEXT[sentence.start : at] + added + TEXT[at : sentence.end]
    assert holds(says(text, sentence), DOCUMENTS) == (" ".join(text.split()) == sentence.text)


@given(st.integers(0, len(TEXT) - 1), st.integers(1, 60))
def test_what_holds_stands_whole_in_the_document(start: int, length: int) -> None:
    text = TEXT[start : start + length]
    if holds(says(text, Quote("baker", (), start, start + len(text), text)), DOCUMENTS):
        before, after = TEXT[start - 1 : start], TEXT[start + len(text) : start + len(text) + 1]
        assert not (before.isalnum() and text[0].isalnum())
        assert not (after.isalnum() and text[-1].isalnum())
