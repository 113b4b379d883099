from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import WordEncoder, bot_over
from hypothesis import given, settings
from hypothesis import strategies as st

from careerbot import Careerbot, Document, Settings
from careerbot.datatypes import Hit, Quote, Wording
from careerbot.retrieval import Query, Search, _top, beside, dense, hybrid, lexical
from careerbot.words import search_terms

SEARCHES = [pytest.param(search, id=search.__name__) for search in (dense, lexical, hybrid)]
WORDS = "baker earns hour median wage electricians apprenticeship driving licence Oregon exam fee honey zebra".split()


def query(text: str) -> Query:
    return Query(WordEncoder().encode([text])[0], tuple(search_terms(text)), {})


def guided(bot: Careerbot, text: str) -> Query:
    plain = query(text)
    return replace(plain, votes=bot.index.wanted(plain.vector).votes)


def find(search: Search, bot: Careerbot, text: str, candidates: int = 60) -> tuple[Hit, ...]:
    return search(bot.index, query(text), Settings(candidates=candidates))


@pytest.mark.parametrize("search", SEARCHES)
class TestEverySearch:
    @pytest.mark.parametrize(
        ("text", "part"),
        [
            pytest.param("How many kilos of honey does a beekeeper sell?", "900 kilos", id="sentence"),
            pytest.param("good colour vision", "colour vision", id="list-item"),
            pytest.param("Oregon application fee", "Oregon", id="table-row"),
            pytest.param("Which schools teach baking?", "Lyon", id="heading-that-asks"),
        ],
    )
    def test_the_statement_is_among_the_first(self, search: Search, bot: Careerbot, text: str, part: str) -> None:
        assert any(part in hit.chunk.text for hit in find(search, bot, text)[:4])

    def test_ranks_count_from_one_and_scores_fall(self, search: Search, bot: Careerbot) -> None:
        hits = find(search, bot, "What does a baker earn an hour?")
        assert [hit.rank for hit in hits] == list(range(1, len(hits) + 1))
        assert all(one.score >= other.score for one, other in itertools.pairwise(hits))

    def test_no_chunk_comes_twice(self, search: Search, bot: Careerbot) -> None:
        names = [hit.chunk.id for hit in find(search, bot, "What does a baker earn an hour?")]
        assert len(names) == len(set(names)) > 1

    @settings(max_examples=30, deadline=None)
    @given(words=st.lists(st.sampled_from(WORDS), min_size=1, max_size=6))
    def test_the_same_question_finds_the_same(self, search: Search, _shared_bot: Careerbot, words: list[str]) -> None:
        first = find(search, _shared_bot, " ".join(words))
        assert find(search, _shared_bot, " ".join(words)) == first
        assert {hit.chunk.id for hit in first} <= {chunk.id for chunk in _shared_bot.index.chunks}


@pytest.mark.parametrize("candidates", [10, 11, 25, 60])
def test_of_many_that_score_alike_the_first_are_taken(candidates: int, tmp_path: Path) -> None:
    text = "\n\n".join(f"A baker number {at} has {'an oven' if at % 3 else 'an oven and a mill'}." for at in range(40))
    bot = bot_over(tmp_path, [Document("d", "d", text, "d.md")])
    scores = bot.index.lexical(search_terms("oven or mill"))
    best = sorted((row for row in range(len(scores)) if scores[row] > 0), key=lambda row: (-scores[row], row))
    hits = find(lexical, bot, "oven or mill", candidates)
    assert [hit.chunk for hit in hits] == [bot.index.chunks[row] for row in best[:candidates]]


@pytest.mark.parametrize("search", [dense, lexical])
def test_no_more_come_than_are_wanted(search: Search, bot: Careerbot) -> None:
    assert len(find(search, bot, "baker electrician fee wage hour", candidates=10)) == 10
    assert len(bot.index.chunks) > 10


