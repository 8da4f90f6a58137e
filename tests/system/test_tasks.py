"""Work that leaves the request, on the embedded broker and on Redis: the job API of examples/predictions from outside, and what a worker makes of messages."""
import collections
import json
import os
import pathlib
import re
import signal
import uuid

import pytest

import brokers
from brokers import wait_for


def post(client, server, values, customer="ada"):
    answer = client.post(server.url + "/predictions", json={"values": values, "customer": customer})
    assert answer.status_code == 202, answer.text
    job = answer.json()
    assert str(uuid.UUID(job["job_id"])) == job["job_id"]
    assert job["status"] == "PENDING"
    return job["job_id"]


def status(client, server, job_id):
    answer = client.get(f"{server.url}/statuses/{job_id}")
    assert answer.status_code == 200 and answer.json()["job_id"] == job_id
    return answer.json()["status"]


def wait_until(client, server, job_id, wanted):
    """The states that were seen on the way, each once."""
    seen = []

    def is_there():
        now = status(client, server, job_id)
        if now not in seen:
            seen.append(now)
        return now == wanted
    wait_for(is_there, lambda: f"{job_id} is {wanted}: {seen}\n{server.written()}")
    return seen


@pytest.fixture
def both(serve, example, broker):
    """API and worker by one command."""
    with serve(example("predictions"), "--with-worker", CITO_CONCURRENCY="2", **broker.environment) as server:
        yield server


@pytest.fixture
def api(serve, example, broker):
    with serve(example("predictions"), **broker.environment) as server:
        yield server


# ---- one command --------------------------------------------------------------------------------------------------------------------------


def test_a_job_is_accepted_and_decided(both, client):
    job_id = post(client, both, [0.4, 0.8])
    seen = wait_until(client, both, job_id, "READY")
    assert seen == [state for state in ("PENDING", "STARTED", "READY") if state in seen]
    decision = client.get(f"{both.url}/decisions/{job_id}")
    assert decision.status_code == 200
    assert decision.json()["score"] == pytest.approx(1.2) and decision.json()["label"] == "high"


def test_a_job_that_fails_is_an_error(both, client):
    job_id = post(client, both, [-3.5, 1])
    assert wait_until(client, both, job_id, "ERROR")[-1] == "ERROR"
    decision = client.get(f"{both.url}/decisions/{job_id}")
    assert (decision.status_code, decision.json()) == (500, {"detail": "HTTPException: 422: The model knows no negative sums"})
    wait_until(client, both, post(client, both, [1]), "READY")


@pytest.mark.parametrize("body, loc, kind", [({"values": []}, ["body", "values"], "too_short"), ({}, ["body", "values"], "missing"),
                                             ({"values": ["x"]}, ["body", "values", 0], "float_parsing")])
def test_a_bad_body_makes_no_job(api, broker, client, body, loc, kind):
    answer = client.post(api.url + "/predictions", json=body)
    assert answer.status_code == 422
    assert [(error["loc"], error["type"]) for error in answer.json()["detail"]] == [(loc, kind)]
    assert status(client, api, str(uuid.uuid4())) == "PENDING"  # the broker is open now
    assert broker.left() == 0


def test_a_job_that_nobody_knows(api, client):
    job_id = str(uuid.uuid4())
    assert status(client, api, job_id) == "PENDING"  # as Celery: an id is all there is of a job before it runs
    assert client.get(f"{api.url}/decisions/{job_id}").status_code == 504


def test_many_jobs_each_have_their_own_decision(both, client):
    jobs = {post(client, both, [number, 0.5]): number + 0.5 for number in range(50)}
    for job_id, score in jobs.items():
        wait_until(client, both, job_id, "READY")
        assert client.get(f"{both.url}/decisions/{job_id}").json()["score"] == score


# ---- two processes --------------------------------------------------------------------------------------------------------------------------


