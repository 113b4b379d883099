"""Hand-outs: what is given away says what the answers say and does nothing else; it can be checked later."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from careerbot import Answer, Citation, Document, InputError, Status
from careerbot.datatypes import Disagreement, StatedValue, Writing
from careerbot.handout import Checked, as_html, as_markdown, check
from careerbot.rendering import unescape_markdown

DAY = "2024-06-01"
PAY = "A baker earns $16.80 an hour on average."
FEES = "| State | Fee |\n|---|---|\n| Oregon | $100 |"


def document(text: str, name: str = "baker", as_of: str = "2019") -> Document:
    return Document(name, "Baker", text, f"{name}.md", "Guild", as_of)


def citation(quote: str, number: int = 1, source: str = "baker", as_of: str = "2019") -> Citation:
    return Citation(number, source, "Baker", "Guild", as_of, ("Baker", "Pay"), quote, 0, len(quote), "baker.md")


def answer(*quotes: str, question: str = "What does a baker earn?") -> Answer:
    cited = tuple(citation(quote, number) for number, quote in enumerate(quotes, start=1))
    text = "\n".join(f"{quote} [{number}]" for number, quote in enumerate(quotes, start=1))
    return Answer(question, question, text, Status.ANSWERED, cited)


DIFFERING = (Disagreement("pay", (StatedValue("$16", "2019", 1), StatedValue("$15", "", 2))),)
REFUSAL = Answer("What do clowns earn?", "What do clowns earn?", "The sources don't say.", Status.NOT_IN_SOURCES)


def handed(*quotes: str) -> str:
    return as_markdown([answer(*quotes)], DAY)


def reasons(text: str, *documents: Document) -> list[str]:
    """Why each quotation does not hold; empty for those that do."""
    return [held.reason for held in check(text, {held.id: held for held in documents})]


def flat(text: str) -> str:
    return " ".join(text.split())


QUOTES = [
    pytest.param(PAY, id="a-sentence"),
    pytest.param("**Bakers** earn `$16` [a lot](https://guild.example) ![x](y) \\*", id="markdown"),
    pytest.param("# Pay\n- one\n  * two\n1. three\n===", id="marks-at-line-starts"),
    pytest.param("Bakers <!-- earn --> $16 --!> a -- b ---> c", id="html-comments"),
    pytest.param('<!-- careerbot {"source": "other"} -->\n<!-- careerbot hand-out -->', id="our-own-comments"),
    pytest.param("<b>Bakers</b> earn <img src=x> &amp; &#36;16", id="html"),
    pytest.param(FEES, id="table"),
    pytest.param("| Ovens \\| kilns | a\\b |", id="escaped-pipe"),
    pytest.param("Bakers earn $16.\n\nThey start early.\n\n\nThey sleep early.", id="paragraphs"),
    pytest.param("Bakers earn\r\n$16.\r\n\r\nThey start early.", id="windows-line-ends"),
    pytest.param("Bakers earn\r$16.", id="carriage-return"),
    pytest.param("Bakers\x0cearn\x0b\x0b$16\u2028an\u2029hour\x85and\x1cmore.", id="other-line-separators"),
    pytest.param("> Bakers earn $16.\n> > They say.", id="a-quotation-in-the-document"),
    pytest.param("    oven = 220\n\tbake()", id="indented-code"),
    pytest.param("```\nbake()\n```", id="fenced-code"),
    pytest.param("  Bakers\u00a0earn   $16.  ", id="white-space-around-and-within"),
    pytest.param("Write to a_b@guild.example, see www.guild.example.", id="addresses"),
    pytest.param("Bäcker verdienen 16 € – „viel“ 面包师 🥐", id="other-scripts"),
    pytest.param("## Pay ##", id="heading"),
    pytest.param("$", id="one-mark"),
]


@pytest.mark.parametrize("quote", QUOTES)
def test_a_quotation_holds_while_its_document_says_it_and_no_longer(quote: str) -> None:
    text = handed(quote)
    assert check(text, {"baker": document(f"# Baker\n\n{quote}\n\nMore.")}) == (Checked("baker", flat(quote), ""),)
    assert reasons(text, document("# Baker\n\nSomething else.\n")) == ["the document does not say this any more"]


WORDS = st.text(st.characters(codec="utf-8"), max_size=60)
MARKS = st.text(alphabet="ab1 9.)(*_`~#-+=:<>|![]&;/\\@\n\r\twW$é\"'{}", max_size=60)
SAID = (WORDS | MARKS).map(lambda text: text if text.strip() else "baker")


@given(quote=SAID, before=WORDS | MARKS, after=WORDS | MARKS)
@example(quote="www\n.", before="", after="")
@example(quote="\\", before="", after="")
@example(quote="-->", before="<!--", after="")
def test_any_quotation_holds_in_a_document_that_contains_it(quote: str, before: str, after: str) -> None:
    assert reasons(handed(quote), document(f"{before}\n\n{quote}\n\n{after}")) == [""]


@given(quote=SAID, text=WORDS | MARKS)
@example(quote="a", text="A")
def test_no_quotation_holds_in_a_document_that_does_not_contain_it(quote: str, text: str) -> None:
    assume(flat(quote) not in flat(text))
    assert reasons(handed(quote), document(text)) == ["the document does not say this any more"]


@given(made=SAID, edited=SAID)
@example(made="Nobody needs a degree.", edited="needs a degree.")
def test_any_change_of_the_words_is_noticed_even_when_the_document_says_the_new_ones(made: str, edited: str) -> None:
    assume(flat(made) != flat(edited))
    comments = [line for line in handed(made).splitlines() if '"words"' in line]
    swapped = re.sub(r"^<!-- careerbot \{.*", lambda _: comments[0], handed(edited), flags=re.MULTILINE)
    assert reasons(swapped, document(f"{made}\n\n{edited}")) == ["its words were changed in the hand-out"]


LONG = "Most bakers start at three in the morning - #1 of all trades.\n\n1. A shift lasts eight hours: *no* more."


def _rewrapped(text: str, mark: str) -> str:
    """Quotations as an editor fills them, a word a line."""
    lines = []
    for line in text.split("\n"):
        words = line.removeprefix("> ").split() if line.startswith("> ") else []
        lines += ["> " + words[0], *(mark + word for word in words[1:])] if words else [line]
    return "\n".join(lines)


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(lambda text: text, id="none"),
        pytest.param(lambda text: text.replace("\n", "\r\n"), id="windows-line-ends"),
        pytest.param(lambda text: text.replace("\n", "\r"), id="old-mac-line-ends"),
        pytest.param(lambda text: "\ufeff" + text, id="byte-order-mark"),
        pytest.param(lambda text: text.replace("\n", " \t \n"), id="trailing-white-space-added"),
        pytest.param(lambda text: "\n".join(line.rstrip() for line in text.split("\n")), id="trailing-space-trimmed"),
        pytest.param(lambda text: text.rstrip("\n"), id="last-line-end-lost"),
        pytest.param(lambda text: _rewrapped(text, "> "), id="rewrapped"),
        pytest.param(lambda text: _rewrapped(text, ">"), id="rewrapped-without-space"),
        pytest.param(lambda text: _rewrapped(text, ""), id="rewrapped-without-mark"),
        pytest.param(lambda text: text.replace("\n>", "\n   >"), id="indented"),
        pytest.param(lambda text: text.replace("\n<!--", "\n  <!--"), id="comments-indented"),
        pytest.param(lambda text: re.sub(r"\n\n\\\[2\\\] .*\n\n", "\n", text), id="source-line-removed"),
        pytest.param(lambda text: text.replace("-->\n", "-->\n\n\n"), id="empty-line-after-the-comment"),
        pytest.param(lambda text: text.replace("\n>\n", "\n\n"), id="empty-line-within-the-quotation"),
        pytest.param(lambda text: text.replace("\\-", "-").replace("\\#", "#"), id="needless-escapes-dropped"),
        pytest.param(lambda text: text[text.index("<!-- careerbot {") :], id="only-the-quotations-kept"),
        pytest.param(lambda text: text.replace("<!-- careerbot hand-out -->\n\n", ""), id="first-comment-lost"),
        pytest.param(lambda text: text + "\nA note of mine.\n\n## And a heading\n", id="note-added"),
        pytest.param(lambda text: text.rstrip("\n") + "\n## A heading\n\nA note.\n", id="heading-right-after"),
    ],
)
def test_an_editor_that_leaves_the_words_alone_breaks_nothing(edit: Callable[[str], str]) -> None:
    text = edit(handed(LONG, PAY))
    assert reasons(text, document(f"{LONG}\n\n{PAY}")) == ["", ""]


def test_hand_outs_put_together_are_one() -> None:
    assert reasons(handed(PAY) + handed(PAY, FEES), document(f"{PAY}\n\n{FEES}")) == ["", "", ""]


TOLD = "the hand-out does not tell its source"
CHANGED = "its words were changed in the hand-out"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param("> A baker earns $16.80", "> A baker earns $61.80", CHANGED, id="figure-swapped"),
        pytest.param("> A baker earns", "> A baker never earns", CHANGED, id="word-added"),
        pytest.param("> A baker earns $16.80", "> A baker earns $16", CHANGED, id="figure-shortened"),
        pytest.param("> A baker earns", "> earns", CHANGED, id="start-cut-off"),
        pytest.param(" an hour on average.\n", "\n", CHANGED, id="end-cut-off"),
        pytest.param("average.\n", "average.\nand a house.\n", CHANGED, id="line-without-mark-added"),
        pytest.param("average.\n", "average.\n>\n> And a house.\n", CHANGED, id="paragraph-added"),
        pytest.param("average.\n", "average.\n\n> And a house.\n", CHANGED, id="second-quotation-right-after"),
        pytest.param("average.\n", "**average.**\n", CHANGED, id="words-made-bold"),
        pytest.param("earns", "earns <!-- not -->", CHANGED, id="comment-within"),
        pytest.param(f"> {PAY}", "> ", "the quotation is missing", id="quotation-emptied"),
        pytest.param(f"> {PAY}", "", "the quotation is missing", id="quotation-removed"),
        pytest.param('"words": "', '"words": "0', CHANGED, id="fingerprint-changed"),
        pytest.param('"words"', '"x"', CHANGED, id="fingerprint-removed"),
        pytest.param('"source": "baker"', '"source": "other"', "does not say this any more", id="another-source"),
        pytest.param('"source": "baker"', '"source": "none"', "is not loaded any more", id="a-source-that-is-not"),
        pytest.param('"source": "baker"', '"source": ""', TOLD, id="source-emptied"),
        pytest.param('"source": "baker"', '"source": ["baker"]', TOLD, id="source-is-a-list"),
        pytest.param('"source": "baker"', '"source": 1e999', TOLD, id="source-is-a-number"),
        pytest.param('"source": "baker",', "", TOLD, id="source-removed"),
        pytest.param('{"source"', '["source"', TOLD, id="comment-is-no-json"),
        pytest.param('"words"', f'"x": {"[" * 100_000}, "words"', TOLD, id="comment-is-deep"),
        pytest.param('"words"', f'"x": {"9" * 10_000}, "words"', TOLD, id="comment-has-a-huge-number"),
        pytest.param(
            '"as_of": "2019"', '"as_of": "2024"', "is 2024 in the hand-out and 2019 in the documents", id="date"
        ),
        pytest.param('"as_of": "2019"', '"as_of": ""', "is undated in the hand-out and 2019", id="date-emptied"),
        pytest.param('"as_of": "2019"', '"as_of": 2019', "is undated in the hand-out and 2019", id="date-is-a-number"),
    ],
)
def test_tampering_is_told_with_its_reason(old: str, new: str, expected: str) -> None:
    text = handed(PAY)
    body = text.index("<!-- careerbot {")
    assert text.count(old, body) == 1
    tampered = text[:body] + text[body:].replace(old, new)
    assert [expected in reason for reason in reasons(tampered, document(PAY), document("Bees.", "other"))] == [True]


def test_a_comment_that_was_removed_leaves_a_quotation_without_a_source() -> None:
    text = re.sub(r"<!-- careerbot \{.*\n", "", handed(PAY))
    assert check(text, {"baker": document(PAY)}) == (Checked("", PAY, TOLD),)


def test_a_quotation_that_was_slipped_in_has_no_source() -> None:
    text = handed(PAY) + "\nAnd also:\n\n> Bakers are rich.\n\nHow nice.\n"
    assert check(text, {"baker": document(PAY)}) == (Checked("baker", PAY, ""), Checked("", "Bakers are rich.", TOLD))


def test_one_spoiled_quotation_spoils_no_other() -> None:
    text = handed(PAY, FEES, PAY, LONG).replace("> \\| State", "> \\| Town").replace(f"> {PAY}", "", 1)
    found = reasons(text, document(f"{PAY}\n\n{FEES}\n\n{LONG}"))
    assert found == ["the quotation is missing", CHANGED, "", ""]


@pytest.mark.parametrize(
    ("quote", "text", "holds"),
    [
        pytest.param("Exam fee: $100", "- Exam fee: $100\n- Oath: free", True, id="unchanged"),
        pytest.param("Exam fee: $100", "- Exam fee: $1000", False, id="figure-has-more-digits"),
        pytest.param("Exam fee: $100", "- Exam fee: $100,000", False, id="figure-has-thousands"),
        pytest.param("Exam fee: $100", "- Exam fee: $100.50", False, id="figure-has-decimals"),
        pytest.param("It pays $16.", "It pays $16.80.", False, id="full-stop-became-a-point"),
        pytest.param("It pays $16.", "It pays $16.", True, id="full-stop-at-the-end"),
        pytest.param("Exam fee: $100", "Exam fee: $100. Oath: free.", True, id="full-stop-after-a-figure"),
        pytest.param("100 hives", "2,100 hives", False, id="figure-has-digits-before"),
        pytest.param("80 hives", "1.80 hives", False, id="figure-has-a-point-before"),
        pytest.param("skill needed", "No upskill needed", False, id="word-begins-earlier"),
        pytest.param("Bakers bake", "Bakers baked", False, id="word-goes-on"),
        pytest.param("Bakers bake", "Bakers baked. Now Bakers bake.", True, id="second-place-is-whole"),
        pytest.param("Most bakers\nstart at three.", "Most  bakers start\n  at three.", True, id="wrapped-anew"),
        pytest.param(PAY, PAY.upper(), False, id="upper-case"),
        pytest.param(PAY, "", False, id="document-emptied"),
    ],
)
def test_a_quotation_holds_where_its_words_and_figures_are_whole(quote: str, text: str, holds: bool) -> None:
    assert reasons(handed(quote), document(text)) == ["" if holds else "the document does not say this any more"]


def test_a_document_that_is_gone_is_said() -> None:
    assert reasons(handed(PAY), document(PAY, "baker-2")) == ["the document is not loaded any more"]


@pytest.mark.parametrize(
    ("then", "now", "expected"),
    [
        pytest.param("2019", "2024", "its date is 2019 in the hand-out and 2024 in the documents", id="newer"),
        pytest.param("", "2024", "its date is undated in the hand-out and 2024 in the documents", id="dated-now"),
        pytest.param("2019", "", "its date is 2019 in the hand-out and undated in the documents", id="undated-now"),
        pytest.param("2019-05", "2019-05", "", id="same-month"),
        pytest.param("", "", "", id="undated-still"),
    ],
)
def test_a_date_that_changed_is_said(then: str, now: str, expected: str) -> None:
    cited = replace(answer(PAY), citations=(citation(PAY, as_of=then),))
    assert reasons(as_markdown([cited], DAY), document(PAY, as_of=now)) == [expected]


def test_quotations_are_told_in_order_and_the_same_one_once_per_answer() -> None:
    second = Answer("And bees?", "And bees?", "x", Status.ANSWERED, (citation("Bees.", 1, "bees"), citation(PAY, 2)))
    text = as_markdown([answer(PAY), REFUSAL, second], DAY)
    found = check(text, {"baker": document(PAY), "bees": document("Bees.", "bees")})
    assert found == (Checked("baker", PAY, ""), Checked("bees", "Bees.", ""), Checked("baker", PAY, ""))


@pytest.mark.parametrize("answers", [[], [REFUSAL], [REFUSAL, REFUSAL]], ids=["no-answer", "refusal", "refusals"])
def test_a_hand_out_without_quotations_is_one_all_the_same(answers: list[Answer]) -> None:
    assert check(as_markdown(answers, DAY), {}) == ()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("# Baker\n\n> A baker earns $16.80.\n", id="another-markdown-file"),
        pytest.param(as_html([answer(PAY)], DAY), id="the-html-page"),
        pytest.param(as_html([answer(handed(PAY))], DAY), id="html-that-quotes-one"),
        pytest.param("It has a line `<!-- careerbot hand-out -->`.", id="comment-within-a-line"),
        pytest.param("<!-- a comment -->\n<!--careerbot-->", id="other-comments"),
    ],
)
def test_what_is_no_hand_out_is_refused(text: str) -> None:
    with pytest.raises(InputError, match=r"^no hand-out: expected one saved as Markdown, and none of its"):
        check(text, {"baker": document(PAY)})


HOSTILE = [
    pytest.param("![x](https://evil.example/a.png)", id="image"),
    pytest.param("[click](javascript:alert(1))\n\n[a]: https://evil.example\n\n[a] ![a]", id="links"),
    pytest.param("<script>alert(1)</script><img src=x onerror=alert(1)>", id="html"),
    pytest.param("<form action=//evil.example><input name=a></form>", id="form"),
    pytest.param("</title></style></head><body onload=alert(1)>", id="html-that-ends-ours"),
    pytest.param("' onmouseover='alert(1)' x=\"", id="attributes"),
    pytest.param("--> <img src=x> <!--", id="ends-a-comment"),
    pytest.param("--!> <img src=x> <!--> ---> -", id="ends-a-comment-otherwise"),
    pytest.param('"} -->\n\n<img src=x>\n\n<!-- careerbot {"', id="ends-our-comment"),
    pytest.param("<https://evil.example> https://evil.example www.evil.example a@evil.example", id="addresses"),
    pytest.param("# Heading\n\n- list\n\n> quote\n\n    code\n\n```\ncode\n\n***\n", id="blocks"),
    pytest.param("one\r# two\r\n> three\u2028> four\x85# five", id="line-ends"),
    pytest.param("&lt;img src=x&gt; &#60;b&#62;", id="character-references"),
    pytest.param("a | b\n---|---\n1 | 2", id="table"),
    pytest.param("\\", id="backslash"),
    pytest.param("*", id="star"),
]
COMMENT = re.compile(r"<!-- careerbot (?:hand-out|\{[^<>]*\}) -->\n?")
BARE_LINK = re.compile(r"(?:https?|ftp)://|www\.|[\w.+-]@[\w-]", re.IGNORECASE)
WITH_HTML = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
WITHOUT_HTML = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


def spoiled(text: str, id: str = "baker") -> Answer:  # noqa: A002 - the field's name
    """An answer with a text in every field that holds words of documents or people."""
    cited = Citation(1, id, text, text, text, (text, text), text, 0, len(text), text)
    differing = Disagreement(text, (StatedValue(text, text, 1), StatedValue(text, "", 2)))
    both = (cited, replace(cited, number=2))
    return Answer(text, text + "?", text, Status.PARTIAL, both, (differing,), (text,), (text,))


class Page(HTMLParser):
    """The elements of a page with their attributes, and its words."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, str]] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, " ".join(f"{name}={value}" for name, value in attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        self.elements.append(("!--", data))

    def unknown_decl(self, data: str) -> None:
        self.elements.append(("!", data))


