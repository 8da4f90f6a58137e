"""A master and its workers, from outside: who answers, what a dead, stopped or blocked worker costs, reload, the ways to end."""
import collections
import concurrent.futures
import contextlib
import http.client
import json
import os
import pathlib
import signal
import subprocess
import threading

import httpx
import pytest

from brokers import wait_for

WORKERS = 4


def ask(port, path="/pid", timeout=20):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = json.loads(answer.read())
        assert answer.status == 200, (answer.status, body)
        return body
    finally:
        connection.close()


def is_alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def children(pid):
    return [int(word) for word in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def workers(server):
    return [pid for pid in children(server.process.pid) if is_alive(pid)]


def wait_until_ready(server, count):
    wait_for(lambda: server.written().count("] is ready") >= count, f"{count} workers are ready:\n{server.written()}")


def wait_until_taken(server):
    """A connection is established and a worker has it: accepted sockets belong to a process, waiting ones do not."""
    def is_taken():
        own = {line.split()[9] for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]
               if line.split()[1].endswith(f":{server.port:04X}") and line.split()[3] == "01"}
        return any(os.readlink(f"/proc/{pid}/fd/{fd}") in {f"socket:[{inode}]" for inode in own} for pid in workers(server) for fd in os.listdir(f"/proc/{pid}/fd"))
    wait_for(is_taken, "a worker has the connection")


@pytest.fixture
def four(serve, example):
    with serve(example("contract"), "--workers", str(WORKERS), "--timeout", "1") as server:
        wait_until_ready(server, WORKERS)
        yield server


class Load:
    """Clients that ask without a pause until the block ends; what failed is in `failures`."""

    def __init__(self, port, fresh=2, kept=2):
        self.port, self.failures, self.answers, self.over = port, [], collections.Counter(), threading.Event()
        self.threads = [threading.Thread(target=self.run, args=(kind,)) for kind in [self.ask_fresh] * fresh + [self.ask_kept] * kept]

    def run(self, kind):
        while not self.over.is_set():
            try:
                kind()
            except (OSError, http.client.HTTPException, AssertionError) as failure:
                self.failures.append(repr(failure))

    def ask_fresh(self):
        self.answers[ask(self.port)["pid"]] += 1

    def ask_kept(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            while not self.over.is_set():
                connection.request("GET", "/pid")
                answer = connection.getresponse()
                self.answers[json.loads(answer.read())["pid"]] += 1
                if answer.headers.get("connection") == "close":
                    return
        finally:
            connection.close()

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()


def test_all_four_ids_answer_evenly(serve, example):
    with serve(example("four_workers"), "--workers", "4") as server:
        wait_until_ready(server, 4)
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(lambda _: ask(server.port, "/"), range(400)))
        count = collections.Counter(answer["worker_id"] for answer in answers)
        assert sorted(count) == [1, 2, 3, 4]
        assert len({answer["pid"] for answer in answers}) == 4
        assert max(count.values()) <= 200, count  # they take turns: 100 each, with some room


def test_one_client_after_the_other_meets_all(four):
    assert len({ask(four.port)["pid"] for _ in range(40)}) == WORKERS


def test_a_blocked_worker_does_not_hold_up_the_others(serve, example):
    with serve(example("four_workers"), "--workers", "2", DELAY="1") as server:
        wait_until_ready(server, 2)
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            def post():
                connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
                connection.request("POST", "/delay", body=b"")
                return json.loads(connection.getresponse().read())
            blocked = pool.submit(post)
            others = set()
            while not blocked.done():
                others.add(ask(server.port, "/")["worker_id"])
            assert {1, 2} - {blocked.result()["worker_id"]} <= others
            assert blocked.result()["message"] == "Response after 1 seconds delay"


def test_a_killed_worker_is_replaced_and_no_zombie_stays(four):
    before = ask(four.port)
    os.kill(before["pid"], signal.SIGKILL)
    wait_until_ready(four, WORKERS + 1)
    assert len(workers(four)) == WORKERS and before["pid"] not in children(four.process.pid)
    assert before["worker_id"] in {ask(four.port)["worker_id"] for _ in range(40)}, "the id is given again"
    assert f"Worker {before['worker_id']} [{before['pid']}] was ended by signal 9" in four.written()


@pytest.mark.parametrize("way", ["stopped", "blocked"])
def test_a_hung_worker_is_replaced_and_says_where_it_stood(four, way):
    pid = None
    if way == "stopped":
        pid = ask(four.port)["pid"]
        os.kill(pid, signal.SIGSTOP)
    else:
        connection = http.client.HTTPConnection("127.0.0.1", four.port, timeout=60)
        connection.request("GET", "/pid")
        pid = json.loads(connection.getresponse().read())["pid"]
        connection.request("GET", "/block?s=60")
        with pytest.raises((OSError, http.client.HTTPException)):
            connection.getresponse()
    wait_for(lambda: not is_alive(pid), f"{pid} is ended")
    wait_until_ready(four, WORKERS + 1)
    assert "gave no sign of life for 1.0 s" in four.written()
    assert "This worker is ended with SIGABRT" in four.written()
    if way == "blocked":
        assert "It was in block of" in four.written()


