"""M12: the corpus perturbed, after RGB (arXiv 2309.01431): noise added, the evidence removed, a figure swapped.

Each perturbed corpus is indexed in a temporary folder that starts as a copy of the served generation,
so that only chunks that changed are embedded.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from careerbot import Careerbot, Document, generations
from careerbot.building import build
from careerbot.index import open_index
from careerbot.loading import load
from evals import graders, running
from evals.cases import Case, hits
from evals.intervals import mean, wilson
from evals.metrics import Graded, Measures
from evals.rows import Reply

MOST = 60  # cases of one perturbation
Ask = Callable[[Careerbot, Sequence[str]], Reply]
Texts = Mapping[str, str]
"""Document id → text."""
_ASK: Ask = partial(running.ask, searches=False)

_NUMBER = re.compile(r"(?<![\w.,:])(?<![A-Za-z]-)\d+(?:,\d{3})*(?:\.\d+)?(?!\w|[.,:]\d)")
_YEAR = re.compile(r"(?:19|20)\d\d")
_JOBS = """roofer plumber florist welder carpenter barber surveyor optician librarian chef
    locksmith translator glazier machinist upholsterer tailor butcher gardener bricklayer potter""".split()
_TOWNS = "Halden Eastwick Brackwater Sorrelton Marrowby Lindenport Tamarfield".split()
_NAMES = "Calder Wren Stone Park Quill Marsh".split()


class Swap(NamedTuple):
    """A number of a document and the one that takes its place, both as written ("50,250"), without unit."""

    document: str
    old: str
    new: str


def measure(graded: Sequence[Graded], bot: Careerbot, ask: Ask = _ASK) -> Measures:
    """All of M12 that applies to cases asked of `bot`. `ask` puts turns to a perturbed bot (a test plants its own)."""
    texts = texts_of(bot)
    wordings: dict[str, list[Graded]] = {}
    for one in graded:
        wordings.setdefault(one.case.group, []).append(one)
    several = [held for held in wordings.values() if len({one.case.turns for one in held}) > 1]
    some = sample(graded)
    refused, lost = removed(sample(one for one in graded if one.grade.right and only_source(one.case, texts)), bot, ask)
    swappable = sample(one for one in graded if one.case.answerable and figure_of(one.case, texts))
    shown = swapped(swappable, bot, ask)
    found = {
        "M12a right, change with 20 distractors": mean([one.case.group for one in some], distracted(some, bot, ask)),
        "M12b refused without its document": wilson(refused),
        "M12b refused or key not shown": wilson(lost),
        "M12c swapped figure shown and cited": wilson(list(shown.values())),
        "M12c of those right before": wilson([shown.get(one.case.id) for one in swappable if one.grade.right]),
        "M12d facts right in all wordings": wilson([all(one.grade.right for one in held) for held in several]),
    }
    return {name: held for name, held in found.items() if held is not None}


def sample(graded: Iterable[Graded]) -> list[Graded]:
    """At most `MOST` cases, always the same ones: those whose ids have the smallest hashes."""
    return sorted(graded, key=lambda held: hashlib.sha256(held.case.id.encode()).digest())[:MOST]


@contextmanager
def reindexed(bot: Careerbot, documents: Sequence[Document]) -> Iterator[Careerbot]:
    """The bot over exactly these documents, in a folder that is gone afterwards. The served index is only read."""
    with TemporaryDirectory(prefix="careerbot-m12-") as folder:
        served = Path(folder) / bot.index.folder.name
        shutil.copytree(bot.index.folder, served, ignore=shutil.ignore_patterns("chroma", "bm25"))
        generations.serve(served)
        build(documents, bot.encoder, Path(folder), gaps=bot.index.gaps)
        with closing(open_index(Path(folder), bot.encoder)) as index:
            yield Careerbot(index, bot.encoder, bot.settings)


def distracted(held: Sequence[Graded], bot: Careerbot, ask: Ask) -> list[float]:
    """(a) Per case 1 where it became right with 20 documents about other occupations beside it, -1 wrong, else 0."""
    with reindexed(bot, [*bot.index.documents.values(), *distractors()]) as noisy:
        texts = texts_of(noisy)
        after = [graders.grade(one.case, ask(noisy, one.case.turns), texts).right for one in held]
    return [float(right) - float(one.grade.right) for one, right in zip(held, after, strict=True)]


def distractors() -> tuple[Document, ...]:
    """One document per occupation of `_JOBS`, from one template; figures and names follow from its number."""
    with TemporaryDirectory() as folder:
        for at, job in enumerate(_JOBS):
            name, town, wage = _NAMES[at % len(_NAMES)], _TOWNS[at % len(_TOWNS)], 31_040 + 1_370 * at
            text = f"""# How to become a {job}\n
