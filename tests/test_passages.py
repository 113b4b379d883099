"""Documents as HTML: exactly the quotation is marked, nothing in a document acts, and none of its words is lost."""

from __future__ import annotations

import re
from html import unescape

import pytest
from conftest import BAKER, ELECTRICIAN
from hypothesis import assume, example, given
from hypothesis import strategies as st
from test_messages import HOSTILE, Elements, words

from careerbot import Document
from careerbot.chunking import cells, chunks, sections
from careerbot.passages import passage, source_heading, whole

OURS = set("h2 h3 p ul ol li div table thead tbody tr th td mark".split())

STEPS = """\
# Beekeeper

## Steps

You need four steps:

3. Buy a hive.
4. Catch a swarm
   in May.
10. Wait.
"""


def document(text: str, name: str = "d") -> Document:
    return Document(name, "Title", text, f"{name}.md")


def shown(held: Document, start: int, end: int) -> str:
    return passage(held, sections(held), start, end)


def quoting(held: Document, quote: str) -> str:
    """The passage of the first place where a document says something."""
    start = held.text.index(quote)
    return shown(held, start, start + len(quote))


def marked(html: str) -> list[str]:
    return [unescape(found) for found in re.findall(r"<mark>(.*?)</mark>", html, re.DOTALL)]


def unmarked(html: str) -> str:
    return re.sub(r"</?mark>", "", html)


def found(text: str, find: str) -> tuple[list[str], int]:
    """What a search marks in a document, and how many places it counts."""
    html, places = whole(document(text), sections(document(text)), find)
    return marked(html), places


class TestPassage:
    @pytest.mark.parametrize(
        ("text", "quote", "marks"),
        [
            pytest.param(BAKER, "A shift lasts eight hours.", ["A shift lasts eight hours."], id="second-sentence"),
            pytest.param(BAKER, "eight", ["eight"], id="a-word"),
            pytest.param(ELECTRICIAN, "good colour vision", ["good colour vision"], id="list-item"),
            pytest.param(ELECTRICIAN, "| Vermont | $115 | $60 |", ["Vermont", "$115", "$60"], id="table-row"),
            pytest.param(ELECTRICIAN, "$115", ["$115"], id="table-cell"),
            pytest.param(
                ELECTRICIAN,
                "begin you need:\n\n- a driving licence\n- good",
                ["begin you need:", "a driving licence", "good"],
                id="sentence-and-items",
            ),
            pytest.param(
                ELECTRICIAN,
                "algebra\n\n## Licence fees\n\n| State | Application fee | Exam fee |\n|---|---|---|\n| Ore",
                ["algebra", "State", "Application fee", "Exam fee", "Ore"],
                id="over-several-blocks",
            ),
            pytest.param(BAKER, "## Working hours", [], id="a-heading"),
            pytest.param(BAKER, "\n\n", [], id="white-space"),
            pytest.param("Bakers <b> & \"we\" earn 'it'.", '<b> & "we"', ['<b> & "we"'], id="characters-of-markup"),
            pytest.param("Bäcker 🥐 verdienen 16 €.", "🥐 verdienen", ["🥐 verdienen"], id="characters-of-two-units"),
            pytest.param("| Oven | Fee |\n|---|---|\n| a \\| b | $1 |", "| a \\| b |", ["a | b"], id="bar-in-a-cell"),
            pytest.param("| Oven | Fee |\n|---|---|\n| | $1 |", "| | $1 |", ["$1"], id="empty-cell"),
        ],
    )
    def test_exactly_the_quotation_is_marked(self, text: str, quote: str, marks: list[str]) -> None:
        assert marked(quoting(document(text), quote)) == marks

    def test_the_blocks_around_are_shown_and_no_others(self) -> None:
        html = quoting(document(ELECTRICIAN), "four years")
        assert "The mean wage" in html
        assert "To begin you need" in html
        assert "driving licence" not in html

    @pytest.mark.parametrize("quote", ["Most bakers", "thirty pupils"], ids=["first-block", "last-block"])
    def test_the_first_and_the_last_block_have_one_neighbour(self, quote: str) -> None:
        assert quoting(document(BAKER), quote).count("<p>") == 2

    def test_a_range_that_ends_where_a_block_begins_does_not_touch_it(self) -> None:
        held = sections(document(BAKER))
        assert shown(document(BAKER), 0, held[0].end).count("<p>") == 2
        assert shown(document(BAKER), held[1].end, held[2].end).count("<p>") == 2

    def test_headings_tell_where_a_block_stands_once_for_those_below_them(self) -> None:
        text = "# Baker\n\n## Pay\n\n### By <hour>\n\nIt is $16.\n\nIt is paid weekly.\n\n## Hours\n\nEight.\n"
        assert quoting(document(text), "$16") == (
            "<h3>Pay › By &lt;hour&gt;</h3><p>It is <mark>$16</mark>.</p><p>It is paid weekly.</p>"
        )
        assert quoting(document(text), "weekly").endswith("</mark>.</p><h3>Hours</h3><p>Eight.</p>")

    def test_a_title_alone_is_a_heading_and_no_heading_is_none(self) -> None:
        assert quoting(document("# Baker\n\nBakers bake."), "bake.") == (
            "<h3>Baker</h3><p>Bakers <mark>bake.</mark></p>"
        )
        assert quoting(document("Bakers bake."), "bake.") == "<p>Bakers <mark>bake.</mark></p>"

    @pytest.mark.parametrize("text", ["", "# Baker\n", "\n\n"], ids=["empty", "only-a-heading", "white-space"])
    def test_a_document_without_a_block_has_no_passage(self, text: str) -> None:
        assert shown(document(text), 0, 1) == ""

    def test_items_keep_their_numbers(self) -> None:
        """Or the step that the text calls 10 would become the third."""
        assert quoting(document(STEPS), "Wait.") == (
            "<h3>Steps</h3><p>You need four steps:</p>"
            '<ol><li value="3">Buy a hive.</li><li value="4">Catch a swarm\n   in May.</li>'
            '<li value="10"><mark>Wait.</mark></li></ol>'
        )

    def test_an_item_that_begins_with_a_number_keeps_it(self) -> None:
        """What looks like the mark of a list is cut off once."""
        held = document("- 10. of May\n- 11. of May\n")
        assert whole(held, sections(held)) == ("<ul><li>10. of May</li><li>11. of May</li></ul>", 0)

    @pytest.mark.parametrize("name", ["electrician", "baker"])
    def test_every_statement_is_marked_whole_wherever_it_stands(self, name: str) -> None:
        held = document({"electrician": ELECTRICIAN, "baker": BAKER}[name])
        for chunk in chunks(held):
            marks = " ".join(marked(shown(held, chunk.start, chunk.end)))
            assert words(marks) == words(" ".join(chunk.text.split()))


