"""Answers as messages of the chat: what documents and people wrote stays text, and our markers open the sources."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from careerbot import Answer, Citation, Disagreement, StatedValue, Status
from careerbot.messages import dated, is_read_otherwise, message, passage_link
from careerbot.passages import seal
from careerbot.rendering import quoted

OURS = set("p em div ul li details summary blockquote a span table caption thead tbody tr th td".split())
"""The only tags that a message may become on the page."""

ATTRIBUTES: dict[str, dict[str, set[str] | None]] = {
    "a": {"class": {"cite"}, "href": None, "title": None},
    "div": {"class": {"wide"}},
    "span": {"class": {"dated", "blank"}},
    "th": {"scope": {"col", "row"}},
    "details": {"class": {"sources"}},
    "table": {"class": {"disagreement", "compared"}},
}
"""And their only attributes, with the values that they may have; None for any."""

HOSTILE = [
    pytest.param("<script>alert(1)</script>", id="script"),
    pytest.param("<img src=x onerror=alert(1)>", id="image-that-runs-code"),
    pytest.param("![pixel](https://evil.example/p.png)", id="image-that-calls-home"),
    pytest.param("[click](javascript:alert(1))", id="link-that-runs-code"),
    pytest.param("[click](passage?document=other)", id="link-to-another-passage"),
    pytest.param("[click][1]\n\n[1]: https://evil.example", id="link-by-reference"),
    pytest.param("<https://evil.example> and https://evil.example", id="addresses"),
    pytest.param("www.evil.example and mail me@evil.example", id="addresses-without-scheme"),
    pytest.param('<form action="https://evil.example"><input type=password>', id="form"),
    pytest.param('<div style="position:fixed;inset:0">', id="cover-of-the-page"),
    pytest.param("<style>*{display:none}</style>", id="style"),
    pytest.param('"><a class="cite" href="https://evil.example">[1]</a>', id="end-of-an-attribute"),
    pytest.param("' onmouseover='alert(1)", id="end-of-an-attribute-in-single-quotes"),
    pytest.param("</blockquote></details></td></table></main><h1>", id="end-of-our-elements"),
    pytest.param("</script><script>alert(1)//", id="end-of-a-script"),
    pytest.param("<mark>not found</mark>", id="our-own-marks"),
    pytest.param("&lt;b&gt; &#60;script&#62;", id="entities"),
    pytest.param("# Heading\n- item\n1. one\n> quote\n```\ncode\n```", id="blocks"),
    pytest.param("| a | b |\n|---|---|\n| 1 | 2 |", id="table"),
    pytest.param("**loud** _soft_ ~~gone~~ `code` $x^2$", id="emphasis"),
    pytest.param("Title\n=====\n\nother\n---", id="underlined-headings"),
    pytest.param("\\<b\\> \\[x\\](y)", id="backslashes"),
    pytest.param("    indented code", id="indented-code"),
    pytest.param("\u202egnp.exe \u200b\x00\x1b[31m", id="characters-that-turn-or-hide"),
]

TEXTS = st.text(alphabet=st.sampled_from("ab1 \n\t<>[]()!*_`#|~&;:/\\.-+=@$\"'{}w"), max_size=40)

_PAGE = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


class Elements(HTMLParser):
    """The elements of a page with their attributes, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        self.text += " "

    def handle_endtag(self, tag: str) -> None:
        self.text += " "

    def handle_data(self, data: str) -> None:
        self.text += data

    @property
    def tags(self) -> set[str]:
        return {tag for tag, _ in self.found}


def words(text: str) -> str:
    """The words of a text, without the marks and the white space between them."""
    return " ".join(re.findall(r"\w+", text))


