"""Measuring size: made documents that are like the real ones, and a measure that sees what a search loses."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from conftest import WordEncoder
from typer.testing import CliRunner

from careerbot import Careerbot, Document
from careerbot.chunking import chunks, sections
from careerbot.datatypes import Wording
from careerbot.embedding import Vectors
from careerbot.index import Index, Nearest
from careerbot.loading import load
from evals.encoders import Mixing, Timed
from evals.size import missed
from evals.varying import varied


@pytest.fixture
def documents(corpus: Path) -> Sequence[Document]:
    return load([corpus]).documents


def _shape(document: Document) -> list[tuple[str, int, int]]:
    return [(held.kind, len(held.parts), len(held.headings)) for held in sections(document)]


class TestVarying:
    @pytest.mark.parametrize("wanted", [1, 2, 7, 40, 300])
    def test_as_many_chunks_as_wanted_or_less_than_a_section_fewer(
        self, documents: Sequence[Document], wanted: int
    ) -> None:
        found = sum(len(chunks(made)) for made, _ in varied(documents, wanted))
        assert wanted - 5 < found <= wanted

    def test_every_run_makes_the_same(self, documents: Sequence[Document]) -> None:
        assert list(varied(documents, 200)) == list(varied(documents, 200))

    def test_headings_tables_and_lists_stay_what_they_are(self, documents: Sequence[Document]) -> None:
        for made, original in list(varied(documents, 200))[:-1]:
            assert _shape(made) == _shape(original)

    def test_no_two_documents_say_the_same(self, documents: Sequence[Document]) -> None:
        made = [document for document, _ in varied(documents, 200)]
        assert len({document.id for document in made}) == len({document.text for document in made}) == len(made) > 9

    def test_figures_change_and_keep_their_form(self, documents: Sequence[Document]) -> None:
        made = [made for made, original in varied(documents, 200) if original.id == "electrician-guide"][1:-1]
        assert all("$61,590" not in document.text for document in made)
        texts = "".join(document.text for document in made)
        assert all(not amount.startswith("$0") for amount in texts.split() if amount[0] == "$")

    def test_wordings_would_say_what_the_document_no_longer_does(self) -> None:
        bread = Document(
            "bread", "Bread", "Bread costs $3.", "bread.md", wordings=(Wording("Bread costs $3.", ("?",)),)
        )
        assert all(made.wordings == () for made, _ in varied([bread], 8))


class TestMixing:
    def test_an_original_keeps_its_vector_and_a_varied_text_is_near_it(self, documents: Sequence[Document]) -> None:
        made = list(varied(documents, 100))
        words, mixing = WordEncoder(), Mixing(WordEncoder(), made)
        text = "In May 2023 the median wage of electricians was $61,590 a year."
        guide = next(one for one, original in made[3:] if original.id == "electrician-guide")
        other = next(held.text for held in chunks(guide) if held.part == 0 and "$" in held.text)
        assert np.array_equal(mixing.encode([text, "unheard of"]), words.encode([text, "unheard of"]))
        vector = mixing.encode([other])
        assert np.array_equal(vector, Mixing(WordEncoder(), made).encode([other]))
        assert np.linalg.norm(vector) == pytest.approx(1)
        assert not np.array_equal(vector, words.encode([other]))
        assert (vector @ words.encode([text]).T).item() > 0.6

    def test_an_index_by_one_is_not_taken_for_an_index_by_the_other(self) -> None:
        assert Mixing(WordEncoder(), ()).fingerprint != WordEncoder().fingerprint


def test_an_encoder_is_timed_from_its_first_text_to_its_last() -> None:
    timed = Timed(WordEncoder())
    vectors = [timed.encode([text]) for text in ("bread", "honey", "wire")]
    assert np.array_equal(np.concatenate(vectors), WordEncoder().encode(timed.texts))
    assert timed.rate() > 0
    assert timed.share() > 0


class _Losing(Index):
    """An index whose search finds nothing of the first document."""

    def nearest(self, vector: Vectors, k: int) -> Nearest:
        found = super().nearest(vector, k)
        first = self.chunks[0].document
        rows = [(row, cosine) for row, cosine in found.rows if self.chunks[row].document != first]
        return Nearest(rows, found.asked)


def test_a_question_whose_nearest_chunk_is_lost_is_counted(bot: Careerbot) -> None:
    vectors = bot.encoder.encode([chunk.text for chunk in bot.index.chunks])
    assert missed(bot.index, vectors, 60) == 0
    losing = _Losing(bot.index.folder, bot.index.manifest)
    own = sum(chunk.document == losing.chunks[0].document for chunk in losing.chunks)
    assert missed(losing, vectors, 60) >= own
    losing.close()


@pytest.mark.slow
@pytest.mark.parametrize("encoder", ["real", "fake"])
def test_the_bench_of_size_measures_a_tiny_one_and_takes_it_again(tmp_path: Path, encoder: str) -> None:
    from evals.size import app

    given = ["--size", "60", "--encoder", encoder, "--answers", "2", "--searches", "20"]
    given += ["--folder", str(tmp_path), "--json", str(tmp_path / "out.json")]
    for _ in range(2):
        done = CliRunner().invoke(app, given)
        assert done.exit_code == 0, done.output
        (found,) = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))["sizes"]
        assert 55 < found["chunks"] <= 60
        assert (found["questions"], found["missed"]) == (20, 0)
        assert ("share of the encoder alone (%)" in found) == (encoder == "real")
    assert len(list(tmp_path.glob(f"{encoder}-60/gen-*"))) == 1