def test_reload_loses_no_request(four):
    before = set(workers(four))
    with Load(four.port) as load:
        for turn in range(1, 4):
            os.kill(four.process.pid, signal.SIGHUP)
            wait_until_ready(four, WORKERS * (turn + 1))
        wait_for(lambda: not any(map(is_alive, before)), "the old workers are gone")
    assert not load.failures
    assert sum(load.answers.values()) > WORKERS
    assert not before & set(workers(four))


def test_reload_lets_a_running_request_end(four):
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        slow = pool.submit(ask, four.port, "/slow?s=1")
        wait_until_taken(four)
        os.kill(four.process.pid, signal.SIGHUP)
        assert slow.result()["slept"] == 1


def test_reload_takes_the_new_program(serve, compile_program, tmp_path):
    source = tmp_path / "program.c"
    text = '#include <cito.h>\nCITO_APP(app);\nCITO_GET(app, "/pid")\nCITO_ASYNC_DEF(any, read_pid) { return cito_object("version", %d); }\nCITO_MAIN(app)\n'
    source.write_text(text % 1)
    program = tmp_path / "running"
    os.replace(compile_program(source), program)
    with serve(program, "--workers", "2") as server:
        assert ask(server.port)["version"] == 1
        source.write_text(text % 2)
        os.replace(compile_program(source), program)
        os.kill(server.process.pid, signal.SIGHUP)
        wait_until_ready(server, 4)
        wait_for(lambda: ask(server.port)["version"] == 2, "the new program answers")


def test_a_reload_of_a_broken_program_keeps_the_old_workers(serve, compile_program, tmp_path):
    source = tmp_path / "program.c"
    source.write_text('#include <cito.h>\nCITO_APP(app);\nCITO_GET(app, "/pid")\nCITO_ASYNC_DEF(any, read_pid) { return cito_object("version", 1); }\nCITO_MAIN(app)\n')
    program = tmp_path / "running"
    os.replace(compile_program(source), program)
    with serve(program, "--workers", "1") as server:
        wait_until_ready(server, 1)
        before = workers(server)
        (tmp_path / "broken").write_text("#!/bin/sh\nexit 3\n")
        (tmp_path / "broken").chmod(0o755)
        os.replace(tmp_path / "broken", program)
        os.kill(server.process.pid, signal.SIGHUP)
        wait_for(lambda: "The reload is abandoned" in server.written(), "it gives up")
        assert ask(server.port)["version"] == 1
        assert workers(server) == before


def test_more_and_fewer_workers(four):
    os.kill(four.process.pid, signal.SIGTTIN)
    wait_until_ready(four, WORKERS + 1)
    assert len(workers(four)) == WORKERS + 1
    with Load(four.port) as load:
        os.kill(four.process.pid, signal.SIGTTOU)
        wait_for(lambda: len(workers(four)) == WORKERS, "one has ended")
    assert not load.failures


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_graceful_end_lets_a_running_request_end(serve, example, number):
    with serve(example("contract"), "--workers", "2") as server:
        wait_until_ready(server, 2)
        family = workers(server)
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        connection.request("GET", "/slow?s=1")
        wait_until_taken(server)
        os.kill(server.process.pid, number)
        assert json.loads(connection.getresponse().read())["slept"] == 1
        assert server.process.wait(20) == 0
        assert not any(map(is_alive, family))


def test_a_quick_end_waits_for_nobody(serve, example):
    with serve(example("contract"), "--workers", "2") as server:
        wait_until_ready(server, 2)
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        connection.request("GET", "/slow?s=600")
        wait_until_taken(server)
        os.kill(server.process.pid, signal.SIGQUIT)
        assert server.process.wait(20) == 0  # in 600 s it would have been answered
        with contextlib.suppress(OSError, http.client.HTTPException):
            assert connection.getresponse().status >= 400


def test_workers_end_with_their_master(example, tmp_path):
    process = subprocess.Popen([example("contract"), "run", "--workers", "2", "--port", "0"], stdout=subprocess.DEVNULL, stderr=(tmp_path / "log").open("wb"))
    wait_for(lambda: (tmp_path / "log").read_text().count("] is ready") == 2, "they are ready")
    family = children(process.pid)
    process.kill()
    process.wait()
    wait_for(lambda: not any(map(is_alive, family)), "the workers are gone")


