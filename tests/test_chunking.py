from __future__ import annotations

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from careerbot.chunking import MAX_ITEM_WORDS, cells, chunks, row_text, sections, sentences, views
from careerbot.datatypes import Chunk, Document, Kind, Section, Wording


def document(text: str) -> Document:
    return Document("d", "D", text, "d.md")


def statements(text: str) -> list[str]:
    return [chunk.text for chunk in chunks(document(text)) if chunk.part is not None]


def split(text: str) -> list[str]:
    return [span.text for span in sentences(text, 0, len(text))]


def outline(text: str) -> list[tuple[str, tuple[str, ...], str]]:
    return [(section.kind.value, section.headings, section.body.text) for section in sections(document(text))]


def only(text: str) -> Section:
    (section,) = sections(document(text))
    return section


MARKDOWN = """\
# Electrician

Electricians wire houses. They need a licence.

## What does it pay?

The median is $61,590.

### By state

| State | Pay |
|:---|---:|
| Oregon | $90,000 |
| Vermont | $58,000 |

## Tools

You need:

- a tester
- pliers
"""


def test_markdown_becomes_blocks_under_their_headings() -> None:
    assert outline(MARKDOWN) == [
        ("prose", ("Electrician",), "Electricians wire houses. They need a licence."),
        ("question", ("Electrician", "What does it pay?"), "The median is $61,590."),
        (
            "table",
            ("Electrician", "What does it pay?", "By state"),
            "| State | Pay |\n|:---|---:|\n| Oregon | $90,000 |\n| Vermont | $58,000 |",
        ),
        ("prose", ("Electrician", "Tools"), "You need:"),
        ("list", ("Electrician", "Tools"), "- a tester\n- pliers"),
    ]


def test_a_passage_comes_before_its_statements_and_ids_are_unique() -> None:
    found = chunks(document(MARKDOWN))
    assert [chunk.id for chunk in found] == [
        "d/0", "d/0/0", "d/0/1", "d/1", "d/1/0", "d/2", "d/2/0", "d/2/1", "d/3", "d/3/0", "d/4", "d/4/0", "d/4/1",
    ]  # fmt: skip
    assert [chunk.text for chunk in found if chunk.section == 0] == [
        "Electricians wire houses. They need a licence.",
        "Electricians wire houses.",
        "They need a licence.",
    ]


@pytest.mark.parametrize(
    ("text", "headings"),
    [
        pytest.param("# A\n\n## B\n\n# C\n\nx", ("C",), id="higher-level-ends-the-lower"),
        pytest.param("# A\n\n### B\n\n## C\n\nx", ("A", "C"), id="level-that-was-left-out"),
        pytest.param("# A #\n\nx", ("A",), id="closing-marks"),
        pytest.param("# T\n\nB\n---\n\nx", ("T", "B"), id="underlined"),
        pytest.param("#\n\nx", ("",), id="empty-heading"),
        pytest.param("\ufeff# A\n\nx", ("A",), id="byte-order-mark"),
        pytest.param("# A\nx", ("A",), id="no-empty-line-after-it"),
    ],
)
def test_headings(text: str, headings: tuple[str, ...]) -> None:
    assert outline(text) == [("prose", headings, "x")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("# A\n\n#no heading here", ["#no heading here"], id="mark-without-a-space"),
        pytest.param("# A\n\n```\n# comment\n```", ["```", "# comment", "```"], id="mark-inside-code"),
        pytest.param("# A\n\n## Tips\n\n## Pay\n\nIt pays.", ["It pays."], id="heading-with-nothing-below"),
        pytest.param("# A\n\n## Pay", [], id="heading-at-the-end"),
        pytest.param("", [], id="nothing"),
        pytest.param("\ufeff \n\t\n\xa0", [], id="white-space"),
    ],
)
def test_what_is_quoted_around_headings(text: str, expected: list[str]) -> None:
    assert statements(text) == expected


