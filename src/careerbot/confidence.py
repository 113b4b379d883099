"""Whether the sources answer a question: signals → a probability, and what is missing when they don't.

Two logistic regressions over what searching and choosing saw are multiplied: is the question about
these documents at all, and do the chosen statements answer it. They are fitted on the tuning
questions of the exam (`evals/fit.py` prints the coefficients), once for a corpus with wordings and
gaps, which give stronger signals, and once for one without.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from careerbot.candidates import Candidate, gives_amount
from careerbot.questions import Question, focus
from careerbot.words import content_words, stem, tokens

_NAMED_GAP = 0.55
"""Cosine from which a known gap is named as what the sources lack."""

_YEAR = re.compile(r"\b(?:19|20)\d\d\b")


@dataclass(frozen=True, slots=True)
class Background:
    """What the index knows beside the hits.

    `frequency` counts passages per stem, `passages` all of them; `places` are those that whole
    documents are about; `gap` is the nearest topic known not to be covered, with its cosine.
    """

    frequency: Mapping[str, int]
    passages: int
    places: frozenset[str]
    gap: tuple[str, float]


@dataclass(frozen=True, slots=True)
class Verdict:
    """`probability` that the chosen statements answer; `missing` names what they lack, if anything."""

    probability: float
    missing: str


def judge(
    question: Question, ranked: Sequence[Candidate], chosen: Sequence[Candidate], background: Background
) -> Verdict:
    """How surely the chosen candidates answer a question."""
    if not chosen:
        return Verdict(0.0, "")
    lacking = absent(question, chosen, background)
    found = signals(question, ranked, chosen, background)
    guided = background.gap[1] > -1
    about = _sigmoid(found, _ABOUT_GUIDED if guided else _ABOUT)
    answered = _sigmoid(found, _ANSWERED_GUIDED if guided else _ANSWERED)
    probability = 0.0 if lacking or found["unit"] < 0 else about * answered
    topic = background.gap[0] if background.gap[1] > max(found["cosine"], _NAMED_GAP) else ""
    return Verdict(round(probability, 6), ", ".join(lacking) or topic)


def absent(question: Question, chosen: Sequence[Candidate], background: Background) -> list[str]:
    """Places, years and names of the question that no chosen statement speaks of, as they are shown."""
    asked = focus(question.text)
    spoken = frozenset().union(*(candidate.context for candidate in chosen))
    shown = " ".join(_all_text(candidate) for candidate in chosen)
    missing = [
        place.title()
        for place in question.places
        if place not in background.places and not set(tokens(place)) <= spoken
    ]
    missing += [year for year in _YEAR.findall(asked) if year not in shown and not _within(year, shown)]
    missing += [name.upper() for name in question.names if background.frequency.get(stem(name)) and name not in spoken]
    return list(dict.fromkeys(missing))


def _within(year: str, shown: str) -> bool:
    """Whether a period such as "2016-2026" covers a year."""
    spans = re.findall(r"\b((?:19|20)\d\d)\b\s?(?:-|–|to|and)\s?\b((?:19|20)\d\d)\b", shown)
    return any(int(first) <= int(year) <= int(last) for first, last in spans)


def _all_text(candidate: Candidate) -> str:
    chunk = candidate.chunk
    return " ".join((*chunk.headings, chunk.lead.text if chunk.lead else "", chunk.text))


def signals(
    question: Question, ranked: Sequence[Candidate], chosen: Sequence[Candidate], background: Background
) -> dict[str, float]:
    """What the probability is computed from; each between about -1 and 2.

    `cosine` the best among the first ten; `lead` that of the first chosen; `gap` how much nearer the
    question is to a known gap; `score`, `margin` of the ranking; `covered`, `lead_covered` the share
    of the question's rarity-weighted words in the chosen statements and in the first; `unknown` the
    share of words that no document has; `names` the share of names not spoken of, `unit` whether the
    kind of amount asked for is there (-1 it is not, 0 none is asked for).
    """
    stems = [stem(word) for word in content_words(focus(question.text))] or [""]
    weights = [math.log(1 + background.passages / (1 + background.frequency.get(one, 0))) for one in stems]
    total = sum(weights)
    held = [frozenset(stem(word) for word in candidate.context) for candidate in chosen]
    every = frozenset().union(*held)

    def share(part: Sequence[bool]) -> float:
        return sum(weight for weight, true in zip(weights, part, strict=True) if true) / total

    cosine = max(candidate.cosine for candidate in ranked[:10])
    spoken = frozenset().union(*(candidate.context for candidate in chosen))
    silent = [name not in spoken for name in question.names]
    given = any(gives_amount(question, candidate) for candidate in chosen)
    return {
        "cosine": cosine,
        "lead": chosen[0].cosine,
        "gap": max(background.gap[1] - cosine, -0.5),
        "score": ranked[0].score,
        "margin": ranked[0].score - ranked[min(9, len(ranked) - 1)].score,
        "covered": share([one in every for one in stems]),
        "lead_covered": share([one in held[0] for one in stems]),
        "unknown": share([one not in background.frequency for one in stems]),
        "names": sum(silent) / len(silent) if silent else 0.0,
        "unit": 0.0 if not question.units else 1.0 if given else -1.0,
    }


def _sigmoid(found: Mapping[str, float], fit: Mapping[str, float]) -> float:
    score = fit["intercept"] + sum(weight * found[name] for name, weight in fit.items() if name != "intercept")
    return 1 / (1 + math.exp(-score))


_ABOUT = {
    "intercept": -5.179,
    "cosine": 19.406,
}
_ANSWERED = {
    "intercept": 0.319,
    "lead": -3.904,
    "score": 3.85,
    "margin": 2.501,
    "covered": 1.178,
    "lead_covered": -2.318,
    "unknown": -0.856,
    "names": -2.361,
    "unit": -1.308,
}
_ABOUT_GUIDED = {
    "intercept": -6.847,
    "cosine": 18.672,
}
_ANSWERED_GUIDED = {
    "intercept": 3.082,
    "lead": -7.62,
    "gap": -15.873,
    "score": 2.63,
    "margin": -1.119,
    "covered": -0.112,
    "lead_covered": 0.949,
    "unknown": -0.544,
    "names": -2.336,
    "unit": -0.882,
}
