"""Beside Python's Celery on one Redis: its client and cito's worker, cito's client and its worker, its commands."""
import contextlib
import gc
import json
import os
import subprocess
import sys

import celery
import celery.exceptions
import pytest

import brokers
from brokers import celery_command, wait_for
from conftest import HERE


@pytest.fixture
def python(redis_broker):
    """Python's client."""
    environment = redis_broker.environment
    with celery.Celery("client", broker=environment["CELERY_BROKER_URL"], backend=environment["CELERY_RESULT_BACKEND"], set_as_current=False) as app:
        yield app
        gc.collect()  # results that a traceback held unsubscribe while Redis is there


@pytest.fixture
def worker(work, example, redis_broker):
    with work(example("interop_worker"), redis_broker, "-c", "2", "-n", "cito@test") as one:
        yield one


@pytest.fixture
def predictions(work, example, redis_broker, gate):
    with work(example("predictions"), redis_broker, "-c", "1", "-n", "cito@test", PREDICTIONS_REDIS=gate.address) as one:
        yield one


@pytest.fixture
def python_worker(work, redis_broker):
    command = celery_command(redis_broker, "--workdir", str(HERE / "programs"), "-A", "python_tasks", "worker", "--pool", "solo", "-n", "python@test", "-l", "info")
    with work(command, redis_broker) as one:
        yield one


def celery_says(broker, *words):
    said = subprocess.run(celery_command(broker, *words), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, env=os.environ | broker.environment)
    assert said.returncode == 0, said.stdout + said.stderr
    return said.stdout


# ---- Python's client ------------------------------------------------------------------------------------------------------------------------


def test_pythons_client_gets_results(python, worker):
    assert python.send_task("tasks.add", (2, 3)).get(30) == 5
    assert python.send_task("tasks.add", (2,), {"y": 1.5}).get(30) == 3.5
    value = {"a": [1, 2.5, None, True, "Grüß dich \U0001f600"], "b": {"c": {}}}
    assert python.send_task("tasks.echo", (value,)).get(30) == value
    assert python.send_task("tasks.xsum", ([1, 2, 3],)).get(30) == 6
    results = [python.send_task("tasks.mul", (number, 2)) for number in range(100)]
    assert [result.get(30) for result in results] == [number * 2 for number in range(100)]


def test_pythons_client_gets_a_prediction(python, predictions, gate):
    result = python.send_task("predict.score", ({"values": [1.5]},))
    gate.wait_until_asked()
    wait_for(lambda: result.state == "STARTED", lambda: f"it is STARTED, not {result.state}")
    gate.let_through("2")
    prediction = result.get(30)
    assert prediction["score"] == 3 and prediction["label"] == "high"
    assert result.state == "SUCCESS"


def test_pythons_client_gets_failures(python, worker):
    with pytest.raises(ValueError, match="on purpose"):
        python.send_task("tasks.fail", ("on purpose",)).get(30)
    misfit = python.send_task("tasks.length", ([1],))
    with pytest.raises(Exception, match="valid string"):
        misfit.get(30)
    assert misfit.state == "FAILURE"
    lost = python.send_task("tasks.crash")
    with pytest.raises(celery.exceptions.WorkerLostError):
        lost.get(30)
    assert python.send_task("tasks.retry_then_ok", (2,)).get(30) == 2
    assert python.send_task("tasks.add", (1, 1)).get(30) == 2


def test_pythons_chain_and_links(python, worker):
    add, mul = python.signature("tasks.add"), python.signature("tasks.mul")
    assert (add.clone((1, 2)) | mul.clone((10,)) | add.clone((5,))).apply_async().get(30) == 35
    linked = add.clone((1,))
    linked.set(task_id="linked-task")
    python.send_task("tasks.add", (1, 2), link=linked)
    assert python.AsyncResult("linked-task").get(30) == 4


