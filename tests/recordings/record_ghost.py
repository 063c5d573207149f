"""Records what a real Ghost writes into its tables, act by act, and what it shows to everybody after each act.

    python -m tests.recordings.record_ghost http://127.0.0.1:2368 /path/to/mysql.sock ghost > recordings/ghost.json

The Ghost must be new: it is set up here. It runs on MySQL or MariaDB, with ``security__staffDeviceVerification=false``.
The acts are done as Ghost's own editor does them, by its Admin API; a post goes live by Ghost's own scheduler.
"""

import http.cookiejar
import json
import sys
import time
import urllib.error
import urllib.request
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pymysql

ADMIN = "/ghost/api/admin"

COLUMNS = {
    "posts": "id slug title html feature_image type status visibility created_at updated_at published_at"
    " custom_excerpt",
    "posts_meta": "id post_id feature_image_alt feature_image_caption meta_description",
    "tags": "id name slug visibility",
    "posts_tags": "id post_id tag_id sort_order",
    "users": "id name slug",
    "posts_authors": "id post_id author_id sort_order",
}

SHOWN = (
    "id", "slug", "url", "title", "html", "visibility", "published_at", "updated_at", "custom_excerpt",
    "meta_description", "feature_image", "feature_image_alt", "feature_image_caption",
)  # fmt: skip


def text(words: str) -> dict[str, Any]:
    plain = {"type": "extended-text", "version": 1, "text": words, "format": 0, "detail": 0, "mode": "normal"}
    block = {"type": "paragraph", "version": 1, "children": [plain | {"style": ""}], "direction": "ltr"}
    return block | {"format": "", "indent": 0}


def card(html: str, non_member: bool, segment: str) -> dict[str, Any]:
    web = {"nonMember": non_member, "memberSegment": segment}
    return {"type": "html", "version": 1, "html": html, "visibility": {"web": web, "email": {"memberSegment": ""}}}


def lexical(*nodes: dict[str, Any]) -> str:
    root = {"type": "root", "version": 1, "children": list(nodes), "direction": "ltr", "format": "", "indent": 0}
    return json.dumps({"root": root})


PAYWALL = {"type": "paywall", "version": 1}