def test_every_state_is_seen_from_another_process(api, work, example, broker, client, gate):
    job_id = post(client, api, [0.25])
    assert status(client, api, job_id) == "PENDING"
    assert client.get(f"{api.url}/decisions/{job_id}").status_code == 504
    with work(example("predictions"), broker, "-c", "2", PREDICTIONS_REDIS=gate.address):
        gate.wait_until_asked()
        assert wait_until(client, api, job_id, "STARTED")[-1] == "STARTED"
        gate.let_through("2")
        assert wait_until(client, api, job_id, "READY")[-1] == "READY"
        assert client.get(f"{api.url}/decisions/{job_id}").json()["score"] == 0.5
        assert wait_for(lambda: broker.left() == 0, "the message is acknowledged")


def test_a_warm_end_waits_for_what_runs(api, work, example, broker, client, gate):
    job_id = post(client, api, [3])
    with work(example("predictions"), broker, "-c", "1", PREDICTIONS_REDIS=gate.address) as worker:
        gate.wait_until_asked()
        waiting = post(client, api, [4])
        worker.process.terminate()
        wait_for(lambda: "Warm shutdown" in worker.written(), "it has heard of it")
        gate.let_through()
        assert worker.process.wait(20) == 0, worker.written()
    assert status(client, api, job_id) == "READY"
    assert status(client, api, waiting) == "PENDING"
    with work(example("predictions"), broker, "-c", "1"):
        wait_until(client, api, waiting, "READY")


def test_a_killed_workers_job_runs_elsewhere(api, work, example, broker, client, gate):
    options = ("-c", "2", "--visibility-timeout", "3") if broker.name == "redis" else ("-c", "2")
    job_id = post(client, api, [7])
    with work(example("predictions"), broker, *options, PREDICTIONS_REDIS=gate.address) as worker:
        gate.wait_until_asked()
        children = [int(word) for word in pathlib.Path(f"/proc/{worker.process.pid}/task/{worker.process.pid}/children").read_text().split()]
        with work(example("predictions"), broker, *options, PREDICTIONS_REDIS=gate.address):
            assert len(children) == 2
            worker.process.kill()
            worker.process.wait()
            first = gate.asking
            gate.wait_until_asked()  # the other worker's
            first.close()
            gate.let_through("2")
            wait_until(client, api, job_id, "READY")
            assert client.get(f"{api.url}/decisions/{job_id}").json()["score"] == 14
            wait_for(lambda: not any(pathlib.Path(f"/proc/{pid}").exists() for pid in children), "its children are gone")
            assert wait_for(lambda: broker.left() == 0, "the message is acknowledged")


def test_rows_of_the_log_go_through_the_queue_in_batches(serve, work, example, broker, client, tmp_path):
    log = str(tmp_path / "rows")
    jobs = [f"job-{number}" for number in range(120)]
    with serve(example("predictions"), PREDICTIONS_LOG=log, **broker.environment) as server:
        for job_id in jobs:
            status(client, server, job_id)
        assert client.get(f"{server.url}/statuses/a%0Ab").status_code == 200  # a client's line feed makes no row
    assert broker.left() == 121  # a message for each
    with work(example("predictions"), broker, "-c", "1", PREDICTIONS_LOG=log) as worker:
        wait_for(lambda: broker.left() == 0, "all are written")
    # None holds more than 100 rows; how many are fewer is up to the machine.
    batches = [int(count) for count in re.findall(r"(\d+) rows written", worker.written())]
    assert sum(batches) == 121 and max(batches) <= 100 and 2 <= len(batches) < 60
    rows = [json.loads(line) for line in (tmp_path / "rows").read_text().splitlines()]
    assert [(row["method"], row["path"]) for row in rows] == [("GET", f"/statuses/{job_id}") for job_id in [*jobs, "a\nb"]]
    assert [row["at"] for row in rows] == sorted(row["at"] for row in rows)
    assert "ERROR" not in server.written()  # as of connections that outlive their loop


DECISIONS = ("CREATE TABLE customers(name text PRIMARY KEY, bonus double precision); "
             "CREATE TABLE decisions(job_id text PRIMARY KEY, customer text, score double precision, label text)")