def _assert_markdown_is_inert(text: str) -> None:
    page = as_markdown([spoiled(text, text)], DAY, text)
    for reader in (WITH_HTML, WITHOUT_HTML):
        tokens = [inner for token in reader.parse(page) for inner in (token, *(token.children or ()))]
        kinds = [token.type for token in tokens]
        assert kinds.count("heading_open") == 2
        assert [token.tag for token in tokens if token.type == "heading_open"] == ["h1", "h2"]
        assert not {"link_open", "image", "html_inline", "table_open", "fence", "code_block", "list_item_open"} & {
            *kinds
        }
        assert tokens[1].content.endswith(": answers of 2024-06-01"), "a title is one line"
        assert all(COMMENT.fullmatch(token.content) for token in tokens if token.type == "html_block")
    outside = [token.type for token in WITH_HTML.parse(page) if token.level == 0].count("paragraph_open")
    answered = sum(bool(line.strip()) for line in re.split(r"\r\n?|\n", text))
    assert outside == 1 + 1 + answered + 1 + 2, "introduction, reading, answer, values, and a line for each source"
    assert WITH_HTML.render(page).count("<!--") == 3, "what it is, and where the two quotations come from"
    assert not BARE_LINK.search(page)
    assert check(page, {}), "its own comments can still be read"