@pytest.mark.parametrize("repeated", [30, 200])
def test_where_one_document_fills_a_search_as_many_of_the_others_come_in(tmp_path: Path, repeated: int) -> None:
    loud = Document("loud", "Loud", "# Loud\n\n" + "\n\n".join(["Bakers bake rye bread."] * repeated), "loud.md")
    quiet = [
        Document(f"q{at}", "Quiet", f"# Quiet\n\nBakers {word} bread.", f"q{at}.md") for at, word in enumerate(WORDS)
    ]
    bot = bot_over(tmp_path, [loud, *quiet])
    found = find(hybrid, bot, "Bakers bake rye bread.", candidates=10)
    others = [hit.chunk.document for hit in found if hit.chunk.document != "loud"]
    assert others
    assert len(others) <= 2 * 10
    alone = bot_over(tmp_path / "alone", [loud])
    assert {hit.chunk.document for hit in find(hybrid, alone, "Bakers bake rye bread.", candidates=10)} == {"loud"}


def test_words_that_no_document_has_find_nothing_by_words(bot: Careerbot) -> None:
    assert find(lexical, bot, "zebra quokka") == ()


def test_words_that_no_document_has_still_find_what_is_nearest_in_meaning(bot: Careerbot) -> None:
    assert find(dense, bot, "zebra quokka")
    assert find(hybrid, bot, "zebra quokka")


def test_hybrid_finds_statements_only(bot: Careerbot) -> None:
    assert all(hit.chunk.part is not None for hit in find(hybrid, bot, "What does a baker earn?"))


def test_a_passage_that_is_found_brings_all_its_statements(bot: Careerbot) -> None:
    found = {hit.chunk.text for hit in find(hybrid, bot, "good colour vision", candidates=10)}
    assert {"a driving licence", "good colour vision", "two years of algebra"} <= found


def test_hybrid_finds_what_either_search_brings(tmp_path: Path) -> None:
    names = ("first", "second", "third")
    near = [Document(name, name, f"# {name}\n\n" + "Bakers bake bread.\n\n" * 4, f"{name}.md") for name in names]
    far = Document("far", "Far", "# Far\n\nHoney is sold in May.", "far.md")
    bot = bot_over(tmp_path, [*near, far])
    asked = Query(query("Bakers bake bread.").vector, tuple(search_terms("honey")), {})
    few = Settings(candidates=10)
    by_meaning, by_both = ({hit.chunk.document for hit in search(bot.index, asked, few)} for search in (dense, hybrid))
    assert len(by_meaning) > 1
    assert by_both - by_meaning == {"far"}


def test_the_weight_of_words_decides_between_meaning_and_words(bot: Careerbot) -> None:
    near, rare = query("a baker earns an hour on average"), tuple(search_terms("honey"))
    asked = Query(near.vector, rare, {})
    by_meaning = hybrid(bot.index, asked, Settings(lexical_weight=0))
    by_words = hybrid(bot.index, asked, Settings(lexical_weight=2))
    assert by_meaning[0].chunk.text == "A baker earns $16.80 an hour on average."
    assert "honey" in by_words[0].chunk.text


