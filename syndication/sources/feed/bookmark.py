"""What the next look at a feed has to know: stored as text with the articles that the feed gave."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

LONGEST_VALIDATOR = 1000
"""Characters. A longer ETag is not believed to be one."""

_PRINTABLE = re.compile(r"[\x20-\x7e\x80-\xff]*")


@dataclass(frozen=True, slots=True)
class Bookmark:
    """The state of polling. Times are seconds since 1970 by our clock.

    ``settings``      digest of the settings that it belongs to: with others, the feed is read as if for the first time.
    ``moved``         where the feed moved for good (301, 308).
    ``etag``, ``modified``  the validators of the last answer, as they were written.
    ``body``          digest of the document that was last read: many servers know no validators.
    ``pause``         seconds for which the feed itself asks to be left alone; an unchanged answer does not repeat it.
    ``due``           when the feed may be asked again; ``told`` is set if its server said so (Retry-After).
    ``whole``         when all of the feed was last read, whether or not it had changed.
    ``failures``, ``error``  how many looks in a row failed, and what was wrong with the last.
    ``gone``          the server answered 410: nobody asks again, until a person does.
    ``ids``           the entries of the last document, in its order, if what vanishes from its middle is withdrawn.
    """

    settings: str = ""
    moved: str = ""
    etag: str = ""
    modified: str = ""
    body: str = ""
    pause: int = 0
    due: float = 0.0
    told: bool = False
    whole: float = 0.0
    failures: int = 0
    error: str = ""
    gone: bool = False
    ids: tuple[str, ...] = ()

    def to_text(self) -> str:
        """Returns it as JSON, without what has its default."""
        found = {name: value for name, value in asdict(self).items() if value != _DEFAULTS[name]}
        return json.dumps(found, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_text(cls, text: str, settings: str) -> Self:
        """Returns what ``to_text`` wrote; an empty one if it is of other settings, or in another form."""
        try:
            found: Any = json.loads(text) if text else {}
        except ValueError:
            found = {}
        if not isinstance(found, Mapping) or found.get("settings") != settings or not _fits(found):
            return cls(settings=settings)
        return cls(**{**found, "ids": tuple(found.get("ids", ()))})


_DEFAULTS = {field.name: field.default for field in fields(Bookmark)}


def _fits(found: Mapping[str, Any]) -> bool:
    for name, value in found.items():
        default = _DEFAULTS.get(name)
        if name == "ids":
            if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
                return False
        elif default is None or not (type(value) is type(default) or (name in ("due", "whole") and type(value) is int)):
            return False
    return True


def validator(value: str | None) -> str:
    """Returns an ETag or Last-Modified that can be sent back as it is; empty if it cannot."""
    value = (value or "").strip()
    return value if len(value) <= LONGEST_VALIDATOR and _PRINTABLE.fullmatch(value) else ""
