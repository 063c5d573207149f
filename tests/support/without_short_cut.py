"""The application without its short cut, so that the Flask view answers polls: a server's factory, for tests."""

from flask import Flask

from syndication.app import create_app as with_short_cut
from syndication.web.wsgi.feed_middleware import FeedMiddleware


def create_app() -> Flask:
    """The app whose polls are answered by the view."""
    app = with_short_cut()
    outermost = app.wsgi_app
    assert isinstance(outermost, FeedMiddleware)
    app.wsgi_app = outermost.app
    return app
