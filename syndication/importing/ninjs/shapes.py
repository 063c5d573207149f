"""The two shapes of a ninjs item: that of 1.x, which Superdesk extends, and that of 2.x and 3.x.

Only what becomes part of an article is checked. IPTC's schemas refuse unknown properties; newsrooms and agencies add
their own, and a story must not be lost for one. Names are read in lower case: 2.0 has ``versioncreated``, 3.0
``versionCreated``.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from syndication.model.field_limits import MAX_URL
from syndication.model.json_types import MAX_ID, Moment, Text, none_if_empty

MAX_VERSION = 100
"""Characters of a version: real ones have three."""

PATTERNS = ("headline_", "body_", "description_")

OptionalText = Text | None
Uri = Annotated[str, Field(min_length=1, max_length=MAX_ID)]
Address = Annotated[Annotated[Text, Field(max_length=MAX_URL)] | None, BeforeValidator(none_if_empty)]


def _pub_status(value: Any) -> Any:
    """Returns "usable", the default, for nothing."""
    return "usable" if value in (None, "") else value


PubStatus = Annotated[Literal["usable", "withheld", "canceled"], BeforeValidator(_pub_status)]


def _version(value: Any) -> Any:
    """Returns a version as text: 1.x and Superdesk write it as text, some programs as a number."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else none_if_empty(value)


Version = Annotated[Annotated[Text, Field(max_length=MAX_VERSION)] | None, BeforeValidator(_version)]


class Loose(BaseModel):
    """An object of which only these fields are read, each of exactly its type."""

    model_config = ConfigDict(extra="ignore", strict=True)


class Concept(Loose):
    """A subject, a category or another term: ``code`` and ``scheme`` are of 1.x, ``literal`` and ``uri`` of 2.x."""

    name: OptionalText = None
    code: OptionalText = None
    qcode: OptionalText = None
    scheme: OptionalText = None
    uri: OptionalText = None
    literal: OptionalText = None


class Source(Loose):
    """A party that supplied the content."""

    name: OptionalText = None


class SuperdeskAuthor(Loose):
    """An author as Superdesk adds them; ``code`` is the id of the user."""

    name: OptionalText = None
    code: Any = None
    uri: OptionalText = None
    email: OptionalText = None


class Rendition(Loose):
    """A file of a picture, a sound or a film; sizes in pixels and bytes, ``duration`` in seconds.

    Names of 1.x and of Superdesk are beside those of 2.x. Numbers that are none are left out later: one bad size must
    not stop a story.
    """

    name: OptionalText = None
    href: Address = None
    contenttype: OptionalText = None
    mimetype: OptionalText = None
    title: OptionalText = None
    width: Any = None
    height: Any = None
    sizeinbytes: Any = None
    size: Any = None
    length: Any = None
    duration: Any = None


class Common(Loose):
    """What both shapes have."""

    uri: Uri | None = None
    type: OptionalText = None
    representationtype: OptionalText = None
    version: Version = None
    pubstatus: PubStatus = "usable"
    firstcreated: Moment = None
    versioncreated: Moment = None
    contentcreated: Moment = None
    firstpublished: Moment = None
    embargoed: Moment = None
    embargoeduntil: Moment = None
    expires: Moment = None
    language: OptionalText = None
    ednote: OptionalText = None
    copyrightholder: OptionalText = None
    title: OptionalText = None
    slugline: OptionalText = None


class OldItem(Common):
    """An item of ninjs 1.x, with what Superdesk adds: ``guid``, ``service``, ``authors``, ``evolvedfrom`` and more.

    ``body_`` has the bodies by the rest of their names: ``html`` for ``body_html``.
    """

    guid: Uri | None = None
    evolvedfrom: Uri | None = None
    headline: OptionalText = None
    byline: OptionalText = None
    by: OptionalText = None
    source: OptionalText = None
    headline_: dict[str, OptionalText] = Field(default_factory=dict)
    body_: dict[str, OptionalText] = Field(default_factory=dict)
    description_: dict[str, OptionalText] = Field(default_factory=dict)
    authors: list[SuperdeskAuthor] | None = None
    infosource: list[Source] | None = None
    subject: list[Concept] | None = None
    service: list[Concept] | None = None
    keywords: list[Text] | None = None
    renditions: dict[str, Rendition | None] | None = None
    associations: "dict[str, OldItem | None] | None" = None
    attachments: list[Rendition] | None = None

    @model_validator(mode="before")
    @classmethod
    def _gather(cls, value: Any) -> Any:
        """Collects the properties that a schema of 1.x names by a pattern."""
        if not isinstance(value, dict):
            return value
        texts: dict[str, dict[str, Any]] = {prefix: {} for prefix in PATTERNS}
        for name, inner in value.items():
            for prefix in PATTERNS:
                if name.startswith(prefix) and name != prefix:
                    texts[prefix][name.removeprefix(prefix)] = inner
        return value | texts


class Content(Loose):
    """A headline, a description or a body."""

    value: Text
    role: OptionalText = None
    contenttype: OptionalText = None


class NewItem(Common):
    """An item of ninjs 2.x or 3.x; ``name`` and ``rel`` are those of an association."""

    name: OptionalText = None
    rel: OptionalText = None
    by: OptionalText = None
    headlines: list[Content] | None = None
    bodies: list[Content] | None = None
    descriptions: list[Content] | None = None
    infosources: list[Source] | None = None
    subjects: list[Concept] | None = None
    renditions: list[Rendition] | None = None
    associations: "list[NewItem] | None" = None


_NEW = ("headlines", "bodies", "descriptions", "subjects", "infosources", "people", "places", "organisations", "events")


def is_new(value: dict[str, Any]) -> bool:
    """Returns whether an item, with its names in lower case, has the shape of 2.x and 3.x."""
    lists = (isinstance(value.get(name), list) for name in ("renditions", "associations"))
    return any(lists) or any(name in value for name in _NEW)


def lower_names(value: Any, spelled: dict[str, str]) -> Any:
    """Returns a JSON value with all names in lower case; adds to ``spelled`` how the sender wrote each."""
    if isinstance(value, list):
        return [lower_names(one, spelled) for one in value]
    if not isinstance(value, dict):
        return value
    spelled.update((name.lower(), name) for name in value)
    return {name.lower(): lower_names(inner, spelled) for name, inner in value.items()}