def test_a_list_item_keeps_the_sentence_that_introduces_it() -> None:
    *_, section = sections(document("# Baker\n\nBakers rise early. You need:\n\n- flour\n- water\n"))
    assert section.lead is not None
    assert section.lead.text == "You need:"
    assert [part.text for part in section.parts] == ["flour", "water"]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("# A\n\nBakers rise early.\n\n- flour", id="sentence-without-a-colon"),
        pytest.param("# A\n\nYou need:\n\n## Tools\n\n- flour", id="colon-under-another-heading"),
        pytest.param("# A\n\n- flour", id="nothing-before"),
    ],
)
def test_a_list_without_an_introduction_has_no_lead(text: str) -> None:
    assert [section.lead for section in sections(document(text)) if section.kind is Kind.LIST] == [None]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("- one\n* two\n+ three", ["one", "two", "three"], id="every-bullet"),
        pytest.param("1. one\n2) two\n10. ten", ["one", "two", "ten"], id="numbers"),
        pytest.param("- one\n\n\n- two", ["one", "two"], id="empty-lines-between"),
        pytest.param("- one\n  goes on\n- two", ["one\n  goes on", "two"], id="wrapped-item"),
        pytest.param("- one\ngoes on\n- two", ["one\ngoes on", "two"], id="wrapped-item-without-indentation"),
        pytest.param("- one\n  - in\n    - deep\n- two", ["one", "in", "deep", "two"], id="nested"),
        pytest.param("1. one\n   - in\n2. two", ["one", "in", "two"], id="bullets-in-numbers"),
        pytest.param(
            "- one\n  - in\n\n  tail of one\n- two",
            ["one", "in", "tail of one", "two"],
            id="words-after-an-inner-list-are-not-lost",
        ),
        pytest.param(
            "- one\n  - in\n\n  tail at the end", ["one", "in", "tail at the end"], id="words-after-the-last-inner-list"
        ),
        pytest.param("- Short. Two sentences.", ["Short. Two sentences."], id="short-item-stays-whole"),
        pytest.param("-\n- two", ["two"], id="empty-item"),
    ],
)
def test_list_items(text: str, expected: list[str]) -> None:
    assert statements(f"# T\n\n{text}\n") == expected


def test_a_long_item_is_quoted_sentence_by_sentence() -> None:
    long = "word " * (MAX_ITEM_WORDS - 2) + "ends here."
    assert statements(f"# T\n\n- {long}\n") == [long]
    assert statements(f"# T\n\n- {long} More here.\n") == [long, "More here."]


def test_each_table_row_is_a_statement_under_its_header() -> None:
    section = only("# T\n\n| State | Pay |\n|---|---|\n| Oregon | $90 |\n| Vermont | $58 |\n")
    assert section.lead is not None
    assert section.lead.text == "| State | Pay |"
    assert [part.text for part in section.parts] == ["| Oregon | $90 |", "| Vermont | $58 |"]


def test_a_table_of_a_header_only_holds_no_statement() -> None:
    assert only("# T\n\n| State | Pay |\n|---|---|\n").parts == ()


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        pytest.param("| a | b |", ("a", "b"), id="outer-pipes"),
        pytest.param("a|b", ("a", "b"), id="no-outer-pipes"),
        pytest.param("| a || c |", ("a", "", "c"), id="empty-cell-keeps-its-place"),
        pytest.param("|a\\|b| c |", ("a|b", "c"), id="escaped-pipe"),
        pytest.param("| a | b\\|", ("a", "b|"), id="escaped-pipe-at-the-end"),
        pytest.param("| |", ("",), id="one-empty-cell"),
    ],
)
def test_cells(row: str, expected: tuple[str, ...]) -> None:
    assert cells(row) == expected


@pytest.mark.parametrize(
    ("header", "row", "expected"),
    [
        pytest.param("| State | Pay |", "| Oregon | $90 |", "State: Oregon; Pay: $90", id="header-and-cell"),
        pytest.param("| State | Pay |", "| Oregon | |", "State: Oregon", id="empty-cell"),
        pytest.param("| | Pay |", "| Oregon | $90 |", "Oregon; Pay: $90", id="corner-without-a-header"),
        pytest.param("| State |", "| Oregon | $90 |", "State: Oregon; $90", id="more-cells-than-headers"),
    ],
)
def test_row_text(header: str, row: str, expected: str) -> None:
    assert row_text(header, row) == expected


