"""IPTC's own schemas and examples: what they allow is read, and what they forbid in what is read is refused."""

import copy
import json
from pathlib import Path

import pytest
from jsonschema import Draft7Validator, Draft202012Validator
from referencing import Registry, Resource

from syndication.importing.ninjs.article import not_taken, to_article
from syndication.importing.ninjs.item import InvalidItemError, read_item
from syndication.model.values import Article
from tests.support.newsroom import NOON
from tests.support.ninjs import iptc, rules

IPTC = Path(__file__).parent / "iptc"
EXAMPLES = sorted(IPTC.glob("examples/*/*/*.json"))

TEXTS = ("headline", "bod", "title")

NO_STORIES = {"picture", "graphic", "audio", "video", "event", "planning", "component"}

READ = {
    "uri", "type", "representationType", "pubStatus", "versionCreated", "firstCreated", "language", "by", "title",
    "headlines", "bodies", "descriptions", "value", "role", "contentType", "subjects", "name", "literal", "infoSources",
    "renditions", "associations", "href", "expires", "edNote", "copyrightHolder", "slugline",
}  # fmt: skip
"""Properties of 3.1 of which the type is checked here too."""

UNREAD = {"places", "people", "organisations", "altIds", "genres", "events", "objects", "standard", "rightsInfo"}


def load(path):
    return json.loads(path.read_text(encoding="utf-8-sig"))


def validator(version):
    schema = load(IPTC / f"schema/ninjs-schema_{version}.json")
    geo = Resource.from_contents(load(IPTC / "schema/GeoJSON-schema.json"))
    kind = Draft7Validator if version == "1.6" else Draft202012Validator
    return kind(schema, registry=Registry().with_resource("https://geojson.org/schema/GeoJSON.json", geo))


def outcome(item) -> Article | str:
    """Returns the article, or why there is none; raises InvalidItemError."""
    read = read_item(item)
    return not_taken(read) or to_article(read, rules(), None, NOON)


@pytest.mark.parametrize("version", ["1.6", "2.2", "3.1"])
def test_examples_are_valid_by_the_schema_of_their_version(version):
    found = [path for path in EXAMPLES if path.parts[-3] == version]
    valid = validator(version)
    assert len(found) > 15 and all(valid.is_valid(load(path)) for path in found)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: "/".join(path.parts[-3:]))
def test_example_becomes_an_article_or_is_refused_with_its_reason(path):
    item = load(path)
    if item.get("type") == "text" and "slugline" not in item and not any(name.startswith(TEXTS) for name in item):
        with pytest.raises(InvalidItemError, match="no headline and no text"):
            outcome(item)
        return
    found = outcome(item)
    if isinstance(found, Article):
        assert found.title and found.id == item["uri"] and item.get("type") not in NO_STORIES
        texts = [one["value"] for one in item.get("bodies", []) if one.get("contentType") == "text/html"]
        assert not texts or found.html == texts[0]
    elif "type" in found and item.get("type") in NO_STORIES:
        assert f"of the type {item['type']}" in found
    else:
        assert "no body" in found or "partial" in found


def test_the_examples_of_stories_become_articles():
    found = [outcome(load(path)) for path in EXAMPLES if path.parts[-2] in ("documentation", "1.4", "2.1", "3.0")]
    assert sum(isinstance(one, Article) for one in found) >= 25


@pytest.mark.parametrize("name", ["tt_text_image_3", "dpa_text", "ntb_text", "ap_audio"])
def test_a_wrong_type_is_judged_as_by_the_schema(name):
    """Each property that is read gets each other type; what the schema says of it, we say, and name the same place."""
    item = load(IPTC / f"examples/3.1/3.0/{name}.json")
    valid, wrong, tried = validator("3.1"), [], 0
    for place in places(item):
        if place[-1] not in READ or UNREAD.intersection(place):
            continue
        for value in ("x", 7.5, True, {}, ["x"]):
            changed = copy.deepcopy(item)
            put(changed, place, value)
            tried += 1
            said = refusal(changed)
            where = ".".join(map(str, place))
            misplaced = said is not None and not where.startswith(said.removesuffix(".0"))
            if valid.is_valid(changed) != (said is None) or misplaced:
                wrong.append((place, value, said))
    # An unknown type is ignored with its name, and another word for a part is no part. A time that is none is refused;
    # the schema asserts no formats.
    words = ("type", "representationType", "versionCreated", "firstCreated", "expires")
    wrong = [one for one in wrong if not (one[0][-1] in words and one[1] == "x")]
    assert wrong == [] and tried > 40


def refusal(item):
    """Returns the place that is refused; None if the item can be read."""
    try:
        read_item(item)
    except InvalidItemError as refused:
        return refused.errors[0][0]
    return None


def places(value, at=()):
    """Yields the path of each property."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        if isinstance(key, str):
            yield (*at, key)
        yield from places(inner, (*at, key))


def put(value, place, new):
    for key in place[:-1]:
        value = value[key]
    value[place[-1]] = new


def test_our_own_item_of_3_1_is_valid_by_the_schema():
    assert list(validator("3.1").iter_errors(iptc())) == []
