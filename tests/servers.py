"""Real servers on loopback that misbehave in the ways real ones do."""

import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = timedelta(days=1)


class Handler(BaseHTTPRequestHandler):
    """The path says how to misbehave: /status/503, /drip, /big, /text/x, /named/utf-8, /to/<url>, /loop, /slow/9."""

    def do_GET(self) -> None:
        verb, _, rest = self.path.lstrip("/").partition("/")
        getattr(self, f"do_{verb or 'text'}", self.do_text)(rest)

    do_HEAD = do_POST = do_GET  # noqa: N815 - http.server's names

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_status(self, rest: str) -> None:
        self.answer(int(rest))

    def do_text(self, rest: str) -> None:
        seen = f"{self.command} {rest} {self.headers.get('Accept-Encoding')}"
        self.answer(200, f"{seen} 正常稼働中".encode(), Content_Type="text/plain; charset=utf-8")

    def do_sjis(self, rest: str) -> None:
        self.answer(200, "正常稼働中".encode("shift_jis"), Content_Type="text/html; charset=Shift_JIS")

    def do_named(self, rest: str) -> None:
        """A content type that names any charset, in bytes of latin-1 that are not UTF-8."""
        self.answer(200, "正常稼働中".encode(), Content_Type=f"text/\xe9; charset={rest}")

    def do_gzip(self, rest: str) -> None:
        self.answer(200, b"\x1f\x8b not really", Content_Encoding="gzip")

    def do_to(self, rest: str) -> None:
        self.answer(302, Location=rest)

    def do_loop(self, rest: str) -> None:
        self.answer(302, Location=f"/loop/{int(rest or 0) + 1}")

    def do_hops(self, rest: str) -> None:
        left = int(rest)
        self.answer(302, Location=f"/hops/{left - 1}" if left > 1 else "/text/arrived")

    def do_slow(self, rest: str) -> None:
        time.sleep(int(rest) / 1000)
        self.answer(200, b"late")

    def do_drip(self, rest: str) -> None:
        """Never silent long enough for a timeout of a single read."""
        self.send_response(200)
        self.end_headers()
        for _ in range(200):
            self.wfile.write(b".")
            self.wfile.flush()
            time.sleep(0.05)

    def do_big(self, rest: str) -> None:
        """Ten megabytes, and the count of how many the client took."""
        self.send_response(200)
        self.end_headers()
        for _ in range(160):
            self.wfile.write(b"x" * 65_536)
            self.server.sent_bytes += 65_536  # type: ignore[attr-defined]

    def log_message(self, *args: object) -> None:
        return


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256
    sent_bytes = 0
    accepted = 0

    def get_request(self) -> tuple[object, object]:  # type: ignore[override]
        self.accepted += 1
        return super().get_request()

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that hang up are what these tests are about."""

    @property
    def port(self) -> int:
        return int(self.server_address[1])


@contextmanager
def serving(certificate: Path | None = None) -> Iterator[Server]:
    """A server on 127.0.0.1; https with the PEM file `certificate`."""
    server = Server(("127.0.0.1", 0), Handler)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def make_certificate(path: Path, *, days_left: int, host: str = "127.0.0.1") -> Path:
    """A self-signed certificate with its key, ending `days_left` days from the real now."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - 90 * DAY)
        .not_valid_after(now + days_left * DAY + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(host))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return path
