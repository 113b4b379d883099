"""How often an address may do something, by a clock that no change of the time of day moves."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable

_MINUTE = 60.0  # seconds


class PerMinute:
    """Counts for each name what it did in the last minute, of which `most` is allowed. For several threads.

    `clock` gives seconds that only grow; the time of day would lock all out, or let all in, when it is set.
    """

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.most = most
        self._clock = clock
        self._lock = threading.Lock()
        self._done: OrderedDict[str, deque[float]] = OrderedDict()  # those that did something last stand last

    def is_full(self, name: str) -> bool:
        """Whether a name has done as much in the last minute as it may."""
        with self._lock:
            return self._count(name) >= self.most

    def count(self, name: str) -> bool:
        """Count one more of a name, unless that is too many: then it is refused and not counted."""
        with self._lock:
            if self._count(name) >= self.most:
                return False
            self._done.setdefault(name, deque()).append(self._clock())
            self._done.move_to_end(name)
            return True

    def _count(self, name: str) -> int:
        """How much a name did in the last minute; what lies farther back is forgotten, of all names."""
        since = self._clock() - _MINUTE
        while self._done and next(iter(self._done.values()))[-1] <= since:
            self._done.popitem(last=False)
        done = self._done.get(name, deque())
        while done and done[0] <= since:
            done.popleft()
        return len(done)
