"""What a C programmer does wrong and no compiler sees: refused at start with file, line and what to do, or caught in debug mode. Each mistakes/NAME.c begins with
what `check` says first, behind the name of the file."""
import pytest

from conftest import HERE

MISTAKES = sorted((HERE / "mistakes").glob("*.c"))
PROGRAMS = HERE / "programs"


@pytest.mark.parametrize("source", MISTAKES, ids=lambda path: path.stem)
def test_it_is_refused_at_start(run, compile_program, source):
    expected = source.read_text().split("*/")[0].removeprefix("/*").strip()
    program = compile_program(source)
    for verb in (["check"], ["openapi"], ["run", "--port", "0"]):
        said = run(program, *verb)
        assert (said.returncode, said.stdout) == (1, "")
        assert said.stderr.splitlines()[0] == f"{source.name}:{expected}"


def test_each_mistake_has_a_line(run, compile_program):
    """Two functions, two mistakes: both are told at once."""
    said = run(compile_program(PROGRAMS / "two_mistakes.c"), "check")
    assert [line.split(": ")[0] for line in said.stderr.splitlines()] == ["two_mistakes.c:6", "two_mistakes.c:12"]


@pytest.mark.parametrize("path,field", [("/optional", "currency"), ("/list", "read_list")])
def test_a_pointer_to_the_stack_is_caught_in_debug_mode(serve, compile_program, client, path, field):
    with serve(compile_program(PROGRAMS / "dangling.c"), CITO_DEBUG="1") as server:
        answer = client.get(server.url + path)
        assert (answer.status_code, answer.text) == (500, "Internal Server Error")
        assert client.get(server.url + "/right").json() == {"amount": 2.5, "currency": "EUR"}
        told = [line for line in server.written().splitlines() if line.startswith("ERROR:")]
        assert len(told) == 1 and field in told[0] and "dangling.c:" in told[0] and "cito_some" in told[0]


@pytest.fixture(scope="module")
def remedies(serve, compile_program):
    with serve(compile_program(PROGRAMS / "remedies.c")) as server:
        yield server


def test_linux_is_a_member(remedies, client):
    assert client.get(remedies.url + "/os?os=linux").json() == {"name": "linux", "is_linux": True}


def test_an_integers_division_is_not_a_doubles(remedies, client):
    assert client.get(remedies.url + "/append").text == "[0.0,0.5]"


def test_a_lock_ends_with_return_and_raise(remedies, client):
    for _ in range(3):
        assert client.get(remedies.url + "/lock?raises=1").status_code == 418
        assert client.get(remedies.url + "/lock").json() == {"true": True}