def decide(broker, count):
    """That many messages of one decision each, as the task that scores sends them."""
    jobs = [str(uuid.uuid4()) for _ in range(count)]
    for number, job_id in enumerate(jobs):
        broker.send("predict.save_decisions", [{"job_id": job_id, "customer": "ada", "score": number, "label": "high"}])
    return jobs


def saved(postgres):
    """What one statement inserted has one xmin."""
    rows, statements = postgres.run("SELECT count(*), count(DISTINCT xmin::text) FROM decisions").strip().split("|")
    return int(rows), int(statements)


def test_every_decision_is_saved(serve, example, broker, client):
    with brokers.postgres_server() as postgres:
        postgres.run(DECISIONS)
        with serve(example("predictions"), "--with-worker", CITO_CONCURRENCY="4", PREDICTIONS_POSTGRES=postgres.connection_string, **broker.environment) as server:
            jobs = {post(client, server, [number, 0.5], customer=f"customer {number}"): number for number in range(12)}
            wait_for(lambda: saved(postgres)[0] == 12, lambda: f"12 are saved, not {saved(postgres)}\n{server.written()}")
        rows = [row.split("|") for row in postgres.run("SELECT job_id, customer, score, label FROM decisions").splitlines()]
        assert {(job_id, customer, float(score), label) for job_id, customer, score, label in rows} == {
            (job_id, f"customer {number}", number + 0.5, "high" if number else "low") for job_id, number in jobs.items()}


def test_decisions_are_inserted_in_batches(work, example, broker):
    with brokers.postgres_server() as postgres:
        postgres.run(DECISIONS)
        with work(example("predictions"), broker, "-c", "2"):  # makes the embedded broker's file
            pass
        jobs = decide(broker, 500)
        for wrong in ({}, {"customer": "\0"}, {"score": float("inf")}):
            broker.send("predict.save_decisions", [{"job_id": "wrong", "customer": "ada", "label": "high"} | wrong])
        with work(example("predictions"), broker, "-c", "2", PREDICTIONS_POSTGRES=postgres.connection_string) as worker:
            wait_for(lambda: broker.left() == 0, lambda: f"{broker.left()} wait\n{worker.written()}")
            assert worker.written().count("validation error") == 3  # those that do not fit, alone
        rows, statements = saved(postgres)
        assert rows == 500 and set(postgres.run("SELECT job_id FROM decisions").split()) == set(jobs)
        assert 5 <= statements < 100  # five where none was flushed by time
        assert postgres.log.read_text().count("INSERT INTO decisions") == statements


def children_of(process):
    return [int(word) for word in pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]


def test_no_decision_is_lost_with_a_child_or_a_worker(work, example, broker):
    """Both are killed while an INSERT waits for the table. It may be done later all the same, and then is done twice: each decision is there once."""
    options = ("-c", "1", "--visibility-timeout", "3") if broker.name == "redis" else ("-c", "1")
    with brokers.postgres_server() as postgres:
        postgres.run(DECISIONS)
        environment = {"PREDICTIONS_POSTGRES": postgres.connection_string}

        def wait_for_inserts(count):
            waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'INSERT%'"
            wait_for(lambda: int(postgres.run(waiting)) == count, f"{count} wait for the table")
        with postgres.locked("decisions"):
            with work(example("predictions"), broker, *options, **environment) as worker:
                jobs = decide(broker, 250)
                wait_for_inserts(1)
                child, = children_of(worker.process)
                os.kill(child, signal.SIGKILL)
                wait_for_inserts(2)
                worker.process.kill()
                worker.process.wait()
        with work(example("predictions"), broker, *options, **environment) as worker:
            wait_for(lambda: broker.left() == 0, lambda: f"{broker.left()} wait\n{worker.written()}", 60)
        assert sorted(postgres.run("SELECT job_id FROM decisions").split()) == sorted(jobs)


