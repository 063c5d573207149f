"""Loaded by Python at start under libfaketime, which treats the monotonic deadlines of ``time.sleep`` as wall time.

That would fail or sleep for an hour. ``select`` takes a duration instead of a deadline.
"""

import select
import time


def _sleep(seconds: float) -> None:
    select.select((), (), (), seconds)


time.sleep = _sleep
