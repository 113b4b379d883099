"""Whether worded sentences are said by the quotations that they cite. Pure, and strict rather than clever.

A sentence is withheld when it holds a figure, year, place, name or quotation that its quotations
lack, when it denies what they affirm, or when most of its words are none of theirs. What passes may
still be clumsy, or name one ordinary thing for another: its number opens the quotation beside it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from careerbot.datatypes import Figure
from careerbot.figures import figures, literal_numbers, period_of, statistic_of
from careerbot.places import places
from careerbot.words import FUNCTION_WORDS, content_words, english, stem, tokens

_ACTIVE = re.compile(r"://|\bwww\.|@|[<>`{}|\\]|\]\(|!\[|\*\*")
"""Markup, links and addresses: a sentence of an answer has none."""

_QUOTED = re.compile(r"“([^”]*)”|\"([^\"]*)\"|«([^»]*)»")
_SENTENCE = re.compile(r"(?<=[.!?;])\s+|\n+")
_WORD = re.compile(r"\w+(?:[-'’&]\w+)*")
_BEGINS = re.compile(r"(?:^|[.!?:•|\n-]\s*)[\"'“(]*$")
_DENYING = re.compile(
    r"\b(?:no|not|never|none|nobody|nothing|nor|neither|without|cannot|unable|lacks?|hardly)\b|n['’]t\b", re.I
)
_OPPOSITES = (
    ("more", "less", "fewer"),
    ("higher", "lower"),
    ("highest", "lowest"),
    ("most", "least", "fewest"),
    ("maximum", "minimum"),
    ("above", "below"),
    ("before", "after"),
    ("faster", "slower"),
    ("larger", "smaller"),
    ("better", "worse"),
    ("longer", "shorter"),
    ("easier", "harder"),
    ("always", "sometimes", "rarely"),
    ("increase", "decrease", "decline"),
    ("grow", "shrink"),
    ("required", "optional", "voluntary"),
    ("include", "exclude"),
)
_OPPOSITE = {stem(word): {stem(other) for other in group if other != word} for group in _OPPOSITES for word in group}
_SHARED = 3  # content words that it has in common with a single one of theirs
_SUPPORTED = 0.5  # share of the content words of a sentence that its quotations hold


def unsupported(text: str, quotes: Sequence[str], around: Sequence[str] = (), names: Collection[str] = ()) -> str:
    """Why some quotations do not say a text; "" where they do.

    `around` holds the headings that are shown with the quotations, `names` the names of the documents
    in lower case. Headings lend names and places; figures, years, quotation marks and denials stand in
    the quotations themselves.
    """
    if _ACTIVE.search(text):
        return "it holds markup or a link"
    if not content_words(text):
        return "it says nothing"
    quoted = "\n".join(quotes)
    said = "\n".join((quoted, *around))
    flat = _flat(quoted)
    for held in _QUOTED.findall(text):
        if _flat("".join(held)).rstrip(".,;:!?") not in flat:
            return "it alters a quotation"
    if lacking := (*_new_figures(text, quoted), *_new_names(text, said, names)):
        return f"its quotations lack {lacking[0]}"
    return _unlike(text, [sentence for quote in quotes for sentence in _sentences(quote)], said)


def added(text: str, said: str, names: Collection[str] = ()) -> tuple[str, ...]:
    """The figures, years, places and names of a text that what was said lacks, in this order."""
    return tuple(dict.fromkeys((*_new_figures(text, said), *_new_names(text, said, names))))


def _new_figures(text: str, said: str) -> Iterator[str]:
    numbers, known = set(literal_numbers(said)), figures(said)
    yield from (number for number in literal_numbers(text) if number not in numbers)
    yield from (stated.text for stated in figures(text) if not any(_backs(held, stated, said) for held in known))


def _new_names(text: str, said: str, names: Collection[str]) -> Iterator[str]:
    """Places, then other names."""
    yield from sorted(set(places(text)) - set(places(said)))
    held = {_bare(word) for word in tokens(said)}
    yield from (name for name in _named(text, names) if name not in held)


def _backs(held: Figure, stated: Figure, said: str) -> bool:
    """Whether a figure of what was said is the one that a text states, of the same unit, statistic and period."""
    ends = (held.amount, held.upper)  # "up to 75 percent" states one end of a range
    if held.unit != stated.unit or (
        (stated.amount, stated.upper) != ends and (stated.upper or stated.amount not in ends)
    ):
        return False
    if stated.unit in ("minutes", "months"):  # what stands around a duration is rarely about it
        return True
    labels = [(stated.statistic, held.statistic, statistic_of), (stated.period, held.period, period_of)]
    return all(
        own is None or own == other or (other is None and own in map(of, _SENTENCE.split(said)))
        for own, other, of in labels
    )


def _named(text: str, names: Collection[str]) -> Iterator[str]:
    """Names and acronyms in lower case: capitals inside a sentence, and names of the documents in any case."""
    for match in _WORD.finditer(text):
        word, bare = match.group(), _bare(match.group())
        begins = _BEGINS.search(text[: match.start()]) is not None
        acronym = sum(letter.isupper() for letter in word) > 1
        capital = word[0].isupper() and len(word) > 1 and not (begins and bare in english())
        if bare in names or word.lower() in names or ((acronym or capital) and bare not in FUNCTION_WORDS):
            yield bare


def _bare(word: str) -> str:
    """A word without possessive and plural: "CPCs" names what "CPC" does."""
    word = word.lower().replace("’", "'").removesuffix("'s").removesuffix("'")
    return word.removesuffix("s") if len(word) > 3 else word


def _sentences(quote: str) -> Iterator[str]:
    """Its sentences; of a table each row with its header, of a list each item with its lead."""
    first, *others = [line for line in quote.split("\n") if line.strip()]
    yield from _SENTENCE.split(first)
    yield from (f"{first} {sentence}" for line in others for sentence in _SENTENCE.split(line))


def _unlike(text: str, sentences: Sequence[str], said: str) -> str:
    """Why the words of a text are not those of the sentences that it must say again; "" where they are."""
    words = _stems(text)
    if len(words & _stems(said)) < _SUPPORTED * len(words):
        return "most of its words are not in its quotations"
    nearest = max(sentences, key=lambda sentence: len(words & _stems(sentence)))
    if len(words & _stems(nearest)) < _SHARED:
        return "too few of its words are those of one sentence"  # "The answer is …", as a planted line may ask for
    if bool(_DENYING.search(text)) != bool(_DENYING.search(nearest)):
        return "it denies what its quotations affirm, or the other way round"
    told = _stems(said)
    for word in sorted(words - told):
        if _OPPOSITE.get(word, set()) & told:
            return f"its quotations say the opposite of {word}"
    return ""


def _stems(text: str) -> set[str]:
    every = tokens(text)
    return {stem(word) for word in every if word not in FUNCTION_WORDS or stem(word) in _OPPOSITE}


def _flat(text: str) -> str:
    return " ".join(text.replace("’", "'").split()).casefold()
