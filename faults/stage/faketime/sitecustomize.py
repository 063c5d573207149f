"""Read by Python when it starts under libfaketime, which takes the steady deadlines of ``time.sleep`` for wall time.

That would be an error or a sleep of an hour; ``select`` is told how long, and not until when.
"""

import select
import time


def _sleep(seconds: float) -> None:
    select.select((), (), (), seconds)


time.sleep = _sleep
