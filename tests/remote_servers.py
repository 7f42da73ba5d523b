"""Real triple stores on free loopback ports, and a proxy that breaks what goes through it."""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

VIRTUOSO_INI = """\
[Database]
DatabaseFile = virtuoso.db
ErrorLogFile = virtuoso.log
LockFile = virtuoso.lck
TransactionFile = virtuoso.trx
xa_persistent_file = virtuoso.pxa
FileExtend = 200
MaxCheckpointRemap = 2000
[TempDatabase]
DatabaseFile = temp.db
TransactionFile = temp.trx
MaxCheckpointRemap = 2000
[Parameters]
ServerPort = 127.0.0.1:{sql_port}
ServerThreads = 10
CheckpointInterval = 60
NumberOfBuffers = {buffers}
MaxDirtyBuffers = {dirty_buffers}
DirsAllowed = .
[HTTPServer]
ServerPort = 127.0.0.1:{port}
ServerRoot = .
ServerThreads = 8
"""


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def missing(what: str) -> None:
    """Skip where a server is not installed; in CI it must be."""
    if os.environ.get("CI", "").lower() in ("1", "true"):
        pytest.fail(f"{what} is not installed, and CI=true asks for it")
    pytest.skip(f"{what} is not installed")


class Server:
    """A store in a folder of its own, which can be killed and started again."""

    profile: ClassVar[str]

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def command(self) -> list[str]:
        raise NotImplementedError

    def start(self) -> None:
        with (self.folder / "server.out").open("ab") as out:
            self.process = subprocess.Popen(
                self.command(), cwd=self.folder, stdout=out, stderr=out, stdin=subprocess.DEVNULL
            )
        deadline = time.monotonic() + 90
        while True:
            if self.process.poll() is not None:
                pytest.fail(f"{self.profile} ended: {(self.folder / 'server.out').read_text()[-500:]}")
            with suppress(OSError, http.client.HTTPException):
                try:
                    urllib.request.urlopen(self.url + "/sparql?query=ASK%7B%7D", timeout=5).close()
                except urllib.error.HTTPError as answer:
                    answer.close()
                return
            if time.monotonic() > deadline:
                pytest.fail(f"{self.profile} did not come up in 90 s")
            time.sleep(0.05)

    def kill(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None

    def restart(self) -> None:
        self.kill()
        self.start()


class Oxigraph(Server):
    profile = "oxigraph"
    mode = "serve"

    def command(self) -> list[str]:
        beside = Path(sys.executable).parent / "oxigraph"
        binary = str(beside) if beside.exists() else shutil.which("oxigraph")
        if binary is None:
            missing("oxigraph (pip install oxigraph)")
        return [str(binary), self.mode, "--location", "data", "--bind", f"127.0.0.1:{self.port}"]


class Virtuoso(Server):
    profile = "virtuoso"
    #: Of 8 KiB.
    buffers = 8_000
    dirty_buffers = 6_000
    sql_port = 0

    def command(self) -> list[str]:
        binary = shutil.which("virtuoso-t")
        if binary is None:
            missing("virtuoso-t (apt-get install virtuoso-opensource-7-bin virtuoso-opensource-7-common)")
        ini = self.folder / "virtuoso.ini"
        self.sql_port = free_port()
        ini.write_text(
            VIRTUOSO_INI.format(
                port=self.port,
                sql_port=self.sql_port,
                buffers=self.buffers,
                dirty_buffers=self.dirty_buffers,
            )
        )
        (self.folder / "virtuoso.lck").unlink(missing_ok=True)
        return [str(binary), "+foreground", "+configfile", str(ini)]

    def sql(self, statements: str) -> None:
        """Run statements of SQL, as with the server's own client."""
        client = [
            "isql-vt",
            f"127.0.0.1:{self.sql_port}",
            "dba",
            "dba",
            "ERRORS=STDOUT",
            f"EXEC={statements}",
        ]
        done = subprocess.run(client, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
        if "***" in done.stdout:
            pytest.fail(done.stdout)


@contextmanager
def running(kind: type[Server], folder: Path) -> Iterator[Server]:
    server = kind(folder)
    try:
        server.start()
        yield server
    finally:
        server.kill()


#: A fault gets the handler and the body of a request, and returns True if it has dealt with it.
Fault = Callable[["Handler", bytes], bool]


class StandIn:
    """A small HTTP server before a real one (or before none) that lets faults loose on chosen requests.

    `faults` is asked for each request; `seen` holds (method, path, headers) of all that came.
    """

    def __init__(self, target: str | None = None) -> None:
        self.target = target
        self.faults: list[Fault] = []
        self.seen: list[tuple[str, str, dict[str, str]]] = []
        self.bodies: list[bytes] = []
        self.working: set[int] = set()
        stand_in = self

        class Bound(Handler):
            owner = stand_in

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Bound)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})

    def __enter__(self) -> StandIn:
        self.thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
        # A request that was held back still reaches the real server; nobody should meet it later.
        end = time.monotonic() + 30
        while self.working and time.monotonic() < end:
            time.sleep(0.01)

    def count(self, method: str, path: str) -> int:
        return sum(one == method and place.startswith(path) for one, place, _ in self.seen)


class Handler(BaseHTTPRequestHandler):
    owner: ClassVar[StandIn]
    protocol_version = "HTTP/1.1"

    def handle_any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.owner.seen.append((self.command, self.path, dict(self.headers.items())))
        self.owner.bodies.append(body)
        self.owner.working.add(threading.get_ident())
        try:
            if not any(fault(self, body) for fault in list(self.owner.faults)):
                self.forward(body)
        finally:
            self.owner.working.discard(threading.get_ident())

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = handle_any  # noqa: N815

    def forward(self, body: bytes, *, answer: bool = True) -> None:
        if self.owner.target is None:
            self.reply(404, b"nothing here")
            return
        host = self.owner.target.removeprefix("http://")
        connection = http.client.HTTPConnection(host, timeout=60)
        kept = {"content-type", "accept", "content-encoding", "authorization"}
        headers = {name: value for name, value in self.headers.items() if name.lower() in kept}
        connection.request(self.command, self.path, body=body, headers=headers)
        response = connection.getresponse()
        data = response.read()
        connection.close()
        if answer:
            self.reply(
                response.status, data, {"Content-Type": response.headers.get("content-type", "text/plain")}
            )

    def reply(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if status != 204:
            self.wfile.write(body)

    def hang_up(self) -> None:
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing."""


def answering(
    status: int,
    text: str = "",
    headers: dict[str, str] | None = None,
    *,
    to: str = "",
    method: str = "",
    after: int = 0,
    times: int | None = None,
) -> Fault:
    """Answer requests to a path with a status, from the `after`-th on, so many `times`."""
    lock = threading.Lock()
    passed = 0

    def fault(handler: Handler, _body: bytes) -> bool:
        nonlocal passed
        if not handler.path.startswith(to) or (method and handler.command != method):
            return False
        with lock:
            number = passed
            passed += 1
        if number < after or (times is not None and number >= after + times):
            return False
        handler.reply(status, text.encode(), headers)
        return True

    return fault
