"""The worker that bench/tasks measures cito against, and its client: the same tasks as bench/bench_tasks.c.

    python bench_celery.py enqueue noop|stored COUNT
    python bench_celery.py latency COUNT PER_SECOND

The broker and the back end come from CELERY_BROKER_URL and CELERY_RESULT_BACKEND. What is measured is printed as JSON."""
import json, sys, time
from celery import Celery

app = Celery("bench")


@app.task(name="tasks.noop", ignore_result=True)
def noop():
    pass


@app.task(name="tasks.stored")
def stored(x):
    return x


def enqueue(task, arguments, count):
    task.delay(*arguments)  # connects
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(count):
        task.delay(*arguments)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {"rate": count / wall, "cpu_us": cpu / count * 1e6}


def latency(count, per_second):
    taken = []
    for i in range(count + 5):
        started = time.perf_counter()
        stored.delay(i).get(timeout=30)
        taken.append(time.perf_counter() - started)
        time.sleep(max(0, 1 / per_second - taken[-1]))
    taken = sorted(taken[5:])  # the first ones connect
    return {"p50_ms": taken[count // 2] * 1e3, "p99_ms": taken[count * 99 // 100] * 1e3}


if __name__ == "__main__":
    what, *words = sys.argv[1:]
    if what == "enqueue":
        print(json.dumps(enqueue(noop if words[0] == "noop" else stored, [] if words[0] == "noop" else [1], int(words[1]))))
    else:
        print(json.dumps(latency(int(words[0]), float(words[1]))))