def _assert_html_is_inert(text: str) -> None:
    page = Page(as_html([spoiled(text)], DAY, text))
    paragraphs = sum(bool(line.strip()) for line in text.split("\n"))
    head = [tag for tag, _ in page.elements[: page.elements.index(("body", ""))]]
    assert head == ["html", "head", "meta", "meta", "meta", "title", "style"]
    body = page.elements[len(head) :]
    source = [("p", "class=source"), ("blockquote", "")]
    asked = [("body", ""), ("h1", ""), ("p", "class=day"), ("article", ""), ("h2", ""), ("p", ""), ("em", "")]
    assert body == [*asked, *[("p", "")] * (paragraphs + 1), *source, *source]


@pytest.mark.parametrize("text", HOSTILE)
def test_text_of_documents_and_people_does_nothing_in_markdown(text: str) -> None:
    _assert_markdown_is_inert(text)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_table_of_an_answer_is_one_in_both_hand_outs_and_its_cells_do_nothing(text: str) -> None:
    cell = " ".join(text.split()).replace("|", "\\|")
    held = replace(answer("Yes."), text=f"Yes. [1]\nState | Fee\n--- | ---\n{cell} | {cell} [1]")
    tokens = [
        inner for token in WITH_HTML.parse(as_markdown([held], DAY)) for inner in (token, *(token.children or ()))
    ]
    kinds = [token.type for token in tokens]
    assert (kinds.count("table_open"), kinds.count("tr_open"), kinds.count("th_open"), kinds.count("td_open")) == (
        1,
        2,
        2,
        2,
    )
    assert not {"link_open", "image", "html_inline"} & {*kinds}
    page = Page(as_html([held], DAY))
    tags = [tag for tag, _ in page.elements]
    assert tags[tags.index("table") :][:8] == ["table", "thead", "tr", "td", "td", "tbody", "tr", "td"]
    assert tags[tags.index("tbody") :] == ["tbody", "tr", "td", "td", "p", "blockquote"]
    assert flat(text) in flat(page.text)


