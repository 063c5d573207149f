"""[[notification]]: a channel, to which the service says what is wrong, and when it is over."""

import re
from datetime import datetime, time, tzinfo
from typing import Annotated, Any, Literal, get_args

from ada_url import URL
from pydantic import AfterValidator, BeforeValidator, Field, SerializeAsAny, model_validator

from syndication.config.named_tables import NamedTables
from syndication.config.source_schema import SourceName
from syndication.config.value_types import SECRET_LENGTH, Switch, TomlTable
from syndication.model.formats import email_address

Cause = Literal["no-worker", "no-web", "triggers", "failing", "held", "left-out", "silent", "source", "purge", "hub"]
"""What can be wrong; ``diagnostics.health`` finds it."""

CAUSES: tuple[Cause, ...] = get_args(Cause)

URGENT: tuple[Cause, ...] = ("no-worker", "no-web", "triggers", "held")
"""What passes a quiet time unless the channel says otherwise: readers get nothing new, or lose entries in a minute."""

QUIET = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")


def _causes(value: object) -> object:
    """Validates a list of causes, or in the environment their names separated by spaces."""
    named = tuple(value.split()) if isinstance(value, str) else tuple(value) if isinstance(value, list) else value
    if not isinstance(named, tuple) or not set(named) <= set(CAUSES):
        raise ValueError(f"should be a list of some of {', '.join(CAUSES)}")
    return named


def _quiet(value: str) -> str:
    found = QUIET.fullmatch(value)
    if value and (found is None or found.group(1, 2) == found.group(3, 4)):
        raise ValueError(
            'should be two different times of day in the newsroom\'s time zone, like "22:00-07:00", or empty'
        )
    return value


def _number(value: object) -> object:
    """Returns a number that the environment has as text."""
    return float(value) if isinstance(value, str) and re.fullmatch(r"\d+(\.\d+)?", value) else value


def _mailbox(value: str) -> str:
    if email_address(value) != value:
        raise ValueError("should be an email address like desk@daily.example")
    return value


def _mailboxes(value: object) -> object:
    """Validates a list of addresses, or in the environment addresses separated by spaces."""
    named = tuple(value.split()) if isinstance(value, str) else tuple(value) if isinstance(value, list) else value
    if not isinstance(named, tuple) or not named or not all(isinstance(one, str) for one in named):
        raise ValueError('should be a list of email addresses, like ["desk@daily.example"]')
    return tuple(_mailbox(one) for one in named)


def _host(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9.-]+|[0-9A-Fa-f:.]+", value):
        raise ValueError("should be the name of a mail server, like smtp.daily.example, without a port")
    return value


def _hook(value: str) -> str:
    """Validates an address; the error never shows it, as whoever knows it can post."""
    try:
        at = URL(value)
    except ValueError as error:
        raise ValueError("should start with https:// (or http://) and a host") from error
    if at.protocol not in ("http:", "https:") or not at.hostname or not re.fullmatch(r"[!-~]+", value):
        raise ValueError("should start with https:// (or http://) and a host, and contain only ASCII without spaces")
    if at.username or at.password or at.hash:
        raise ValueError("should contain no user name and no #")
    return value


def _secret(value: str) -> str:
    if len(value) < SECRET_LENGTH:
        # The error never shows the secret.
        raise ValueError(f"should have at least {SECRET_LENGTH} characters: `openssl rand -base64 32` generates one")
    return value


Causes = Annotated[tuple[Cause, ...], BeforeValidator(_causes)]
HookAddress = Annotated[str, AfterValidator(_hook)]
Mailbox = Annotated[str, AfterValidator(_mailbox)]


class NotificationTable(TomlTable):
    """What all kinds have in common. A key that ends in ``_FILE`` names a file with the value: ``password_FILE``.

    ``settle_seconds`` is how long something must have been wrong, or be over, before the channel is told;
    ``repeat_hours``: after this time it is told again (0: never).
    """

    name: SourceName
    causes: Causes = CAUSES
    urgent: Causes = URGENT
    quiet: Annotated[str, AfterValidator(_quiet)] = ""
    settle_seconds: Annotated[float, BeforeValidator(_number), Field(ge=0, le=3600)] = 60.0
    repeat_hours: Annotated[float, BeforeValidator(_number), Field(ge=0, le=744)] = 0.0
    allow_private: Switch = False

    @property
    def label(self) -> str:
        """The kind, which every subclass has."""
        return str(getattr(self, "kind", ""))

    def is_quiet(self, moment: datetime, zone: tzinfo) -> bool:
        """Returns whether a moment is in the quiet time, by the clock on the newsroom's wall."""
        found = QUIET.fullmatch(self.quiet)
        if found is None:
            return False
        begins, ends = time(int(found[1]), int(found[2])), time(int(found[3]), int(found[4]))
        local = moment.astimezone(zone).time()
        return begins <= local < ends if begins < ends else local >= begins or local < ends


class EmailChannel(NotificationTable):
    """``security``: starttls (port 587), tls from the beginning (465), or none, which allows no password."""

    kind: Literal["email"]
    host: Annotated[str, AfterValidator(_host)]
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str = ""
    password: str = ""
    sender: Mailbox
    recipients: Annotated[tuple[str, ...], BeforeValidator(_mailboxes), Field(max_length=50)]

    @model_validator(mode="after")
    def _encrypted_login(self) -> "EmailChannel":
        if self.username and self.security == "none":
            raise ValueError("has a username and security none: the password would be sent unencrypted")
        if bool(self.username) != bool(self.password):
            raise ValueError("should have both username and password, or neither")
        return self


class SlackChannel(NotificationTable):
    """An incoming webhook of Slack, or of Mattermost and others that accept the same. ``url`` is a secret."""

    kind: Literal["slack"]
    url: HookAddress


class WebhookChannel(NotificationTable):
    """A webhook signed as in Standard Webhooks. ``url`` is kept as a secret too."""

    kind: Literal["webhook"]
    url: HookAddress
    secret: Annotated[str, AfterValidator(_secret)]


CHANNEL_KINDS: dict[str, type[NotificationTable]] = {
    "email": EmailChannel,
    "slack": SlackChannel,
    "webhook": WebhookChannel,
}
"""The settings of each kind."""

CHANNELS = NamedTables("notification", "desk", CHANNEL_KINDS)


def _of_its_kind(value: Any) -> Any:
    """Validates a table by the class of its kind; ``NamedTables`` has refused an unknown one."""
    kind = CHANNEL_KINDS.get(value.get("kind", "")) if isinstance(value, dict) else None
    return value if kind is None else kind.model_validate(value)


AnyChannel = Annotated[SerializeAsAny[NotificationTable], BeforeValidator(_of_its_kind)]