# ---- messages -----------------------------------------------------------------------------------------------------------------------------------


def test_a_killed_childs_task_runs_again(work, example, broker, tmp_path):
    """tasks.late: acks_late and reject_on_worker_lost."""
    path = tmp_path / "lines"
    with work(example("interop_worker"), broker, "-c", "1") as worker:
        task_id = broker.send("tasks.late", str(path), "one", 0.3)
        wait_for(path.exists, "it has started")
        child, = pathlib.Path(f"/proc/{worker.process.pid}/task/{worker.process.pid}/children").read_text().split()
        os.kill(int(child), signal.SIGKILL)
        assert broker.wait_for_result(task_id)["result"] == "one"
        assert path.read_text().split("\n") == ["start one", "start one", "end one", ""]


def failure_text(meta):
    assert meta["status"] == "FAILURE", meta
    return f'{meta["result"]["exc_type"]}: {meta["result"]["exc_message"]}'


@pytest.mark.parametrize("args, kwargs, said", [
    (({"values": []},), {}, ["values", "at least 1 item"]),
    (({"values": ["many"], "customer": "x" * 60},), {}, ["values", "number", "customer", "at most 50"]),
    ((), {}, ["features", "required"]),
    ((), {"features": {}}, ["values", "required"]),
    (({"values": [1]}, 2), {}, ["score() takes 1 positional argument but 2 were given"]),
    (({"values": [1]},), {"colour": "red"}, ["colour"]),
    ((17,), {}, ["features"]),
])
def test_arguments_that_do_not_fit_fail_the_task(work, example, broker, args, kwargs, said):
    with work(example("predictions"), broker, "-c", "1") as worker:
        text = failure_text(broker.wait_for_result(broker.send("predict.score", *args, **kwargs)))
        assert [word for word in said if word.lower() not in text.lower()] == [], text
        good = broker.wait_for_result(broker.send("predict.score", {"values": [2]}))
        assert good["status"] == "SUCCESS" and good["result"]["score"] == 2
        wait_for(lambda: broker.left() == 0, "both are acknowledged")
        assert worker.process.poll() is None


@pytest.mark.parametrize("body", [b"", b"[[", b"17", b"{}", b"[[]]", b'[1, 2, 3]', b'[[], {}, {"callbacks": 7}]', b"\xff\xfe", b"[" * 5000])
def test_a_body_that_is_none_does_not_end_the_worker(work, example, broker, body):
    with work(example("predictions"), broker, "-c", "1") as worker:
        broker.send("predict.score", body=body)
        assert broker.wait_for_result(broker.send("predict.score", {"values": [2]}))["status"] == "SUCCESS"
        wait_for(lambda: broker.left() == 0, "both are acknowledged")
        assert len([line for line in worker.written().splitlines() if line.startswith(("ERROR", "WARNING"))]) >= 1, worker.written()


def test_messages_that_are_none_do_not_end_the_worker(work, example, broker):
    good, envelope = brokers.task_message("predict.score", [{"values": [2]}])
    with work(example("predictions"), broker, "-c", "1") as worker:
        for raw in ("", "nothing", "{}", "[]", '{"body": 1, "headers": 2, "properties": 3}', envelope.replace('"lang"', "lang"), envelope[:200]):
            broker.send_raw(raw)
        broker.send("tasks.unheard_of", 1)
        broker.send_raw(envelope)
        assert broker.wait_for_result(good)["result"]["score"] == 2
        assert "tasks.unheard_of" in worker.written()
        wait_for(lambda: broker.left() == 0, lambda: f"{broker.left()} stay\n{worker.written()}")