@pytest.mark.parametrize("text", HOSTILE)
def test_text_of_documents_and_people_does_nothing_in_html_and_is_shown_as_it_is(text: str) -> None:
    _assert_html_is_inert(text)
    assert flat(text) in flat(Page(as_html([spoiled(text)], DAY, text)).text)


@given(SAID)
@example("--")
@example("--->")
def test_no_text_acts_in_a_hand_out(text: str) -> None:
    _assert_markdown_is_inert(text)
    _assert_html_is_inert(text)


@given(SAID | st.text("-", min_size=1, max_size=9), st.text("0123456789-", max_size=10))
def test_any_source_and_date_can_be_read_again(name: str, as_of: str) -> None:
    cited = replace(answer(PAY), citations=(citation(PAY, source=name, as_of=as_of),))
    text = as_markdown([cited], DAY)
    assert check(text, {name: document(PAY, name, as_of)}) == (Checked(name, PAY, ""),)


def test_markdown_holds_question_answer_quotation_date_source_and_day() -> None:
    held = replace(
        answer("Bakers earn $16.\n\nThey *rise* early."),
        text="Bakers earn $16. [1]\n \nThey rise early. [1]",
        disagreements=DIFFERING,
    )
    assert as_markdown([held, REFUSAL], DAY, "Trades") == (
        "# Trades: answers of 2024-06-01\n\n"
        "Every statement is a quotation from the source that is named with it. "
        "`careerbot check FILE` tells which quotations the documents still hold.\n\n"
        "<!-- careerbot hand-out -->\n\n"
        "## What does a baker earn?\n\n"
        "Bakers earn $16. \\[1\\]\n\n"
        "They rise early. \\[1\\]\n\n"
        "The sources disagree (pay): $16 (as of 2019) \\[1\\] · $15 (undated) \\[2\\]\n\n"
        "\\[1\\] Baker (Guild, as of 2019) › Pay\n\n"
        '<!-- careerbot {"source": "baker", "as_of": "2019", "words": "9a6752614c90"} -->\n'
        "> Bakers earn $16.  \n>\n> They \\*rise\\* early.\n\n"
        "## What do clowns earn?\n\n"
        "The sources don't say.\n"
    )


