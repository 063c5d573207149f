"""Answers polls in the thread that has read them, before they reach the event loop.

Granian passes each request to the loop with ``call_soon_threadsafe``, which wakes another thread and starts a task. For
a response that is ready in memory, that doubled the cost. So this method is replaced by one that answers polls first.
If another version of Granian passes requests differently, polls take the app's usual, slower path.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any


def answer_polls_first(
    loop: asyncio.AbstractEventLoop, answer: Callable[[dict[str, Any], Callable[[dict[str, Any]], Any]], bool]
) -> None:
    """Lets ``answer`` try every request first: it gets scope and send function, and returns whether it answered."""
    schedule = loop.call_soon_threadsafe

    def first(callback: Callable[..., Any], *args: Any, context: Any = None) -> asyncio.Handle | None:
        if len(args) == 2 and (scope := getattr(args[1], "scope", None)) is not None:
            request, coroutine = args[1], args[0]
            if answer(scope, request.proto.send):
                _discard(coroutine)
                return None
        return schedule(callback, *args, context=context)

    loop.call_soon_threadsafe = first  # type: ignore[method-assign,assignment]  # of this loop only


def _discard(coroutine: Coroutine[Any, Any, Any]) -> None:
    """Closes the coroutine that would have answered in the loop; it has not started yet."""
    coroutine.close()
