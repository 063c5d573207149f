"""Draining before a stop: the web process still answers, but reports itself as not ready to load balancers."""

import signal

SIGNAL = signal.SIGUSR1
"""Tells a front to drain."""

READINESS = "/readyz"
"""The path that answers 503 while draining."""

LEAVING = b'{"draining": true}\n'
HEADERS = [
    ("Content-Type", "application/json"),
    ("Content-Length", str(len(LEAVING))),
    ("Cache-Control", "no-store"),
    ("Connection", "close"),
]
