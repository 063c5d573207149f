"""A question to the search index: which words an article must have, as each database asks it."""

from collections.abc import Collection
from dataclasses import dataclass

from syndication.model.search_words import MEMBERS, NO_LANGUAGE, WantedWord, status_word, term_word
from syndication.model.selection import Term
from syndication.store.articles.found_articles import ArticleFilter

Group = tuple[WantedWord, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """One word of each group of ``all`` must be there, and none of ``none``. A group has whole words or beginnings."""

    all: tuple[Group, ...]
    none: Group = ()

    @property
    def whole(self) -> "Question | None":
        """The part of it that asks for whole words; None: it asks for beginnings of words alone."""
        groups = tuple(group for group in self.all if not group[0].beginning)
        return Question(groups, self.none) if groups else None

    @property
    def begun(self) -> tuple[Group, ...]:
        """The groups that ask for beginnings of words."""
        return tuple(group for group in self.all if group[0].beginning)

    def fts5(self) -> str:
        """Returns the question as SQLite's full-text table understands it."""
        asked = " AND ".join(_fts5_any(group) for group in self.all)
        return f"({asked}) NOT {_fts5_any(self.none)}" if self.none else asked

    def tsquery(self) -> str:
        """Returns the question as PostgreSQL's text search understands it."""
        excluded = [f"!{_tsquery_any(self.none)}"] if self.none else []
        return " & ".join([*(_tsquery_any(group) for group in self.all), *excluded])


def question_of(wanted: ArticleFilter, words: Collection[WantedWord]) -> Question | None:
    """Returns the question that finds what is wanted; ``words`` are those of its text. None: it finds nothing."""
    if wanted.text and not words:
        return None
    groups: list[Group] = []
    for word in words:
        groups.append((word, WantedWord(MEMBERS + word.word, word.beginning)) if wanted.hidden else (word,))
    if wanted.status is not None or wanted.feeds == "none":
        groups.append((WantedWord(status_word(wanted.status or "published")),))
    if wanted.feed is None:
        return Question(tuple(groups))
    language = wanted.feed.language
    groups += [_terms(group, language) for group in (wanted.feed.any, *wanted.feed.all) if group]
    if not groups and wanted.feed.none:  # FTS5 needs something to take others from.
        groups = [tuple(WantedWord(status_word(one)) for one in ("draft", "published", "withdrawn"))]
    return Question(tuple(groups), _terms(wanted.feed.none, language))


def _terms(group: Collection[Term], language: str) -> Group:
    words = [WantedWord(term_word(term)) for term in group]
    if ("language", language) in group:
        words.append(WantedWord(NO_LANGUAGE))
    return tuple(words)


def _fts5_any(words: Group) -> str:
    return "(" + " OR ".join(f'"{one.word}"' + " *" * one.beginning for one in words) + ")"


def _tsquery_any(words: Group) -> str:
    return "(" + " | ".join(f"'{one.word}'" + ":*" * one.beginning for one in words) + ")"
