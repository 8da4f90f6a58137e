"""What the system tests share: programs that are built, served on a free port, and ended."""
import contextlib
import os
import pathlib
import shlex
import signal
import socket
import subprocess
import time

import httpx
import pytest

import brokers
from brokers import free_port

HERE = pathlib.Path(__file__).resolve().parent
BUILD = pathlib.Path(os.environ.get("CITO_BUILD", HERE.parent.parent / "build")).resolve()


class Server:
    """A program that serves: `url`, `process`, and what it has written so far."""

    def __init__(self, command, log, environment):
        self.log = log
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        with log.open("wb") as out:
            self.process = subprocess.Popen([*command, "--port", str(self.port)], stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
                                            env=os.environ | environment)

    def written(self):
        return self.log.read_text(errors="replace")

    def wait_until_it_serves(self):
        until = time.monotonic() + 20
        while time.monotonic() < until and self.process.poll() is None:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            time.sleep(0.02)
        pytest.fail("it does not serve:\n" + self.written())

    def stop(self):
        """The exit code after SIGTERM."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return None


@pytest.fixture(scope="session")
def serve(tmp_path_factory):
    """with serve(PROGRAM, "--option", DELAY="1") as server: it must end with code 0."""

    @contextlib.contextmanager
    def serving(program, *options, **environment):
        server = Server([str(program), "run", *options], tmp_path_factory.mktemp("server") / "log", environment)
        try:
            server.wait_until_it_serves()
            yield server
        finally:
            code = server.stop()
        assert code == 0, server.written()

    return serving


@pytest.fixture(scope="session")
def compile_program(tmp_path_factory):
    """compile_program(SOURCE): as a user would build it; shared=True gives an object for `cito run`."""
    environment = os.environ | {"PKG_CONFIG_PATH": str(BUILD / "meson-uninstalled")}
    flags = shlex.split(subprocess.run(["pkg-config", "--cflags", "--libs", "cito"], env=environment, capture_output=True, text=True, check=True).stdout)

    def compile_one(source, shared=False):
        source = pathlib.Path(source)
        program = tmp_path_factory.mktemp("program") / (source.stem + (".so" if shared else ""))
        command = [os.environ.get("CC", "cc"), "-std=gnu17", "-O1", "-g", "-Wall", "-Wextra", "-Wno-unused-function", source.name, "-o", str(program), *flags]
        command += [f"-Wl,-rpath,{BUILD}"] + (["-shared", "-fPIC"] if shared else [])
        # From its folder: __FILE__ is the name alone, as messages show it.
        built = subprocess.run(command, cwd=source.parent, capture_output=True, text=True)
        assert built.returncode == 0, built.stderr
        return program

    return compile_one


@pytest.fixture(scope="session")
def example():
    """The path of a built example."""
    return lambda name: BUILD / "examples" / name


@pytest.fixture
def run():
    """run(COMMAND…): a program that ends by itself."""

    def run_one(*command, **environment):
        return subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, env=os.environ | environment)

    return run_one


@pytest.fixture
def client():
    with httpx.Client(timeout=20, trust_env=False) as one:
        yield one


# ---- tasks --------------------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def redis_port(tmp_path_factory):
    """Of a Redis of the tests' own."""
    with brokers.redis_server(tmp_path_factory.mktemp("redis")) as (_, port):
        yield port


@pytest.fixture
def redis_broker(redis_port):
    """Empty."""
    return brokers.Redis(redis_port)


@pytest.fixture(params=["sqlite", "redis"])
def broker(request, tmp_path):
    """Each of the two, empty."""
    return brokers.Sqlite(tmp_path / "tasks.db") if request.param == "sqlite" else request.getfixturevalue("redis_broker")


@pytest.fixture
def gate():
    one = brokers.Gate()
    yield one
    one.close()


@pytest.fixture
def work(tmp_path_factory):
    """with work(PROGRAM, broker, "-c", "1", NAME="value") as worker: it is ready, and must end with code 0 unless the test has ended it."""

    @contextlib.contextmanager
    def working(program, broker, *options, **environment):
        command = program if isinstance(program, list) else [program, "worker"]
        worker = brokers.Worker([*command, *options], tmp_path_factory.mktemp("worker") / "log", broker.environment | environment)
        killed = False
        with brokers.ended(worker.process):
            worker.wait_until_ready()
            yield worker
            killed = worker.process.poll() is not None
        assert killed or worker.process.returncode == 0, worker.written()

    return working
