"""Merges editors' feeds into the settings of the files, and checks a feed before it is stored. Pure.

The file wins: where both have a slug, the file's section is served and the editors' feed is reported.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError

from syndication.config.loading import Settings, build_section
from syndication.config.schema import SectionTable
from syndication.config.selections import find_selection_problems, is_plain
from syndication.config.value_types import RESERVED, SLUG
from syndication.errors import FeedError
from syndication.model.counted import counted
from syndication.model.feed_definition import FeedDefinition
from syndication.model.values import Section

MAX_SLUG, MAX_TITLE, MAX_DESCRIPTION = 100, 200, 2_000
"""The longest texts of a feed in characters."""

_PLAIN = ("title", "description", "language", "content", "entries", "hours", "max_entries", "summary_length", "cache")


class SlugTakenError(FeedError):
    """Another feed has, or had, one of the slugs of a feed that was to be stored."""


@dataclass(frozen=True, slots=True)
class Merged:
    """The settings with editors' feeds, and what is wrong with some of these, a sentence each."""

    settings: Settings
    problems: tuple[str, ...]


def merge(settings: Settings, definitions: Iterable[FeedDefinition]) -> Settings:
    """Returns the settings of the files with these feeds; raises nothing, see ``merge_reporting``."""
    return merge_reporting(settings, definitions).settings


def merge_reporting(settings: Settings, definitions: Iterable[FeedDefinition]) -> Merged:
    """Returns the settings with the feeds that can be served, and a sentence for each thing that cannot.

    A feed whose slug the file has is left out; a former slug that is in use leads to its user. An unknown cache, and
    fewer ``max_entries`` than entries, fall back to what works: the file may have changed since the feed was made.
    """
    files = settings.files or settings
    sections, redirects, retired = dict(files.sections), dict(files.redirects), set(files.retired)
    problems = []
    known = sorted(definitions, key=lambda definition: definition.slug)
    owners = file_slugs(files)
    for definition in known:
        if definition.slug in owners:
            problems.append(
                f"the editors' feed {definition.slug!r} is not served: the file has {owners[definition.slug]}"
            )
        elif definition.retired:
            retired.add(definition.slug)
        else:
            section, wrong = _section(files, definition)
            problems += wrong
            if section is not None:
                sections[definition.slug] = section
    former_redirects, former_retired, wrong = _former(files, known, sections.keys() | retired)
    redirects |= former_redirects
    retired |= former_retired
    problems += wrong
    merged = replace(files, sections=sections, redirects=redirects, retired=frozenset(retired), files=files)
    return Merged(merged, tuple(problems))


def _former(
    files: Settings, definitions: Iterable[FeedDefinition], taken: Collection[str]
) -> tuple[dict[str, str], set[str], list[str]]:
    """Returns what the former slugs lead to: redirects, and those of retired feeds; and what is wrong with some."""
    owners, redirects, retired, problems = file_slugs(files), dict[str, str](), set[str](), list[str]()
    for definition in definitions:
        for former in definition.formerly:
            if former in owners:
                problems.append(
                    f"the former slug {former!r} of the editors' feed {definition.slug!r} does not lead to it:"
                    f" the file has {owners[former]}"
                )
            elif former in taken:
                continue
            elif definition.retired:
                retired.add(former)
            elif definition.slug in taken:
                redirects[former] = definition.slug
    return redirects, retired, problems


def file_slugs(settings: Settings) -> dict[str, str]:
    """Returns every slug that the files use, and for what."""
    files = settings.files or settings
    used = {slug: f"the section {slug!r}" for slug in files.sections}
    used |= {former: f"the former slug {former!r} of {slug!r}" for former, slug in files.redirects.items()}
    return used | {slug: f"the retired slug {slug!r}" for slug in files.retired}


def check(settings: Settings, definition: FeedDefinition, others: Sequence[FeedDefinition]) -> None:
    """Raises FeedError with a sentence for each problem of a feed; SlugTakenError if one is a slug of another feed.

    ``others`` are the feeds besides itself.
    """
    problems = tuple(find_problems(settings, definition, others))
    if problems:
        taken = not _used_slugs(settings, others).keys().isdisjoint(definition.slugs)
        kind = SlugTakenError if taken else FeedError
        raise kind(f"the feed {definition.slug[:MAX_SLUG]!r} cannot be stored", problems)


def find_problems(settings: Settings, definition: FeedDefinition, others: Sequence[FeedDefinition]) -> Iterator[str]:
    """Yields a sentence for each problem of a feed."""
    files = settings.files or settings
    yield from _slug_problems(files, definition, others)
    yield from _value_problems(files, definition)
    yield from _selection_problems(files, definition, others)