def test_nothing_starts_when_start_up_fails(run, example):
    ended = run(example("contract"), "run", "--workers", "3", "--port", "0", CONTRACT_FAIL_STARTUP="1")
    assert ended.returncode == 1
    assert ended.stderr.count("No worker can start") == 1


def test_each_start_up_has_its_shutdown(serve, example, tmp_path):
    log = tmp_path / "lifespan"
    with serve(example("contract"), "--workers", "3", CONTRACT_LIFESPAN_LOG=str(log)) as server:
        wait_until_ready(server, 3)
        assert server.stop() == 0
    lines = [line.split() for line in log.read_text().splitlines()]
    assert len(lines) == 6
    assert {pid for word, pid in lines if word == "startup"} == {pid for word, pid in lines if word == "shutdown"}


def test_a_taken_port_and_a_living_pid_file_are_told(four, run, example, tmp_path):
    ended = run(example("contract"), "run", "--workers", "2", "--port", str(four.port))
    assert ended.returncode == 1 and "in use" in ended.stderr
    (tmp_path / "pid").write_text(f"{os.getpid()}\n")
    ended = run(example("contract"), "run", "--workers", "2", "--port", "0", "--pid", tmp_path / "pid")
    assert ended.returncode == 1 and f"process {os.getpid()}" in ended.stderr


def test_the_pid_file_names_the_master_and_goes_with_it(serve, example, tmp_path):
    path = tmp_path / "pid"
    with serve(example("contract"), "--workers", "1", "--pid", str(path)) as server:
        wait_until_ready(server, 1)
        assert int(path.read_text()) == server.process.pid
        assert len(workers(server)) == 1  # a master even for one, when it is asked for
    assert not path.exists()


@pytest.mark.parametrize("option, expected", [("0", "expected a whole number from 1"), ("many", "expected a whole number from 1")])
def test_a_number_of_workers_that_is_none(run, example, option, expected):
    ended = run(example("contract"), "run", "--workers", option)
    assert ended.returncode == 1 and expected in ended.stderr


def test_the_environment_says_how_many(serve, example):
    with serve(example("contract"), WEB_CONCURRENCY="3") as server:
        wait_until_ready(server, 3)
        assert len(workers(server)) == 3
    with serve(example("contract"), WEB_CONCURRENCY="1") as server:
        assert ask(server.port)["pid"] == server.process.pid


def test_workers_of_a_unix_socket(example, tmp_path):
    path, log = tmp_path / "socket", tmp_path / "log"
    with log.open("wb") as out:
        process = subprocess.Popen([example("contract"), "run", "--workers", "2", "--uds", path], stdout=out, stderr=subprocess.STDOUT)
    try:
        wait_for(lambda: log.read_text().count("] is ready") == 2, "they are ready")
        seen = set()
        for _ in range(20):
            with httpx.Client(transport=httpx.HTTPTransport(uds=str(path))) as client:
                seen.add(client.get("http://local/pid").json()["worker_id"])
        assert seen == {1, 2}
    finally:
        process.terminate()
        assert process.wait(20) == 0, log.read_text()
    assert not path.exists()


def test_what_runs_once(serve, example):
    for options, processes in (((), 3), (("--preload",), 1)):
        with serve(example("run_once"), "--workers", "2", *options) as server:
            wait_until_ready(server, 2)
            answers = [ask(server.port, "/") for _ in range(12)]
            assert {answer["worker_id"] for answer in answers} == {1, 2}
            assert {answer["settings_read"] for answer in answers} == {1}
            assert all(answer["settings_read_by"] == answer["process"] for answer in answers)
            assert sorted(answer["requests"] for answer in answers if answer["worker_id"] == 1) == list(range(1, 1 + sum(a["worker_id"] == 1 for a in answers)))
            said = server.written()
            assert said.count("once per process") == processes
            assert said.count("once per worker: ") == 2
            assert said.count("once per worker, when first needed") == 2
            assert said.count("once per request") == 12


def test_the_cito_command_runs_workers_of_a_shared_object(compile_program, example, tmp_path):
    source = tmp_path / "program.c"
    source.write_text('#include <cito.h>\nCITO_APP(app);\nCITO_GET(app, "/pid")\nCITO_ASYNC_DEF(any, read_pid) { return cito_object("id", cito_worker_id()); }\n')
    library = compile_program(source, shared=True)
    log = tmp_path / "log"
    command = [example("contract").parent.parent / "cito", "run", f"{library}:app", "--workers", "2", "--port", "0"]
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
    try:
        wait_for(lambda: log.read_text().count("] is ready") == 2 or process.poll() is not None, "they are ready")
        port = int(log.read_text().split("http://127.0.0.1:")[1].split()[0])
        assert {ask(port)["id"] for _ in range(20)} == {1, 2}
    finally:
        process.terminate()
        assert process.wait(20) == 0, log.read_text()
