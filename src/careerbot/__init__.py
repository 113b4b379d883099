"""careerbot: career questions answered with checked quotations.

>>> from careerbot import Careerbot
>>> answer = Careerbot.open().ask("How many questions are on the CPC exam?")  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from careerbot.config import Settings
from careerbot.datatypes import Answer, Citation, Disagreement, Document, StatedValue, Status
from careerbot.errors import CareerbotError, IndexUnusable, InputError, LockedError, StorageError

if TYPE_CHECKING:
    from careerbot.pipeline import Careerbot

__version__ = "0.1.0"

__all__ = [
    "Answer",
    "Careerbot",
    "CareerbotError",
    "Citation",
    "Disagreement",
    "Document",
    "IndexUnusable",
    "InputError",
    "LockedError",
    "Settings",
    "StatedValue",
    "Status",
    "StorageError",
]


def __getattr__(name: str) -> Any:
    if name == "Careerbot":  # loaded on first use: importing careerbot stays cheap
        from careerbot.pipeline import Careerbot

        return Careerbot
    raise AttributeError(f"module 'careerbot' has no attribute {name!r}")