def test_a_wording_finds_the_statement_that_shares_no_word_with_the_question(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    text = "# Baker\n\nA shift lasts eight hours.\n\nOvens burn at 250 degrees."
    wording = Wording("Ovens burn at 250 degrees.", ("How hot does it become?",))
    bot = bot_over(tmp_path_factory.mktemp("wording"), [Document("baker", "Baker", text, "b.md", wordings=(wording,))])
    for search in (dense, hybrid):
        best = find(search, bot, "How hot does it become?")[0]
        assert best.chunk.text == "Ovens burn at 250 degrees."
    assert best.cosine == 1.0


OVENS, SHIFT = "Ovens burn at 250 degrees.", "A shift lasts eight hours."
BAKER = f"# Baker\n\n{OVENS}\n\n{SHIFT}\n"


def asked_bot(folder: Path, text: str, *wordings: Wording) -> Careerbot:
    return bot_over(folder, [Document("baker", "Baker", text, "b.md", wordings=wordings)])


def scores(bot: Careerbot, text: str, **given: float) -> dict[str, float]:
    return {hit.chunk.text: hit.score for hit in hybrid(bot.index, guided(bot, text), Settings(**given))}  # type: ignore[arg-type]


def test_the_votes_of_wordings_are_added_by_their_weight(tmp_path: Path) -> None:
    bot = asked_bot(tmp_path / "index", BAKER, Wording(OVENS, ("how hot", "how warm")), Wording(SHIFT, ("how long",)))
    votes = guided(bot, "how").votes
    assert len(votes) == 2
    without, once, twice = (scores(bot, "how", wording_weight=weight) for weight in (0, 1, 2))
    for row, vote in votes.items():
        text = bot.index.chunks[row].text
        assert once[text] - without[text] == pytest.approx(vote, abs=3e-6)
        assert twice[text] - without[text] == pytest.approx(2 * vote, abs=3e-6)


def test_a_statement_that_no_wording_asks_for_gets_no_votes(tmp_path: Path) -> None:
    bot = asked_bot(tmp_path / "index", BAKER, Wording(OVENS, ("how hot",)))
    without, weighed = (scores(bot, "how hot", wording_weight=weight) for weight in (0, 2))
    (vote,) = guided(bot, "how hot").votes.values()
    assert weighed[OVENS] - without[OVENS] == pytest.approx(2 * vote, abs=3e-6)
    assert weighed[SHIFT] == without[SHIFT]


def test_the_weight_of_wordings_decides_between_own_words_and_what_people_ask(tmp_path: Path) -> None:
    bot = asked_bot(tmp_path / "index", BAKER, Wording(SHIFT, ("how do ovens and people burn out",)))
    question = "how do ovens burn"
    own, asked = (hybrid(bot.index, guided(bot, question), Settings(wording_weight=weight)) for weight in (0, 2))
    assert own[0].chunk.text == OVENS
    assert asked[0].chunk.text == SHIFT
    assert {hit.chunk.text: hit.cosine for hit in own} == {hit.chunk.text: hit.cosine for hit in asked}


def test_a_wording_that_many_statements_share_brings_in_all_of_them(tmp_path: Path) -> None:
    texts = [f"Rule {number} is for town {number}." for number in range(30)]
    text = "# Baker\n\n" + "\n\n".join(f"## Part {number}\n\n{text}" for number, text in enumerate(texts))
    wordings = [Wording(text, ("what must bakers obey",)) for text in texts]
    bot = asked_bot(tmp_path / "index", text, *wordings)
    assert len(dense(bot.index, query("what must bakers obey"), Settings(candidates=10))) == 10
    found = hybrid(bot.index, guided(bot, "what must bakers obey"), Settings(candidates=10))
    assert {hit.chunk.text for hit in found} == set(texts)
    assert {hit.cosine for hit in found} == {1.0}


@given(scores=st.lists(st.sampled_from([0.0, 0.1, 0.4, 0.5, 0.51, 1.0]), min_size=1, max_size=40), k=st.integers(1, 12))
def test_the_best_scores_are_found_however_many_are_near_the_best(scores: list[float], k: int) -> None:
    every = sorted((-score, row) for row, score in enumerate(scores) if score > 0)
    assert _top(np.array(scores), k) == [row for _, row in every[:k]]


def test_what_stands_beside_what_was_quoted_gains_and_nothing_else_changes(bot: Careerbot) -> None:
    found = find(hybrid, bot, "What does a baker earn an hour?")
    chunk = found[-1].chunk
    there = Quote(chunk.document, chunk.headings, 0, 1, "")
    gained = beside(found, there)
    assert [hit.rank for hit in gained] == list(range(1, len(found) + 1))
    assert all(one.score >= other.score for one, other in itertools.pairwise(gained))
    before = {hit.chunk.id: hit.score for hit in found}
    rises = {hit.chunk.id: round(hit.score - before[hit.chunk.id], 6) for hit in gained}
    under = {
        hit.chunk.id for hit in found if (hit.chunk.document, hit.chunk.headings) == (there.document, there.section)
    }
    assert rises == {name: 0.2 if name in under else 0.0 for name in before}
    assert 0 < len(under) < len(found)
