"""Where the hub is, and where other hubs deliver to us."""

from ada_url import URL

HUB_PATH = "/hub"

ECHO_PATH = "/hub/echo/"
"""Followed by a token: where outside hubs confirm subscriptions of ours, and deliver."""


def hub_url(base_url: str) -> str:
    """Returns the public address of the service's own hub."""
    return base_url + HUB_PATH


def echo_url(base_url: str, token: str) -> str:
    """Returns the callback of the service's own subscription at an outside hub."""
    return f"{base_url}{ECHO_PATH}{token}"


def hub_host(hub: str) -> str:
    """Returns the host of a hub's address, with a port if it is unusual: what people and logs see of it."""
    return URL(hub).host
