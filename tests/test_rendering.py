from __future__ import annotations

import dataclasses
import html
import json
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from careerbot import Answer, Citation, Disagreement, StatedValue, Status
from careerbot.rendering import as_json, blocks, disagreed, escape_markdown, quoted, source_line, unescape_markdown

CITATION = Citation(
    1, "baker", "Baker", "Guild", "2024-05", ("Baker", "Pay"), "Bakers earn\n  $16.80.", 120, 140, "corpus/baker.md"
)
UNDATED = dataclasses.replace(CITATION, number=2, publisher="", as_of="", section=(), quote="It is $15.")
ANSWER = Answer(
    question="and pay?",
    searched_question="baker pay?",
    text="Bakers earn $16.80. [1]",
    status=Status.PARTIAL,
    citations=(CITATION, UNDATED),
    disagreements=(Disagreement("pay", (StatedValue("$16.80", "2024-05", 1), StatedValue("$15", "", 2))),),
    missing=("tips",),
    suggestions=("When do bakers start?",),
    latency_ms=12.345,
)


def test_json_has_the_keys_of_the_contract_in_its_order() -> None:
    found = as_json(ANSWER, "q7")
    assert list(found) == [
        "id", "question", "searched_question", "status", "answer", "citations", "disagreements", "missing",
        "suggestions", "latency_ms",
    ]  # fmt: skip
    assert list(found["citations"][0]) == [
        "number", "source", "title", "publisher", "as_of", "section", "quote", "start", "end", "path",
    ]  # fmt: skip
    assert list(found["disagreements"][0]) == ["about", "values"]
    assert list(found["disagreements"][0]["values"][0]) == ["value", "as_of", "citation"]


def test_json_holds_the_values_and_survives_a_round_trip() -> None:
    found = as_json(ANSWER, "q7")
    assert json.loads(json.dumps(found)) == found == {
        "id": "q7",
        "question": "and pay?",
        "searched_question": "baker pay?",
        "status": "partial",
        "answer": "Bakers earn $16.80. [1]",
        "citations": [
            {"number": 1, "source": "baker", "title": "Baker", "publisher": "Guild", "as_of": "2024-05",
             "section": ["Baker", "Pay"], "quote": "Bakers earn\n  $16.80.", "start": 120, "end": 140,
             "path": "corpus/baker.md"},
            {"number": 2, "source": "baker", "title": "Baker", "publisher": "", "as_of": "",
             "section": [], "quote": "It is $15.", "start": 120, "end": 140, "path": "corpus/baker.md"},
        ],
        "disagreements": [
            {"about": "pay", "values": [{"value": "$16.80", "as_of": "2024-05", "citation": 1},
                                        {"value": "$15", "as_of": "", "citation": 2}]}
        ],
        "missing": ["tips"],
        "suggestions": ["When do bakers start?"],
        "latency_ms": 12.3,
    }  # fmt: skip


def test_a_refusal_in_json_keeps_every_key() -> None:
    found = as_json(Answer("q", "q", "The sources do not say.", Status.NOT_IN_SOURCES))
    assert list(found) == list(as_json(ANSWER))
    assert found["id"] == ""
    assert found["citations"] == found["disagreements"] == found["missing"] == found["suggestions"] == []


@pytest.mark.parametrize(
    ("citation", "expected"),
    [
        pytest.param(CITATION, "Baker (Guild, as of 2024-05) › Pay", id="title-not-repeated-as-heading"),
        pytest.param(UNDATED, "Baker (undated)", id="undated-is-said"),
        pytest.param(
            dataclasses.replace(CITATION, section=("Pay",)), "Baker (Guild, as of 2024-05) › Pay", id="one-heading"
        ),
        pytest.param(
            dataclasses.replace(CITATION, section=("Baker", "Pay", "Tips")),
            "Baker (Guild, as of 2024-05) › Pay › Tips",
            id="path-of-headings",
        ),
    ],
)
def test_source_line(citation: Citation, expected: str) -> None:
    assert source_line(citation) == expected


@pytest.mark.parametrize(
    ("about", "expected"),
    [
        pytest.param("pay", "The sources disagree (pay): $16.80 (as of 2024-05) [1] · $15 (undated) [2]", id="named"),
        pytest.param("", "The sources disagree: $16.80 (as of 2024-05) [1] · $15 (undated) [2]", id="without-a-name"),
    ],
)
def test_values_that_differ_stand_side_by_side_with_date_and_citation(about: str, expected: str) -> None:
    assert disagreed(dataclasses.replace(ANSWER.disagreements[0], about=about)) == expected


@pytest.mark.parametrize(
    ("quote", "expected"),
    [
        pytest.param("Bakers earn\n  $16.80.", "Bakers earn $16.80.", id="wrapped-lines"),
        pytest.param(
            "| Town | Pay |\n|---|---|\n| Lyon | $17 |", "Town | Pay / Lyon | $17", id="table-without-its-rule"
        ),
        pytest.param("| A | B |\n|---|---|\n| 1 | 2 |\n\n| 3 | 4 |", "A | B / 1 | 2 / 3 | 4", id="rows-in-order"),
        pytest.param("| Lyon | $17 |", "| Lyon | $17 |", id="one-row-alone"),
    ],
)
def test_a_quotation_is_shown_on_one_line(quote: str, expected: str) -> None:
    assert quoted(dataclasses.replace(CITATION, quote=quote)) == expected


# A Markdown reader with everything on that a browser page may have: HTML, tables, struck-out text.
READER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
INERT = {"paragraph_open", "paragraph_close", "inline", "text", "softbreak", "hardbreak"}
# What GitHub-flavoured readers turn into links without any markup.
BARE_LINK = re.compile(r"(?:https?|ftp)://|www\.|[\w.+-]@[\w-]", re.IGNORECASE)


