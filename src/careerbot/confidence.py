"""Whether the sources answer a question: signals → a probability, and what is missing when they don't.

Two logistic regressions over what searching and choosing saw are multiplied: is the question about
these documents at all, and do the chosen statements answer it. They are fitted on the tuning
questions of the exam (`evals/fit.py` prints the coefficients), once for a corpus with wordings and
gaps, which give stronger signals, once for one with gaps alone, and once for one without.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from careerbot.candidates import YEAR, Candidate, gives_amount, gives_meaning
from careerbot.datatypes import Gap, Wanted
from careerbot.occupations import occupations, subjects
from careerbot.questions import Question, focus
from careerbot.words import content_words, stem, tokens

_MOST_UNKNOWN = 3
_NAMED_GAP = 0.55
"""Cosine from which a known gap is named as what the sources lack."""


_STANDS = re.compile(r"\bstands?\b|\babbreviation\b|\bletters\b", re.I)
_MEANING_GIVEN = 0.9
"""How sure an answer is at least that begins with the words of the acronym asked for."""


@dataclass(frozen=True, slots=True)
class Background:
    """What the index knows beside the hits.

    `frequency` counts passages per stem, `passages` all of them; `asked` holds the stems with which people
    are known to ask; `names` and `titles` are those of the documents, `places` what whole documents are about;
    `wanted` is what people are known to ask for so.
    """

    frequency: Mapping[str, int]
    asked: Collection[str]
    passages: int
    names: Collection[str]
    places: frozenset[str]
    titles: tuple[str, ...]
    wanted: Wanted

    def knows(self, one: str) -> bool:
        """Whether a document or a question that people are known to ask has a word of this stem."""
        return one in self.frequency or one in self.asked

    def shares(self, question: Question) -> dict[str, float]:
        """The stems of a question's content words, each with its share of their rarity; the shares add up to 1."""
        stems = dict.fromkeys(stem(word) for word in content_words(focus(question.text))) or {"": None}
        weights = {one: math.log(1 + self.passages / (1 + self.frequency.get(one, 0))) for one in stems}
        return {one: weight / sum(weights.values()) for one, weight in weights.items()}


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
    lacking = absent(question, ranked, chosen, background)
    found = signals(question, ranked, chosen, background)
    about, answered = (_sigmoid(found, fit) for fit in _fits(background.wanted))
    probability = 0.0 if lacking or found["unit"] < 0 else about * answered
    if question.meaning and gives_meaning(question, chosen[0].said):
        probability = max(probability, _MEANING_GIVEN)
    gap = background.wanted.gap
    topic = gap.topic if gap and background.wanted.cosine > max(found["cosine"], _NAMED_GAP) else ""
    return Verdict(round(probability, 6), ", ".join(lacking) or topic)


def absent(
    question: Question, ranked: Sequence[Candidate], chosen: Sequence[Candidate], background: Background
) -> list[str]:
    """Places, years, names, limits and occupations of the question that no chosen statement meets, as they are shown.

    A name may stand in any statement under the same headings: a section names its subject once. An
    occupation is lacking where the question names none of the documents' subjects beside it.
    """
    asked = focus(question.text)
    spoken = frozenset().union(*(candidate.context for candidate in chosen))
    shown = " ".join(_all_text(candidate) for candidate in chosen)
    missing = [
        place.title()
        for place in question.places
        if place not in background.places and not set(tokens(place)) <= spoken
    ]
    missing += [year for year in YEAR.findall(asked) if year not in shown and not _within(year, shown)]
    known = [name for name in question.names if name in background.names]
    named = frozenset().union(*(_around(candidate, ranked) for candidate in chosen)) if known else frozenset()
    missing += [name.upper() for name in known if name not in named]
    if question.meaning and _STANDS.search(asked) and not any(gives_meaning(question, held.said) for held in chosen):
        missing.append(f"what {question.names[0].upper()} stands for")
    if question.explains and not any(held.said.reasons for held in chosen):
        missing.append("the reason")
    kept = [question.bound.within(held.figures) for held in chosen] if question.bound else []
    if next((within for within in kept if within is not None), None) is False:
        missing.append("anything within that limit")
    if not known:
        missing += [f"{'an' if name[0] in 'aeiou' else 'a'} {name}" for name in _others(question, spoken, background)]
    return list(dict.fromkeys(missing))


def _others(question: Question, spoken: Collection[str], background: Background) -> list[str]:
    """The occupations of a question that no word speaks of, where it names none of the documents' subjects."""
    named = occupations(focus(question.text))
    if not named or subjects(background.titles) & set(map(stem, tokens(question.text))):
        return []
    stems = set(map(stem, spoken))
    return [name for name in named if not set(map(stem, tokens(name))) <= stems]