In May {2015 + at % 9} the median wage of a {job} was ${wage:,} a year; the lowest-paid tenth earned ${wage // 2:,}.
{name}, who trains every {job} of {town}, expects {2 + at % 11} % more jobs in ten years.\n
An apprenticeship as a {job} takes {8 + 2 * at} months and costs ${640 + 95 * at:,}. No college degree is needed,
but a high school diploma helps. Most employers in {town} ask for {2 + at % 5} years of experience.\n
The licence exam for a {job} has {45 + 5 * at} questions and a time limit of {2 + at % 6} hours.
It costs ${85 + 15 * at}, and the licence is renewed every {2 + at % 4} years."""
            (Path(folder) / f"distractor-{job}.txt").write_text(text, encoding="utf-8")
        return load([Path(folder)]).documents


def removed(held: Sequence[Graded], bot: Careerbot, ask: Ask) -> tuple[list[bool], list[bool]]:
    """(b) Per case without its `only_source`: whether it is refused, and whether refused or without its key.

    The second can fail by a stale index or an accident only, so the first is the telling one. One build per document.
    """
    refused, lost, texts = [], [], texts_of(bot)
    for gone in sorted({only_source(one.case, texts) for one in held}):
        with reindexed(bot, [document for document in bot.index.documents.values() if document.id != gone]) as poorer:
            for case in (one.case for one in held if only_source(one.case, texts) == gone):
                reply = ask(poorer, case.turns)
                refused.append(graders.refused(replace(case, answerable=False), reply))
                lost.append(refused[-1] or not all(_hit(group, reply.text) for group in case.must))
    return refused, lost


def only_source(case: Case, texts: Texts) -> str:
    """The document without which a group of a case's key cannot be hit; "" where others have it or share the case."""
    named = {*case.sources, *case.all_sources, *(source for source, _ in case.evidence)}
    others = [text for name, text in texts.items() if name not in named]
    if not case.answerable or not case.evidence or len(named) > 1 or not others:
        return ""
    return min(named) if any(not any(_hit(group, text) for text in others) for group in case.must) else ""


def swapped(held: Sequence[Graded], bot: Careerbot, ask: Ask) -> dict[str, bool]:
    """(c) Case id → whether its answer shows the figure that was put into its document; one build for all."""
    swaps = plan([one.case for one in held], texts_of(bot))
    if not swaps:
        return {}
    with reindexed(bot, [swap(document, swaps.values()) for document in bot.index.documents.values()]) as changed:
        texts = texts_of(changed)
        turns = {one.case.id: one.case.turns for one in held}
        return {name: shows(put, ask(changed, turns[name]), texts) for name, put in swaps.items()}


def plan(cases: Iterable[Case], texts: Texts) -> dict[str, Swap]:
    """Case id → swap. A number of a document has one new one, which stands in no document and is no other's."""
    taken = {number for text in texts.values() for number in _NUMBER.findall(text)}
    made: dict[tuple[str, str], Swap] = {}
    found = {}
    for case in cases:
        if (place := figure_of(case, texts)) is None:
            continue
        if place not in made:
            made[place] = Swap(*place, _other(place[1], taken))
            taken.add(made[place].new)
        if made[place].new:
            found[case.id] = made[place]
    return found


def figure_of(case: Case, texts: Texts) -> tuple[str, str] | None:
    """Document and first number of the evidence without which a group of the key is not hit; None where there is none.

    Years, single digits, clock times and what the question itself says are passed over.
    """
    said = set(_NUMBER.findall(" ".join(case.turns)))
    for source, quote in case.evidence:
        for number in _NUMBER.findall(quote) if quote in texts.get(source, "") else ():
            if number not in said and sum(map(str.isdigit, number)) > 1 and not _YEAR.fullmatch(number):
                without = _replaced(quote, {number: ""})
                if any(_hit(group, quote) and not _hit(group, without) for group in case.must):
                    return source, number
    return None


def _hit(group: Sequence[str], text: str) -> bool:
    return any(hits(pattern, text) for pattern in group)


def _other(old: str, taken: set[str]) -> str:
    """A number written like the old one that is not taken; "" where there is none."""
    digits = re.sub(r"\D", "", old)
    for step in range(7, 700, 7):
        fresh = list(str((int(digits) + step) % 10 ** len(digits)).zfill(len(digits)))
        new = "".join(fresh.pop(0) if letter.isdigit() else letter for letter in old)
        if new not in taken and not new.startswith("0") and not _YEAR.fullmatch(new):
            return new
    return ""


def swap(document: Document, swaps: Iterable[Swap]) -> Document:
    """The document with its swaps made everywhere in it and in the quotes of its wordings."""
    new = {held.old: held.new for held in swaps if held.document == document.id}
    wordings = tuple(replace(held, quote=_replaced(held.quote, new)) for held in document.wordings)
    return replace(document, text=_replaced(document.text, new), wordings=wordings)


def _replaced(text: str, new: Mapping[str, str]) -> str:
    return _NUMBER.sub(lambda found: new.get(found[0], found[0]), text)


def shows(held: Swap, reply: Reply, texts: Texts) -> bool:
    """Whether a claim says the new number and cites a true quote of the document that says it too."""
    own = [one for one in reply.citations if one.source == held.document and graders.is_verbatim(one, texts)]
    good = {one.number for one in own if held.new in _NUMBER.findall(one.quote)}
    claims = graders.split_claims(reply.text)
    return any(held.new in _NUMBER.findall(claim) and good & set(cites) for claim, cites in claims)


def texts_of(bot: Careerbot) -> dict[str, str]:
    """Document id → text of what is indexed."""
    return {name: document.text for name, document in bot.index.documents.items()}