class Ghost:
    """A Ghost, used as its editor uses it."""

    def __init__(self, home: str, socket: str, database: str) -> None:
        self.home = home.rstrip("/")
        self.db = pymysql.connect(unix_socket=socket, user="root", database=database, autocommit=True)
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.opener = urllib.request.build_opener(jar)
        self.key = ""

    def begin(self) -> None:
        who = {"name": "Ann Editor", "email": "ann@daily.example", "password": "Tr4ins-at-night-9x"}
        if not self.call("GET", "/authentication/setup/")["setup"][0]["status"]:
            self.call("POST", "/authentication/setup/", {"setup": [who | {"blogTitle": "The Daily Ghost"}]})
        self.call("POST", "/session/", {"username": who["email"], "password": who["password"]})
        made = self.call("POST", "/integrations/?include=api_keys", {"integrations": [{"name": "Syndication"}]})
        keys = made["integrations"][0]["api_keys"]
        self.key = next(key["secret"] for key in keys if key["type"] == "content")

    def call(self, method: str, path: str, body: Any = None) -> Any:
        data = json.dumps(body).encode() if body is not None else None
        headers = {"Content-Type": "application/json", "Origin": self.home}
        request = urllib.request.Request(f"{self.home}{ADMIN}{path}", data, headers, method=method)
        try:
            with self.opener.open(request, timeout=30) as answer:
                said = answer.read()
        except urllib.error.HTTPError as error:
            raise SystemExit(f"{method} {path}: {error.code} {error.read()[:1000]!r}") from error
        return json.loads(said) if said[:1] in (b"{", b"[") else None

    def new(self, title: str, status: str = "published", what: str = "posts", **values: Any) -> str:
        values.setdefault("lexical", lexical(text(f"The body of {title}.")))
        made = self.call("POST", f"/{what}/", {what: [{"title": title, "status": status, **values}]})
        return str(made[what][0]["id"])

    def edit(self, id: str, **values: Any) -> None:
        known = self.call("GET", f"/posts/{id}/")["posts"][0]
        self.call("PUT", f"/posts/{id}/", {"posts": [{"updated_at": known["updated_at"], **values}]})

    def bulk(self, action: str, ids: list[str], **meta: Any) -> None:
        self.call("PUT", f"/posts/bulk/?filter=id:[{','.join(ids)}]", {"bulk": {"action": action, "meta": meta}})

    def sql(self, statement: str, *values: Any) -> None:
        with self.db.cursor() as cursor:
            cursor.execute(statement, values)

    def tables(self) -> dict[str, list[list[Any]]]:
        found = {}
        for table, columns in COLUMNS.items():
            with self.db.cursor() as cursor:
                cursor.execute(f"SELECT {', '.join(columns.split())} FROM {table} ORDER BY id")
                found[table] = [[_plain(value) for value in row] for row in cursor.fetchall()]
        return found

    def schema(self) -> dict[str, str]:
        found = {}
        for table in COLUMNS:
            with self.db.cursor() as cursor:
                cursor.execute(f"SHOW CREATE TABLE {table}")
                found[table] = cursor.fetchall()[0][1]
        return found

    def public(self) -> dict[str, Any]:
        query = f"/ghost/api/content/posts/?key={self.key}&include=tags,authors&limit=100&formats=html"
        posts = json.loads(self.get(query))["posts"]
        feed = ET.fromstring(self.get(f"/rss/?{time.monotonic_ns()}"))
        return {
            "posts": [
                {name: post[name] for name in SHOWN}
                | {"authors": [author["name"] for author in post["authors"]]}
                | {"tags": [tag["name"] for tag in post["tags"] if tag["visibility"] == "public"]}
                for post in posts
            ],
            "rss": [
                {
                    "guid": item.findtext("guid"),
                    "link": item.findtext("link"),
                    "title": item.findtext("title"),
                    "categories": [one.text for one in item.findall("category")],
                    "creator": item.findtext("{http://purl.org/dc/elements/1.1/}creator"),
                }
                for item in feed.iter("item")
            ],
        }

    def get(self, path: str) -> bytes:
        with urllib.request.urlopen(f"{self.home}{path}", timeout=30) as answer:
            return bytes(answer.read())


def _plain(value: Any) -> Any:
    return value.isoformat(" ") if isinstance(value, datetime) else value


