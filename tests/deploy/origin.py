"""A web machine that records what a proxy asks it, and answers with a short text that may be kept."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Origin:
    """Two ports of one recording server; ``asked`` are the requests besides a cache's own /readyz."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self._servers = [ThreadingHTTPServer(("127.0.0.1", 0), self._handler()) for _ in range(2)]
        self.ports = [server.server_port for server in self._servers]
        for server in self._servers:
            threading.Thread(target=server.serve_forever, daemon=True).start()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        asked = self.asked

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                if self.path != "/readyz":
                    sent = [[name.lower(), value] for name, value in self.headers.items()]
                    asked.append({"method": self.command, "path": self.path, "headers": sent, "body": body})
                text = json.dumps({"asked": len(asked)}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(text)))
                self.send_header("Cache-Control", "no-store")
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST = do_PUT = do_OPTIONS = answer

            def log_message(self, *_: object) -> None:
                """Tests have nothing to read here."""

        return Handler

    def headers(self) -> dict[str, str]:
        """The headers of the last request."""
        return dict(self.asked[-1]["headers"])

    def close(self) -> None:
        """End both."""
        for server in self._servers:
            server.shutdown()
            server.server_close()