def test_redis_goes_and_comes_back(serve, work, example, client, tmp_path):
    """A job that was accepted is in its append-only file; while it is gone nothing is accepted; then API and worker go on by themselves."""
    options = ("--appendonly", "yes", "--appendfsync", "always")
    with brokers.redis_server(tmp_path, *options) as (redis, port):
        broker = brokers.Redis(port)
        with serve(example("predictions"), **broker.environment) as server:
            before = post(client, server, [1])
            redis.kill()
            redis.wait()
            refused = client.post(server.url + "/predictions", json={"values": [2]})
            assert refused.status_code == 503 and "detail" in refused.json()
            with brokers.redis_server(tmp_path, *options, port=port) as (redis, _):
                with work(example("predictions"), broker, "-c", "1") as worker:
                    wait_until(client, server, before, "READY")
                    redis.kill()
                    redis.wait()
                    with brokers.redis_server(tmp_path, *options, port=port):
                        wait_until(client, server, post(client, server, [3]), "READY")
                        assert status(client, server, before) == "READY"
                        worker.process.terminate()
                        assert worker.process.wait(20) == 0, worker.written()


def test_two_workers_share_the_work_and_nothing_runs_twice(work, example, broker, tmp_path):
    path = tmp_path / "lines"
    with work(example("interop_worker"), broker, "-c", "2", "-n", "one@test"), work(example("interop_worker"), broker, "-c", "2", "-n", "two@test"):
        ids = [broker.send("tasks.append", str(path), str(number)) for number in range(200)]
        assert [broker.wait_for_result(task_id)["result"] for task_id in ids] == [str(number) for number in range(200)]
        assert set(collections.Counter(path.read_text().split()).values()) == {1}
        # More than one worker holds: 4 messages for each of its 2 processes.
        names = {broker.wait_for_result(task_id)["result"] for task_id in [broker.send("tasks.where", 0.5) for _ in range(20)]}
        assert names == {"one@test", "two@test"}


# ---- the model -------------------------------------------------------------------------------------------------------------------------------------


def test_the_model_asks_redis_and_postgres_at_the_same_time(serve, example, client, tmp_path):
    """Redis is stopped until PostgreSQL has been asked: one after the other would never end."""
    with brokers.postgres_server() as postgres, brokers.redis_server(tmp_path) as (redis, port):
        postgres.run("CREATE TABLE customers(name text PRIMARY KEY, bonus double precision); INSERT INTO customers VALUES('ada', 0.25)")
        brokers.Redis(port).messages.set("weight:ada", "3")
        environment = brokers.Sqlite(tmp_path / "tasks.db").environment | {"PREDICTIONS_REDIS": f"127.0.0.1:{port}", "PREDICTIONS_POSTGRES": postgres.connection_string}
        with serve(example("predictions"), "--with-worker", CITO_CONCURRENCY="1", **environment) as server:
            redis.send_signal(signal.SIGSTOP)
            try:
                job_id = post(client, server, [0.5])
                wait_for(lambda: "SELECT bonus FROM customers" in postgres.log.read_text(), "PostgreSQL is asked")
            finally:
                redis.send_signal(signal.SIGCONT)
            wait_until(client, server, job_id, "READY")
            decision = client.get(f"{server.url}/decisions/{job_id}").json()
            assert decision["score"] == 1.75 and decision["label"] == "high"
            first, second = decision["redis"], decision["postgres"]
            assert (first["value"], second["value"]) == (3, 0.25)
            assert first["start"] < second["end"] and second["start"] < first["end"], decision
            other = post(client, server, [0.5], customer="nobody")
            wait_until(client, server, other, "READY")
            assert client.get(f"{server.url}/decisions/{other}").json()["score"] == 0.5


def test_a_database_that_is_not_there_is_an_error(serve, example, client, tmp_path):
    environment = brokers.Sqlite(tmp_path / "tasks.db").environment | {"PREDICTIONS_POSTGRES": f"host=127.0.0.1 port={brokers.free_port()} user=nobody"}
    with serve(example("predictions"), "--with-worker", CITO_CONCURRENCY="1", **environment) as server:
        job_id = post(client, server, [0.5])
        wait_until(client, server, job_id, "ERROR")
        assert "PostgreSQL does not answer" in client.get(f"{server.url}/decisions/{job_id}").text
