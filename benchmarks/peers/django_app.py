"""Django's syndication framework with gzip and conditional GET, and with its cache if DJANGO_CACHE is 1."""

import os

import django
from django.conf import settings
from django.contrib.syndication.views import Feed
from django.core.wsgi import get_wsgi_application
from django.urls import path
from django.utils.feedgenerator import Atom1Feed

from benchmarks.peers import HOME, SECTION, loaded

# In the order that Django's documentation requires.
MIDDLEWARE = ["django.middleware.gzip.GZipMiddleware", "django.middleware.http.ConditionalGetMiddleware"]
if os.environ.get("DJANGO_CACHE") == "1":
    before, after = "django.middleware.cache.UpdateCacheMiddleware", "django.middleware.cache.FetchFromCacheMiddleware"
    MIDDLEWARE = [before, *MIDDLEWARE, after]

settings.configure(
    SECRET_KEY="none",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    MIDDLEWARE=MIDDLEWARE,
    USE_TZ=True,
    CACHES={"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
    CACHE_MIDDLEWARE_SECONDS=600,
)
django.setup()
ARTICLES = loaded()


class AtomWithContent(Atom1Feed):
    """Adds an element for the body to Django's Atom feed, as its documentation shows."""

    def add_item_elements(self, handler, item):
        """Writes Django's elements and the body."""
        super().add_item_elements(handler, item)
        handler.addQuickElement("content", item["content"], {"type": "html"})


class Latest(Feed):
    """The feed of the section."""

    feed_type = AtomWithContent
    title = SECTION
    link = f"{HOME}/"
    feed_url = f"{HOME}/feeds/{SECTION}.atom"

    def items(self):
        """The articles, newest first."""
        return ARTICLES

    def item_title(self, item):
        """The headline."""
        return item["title"]

    def item_description(self, item):
        """The summary."""
        return item["summary"] or item["title"]

    def item_link(self, item):
        """The article's page."""
        return HOME + item["url"]

    def item_guid(self, item):
        """The id."""
        return f"tag:daily.example,2026-01-01:article/{item['id']}"

    def item_author_name(self, item):
        """The byline."""
        return ", ".join(item["authors"])

    def item_categories(self, item):
        """Sections and tags."""
        return [*item["sections"], *item["tags"]]

    def item_pubdate(self, item):
        """When it was published."""
        return item["published_at"]

    def item_updateddate(self, item):
        """When it was changed."""
        return item["updated_at"]

    def item_extra_kwargs(self, item):
        """The body, for ``AtomWithContent``."""
        return {"content": item["html"]}


urlpatterns = [path(f"feeds/{SECTION}.atom", Latest())]
app = get_wsgi_application()
