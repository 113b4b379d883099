"""The index: built in pieces or at once it is the same, and what is damaged is never served."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bm25s import BM25
from conftest import UNGUIDED, WordEncoder

from careerbot import Careerbot, Document, IndexUnusable, InputError, LockedError, StorageError, generations, stores
from careerbot.building import build, plan
from careerbot.chunking import chunks, views
from careerbot.contents import read_sources
from careerbot.datatypes import Chunk, Gap, Wanted, Wording
from careerbot.embedding import Progress, Vectors
from careerbot.index import Index, Nearest, open_index
from careerbot.loading import load
from careerbot.stores import write_vectors
from careerbot.words import search_terms

MANY = 60  # documents of the larger corpus


def _documents(corpus: Path) -> list[Document]:
    return list(load([corpus]).documents)


def _many() -> list[Document]:
    """Documents with random words from a small vocabulary, so that scores tie and passages repeat."""
    random = np.random.default_rng(1)
    words = [f"word{number}" for number in range(300)]
    documents = []
    for number in range(MANY):
        lines = [f"# Career {number}"]
        for section in range(2):
            sentences = [" ".join(random.choice(words, 8)).capitalize() + "." for _ in range(3)]
            lines += [f"## Part {section}", " ".join(sentences)]
        documents.append(Document(f"career-{number:03}", f"Career {number}", "\n\n".join(lines), f"{number}.md"))
    return documents


@pytest.fixture(scope="session")
def large(tmp_path_factory: pytest.TempPathFactory) -> tuple[Index, Index]:
    """Two builds of the same text."""
    folder = tmp_path_factory.mktemp("large")
    for name in ("one", "two"):
        build(_many(), WordEncoder(), folder / name)
    return open_index(folder / "one", WordEncoder()), open_index(folder / "two", WordEncoder())


def _queries(count: int) -> Vectors:
    random = np.random.default_rng(2)
    texts = [" ".join(f"word{number}" for number in random.integers(0, 300, 5)) for _ in range(count)]
    return WordEncoder().encode(texts)


def _generation(folder: Path) -> Path:
    return folder / (folder / "CURRENT").read_text().strip()


def _broken(folder: Path) -> str:
    """What `open_index` says; it must name the command that repairs it, on one line."""
    with pytest.raises(IndexUnusable) as raised:
        open_index(folder, WordEncoder())
    message = str(raised.value)
    assert message.endswith(f": careerbot index --index {folder}")
    assert "\n" not in message
    return message


class TestBuilding:
    def test_a_first_build_reports_and_embeds_everything(self, corpus: Path, tmp_path: Path) -> None:
        documents = _documents(corpus)
        pieces = [chunk for document in documents for chunk in chunks(document)]
        report = build(documents, WordEncoder(), tmp_path / "index")
        assert (report.generation, report.documents, report.chunks) == (1, 3, len(pieces))
        assert report.sections == sum(chunk.part is None for chunk in pieces)
        assert report.embedded == len({views(chunk) for chunk in pieces})
        assert report.added == ("baker", "beekeeper", "electrician-guide")
        assert report.changed == report.removed == ()

    def test_what_was_built_is_what_is_opened(self, corpus: Path, tmp_path: Path) -> None:
        documents = _documents(corpus)
        build(documents, WordEncoder(), tmp_path / "index")
        index = open_index(tmp_path / "index", WordEncoder())
        assert index.documents == {document.id: document for document in documents}
        assert index.chunks == tuple(chunk for document in documents for chunk in chunks(document))
        assert index.vectors.shape == (len(index.chunks), 256)
        np.testing.assert_allclose(np.linalg.norm(index.vectors, axis=1), 1, atol=1e-6)
        assert index.vocabulary["honey"] == 1

    def test_nothing_changed_writes_and_embeds_nothing(self, corpus: Path, tmp_path: Path) -> None:
        build(_documents(corpus), WordEncoder(), tmp_path / "index")
        encoder = WordEncoder()
        assert plan(_documents(corpus), encoder, tmp_path / "index") == 0
        report = build(_documents(corpus), encoder, tmp_path / "index")
        assert (report.generation, report.embedded, encoder.encoded) == (0, 0, [])
        assert [path.name for path in (tmp_path / "index").glob("gen-*")] == ["gen-000001"]

    def test_only_changed_chunks_are_embedded(self, corpus: Path, tmp_path: Path) -> None:
        build(_documents(corpus), WordEncoder(), tmp_path / "index")
        text = (corpus / "baker.md").read_text()
        (corpus / "baker.md").write_text(text.replace("$16.80", "$17.10"))
        encoder = WordEncoder()
        # The passage and its only sentence have the same words under the same heading: one vector.
        assert plan(_documents(corpus), encoder, tmp_path / "index") == 1
        report = build(_documents(corpus), encoder, tmp_path / "index")
        assert (report.generation, report.embedded) == (2, 1)
        assert (report.added, report.changed, report.removed) == ((), ("baker",), ())
        own = "A baker earns $17.10 an hour on average."
        assert encoder.encoded == [own, f"What does a baker earn?: {own}"]

    def test_a_changed_date_reaches_the_index_without_embedding_anything(self, corpus: Path, tmp_path: Path) -> None:
        build(_documents(corpus), WordEncoder(), tmp_path / "index")
        catalogue = (corpus / "sources.toml").read_text()
        (corpus / "sources.toml").write_text(catalogue.replace('as_of = "2019"', 'as_of = "2020"'))
        report = build(_documents(corpus), WordEncoder(), tmp_path / "index")
        assert (report.generation, report.embedded, report.changed) == (2, 0, ("baker",))
        assert open_index(tmp_path / "index", WordEncoder()).documents["baker"].as_of == "2020"

    def test_a_deleted_file_is_dropped_from_every_search(self, corpus: Path, tmp_path: Path) -> None:
        build(_documents(corpus), WordEncoder(), tmp_path / "index")
        (corpus / "beekeeper.md").unlink()
        encoder = WordEncoder()
        report = build(_documents(corpus), encoder, tmp_path / "index")
        assert (report.embedded, report.removed, encoder.encoded) == (0, ("beekeeper",), [])
        index = open_index(tmp_path / "index", encoder)
        assert {chunk.document for chunk in index.chunks} == {"baker", "electrician-guide"}
        assert len(index.nearest(encoder.encode(["honey"])[0], 1000).rows) == len(index.chunks)
        assert not index.lexical(search_terms("honey")).any()
        assert "honey" not in index.vocabulary

    def test_an_index_made_in_steps_is_the_one_made_at_once(self, corpus: Path, tmp_path: Path) -> None:
        documents = _documents(corpus)
        for step in (documents[:1], documents[1:], documents):
            build(step, WordEncoder(), tmp_path / "steps")
        build(documents, WordEncoder(), tmp_path / "once")
        steps, once = (open_index(tmp_path / name, WordEncoder()) for name in ("steps", "once"))
        assert steps.chunks == once.chunks
        assert steps.vectors.tobytes() == once.vectors.tobytes()
        assert (steps.vocabulary, steps.names) == (once.vocabulary, once.names)

    def test_another_encoder_embeds_everything_again(self, corpus: Path, tmp_path: Path) -> None:
        first = build(_documents(corpus), WordEncoder(), tmp_path / "index")
        second = build(_documents(corpus), WordEncoder(fingerprint="words-2"), tmp_path / "index")
        assert (second.generation, second.embedded) == (2, first.embedded)

    def test_a_damaged_index_is_rebuilt_from_the_sources(self, corpus: Path, tmp_path: Path) -> None:
        first = build(_documents(corpus), WordEncoder(), tmp_path / "index")
        (_generation(tmp_path / "index") / "chunks.jsonl").write_text("{")
        second = build(_documents(corpus), WordEncoder(), tmp_path / "index")
        assert (second.generation, second.embedded) == (2, first.embedded)
        open_index(tmp_path / "index", WordEncoder())

    @pytest.mark.parametrize("name", ["chroma", "bm25"])
    def test_a_damaged_search_folder_is_repaired_although_no_document_changed(
        self, name: str, corpus: Path, tmp_path: Path
    ) -> None:
        documents, encoder = _documents(corpus), WordEncoder()
        build(documents, encoder, tmp_path / "index")
        shutil.rmtree(_generation(tmp_path / "index") / name)
        assert build(documents, encoder, tmp_path / "index").generation == 2
        assert open_index(tmp_path / "index", encoder).chunks

    def test_the_generation_being_read_outlives_one_update_and_older_ones_go(
        self, corpus: Path, tmp_path: Path
    ) -> None:
        build(_documents(corpus), WordEncoder(), tmp_path / "index")
        read = open_index(tmp_path / "index", WordEncoder())
        before = read.nearest(WordEncoder().encode(["honey"])[0], 5)
        for number in range(2, 5):
            (corpus / "baker.md").write_text(f"# Baker\n\nA baker has {number} ovens.\n")
            build(_documents(corpus), WordEncoder(), tmp_path / "index")
            if number == 2:
                assert read.nearest(WordEncoder().encode(["honey"])[0], 5) == before
        kept = sorted(path.name for path in (tmp_path / "index").glob("gen-*"))
        assert kept == ["gen-000003", "gen-000004"]
        assert _generation(tmp_path / "index").name == "gen-000004"

    def test_what_a_killed_build_left_behind_is_swept_up(self, corpus: Path, tmp_path: Path) -> None:
        leftover = tmp_path / "index" / "gen-000001.tmp"
        leftover.mkdir(parents=True)
        (leftover / "chunks.jsonl").write_text("half a li")
        assert build(_documents(corpus), WordEncoder(), tmp_path / "index").generation == 1
        assert not leftover.exists()

    def test_progress_counts_every_chunk_that_is_embedded(self, corpus: Path, tmp_path: Path) -> None:
        done: list[int] = []
        report = build(_documents(corpus), WordEncoder(), tmp_path / "index", done.append)
        assert sum(done) == report.embedded

    @pytest.mark.parametrize(
        "texts",
        [(), ("# Only a title\n",), ("# One\n", "\n\n## Two\n")],
        ids=["no-document", "only-a-title", "two-titles"],
    )
    def test_documents_without_a_sentence_are_a_mistake_and_not_a_crash(
        self, texts: Sequence[str], tmp_path: Path
    ) -> None:
        documents = [Document(f"d{number}", "d", text, "d.md") for number, text in enumerate(texts)]
        with pytest.raises(InputError, match="no text to index"):
            build(documents, WordEncoder(), tmp_path / "index")
        assert not (tmp_path / "index" / "CURRENT").exists()


@pytest.fixture(params=["compared with all", pytest.param("by Chroma's graph", marks=pytest.mark.slow)])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways to find the nearest vectors; which one is taken depends on how many there are."""
    if request.param != "compared with all":
        monkeypatch.setattr("careerbot.index.EXACT", 0)


