"""Dependencies over the wire: what is shared, in which order errors come, when clean-ups run."""
import concurrent.futures

import httpx
import pytest

from conftest import HERE


@pytest.fixture(scope="module")
def program(compile_program):
    return compile_program(HERE / "programs" / "dependencies.c")


@pytest.fixture(scope="module")
def server(serve, program):
    with serve(program) as one:
        yield one


def test_a_dependency_runs_once_per_request_unless_it_says_otherwise(server, client):
    assert client.get(server.url + "/shared?user=ada").json() == {"shared": True, "own": True}


def test_a_cached_one_runs_once_per_process(serve, program):
    with serve(program) as server, concurrent.futures.ThreadPoolExecutor(8) as pool, httpx.Client(trust_env=False) as client:
        answers = list(pool.map(lambda _: client.get(server.url + "/settings").json(), range(8)))
    assert answers == [{"name": "settings", "made": 1}] * 8


def test_clean_ups_run_in_reverse_also_after_a_raise(serve, program, client):
    with serve(program) as server:
        answer = client.get(server.url + "/shared?user=nobody")
        assert (answer.status_code, answer.json()) == (401, {"detail": "Nobody is no user"})
    closed = [line.split("closed ")[1] for line in server.written().splitlines() if "closed " in line]
    assert closed == ["user", "session"]


def test_errors_of_dependencies_and_function_come_at_once(server, client):
    answer = client.get(server.url + "/errors/x?skip=-1&limit=101&flag=maybe")
    assert [error["loc"] for error in answer.json()["detail"]] == [["query", "skip"], ["query", "limit"], ["path", "number"], ["query", "flag"]]


def test_the_applications_dependency_comes_first(server, client):
    answer = client.get(server.url + "/errors/x", headers={"x-client": "bad"})
    assert (answer.status_code, answer.json(), answer.headers["x-why"]) == (403, {"detail": "Forbidden"}, "client")


def test_a_router_can_be_included_twice(server, client):
    assert client.get(server.url + "/inner/").json() == {"path": "inner"}
    missing = client.get(server.url + "/v1/outer/a/inner/")
    assert (missing.status_code, missing.json()["detail"][0]["loc"]) == (422, ["header", "x-member"])
    assert client.get(server.url + "/v1/outer/a/inner/", headers={"x-member": "1"}).json() == {"path": "inner"}
    paths = client.get(server.url + "/openapi.json").json()["paths"]
    assert {"/inner/", "/v1/outer/a/inner/"} < paths.keys()
    names = {parameter["name"] for parameter in paths["/v1/outer/a/inner/"]["get"]["parameters"]}
    assert names == {"x-client", "x-member"}
