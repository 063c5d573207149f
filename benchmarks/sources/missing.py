"""Which of the real programs are installed; what is missing is said."""

import sys

from tests.support import wordpress
from tests.support.mariadb import SERVER


def wordpress_is_here() -> bool:
    """Returns whether WordPress can be run here, and prints what it lacks."""
    if absent := wordpress.missing():
        packages = "wordpress mariadb-server php-cli php-mysql"
        print(f"WordPress is not measured: {absent} (apt-get install {packages})", file=sys.stderr)
    return not absent


def mariadb_is_here() -> bool:
    """Returns whether MariaDB can be run here, and says so if not."""
    if not SERVER:
        print("Ghost is not measured: mariadb-server is missing (apt-get install mariadb-server)", file=sys.stderr)
    return bool(SERVER)
