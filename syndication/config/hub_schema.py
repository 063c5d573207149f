"""[hub]: push by WebSub."""

from typing import Annotated, Self

from ada_url import URL
from pydantic import BeforeValidator, Field, model_validator

from syndication.config.value_types import Switch, TomlTable


def _list(value: object) -> object:
    """Returns a list as a tuple; in the environment, its parts are separated by spaces."""
    return tuple(value.split()) if isinstance(value, str) else tuple(value) if isinstance(value, list) else value


def _hubs(value: object) -> object:
    found = _list(value)
    if not isinstance(found, tuple) or not all(isinstance(one, str) and _is_hub(one) for one in found):
        raise ValueError('should be a list of addresses, like ["https://hub.example/"], without user names and #')
    return tuple(dict.fromkeys(found))


def _is_hub(value: str) -> bool:
    try:
        at = URL(value)
    except ValueError:
        return False
    is_plain = value.isascii() and value.isprintable() and " " not in value
    return at.protocol in ("http:", "https:") and is_plain and not (at.username or at.password or at.hash)


def _ports(value: object) -> object:
    found = _list(value)
    if not isinstance(found, tuple) or not all(str(one).isascii() and str(one).isdecimal() for one in found):
        raise ValueError("should be a list of port numbers, like [443]; empty: any")
    numbers = tuple(int(one) for one in found)
    if not all(0 < one < 65536 for one in numbers):
        raise ValueError("should be a list of port numbers from 1 to 65535; empty: any")
    return numbers


MAX_LEASE = 315_360_000
"""Ten years: no subscription is perpetual (WebSub section 5.3.1)."""

HubAddresses = Annotated[tuple[str, ...], BeforeValidator(_hubs)]
Ports = Annotated[tuple[int, ...], BeforeValidator(_ports)]


class HubSettings(TomlTable):
    """[hub]: push (WebSub). ``outside`` are the addresses of other hubs, which are told of each publication.

    ``urls_at_once`` is how many feeds one request names.

    ``ports`` are those of callbacks; empty: any. ``per_host`` and ``per_address`` limit subscriptions by the callback's
    host and by the IP address that it has.
    """

    enabled: Switch = True
    outside: HubAddresses = ()
    urls_at_once: Annotated[int, Field(ge=1, le=1_000)] = 99
    echo_seconds: Annotated[float, Field(ge=1)] = 600.0
    allow_private: Switch = False
    ports: Ports = (80, 443, 8080, 8443)
    lease_seconds: Annotated[int, Field(ge=1, le=MAX_LEASE)] = 864_000
    min_lease_seconds: Annotated[int, Field(ge=1, le=MAX_LEASE)] = 3_600
    max_lease_seconds: Annotated[int, Field(ge=1, le=MAX_LEASE)] = 2_592_000
    per_host: Annotated[int, Field(ge=1)] = 2_000
    per_address: Annotated[int, Field(ge=1)] = 5_000
    requests_per_minute: Annotated[int, Field(ge=1)] = 60
    timeout: Annotated[float, Field(gt=0, le=60)] = 10.0
    at_once: Annotated[int, Field(ge=1, le=2_000)] = 200
    retry_seconds: Annotated[float, Field(gt=0)] = 86_400.0
    log_days: Annotated[int, Field(ge=1, le=90)] = 7

    @model_validator(mode="after")
    def _leases_are_in_order(self) -> Self:
        if not self.min_lease_seconds <= self.lease_seconds <= self.max_lease_seconds:
            raise ValueError("hub.lease_seconds should lie between min_lease_seconds and max_lease_seconds")
        return self
