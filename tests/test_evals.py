"""The exam examined: grades computed by hand, bad systems that must score badly, suites that hold together."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from conftest import WordEncoder
from model_server import model_server
from typer.testing import CliRunner, Result

import careerbot.pipeline
from careerbot import Careerbot, InputError, retrieval
from careerbot.loading import load
from evals import bench, graders, intervals, metrics, page, report, risk, rows, running
from evals import cases as suites
from evals.__main__ import app
from evals.cases import SUITES, Case, load_cases, problems
from evals.graders import Outcome, citing, grade, split_claims, table_cell
from evals.rows import Cited, Reply, Row

ROOT = Path(__file__).parent.parent
TEXTS = {
    "guide": "The exam has 150 questions. It costs $399.",
    "profile": "There are 150 questions.\n\n| Test | Fee |\n|---|---|\n| CPC | $399 |\n| CCS | $299 |",
}
ASKED = Case(
    "q",
    ("How many questions?",),
    must=((r"\b150\b",),),
    must_not=(r"\b200\b",),
    sources=("guide",),
    evidence=(("guide", "The exam has 150 questions."),),
)
NEAR_MISS = Case("n", ("Fee of the CIC?",), category="unanswerable", answerable=False, must_not=(r"\$\d",))


def _cite(source: str, quote: str, number: int = 1) -> Cited:
    start = TEXTS[source].index(quote)
    return Cited(number, source, start, start + len(quote), quote)


RIGHT = Reply("answered", "The exam has 150 questions. [1]", (_cite("guide", "The exam has 150 questions."),))
REFUSAL = Reply("not_in_sources", "The sources don't say.")


@pytest.fixture(scope="module")
def corpus_texts() -> dict[str, str]:
    """The documents that the suites ask about: id → text."""
    return {document.id: document.text for document in load([ROOT / "corpus"]).documents}


@pytest.fixture(scope="module")
def exam() -> tuple[Case, ...]:
    return load_cases(sorted(SUITES.glob("*.jsonl")))


# Suites


def test_the_suites_hold_together_over_the_corpus(exam: tuple[Case, ...], corpus_texts: dict[str, str]) -> None:
    assert problems(exam, corpus_texts) == ()


def test_the_suites_are_as_large_as_the_exam_must_be(exam: tuple[Case, ...]) -> None:
    assert len(exam) >= 250
    assert sum(not case.answerable for case in exam) >= 80
    assert {case.style for case in exam} == {"plain", "colloquial", "typo", "terse", "verbose"}
    assert {case.split for case in exam} == set(suites.SPLITS)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param({"evidence": (("guide", "It has 90."),)}, "does not say", id="evidence-that-the-document-lacks"),
        pytest.param({"must": ((r"\b151\b",),)}, "no evidence holds", id="pattern-that-its-own-evidence-fails"),
        pytest.param({"must_not": (r"150",)}, "forbidden", id="right-answer-is-forbidden"),
        pytest.param({"missing": ("questions",)}, "to be named as missing", id="what-is-missing-is-there"),
        pytest.param({"sources": ("profile",)}, "no sources of it", id="evidence-of-a-document-that-is-no-source"),
        pytest.param({"must": ()}, "nothing that its answer", id="answerable-but-anything-goes"),
        pytest.param({"split": "dev"}, "unknown split", id="split-that-is-never-asked"),
    ],
)
def test_a_case_that_contradicts_itself_is_found(change: dict[str, object], said: str) -> None:
    assert problems([ASKED], TEXTS) == ()
    problem, *_ = problems([replace(ASKED, **change)], TEXTS)  # type: ignore[arg-type]
    assert said in problem


def test_a_fact_in_two_splits_and_an_id_used_twice_are_found() -> None:
    one, other = replace(ASKED, group="fact"), replace(ASKED, group="fact", split="tune")
    assert problems([one, other], TEXTS) == (
        "group fact: stands in the splits ['test', 'tune']",
        "q: the id is used 2 times",
    )


def test_a_question_of_ones_own_needs_an_id_and_turns_only(tmp_path: Path) -> None:
    file = tmp_path / "own.jsonl"
    file.write_text(
        '\n{"id": "a", "turns": ["Why?"], "as_of": "later"}\n{"id":"b","turns":["x"],"category":"unanswerable"}'
    )
    first, second = load_cases([file])
    assert (first.category, first.style, first.split, first.group, first.answerable) == (
        "text",
        "plain",
        "test",
        "a",
        True,
    )
    assert not second.answerable
    assert load_cases([file], "tune") == ()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        pytest.param("{", "Expecting", id="not-json"),
        pytest.param("[]", "expected an object", id="no-object"),
        pytest.param('{"turns": ["a"]}', "id must be a string, not None", id="no-id"),
        pytest.param('{"id": "a", "turns": "why"}', "turns must be a list of strings", id="turns-are-a-string"),
        pytest.param('{"id": "a", "turns": []}', "at least one question", id="no-turn"),
        pytest.param('{"id": "a", "turns": ["x"], "must": ["150"]}', "every group of must", id="group-is-a-string"),
        pytest.param('{"id": "a", "turns": ["x"], "must": [["("]]}', "not a regular expression", id="bad-pattern"),
        pytest.param('{"id": "a", "turns": ["x"], "answerable": "no"}', "true or false", id="flag-is-a-string"),
        pytest.param('{"id": "a", "turns": ["x"], "evidence": []}{', "Extra data", id="two-objects"),
        pytest.param('{"id": "first", "turns": ["x"]}', "'first' is taken", id="id-used-twice"),
    ],
)
def test_a_bad_line_is_named_by_file_and_number(tmp_path: Path, line: str, said: str) -> None:
    file = tmp_path / "cases.jsonl"
    file.write_text('{"id": "first", "turns": ["a"]}\n' + line + "\n")
    with pytest.raises(InputError, match=r"cases\.jsonl line 2: ") as caught:
        load_cases([file])
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


# Grades, computed by hand


@pytest.mark.parametrize(
    ("reply", "outcome", "why"),
    [
        pytest.param(RIGHT, Outcome.RIGHT, "", id="right"),
        pytest.param(replace(RIGHT, status="partial"), Outcome.RIGHT, "", id="part-of-the-answer-that-holds-it-all"),
        pytest.param(replace(RIGHT, text="There are many. [1]"), Outcome.WRONG, "it lacks", id="figure-missing"),
        pytest.param(replace(RIGHT, text="150, not 200. [1]"), Outcome.WRONG, "forbidden", id="forbidden-figure-too"),
        pytest.param(replace(RIGHT, citations=()), Outcome.WRONG, "cites nothing", id="right-figure-without-a-source"),
        pytest.param(
            replace(RIGHT, citations=(_cite("profile", "There are 150 questions."),)),
            Outcome.WRONG,
            "cites ['profile']",
            id="right-figure-with-the-wrong-source",
        ),
        pytest.param(
            replace(RIGHT, citations=(Cited(1, "guide", 0, 27, "The exam has 151 questions."),)),
            Outcome.WRONG,
            "cites nothing",
            id="quote-that-its-source-does-not-say",
        ),
        pytest.param(REFUSAL, Outcome.MISSING, "don't say", id="refusal-is-missing-and-not-wrong"),
        pytest.param(Reply("answered", ""), Outcome.MISSING, "it lacks", id="empty-answer"),
        pytest.param(
            replace(RIGHT, status="not_in_sources"), Outcome.MISSING, "don't say", id="refusal-with-the-figure"
        ),
        pytest.param(
            replace(REFUSAL, text="It is 200."), Outcome.WRONG, "forbidden", id="refusal-that-says-the-forbidden"
        ),
    ],
)
def test_the_grade_of_an_answerable_question(reply: Reply, outcome: Outcome, why: str) -> None:
    found = grade(ASKED, reply, TEXTS)
    assert found.outcome is outcome
    assert (why in found.why) if why else not found.why


@pytest.mark.parametrize(
    ("status", "text", "right"),
    [
        pytest.param("not_in_sources", "The sources don't say.", True, id="refused"),
        pytest.param("partial", "Texas is not among them.", True, id="names-what-is-missing"),
        pytest.param("answered", "The sources don't say.", False, id="the-words-of-a-refusal-are-none"),
        pytest.param("not_in_sources", "They don't say, but $399 is usual.", False, id="abstention-with-a-figure"),
        pytest.param("answered", "", False, id="silence-is-not-the-flag"),
    ],
)
def test_an_unanswerable_question_is_right_by_status_and_nothing_forbidden(status: str, text: str, right: bool) -> None:
    found = grade(NEAR_MISS, Reply(status, text), TEXTS)
    assert found.outcome is (Outcome.RIGHT if right else Outcome.WRONG)


def test_a_false_premise_may_be_answered_and_must_not_be_repeated() -> None:
    case = Case("a", ("Since they merged?",), category="adversarial", answerable=False, must_not=("have merged",))
    assert grade(case, RIGHT, TEXTS).right
    assert grade(case, REFUSAL, TEXTS).right
    assert grade(case, Reply("answered", "As they have merged, one."), TEXTS).outcome is Outcome.WRONG


@pytest.mark.parametrize(
    ("missing", "why"),
    [
        pytest.param(("Texas", "Ohio"), "", id="both-named"),
        pytest.param(("pay in TEXAS, Ohio",), "", id="both-in-one-phrase"),
        pytest.param(("Ohio",), "it does not name as missing ['texas']", id="one-left-out"),
        pytest.param((), "it does not name as missing ['texas', 'ohio']", id="none-named"),
    ],
)
def test_what_the_sources_lack_must_be_named_beside_what_they_give(missing: tuple[str, ...], why: str) -> None:
    case = replace(ASKED, missing=("texas", "ohio"))
    found = grade(case, replace(RIGHT, status="partial", missing=missing), TEXTS)
    assert found.right is not bool(why)
    assert found.why == why


def test_one_of_two_required_sources_is_not_both() -> None:
    both = replace(ASKED, sources=("guide", "profile"), all_sources=("guide", "profile"))
    second = _cite("profile", "There are 150 questions.", 2)
    assert grade(both, RIGHT, TEXTS).why == "it does not cite ['profile']"
    assert grade(both, replace(RIGHT, citations=(*RIGHT.citations, second)), TEXTS).right


def test_what_does_not_apply_is_none_and_neither_helps_nor_hurts() -> None:
    bare = Case("b", ("Why?",))
    found = grade(bare, Reply("answered", "Because."), TEXTS)
    assert found.right
    assert [check.passed for check in found.checks] == [True, *[None] * 5]


# Citations


def test_a_fabricated_number_and_a_place_outside_the_document_are_invalid() -> None:
    outside = Cited(2, "guide", 0, 9999, "The exam")
    unknown = Cited(3, "nowhere", 0, 3, "The")
    text = "The exam has 150 questions. [1][2][3]\nIt costs $399. [7]"
    found = citing(ASKED, replace(RIGHT, text=text, citations=(*RIGHT.citations, outside, unknown)), TEXTS)
    assert (found.cites, found.shown, found.valid, found.verbatim) == (4, 3, 1, 1)
    assert (found.proper, found.claims, found.supported) == (2, 2, 1)


def test_brackets_that_a_quote_holds_are_no_citation() -> None:
    texts = {"guide": "See note [4]."}
    reply = Reply("answered", "See note [4]. [1]", (Cited(1, "guide", 0, 13, "See note [4]."),))
    assert citing(ASKED, reply, texts).cites == 1


def test_a_claim_is_supported_only_by_a_quote_that_holds_its_figures() -> None:
    reply = replace(
        RIGHT, text="The exam has 150 questions and costs $399. [1]", citations=(_cite("guide", "It costs $399."),)
    )
    assert citing(ASKED, reply, TEXTS).supported == 0
    assert citing(ASKED, RIGHT, TEXTS).supported == 1


def test_a_refusal_has_no_claims_rather_than_none_supported() -> None:
    found = citing(ASKED, REFUSAL, TEXTS)
    assert (found.proper, found.claims, found.supported) == (None, None, None)


def test_a_list_is_one_claim_with_the_numbers_behind_it() -> None:
    assert split_claims("Needed are:\n- a licence\n- algebra [1][2]\nIt takes four years. [3]\nAnd luck.") == (
        ("Needed are:\n- a licence\n- algebra", (1, 2)),
        ("It takes four years.", (3,)),
        ("And luck.", ()),
    )


@pytest.mark.parametrize(
    ("quote", "found"),
    [
        pytest.param("| CPC | $399 |", True, id="figure-beside-its-label"),
        pytest.param("| CCS | $299 |", False, id="another-row"),
        pytest.param("$399 |", False, id="figure-without-its-label"),
    ],
)
def test_a_table_cell_counts_with_the_label_of_its_row(quote: str, found: bool) -> None:
    case = Case("t", ("CPC fee?",), category="table", must=((r"\$399",),), evidence=(("profile", "| CPC | $399 |"),))
    assert table_cell(case, Reply("answered", "CPC – Fee: $399 [1]", (_cite("profile", quote),))) is found
    assert table_cell(replace(case, category="number"), RIGHT) is None


# Intervals


@pytest.mark.parametrize(
    ("right", "n", "low", "high"),
    [(180, 200, 0.851, 0.934), (190, 200, 0.910, 0.973), (200, 200, 0.981, 1.0), (30, 30, 0.886, 1.0)],
)
def test_wilson_intervals_are_those_of_the_handbook(right: int, n: int, low: float, high: float) -> None:
    found = intervals.wilson([True] * right + [False] * (n - right) + [None] * 5)
    assert found is not None
    assert (found.n, round(found.low or 0, 3), round(found.high or 0, 3)) == (n, low, high)


def test_no_case_is_no_rate_rather_than_zero() -> None:
    assert intervals.wilson([None, None]) is None
    assert intervals.mean([], []) is None


def test_five_wordings_of_a_fact_do_not_make_the_interval_narrower() -> None:
    groups, values = [f"g{at}" for at in range(20)], [float(at % 2) for at in range(20)]
    once = intervals.mean(groups, values)
    five = intervals.mean(groups * 5, values * 5)
    assert once is not None
    assert five is not None
    assert (once.low, once.high, once.groups) == (five.low, five.high, five.groups)
    assert (once.n, five.n) == (20, 100)
    assert intervals.mean(groups, values) == once  # the seed is fixed


def test_one_fact_has_no_interval() -> None:
    found = intervals.mean(["g", "g"], [1.0, 0.0])
    assert found == intervals.Measure(0.5, None, None, 2, 1)


@pytest.mark.parametrize(
    ("lost", "gained", "p", "drop"),
    [
        pytest.param(8, 0, 0.0078, True, id="eight-lost"),
        pytest.param(10, 2, 0.0386, True, id="ten-lost-two-gained"),
        pytest.param(2, 10, 0.0386, False, id="significantly-better-is-no-drop"),
        pytest.param(5, 0, 0.0625, False, id="five-lost-may-be-chance"),
        pytest.param(0, 0, 1.0, False, id="nothing-changed"),
    ],
)
def test_a_drop_is_one_only_beyond_chance(lost: int, gained: int, p: float, drop: bool) -> None:
    before = {f"q{at}": at < lost or at >= lost + gained for at in range(50)} | {"old": True}
    after = {f"q{at}": at >= lost for at in range(50)} | {"new": False}
    found = intervals.pair(before, after)
    assert (found.n, len(found.lost), len(found.gained)) == (50, lost, gained)
    assert (round(found.p, 4), found.is_drop) == (p, drop)


# Planted systems over the real suites


def _system(
    exam: Sequence[Case], texts: dict[str, str], answer: Callable[[Case], Reply]
) -> tuple[tuple[metrics.Graded, ...], dict[str, float]]:
    graded = metrics.grade_all(exam, [Row(case.id, answer(case)) for case in exam], texts)
    return graded, {name: held.value for name, held in metrics.measure(graded).items()}


def _evidence_of(case: Case, texts: dict[str, str]) -> Reply:
    """The answer of one who knows: every piece of evidence, cited."""
    if not case.evidence:
        return REFUSAL
    cited = []
    for number, (source, quote) in enumerate(case.evidence, start=1):
        start = texts[source].index(quote)
        cited.append(Cited(number, source, start, start + len(quote), quote))
    text = "\n".join(f"{held.quote} [{held.number}]" for held in cited)
    return Reply("answered", text, tuple(cited), case.missing)


@pytest.mark.slow
def test_one_who_knows_everything_has_every_point(exam: tuple[Case, ...], corpus_texts: dict[str, str]) -> None:
    graded, found = _system(exam, corpus_texts, lambda case: _evidence_of(case, corpus_texts))
    assert [(held.case.id, held.grade.why) for held in graded if not held.grade.right] == []
    perfect = [name for name in found if name[:3] in ("M1 ", "M3 ", "M4 ", "M5 ", "M6 ", "M13") or "refused" in name]
    perfect = [name for name in perfect if "CRAG" not in name and "disagreement" not in name]
    assert {name: found[name] for name in perfect} == dict.fromkeys(perfect, 1.0)
    assert found["M7 false abstention"] == found["M2 wrong, answerable"] == 0


def test_one_who_always_refuses_has_the_share_of_the_unanswerable(
    exam: tuple[Case, ...], corpus_texts: dict[str, str]
) -> None:
    _, found = _system(exam, corpus_texts, lambda _: REFUSAL)
    unanswerable = sum(not case.answerable for case in exam)
    assert found["M1 truthfulness"] == pytest.approx(unanswerable / len(exam))
    assert found["M1 as in CRAG (0 for any refusal)"] == 0
    assert found["M7 near-miss refused"] == found["M7 out of domain refused"] == found["M7 false abstention"] == 1
    assert found["M2 right, answerable"] == 0
    assert "M3 verbatim quotes" not in found  # nothing was quoted: no rate, not a bad one


def test_one_who_always_says_the_same_scores_below_zero(exam: tuple[Case, ...], corpus_texts: dict[str, str]) -> None:
    source, text = next(iter(corpus_texts.items()))
    same = Reply("answered", "It costs $399 a year. [1]", (Cited(1, source, 0, 40, text[:40]),))
    _, found = _system(exam, corpus_texts, lambda _: same)
    assert found["M1 truthfulness"] < -0.9
    assert found["M7 near-miss refused"] == found["M7 out of domain refused"] == found["M7 false abstention"] == 0
    assert found["M2 right, answerable"] < 0.05
    assert found["M3 verbatim quotes"] == 1  # true quotes alone make no right answer


def test_one_who_cites_the_first_source_is_right_only_where_that_is_it(
    exam: tuple[Case, ...], corpus_texts: dict[str, str]
) -> None:
    first = next(iter(corpus_texts))
    cited = (Cited(1, first, 0, 40, corpus_texts[first][:40]),)
    asked = [case for case in exam if case.answerable]

    def answer(case: Case) -> Reply:
        known = _evidence_of(case, corpus_texts)
        return replace(known, text="\n".join(quote for _, quote in case.evidence) + " [1]", citations=cited)

    graded, found = _system(asked, corpus_texts, answer)
    expected = [first in case.sources and set(case.all_sources) <= {first} for case in asked]
    assert [held.grade.right for held in graded] == expected
    assert 0.1 < found["M2 right, answerable"] < 0.6
    assert found["M5 citation precision"] == pytest.approx(np.mean([first in case.sources for case in asked]))


# Confidence


def test_risk_and_coverage_by_hand() -> None:
    confidences, right = [0.9, 0.8, 0.7, 0.6], [True, True, False, True]
    assert risk.curve(confidences, right) == ((0.25, 0), (0.5, 0), (0.75, 1 / 3), (1, 0.25))
    found = risk.risk(confidences, right)
    assert found["M8 AURC"] == pytest.approx((0 + 0 + 1 / 3 + 1 / 4) / 4)
    assert found["M8 coverage at 2% risk"] == found["M8 coverage at 5% risk"] == 0.5


def test_calibration_by_hand() -> None:
    found = risk.calibration([0.9, 0.8, 0.3, 0.6], [True, True, False, False])
    assert found["M8 AUROC"] == 1
    assert found["M9 Brier"] == pytest.approx((0.01 + 0.04 + 0.09 + 0.36) / 4)
    assert found["M9 ECE (10 bins)"] == pytest.approx((0.1 + 0.2 + 0.3 + 0.6) / 4)
    assert "M8 AUROC" not in risk.calibration([0.9], [True])


def test_confidence_is_measured_only_where_every_row_carries_one() -> None:
    asked = [ASKED, NEAR_MISS]
    given = [Row("q", replace(RIGHT, confidence=0.9)), Row("n", replace(REFUSAL, confidence=0.1))]
    assert metrics.measure(metrics.grade_all(asked, given, TEXTS))["M8 AUROC"].value == 1
    given[1] = Row("n", REFUSAL)
    assert not [name for name in metrics.measure(metrics.grade_all(asked, given, TEXTS)) if name[:2] in ("M8", "M9")]


# Running, over the invented careers of conftest.py

WAGE = Case(
    "wage",
    ("What is the median wage of electricians?",),
    must=((r"61,590",),),
    sources=("electrician-guide",),
    evidence=(("electrician-guide", "In May 2023 the median wage of electricians was $61,590 a year."),),
)
LATER = Case(
    "later",
    ("What is the median wage of electricians?", "and the mean wage?"),
    category="followup",
    rewrite="What is the mean wage of electricians?",
    must=((r"67,810",),),
    sources=("electrician-guide",),
    evidence=(("electrician-guide", "The mean wage was $67,810 a year."),),
)


def test_a_row_holds_what_the_bot_says_and_where_the_evidence_was_found(bot: Careerbot) -> None:
    row, later = running.run(bot, [WAGE, LATER])
    answer = bot.ask(WAGE.turns[0])
    assert (row.reply.text, row.reply.status) == (answer.text, "answered")
    assert [cited.quote for cited in row.reply.citations] == [cited.quote for cited in answer.citations]
    assert len(row.relevant) == 1
    assert set(row.reply.retrieved) == set(running.SEARCHES)
    assert all(row.relevant[0] in found for found in row.reply.retrieved.values())
    assert (row.alone, row.rewritten) == (None, None)
    assert later.alone is not None
    assert later.alone.searched == "and the mean wage?"
    assert later.rewritten is not None
    assert later.reply.latency_ms > 0


@pytest.mark.parametrize("question", [*WAGE.turns, "What does a baker earn, and how many hives has a beekeeper?"])
def test_the_searches_are_measured_with_the_queries_that_the_bot_makes(bot: Careerbot, question: str) -> None:
    queries = list(running._queries(bot, bot.read(question)))
    assert [retrieval.hybrid(bot.index, query, bot.settings) for query in queries] == [
        part.hits for part in bot.parts(question)
    ]


def test_every_place_that_says_the_evidence_is_relevant(bot: Careerbot) -> None:
    everywhere = replace(WAGE, evidence=(("electrician-guide", "$"),))
    text = bot.index.documents["electrician-guide"].text
    holding = [
        c for c in bot.index.chunks if c.document == "electrician-guide" and c.part is not None and "$" in c.text
    ]
    assert running.relevant(bot, everywhere) == tuple(chunk.id for chunk in holding)
    assert text.count("$") >= len(holding) > 1
    assert running.relevant(bot, replace(WAGE, evidence=(("no-such-document", "x"), ("baker", "")))) == ()


def test_metrics_are_the_same_from_the_file(bot: Careerbot, tmp_path: Path) -> None:
    texts = {name: held.text for name, held in bot.index.documents.items()}
    before = running.run(bot, [WAGE, LATER])
    rows.write_rows(tmp_path / "rows.jsonl", before)
    after = rows.read_rows(tmp_path / "rows.jsonl")
    assert after == before
    assert metrics.measure(metrics.grade_all([WAGE, LATER], after, texts)) == metrics.measure(
        metrics.grade_all([WAGE, LATER], before, texts)
    )
    with pytest.raises(InputError, match="1 cases have no row, the first is q"):
        metrics.grade_all([ASKED], after, texts)


def test_two_runs_say_the_same(bot: Careerbot) -> None:
    timeless = [
        [replace(row, reply=replace(row.reply, latency_ms=0)) for row in running.run(bot, [WAGE])] for _ in range(2)
    ]
    assert timeless[0] == timeless[1]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of libraries that ranx imports
def test_retrieval_metrics_by_hand() -> None:
    from evals.searching import score

    found = score(
        {"first": ("x",), "second": ("x", "y"), "none": ("x",), "skipped": ()},
        {"first": ("x", "a"), "second": ("a", "x", "b"), "none": (), "skipped": ("a",)},
    )
    assert found["hit_rate@1"] == {"first": 1, "second": 0, "none": 0}
    assert found["hit_rate@3"] == {"first": 1, "second": 1, "none": 0}
    assert found["mrr"] == {"first": 1, "second": 0.5, "none": 0}
    assert found["recall@10"] == {"first": 1, "second": 0.5, "none": 0}
    ideal = 1 + 1 / np.log2(3)
    assert found["ndcg@10"] == pytest.approx({"first": 1, "second": (1 / np.log2(3)) / ideal, "none": 0})


# Page and command


class _Page(HTMLParser):
    """The tags of a page, and those that are not closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert not {name for name, _ in attrs} & {"src", "href", "onload", "onclick"}
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_a_document_that_holds_markup_adds_none_to_the_page() -> None:
    bad = "<script src=//evil>alert(1)</script>&\"'"
    texts = {"guide": bad}
    case = replace(
        ASKED, id=bad, turns=(bad, bad), category=bad, style=bad, sources=(bad,), must=((bad[:4],),), evidence=()
    )
    row = Row(bad, Reply("answered", bad, (Cited(1, "guide", 0, len(bad), bad),), searched=bad, confidence=0.5))
    made = page.render(report.make(bad, metrics.grade_all([case], [row], texts)))
    found = _Page(made)
    assert "script" not in found.tags
    assert "svg" in found.tags
    assert found.open == []
    assert "http" not in made.replace("http-equiv", "")
    assert "url(" not in made


