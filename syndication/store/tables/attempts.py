"""The columns of work that workers share and attempt until it is done."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column


class AttemptColumns:
    """Attempts so far, and who makes the next one.

    ``lease_until``: the worker ``lease_owner`` is at it until then, at the latest. ``lost`` counts the workers that
    ended while they were. ``retry_at`` is when it may be tried again; None: at once. ``error`` is why the last attempt
    failed, at ``failed_at``. After ``given_up_at``, no attempt follows unless somebody asks for it.
    """

    attempts: Mapped[int] = mapped_column(server_default="0")
    lost: Mapped[int] = mapped_column(server_default="0")
    lease_owner: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    retry_at: Mapped[datetime | None]
    error: Mapped[str | None]
    failed_at: Mapped[datetime | None]
    given_up_at: Mapped[datetime | None]