def test_search_sees_headings_lead_and_header_and_the_quote_does_not() -> None:
    found = {chunk.text: views(chunk) for chunk in chunks(document(MARKDOWN))}
    assert found["a tester"] == ("a tester", "Electrician > Tools: You need: a tester")
    assert found["| Oregon | $90,000 |"] == (
        "State: Oregon; Pay: $90,000",
        "Electrician > What does it pay? > By state: State: Oregon; Pay: $90,000",
    )
    assert found["Electricians wire houses."][1] == "Electrician: Electricians wire houses."
    assert found["They need a licence."] == (
        "They need a licence.",
        "Electrician: Electricians wire houses. They need a licence.",
    )
    assert views(chunks(document("Bakers rise at three.\n"))[1]) == ("Bakers rise at three.", "Bakers rise at three.")


@pytest.mark.parametrize(
    ("text", "searched"),
    [
        pytest.param(
            "## By town\n\nIt is $9.", "Pay of bakers > By town: It is $9.", id="no-word-tells-what-it-is-about"
        ),
        pytest.param("## By town\n\nBaker: $9.", "By town: Baker: $9.", id="its-own-word-does"),
        pytest.param("## Bakeries\n\n$9 here.", "Pay of bakers > Bakeries: $9 here.", id="a-heading-may-not"),
        pytest.param("## Bakers\n\n$9 here.", "Bakers: $9 here.", id="a-heading-does"),
    ],
)
def test_the_title_is_searched_where_nothing_else_tells_what_a_statement_is_about(text: str, searched: str) -> None:
    held = chunks(document(f"# Pay of bakers\n\n{text}\n"))
    assert views(held[-1])[1] == searched


def test_wordings_join_the_statement_that_they_quote_and_no_passage() -> None:
    wording = Wording("They need a licence.", ("do i need a permit",))
    held = Document("d", "D", MARKDOWN + "\nThey need a licence.\n", "d.md", wordings=(wording,))
    assert [(chunk.text, chunk.part is None) for chunk in chunks(held) if chunk.asked] == [
        ("They need a licence.", False),
        ("They need a licence.", False),
    ]


def test_a_statement_has_the_union_of_all_wordings_that_quote_it() -> None:
    wordings = (
        Wording("They need a licence.", ("a permit", "papers")),
        Wording("a tester", ("papers",)),
        Wording("They need a licence.", ("papers", "a card")),
        Wording("They need", ("half a sentence",)),
    )
    held = Document("d", "D", MARKDOWN, "d.md", wordings=wordings)
    assert {chunk.text: chunk.asked for chunk in chunks(held) if chunk.asked} == {
        "They need a licence.": ("a permit", "papers", "a card"),
        "a tester": ("papers",),
    }


def leads(text: str) -> dict[str, str | None]:
    """What each statement carries before it."""
    return {
        chunk.text: chunk.lead.text if chunk.lead else None
        for chunk in chunks(document(text))
        if chunk.part is not None
    }


@pytest.mark.parametrize(
    ("before", "sentence"),
    [
        pytest.param("A baker rises at three.", sentence, id=sentence.split()[0].lower().rstrip(","))
        for sentence in (
            "It is early.",
            "They nap at noon.",
            "This is early.",
            "These nap at noon.",
            "That is early.",
            "Those nap at noon.",
            "Such hours are hard.",
            "He naps at noon.",
            "She naps at noon.",
            "Its hours are hard.",
            "Their hours are hard.",
            "But bakers nap.",
            "However, bakers nap.",
            "Another rises at four.",
            "Each naps at noon.",
            "Both nap at noon.",
            "In fact, bakers nap.",
        )
    ],
)
def test_a_sentence_that_points_back_carries_the_one_before_it(before: str, sentence: str) -> None:
    assert leads(f"# T\n\n{before} {sentence}\n") == {before: None, sentence: before}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("# T\n\nIt is very early.", id="first-of-all"),
        pytest.param("# T\n\nBakers rise.\n\nIt is very early.", id="another-paragraph"),
        pytest.param("# T\n\nBakers rise.\n\n## U\n\nIt is very early.", id="another-heading"),
        pytest.param("# T\n\nBakers rise early. Items are sold. Thisbe naps.", id="longer-word"),
        pytest.param("# T\n\nBakers rise early. Rolls say this.", id="word-inside-the-sentence"),
        pytest.param("# T\n\n- Bakers rise.\n- It is very early.\n- They nap.", id="list-items"),
    ],
)
def test_a_sentence_that_points_to_nothing_before_it_carries_nothing(text: str) -> None:
    assert set(leads(text).values()) == {None}