def test_html_holds_the_same_on_one_page_that_needs_nothing_else() -> None:
    held = replace(
        answer(FEES),
        text="Oregon – Fee: $100 [1]\n\nVermont? [1]",
        searched_question="Fee in Oregon?",
        disagreements=DIFFERING,
    )
    page = as_html([held, REFUSAL], DAY, "Trades")
    assert page.startswith('<!doctype html><html lang="en"><head><meta charset="utf-8">')
    assert "default-src 'none'; style-src 'unsafe-inline'" in page
    assert "<title>Trades: answers of 2024-06-01</title>" in page
    assert page[page.index("<body>") :] == (
        "<body><h1>Trades</h1><p class='day'>Made on 2024-06-01. "
        "Every statement is a quotation from the source that is named with it.</p>"
        "<article><h2>What does a baker earn?</h2><p><em>Answering: Fee in Oregon?</em></p>"
        "<p>Oregon – Fee: $100 [1]</p><p>Vermont? [1]</p>"
        "<p>The sources disagree (pay): $16 (as of 2019) [1] · $15 (undated) [2]</p>"
        "<p class='source'>[1] Baker (Guild, as of 2019) › Pay</p>"
        "<blockquote>“State | Fee / Oregon | $100”</blockquote></article>"
        "<article><h2>What do clowns earn?</h2><p>The sources don&#x27;t say.</p></article></body></html>"
    )


