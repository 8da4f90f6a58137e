"""What the tests of tasks share: the two brokers and what is asked of them from outside, workers as processes, servers that end with their test."""
import base64
import contextlib
import getpass
import glob
import json
import os
import pathlib
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import uuid

import pytest
import redis


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def wait_for(condition, what, limit_s=30):
    """As long as it takes, up to the limit: how long is not asserted. `what` may be a function, for what it says at the end."""
    until = time.monotonic() + limit_s
    while time.monotonic() < until:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    pytest.fail(f"it did not happen: {what() if callable(what) else what}")


@contextlib.contextmanager
def ended(process):
    """Whatever happens in the block, the process is gone after it."""
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


# ---- Celery's messages, as its clients send them --------------------------------------------------------------------------------------


def task_message(task, args=(), kwargs=None, body=None, **headers):
    """(task id, envelope): protocol 2. body: in place of what args and kwargs make."""
    task_id = str(uuid.uuid4())
    if body is None:
        body = json.dumps([list(args), kwargs or {}, {"callbacks": None, "errbacks": None, "chain": None, "chord": None}]).encode()
    envelope = {
        "body": base64.b64encode(body).decode(), "content-encoding": "utf-8", "content-type": "application/json",
        "headers": {"lang": "py", "task": task, "id": task_id, "root_id": task_id, "parent_id": None, "group": None, "retries": 0, "eta": None, "expires": None,
                    "timelimit": [None, None], "argsrepr": "", "kwargsrepr": "", "origin": "test", "ignore_result": False} | headers,
        "properties": {"correlation_id": task_id, "reply_to": str(uuid.uuid4()), "delivery_mode": 2, "delivery_info": {"exchange": "", "routing_key": "celery"},
                       "priority": 0, "body_encoding": "base64", "delivery_tag": str(uuid.uuid4())}}
    return task_id, json.dumps(envelope)


class Broker:
    def send(self, task, *args, body=None, **kwargs):
        task_id, envelope = task_message(task, args, kwargs, body)
        self.send_raw(envelope)
        return task_id

    def wait_for_result(self, task_id, limit_s=30):
        def final():
            meta = self.result(task_id)
            return meta if meta and meta["status"] in ("SUCCESS", "FAILURE", "REVOKED") else None
        return wait_for(final, f"task {task_id} ends", limit_s)


class Sqlite(Broker):
    """The embedded one: a file."""

    name = "sqlite"

    def __init__(self, path):
        self.path = path
        self.environment = {"CELERY_BROKER_URL": f"sqlite://{path}", "CELERY_RESULT_BACKEND": f"sqlite://{path}"}

    def run(self, sql, *values):
        with contextlib.closing(sqlite3.connect(self.path, timeout=20, isolation_level=None)) as database:
            return database.execute(sql, values).fetchall()

    def send_raw(self, envelope):
        self.run("INSERT INTO message(queue, state, priority, due, holder, redelivered, expires, envelope) VALUES('celery', 0, 0, 0, 0, 0, 0, ?)",
                 envelope.encode())

    def result(self, task_id):
        rows = self.run("SELECT meta FROM result WHERE id = ?", task_id)
        return json.loads(rows[0][0]) if rows else None

    def left(self):
        return self.run("SELECT count(*) FROM message")[0][0]


class Redis(Broker):
    name = "redis"

    def __init__(self, port):
        self.environment = {"CELERY_BROKER_URL": f"redis://127.0.0.1:{port}/0", "CELERY_RESULT_BACKEND": f"redis://127.0.0.1:{port}/1"}
        self.messages, self.results = redis.Redis(port=port, db=0), redis.Redis(port=port, db=1)
        self.messages.flushall()

    def send_raw(self, envelope):
        self.messages.lpush("celery", envelope)

    def result(self, task_id):
        meta = self.results.get("celery-task-meta-" + task_id)
        return json.loads(meta) if meta else None

    def left(self):
        return self.messages.llen("celery") + self.messages.hlen("unacked")


