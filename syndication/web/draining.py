"""The last seconds of a web process that is to stop: it answers as before, and sends load balancers elsewhere."""

import signal

SIGNAL = signal.SIGUSR1
"""Tells a worker of a web process that the stop is near."""

READINESS = "/readyz"
"""From now on it is answered with 503."""

LEAVING = b'{"draining": true}\n'
HEADERS = [
    ("Content-Type", "application/json"),
    ("Content-Length", str(len(LEAVING))),
    ("Cache-Control", "no-store"),
    ("Connection", "close"),
]