def test_a_hand_out_of_no_answer_is_a_page_with_its_title() -> None:
    assert Page(as_html([], DAY)).elements[-3:] == [("body", ""), ("h1", ""), ("p", "class=day")]
    assert as_markdown([], DAY).startswith("# careerbot: answers of 2024-06-01\n\n")


@pytest.mark.parametrize(
    ("asked", "searched", "shown"),
    [
        pytest.param("and bees?", "What do bees earn?", True, id="follow-up"),
        pytest.param(" What do bees earn?\n", "What do bees earn?", False, id="white-space"),
    ],
)
def test_how_a_question_was_read_is_shown_where_it_differs(asked: str, searched: str, shown: bool) -> None:
    held = [replace(REFUSAL, question=asked, searched_question=searched)]
    assert (f"*Answering: {searched}*" in as_markdown(held, DAY)) is shown
    assert (f"<em>Answering: {searched}</em>" in as_html(held, DAY)) is shown


def test_what_a_model_worded_is_told_and_promised_less() -> None:
    asked = replace(answer(PAY), writing=Writing("toy", "127.0.0.1:1"))
    for made in (as_markdown([asked], "2026-01-01"), as_html([asked], "2026-01-01")):
        plain = unescape_markdown(made)
        assert "Worded by toy at 127.0.0.1:1; each sentence was checked against its quotations." in plain
        assert "is named with it, or was checked against it." in plain
    failed = as_markdown([replace(answer(PAY), writing=Writing("toy", "x", "it failed"))], "2026-01-01")
    assert "is named with it. `careerbot check" in failed
    assert "Without model: toy at x was asked, but it failed." in unescape_markdown(failed)