def _slug_problems(files: Settings, definition: FeedDefinition, others: Sequence[FeedDefinition]) -> Iterator[str]:
    used = _used_slugs(files, others)
    for slug in definition.slugs:
        if slug in RESERVED:
            yield f"the slug {slug!r} is reserved (with {', '.join(RESERVED)}): choose another one"
        elif not SLUG.fullmatch(slug) or len(slug) > MAX_SLUG:
            yield (
                f"the slug {slug[:MAX_SLUG]!r} should be lower-case letters and digits separated by single hyphens,"
                f" like arts-leisure, and have at most {MAX_SLUG} characters"
            )
        elif slug in used:
            yield f"the slug {slug!r} is used by {used[slug]}: choose another one"


def _used_slugs(settings: Settings, others: Iterable[FeedDefinition]) -> dict[str, str]:
    """Returns every slug that the files and other feeds use, and for what."""
    used = file_slugs(settings)
    for other in others:
        ended = "retired " if other.retired else ""
        used |= {
            slug: f"the {ended}feed {other.slug!r}" + ("" if slug == other.slug else f", formerly {slug!r}")
            for slug in other.slugs
        }
    return used


def _value_problems(files: Settings, definition: FeedDefinition) -> Iterator[str]:
    if not definition.title.strip():
        yield "the title is empty: readers see it as the name of the feed"
    for name, text, most in (
        ("title", definition.title, MAX_TITLE),
        ("description", definition.description, MAX_DESCRIPTION),
    ):
        if len(text) > most:
            yield f"the {name} has {len(text)} characters: it should have at most {most}"
        if not is_plain(text):
            yield f"the {name} has control characters, which no feed can contain: remove them"
    try:
        SectionTable.model_validate(_values(definition) | {"slug": "valid", "title": definition.title or "empty"})
    except ValidationError as error:
        for one in error.errors():
            rule = one["msg"].removeprefix("Value error, ").removeprefix("Input ")
            field = ".".join(str(part) for part in one["loc"]).replace("podcast_image", "image")
            yield f"{field} is {one['input']!r}: it {rule}"
        return
    feeds = files.main.feeds
    entries = feeds.entries if definition.entries is None else definition.entries
    most = feeds.max_entries if definition.max_entries is None else definition.max_entries
    if most < entries:
        yield f"max_entries is {most}: it should be at least the number of entries, {entries}"
    if definition.cache is not None and definition.cache not in files.main.cache:
        yield f"cache is {definition.cache!r}: it should be one of {', '.join(sorted(files.main.cache))}"


def _selection_problems(files: Settings, definition: FeedDefinition, others: Sequence[FeedDefinition]) -> Iterator[str]:
    if definition.selection is None:
        return
    plain = {slug for other in others if other.selection is None for slug in other.slugs}
    combined = {other.slug for other in others if other.selection is not None}
    combined |= {section.slug for section in files.sections.values() if section.selection is not None}
    yield from find_selection_problems(definition.slugs, definition.selection, files.filed_slugs | plain, combined)


def _values(definition: FeedDefinition) -> dict[str, Any]:
    values = {name: getattr(definition, name) for name in _PLAIN}
    return values | {"podcast_image": definition.image}


def _section(files: Settings, definition: FeedDefinition) -> tuple[Section | None, list[str]]:
    where = f"the editors' feed {definition.slug!r}"
    problems, values = [], _values(definition)
    if definition.cache is not None and definition.cache not in files.main.cache:
        problems.append(f"{where} names the cache {definition.cache!r}, which the file does not have")
        values["cache"] = None
    try:
        table = SectionTable.model_validate(values | {"slug": definition.slug})
    except ValidationError as error:
        first = error.errors()[0]
        return None, [*problems, f"{where} is not served: {first['loc'][0]} is not valid"]
    entries = files.main.feeds.entries if table.entries is None else table.entries
    most = files.main.feeds.max_entries if table.max_entries is None else table.max_entries
    if most < entries:
        problems.append(f"{where} has {counted(entries, 'entry', 'entries')} and max_entries {most}, which is too few")
        table = table.model_copy(update={"max_entries": entries})
    section = build_section(definition.slug, table, files.main, files.site, files.source)
    return replace(
        section,
        formerly=definition.formerly,
        selection=definition.selection,
        owner="editors",
        listed=definition.listed,
        first_slug=definition.origin,
    ), problems