def test_the_page_shows_a_miss_with_its_quote_and_reason() -> None:
    miss = replace(RIGHT, text="There are many. [1]")
    made = page.render(report.make("test", metrics.grade_all([ASKED], [Row("q", miss)], TEXTS)))
    assert "<blockquote>The exam has 150 questions." in made
    assert "it lacks" in made


@pytest.fixture
def command(bot: Careerbot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """`python -m evals` over the shared bot's index, with the words encoder in place of the real one."""
    monkeypatch.setattr(careerbot.pipeline, "SentenceEncoder", WordEncoder)
    monkeypatch.setenv("CAREERBOT_INDEX", str(bot.settings.index))
    monkeypatch.setenv("CAREERBOT_ANSWER_THRESHOLD", "0")
    monkeypatch.chdir(tmp_path)
    # Without evidence, so that ranx does not compile itself here.
    questions = [
        {"id": f"w{at}", "turns": list(WAGE.turns), "must": [["61,590"]], "sources": ["electrician-guide"]}
        for at in range(8)
    ]
    Path("own.jsonl").write_text("\n".join(json.dumps(question) for question in questions))
    return lambda *arguments: CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_ones_own_questions_give_a_report_a_page_and_rows(command: Callable[..., Result]) -> None:
    result = command("--cases", "own.jsonl", "--json", "o.json", "--html", "o.html", "--rows", "o.jsonl")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "M1 truthfulness" in result.stdout
    made = json.loads(Path("o.json").read_text())
    assert (made["cases"], made["measures"]["M2 right, all"]["value"], made["misses"]) == (8, 1.0, [])
    assert rows.read_right(Path("o.jsonl")) == {f"w{at}": True for at in range(8)}
    assert Path("o.html").read_text().startswith("<!DOCTYPE html>")
    again = command("--cases", "own.jsonl", "--from", "o.jsonl")
    assert again.stdout == result.stdout


def median(asked: str, amount: str) -> str:
    """What a model says of the quotation with the median wage."""
    quotations = json.loads(asked.split("<quotations>")[1].split("</quotations>")[0])
    [number] = [held["number"] for held in quotations if "$61,590" in held["quote"]]
    return f"Electricians earned {amount} a year at the median in May 2023. [{number}]"


@pytest.mark.slow
def test_a_model_is_examined_and_paired_with_quoting(
    command: Callable[..., Result], bot: Careerbot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAREERBOT_INDEX", str(shutil.copytree(bot.settings.index, tmp_path / "index")))
    with model_server() as server:
        monkeypatch.setenv("CAREERBOT_MODEL_URL", server.url)
        server.says = lambda asked: median(asked, "$61,590") + "\n" + median(asked, "$99,999")
        result = command("--cases", "own.jsonl", "--model", "openai:toy", "--rows", "o.jsonl")
        assert (result.exit_code, result.stderr) == (0, "")
        assert "without a model → with openai:toy:\n8 cases in both: 0 lost, 0 gained" in result.stdout
        assert re.search(r"worded by the model +1\.000 +\S+ \S+ +8 *\n", result.stdout)
        assert re.search(r"sentences withheld +0\.500 +\S+ \S+ +16 *\n", result.stdout)
        assert len(server.requests) == 1  # the same question again is answered from what is kept
        server.says = lambda asked: median(asked, "$99,999")
        worse = command("--cases", "own.jsonl", "--model", "openai:toy")
        assert "0 lost, 0 gained" in worse.stdout  # nothing of it is shown: the sources' own words are
        assert re.search(r"worded by the model +0\.000 ", worse.stdout)
    held = [json.loads(line) for line in Path("o.jsonl").read_text().splitlines()]
    assert {(row["without_model"], row["withheld"]) for row in held} == {("", 1)}
    mistake = command("--cases", "own.jsonl", "--model", "openai:toy", "--from", "o.jsonl")
    assert (mistake.exit_code, "give one of them" in mistake.stderr) == (2, True)


def test_a_drop_against_the_baseline_fails_and_names_what_was_lost(command: Callable[..., Result]) -> None:
    assert command("--cases", "own.jsonl", "--save-baseline", "base.jsonl").exit_code == 0
    assert command("--cases", "own.jsonl", "--baseline", "base.jsonl").exit_code == 0
    worse = Path("own.jsonl").read_text().replace("61,590", "never said")
    Path("own.jsonl").write_text(worse)
    result = command("--cases", "own.jsonl", "--baseline", "base.jsonl")
    assert result.exit_code == 1
    assert "8 lost, 0 gained" in result.stdout
    assert "lost: w0 w1 w2 w3 w4 w5 w6 w7" in result.stdout


def test_a_quote_that_its_document_does_not_hold_fails_whatever_the_baseline_says(
    command: Callable[..., Result],
) -> None:
    command("--cases", "own.jsonl", "--rows", "rows.jsonl")
    first, *others = [json.loads(line) for line in Path("rows.jsonl").read_text().splitlines()]
    first["citations"][-1]["quote"] += "!"
    Path("rows.jsonl").write_text("\n".join(json.dumps(held) for held in [first, *others]))
    result = command("--cases", "own.jsonl", "--from", "rows.jsonl", "--baseline", "rows.jsonl")
    assert result.exit_code == 1
    assert "a quote is not what its document says" in result.stdout


def test_two_runs_are_paired_from_their_files(command: Callable[..., Result]) -> None:
    rows.write_compact(Path("a.jsonl"), {"x": True, "y": False, "z": True})
    rows.write_compact(Path("b.jsonl"), {"x": False, "y": True, "z": True})
    result = command("--compare", "a.jsonl", "b.jsonl")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "3 cases in both: 1 lost, 1 gained, McNemar p = 1.0000",
        "lost: x",
        "gained: y",
    ]


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("--cases", "none.jsonl"), id="no-such-file"),
        pytest.param(("--cases", "own.jsonl", "--split", "tune"), id="no-case-of-the-split"),
        pytest.param(("--cases", "own.jsonl", "--from", "own.jsonl"), id="rows-that-are-no-rows"),
        pytest.param(("--cases", "own.jsonl", "--index", "nowhere"), id="no-index"),
        pytest.param(("--compare", "own.jsonl", "own.jsonl"), id="runs-without-grades"),
    ],
)
def test_a_mistake_is_one_line(command: Callable[..., Result], arguments: tuple[str, ...]) -> None:
    result = command(*arguments)
    assert result.exit_code not in (0, 1)
    assert result.stderr.startswith("evals: ")
    assert result.stderr.count("\n") == 1


