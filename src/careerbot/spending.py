"""How many tokens of a chat model may still be used today, counted in one SQLite file for all processes of an index."""

from __future__ import annotations

import datetime
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from careerbot.errors import StorageError

_SCHEMA = "CREATE TABLE IF NOT EXISTS spent (day TEXT PRIMARY KEY, tokens INTEGER NOT NULL)"
_TAKE = (
    "INSERT INTO spent (day, tokens) VALUES (:day, :tokens) ON CONFLICT (day) DO UPDATE"
    " SET tokens = tokens + :tokens WHERE tokens + :tokens <= :most"
)
_UNBOUNDED = 2**62
_WAIT = 2  # seconds that another process is waited for


class Spending:
    """The tokens of each day (UTC). `most` is how many a day may have; 0 for no limit.

    Every method raises StorageError when the file cannot be read or written: what cannot be counted
    must not be spent.
    """

    def __init__(self, file: Path, most: int) -> None:
        self._file = file
        self._most = most

    def take(self, tokens: int) -> str:
        """Take tokens before they are used, in one step: the day they were taken from, "" when it has no room left."""
        day = _today()
        if self._most and tokens > self._most:
            return ""
        with self._opened() as connection:
            most = self._most or _UNBOUNDED
            taken = connection.execute(_TAKE, {"day": day, "tokens": tokens, "most": most}).rowcount > 0
        return day if taken else ""

    def settle(self, day: str, taken: int, used: int) -> None:
        """Replace what was taken from a day by what was used in the end."""
        with self._opened() as connection:
            connection.execute("UPDATE spent SET tokens = tokens + ? WHERE day = ?", (used - taken, day))

    def spent(self) -> int:
        """The tokens of today."""
        with self._opened() as connection:
            row = connection.execute("SELECT tokens FROM spent WHERE day = ?", (_today(),)).fetchone()
        return int(row[0]) if row else 0

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(self._file, timeout=_WAIT, isolation_level=None)) as connection:
                connection.execute(_SCHEMA)
                yield connection
        except sqlite3.Error as error:
            raise StorageError(f"cannot count the tokens of the model in {self._file}: {error}") from error


def _today() -> str:
    return datetime.datetime.now(datetime.UTC).date().isoformat()