def test_a_chain_of_sentences_that_point_back_carries_one_each() -> None:
    assert leads("# T\n\n## Why?\n\nBakers rise early. They like it. It is calm then.\n") == {
        "Bakers rise early.": None,
        "They like it.": "Bakers rise early.",
        "It is calm then.": "They like it.",
    }


def test_what_introduces_a_list_or_heads_a_table_is_kept_by_parts_that_point_back() -> None:
    assert leads("# T\n\nYou need to know:\n\n- Bakers rise early.\n- They nap.\n") == {
        "You need to know:": None,
        "Bakers rise early.": "You need to know:",
        "They nap.": "You need to know:",
    }
    assert leads("# T\n\n| Who | When |\n|---|---|\n| Bakers | three |\n| They all | noon |\n") == {
        "| Bakers | three |": "| Who | When |",
        "| They all | noon |": "| Who | When |",
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "Baker\n\nHow long is a shift?\n\nA shift takes eight hours.",
            [("question", ("Baker", "How long is a shift?"), "A shift takes eight hours.")],
            id="question-apart",
        ),
        pytest.param(
            "Baker\n\nHours\n\nEight a day.\n\nTips\n\nBakers get none.",
            [("prose", ("Baker", "Hours"), "Eight a day."), ("prose", ("Baker", "Tips"), "Bakers get none.")],
            id="short-lines-apart",
        ),
        pytest.param(
            "Baker\n\nOhio pay: $9\nJobs: 5\nIowa pay: $8\nJobs: 4",
            [("list", ("Baker",), "Ohio pay: $9\nJobs: 5\nIowa pay: $8\nJobs: 4")],
            id="records",
        ),
        pytest.param(
            "Baker\n\nStatePay\nOhio$9\nIowa$8", [("table", ("Baker",), "StatePay\nOhio$9\nIowa$8")], id="glued-table"
        ),
        pytest.param(
            "# Baker\n\nOhio pay: $9\nJobs: 5\nIowa pay: $8\nJobs: 4",
            [("prose", ("Baker",), "Ohio pay: $9\nJobs: 5\nIowa pay: $8\nJobs: 4")],
            id="markdown-has-marks-of-its-own",
        ),
    ],
)
def test_structure_of_plain_text(text: str, expected: list[tuple[str, tuple[str, ...], str]]) -> None:
    assert outline(text) == expected


def test_a_record_is_quoted_whole() -> None:
    text = "Baker\n\nOhio pay: $9\nJobs: 5\nIowa pay: $8\n Jobs: 4\nBread is sold at six."
    assert statements(text) == ["Ohio pay: $9\nJobs: 5", "Iowa pay: $8\n Jobs: 4", "Bread is sold at six."]


def test_a_glued_row_is_quoted_as_it_stands_and_searched_with_its_spaces() -> None:
    _, first, second = chunks(document("Baker\n\nStatePay(yearly)Jobs\nOhio$9,000\nIowa (all)$8,000\n"))
    assert (first.text, second.text) == ("Ohio$9,000", "Iowa (all)$8,000")
    assert first.lead is not None
    assert first.lead.text == "StatePay(yearly)Jobs"
    assert views(first)[0] == "State Pay(yearly) Jobs: Ohio $9,000"
    assert views(second)[1] == "Baker: State Pay(yearly) Jobs: Iowa (all) $8,000"


