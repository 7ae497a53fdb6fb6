"""A tiny weather service for the quickstart: made-up figures over real HTTP. It is no example of a good server."""

from __future__ import annotations

import json
import sys
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

SKIES = ("sunny", "cloudy", "rain", "snow", "fog")


class Weather(BaseHTTPRequestHandler):
    """Answers `GET /v1/forecast?city=...&days=...`."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Send the forecast, the same for the same city on every day."""
        parts = urlsplit(self.path)
        query = parse_qs(parts.query)
        city = query.get("city", [""])[0]
        if parts.path != "/v1/forecast" or not city:
            self._send(404, {"error": "try /v1/forecast?city=Ulm"})
            return
        seed = zlib.crc32(city.encode())
        days = range(min(int(query.get("days", ["3"])[0]), 7))
        rows = [{"day": n, "sky": SKIES[(seed >> n) % 5], "celsius": (seed >> (2 * n)) % 30} for n in days]
        self._send(200, {"city": city, "days": rows})

    def _send(self, status: int, value: object) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing: the terminal belongs to the gateway."""


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Weather).serve_forever()
