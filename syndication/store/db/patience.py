"""How long a silent server is waited for, and how a process that stops waits no longer."""

GRACE_FACTOR = 1.2
"""The server's own timeout fires first, and keeps the connection: the client waits this much longer."""


class Patience:
    """Seconds of silence that the connections of one database wait through.

    A process that stops calls ``end``: then the first silence of ``seconds`` is the last that is waited for, because
    each further step of the stop would wait for the same server again.
    """

    def __init__(self, seconds: float = float("inf")) -> None:
        self.seconds = seconds
        self.is_ending = False
        self.is_over = False

    def end(self, seconds: float) -> None:
        """Shortens the wait, also of statements that wait now; called by any thread."""
        self.seconds = min(self.seconds, seconds)
        self.is_ending = True

    def ends(self, silent: float) -> bool:
        """Returns whether a server that was silent for so many seconds is waited for no longer."""
        if silent > self.seconds * GRACE_FACTOR:
            self.lose()
            return True
        return self.is_over

    def lose(self) -> None:
        """Records that the server was silent for too long."""
        self.is_over = self.is_ending