def test_glued_words_are_searched_apart_in_prose_and_markdown_too() -> None:
    passage, statement = chunks(document("# Baker\n\nMedian pay$9 an hour for bakers.\n"))
    assert passage.text == statement.text == "Median pay$9 an hour for bakers."
    for chunk in (passage, statement):
        assert views(chunk)[0] == "Median pay $9 an hour for bakers."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "One oven burns. Two ovens burn! Do three burn? Maybe four do… Five",
            ["One oven burns.", "Two ovens burn!", "Do three burn?", "Maybe four do…", "Five"],
            id="every-end",
        ),
        pytest.param(
            'He said "yes." Then she (maybe.) he left.',
            ['He said "yes."', "Then she (maybe.)", "he left."],
            id="closing-quotes-and-brackets",
        ),
        pytest.param(
            "It costs $3.50 at v1.2 or a.b. Next",
            ["It costs $3.50 at v1.2 or a.b.", "Next"],
            id="points-inside-numbers-and-names",
        ),
        pytest.param("Ask Dr. Oak or Ms. Elm. Go.", ["Ask Dr. Oak or Ms. Elm.", "Go."], id="titles"),
        pytest.param(
            "Tools, e.g. pliers, i.e. tongs, vs. hands. Go.",
            ["Tools, e.g. pliers, i.e. tongs, vs. hands.", "Go."],
            id="abbreviations",
        ),
        pytest.param(
            "J. R. Baker Inc. of St. Paul pays. Go.", ["J. R. Baker Inc. of St. Paul pays.", "Go."], id="initials"
        ),
        pytest.param("The U.S. Bureau counts. Go.", ["The U.S. Bureau counts.", "Go."], id="country-inside-a-sentence"),
        pytest.param(
            "Made in the U.S. The rest is not.",
            ["Made in the U.S.", "The rest is not."],
            id="country-at-the-end-of-a-sentence",
        ),
        pytest.param(
            "Please call Albert. He knows.",
            ["Please call Albert.", "He knows."],
            id="word-that-ends-like-an-abbreviation",
        ),
        pytest.param(
            "Yes. Bakers rise at three. They nap.", ["Yes. Bakers rise at three.", "They nap."], id="one-word-joins"
        ),
        pytest.param("They rise. Bakers bake bread.", ["They rise. Bakers bake bread."], id="two-words-join"),
        pytest.param(
            "Bakers rise early. They bake.", ["Bakers rise early.", "They bake."], id="three-words-stand-alone"
        ),
        pytest.param(
            "Do bakers rise? No! Never! Ask one.", ["Do bakers rise?", "No! Never! Ask one."], id="several-join-in-turn"
        ),
        pytest.param(
            "Do bakers rise early? No.", ["Do bakers rise early?", "No."], id="a-last-word-joins-nothing-before"
        ),
        pytest.param("Yes. \xa0", ["Yes."], id="nothing-to-join"),
        pytest.param("Yes.\nBakers rise.", ["Yes.", "Bakers rise."], id="nothing-is-joined-over-a-line-end"),
        pytest.param("Pay rises.\nTips fall", ["Pay rises.", "Tips fall"], id="line-break-after-a-full-stop"),
        pytest.param(
            "Median Pay\n$61,590\nPer Hour", ["Median Pay", "$61,590", "Per Hour"], id="labels-on-lines-of-their-own"
        ),
        pytest.param(
            "Shifts start at 3 a.m. and end at 1 p.m. Bakers then sleep.",
            ["Shifts start at 3 a.m. and end at 1 p.m.", "Bakers then sleep."],
            id="time-of-day",
        ),
        pytest.param("No end", ["No end"], id="no-full-stop"),
        pytest.param("...", ["..."], id="dots"),
        pytest.param("  \n ", [], id="white-space"),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert split(text) == expected


@pytest.mark.parametrize(
    ("first", "second", "joined"),
    [
        pytest.param(
            "A baker who rises at three in the morning to heat the", "oven sleeps at noon.", True, id="lower-case"
        ),
        pytest.param("A baker who rises every single morning of the week at", "3 sleeps at noon.", True, id="digit"),
        pytest.param(
            "A baker rises at three in the morning to heat the oven.", "bread is sold at six.", False, id="full-stop"
        ),
        pytest.param("Bakers need all of the following things in the morning:", "flour, water", False, id="colon"),
        pytest.param("A short label", "of two lines", False, id="short-line"),
        pytest.param("x" * 111, "of two lines", False, id="line-too-long-to-be-wrapped"),
        pytest.param("A heading that is long enough to be a wrapped line of", "Text", False, id="capital"),
    ],
)
def test_wrapped_lines_are_one_sentence_and_labels_are_not(first: str, second: str, joined: bool) -> None:
    text = f"{first}\n{second}"
    assert split(text) == ([text] if joined else [first, second])