def read(markdown: str) -> list[Token]:
    return [inner for token in READER.parse(markdown) for inner in (token, *(token.children or ()))]


def shown(markdown: str) -> str:
    parts = {"softbreak": " ", "hardbreak": " ", "paragraph_close": " "}
    text = "".join(token.content if token.type == "text" else parts.get(token.type, "") for token in read(markdown))
    return " ".join(text.split())


HOSTILE = [
    pytest.param("![x](https://evil.example/a.png)", id="image"),
    pytest.param("![x][y]\n\n[y]: https://evil.example", id="image-by-reference"),
    pytest.param("[click](javascript:alert(1))", id="link"),
    pytest.param("[click]: https://evil.example 'x'\n\n[click]", id="link-definition"),
    pytest.param("<img src=x onerror=alert(1)>", id="html-inline"),
    pytest.param("<script>alert(1)</script>", id="html-block"),
    pytest.param("<!-- hidden", id="html-comment"),
    pytest.param("&lt;b&gt; &#60;b&#62; &copy;", id="character-references"),
    pytest.param("<https://evil.example>", id="autolink"),
    pytest.param("see https://evil.example/?q=1 or HTTP://EVIL.example", id="bare-address"),
    pytest.param("ftp://evil.example", id="ftp-address"),
    pytest.param("go to www.evil.example or WWW.evil.example", id="www-address"),
    pytest.param("mail a_b@evil.example", id="mail-address"),
    pytest.param("- one\n- two", id="bullets"),
    pytest.param("+ one\n  * two", id="other-bullets"),
    pytest.param("   - indented", id="indented-bullet"),
    pytest.param("1. one\n2) two", id="numbered-list"),
    pytest.param("2016. The pay rose.\n123456789) x", id="year-that-would-number-a-list"),
    pytest.param("# Heading\n###### Heading", id="headings"),
    pytest.param("Heading\n===\nOther\n---", id="underlined-headings"),
    pytest.param("***\n___\n- - -", id="rules"),
    pytest.param("> quote", id="block-quote"),
    pytest.param("    code\n\tcode", id="indented-code"),
    pytest.param("text\n\n    code with *stars*", id="indented-code-after-a-paragraph"),
    pytest.param("```\ncode\n```\n~~~\ncode\n~~~", id="fenced-code"),
    pytest.param("`code` and ``co`de``", id="code-span"),
    pytest.param("*a* **b** _c_ __d__ ~~e~~", id="emphasis"),
    pytest.param("| a | b |\n|---|---|\n| 1 | 2 |", id="table"),
    pytest.param("a | b\n:--|--:\n1 | 2", id="table-without-outer-pipes"),
    pytest.param("a | b\n:--\n1", id="table-of-one-column"),
    pytest.param("\\*a\\* \\[b\\](c) \\", id="backslashes"),
    pytest.param("one\r- two\r\n# three", id="carriage-returns"),
]


@pytest.mark.parametrize("text", HOSTILE)
def test_text_of_a_document_stays_text(text: str) -> None:
    escaped = escape_markdown(text)
    assert {token.type for token in read(escaped)} <= INERT
    assert shown(escaped) == " ".join(text.split())
    assert not BARE_LINK.search(escaped)


@given(st.text(alphabet="ab1 9.)(*_`~#-+=:<>|![]&;/\\@\n\r\twW$é\"'", max_size=60))
@example("2016. a")
@example("a\n:-")
@example("&#58;//")
@example("www.\\")
def test_no_text_acts_and_none_is_changed(text: str) -> None:
    escaped = escape_markdown(text)
    assert {token.type for token in read(escaped)} <= INERT
    assert shown(escaped) == " ".join(text.split())
    assert not BARE_LINK.search(escaped)


def test_plain_words_are_left_readable() -> None:
    text = "Bakers earn $16.80 an hour (about 35% more), says O'Neil: “fair”."
    assert escape_markdown(text) == text


def test_an_address_is_still_shown_as_it_was_written() -> None:
    escaped = escape_markdown("https://guild.example")
    assert escaped == "https&#58;//guild.example"
    assert html.unescape(escaped) == "https://guild.example"


@given(st.text(st.characters(codec="utf-8")))
def test_unescaping_gives_back_what_was_escaped(text: str) -> None:
    flush = "\n".join(line.lstrip(" \t") for line in re.split(r"\r\n?|\n", text))
    assert unescape_markdown(escape_markdown(text)) == flush


@pytest.mark.parametrize(
    ("text", "held"),
    [
        pytest.param("", [1], id="nothing"),
        pytest.param("One. [1]\n- two [2]", [1, 1], id="lines"),
        pytest.param("a | b\n--- | ---\n1 | 2 [1]", [3], id="a-table"),
        pytest.param("One. [1]\na | b\n--- | ---\n1 | 2\n3 | 4 [2][3]\nTwo. [1]", [1, 4, 1], id="between-lines"),
        pytest.param("a | b\n--- | ---\n1 | 2 [1]\nc | d\n--- | ---\n3 | 4 [2]", [3, 3], id="two-tables"),
        pytest.param("a | b\n--- | ---\n1 | 2", [1, 1, 1], id="no-marker-behind-it"),
        pytest.param("--- | ---\n1 | 2 [1]", [1, 1], id="no-header"),
        pytest.param("\n\nOne. [1]\n", [1, 1, 1, 1], id="empty-lines"),
    ],
)
def test_the_lines_of_an_answer_stand_alone_but_for_those_of_a_table(text: str, held: list[int]) -> None:
    found = list(blocks(text))
    assert list(map(len, found)) == held
    assert "\n".join(line for lines in found for line in lines) == text
