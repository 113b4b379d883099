"""What the terminal shows: a bar, the report of indexing, the sources, an answer. No text of a document steers it."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from careerbot import generations, messages, rendering
from careerbot.chunking import cells
from careerbot.contents import read_index_documents, read_sources
from careerbot.datatypes import Answer, Document
from careerbot.loading import Loaded

if TYPE_CHECKING:
    from rich.text import Text

    from careerbot.building import BuildReport

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""What a terminal would obey or show in another order, or cannot be printed; a document must not steer it."""


def printable(text: str) -> str:
    """The text with a mark in place of each character that a terminal obeys; line ends stay."""
    return _CONTROL.sub("\ufffd", text)


def one_line(text: str) -> str:
    """The same on one line."""
    return printable(" ".join(text.splitlines()))


class Bar:
    """Steps of a long command on stderr while it runs; nothing in a pipe, and nothing stays."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        console = Console(stderr=True)
        self._bar = Progress(*columns, console=console, disable=not console.is_terminal, transient=True)
        self._task: Any = None

    def __enter__(self) -> Bar:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def step(self, name: str, total: int | None = None, then: str = "") -> Callable[[int], None]:
        """Show another step; what is returned is told how much more is done. `then` follows when all of it is."""
        if self._task is not None:
            self._bar.remove_task(self._task)
        self._task = task = self._bar.add_task(name, total=total)
        left = total

        def advance(done: int) -> None:
            nonlocal left
            self._bar.advance(task, done)
            if left is not None:
                left -= done
                if left <= 0 and then:
                    self.step(then)

        if total == 0 and then:
            self.step(then)
        return advance


def notices(loaded: Loaded) -> Iterator[str]:
    """A line for each file that was not read, is odd, or holds what another one does."""
    for skipped in loaded.skipped:
        yield one_line(f"skipped {skipped.path}: {skipped.reason}")
    for odd in loaded.odd:
        yield one_line(f"{odd.path}: {odd.reason}")
    for document in loaded.documents:
        for copy in document.copies:
            yield one_line(f"{copy} has the same text as {document.path}: indexed once")


def indexed(folder: Path, loaded: Loaded, report: BuildReport, seconds: float) -> Iterator[str]:
    """The lines that report what indexing did and how long it took."""
    counts = f"{report.documents} documents, {report.sections} sections, {report.chunks} chunks"
    yield f"{'indexed' if report.generation else 'up to date'} in {folder}: {counts}, {report.figures} figures"
    read = sum(1 + len(document.copies) for document in loaded.documents)
    copies = f" ({read - len(loaded.documents)} of the same text as another)" if read > len(loaded.documents) else ""
    yield f"  files    {read} read{copies}, {len({held.path for held in loaded.skipped})} skipped"
    changes = (("added", report.added), ("changed", report.changed), ("removed", report.removed))
    told = [f"{len(names)} {what}" for what, names in changes if names] or ["none"]
    yield f"  changes  {', '.join(told)}; {report.embedded} texts embedded"
    yield f"  time     {seconds:.1f} s"


def show_sources(folder: Path) -> None:
    """A table of what is loaded, its copies, the edition of the index and what changed with it.

    Raises IndexUnusable when there is no index or it is damaged.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("id", "title", "publisher", "as of", "sections", "chunks")
    for row in read_sources(folder):
        table.add_row(*(Text(one_line(cell)) for cell in row))
    # In a pipe every row is one line; a width only bounds it.
    console = Console(width=None if sys.stdout.isatty() else 1000, soft_wrap=True, highlight=False)
    console.print(table)
    for document in read_index_documents(folder):
        for copy in document.copies:
            console.print(Text(one_line(f"{document.id}: {copy} has the same text")))
        for by, count in _by_model(document).items():
            told = f"{document.id}: {count} questions by {by} are searched, too; to read them: --expanded"
            console.print(Text(one_line(told)))
    edition = generations.current(folder)
    if edition is not None:
        console.print(Text(one_line(f"Edition {generations.number(edition)}: {generations.edition(edition)}")))


def _by_model(document: Document) -> Counter[str]:
    """How many questions each model wrote for a document, by its name with the day."""
    return Counter(wording.by for wording in document.wordings if wording.by for _ in wording.asked)


def show_expanded(folder: Path) -> None:
    """A line for each question that a model wrote: document, who wrote it and when, question, and what answers it."""
    for document in read_index_documents(folder):
        for wording in document.wordings:
            for asked in wording.asked if wording.by else ():
                sys.stdout.write(one_line(f"{document.id} ({wording.by}): {asked} → {wording.quote}") + "\n")


def show_answer(answer: Answer) -> None:
    """The answer with its sources, coloured where the terminal has colours."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=not sys.stdout.isatty())
    if messages.is_read_otherwise(answer):
        console.print(Text(f"Answering: {printable(answer.searched_question)}", style="dim italic"))
    for lines in rendering.blocks(answer.text):
        if len(lines) == 1 or not console.is_terminal:  # in a pipe the text stays as it is
            console.print(_said("\n".join(lines)))
            continue
        head, _, *rows = ([_said(cell) for cell in cells(line)] for line in lines)
        table = Table(box=SIMPLE_HEAD, pad_edge=False)
        for name in head:
            table.add_column(name)
        for row in rows:
            table.add_row(*row)
        console.print(table)
    for disagreement in answer.disagreements:
        console.print(_said(rendering.disagreed(disagreement)))
    for citation in answer.citations:
        console.print(Text(f"\n[{citation.number}] {printable(rendering.source_line(citation))}", style="cyan"))
        console.print(Text(f"    “{printable(rendering.quoted(citation))}”", style="dim"))
    if written := rendering.written_by(answer):
        console.print(Text(f"\n{printable(written)}", style="italic"))
    if answer.suggestions:
        console.print(Text(f"\nYou could ask: {printable(' · '.join(answer.suggestions))}", style="italic"))


def _said(text: str) -> Text:
    """What an answer says, its markers coloured."""
    from rich.text import Text

    said = Text(printable(text))
    said.highlight_regex(r"\[\d+\]", "bold cyan")
    return said