class TestWhole:
    @pytest.mark.parametrize(
        ("text", "find", "marks"),
        [
            pytest.param("Bakers bake. BAKERS sleep.", "bakers", ["Bakers", "BAKERS"], id="any-case"),
            pytest.param("Ärzte backen ÄRZTEN etwas.", "ärzte", ["Ärzte", "ÄRZTE"], id="case-of-umlauts"),
            pytest.param(
                "Bakers start\nat\t three.", " start  at three ", ["start\nat\t three"], id="over-line-breaks"
            ),
            pytest.param("aaaa aaa", "aa", ["aa", "aa", "aa"], id="overlapping"),
            pytest.param("one one one", "one one", ["one one"], id="overlapping-words"),
            pytest.param("Bakers bake.", "clowns", [], id="nothing"),
            pytest.param("Bakers bake.", "", [], id="no-words"),
            pytest.param("Bakers bake.", " \n\t ", [], id="only-white-space"),
            pytest.param("It is $16.80 (or 1680).", "$16.80 (or", ["$16.80 (or"], id="characters-of-patterns"),
            pytest.param("a.c abc a+c", "a.c", ["a.c"], id="a-full-stop-is-one"),
            pytest.param("It is \\d+ [a-z]* here.", "\\d+ [a-z]*", ["\\d+ [a-z]*"], id="a-pattern-as-words"),
            pytest.param("It is <b> & more.", "<b> &", ["<b> &"], id="characters-of-markup"),
            pytest.param("AT&amp;T and &lt;", "&amp;", ["&amp;"], id="an-entity-as-words"),
            pytest.param("# Baker\n\n## Pay of bakers\n\nIt varies.", "pay", ["Pay"], id="in-a-heading"),
            pytest.param("# Pay\n\n## Hours\n\nEight.", "#", [], id="the-mark-of-a-heading-is-not-shown"),
            pytest.param("| State | Fee |\n|---|---|\n| Ohio | - |", "-", ["-"], id="the-rule-of-a-table-is-not-shown"),
            pytest.param("| State | Fee |\n|---|---|\n| Ohio | $1 |", "|", [], id="the-bars-of-a-table-are-not-shown"),
            pytest.param(
                "| Fee | Fee |\n|---|---|\n| fee x | y fee |", "fee", ["Fee", "Fee", "fee", "fee"], id="cells"
            ),
            pytest.param("- eggs\n- flour - fine\n", "-", ["-"], id="the-marks-of-items-are-not-shown"),
        ],
    )
    def test_what_stands_in_the_document_is_marked_and_counted(self, text: str, find: str, marks: list[str]) -> None:
        assert found(text, find) == (marks, len(marks))

    @given(
        text=st.text(alphabet="ab \n.|-#<&1", max_size=60),
        find=st.text(alphabet="ab .|-<&1", max_size=4),
    )
    @example(text="a\nb", find="a b")
    def test_marking_changes_nothing_but_marks_and_counts_them(self, text: str, find: str) -> None:
        held = document(text)
        html, places = whole(held, sections(held), find)
        assert unmarked(html) == whole(held, sections(held))[0]
        marks = marked(html)
        assert len(marks) == places
        assert {" ".join(mark.split()).lower() for mark in marks} <= {" ".join(find.split()).lower()}

    def test_many_places_are_found_quickly_enough_to_be_asked_by_anyone(self) -> None:
        """Every search reads a document once, however often the words stand in it."""
        marks, places = found("# Baker\n\n" + "An a a.\n\n" * 5_000, "a")
        assert places == len(marks) == 15_001


