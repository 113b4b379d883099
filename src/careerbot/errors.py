"""Every error that careerbot raises on purpose, and the exit code that each becomes.

    CareerbotError
    ├── InputError        2  a question, a file or a setting that cannot be used
    ├── LockedError       3  another process is writing this index
    ├── IndexUnusable     4  no index, or one that this version or encoder cannot read
    └── StorageError      5  the disk or its permissions do not let us write

Exit code 0 means answered or partial, 1 means that the sources do not say.
"""

from __future__ import annotations


class CareerbotError(Exception):
    """Base of all; the message is one line that says what came, what was expected and what to do."""

    exit_code = 2


class InputError(CareerbotError):
    """A question, a document or a setting that cannot be used."""


class LockedError(CareerbotError):
    """Another process holds the write lock of the index."""

    exit_code = 3


class IndexUnusable(CareerbotError):
    """There is no index, or it was made by another encoder, format or version."""

    exit_code = 4


class StorageError(CareerbotError):
    """The index cannot be written: no space, no permission, or an input/output error."""

    exit_code = 5
