"""Records what a real Wagtail and a plain Django app write into PostgreSQL, act by act, and what they then show.

    pip install wagtail 'psycopg[binary]'    # in an environment of its own; recorded with Wagtail 8.0, Django 5.2
    PGHOST=… PGDATABASE=… PGUSER=… python tests/recordings/record_wagtail.py > tests/recordings/wagtail.json

The database must be empty. The acts are those of Wagtail's own classes, as its admin calls them; a page goes live and
expires by ``publish_scheduled``, Wagtail's own command. What is shown is asked for by Django's client, as anybody may.
"""

import datetime
import importlib
import json
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

MODELS = """
from django.contrib.auth.models import User
from django.db import models
from modelcluster.contrib.taggit import ClusterTaggableManager
from modelcluster.fields import ParentalKey
from taggit.models import TaggedItemBase
from wagtail import blocks
from wagtail.fields import RichTextField, StreamField
from wagtail.models import Page


class SectionPage(Page):
    pass


class ArticlePageTag(TaggedItemBase):
    content_object = ParentalKey('ArticlePage', related_name='tagged_items', on_delete=models.CASCADE)


class ArticlePage(Page):
    body = RichTextField()
    image = models.ForeignKey('wagtailimages.Image', null=True, blank=True, on_delete=models.SET_NULL)
    tags = ClusterTaggableManager(through=ArticlePageTag, blank=True)
    template = 'page.html'


class StoryPage(Page):
    body = StreamField([('heading', blocks.CharBlock()), ('paragraph', blocks.RichTextBlock()),
                        ('quote', blocks.TextBlock())])
    template = 'page.html'


class Category(models.Model):
    name = models.CharField(max_length=100)
    slug = models.SlugField(unique=True)


class Tag(models.Model):
    name = models.CharField(max_length=100)


class Story(models.Model):
    title = models.CharField(max_length=200)
    slug = models.SlugField(unique=True)
    lead = models.TextField(blank=True)
    body = models.TextField()
    status = models.CharField(max_length=20, default='draft')
    published_at = models.DateTimeField(null=True)
    category = models.ForeignKey(Category, on_delete=models.PROTECT)
    author = models.ForeignKey(User, null=True, on_delete=models.SET_NULL)
    tags = models.ManyToManyField(Tag)
"""

URLS = """
from django.conf.urls.i18n import i18n_patterns
from django.urls import include, path
urlpatterns = i18n_patterns(path('', include('wagtail.urls')), prefix_default_language=False)
"""

PAGE = (
    "{% load wagtailcore_tags %}<title>{{ page.title }}</title><main>"
    "{% if page.body.stream_block %}{{ page.body }}{% else %}{{ page.body|richtext }}{% endif %}</main>"
)

TABLES = {
    "wagtail": (
        "wagtailcore_locale", "wagtailcore_page", "wagtailcore_site", "wagtailcore_pageviewrestriction",
        "news_sectionpage", "news_articlepage", "news_storypage", "news_articlepagetag", "taggit_tag",
    ),
    "django": ("auth_user", "news_category", "news_tag", "news_story", "news_story_tags"),
}  # fmt: skip

NOW = datetime.datetime.now(datetime.UTC).replace(microsecond=0)

PAST, FUTURE = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC), datetime.datetime(2100, 1, 1, tzinfo=datetime.UTC)
"""Hours of stories, far enough from now for the hour in which the recording is read."""


def prepare(folder: Path) -> None:
    """Makes the site's code and its tables."""
    (folder / "news" / "migrations").mkdir(parents=True)
    (folder / "news" / "__init__.py").touch()
    (folder / "news" / "migrations" / "__init__.py").touch()
    (folder / "news" / "models.py").write_text(MODELS)
    (folder / "site_urls.py").write_text(URLS)
    (folder / "page.html").write_text(PAGE)
    sys.path.insert(0, str(folder))
    conf = importlib.import_module("django.conf")
    conf.settings.configure(
        SECRET_KEY="recording", USE_TZ=True, TIME_ZONE="UTC", ROOT_URLCONF="site_urls", ALLOWED_HOSTS=["*"],
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField", WAGTAIL_SITE_NAME="Daily", STATIC_URL="/static/",
        WAGTAILADMIN_BASE_URL="http://localhost", WAGTAIL_I18N_ENABLED=True, USE_I18N=True, LANGUAGE_CODE="en",
        LANGUAGES=[("en", "English"), ("fr", "French")],
        WAGTAIL_CONTENT_LANGUAGES=[("en", "English"), ("fr", "French")],
        DATABASES={"default": {"ENGINE": "django.db.backends.postgresql"} | {
            name: os.environ["PG" + {"NAME": "DATABASE"}.get(name, name)] for name in ("NAME", "HOST", "USER")}},
        MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware",
                    "django.middleware.locale.LocaleMiddleware",
                    "django.contrib.auth.middleware.AuthenticationMiddleware"],
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": [str(folder)],
                    "APP_DIRS": True,
                    "OPTIONS": {"context_processors": ["django.template.context_processors.request"]}}],
        INSTALLED_APPS=["news", "wagtail.users", "wagtail.documents", "wagtail.images", "wagtail.search",
                        "wagtail.admin", "wagtail", "modelcluster", "taggit", "django.contrib.auth",
                        "django.contrib.contenttypes", "django.contrib.sessions", "django.contrib.messages",
                        "django.contrib.staticfiles"],
    )  # fmt: skip
    importlib.import_module("django").setup()
    call = importlib.import_module("django.core.management").call_command
    call("makemigrations", "news", verbosity=0)
    call("migrate", verbosity=0)


