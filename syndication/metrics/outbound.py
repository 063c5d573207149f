"""The metrics of what is sent to other people's addresses."""

from prometheus_client import Counter, Gauge

ATTEMPTS = Counter("syndication_outbound", "Attempts to send, by kind of work", ["queue", "outcome"])
UNDER_WAY = Gauge("syndication_outbound_under_way", "Attempts to send that are being made now", ["queue"])