def test_pythons_clients_messages_make_a_batch(python, work, compile_program, redis_broker, tmp_path):
    """One call, and a state and events for each of its messages. What waits for more is reserved."""
    calls = tmp_path / "calls"
    seen = []

    def hears(kind, count):
        with contextlib.suppress(TimeoutError):
            listening.drain_events(timeout=0.1)
        return len([event for event in seen if event["type"] == kind]) >= count
    with work(compile_program(HERE / "programs" / "batches.c"), redis_broker, "-c", "1", "-n", "cito@test", "-E", CALLS=str(calls)) as worker:
        sent = [python.send_task("tasks.gather", ([1],)), python.send_task("tasks.gather", ([],)), python.send_task("tasks.gather", (["two"],))]

        def reserved():
            return {task["id"] for task in python.control.inspect(["cito@test"], timeout=0.5).reserved()["cito@test"]}
        wait_for(lambda: reserved() == {result.id for result in sent}, lambda: f"they wait: {reserved()}")
        assert not calls.exists()
        with python.connection_for_read() as connection:
            receiver = python.events.Receiver(connection, handlers={"*": seen.append})
            with receiver.consumer_context(wakeup=False) as (listening, _, _):
                wait_for(lambda: hears("worker-heartbeat", 1), "the events are listened to")
                sent.append(python.send_task("tasks.gather", kwargs={"numbers": ["3", 4]}))
                good = [sent[0], sent[1], sent[3]]
                assert [result.get(30) for result in good] == [None, None, None]
                with pytest.raises(Exception, match="valid integer"):
                    sent[2].get(30)
                wait_for(lambda: hears("task-succeeded", 3), lambda: f"three have succeeded: {seen}")
                ended = {kind: {event["uuid"] for event in seen if event["type"] == kind} for kind in ("task-started", "task-succeeded", "task-failed")}
                assert ended == {"task-started": {result.id for result in sent}, "task-succeeded": {result.id for result in good}, "task-failed": {sent[2].id}}
        assert [result.state for result in sent] == ["SUCCESS", "SUCCESS", "FAILURE", "SUCCESS"]
        assert calls.read_text() == "1 3 4\n"
        left = python.send_task("tasks.gather", ([5],))
        wait_for(lambda: reserved() == {left.id}, "it waits")
        worker.process.terminate()
        assert worker.process.wait(20) == 0, worker.written()
    assert redis_broker.left() == 1 and left.state == "PENDING"


def test_pythons_client_revokes(python, worker, redis_broker):
    result = python.send_task("tasks.add", (1, 2), countdown=3600)
    python.control.revoke(result.id, destination=["cito@test"], reply=True)
    wait_for(lambda: result.id in (python.control.inspect(["cito@test"], timeout=0.5).revoked() or {}).get("cito@test", []), "it is revoked")


# ---- Python's worker ----------------------------------------------------------------------------------------------------------------------------


def test_a_c_program_gets_results_of_pythons_worker(python_worker, redis_broker, compile_program, run):
    said = run(compile_program(HERE / "programs" / "tasks_elsewhere.c"), "6", "-7", **redis_broker.environment)
    assert (said.returncode, said.stderr) == (0, ""), python_worker.written()
    assert said.stdout.splitlines() == ["-42", "Grüß dich, Ada 2 seen", "42", "FAILURE ValueError on purpose", "SUCCESS", "PENDING"]


def test_workers_of_both_on_one_broker(python, worker, work, redis_broker):
    """Each has a queue of its own; a task of Python's sends one of cito's."""
    command = celery_command(redis_broker, "--workdir", str(HERE / "programs"), "-A", "python_tasks", "worker", "--pool", "solo", "-n", "python@test", "-Q", "python")
    with work(command + ["-l", "info"], redis_broker):
        sent = python.send_task("python.relay", ("tasks.add", 3, 4), queue="python").get(30)
        assert python.AsyncResult(sent).get(30) == 7
        replies = python.control.ping(timeout=2)
        assert sorted(name for reply in replies for name in reply) == ["cito@test", "python@test"]


# ---- Celery's commands ------------------------------------------------------------------------------------------------------------------------------


def test_celery_inspect_sees_the_worker(predictions, redis_broker, gate):
    task_id = redis_broker.send("predict.score", {"values": [1]})
    gate.wait_until_asked()
    assert json.loads(celery_says(redis_broker, "inspect", "ping", "-j")) == {"cito@test": {"ok": "pong"}}
    assert "predict.score" in json.loads(celery_says(redis_broker, "inspect", "registered", "-j"))["cito@test"]
    active = json.loads(celery_says(redis_broker, "inspect", "active", "-j"))["cito@test"]
    assert [(task["id"], task["name"], task["acknowledged"]) for task in active] == [(task_id, "predict.score", False)]
    status = celery_says(redis_broker, "status")
    assert "cito@test" in status and "OK" in status and "1 node online" in status
    gate.let_through()
    assert redis_broker.wait_for_result(task_id)["status"] == "SUCCESS"
    assert json.loads(celery_says(redis_broker, "inspect", "active", "-j")) == {"cito@test": []}


def test_celerys_shutdown_ends_the_worker(python, worker):
    python.control.shutdown(["cito@test"])
    assert worker.process.wait(20) == 0, worker.written()