class Desk:
    """What a newsroom does in Wagtail and Django."""

    def __init__(self) -> None:
        self.news: Any = importlib.import_module("news.models")
        self.models: Any = importlib.import_module("wagtail.models")
        self.user: Any = importlib.import_module("django.contrib.auth.models").User
        self.call: Any = importlib.import_module("django.core.management").call_command
        self.home: Any = self.models.Page.objects.get(depth=2)

    def section(self, title: str) -> Any:
        return self.home.add_child(instance=self.news.SectionPage(title=title))

    def article(self, parent: Any, title: str, *, live: bool = True, kind: str = "ArticlePage", **values: Any) -> Any:
        body = values.pop("body", f"<p>{title}, in <b>full</b>.</p>")
        page = parent.add_child(instance=getattr(self.news, kind)(title=title, body=body, live=False, **values))
        revision = page.save_revision()
        if live:
            revision.publish()
        return self.page(title)

    def page(self, title: str) -> Any:
        return self.models.Page.objects.filter(title=title).order_by("id").first().specific

    def edit(self, known: str, *, publish: bool = True, **values: Any) -> None:
        page = self.page(known).get_latest_revision_as_object()
        for name, value in values.items():
            setattr(page, name, value)
        revision = page.save_revision()
        if publish:
            revision.publish()

    def restrict(self, page: Any, kind: str) -> None:
        self.models.PageViewRestriction.objects.create(page=page, restriction_type=kind, password="x")

    def hour_comes(self, title: str, field: str) -> None:
        """Lets the hour come of a scheduled page: everything that was written of it is moved back."""
        past = NOW - datetime.timedelta(minutes=5)
        page = self.page(title)
        self.models.Page.objects.filter(pk=page.pk).update(**{field: past})
        for revision in self.models.Revision.page_revisions.filter(object_id=str(page.pk)):
            if revision.approved_go_live_at:
                revision.approved_go_live_at = past
            if revision.content.get(field):
                revision.content[field] = past.isoformat()
            revision.save()
        self.call("publish_scheduled", verbosity=0)


Acts = Iterator[tuple[str, Callable[[], Any]]]