def page(markdown: str) -> Elements:
    """What a message becomes on the page, after everything in it has been checked to be ours."""
    shown = Elements(_PAGE.render(markdown))
    for tag, attributes in shown.found:
        allowed = ATTRIBUTES.get(tag, {})
        assert tag in OURS
        assert set(attributes) <= set(allowed)
        for name, value in attributes.items():
            values = allowed[name]
            assert values is None or value in values
        if tag == "a":
            assert re.fullmatch(
                r"passage\?document=[\w%.+~-]*&start=\d+&end=\d+&seal=[0-9a-f]{12}", attributes["href"] or ""
            )
    assert "://" not in markdown
    assert not re.search(r"(?<!\w)www\.|\w@\w", markdown)
    return shown


def links(markdown: str) -> list[str]:
    """Where the markers of the answer itself point but for the seal, without those of the list of sources."""
    above = markdown.split('<details class="sources">')[0]
    return [(attributes["href"] or "").partition("&seal=")[0] for tag, attributes in page(above).found if tag == "a"]


def citation(number: int = 1, quote: str = "A baker earns $16.80.", as_of: str = "2019", source: str = "d") -> Citation:
    return Citation(number, source, "Baker", "Guild", as_of, ("Baker", "Pay"), quote, 5, 5 + len(quote), "d.md")


def answer(text: str, *citations: Citation) -> Answer:
    return Answer("What?", "What?", text, Status.ANSWERED, citations)


PLAIN = {"text": "Plain 1.", "quote": "Plain.", "title": "Plain", "section": "Plain", "as_of": "2019", "about": "Pay"}


def hostile_answer(**parts: str) -> Answer:
    """An answer with a text in any of its places: as a statement, an item, a question, a source, a value."""
    held = PLAIN | parts
    quote, text = held["quote"], held["text"]
    cited = Citation(
        1, held["title"], held["title"], held["title"], held["as_of"], (held["title"], held["section"]), quote, 0, 9, ""
    )
    values = (StatedValue(text, held["as_of"], 1), StatedValue("$2", "", 1))
    flat = " ".join(text.split())
    table = f"{flat} | b\n--- | ---\n{flat} | {flat} [1]"
    return Answer(
        "What?",
        text,
        f"{text} [1]\n{table}\n- {text} [1]",
        Status.ANSWERED,
        (cited,),
        (Disagreement(held["about"], values),),
    )


class TestHostileText:
    @pytest.mark.parametrize("text", HOSTILE)
    @pytest.mark.parametrize("place", PLAIN)
    def test_nothing_in_an_answer_acts_wherever_it_stands(self, place: str, text: str) -> None:
        page(message(hostile_answer(**{place: text})))

    @given(text=TEXTS)
    @example(text="[a](b)")
    @example(text="*a*")
    @example(text="[1]")
    def test_no_text_at_all_becomes_a_tag(self, text: str) -> None:
        page(message(hostile_answer(**dict.fromkeys(PLAIN, text))))

    @given(text=TEXTS)
    def test_no_word_of_an_answer_is_lost(self, text: str) -> None:
        assert words(page(message(answer(text))).text) == words(text)

    @given(text=TEXTS)
    def test_no_word_of_a_question_a_source_or_a_quotation_is_lost(self, text: str) -> None:
        held = replace(citation(quote=text), title=text, section=("Baker", text))
        shown = page(message(replace(answer("Yes. [1]", held), searched_question=f"{text} now")))
        told = f"Answering {text} now Yes 1 1 source 1 {text} Guild as of 2019 {text} {quoted(held)}"
        assert words(shown.text) == words(told)

    @given(name=st.text(st.characters(codec="utf-8"), max_size=20))
    @example(name="a&b=c d?#/../é%20+;")
    def test_a_marker_names_its_document_whatever_it_is_called(self, name: str) -> None:
        (link,) = links(message(answer("Yes. [1]", citation(source=name))))
        told = parse_qs(urlsplit(link).query, keep_blank_values=True)
        assert told == {"document": [name], "start": ["5"], "end": ["26"]}

    @pytest.mark.parametrize("text", HOSTILE)
    def test_a_link_and_a_date_are_inert_in_html_too(self, text: str) -> None:
        """The tabs show them outside of Markdown."""
        shown = Elements(passage_link(text, 1, text, text, text) + dated(text))
        assert shown.tags == {"a", "span"}
        assert words(shown.text) == words(f"{text} {text}")