def test_sentences_of_a_part_of_a_text_stay_inside_it() -> None:
    text = "Never. Some bakers rise. They bake. Never."
    found = list(sentences(text, 7, 35))
    assert [(span.start, span.end, span.text) for span in found] == [
        (7, 24, "Some bakers rise."),
        (25, 35, "They bake."),
    ]
    # Nor does what stands behind the end make a short sentence join.
    assert [span.text for span in sentences(text, 25, 35)] == ["They bake."]


PLAIN = """\
How to Become a Baker
Bakers make bread, rolls and cakes, and most of them start at three in the morning.
What do bakers need?
• flour
• a wide oven
  with steam
Step 1: Find a School
Schools of baking take pupils in September, and the first year is spent on bread.
| Town | Pay |
|---|---|
| Lyon | $17 |
Then you bake.
"""


def test_plain_text_gets_headings_lists_and_tables_without_any_marks() -> None:
    assert outline(PLAIN) == [
        ("prose", ("How to Become a Baker",),
         "Bakers make bread, rolls and cakes, and most of them start at three in the morning."),
        ("list", ("How to Become a Baker", "What do bakers need?"), "• flour\n• a wide oven\n  with steam"),
        ("prose", ("How to Become a Baker", "Step 1: Find a School"),
         "Schools of baking take pupils in September, and the first year is spent on bread."),
        ("table", ("How to Become a Baker", "Step 1: Find a School"), "| Town | Pay |\n|---|---|\n| Lyon | $17 |"),
        ("prose", ("How to Become a Baker", "Step 1: Find a School"), "Then you bake."),
    ]  # fmt: skip
    assert "a wide oven\n  with steam" in statements(PLAIN)


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("Bakers rise early.", id="full-stop"),
        pytest.param("Median pay $61,590", id="amount"),
        pytest.param("Growth 7%", id="percent"),
        pytest.param("Note: bakers rise early", id="label-with-its-text"),
        pytest.param("which takes two years", id="lower-case"),
        pytest.param("Word " * 15, id="too-many-words"),
        pytest.param("W" * 91, id="too-long"),
    ],
)
def test_a_line_of_plain_text_that_states_something_is_no_heading(line: str) -> None:
    text = (
        f"Baker\nThis line is the introduction of a page on how bakers work.\n{line}\n" + "All else follows here. " * 3
    )
    assert line.strip() in statements(text)
    assert {section.headings for section in sections(document(text))} == {("Baker",)}


def test_a_short_last_line_of_plain_text_names_nothing() -> None:
    assert statements("Bakers rise at three.\nThe End") == ["Bakers rise at three.", "The End"]


def test_a_lone_carriage_return_does_not_shift_what_follows() -> None:
    assert statements("# T\n\none\rstill one\n\ntwo") == ["one\rstill one", "two"]


PIECES = [
    "# Head\n",
    "## Why?\n",
    "- item\n",
    "  - inner\n",
    "1. one\n",
    "• bullet\n",
    "| a | b |\n|---|---|\n",
    "| 1 | 2 |\n",
    "Bakers rise at three. ",
    "the U.S. ",
    "You need:\n",
    "```\n",
    "> said\n",
    "<div>\n",
    "[a]: b\n",
    "***\n",
    "---\n",
    "\n",
    "\n\n",
    "    code\n",
    " ",
    "\t",
    "\r",
    "\r\n",
    "\x85",
    "\u2028",
    "\ufeff",
    "\xa0",
    "\x00",
    "é",
    "🥖",
    "面包。",
    "A Heading\n",
    "wrapped line of prose that goes on and on until it ends with\n",
    "e\u0301",
    "Yes. ",
    "They bake bread. ",
    "Ohio pay: $9\n",
    "Jobs: 5\n",
    "StatePay\n",
    "Ohio$9\n",
    "Iowa|All$8\n",
]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=25).map("".join) | st.text(max_size=80)


@given(TEXTS)
@example("- a\n\n\n")
@example("text\n\n# Head\n")
def test_sections_tile_the_text_in_order(text: str) -> None:
    found = sections(document(text))
    if not found:
        assert not any(chunk for chunk in chunks(document(text)))
        return
    assert found[0].start == 0
    assert found[-1].end == len(text)
    assert [section.end for section in found[:-1]] == [section.start for section in found[1:]]
    assert all(section.start <= section.body.start < section.body.end <= section.end for section in found)