def wagtail_acts(desk: Desk) -> Acts:
    """Yields each act's name and what does it."""
    later = NOW + datetime.timedelta(days=30)
    page, edit = desk.page, desk.edit
    yield (
        "sections and pages are published",
        lambda: (
            desk.article(desk.section("World"), "Ferry stops"),
            desk.article(desk.section("Sport"), "Rowers win"),
            desk.article(page("World"), "Quake at night", search_description="A short one"),
            desk.article(page("Sport"), "Home again", slug="home"),
            desk.article(desk.home, "From the desk"),
        ),
    )
    yield "a draft is written", lambda: desk.article(page("World"), "Draft", live=False)
    yield "the draft is edited", lambda: edit("Draft", publish=False, body="<p>Better</p>")
    yield "the draft is published", lambda: edit("Draft")
    yield "a draft of a live page is written", lambda: edit("Ferry stops", publish=False, body="<p>Not yet</p>")
    yield "that draft is published", lambda: edit("Ferry stops")
    yield "a title is edited", lambda: edit("Rowers win", title="Rowers win again")
    yield "a page is saved unchanged", lambda: edit("Rowers win again")
    yield "a slug is changed", lambda: edit("Rowers win again", slug="rowers")
    yield "a link to another page is put into the text", lambda: edit("Rowers win again", body=(
        f'<p>See <a linktype="page" id="{page("Ferry stops").pk}">this</a>.</p>'))  # fmt: skip
    yield "a page is scheduled", lambda: desk.article(page("World"), "Tomorrow", go_live_at=later)
    yield "it goes live by the scheduler", lambda: desk.hour_comes("Tomorrow", "go_live_at")
    yield "an hour of expiry is set", lambda: edit("Tomorrow", expire_at=later)
    yield "it expires by the scheduler", lambda: desk.hour_comes("Tomorrow", "expire_at")
    yield "a page is unpublished", lambda: page("Draft").unpublish()
    yield "it is published again", lambda: edit("Draft")
    yield "a page is moved", lambda: page("Draft").move(page("Sport"), pos="last-child")
    yield "a section gets another slug", lambda: edit("Sport", slug="sports")
    yield "a page wants a login", lambda: desk.restrict(page("Ferry stops"), "login")
    yield "it is open again", lambda: page("Ferry stops").view_restrictions.all().delete()
    yield "a section wants a password", lambda: desk.restrict(page("Sport"), "password")
    yield "the section is open again", lambda: page("Sport").view_restrictions.all().delete()
    yield "a tag is added", lambda: edit_tags(page("Ferry stops"), "boats", "strike")
    yield "a tag is renamed", lambda: rename_tag("boats", "ships")
    yield "a tag is deleted", lambda: rename_tag("strike", "")
    yield "a page is translated", lambda: translate(desk, page("Ferry stops"))
    yield (
        "an alias is made",
        lambda: page("Quake at night").create_alias(parent=page("Sport"), update_slug="quake-alias"),
    )
    yield "a page with an alias is edited", lambda: edit("Quake at night", body="<p>It was strong.</p>")
    yield "a story of blocks is published", lambda: desk.article(
        page("World"), "Blocks", kind="StoryPage",
        body=[("heading", "Tea & <cake>"), ("paragraph", RichText("<p>First</p>")), ("quote", "So \"it\" is")],
    )  # fmt: skip
    yield "its blocks are edited", lambda: edit("Blocks", body=[("paragraph", RichText("<p>Only this</p>"))])
    yield "a section is unpublished alone", lambda: page("World").unpublish()
    yield (
        "a title is changed behind Wagtail's back",
        lambda: desk.models.Page.objects.filter(title="Rowers win again").update(title="By hand"),
    )
    yield "a page is deleted", lambda: page("By hand").delete()
    yield "a section is deleted with its pages", lambda: page("Sport").delete()


def RichText(html: str) -> Any:
    return importlib.import_module("wagtail.rich_text").RichText(html)


def edit_tags(page: Any, *names: str) -> None:
    page.tags.add(*names)
    page.save_revision().publish()


def rename_tag(name: str, new: str) -> None:
    tag = importlib.import_module("taggit.models").Tag.objects.get(name=name)
    if not new:
        tag.delete()
        return
    tag.name = new
    tag.save()


def translate(desk: Desk, page: Any) -> None:
    french, _ = desk.models.Locale.objects.get_or_create(language_code="fr")
    copied = page.copy_for_translation(french, copy_parents=True)
    # The parents come as aliases, live as what they mirror.
    copied.title, copied.body = "Le bac", "<p>Le bac est parti.</p>"
    copied.save_revision().publish()


def wagtail_shows() -> list[dict[str, Any]]:
    """Returns each page of an article that a visitor gets, with its address."""
    client = importlib.import_module("django.test").Client()
    found = []
    for page in importlib.import_module("wagtail.models").Page.objects.order_by("id").specific():
        kind, url = type(page).__name__, page.get_url()
        if kind in {"ArticlePage", "StoryPage"} and url:
            answer = client.get(urlsplit(url).path)
            text = answer.content.decode()
            title, body = re.search("<title>(.*)</title>", text), re.search("<main>(.*)</main>", text, re.DOTALL)
            if title and body:  # Who is asked for a password sees neither.
                shown = {"id": page.pk, "kind": kind, "url": unquote(urlsplit(url).path), "title": title[1]}
                parent = page.get_parent()
                found.append(shown | {
                    "html": body[1], "language": page.locale.language_code, "published_at": page.first_published_at,
                    "section": parent.slug if parent.depth > 2 else None,
                    "tags": sorted(tag.name for tag in page.tags.all()) if kind == "ArticlePage" else [],
                })  # fmt: skip
    return found


