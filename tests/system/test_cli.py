"""The command line: what the program says, its exit codes, and how it ends."""
import json
import pathlib
import signal
import socket
import subprocess
import time

import httpx
import pytest

from conftest import BUILD, HERE

PROGRAMS = HERE / "programs"


def test_help_lists_the_options(run, example):
    said = run(example("shop"), "--help")
    assert said.returncode == 0
    assert "--threadpool-size" in said.stdout and "--port" in said.stdout and "CITO_PORT" in said.stdout
    assert run(example("shop"), "run", "--help").stdout == said.stdout


def test_version(run, example):
    assert run(example("shop"), "--version").stdout == "cito 0.1.0\n"


def test_an_unknown_option_is_given_the_nearest_name(run, example):
    said = run(example("shop"), "run", "--prot", "8000")
    assert (said.returncode, said.stdout) == (1, "")
    assert "--prot" in said.stderr and "did you mean --port?" in said.stderr
    assert len(said.stderr.splitlines()) == 1


@pytest.mark.parametrize("words", [["--port", "many"], ["--port"], ["--limit-body", "1T"], ["--log-level", "loud"], ["--port", "70000"], ["--forwarded-allow-ips", "10.0.0.1/8"], ["stray"]])
def test_a_wrong_value_is_refused_in_one_line(run, example, words):
    said = run(example("shop"), "run", *words)
    assert said.returncode == 1
    assert len(said.stderr.splitlines()) == 1 and said.stdout == ""


def test_an_unknown_command(run, example):
    said = run(example("shop"), "serve")
    assert said.returncode == 1 and "there is no command serve" in said.stderr


def test_the_environment_gives_options(run, example):
    said = run(example("shop"), "run", CITO_PORT="many")
    assert said.returncode == 1 and "CITO_PORT=many in the environment" in said.stderr


def test_a_taken_port_is_told(run, example):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        said = run(example("shop"), "run", "--port", taken.getsockname()[1])
    assert said.returncode == 1
    assert said.stderr.startswith("Address already in use: 127.0.0.1, port ") and "another --port" in said.stderr


def test_check(run, example):
    said = run(example("shop"), "check")
    assert (said.returncode, said.stdout, said.stderr) == (0, "No mistakes found.\n", "")


def test_openapi_prints_the_document_that_is_served(run, serve, example, client):
    said = run(example("shop"), "openapi")
    assert said.returncode == 0
    with serve(example("shop")) as server:
        assert client.get(server.url + "/openapi.json").json() == json.loads(said.stdout)


def test_the_first_lines_name_the_addresses(serve, example):
    with serve(example("shop")) as server:
        assert server.url in server.written() and server.url + "/docs" in server.written()


def test_the_access_log_can_be_left_out(serve, example, client):
    with serve(example("shop")) as server:
        client.get(server.url + "/items/5?q=x")
    # The line is written after the answer; once the server has ended it is there.
    assert '"GET /items/5?q=x HTTP/1.1" 200' in server.written()
    with serve(example("shop"), "--no-access-log") as server:
        client.get(server.url + "/items/5?q=x")
    assert "HTTP/1.1" not in server.written()


def test_a_unix_socket(example, tmp_path):
    path = tmp_path / "shop.socket"
    process = subprocess.Popen([example("shop"), "run", "--uds", path], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    until = time.monotonic() + 10
    while not path.exists() and time.monotonic() < until:
        time.sleep(0.02)
    with httpx.Client(transport=httpx.HTTPTransport(uds=str(path))) as client:
        assert client.get("http://shop/").status_code == 200
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0
    process.stdout.close()
    assert not path.exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_running_request_is_finished_before_the_end(serve, example, number):
    with serve(example("async_sleep"), DELAY="1") as server, socket.create_connection(("127.0.0.1", server.port)) as asked:
        asked.sendall(b"POST /delay HTTP/1.1\r\nhost: test\r\ncontent-length: 0\r\n\r\n")
        with httpx.Client(trust_env=False) as other:
            other.get(server.url + "/openapi.json")  # answered later than the first was read
        server.process.send_signal(number)
        answer = b""
        while piece := asked.recv(65536):
            answer += piece
        assert answer.startswith(b"HTTP/1.1 200 OK\r\n") and b"Response after a delay" in answer
        assert server.process.wait(10) == 0


def test_the_lifespan_runs_around_the_requests(serve, compile_program, client):
    with serve(compile_program(PROGRAMS / "lifespan.c")) as server:
        assert client.get(server.url + "/").json() == {"opened": 1}
    assert server.written().index("the pool opens") < server.written().index("Application startup complete.") < server.written().index("the pool closes")


def test_a_start_that_fails_ends_the_program(run, compile_program):
    said = run(compile_program(PROGRAMS / "startup_fails.c"), "run", "--port", "0")
    assert said.returncode == 1
    assert "Application startup failed. Exiting." in said.stderr + said.stdout and "no database" in said.stderr + said.stdout


def test_cito_runs_a_shared_object(run, compile_program, client, tmp_path):
    program = compile_program(PROGRAMS / "lifespan.c", shared=True)
    cito = BUILD / "cito"
    assert run(cito, "check", f"{program}:app").stdout == "No mistakes found.\n"
    assert json.loads(run(cito, "openapi", program).stdout)["paths"].keys() == {"/"}
    assert "has no CITO_APP(other)" in run(cito, "run", f"{program}:other").stderr
    assert "cannot be loaded" in run(cito, "run", tmp_path / "nothing.so").stderr
    log = tmp_path / "log"
    with socket.create_server(("127.0.0.1", 0)) as one:
        port = one.getsockname()[1]
    with log.open("wb") as out:
        process = subprocess.Popen([cito, "run", f"{program}:app", "--port", str(port)], stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)
    until = time.monotonic() + 10
    answer = None
    while answer is None and time.monotonic() < until:
        try:
            answer = client.get(f"http://127.0.0.1:{port}/").json()
        except httpx.ConnectError:
            time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    assert (answer, process.wait(10)) == ({"opened": 1}, 0), pathlib.Path(log).read_text()