def acts(ghost: Ghost) -> Iterator[tuple[str, bool]]:
    """Does one act after the other; yields its name, and whether anything is public of it."""
    at = (datetime.now(UTC) + timedelta(minutes=2, seconds=15)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    late = ghost.new("A night train to Hualien", "scheduled", published_at=at, tags=["Taiwan"])
    began = time.monotonic()
    yield "schedule a post", False
    one = ghost.new(
        "First snow on Hehuan", tags=["Taiwan", "Weather", "#desk"], custom_excerpt="Roads close & reopen",
        feature_image=f"{ghost.home}/content/images/2026/11/snow.jpg", feature_image_alt="Snow & ice",
    )  # fmt: skip
    yield "publish a post", True
    two = ghost.new("Ferry sinks", tags=["#desk", "World"], lexical=lexical(text("Open."), PAYWALL, text("Closed.")))
    yield "publish another one with a paywall", True
    three = ghost.new(
        "Blocks for some",
        lexical=lexical(
            text("Everybody."),
            card("<p>Strangers</p>", True, ""),
            card("<p>Everyone</p>", True, "status:free,status:-free"),
            card("<p>Members</p>", False, "status:free,status:-free"),
            card("<p>Payers</p>", False, "status:-free"),
            card(f'<p><a href="{ghost.home}/ferry-sinks/">More</a></p>', True, "status:free,status:-free"),
        ),
    )
    yield "publish one with blocks for members", True
    ghost.new("A draft", "draft", tags=["World"])
    yield "write a draft", False
    ghost.new("About us", what="pages")
    yield "publish a page", False
    ghost.edit(one, title="First snow on Mount Hehuan")
    yield "edit the title", True
    ghost.edit(one, lexical=lexical(text("The body, corrected.")))
    yield "edit the body", True
    ghost.edit(one, tags=[{"name": "Weather"}, {"name": "Taiwan"}])
    yield "change the order of tags, and remove one", True
    ghost.edit(one, feature_image_caption='Snow. <a href="https://cna.example/">CNA</a>')
    yield "write a caption", True
    ghost.edit(one, feature_image_alt="A road in snow")
    yield "write an alternative text", True
    ghost.edit(one, feature_image=f"{ghost.home}/content/images/2026/11/road.jpg")
    yield "change the picture", True
    ghost.edit(one, custom_excerpt="The road is closed.")
    yield "edit the excerpt", True
    ghost.edit(one, custom_excerpt=None, meta_description="For search engines.")
    yield "write a meta description instead of the excerpt", True
    ghost.edit(one, slug="snow-on-hehuan")
    yield "change the slug", True
    tags = {tag["name"]: tag["id"] for tag in ghost.call("GET", "/tags/?limit=all")["tags"]}
    ghost.call("PUT", f"/tags/{tags['Weather']}/", {"tags": [{"name": "Weather report"}]})
    yield "rename a tag", True
    ghost.call("PUT", f"/tags/{tags['Weather']}/", {"tags": [{"slug": "forecast"}]})
    yield "change the slug of a tag", False
    me = ghost.call("GET", "/users/me/?include=roles")["users"][0]
    ghost.call("PUT", f"/users/{me['id']}/", {"users": [{"name": "Ann Lee", "email": me["email"], "slug": me["slug"]}]})
    yield "rename an author", True
    ghost.sql(
        "INSERT INTO users (id, name, slug, password, email, created_at)"
        " VALUES ('0123456789abcdef01234567', 'Bo Chen', 'bo', 'x', 'bo@daily.example', NOW())"
    )
    ghost.edit(one, authors=[{"id": "0123456789abcdef01234567"}, {"id": me["id"]}])
    yield "add a first author", True
    ghost.bulk("access", [one, three], visibility="paid")
    yield "give access to paying members alone, to many", True
    ghost.bulk("access", [one, three], visibility="public")
    yield "give access to everybody, to many", True
    ghost.edit(two, visibility="members")
    yield "close a post with a paywall", True
    ghost.edit(one, visibility="members")
    yield "close a post without a paywall", True
    ghost.bulk("addTag", [one, two], tags=[{"id": tags["World"]}])
    yield "add a tag to many", True
    ghost.bulk("unpublish", [one, two])
    yield "unpublish many", True
    ghost.edit(one, status="published")
    yield "publish again", True
    ghost.edit(one, published_at="2026-01-02T03:04:05.000Z")
    yield "set an old date", True
    ghost.call("DELETE", f"/tags/{tags['World']}/")
    yield "delete a tag", True
    ghost.sql("UPDATE posts SET status = 'sent' WHERE id = %s", three)
    yield "send by e-mail only", True
    ghost.sql("UPDATE posts SET html = '<p>By hand</p>' WHERE id = %s", one)
    ghost.sql("UPDATE posts SET visibility = 'public' WHERE id = %s", one)
    yield "write into the table by hand", True
    ghost.call("DELETE", f"/posts/{one}/")
    yield "delete a post", True
    while not any(post["id"] == late for post in ghost.public()["posts"]) and time.monotonic() - began < 300:
        time.sleep(2)
    yield "go live by the schedule", True


def main() -> None:
    ghost = Ghost(*sys.argv[1:4])
    ghost.begin()
    steps = [{"act": "begin", "public": True, "tables": ghost.tables(), "shown": ghost.public()}]
    for name, public in acts(ghost):
        sys.stderr.write(f"{name}\n")
        steps.append({"act": name, "public": public, "tables": ghost.tables(), "shown": ghost.public()})
    head = json.dumps({"home": ghost.home, "columns": COLUMNS, "schema": ghost.schema()}, ensure_ascii=False)
    lines = ",\n".join(json.dumps(step, ensure_ascii=False) for step in steps)  # A line for each step.
    sys.stdout.write(f'{head[:-1]}, "steps": [\n{lines}\n]}}\n')


if __name__ == "__main__":
    main()
