"""What publishing costs, beside an older version of the program out of git (``--against REVISION``).

Both versions run on this machine at the same time, each with its own database, worker and web process, and the same
articles, and are measured in turns. The older one runs with the packages that are installed. Articles are written by
the version's own code, in a process of its own.

    commit to served, alone      commits over a second apart into one section, from the return of the commit until a
                                 reader with gzip gets another ETag; one poll a millisecond
    commit to served, in turns   a commit every 0.15 seconds, in each of ten sections in turn; all are in ``all``
    processor time               of worker and web process with their children, without polls, until everything that
                                 follows an article is done; less what they use while nothing happens. Alone: articles
                                 are four seconds apart, so that br and zstd, which wait until a feed has stood still,
                                 are made for each. In a burst they are 1.2 seconds apart
    statements                   sent to PostgreSQL, by its log; one that is executed for many rows at once counts once.
                                 Of a regeneration: from the claim of the section to the commit of its version, without
                                 the claim of the next section and without what does not name the section, such as
                                 heartbeats. After one article: less those that are sent while nothing happens
    memory                       resident, with children, after the measurements
    rebuild                      of 200 sections (400 with --full) by two workers that have just started: requested
                                 while nothing has changed, and because the title of the site is another, which changes
                                 every document
    click to served              from POST /regenerations of all sections, of which none has changed, until it is done
                                 and served; the worker has been running since before the click
"""

from benchmarks.databases import DIALECTS, available
from benchmarks.options import Options
from benchmarks.publishing import one_article, rebuilds
from benchmarks.publishing.figures import Figures
from benchmarks.publishing.versions import versions
from benchmarks.table import show


def run(options: Options) -> None:
    """Measures on each database."""
    with versions(options.against) as found:
        for dialect in available()[-1:] if options.quick else available():  # PostgreSQL has more figures.
            for part, title in ((one_article, "ten sections"), (rebuilds, "all sections at once")):
                figures = Figures(found)
                part.measure(dialect, found, options, figures)
                show(f"publishing, {title}, {DIALECTS[dialect]}", figures.columns, figures.rows)