def test_the_bench_takes_turns_over_the_same_questions(bot: Careerbot) -> None:
    asked: list[str] = []

    def note(name: str) -> Callable[[Case], None]:
        return lambda case: asked.append(f"{name} {case.id}")

    taken = bench.warm({"a": note("a"), "b": note("b")}, [WAGE, LATER])
    assert {name: len(values) for name, values in taken.items()} == {"a": 2, "b": 2}
    assert asked[2:] == [f"a {WAGE.id}", f"b {WAGE.id}", f"b {LATER.id}", f"a {LATER.id}"]
    assert list(bench.steps(bot, [WAGE, LATER])) == ["read", "encode", "search", "write", "check", "suggest"]
    assert bench.peak_mib() > 10


def test_askers_at_once_wait_for_the_last_of_them() -> None:
    import time

    a_second, p95 = bench.together(lambda text: time.sleep(float(text)), ["0", "0", "0.05"])
    assert a_second < 3 / 0.05
    assert 0.04 < p95 < 5


def test_a_process_of_the_bench_that_fails_is_told() -> None:
    with pytest.raises(InputError, match="ended with 7"):
        bench.cold({"bad": [sys.executable, "-c", "raise SystemExit(7)"]})
    held = bench.cold({"good": [sys.executable, "-c", "pass"]})["good"]
    assert 0 < held["s"] < 60
    assert held["MiB"] > 5


def test_the_refusals_statuses_are_those_of_the_product() -> None:
    from careerbot import Status

    assert {graders.ANSWERED, graders.PARTIAL, graders.REFUSED} == {status.value for status in Status}
