"""Polls are answered in the thread that has read them, before the event loop hears of them.

Granian gives each request to the loop by ``call_soon_threadsafe``, which wakes another thread and starts a task: for an
answer that is ready in memory that doubled its cost. So the loop's own method looks first whether it is a poll. Should
another version of Granian hand requests over in another way, polls come through the app like all else, only slower.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any


def answer_polls_first(
    loop: asyncio.AbstractEventLoop, answer: Callable[[dict[str, Any], Callable[[dict[str, Any]], Any]], bool]
) -> None:
    """Have ``answer`` try every request first: it gets the scope and the way to send, and says whether it answered."""
    schedule = loop.call_soon_threadsafe

    def first(callback: Callable[..., Any], *args: Any, context: Any = None) -> asyncio.Handle | None:
        if len(args) == 2 and (scope := getattr(args[1], "scope", None)) is not None:
            request, coroutine = args[1], args[0]
            if answer(scope, request.proto.send):
                _discard(coroutine)
                return None
        return schedule(callback, *args, context=context)

    loop.call_soon_threadsafe = first  # type: ignore[method-assign,assignment]  # this one loop's alone


def _discard(coroutine: Coroutine[Any, Any, Any]) -> None:
    """It would have answered in the loop; closed before its first step it does nothing."""
    coroutine.close()