class TestMarkers:
    def test_a_marker_opens_its_quotation_and_says_so(self) -> None:
        assert page(message(answer("A baker earns $16.80. [1]", citation()))).found[1] == (
            "a",
            {
                "class": "cite",
                "href": f"passage?document=d&start=5&end=26&seal={seal('A baker earns $16.80.')}",
                "title": "Source 1: Baker",
            },
        )

    def test_several_markers_of_a_statement_are_links_each(self) -> None:
        held = (citation(1), citation(2, source="e"))
        assert links(message(answer("A baker earns $16.80. [1][2]\n- It is paid weekly. [2]", *held))) == [
            "passage?document=d&start=5&end=26",
            "passage?document=e&start=5&end=26",
            "passage?document=e&start=5&end=26",
        ]

    @pytest.mark.parametrize(
        "line",
        [
            pytest.param("- Ask the guild [7]", id="no-such-source"),
            pytest.param("- Ask the guild [0]", id="number-nought"),
            pytest.param("- Ask the guild [-1]", id="negative"),
            pytest.param("- Ask the guild [99999999999999999999]", id="huge"),
            pytest.param("- Ask the guild [1][7]", id="one-of-two"),
            pytest.param("- Ask the guild [¹]", id="superscript"),
            pytest.param("- Ask the guild[1]", id="without-a-space"),
            pytest.param("- Ask the guild [1]", id="a-number-that-a-source-has"),
        ],
    )
    def test_brackets_that_a_document_wrote_are_no_marker(self, line: str) -> None:
        """They would cite what does not say it; a number without its source would be an IndexError."""
        quote = f"You need:\n{line}\n- Get up early"
        shown = message(answer(f"You need:\n{line}\n- Get up early [1]", citation(quote=quote)))
        assert links(shown) == [f"passage?document=d&start=5&end={5 + len(quote)}"]
        assert words(line) in words(page(shown).text)

    @pytest.mark.parametrize("number", ["0", "2", "-1", "99999999999999999999"])
    def test_a_number_without_a_source_is_text(self, number: str) -> None:
        assert links(message(answer(f"Ask the guild. [{number}]", citation()))) == []

    def test_brackets_of_a_document_before_ours_stay_text(self) -> None:
        shown = message(answer("Bakers earn little [2] [1]", citation(quote="Bakers earn little [2]")))
        assert len(links(shown)) == 1
        assert "Bakers earn little [2] [1]" in page(shown).text.replace("  ", " ")

    @pytest.mark.parametrize("text", ["The sources don't say.", "Covered nearby: Is it [1]", "[1]", ""])
    def test_an_answer_without_sources_has_no_markers(self, text: str) -> None:
        assert links(message(answer(text))) == []


