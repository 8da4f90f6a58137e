"""Tasks for Python's worker: `celery -A python_tasks worker`."""
import os

import celery

app = celery.Celery("python_tasks", broker=os.environ["CELERY_BROKER_URL"], backend=os.environ["CELERY_RESULT_BACKEND"])


@app.task(name="python.multiply")
def multiply(x, y):
    return x * y


@app.task(name="python.greet")
def greet(person, greeting="Hello"):
    return person | {"name": f"{greeting}, {person['name']}", "seen": "2026-11-21T10:00:00Z"}


@app.task(name="python.fail")
def fail(text):
    raise ValueError(text)


@app.task(name="python.relay")
def relay(name, x, y):
    """Calls a task of another worker's and waits for nothing."""
    return app.send_task(name, (x, y)).id
