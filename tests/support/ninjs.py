"""ninjs as Superdesk and agencies send it."""

import hashlib
import hmac
import json
from typing import Any
from zoneinfo import ZoneInfo

from syndication.importing.ninjs.rules import Rules
from tests.support.newsroom import at

SECRET = "superdesk-and-the-newsroom-share-this"


def rules(**changes: Any) -> Rules:
    """Returns what a newsroom with three sections says of ninjs."""
    values = {
        "url": "/news/{slug}",
        "section": "",
        "sections": {"medtop:04000000": "china", "i": "sports"},
        "known": {"taiwan": "taiwan", "china": "china", "sports": "sports"},
        "publish_ednote": False,
        "zone": ZoneInfo("Asia/Taipei"),
    }
    return Rules(**values | changes)


def superdesk_time(**delta: float) -> str:
    """Returns noon plus ``delta`` as Superdesk writes a time."""
    return at(**delta).strftime("%Y-%m-%dT%H:%M:%S+0000")


def superdesk(guid: str = "urn:newsml:desk.example:1", **changes: Any) -> dict[str, Any]:
    """Returns a story as Superdesk's ninjs formatter makes it; None removes a property."""
    story = {
        "guid": guid,
        "version": "2",
        "type": "text",
        "byline": "By Mei Lin",
        "located": "Taipei",
        "versioncreated": superdesk_time(hours=-1),
        "firstcreated": superdesk_time(hours=-3),
        "firstpublished": superdesk_time(hours=-2),
        "language": "en",
        "headline": "Ferries resume after the storm",
        "urgency": 3,
        "pubstatus": "usable",
        "copyrightholder": "",
        "ednote": "Adds the harbour master in paragraph 3",
        "body_html": "<p>The ferries run again.</p><p>All of them.</p>",
        "slugline": "FERRIES-STORM",
        "keywords": ["ferries", "storm"],
        "source": "Ledger",
        "priority": 5,
        "service": [{"code": "taiwan", "name": "Taiwan News"}],
        "subject": [{"code": "17005000", "name": "weather"}, {"code": "x", "name": "Ports", "scheme": "topics"}],
        "place": [{"name": "Taipei", "code": "TPE"}],
        "description_html": "<p>Ferries are <b>back</b>.</p>",
        "description_text": "Ferries are back.",
        "genre": [{"name": "Article", "code": "Article"}],
        "profile": "story",
        "charcount": 40, "wordcount": 8, "readtime": 0,
        "extra": {"kicker": "Sea"},
        "annotations": [],
        "associations": {
            "featuremedia": {
                "guid": "tag:desk.example:2026:picture", "type": "picture", "version": "1", "pubstatus": "usable",
                "headline": "A ferry", "body_text": "A white ferry leaves the pier", "byline": "Ho Chen",
                "description_text": "The first ferry leaves.", "copyrightholder": "Ledger", "mimetype": "image/jpeg",
                "renditions": {
                    "original": {
                        "href": "https://desk.example/media/o.jpg", "width": 6000, "height": 4000,
                        "mimetype": "image/jpeg", "media": "o", "poi": {"x": 1, "y": 2},
                    },
                    "baseImage": {
                        "href": "https://desk.example/media/b.jpg", "width": 1400, "height": 933,
                        "mimetype": "image/jpeg", "media": "b",
                    },
                    "thumbnail": {
                        "href": "https://desk.example/media/t.jpg", "width": 180, "height": 120,
                        "mimetype": "image/jpeg", "media": "t",
                    },
                    "custom": None,
                },
            },
            "embedded1": None,
        },
    }  # fmt: skip
    return {name: value for name, value in (story | changes).items() if value is not None}


def iptc(uri: str = "https://agency.example/news/1", **changes: Any) -> dict[str, Any]:
    """Returns a story as ninjs 3.1; None removes a property."""
    story = {
        "uri": uri,
        "type": "text",
        "version": "1",
        "firstCreated": at(hours=-2).isoformat(),
        "versionCreated": at(hours=-2).isoformat(),
        "pubStatus": "usable",
        "language": "en",
        "copyrightHolder": "The Agency",
        "headlines": [{"role": "sub", "value": "Below"}, {"role": "main", "value": "Port opens"}],
        "descriptions": [{"role": "summary", "contentType": "text/plain", "value": "The port & its cranes."}],
        "bodies": [
            {"role": "nitf", "contentType": "application/xml", "value": "<nitf/>"},
            {"role": "text", "contentType": "text/plain", "value": "One.\n\nTwo & three."},
        ],
        "subjects": [
            {"name": "economy", "uri": "http://cv.iptc.org/newscodes/mediatopic/04000000"},
            {"name": "shipping", "literal": "04011000"},
        ],
        "infoSources": [{"name": "Harbour desk"}],
    }
    return {name: value for name, value in (story | changes).items() if value is not None}


def superdesk_signature(body: bytes, secret: str = SECRET) -> str:
    """Returns the header of Superdesk's HTTP Push, without using our own code."""
    return "sha1=" + hmac.new(secret.encode(), msg=body, digestmod=hashlib.sha1).hexdigest()


def encoded(item: Any) -> bytes:
    """Returns the body of a request, as Superdesk's ``json.dumps`` makes it."""
    return json.dumps(item).encode()
