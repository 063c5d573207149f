"""What Granian imports in each of its workers, after the fork: the front, without garbage collections meanwhile."""

from syndication.process.imports import imports

with imports():
    from syndication.web.front import create_front

__all__ = ["create_front"]
