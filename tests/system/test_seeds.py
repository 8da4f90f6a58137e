"""Four ways to wait, by how the requests' times lie: each answer says when its work began and ended. How fast they are is not looked at."""
import concurrent.futures
import datetime
import http.client
import json
import threading

WAIT = 0.8
POOL = 40


def ask_all(server, path, count):
    """(start, end) of `count` requests that are sent at once."""
    together = threading.Barrier(count)

    def ask(_):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        connection.connect()
        together.wait()
        connection.request("POST", path, body=b"", headers={"content-length": "0"})
        answer = connection.getresponse()
        body = json.loads(answer.read())
        connection.close()
        assert (answer.status, body["message"]) == (200, "Response after a delay")
        return tuple(datetime.datetime.fromisoformat(body[key]).timestamp() for key in ("start_time", "end_time"))

    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        return list(pool.map(ask, range(count)))


def most_at_once(spans):
    """An end counts before a start at the same moment."""
    moments = sorted([(start, 1) for start, _ in spans] + [(end, -1) for _, end in spans])
    now = most = 0
    for _, step in moments:
        now += step
        most = max(most, now)
    return most


def test_async_requests_wait_side_by_side(serve, example):
    with serve(example("async_sleep"), DELAY=str(WAIT)) as server:
        assert most_at_once(ask_all(server, "/delay", 20)) == 20


def test_blocking_requests_wait_one_after_the_other(serve, example):
    with serve(example("blocking"), DELAY="0.2") as server:
        assert most_at_once(ask_all(server, "/delay", 4)) == 1
    assert "delayed_response" in server.written(), "the log names the function that holds the loop"


def test_the_pool_runs_forty_and_the_next_waits(serve, example):
    with serve(example("threadpool"), DELAY=str(WAIT)) as server:
        assert most_at_once(ask_all(server, "/plain", POOL + 1)) == POOL


def test_what_is_handed_to_the_pool_waits_for_a_thread(serve, example):
    with serve(example("threadpool"), DELAY=str(WAIT)) as server:
        ends = sorted(end for _, end in ask_all(server, "/delay", POOL + 1))
        # The one without a thread began its wait when the first was done.
        assert ends[-1] - ends[0] > WAIT * 0.9


def test_the_pools_size_is_an_option(serve, example):
    with serve(example("threadpool"), "--threadpool-size", "2", DELAY="0.2") as server:
        assert most_at_once(ask_all(server, "/plain", 5)) == 2
