"""The comparison of all stories of a source, page by page, inside of looks."""

from syndication.logs import get_logger
from syndication.sources import decide
from syndication.sources.reading import OutOfTime
from syndication.sources.run import Run
from syndication.store.sources import source_rows

log = get_logger(__name__)

PAGE = 500
"""Stories compared at once."""


def sweep(run: Run) -> None:
    """Compares pages where the look before ended; raises OutOfTime if its time is over before all are compared."""
    state, storing = run.state, run.storing
    after, vanished = state.sweep_after, 0
    # What was accepted counts until the end of the sweep that takes IDs over.
    accepted = state.accepted_at is not None or storing.taking_over
    if after is None:
        _go_on(run.records.sweep_began())
    while rows := list(run.look.page(after, PAGE)):
        with storing.database.read() as conn:
            known = source_rows.find(conn, storing.table.name, [row.id for row in rows])
        failed = run.reading.store_or_error(decide.to_read(rows, known, storing.settings, refused_too=True))
        unshown = len(run.reading.vanished)
        run.withdraw_unshown(vanished, accepted=accepted)
        if failed is not None:
            raise failed
        after, vanished = rows[-1].id, vanished + unshown
        _go_on(run.records.swept(after))
        if run.reading.is_over():
            raise OutOfTime
    _go_on(run.records.sweep_ended())
    log.info("source_swept", source=storing.table.name, stored=storing.counts.stored)


def _go_on(recorded: bool) -> None:
    """Ends the look if somebody accepted the source since it began: the next one begins the sweep again."""
    if not recorded:
        raise OutOfTime