# ---- servers ----------------------------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def redis_server(folder, *options, port=None):
    """(process, port) of a Redis of one's own."""
    port = port or free_port()
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", "", *options]
    with (folder / "redis.log").open("wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
    with ended(process):
        def answers():
            with contextlib.suppress(redis.ConnectionError):
                return redis.Redis(port=port).ping()
        wait_for(answers, "Redis answers")
        yield process, port


class Postgres:
    def __init__(self, port, log, user):
        self.log = log
        self.connection_string = f"host=127.0.0.1 port={port} user={user} dbname=postgres"

    def run(self, sql):
        return subprocess.run(["psql", "--no-psqlrc", "-qAtd", self.connection_string, "-c", sql], capture_output=True, text=True, check=True).stdout

    @contextlib.contextmanager
    def locked(self, table):
        """Whoever writes to the table waits until the end of the block."""
        command = ["psql", "--no-psqlrc", "-qAtd", self.connection_string]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
            holder.stdin.write(f"BEGIN; LOCK TABLE {table} IN EXCLUSIVE MODE; SELECT 'locked';\n")
            holder.stdin.flush()
            assert holder.stdout.readline() == "locked\n"
            yield
            holder.stdin.close()


@contextlib.contextmanager
def postgres_server():
    """A PostgreSQL of one's own that writes each statement to its log. It refuses to be root's, and then is the user's that Debian has for it."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="cito_postgres_"))
    programs = pathlib.Path(max(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda path: int(path.split("/")[4])))
    user = "postgres" if os.geteuid() == 0 else getpass.getuser()
    identity = {"user": user, "group": user, "extra_groups": []} if os.geteuid() == 0 else {}
    if identity:
        shutil.chown(folder, user, user)
    try:
        subprocess.run([programs / "initdb", "-D", folder / "data", "-A", "trust", "-U", user, "--no-sync"], cwd=folder, check=True, capture_output=True, **identity)
        port = free_port()
        command = [programs / "postgres", "-D", folder / "data", "-p", str(port), "-k", "", "-h", "127.0.0.1", "-F", "-c", "log_statement=all"]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, **identity)
        with ended(process):
            server = Postgres(port, folder / "log", user)
            def answers():
                with contextlib.suppress(subprocess.CalledProcessError):
                    return server.run("SELECT 1")
            wait_for(answers, lambda: "PostgreSQL answers\n" + server.log.read_text())
            yield server
    finally:
        shutil.rmtree(folder)


class Gate:
    """A Redis that answers one command when it is let through: a task that asks it runs for exactly as long as the test wants."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(60)
        self.asking = None
        self.address = f"127.0.0.1:{self.listener.getsockname()[1]}"

    def wait_until_asked(self):
        self.asking, _ = self.listener.accept()
        self.asking.settimeout(20)
        assert self.asking.recv(1000)

    def let_through(self, value="1"):
        with self.asking:
            self.asking.sendall(f"${len(value)}\r\n{value}\r\n".encode())

    def close(self):
        self.listener.close()
        if self.asking:
            self.asking.close()


# ---- workers ------------------------------------------------------------------------------------------------------------------------------


class Worker:
    """A worker of tasks: `process`, and what it has written so far."""

    def __init__(self, command, log, environment):
        self.log = log
        with log.open("wb") as out:
            self.process = subprocess.Popen([str(word) for word in command], cwd=log.parent, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
                                            env=os.environ | environment)

    def written(self):
        return self.log.read_text(errors="replace")

    def wait_until_ready(self):
        wait_for(lambda: " ready." in self.written() or self.process.poll() is not None, lambda: "it is ready:\n" + self.written())
        assert self.process.poll() is None, self.written()


def celery_command(broker, *words):
    """The `celery` program of the tests' virtual environment."""
    return [sys.executable, "-m", "celery", "-b", broker.environment["CELERY_BROKER_URL"], *words]