_WORDS = st.lists(st.sampled_from("bakers rise early & <b>sleep</b> $16.80 at 3. *often* \\| café".split()), min_size=1)
_SAID = _WORDS.map(" ".join)
_BLOCKS = st.one_of(
    _SAID.map(lambda said: ("Text " + said, "Text " + said)),
    st.lists(_SAID, min_size=1).map(
        lambda items: ("\n".join(f"- item {item}" for item in items), " ".join(f"item {item}" for item in items))
    ),
    st.lists(_SAID, min_size=1).map(
        lambda rows: (
            "\n".join(["| Head | Fee |", "|---|---|", *(f"| row | {row} |" for row in rows)]),
            " ".join(["Head Fee", *(f"row {row}" for row in rows)]),
        )
    ),
)


class TestWords:
    @given(blocks=st.lists(st.tuples(_SAID, _BLOCKS), min_size=1, max_size=6))
    def test_a_whole_document_says_what_its_text_says_in_its_order(
        self, blocks: list[tuple[str, tuple[str, str]]]
    ) -> None:
        text = "# Top\n\n" + "\n\n".join(f"## H{at} {name}\n\n{block}" for at, (name, (block, _)) in enumerate(blocks))
        said = " ".join(f"H{at} {name} {block}" for at, (name, (_, block)) in enumerate(blocks))
        html, _ = whole(document(text), sections(document(text)))
        assert words(Elements(html).text) == words(said)

    @given(row=st.builds("{}|{}a{}".format, st.sampled_from(("", " ")), *[st.text(alphabet="|\\ ab", max_size=6)] * 2))
    def test_the_cells_that_are_shown_are_those_of_the_table(self, row: str) -> None:
        text = f"| One | Two |\n|---|---|\n{row}"
        held = sections(document(text))
        assume(len(held) == 1 and len(held[0].parts) == 1)
        html, _ = whole(document(text), held)
        assert [unescape(cell) for cell in re.findall("<td>(.*?)</td>", html)] == list(cells(held[0].parts[0].text))


class TestHostileText:
    @pytest.mark.parametrize("text", HOSTILE)
    def test_a_document_does_nothing_however_it_is_shown(self, text: str) -> None:
        item, cell = text.replace("\n", " "), text.replace("\n", " ").replace("|", "\\|")
        held = Document(
            "d",
            text,
            f"# {item}\n\n## {item}\n\n{text}\n\n- {item}\n\n| {cell} | b |\n|---|---|\n| {cell} | 1 |\n",
            "d.md",
            publisher=text,
            as_of=text,
        )
        for html in (
            source_heading(held),
            shown(held, 0, len(held.text)),
            whole(held, sections(held), item)[0],
            whole(held, sections(held), "<")[0],
            whole(held, sections(held), "a")[0],
        ):
            parsed = Elements(html)
            assert parsed.tags <= OURS
            for tag, attributes in parsed.found:
                allowed: dict[str, set[str]] = {"div": {"wide"}, "p": {"edition"}}
                assert set(attributes) <= ({"class"} if tag in allowed else {"value"} if tag == "li" else set())
                assert attributes.get("class") in {None} | allowed.get(tag, set())

    @given(text=st.text(max_size=80), start=st.integers(0, 90), length=st.integers(0, 90), find=st.text(max_size=3))
    def test_no_text_becomes_a_tag_whatever_is_marked(self, text: str, start: int, length: int, find: str) -> None:
        held = document(text)
        for html in (shown(held, start, start + length), whole(held, sections(held), find)[0]):
            assert Elements(html).tags <= OURS


@pytest.mark.parametrize(
    ("publisher", "as_of", "told"),
    [
        ("Guild", "2019", "Guild, as of 2019"),
        ("Guild", "", "Guild, undated"),
        ("", "2019-05", "as of 2019-05"),
        ("", "", "undated"),
    ],
)
def test_a_source_is_named_with_its_publisher_and_date(publisher: str, as_of: str, told: str) -> None:
    held = Document("d", "Bread & pay", "", "d.md", publisher, as_of)
    assert source_heading(held) == f"<h2>Bread &amp; pay</h2><p class='edition'>{told}</p>"
