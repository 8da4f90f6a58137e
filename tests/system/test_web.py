"""Requests and responses beyond JSON: middleware, handlers, cookies, forms, files, background work."""
import pytest

from conftest import HERE


@pytest.fixture(scope="module")
def program(compile_program):
    return compile_program(HERE / "programs" / "web.c")


@pytest.fixture(scope="module")
def server(serve, program):
    with serve(program) as one:
        yield one


def test_the_last_declared_middleware_is_outermost(server, client):
    page = client.get(server.url + "/page")
    assert page.headers.get_list("x-order") == ["inner", "outer"]
    assert (page.text, page.headers["content-type"], page.headers["x-page"]) == ("<h1>Hello</h1>", "text/html; charset=utf-8", "1")


def test_a_middleware_answers_itself(server, client):
    stopped = client.get(server.url + "/stopped")
    assert (stopped.status_code, stopped.text) == (403, "stopped") and "x-order" not in stopped.headers


def test_the_programs_handler_answers_an_error(server, client):
    missing = client.get(server.url + "/nothing")
    assert (missing.status_code, missing.json()) == (404, {"oops": "/nothing"})


def test_a_redirect(server, client):
    moved = client.get(server.url + "/moved")
    assert (moved.status_code, moved.headers["location"], moved.content) == (307, "/page", b"")


def test_a_cookie_is_set_and_read(server, client):
    first = client.get(server.url + "/cookie")
    assert (first.status_code, first.json()) == (201, {"session": None})
    assert first.headers["set-cookie"] == "session=abc; HttpOnly; Path=/; SameSite=lax"
    assert client.get(server.url + "/cookie").json() == {"session": "abc"}


def test_a_form(server, client):
    assert client.post(server.url + "/login", data={"username": "ada", "password": "long enough"}).json() == {"username": "ada", "length": 11}
    wrong = client.post(server.url + "/login", data={"username": "", "password": "short"})
    assert [(error["type"], error["loc"]) for error in wrong.json()["detail"]] == [("missing", ["body", "username"]), ("string_too_short", ["body", "password"])]


def test_a_file(server, client):
    sent = client.post(server.url + "/files", files={"file": ("a.txt", b"x" * 100_000, "text/plain")}, data={"token": "t"})
    assert sent.json() == {"name": "a.txt", "type": "text/plain", "size": 100_000, "token": "t"}
    missing = client.post(server.url + "/files", data={"token": "t"})
    assert [error["loc"] for error in missing.json()["detail"]] == [["body", "file"]]


def test_background_work_follows_the_answer_in_order(serve, program, client):
    with serve(program) as server:
        assert client.post(server.url + "/background").status_code == 202
    lines = [line for line in server.written().splitlines() if "wrote" in line or "later 2" in line]
    assert len(lines) == 3 and "first" in lines[0] and "later 2" in lines[1] and "third" in lines[2]


def test_a_time_out_ends_the_wait(server, client):
    assert client.get(server.url + "/timeout").status_code == 504


def test_what_json_cannot_say_is_an_error(server, client):
    assert (client.get(server.url + "/not-a-number?by=0").status_code, client.get(server.url + "/not-a-number?by=1").json()) == (500, {"result": 0.0})