def _around(candidate: Candidate, ranked: Sequence[Candidate]) -> frozenset[str]:
    """The words of a statement and of the others under its headings."""
    place = (candidate.chunk.document, candidate.chunk.headings)
    others = (other.context for other in ranked if (other.chunk.document, other.chunk.headings) == place)
    return candidate.context.union(*others)


def _is_there(question: Question, candidate: Candidate, background: Background) -> bool:
    """Whether a statement speaks of every place of the question but those that whole documents are about."""
    return all(set(tokens(place)) <= candidate.context for place in question.places if place not in background.places)


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
    question is to a known gap; `known` how near it is to what people are known to ask for, `beyond` how much
    nearer to what is not covered; `elsewhere` the share of its rarity-weighted words that the nearest gap
    speaks of and no chosen statement; `score`, `margin` of the ranking; `covered`, `lead_covered` the share
    of those words in the chosen statements and in the first; `unknown` how many of the question's words no
    document has and nobody is known to ask with, of at most three; `names` the share of names not spoken of,
    `unit` whether the kind of amount asked for is there (-1 it is not, 0 none is asked for).
    """
    shares = background.shares(question)
    held = [candidate.said.about for candidate in chosen]
    every = frozenset().union(*held)
    wanted = background.wanted
    elsewhere = _about(wanted.gap) if wanted.gap else frozenset()
    cosine = max(candidate.cosine for candidate in ranked[:10])
    spoken = frozenset().union(*(candidate.context for candidate in chosen))
    at_home = set(tokens(" ".join(background.places)))  # what the documents are about is not said in each statement
    silent = [not set(tokens(name)) <= spoken | at_home for name in question.names]
    given = bool(question.units) and any(
        gives_amount(question, candidate, _around(candidate, ranked)) and _is_there(question, candidate, background)
        for candidate in chosen
    )
    return {
        "cosine": cosine,
        "lead": chosen[0].cosine,
        "gap": max(wanted.cosine - cosine, -0.5),
        "known": wanted.known,
        "beyond": wanted.beyond - wanted.known,
        "elsewhere": sum(share for one, share in shares.items() if one in elsewhere and one not in every),
        "score": ranked[0].score,
        "margin": ranked[0].score - ranked[min(9, len(ranked) - 1)].score,
        "covered": sum(share for one, share in shares.items() if one in every),
        "lead_covered": sum(share for one, share in shares.items() if one in held[0]),
        "unknown": min(sum(not background.knows(one) for one in shares), _MOST_UNKNOWN) / _MOST_UNKNOWN,
        "names": sum(silent) / len(silent) if silent else 0.0,
        "unit": 1.0 if given else -1.0 if question.units and not question.open else 0.0,
    }


@lru_cache(maxsize=1024)
def _about(gap: Gap) -> frozenset[str]:
    """The stems of the words with which people ask for a gap."""
    return frozenset(stem(word) for text in (gap.topic, *gap.asked) for word in content_words(text))


def _fits(wanted: Wanted) -> tuple[Mapping[str, float], Mapping[str, float]]:
    """The two regressions, by what the index knows of what people ask for."""
    if wanted.gap is None:
        return _ABOUT, _ANSWERED
    return (_ABOUT_GUIDED, _ANSWERED_GUIDED) if wanted.known > -1 else (_ABOUT, _ANSWERED_GAPS)


def _sigmoid(found: Mapping[str, float], fit: Mapping[str, float]) -> float:
    score = fit["intercept"] + sum(weight * found[name] for name, weight in fit.items() if name != "intercept")
    return 1 / (1 + math.exp(-score))


_ABOUT = {
    "intercept": -6.443,
    "cosine": 19.697,
}
_ABOUT_GUIDED = {
    "intercept": -11.433,
    "cosine": 22.301,
}
_ANSWERED = {
    "intercept": -2.319,
    "lead": -1.873,
    "score": 4.576,
    "margin": 1.438,
    "covered": 1.591,
    "lead_covered": -2.064,
    "names": -2.765,
    "unit": 0.416,
}
_ANSWERED_GAPS = {
    "intercept": 4.133,
    "lead": -9.459,
    "gap": -15.916,
    "score": 3.05,
    "margin": -0.896,
    "covered": 1.743,
    "lead_covered": -0.205,
    "names": -2.911,
    "unit": 1.057,
}
_ANSWERED_GUIDED = {
    "intercept": 4.237,
    "lead": -10.919,
    "gap": -15.22,
    "score": 2.213,
    "margin": -1.959,
    "covered": 0.299,
    "lead_covered": 3.528,
    "names": -2.56,
    "unit": 1.206,
    "unknown": -1.606,
    "known": -5.485,
    "beyond": -11.361,
    "elsewhere": -3.558,
}