class TestLines:
    def test_a_statement_after_a_list_is_no_part_of_its_last_item(self) -> None:
        held = (citation(1), citation(2))
        html = _PAGE.render(
            message(answer("You need:\n- flour\n- water [1]\nBakers rise early. [2]\n- salt [2]", *held))
        )
        plain = re.sub(r"<a .*?</a>|\n", "", html)
        assert plain.startswith(
            "<p>You need:</p><ul><li>flour</li><li>water </li></ul><p>Bakers rise early. </p><ul><li>salt "
        )

    def test_a_table_is_one_with_its_markers_and_date_below(self) -> None:
        table = "State | Fee\n--- | ---\nOregon | $100 \\| $90\nVermont | – [1][2]"
        shown = page(message(answer(f"Plain. [1]\n{table}\nAfter. [1]", citation(), citation(2))))
        assert [tag for tag, _ in shown.found if tag in ("th", "td")] == ["th", "th", "th", "td", "th", "td"]
        assert words(shown.text).startswith("Plain 1 1 2 2019 State Fee Oregon 100 90 Vermont not stated After 1")
        assert "$100 | $90" in shown.text

    def test_rows_without_an_end_are_lines(self) -> None:
        assert "table" not in page(message(answer("State | Fee\n--- | ---\nOregon | $100"))).tags

    def test_statements_are_paragraphs_of_their_own(self) -> None:
        html = _PAGE.render(message(answer("One. [1]\nTwo. [1]", citation())))
        assert [line[:6] for line in html.splitlines()[:2]] == ["<p>One", "<p>Two"]

    @pytest.mark.parametrize(
        ("text", "as_of", "badge"),
        [
            pytest.param("A baker earns $16.80. [1]", "2019", "2019", id="figure"),
            pytest.param("- A baker earns $16.80. [1]", "2019-05", "2019-05", id="figure-in-an-item"),
            pytest.param("A baker earns $16.80. [1]", "", "undated", id="no-date"),
            pytest.param("A baker rises early. [1]", "2019", None, id="no-figure"),
            pytest.param("The sources say nothing about 2019.", "2019", None, id="no-source"),
        ],
    )
    def test_figures_carry_the_date_of_their_source(self, text: str, as_of: str, badge: str | None) -> None:
        shown = message(answer(text, citation(as_of=as_of))).split("<details")[0]
        assert re.findall(r'<span class="dated">(.*?)</span>', shown) == ([badge] if badge else [])

    @pytest.mark.parametrize("read", ["How much?", "  What?\n"])
    def test_how_a_question_was_read_is_told_where_it_differs(self, read: str) -> None:
        held = replace(answer("Yes."), searched_question=read)
        assert is_read_otherwise(held) is ("much" in read)
        assert ("Answering: How much?" in page(message(held)).text) is ("much" in read)


class TestSources:
    def test_each_source_is_one_click_away_with_its_quotation(self) -> None:
        html = message(answer("Yes. [1][2]", citation(1), citation(2, "Bakers sleep.", "")))
        assert "<summary>2 sources</summary>" in html
        shown = " ".join(page(html).text.split())
        assert "[1] Baker (Guild, as of 2019) › Pay “A baker earns $16.80.”" in shown
        assert "[2] Baker (Guild, undated) › Pay “Bakers sleep.”" in shown

    def test_one_source_is_called_one(self) -> None:
        assert "<summary>1 source</summary>" in message(answer("Yes. [1]", citation()))

    def test_a_refusal_has_no_list_of_sources(self) -> None:
        assert page(message(answer("The sources don't say."))).tags == {"p"}

    def test_values_that_differ_stand_side_by_side_with_date_statistic_and_source(self) -> None:
        held = (citation(1, "The median pay is $16.80."), citation(2, "The pay is $20.", "", "e"))
        told = Disagreement("what bakers earn", (StatedValue("$16.80", "2019", 1), StatedValue("$20", "", 2)))
        html = message(replace(answer("Yes. [1]\nNo. [2]", *held), disagreements=(told,)))
        table = re.findall(r"<table.*?</table>", html)[0]
        assert "<caption>The sources disagree: what bakers earn</caption>" in table
        assert "<tr><th>Value</th><th>As of</th><th>Statistic</th><th>Source</th></tr>" in table
        rows = [words(Elements(row).text) for row in re.findall(r"<tr><td>.*?</tr>", table)]
        assert rows == ["16 80 2019 median Baker 1", "20 undated Baker 2"]
        assert "document=e" in table

    def test_no_statistic_has_no_column(self) -> None:
        held = (citation(1, "The pay is $16.80."), citation(2, "The pay is $20.", "", "e"))
        told = Disagreement("what bakers earn", (StatedValue("$16.80", "2019", 1), StatedValue("$20", "", 2)))
        html = message(replace(answer("Yes. [1]\nNo. [2]", *held), disagreements=(told,)))
        assert "<tr><th>Value</th><th>As of</th><th>Source</th></tr>" in html
        assert len(re.findall(r"<td>", html)) == 6
