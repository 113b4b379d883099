"""What people thought of answers: a thumb with an optional reason, kept in one SQLite file of the operator.

Nothing tells who rated: no address, no name, and of the time only the day.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from careerbot.errors import InputError, StorageError

MAX_TURNS = 21
MAX_TURN_CHARS = 2_000
MAX_ANSWER_CHARS = 10_000
MAX_REASON_CHARS = 500
MAX_BYTES = 100_000_000

_APPLICATION = int.from_bytes(b"cbot", "big")
_VERSION = 1
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS ratings (number INTEGER PRIMARY KEY, day TEXT NOT NULL, turns TEXT NOT NULL,"
    " answer TEXT NOT NULL, liked INTEGER NOT NULL, reason TEXT NOT NULL)",
    f"PRAGMA application_id = {_APPLICATION}",
    f"PRAGMA user_version = {_VERSION}",
)

TO_LABEL = (
    "To label: set answerable to true or false; where it is true, fill must (groups of patterns that a right answer "
    "holds) and sources (ids of the documents that say it); where it is false, set category to unanswerable or "
    "out_of_domain."
)


@dataclass(frozen=True, slots=True)
class Rating:
    """A thumb: `turns` as in `evals.cases`, the question last; `day` as YYYY-MM-DD; `reason` may be empty."""

    turns: tuple[str, ...]
    answer: str
    liked: bool
    reason: str
    day: str


class Feedback:
    """The ratings in one file, safe with threads and processes: every call opens the file for itself.

    A missing file is made, readable by its owner alone, unless `make` is false; its folder must
    exist. `wait` is how many seconds another writer is waited for, `largest` the size in bytes that
    the file may reach. Every method raises InputError for a file that is missing, holds something
    else or is damaged, and StorageError when the disk, its permissions or another writer refuse.
    """

    def __init__(self, path: Path, *, make: bool = True, wait: float = 5, largest: int = MAX_BYTES) -> None:
        self._path = path.absolute()  # the bare name ":memory:" would be no file to SQLite
        self._make = make
        self._wait = wait
        self._largest = largest
        with self._opened():
            pass

    def add(self, turns: Sequence[str], answer: str, liked: bool, reason: str) -> None:
        """Keep a rating of the answer to `turns[-1]`; what is longer than the limits is cut.

        Of a long conversation the last turns are kept. Raises InputError when there is no question.
        """
        if not turns or not turns[-1].strip():
            raise InputError("there is no question to rate")
        held = [_clean(turn, MAX_TURN_CHARS) for turn in turns[-MAX_TURNS:]]
        row = (
            datetime.date.today().isoformat(),
            json.dumps(held, ensure_ascii=False),
            _clean(answer, MAX_ANSWER_CHARS),
            int(liked),
            _clean(reason, MAX_REASON_CHARS),
        )
        with self._opened() as connection, connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("INSERT INTO ratings (day, turns, answer, liked, reason) VALUES (?, ?, ?, ?, ?)", row)

    def rated(self) -> tuple[Rating, ...]:
        """Every rating, oldest first."""
        with self._opened() as connection:
            rows = connection.execute("SELECT turns, answer, liked, reason, day FROM ratings ORDER BY number")
            return tuple(self._rating(*row) for row in rows)

    def _rating(self, turns: str, answer: str, liked: int, reason: str, day: str) -> Rating:
        try:
            held = json.loads(turns)
        except (TypeError, ValueError) as error:
            raise InputError(f"a rating in {self._path} is damaged: its turns are no JSON") from error
        return Rating(tuple(str(turn) for turn in held), str(answer), bool(liked), str(reason), str(day))

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        try:
            self._check_file()
            with closing(sqlite3.connect(self._path, timeout=self._wait, isolation_level=None)) as connection:
                connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
                self._prepare(connection)
                yield connection
        except OSError as error:
            raise StorageError(f"cannot keep ratings in {self._path}: {error.strerror or error}") from error
        except sqlite3.OperationalError as error:
            raise StorageError(f"cannot keep ratings in {self._path}: {error}") from error
        except sqlite3.DatabaseError as error:
            raise InputError(f"{self._path} holds no ratings or is damaged ({error}); name another file") from error

    def _check_file(self) -> None:
        """Makes the file when it is missing: SQLite would make it readable by everybody."""
        if self._path.is_file():
            return
        if self._path.exists():
            raise InputError(f"{self._path} is no file; ratings need a file of their own")
        if not self._make:
            raise InputError(f"no such file of ratings: {self._path}")
        os.close(os.open(self._path, os.O_CREAT | os.O_WRONLY, 0o600))

    def _prepare(self, connection: sqlite3.Connection) -> None:
        """Raises InputError for a file that is not of this schema; an empty one gets it."""
        page = _number(connection, "PRAGMA page_size")
        connection.execute(f"PRAGMA max_page_count = {max(1, self._largest // page)}")
        if not _number(connection, "SELECT count(*) FROM sqlite_master"):
            with connection:
                connection.execute("BEGIN IMMEDIATE")
                for statement in _SCHEMA:  # of two processes that come here at once, the second changes nothing
                    connection.execute(statement)
        if _number(connection, "PRAGMA application_id") != _APPLICATION:
            raise InputError(f"{self._path} is a database of another program; name another file")
        version = _number(connection, "PRAGMA user_version")
        if version != _VERSION:
            raise InputError(f"{self._path} has schema {version}, this careerbot reads {_VERSION}; name another file")


def _number(connection: sqlite3.Connection, query: str) -> int:
    return int(connection.execute(query).fetchone()[0])


def _clean(text: str, longest: int) -> str:
    """Half characters, which browsers may send, cannot be stored as UTF-8."""
    return text.strip()[:longest].encode("utf-8", "replace").decode()


def cases(ratings: Iterable[Rating]) -> tuple[dict[str, Any], ...]:
    """One case in the schema of `evals.cases` per rated question, in the order of their first rating.

    What only a person can tell is empty. `answerable` is None, which `evals.cases.load_cases`
    refuses: a line that nobody has labelled cannot count as right. The id follows from the turns.
    """
    by_turns: dict[tuple[str, ...], list[Rating]] = {}
    for rating in ratings:
        by_turns.setdefault(rating.turns, []).append(rating)
    return tuple(_case(turns, held) for turns, held in by_turns.items())


def _case(turns: tuple[str, ...], ratings: Sequence[Rating]) -> dict[str, Any]:
    return {
        "id": f"fb-{hashlib.sha256(json.dumps(turns).encode()).hexdigest()[:12]}",
        "split": "tune",  # whoever labels it has seen an answer, so it is no test any more
        "category": "followup" if len(turns) > 1 else "text",
        "style": "plain",
        "group": "",
        "turns": list(turns),
        "rewrite": "",
        "answerable": None,
        "near_miss": False,
        "must": [],
        "must_not": [],
        "sources": [],
        "all_sources": [],
        "evidence": {},
        "conflict_type": "none",
        "note": _note(ratings),
    }


def _note(ratings: Sequence[Rating]) -> str:
    """What to label, then under each answer that was shown its verdicts with day and reason."""
    by_answer: dict[str, Counter[str]] = {}
    for rating in ratings:
        verdict = f"{'liked' if rating.liked else 'disliked'} on {rating.day}"
        verdict += f" ({rating.reason})" if rating.reason else ""
        by_answer.setdefault(rating.answer, Counter())[verdict] += 1
    lines = [TO_LABEL]
    for answer, verdicts in by_answer.items():
        lines += [verdict + (f", {count} times" if count > 1 else "") for verdict, count in verdicts.items()]
        lines.append(f"Answer shown: {answer}")
    return "\n".join(lines)