def django_acts(desk: Desk) -> Acts:
    """Yields acts on a plain app; the site shows what is published and whose hour has come."""
    news, story = desk.news, lambda slug: desk.news.Story.objects.get(slug=slug)

    def write(slug: str, *tags: str, **values: Any) -> None:
        author, _ = desk.user.objects.get_or_create(username="ann", first_name="Ann", last_name="Reporter")
        category, _ = news.Category.objects.get_or_create(slug="world", name="World")
        values = {"status": "published", "published_at": PAST, "author": author} | values
        made = news.Story.objects.create(
            slug=slug, title=slug.title(), lead="In short", body=f"<p>{slug}</p>", category=category, **values
        )
        made.tags.set([news.Tag.objects.get_or_create(name=name)[0] for name in tags])

    def change(slug: str, **values: Any) -> None:
        desk.news.Story.objects.filter(slug=slug).update(**values)

    yield "stories are published", lambda: [write(f"story-{n}", "rail", "night") for n in range(6)]
    yield "a draft is written", lambda: write("draft", status="draft", published_at=None)
    yield "it is published", lambda: change("draft", status="published", published_at=PAST)
    yield "a story has an hour to come", lambda: write("late", published_at=FUTURE)
    yield "its hour comes", lambda: change("late", published_at=PAST)
    yield "a title is edited", lambda: change("story-1", title="Edited")
    yield "a story without an author comes", lambda: write("nobody", author=None)
    yield "a tag is renamed", lambda: news.Tag.objects.filter(name="rail").update(name="trains")
    yield "a tag is taken away", lambda: story("story-2").tags.clear()
    yield "an author is renamed", lambda: desk.user.objects.update(last_name="Writer")
    yield "an author has one name only", lambda: desk.user.objects.update(first_name="")
    yield "a category gets another slug", lambda: news.Category.objects.update(slug="abroad")
    yield "an author is deleted", lambda: desk.user.objects.all().delete()
    yield "a story is unpublished", lambda: change("story-3", status="draft")
    yield "a story is deleted", lambda: story("story-4").delete()


def django_shows() -> list[dict[str, Any]]:
    stories = importlib.import_module("news.models").Story.objects
    now = datetime.datetime.now(datetime.UTC)
    return [
        {
            "id": story.pk, "url": f"/news/{story.slug}/", "title": story.title, "html": story.body,
            "section": story.category.slug, "author": story.author.get_full_name() if story.author else None,
            "tags": sorted(tag.name for tag in story.tags.all()), "published_at": story.published_at.isoformat(),
        }
        for story in stories.filter(status="published", published_at__lte=now).order_by("id")
    ]  # fmt: skip


def schema(tables: tuple[str, ...]) -> list[str]:
    """Returns statements that make the tables with the columns, keys and indexes that Django made."""
    with importlib.import_module("django.db").connection.cursor() as cursor:
        made = []
        for table in tables:
            cursor.execute(
                "SELECT attname, format_type(atttypid, atttypmod), attnotnull FROM pg_attribute"
                " WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum", [table],
            )  # fmt: skip
            columns = [f'"{name}" {kind}{" NOT NULL" if needed else ""}' for name, kind, needed in cursor.fetchall()]
            made.append(f"CREATE TABLE {table} ({', '.join(columns)})")
            cursor.execute("SELECT indexdef FROM pg_indexes WHERE tablename = %s ORDER BY indexname", [table])
            made += [index.replace(" public.", " ") for (index,) in cursor.fetchall()]
        return made


def rows(tables: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """Returns the rows of each table by key."""
    with importlib.import_module("django.db").connection.cursor() as cursor:
        found = {}
        for table in tables:
            cursor.execute(f"SELECT * FROM {table} ORDER BY 1")
            names = [column.name for column in cursor.description]
            found[table] = {str(row[0]): dict(zip(names, row, strict=True)) for row in cursor.fetchall()}
        return found


def steps(acts: Acts, tables: tuple[str, ...], shows: Callable[[], Any]) -> Iterator[dict[str, Any]]:
    """Yields each act with the rows that it wrote and the keys of those that it deleted, and what is shown then."""
    before: dict[str, dict[str, Any]] = {table: {} for table in tables}
    for name, act in acts:
        act()
        now = rows(tables)
        written = {table: [row for key, row in now[table].items() if row != before[table].get(key)] for table in tables}
        deleted = {table: sorted(before[table].keys() - now[table].keys()) for table in tables}
        yield {
            "act": name,
            "written": {table: found for table, found in written.items() if found},
            "deleted": {table: keys for table, keys in deleted.items() if keys},
            "shown": shows(),
        }
        before = now


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder))
        desk = Desk()
        found: dict[str, Any] = {}
        for kind, acts, shows in (
            ("wagtail", wagtail_acts, wagtail_shows), ("django", django_acts, django_shows),
        ):  # fmt: skip
            tables = TABLES[kind]
            found[kind] = {"schema": schema(tables), "steps": list(steps(acts(desk), tables, shows))}
        found["versions"] = {name: importlib.import_module(name).__version__ for name in ("wagtail", "django")}
    json.dump(found, sys.stdout, default=str, indent=None)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