@given(TEXTS)
def test_every_span_is_the_exact_slice_and_parts_follow_each_other_inside_the_body(text: str) -> None:
    for section in sections(document(text)):
        for span in (section.body, *section.parts, *([section.lead] if section.lead else [])):
            assert span.text == text[span.start : span.end] != ""
            assert span.text == span.text.strip(" \t\r\n\f\v\xa0\ufeff")
        edges = [
            section.body.start,
            *(edge for part in section.parts for edge in (part.start, part.end)),
            section.body.end,
        ]
        assert edges == sorted(edges)
    for chunk in chunks(document(text)):
        assert chunk.text == text[chunk.start : chunk.end]


@given(TEXTS)
def test_every_word_of_a_list_or_of_prose_stands_in_a_statement(text: str) -> None:
    for section in sections(document(text)):
        if section.kind is Kind.TABLE:
            continue
        inside = [False] * len(text)
        for part in section.parts:
            inside[part.start : part.end] = [True] * (part.end - part.start)
        outside = [at for at in range(section.body.start, section.body.end) if not inside[at]]
        assert not any(text[at].isalpha() for at in outside)


@given(TEXTS)
def test_chunks_are_the_same_every_time_and_their_ids_are_unique(text: str) -> None:
    found: tuple[Chunk, ...] = chunks(document(text))
    assert found == chunks(document(text))
    assert len({chunk.id for chunk in found}) == len(found)


@pytest.mark.faults
@pytest.mark.parametrize(
    "text",
    [
        pytest.param("word " * 200_000, id="1-mb-of-one-line"),
        pytest.param("a" * 1_000_000, id="1-mb-of-one-word"),
        pytest.param("a." * 100_000, id="full-stops-without-spaces"),
        pytest.param("B. " * 100_000, id="abbreviations-only"),
        pytest.param("- " * 100_000, id="nested-list-markers-on-one-line"),
        pytest.param("\n".join("  " * depth + "- x" for depth in range(700)), id="nested-list-markers-on-lines"),
        pytest.param("> " * 100_000, id="nested-quotes"),
        pytest.param("Head\n" * 20_000, id="plain-lines-that-look-like-headings"),
        pytest.param("Head\n\n\n\n" * 20_000, id="plain-lines-with-empty-lines-between"),
        pytest.param("\n" * 80_000, id="empty-lines"),
        pytest.param("- item\n" * 10_000, id="long-list"),
        pytest.param("# T\n\n" + "- a\n\nx\n\n" * 5_000, id="many-lists"),
        pytest.param("# T\n\n" + "baker\n" * 20_000, id="paragraph-of-many-lines"),
        pytest.param("|a|b|\n|-|-|\n" + "|1|2|\n" * 5_000, id="long-table"),
        pytest.param("|" * 300_000, id="pipes"),
        pytest.param("[" * 100_000 + "*a " * 50_000, id="brackets-and-stars"),
        pytest.param("`" * 100_000 + "<a" * 50_000, id="backticks-and-tags"),
        pytest.param(" " * 400_000 + "x", id="blanks"),
        pytest.param("T\n\n" + "Jobs: 5\n" * 10_000, id="long-record"),
        pytest.param("T\n\n" + "Ohio pay: $9\nJobs: 5\n" * 5_000, id="many-records"),
        pytest.param("T\n\n" + "".join(f"Label {n}: x\n" for n in range(20_000)), id="labels-that-never-repeat"),
        pytest.param("T\n\nStatePay\n" + "Ohio$9\n" * 5_000, id="long-glued-table"),
        pytest.param("Head\n" + "Ohio$9" * 50_000 + "\nHead\n", id="long-glued-line"),
        pytest.param("It is. " * 50_000, id="short-sentences-that-point-back"),
        pytest.param("Yes. \xa0" * 3_000, id="short-sentences-with-blanks"),
        pytest.param("!" * 100_000 + "'" * 100_000, id="sentence-ends"),
    ],
)
def test_hostile_text_takes_linear_time(text: str) -> None:
    started = time.process_time()
    chunks(document(text))
    # The quadratic forms of these took from 10 seconds to hours; 0.1 to 1 is usual.
    assert time.process_time() - started < 5
