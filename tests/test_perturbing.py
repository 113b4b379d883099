"""M12 examined: perturbations checked by hand, and systems that must score badly under them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import WordEncoder
from typer.testing import CliRunner

import careerbot.pipeline
from careerbot import Careerbot, Document
from careerbot.datatypes import Wording
from evals import cases as suites
from evals import metrics, perturbing, running
from evals.__main__ import app
from evals.cases import Case
from evals.graders import Outcome
from evals.metrics import Graded
from evals.perturbing import Swap
from evals.rows import Cited, Reply, Row

TEXTS = {"guide": "In 2024 the exam had 150 questions. It takes 4 hours.", "profile": "The exam costs $1,150."}
CASE = Case(
    "q", ("How many questions?",), must=(("150 questions",),), sources=("guide",), evidence=(("guide", TEXTS["guide"]),)
)
WAGE = Case(
    "wage",
    ("What is the median wage of electricians?",),
    group="pay",
    must=((r"61,590",),),
    sources=("electrician-guide",),
    evidence=(("electrician-guide", "In May 2023 the median wage of electricians was $61,590 a year."),),
)
BAKER = Case(
    "baker",
    ("What does a baker earn an hour on average?",),
    must=((r"16\.80",),),
    sources=("baker",),
    evidence=(("baker", "A baker earns $16.80 an hour on average."),),
)
REFUSAL = Reply("not_in_sources", "The sources don't say.")


def _refuse(_bot: Careerbot, _turns: Sequence[str]) -> Reply:
    return REFUSAL


@pytest.fixture
def graded(bot: Careerbot) -> tuple[Graded, ...]:
    """Both cases asked of the bot over the unchanged corpus, which answers them right."""
    asked = (WAGE, BAKER)
    found = metrics.grade_all(asked, running.run(bot, asked), perturbing.texts_of(bot))
    assert [held.grade.right for held in found] == [True, True]
    return found


def _values(found: metrics.Measures) -> dict[str, float]:
    return {name[:4]: held.value for name, held in reversed(found.items())}  # the first of a letter


# Indexes


def test_only_what_changed_is_embedded_and_the_served_index_stays(bot: Careerbot) -> None:
    assert isinstance(bot.encoder, WordEncoder)
    files = {file: file.stat().st_mtime_ns for file in bot.index.folder.glob("*.json*")}
    before, documents = len(bot.encoder.encoded), list(bot.index.documents.values())
    with perturbing.reindexed(bot, documents[1:]) as poorer:
        folder = poorer.index.folder
        assert list(poorer.index.documents) == [document.id for document in documents[1:]]
        assert len(bot.encoder.encoded) == before
    changed = [perturbing.swap(held, [Swap("baker", "16.80", "17.50")]) for held in documents]
    with perturbing.reindexed(bot, changed):
        assert 0 < len(bot.encoder.encoded) - before <= 4
        assert all("17.50" in text for text in bot.encoder.encoded[before:] if "$" in text)
    assert not folder.exists()
    assert {file: file.stat().st_mtime_ns for file in bot.index.folder.glob("*.json*")} == files


def test_the_distractors_are_twenty_and_the_same_in_every_run() -> None:
    made = perturbing.distractors()
    assert len({document.text for document in made}) == len({document.id for document in made}) == 20
    assert [document.text for document in made] == [document.text for document in perturbing.distractors()]
    assert not [document.id for document in made if "medical" in document.text or "coding" in document.text]
    roofer = next(document for document in made if document.id == "distractor-roofer")
    assert "In May 2015 the median wage of a roofer was $31,040 a year" in roofer.text


def test_the_sample_is_small_and_depends_on_no_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(perturbing, "MOST", 5)
    held = metrics.grade_all(
        [replace(CASE, id=f"q{at}") for at in range(9)], [Row(f"q{at}", REFUSAL) for at in range(9)], TEXTS
    )
    assert len(perturbing.sample(held)) == 5
    assert perturbing.sample(held) == perturbing.sample(held[::-1])


# Which case, which figure


@pytest.mark.parametrize(
    ("change", "figure"),
    [
        pytest.param({}, ("guide", "150"), id="figure-of-the-key-and-not-the-year-before-it"),
        pytest.param({"must": ((r"\b2024\b",),)}, None, id="year"),
        pytest.param({"must": (("4 hours",),)}, None, id="single-digit"),
        pytest.param({"must": (("questions",),)}, None, id="key-without-a-figure"),
        pytest.param({"turns": ("Are there 150 questions?",)}, None, id="figure-that-the-question-says"),
        pytest.param({"must": (("150 questions", "questions"),)}, None, id="key-that-is-hit-without-it"),
        pytest.param({"evidence": (("nowhere", "150 questions"),)}, None, id="document-that-is-not-there"),
    ],
)
def test_the_figure_that_a_key_asks_for(change: dict[str, object], figure: tuple[str, str] | None) -> None:
    assert perturbing.figure_of(replace(CASE, **change), TEXTS) == figure  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "texts", "source"),
    [
        pytest.param({}, TEXTS, "guide", id="one-document"),
        pytest.param({}, {"guide": TEXTS["guide"]}, "", id="nothing-would-be-left"),
        pytest.param({}, TEXTS | {"more": "All 150 questions."}, "", id="another-document-hits-the-key"),
        pytest.param({"sources": ("guide", "profile")}, TEXTS, "", id="two-sources"),
        pytest.param({"answerable": False}, TEXTS, "", id="unanswerable"),
    ],
)
def test_the_document_that_alone_holds_the_key(change: dict[str, object], texts: dict[str, str], source: str) -> None:
    assert perturbing.only_source(replace(CASE, **change), texts) == source  # type: ignore[arg-type]


def test_a_number_has_one_new_one_that_no_document_says() -> None:
    texts = TEXTS | {"more": "157 and 164"}
    again = replace(CASE, id="again")
    fee = replace(CASE, id="fee", must=(("1,150",),), evidence=(("profile", TEXTS["profile"]),))
    assert perturbing.plan([CASE, again, fee], texts) == {
        "q": Swap("guide", "150", "171"),
        "again": Swap("guide", "150", "171"),
        "fee": Swap("profile", "1,150", "1,157"),
    }


def test_a_figure_is_swapped_everywhere_in_its_document_and_as_a_whole_number_only() -> None:
    text = "150 questions, $150, 100-150. But 1,150, 150.5, 150th, ICD-150 and 1:150."
    document = Document("guide", "G", text, "g.md", wordings=(Wording("150 questions", ("how many?",)),))
    made = perturbing.swap(document, [Swap("guide", "150", "171"), Swap("other", "100", "107")])
    assert made.text == "171 questions, $171, 100-171. But 1,150, 150.5, 150th, ICD-150 and 1:150."
    assert made.wordings == (Wording("171 questions", ("how many?",)),)


@pytest.mark.parametrize(
    ("text", "source", "quote", "shown"),
    [
        pytest.param("It had 171 questions. [1]", "guide", "171 questions", True, id="new-and-cited"),
        pytest.param("It had 150 questions. [1]", "guide", "171 questions", False, id="old-with-the-new-quote"),
        pytest.param("It had 150 questions. [1]", "guide", "150 questions", False, id="old-with-the-old-quote"),
        pytest.param("It had 171 questions. [1]", "guide", "150 questions", False, id="quote-that-is-none"),
        pytest.param("It had 171 questions. [1]", "profile", "171", False, id="another-document"),
        pytest.param("It had 171 questions.", "guide", "171 questions", False, id="claim-without-the-citation"),
        pytest.param("Many. [1]\nIt had 171. [2]", "guide", "171 questions", False, id="cited-behind-another-claim"),
        pytest.param("It had 1,171 questions. [1]", "guide", "171 questions", False, id="part-of-a-number"),
    ],
)
def test_what_counts_as_showing_the_new_figure(text: str, source: str, quote: str, shown: bool) -> None:
    texts = {"guide": "It had 171 questions.", "profile": "171"}
    start = max(texts[source].find(quote), 0)
    reply = Reply("answered", text, (Cited(1, source, start, start + len(quote), quote),))
    assert perturbing.shows(Swap("guide", "150", "171"), reply, texts) is shown


# Systems


@pytest.mark.slow
def test_a_system_that_reads_its_documents_follows_them(bot: Careerbot, graded: tuple[Graded, ...]) -> None:
    found = perturbing.measure(graded, bot)
    assert {name: found[name].n for name in found if "M12c" in name} == dict.fromkeys(
        ("M12c swapped figure shown and cited", "M12c of those right before"), 2
    )
    assert _values(found)["M12c"] == 1
    assert found["M12b refused or key not shown"].value == 1
    assert found["M12a right, change with 20 distractors"].n == 2


@pytest.mark.slow
def test_a_system_that_cites_the_old_figure_scores_nothing(bot: Careerbot, graded: tuple[Graded, ...]) -> None:
    def stale(_changed: Careerbot, turns: Sequence[str]) -> Reply:
        return running.ask(bot, turns)

    found = perturbing.measure(graded, bot, stale)
    assert found["M12c swapped figure shown and cited"].value == found["M12c of those right before"].value == 0
    assert found["M12b refused without its document"].value == found["M12b refused or key not shown"].value == 0
    assert _values(found)["M12a"] == 0


@pytest.mark.slow
def test_a_system_that_refuses_loses_what_it_had_and_is_right_without_the_document(
    bot: Careerbot, graded: tuple[Graded, ...]
) -> None:
    wrong = replace(graded[1], grade=replace(graded[1].grade, outcome=Outcome.WRONG))
    found = perturbing.measure([graded[0], wrong], bot, _refuse)
    assert _values(found)["M12a"] == -0.5  # one right became missing, one wrong stayed so
    assert found["M12b refused without its document"].value == 1
    assert found["M12b refused without its document"].n == found["M12c of those right before"].n == 1
    assert found["M12c swapped figure shown and cited"].n == 2
    assert _values(found)["M12c"] == 0


@pytest.mark.slow
def test_a_fact_counts_when_all_its_wordings_are_right(
    bot: Careerbot, graded: tuple[Graded, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(perturbing, "MOST", 0)
    one, other = graded
    again = replace(one, case=replace(one.case, id="again", turns=("median pay electrician",)))
    half = replace(other, case=replace(other.case, id="half", turns=("baker pay",)))
    half = replace(half, grade=replace(half.grade, outcome=Outcome.MISSING))
    found = perturbing.measure([one, again, other, half], bot, _refuse)
    assert found["M12d facts right in all wordings"].value == 0.5
    assert "M12d facts right in all wordings" not in perturbing.measure([one, other], bot, _refuse)


def test_the_report_holds_it_where_it_is_asked_for(
    bot: Careerbot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(careerbot.pipeline, "SentenceEncoder", WordEncoder)
    monkeypatch.setenv("CAREERBOT_INDEX", str(bot.settings.index))
    monkeypatch.setenv("CAREERBOT_ANSWER_THRESHOLD", "0")
    monkeypatch.chdir(tmp_path)
    case = {"id": "w", "turns": list(WAGE.turns), "must": [["61,590"]], "sources": ["electrician-guide"]}
    Path("own.jsonl").write_text(json.dumps(case))  # without evidence, so that ranx does not compile itself here
    arguments = ["--cases", "own.jsonl", "--perturb", "--json", "o.json", "--html", "o.html"]
    result = CliRunner().invoke(app, arguments)
    assert (result.exit_code, result.stderr) == (0, "")
    name = "M12a right, change with 20 distractors"
    assert "M12a" in result.stdout
    assert name in json.loads(Path("o.json").read_text())["measures"]
    assert name in Path("o.html").read_text()


@pytest.mark.slow
def test_swapped_figures_of_the_real_corpus_are_shown(real_index: Path) -> None:
    bot = Careerbot.open(real_index)
    texts = perturbing.texts_of(bot)
    every = suites.load_cases(sorted(suites.SUITES.glob("*.jsonl")), "test")
    some = [case for case in every if case.category == "number" and perturbing.figure_of(case, texts)][:8]
    graded = metrics.grade_all(some, running.run(bot, some), texts)
    shown = perturbing.swapped([held for held in graded if held.grade.right], bot, running.ask)
    assert len(shown) > 3
    assert sum(shown.values()) >= 0.9 * len(shown)