@pytest.mark.usefixtures("way")
class TestSearching:
    def test_the_nearest_are_the_brute_force_top_ten(self, large: tuple[Index, Index]) -> None:
        index = large[0]
        matrix = np.asarray(index.vectors, np.float64)
        for vector in _queries(60):
            exact = (matrix @ vector.astype(np.float64)).round(6)
            best = np.lexsort((np.arange(len(exact)), -exact))[:10]
            found = index.nearest(vector, 10)
            assert found.rows == [(int(row), float(exact[row])) for row in best]
            assert found.asked == {}
            assert index.wanted(vector) == UNGUIDED

    @pytest.mark.parametrize("k", [1, 7, 60, 10_000])
    def test_the_nearest_are_k_rows_or_all_there_are(self, large: tuple[Index, Index], k: int) -> None:
        found = large[0].nearest(_queries(1)[0], k).rows
        assert len(found) == len({row for row, _ in found}) == min(k, len(large[0].chunks))

    def test_the_database_keeps_no_room_for_vectors_that_passed_through_it(self, tmp_path: Path) -> None:
        vectors = np.random.default_rng(1).standard_normal((1100, 256)).astype(np.float32)
        write_vectors(tmp_path, [str(number) for number in range(len(vectors))], vectors)
        assert (tmp_path / "chroma.sqlite3").stat().st_size < vectors.nbytes / 2

    def test_the_search_of_a_large_graph_visits_more_of_it(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(stores._HNSW, "ef_search", 10)
        vectors = np.random.default_rng(1).standard_normal((1100, 8)).astype(np.float32)
        write_vectors(tmp_path, [str(number) for number in range(len(vectors))], vectors)
        store = stores.VectorStore(tmp_path)
        assert store._collection.configuration_json["hnsw"]["ef_search"] == 33
        store.close()

    def test_an_index_whose_comparison_passes_over_a_vector_is_not_served(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("careerbot.quantized.Quantized.may_be_nearest", lambda *_: np.zeros(0, np.int64))
        with pytest.raises(IndexUnusable, match="the comparison with all vectors does not find what it holds"):
            build(_many()[:2], WordEncoder(), tmp_path)

    def test_two_builds_of_the_same_text_answer_alike_to_the_last_bit(self, large: tuple[Index, Index]) -> None:
        one, two = large
        assert [one.nearest(vector, 60) for vector in _queries(30)] == [
            two.nearest(vector, 60) for vector in _queries(30)
        ]
        for number in range(30):
            terms = search_terms(f"word{number} word{2 * number} word7")
            assert one.lexical(terms).tobytes() == two.lexical(terms).tobytes()

    def test_lexical_scores_exactly_the_rows_that_hold_a_term(self, bot: Careerbot) -> None:
        scores = bot.index.lexical(search_terms("Oregon"))
        held = [row for row, chunk in enumerate(bot.index.chunks) if "oregon" in views(chunk)[1].lower()]
        assert np.flatnonzero(scores).tolist() == held != []

    @pytest.mark.parametrize(
        "text", ["", "the of and", "zyzzyva", "?!"], ids=["nothing", "stop-words", "unknown", "marks"]
    )
    def test_lexical_scores_nothing_where_no_term_is_known(self, text: str, bot: Careerbot) -> None:
        scores = bot.index.lexical(search_terms(text))
        assert scores.shape == (len(bot.index.chunks),)
        assert not scores.any()

    def test_a_statement_leads_to_its_passage_and_back(self, bot: Careerbot) -> None:
        for row, chunk in enumerate(bot.index.chunks):
            passage = bot.index.chunks[bot.index.passages[row]]
            assert passage.part is None
            assert (passage.document, passage.section) == (chunk.document, chunk.section)
            members = [bot.index.chunks[at] for at in bot.index.statements(np.array([row]))]
            assert [member.part for member in members] == list(range(len(members)))
            assert chunk.part is None or chunk in members

    def test_statements_of_several_rows_are_those_of_each_passage_once(self, bot: Careerbot) -> None:
        rows = np.arange(len(bot.index.chunks))
        every = [row for row in rows if bot.index.chunks[row].part is not None]
        assert bot.index.statements(rows[::-1]).tolist() == every
        assert bot.index.statements(rows[:0]).tolist() == []

    def test_scores_are_those_of_the_library_that_wrote_them(self, bot: Careerbot) -> None:
        library = BM25.load(bot.index.folder / "bm25")
        for terms in (["baker"], ["fee", "oregon", "fee"], ["hour", "zyzzyva", "median", "wage"]):
            known = [term for term in terms if term in library.vocab_dict]
            assert bot.index.lexical(terms).tolist() == library.get_scores(known).astype(float).round(6).tolist()


OVENS, SHIFT = "Ovens burn at 250 degrees.", "A shift lasts eight hours."


def _baker(*wordings: Wording, text: str = f"# Baker\n\n{OVENS} {SHIFT}\n") -> Document:
    return Document("baker", "Baker", text, "baker.md", wordings=wordings)


def _index(folder: Path, *documents: Document, gaps: Sequence[Gap] = ()) -> Index:
    build(documents, WordEncoder(), folder, gaps=gaps)
    return open_index(folder, WordEncoder())


def _ask(index: Index, question: str, k: int = 60) -> Nearest:
    return index.nearest(WordEncoder().encode([question])[0], k)


def _wanted(index: Index, question: str) -> Wanted:
    return index.wanted(WordEncoder().encode([question])[0])


def _by_text(index: Index, held: dict[int, float]) -> dict[str, float]:
    return {index.chunks[row].text: value for row, value in held.items()}


@pytest.mark.usefixtures("way")
class TestWordings:
    def test_every_distinct_wording_has_one_vector_and_all_its_owners(self, tmp_path: Path) -> None:
        other = Document("guild", "Guild", f"# Guild\n\n{SHIFT}\n", "g.md", wordings=(Wording(SHIFT, ("how long",)),))
        baker = _baker(Wording(OVENS, ("how hot", "tell me all")), Wording(SHIFT, ("tell me all", "how long")))
        index = _index(tmp_path / "index", baker, other, gaps=[Gap("tips", ("how long",))])
        owners = generations.wordings(index.chunks)
        assert {asked: [index.chunks[row].id for row in rows] for asked, rows in owners.items()} == {
            "how hot": ["baker/0/0"],
            "tell me all": ["baker/0/0", "baker/0/1"],
            "how long": ["baker/0/1", "guild/0/0"],
        }
        assert len(index.chunks) == 5
        assert len(index.vectors) == 5 + 3 + 1
        names = generations.vector_names(index.chunks, owners)
        assert len(set(names)) == len(names) == 5 + 3

    def test_the_words_with_which_people_ask_are_known(self, tmp_path: Path) -> None:
        build([_baker(Wording(SHIFT, ("how long are the shifts",)))], WordEncoder(), tmp_path / "index")
        assert {"shift"} <= open_index(tmp_path / "index", WordEncoder()).asked <= {"long", "shift"}

    def test_chunks_without_wordings_have_none(self) -> None:
        assert generations.wordings(chunks(_baker())) == generations.wordings(()) == {}

    def test_a_wording_that_is_shared_is_embedded_once(self, tmp_path: Path) -> None:
        documents = [_baker(Wording(OVENS, ("tell me all",)), Wording(SHIFT, ("tell me all",)))]
        encoder = WordEncoder()
        report = build(documents, encoder, tmp_path / "index")
        assert report.embedded == len(chunks(documents[0])) + 1
        assert encoder.encoded.count("tell me all") == 1

    def test_a_changed_wording_alone_is_embedded_and_reaches_the_index(self, tmp_path: Path) -> None:
        _index(tmp_path / "index", _baker(Wording(OVENS, ("how hot", "tell me all"))))
        encoder = WordEncoder()
        changed = _baker(Wording(OVENS, ("how warm", "tell me all")))
        assert plan([changed], encoder, tmp_path / "index") == 1
        assert build([changed], encoder, tmp_path / "index").embedded == 1
        assert encoder.encoded == ["how warm"]
        index = open_index(tmp_path / "index", encoder)
        assert _by_text(index, _ask(index, "how warm").asked) == {OVENS: 1.0}

    def test_a_wording_that_goes_to_another_statement_needs_no_embedding(self, tmp_path: Path) -> None:
        _index(tmp_path / "index", _baker(Wording(OVENS, ("tell me all",))))
        assert build([_baker(Wording(SHIFT, ("tell me all",)))], WordEncoder(), tmp_path / "index").embedded == 0
        index = open_index(tmp_path / "index", WordEncoder())
        assert list(_by_text(index, _wanted(index, "tell me all").votes)) == [SHIFT]

    def test_the_vector_of_a_wording_is_known_and_of_no_other_text(self, tmp_path: Path) -> None:
        index = _index(tmp_path / "index", _baker(Wording(OVENS, ("how hot", "tell me all"))))
        for text in ("how hot", "tell me all"):
            known = index.known(text)
            assert known is not None
            np.testing.assert_allclose(known, WordEncoder().encode([text])[0], atol=1e-6)
        assert index.known(OVENS) is index.known("how hot?") is None

    def test_all_owners_of_a_wording_are_found_by_it(self, tmp_path: Path) -> None:
        index = _index(tmp_path / "index", _baker(Wording(OVENS, ("tell me all",)), Wording(SHIFT, ("tell me all",))))
        found = _ask(index, "tell me all")
        assert [(index.chunks[row].text, cosine) for row, cosine in found.rows[:2]] == [(OVENS, 1.0), (SHIFT, 1.0)]
        assert _by_text(index, found.asked) == {OVENS: 1.0, SHIFT: 1.0}
        assert [row for row, _ in _ask(index, "tell me all", 1).rows] == [row for row, _ in found.rows[:1]]

    def test_the_nearest_wording_of_a_row_counts(self, tmp_path: Path) -> None:
        index = _index(tmp_path / "index", _baker(Wording(OVENS, ("heat", "heat now", "heat right here now"))))
        assert _by_text(index, _ask(index, "heat now").asked) == {OVENS: 1.0}
        assert _by_text(index, _ask(index, "heat today").asked) == {OVENS: pytest.approx(0.707107, abs=1e-6)}

    @pytest.mark.parametrize(
        ("ovens", "shift", "question", "expected"),
        [
            pytest.param((), (), "bread", {}, id="no-wordings"),
            # exp((1 - 0.3) / 0.12) = 341.5, of 342.5; two topics are learned a little apart
            pytest.param(("bread",), (), "bread", {OVENS: 0.99708}, id="only-one"),
            pytest.param(("bread",), (), "zebra", {OVENS: 0.07586}, id="a-far-one-is-hardly-asked-for"),
            pytest.param(("how hot",), ("how long",), "how", {OVENS: 0.49122, SHIFT: 0.49122}, id="equally-near"),
            pytest.param(("bread",), ("bread",), "bread", {OVENS: 0.99708, SHIFT: 0.99708}, id="one-that-both-answer"),
            pytest.param(
                ("bread",), ("bread now",), "bread", {OVENS: 0.92183, SHIFT: 0.07547}, id="nearer-counts-more"
            ),
        ],
    )
    def test_votes_are_the_weighted_share_of_the_nearest_topics(
        self, tmp_path: Path, ovens: tuple[str, ...], shift: tuple[str, ...], question: str, expected: dict[str, float]
    ) -> None:
        index = _index(tmp_path / "index", _baker(Wording(OVENS, ovens), Wording(SHIFT, shift)))
        assert _by_text(index, _wanted(index, question).votes) == pytest.approx(expected, abs=1e-4)

    def test_many_ways_to_ask_for_one_thing_are_one_topic(self, tmp_path: Path) -> None:
        ways = tuple(f"bread {word}" for word in "one two three four five six seven eight nine ten".split())
        index = _index(tmp_path / "index", _baker(Wording(OVENS, ways), Wording(SHIFT, ("bread time",))))
        votes = _by_text(index, _wanted(index, "bread time").votes)
        assert votes[SHIFT] > votes[OVENS] > 0

    def test_only_the_nearest_topics_vote(self, tmp_path: Path) -> None:
        facts = [f"Fact number{number} is so." for number in range(20)]
        asked = tuple(Wording(fact, (f"bread {'plain ' * number}",)) for number, fact in enumerate(facts))
        document = Document("baker", "Baker", "# Baker\n\n" + "\n\n".join(facts), "baker.md", wordings=asked)
        index = _index(tmp_path / "index", document)
        votes = _by_text(index, _wanted(index, "bread").votes)
        assert list(votes) == facts[:16]
        assert 0.9 < sum(votes.values()) < 1

    def test_the_nearest_topic_that_is_not_covered_is_told(self, tmp_path: Path) -> None:
        tips, naps = Gap("tips", ("do bakers get tips", "tips or no tips")), Gap("naps", ("nap",))
        index = _index(tmp_path / "index", _baker(Wording(OVENS, ("how hot",))), gaps=[tips, naps])
        found = _wanted(index, "nap")
        assert (found.gap, found.cosine) == (naps, 1.0)
        assert found.beyond == pytest.approx(1.0, abs=1e-4)
        assert found.known < 0.1
        found = _wanted(index, "how hot")
        assert found.known == pytest.approx(1.0, abs=1e-4)
        assert found.beyond < 0.1

    def test_a_gap_has_no_vote_and_no_row(self, tmp_path: Path) -> None:
        baker = _baker(Wording(OVENS, ("bread",)))
        plain = _index(tmp_path / "plain", baker)
        index = _index(tmp_path / "index", baker, gaps=[Gap("tips", ("do bakers get tips",)), Gap("naps", ("nap",))])
        assert _ask(index, "do bakers get tips") == _ask(plain, "do bakers get tips")
        assert _wanted(index, "nap").votes == pytest.approx(_wanted(plain, "nap").votes, abs=0.003)

    def test_with_wordings_too_the_nearest_are_those_of_brute_force(self, tmp_path: Path) -> None:
        """Every statement has some of forty wordings, which several share."""
        random = np.random.default_rng(3)
        pool = [" ".join(f"word{number}" for number in random.integers(0, 300, 4)) for _ in range(40)]

        def asked(chunk: Chunk) -> Wording:
            return Wording(chunk.text, tuple(dict.fromkeys(random.choice(pool, random.integers(0, 4)).tolist())))

        documents = [
            replace(document, wordings=tuple(asked(chunk) for chunk in chunks(document) if chunk.part is not None))
            for document in _many()[:10]
        ]
        index = _index(tmp_path / "index", *documents)
        own = np.asarray(index.vectors, np.float64)[: len(index.chunks)]
        encoder = WordEncoder()
        for vector in _queries(30):
            exact = (own @ vector.astype(np.float64)).round(6)
            best: dict[int, float] = {}
            for row, chunk in enumerate(index.chunks):
                if chunk.asked:
                    best[row] = float((encoder.encode(chunk.asked) @ vector.astype(np.float64)).round(6).max())
                    exact[row] = max(exact[row], best[row])
            found = index.nearest(vector, 1000)
            order = np.lexsort((np.arange(len(exact)), -exact))
            assert [row for row, _ in found.rows] == order.tolist()
            assert [cosine for _, cosine in found.rows] == pytest.approx(exact[order].tolist(), abs=2e-6)
            assert found.asked == pytest.approx(best, abs=2e-6)
            assert index.nearest(vector, 20).rows == found.rows[:20]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built")
    build(_many()[:5], WordEncoder(), folder)
    return folder


class Exported(WordEncoder):
    """Leaves a file, as an encoder does that can be exported."""

    def export(self, folder: Path, probes: Sequence[str]) -> str:
        folder.mkdir()
        (folder / "words.txt").write_text("words")
        return ""


class Letters(Exported):
    @property
    def name(self) -> str:
        return "letters"


@pytest.fixture
def folder(built: Path, tmp_path: Path) -> Path:
    """A copy of an index that may be damaged."""
    return Path(shutil.copytree(built, tmp_path / "index"))


class TestOpening:
    @pytest.mark.parametrize("current", [None, "", "gen-000009\n", "\0", "\udcff"])
    def test_no_index_names_the_command_that_builds_one(self, tmp_path: Path, current: str | None) -> None:
        if current is not None:
            (tmp_path / "CURRENT").write_bytes(current.encode("utf-8", "surrogateescape"))
        assert _broken(tmp_path).startswith(f"no index in {tmp_path}; build one: ")

    def test_an_untouched_copy_opens(self, folder: Path) -> None:
        assert len(open_index(folder, WordEncoder()).documents) == 5

    def test_an_index_of_other_weights_is_refused(self, folder: Path) -> None:
        with pytest.raises(
            IndexUnusable, match=r"the weights of 'words' are not those that it was made with; rebuild it: "
        ):
            open_index(folder, WordEncoder(fingerprint="words-2"))

    def test_where_the_encoder_was_exported_the_model_counts_by_its_name(self, tmp_path: Path) -> None:
        build([_baker()], Exported(), tmp_path)
        later = Exported(fingerprint="words-2")  # the operator has another version of it by now
        with pytest.raises(IndexUnusable, match="the weights of 'words' are not those"):
            open_index(tmp_path, later)
        assert open_index(tmp_path, later, by_exported=True).chunks
        with pytest.raises(IndexUnusable, match="it was made by the encoder 'words', and this is 'letters'"):
            open_index(tmp_path, Letters(), by_exported=True)

    def test_where_no_encoder_was_exported_the_weights_count(self, folder: Path) -> None:
        with pytest.raises(IndexUnusable, match="the weights of 'words' are not those"):
            open_index(folder, WordEncoder(fingerprint="words-2"), by_exported=True)

    @pytest.mark.parametrize(
        ("key", "value", "reason"),
        [
            ("format", 1, "it was made by another version of careerbot"),
            ("format", generations.FORMAT + 1, "it was made by another version of careerbot"),
            ("chunker", 0, "it was made by another version of careerbot"),
            (
                "encoder",
                {"name": "letters", "fingerprint": "words-1"},
                "it was made by the encoder 'letters', and this is",
            ),
        ],
        ids=["older-format", "newer-format", "older-chunker", "other-encoder"],
    )
    def test_an_index_that_was_made_otherwise_is_refused(
        self, folder: Path, key: str, value: object, reason: str
    ) -> None:
        file = _generation(folder) / "manifest.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | {key: value}))
        assert reason in _broken(folder)

    @pytest.mark.parametrize(
        "name",
        [
            "manifest.json",
            "documents.jsonl",
            "chunks.jsonl",
            "vectors.npy",
            "nearest.onnx",
            "nearest.npy",
            "vocabulary.json",
            "names.json",
            "asked.json",
            "bm25/vocab.index.json",
            "bm25/data.csc.index.npy",
            "bm25/params.index.json",
        ],
    )
    @pytest.mark.parametrize("damage", ["missing", "empty", "half", "binary"])
    def test_a_damaged_file_is_found_when_the_index_is_opened_not_when_it_is_asked(
        self, folder: Path, name: str, damage: str
    ) -> None:
        file = _generation(folder) / name
        held = file.read_bytes()
        if damage == "missing":
            file.unlink()
        else:
            file.write_bytes({"empty": b"", "half": held[: len(held) // 2], "binary": b"\xff\x00" * 40}[damage])
        assert _broken(folder).startswith(f"the index in {folder} cannot be used: ")

    @pytest.mark.parametrize(
        "change",
        [
            pytest.param(lambda lines: lines[:-1], id="a-chunk-is-lost"),
            pytest.param(lambda lines: lines + lines[-1:], id="a-chunk-stands-twice"),
            pytest.param(lambda lines: [*lines[:-1], "[]\n"], id="a-line-is-no-chunk"),
        ],
    )
    def test_chunks_that_do_not_fit_the_vectors_are_refused(
        self, folder: Path, change: Callable[[list[str]], list[str]]
    ) -> None:
        file = _generation(folder) / "chunks.jsonl"
        file.write_text("".join(change(file.read_text().splitlines(keepends=True))))
        _broken(folder)

    @pytest.mark.parametrize(
        "keep", [slice(None, -1), slice(1, None), slice(0, 0)], ids=["no-last", "no-first", "none"]
    )
    def test_vectors_that_lost_a_row_are_refused(self, folder: Path, keep: slice) -> None:
        file = _generation(folder) / "vectors.npy"
        np.save(file, np.load(file)[keep])
        _broken(folder)

    @pytest.mark.parametrize("rest", ["nothing", "an-empty-folder", "an-empty-database"])
    def test_an_emptied_chroma_folder_is_refused(self, folder: Path, rest: str) -> None:
        chroma = _generation(folder) / "chroma"
        shutil.rmtree(chroma)
        if rest != "nothing":
            chroma.mkdir()
        if rest == "an-empty-database":
            (chroma / "chroma.sqlite3").write_bytes(b"")
        assert "chroma/" in _broken(folder)

    def test_a_chroma_folder_without_its_graph_is_refused(self, folder: Path) -> None:
        graphs = [path for path in (_generation(folder) / "chroma").iterdir() if path.is_dir()]
        for graph in graphs:
            shutil.rmtree(graph)
        assert "chroma/" in _broken(folder)

    def test_the_chroma_of_another_index_is_refused(self, folder: Path, tmp_path: Path) -> None:
        other = [replace(document, text=document.text.replace("word", "other")) for document in _many()[:5]]
        build(other, WordEncoder(), tmp_path / "other")
        shutil.rmtree(_generation(folder) / "chroma")
        shutil.copytree(_generation(tmp_path / "other") / "chroma", _generation(folder) / "chroma")
        assert "chroma/" in _broken(folder)


class TestWriting:
    def test_a_second_writer_in_another_process_is_refused(self, corpus: Path, tmp_path: Path) -> None:
        program = textwrap.dedent(
            """
            import sys
            from pathlib import Path
            from filelock import FileLock
            with FileLock(Path(sys.argv[1]) / "LOCK"):
                print("held", flush=True)
                sys.stdin.read()
            """
        )
        folder = tmp_path / "index"
        folder.mkdir()
        with subprocess.Popen(
            [sys.executable, "-c", program, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as other:
            assert other.stdout is not None
            assert other.stdout.readline() == b"held\n"
            with pytest.raises(LockedError, match=r"another process is writing the index in .*; try again"):
                build(_documents(corpus), WordEncoder(), folder)
            other.communicate()
        assert build(_documents(corpus), WordEncoder(), folder).generation == 1

    def test_a_second_writer_in_the_same_process_is_refused(self, corpus: Path, tmp_path: Path) -> None:
        refused: list[Exception] = []

        def write_too(done: int) -> None:
            try:
                build(_documents(corpus), WordEncoder(), tmp_path / "index")
            except LockedError as error:
                refused.append(error)

        assert build(_documents(corpus), WordEncoder(), tmp_path / "index", write_too).generation == 1
        assert len(refused) == 1

    def test_a_file_where_the_folder_should_be_is_one_line_about_storage(self, corpus: Path, tmp_path: Path) -> None:
        (tmp_path / "index").write_text("a file")
        with pytest.raises(StorageError) as raised:
            build(_documents(corpus), WordEncoder(), tmp_path / "index")
        assert str(raised.value) == f"cannot write the index in {tmp_path / 'index'}: File exists"

    @pytest.mark.slow
    @pytest.mark.parametrize("largest", [1_000, 100_000], ids=["own-files", "files-of-chroma"])
    def test_a_full_disk_is_one_line_about_storage_and_the_old_index_stays(
        self, corpus: Path, tmp_path: Path, largest: int
    ) -> None:
        pytest.importorskip("resource", reason="file sizes are limited on POSIX only")
        build(_documents(corpus), WordEncoder(), tmp_path / "index")
        (corpus / "baker.md").write_text("# Baker\n\nA baker has two ovens.\n")
        program = textwrap.dedent(
            """
            import resource, sys
            from pathlib import Path
            from conftest import UNGUIDED, WordEncoder
            from careerbot import StorageError
            from careerbot.building import build
            from careerbot.loading import load
            resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), int(sys.argv[3])))
            try:
                build(load([Path(sys.argv[1])]).documents, WordEncoder(), Path(sys.argv[2]))
            except StorageError as error:
                print(error)
            """
        )
        done = subprocess.run(
            [sys.executable, "-c", program, str(corpus), str(tmp_path / "index"), str(largest)],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
        )
        assert done.stderr == ""
        assert done.stdout.startswith(f"cannot write the index in {tmp_path / 'index'}: ")
        assert done.stdout.count("\n") == 1
        assert open_index(tmp_path / "index", WordEncoder()).manifest["generation"] == 1

    def test_an_encoder_that_fails_leaves_the_index_that_was_there(self, corpus: Path, tmp_path: Path) -> None:
        class Broken(WordEncoder):
            def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
                raise InputError("the model is gone")

        build(_documents(corpus), WordEncoder(), tmp_path / "index")
        (corpus / "baker.md").write_text("# Baker\n\nA baker has two ovens.\n")
        with pytest.raises(InputError, match="the model is gone"):
            build(_documents(corpus), Broken(), tmp_path / "index")
        assert open_index(tmp_path / "index", WordEncoder()).manifest["generation"] == 1

    def test_a_generation_that_does_not_verify_is_removed_and_the_one_before_it_served(
        self, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def lose_one(folder: Path, names: Sequence[str], vectors: Vectors) -> None:
            write_vectors(folder, names[:-1], vectors[:-1])

        folder = tmp_path / "index"
        build(_documents(corpus), WordEncoder(), folder)
        (corpus / "baker.md").write_text("# Baker\n\nA baker has two ovens.\n")
        with monkeypatch.context() as patched, pytest.raises(IndexUnusable, match=r"Chroma holds \d+ of \d+ vectors"):
            patched.setattr(stores, "write_vectors", lose_one)
            build(_documents(corpus), WordEncoder(), folder)
        assert [path.name for path in folder.glob("gen-*")] == ["gen-000001"]
        assert open_index(folder, WordEncoder()).manifest["generation"] == 1
        assert build(_documents(corpus), WordEncoder(), folder).generation == 2  # under the name of the removed one
        assert "two ovens" in open_index(folder, WordEncoder()).documents["baker"].text


class TestReadSources:
    def test_every_document_with_its_counts_and_no_encoder(self, corpus: Path, tmp_path: Path) -> None:
        documents = _documents(corpus)
        build(documents, WordEncoder(), tmp_path / "index")
        pieces = {document.id: chunks(document) for document in documents}
        assert read_sources(tmp_path / "index") == [
            (
                document.id,
                document.title,
                document.publisher,
                document.as_of,
                str(sum(chunk.part is None for chunk in pieces[document.id])),
                str(len(pieces[document.id])),
            )
            for document in documents
        ]
        assert read_sources(tmp_path / "index")[2][:4] == (
            "electrician-guide",
            "How to Become an Electrician",
            "Trades Office",
            "2023-05",
        )

    def test_without_an_index_it_names_the_command_that_builds_one(self, tmp_path: Path) -> None:
        with pytest.raises(IndexUnusable, match=r"no index in .*; build one: careerbot index --index "):
            read_sources(tmp_path)

    @pytest.mark.parametrize("name", ["manifest.json", "documents.jsonl", "chunks.jsonl"])
    @pytest.mark.parametrize("held", [None, "{", "[]\n", "\0"], ids=["missing", "cut", "no-object", "binary"])
    def test_a_damaged_index_is_refused(self, folder: Path, name: str, held: str | None) -> None:
        file = _generation(folder) / name
        file.unlink()
        if held is not None:
            file.write_text(held)
        with pytest.raises(IndexUnusable, match=r"cannot be used: .*; rebuild it: careerbot index --index "):
            read_sources(folder)
