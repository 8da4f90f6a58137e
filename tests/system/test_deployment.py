"""docs/deployment.md, run: its snippets are taken out of the page, paths and ports replaced, and what the page says of them is looked at."""
import configparser
import ctypes
import http.client
import itertools
import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import threading

import httpx
import pytest

from brokers import free_port, wait_for
from deployment import BUILD, HERE, PAGE, App, behind_nginx, command, cores, edited, nginx_before, on_socket, runner, running, snippet, tool
from test_workers import is_alive

MIB = 1 << 20
PR_SET_CHILD_SUBREAPER = 36


@pytest.fixture(scope="module")
def page_program(tmp_path_factory):
    """The page's workers.c, built as tests/documentation/run builds it."""
    program = runner.Program("workers", tmp_path_factory.mktemp("page"), runner.environment(BUILD))
    program.add("workers.c", snippet("c", "/* workers.c */"))
    program.build()
    return program.binary


@pytest.fixture(scope="module")
def deployed(compile_program):
    return compile_program(HERE / "programs/deployed.c")


# ---- nginx ---------------------------------------------------------------------------------------------------------------------------------


def test_nginx_hands_requests_and_bodies_over(deployed, tmp_path):
    with behind_nginx(deployed, tmp_path) as nginx, nginx.client() as client:
        seen = client.get("/seen", headers={"x-forwarded-for": "203.0.113.7"}).json()
        assert seen == {"client": "127.0.0.1", "scheme": "http", "host": "example.org", "connection": "", "forwarded_for": "203.0.113.7, 127.0.0.1", "forwarded_proto": "http"}
        body = os.urandom(3 * MIB)
        assert client.post("/echo", content=body).content == body
        assert client.post("/echo", content=iter([body[:MIB], body[MIB:]])).content == body, "a body without a length"
        answer = client.get("/things")
        assert (answer.status_code, answer.headers["location"]) == (307, "http://example.org/things/")
        assert "[error]" not in nginx.errors()


def test_nginx_says_who_the_client_is(deployed, tmp_path):
    with behind_nginx(deployed, tmp_path) as nginx, nginx.client(address="127.0.0.2") as client:
        assert client.get("/seen").json()["client"] == "127.0.0.2"
        claims = {"x-forwarded-for": "203.0.113.7", "x-forwarded-proto": "https"}
        seen = client.get("/seen", headers=claims).json()
        assert (seen["client"], seen["scheme"]) == ("127.0.0.2", "http"), "what a client says of itself is not believed"
        app = nginx.app
    assert app.written().count('127.0.0.2:0 - "GET /seen HTTP/1.1" 200 OK') == 2, app.written()


def test_whoever_believes_everybody_needs_the_field_anew(deployed, tmp_path):
    option = shlex.split(re.search(r"`(--forwarded-allow-ips '\*')`", PAGE).group(1))
    added, anew = "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;", re.search(r"`(proxy_set_header X-Forwarded-For [^`]*)`", PAGE).group(1)
    for number, (changes, client_host) in enumerate((({}, "203.0.113.7"), ({added: anew}, "127.0.0.2"))):
        folder = tmp_path / str(number)
        folder.mkdir()
        with behind_nginx(deployed, folder, *option, changes=changes) as nginx, nginx.client(address="127.0.0.2") as client:
            assert client.get("/seen", headers={"x-forwarded-for": "203.0.113.7"}).json()["client"] == client_host


def test_nobody_is_believed_without_proxy_headers(deployed, tmp_path):
    with behind_nginx(deployed, tmp_path, "--no-proxy-headers") as nginx, nginx.client() as client:
        seen = client.get("/seen").json()
        assert (seen["client"], seen["scheme"], seen["forwarded_for"]) == ("", "http", "127.0.0.1")


def test_nginx_before_a_port(deployed, tmp_path):
    """As the comment beside the socket says."""
    port = free_port()
    comment = edited(snippet("nginx", "upstream app"), {"# or 127.0.0.1:8000\n": f"# or 127.0.0.1:{port}\n"})
    server = re.search(r"# or (\S+)", comment).group(1)
    with running([deployed, "run", "--port", str(port), "--workers", "2"], tmp_path, workers=2), nginx_before(server, tmp_path) as nginx, nginx.client(address="127.0.0.2") as client:
        seen = client.get("/seen").json()
        assert (seen["client"], seen["forwarded_for"]) == ("127.0.0.2", "127.0.0.2")


def established(socket):
    """Connections to a Unix socket, as its server sees them."""
    lines = [line.split() for line in pathlib.Path("/proc/net/unix").read_text().splitlines()]
    return sum(line[-1] == str(socket) and line[5] == "03" for line in lines)


@pytest.mark.parametrize("changes, kept", [({}, 1), ({'proxy_set_header Connection "";': ""}, 0)], ids=["page", "without-its-connection-header"])
def test_nginx_keeps_one_connection_for_all_requests(deployed, tmp_path, changes, kept):
    with behind_nginx(deployed, tmp_path, changes=changes) as nginx, nginx.client() as client:
        for _ in range(40):
            assert client.get("/pid").status_code == 200
        wait_for(lambda: established(nginx.socket) == kept, lambda: f"{kept} connections to the application stay open; there are {established(nginx.socket)}")


def load(port, over, answers, failures):
    """GET and POST in turn on one connection to nginx, without a pause."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    for turn in itertools.count():
        if over.is_set():
            break
        body = b"body %d" % turn
        try:
            connection.request("POST", "/echo", body) if turn % 2 else connection.request("GET", "/pid")
            answer = connection.getresponse()
            text = answer.read()
            if answer.status != 200 or (turn % 2 and text != body):
                failures.append((answer.status, text))
            elif not turn % 2:
                answers.add(json.loads(text)["pid"])
        except (OSError, http.client.HTTPException) as failure:
            failures.append(repr(failure))
            connection.close()
    connection.close()


def test_a_reload_behind_nginx_loses_no_request(deployed, tmp_path):
    over, answers, failures = threading.Event(), set(), []
    with behind_nginx(deployed, tmp_path) as nginx:
        clients = [threading.Thread(target=load, args=(nginx.port, over, answers, failures)) for _ in range(8)]
        for client in clients:
            client.start()
        try:
            for turn in range(1, 4):
                before = nginx.app.children()
                wait_for(lambda: answers & set(before), "a worker answers through nginx")
                nginx.app.process.send_signal(signal.SIGHUP)
                nginx.app.wait_for_workers(cores() * (turn + 1))
                wait_for(lambda: not any(map(is_alive, before)), "the old workers are gone")
        finally:
            over.set()
            for client in clients:
                client.join()
        assert not failures, f"{len(failures)} failed, the first: {failures[:3]}\n{nginx.errors()[-2000:]}"


def post(client, size):
    """(status, does the application say it, and not nginx)."""
    answer = client.post("/echo", content=bytes(size))
    assert answer.status_code != 200 or len(answer.content) == size
    return answer.status_code, "json" in answer.headers["content-type"] or answer.status_code == 200


def test_nginx_and_the_application_have_the_same_limit(deployed, tmp_path):
    with behind_nginx(deployed, tmp_path) as nginx, nginx.client() as client:
        assert post(client, 16 * MIB) == (200, True)
        assert post(client, 16 * MIB + 1) == (413, False), "nginx refuses it"
        with httpx.Client(transport=httpx.HTTPTransport(uds=str(nginx.socket)), base_url="http://example.org", timeout=20) as direct:
            assert post(direct, 16 * MIB) == (200, True)
            assert post(direct, 16 * MIB + 1) == (413, True), "the application refuses it"


def test_the_lower_limit_answers(deployed, tmp_path):
    with behind_nginx(deployed, tmp_path, "--limit-body", "1m") as nginx, nginx.client() as client:
        for _ in range(8):
            assert post(client, 8 * MIB) == (413, True), nginx.errors()
        assert post(client, MIB) == (200, True)


def test_tls_is_nginxs(deployed, tmp_path):
    key, certificate = tmp_path / "key", tmp_path / "certificate"
    subprocess.run([tool("openssl", "openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=example.org",
                    "-keyout", key, "-out", certificate], check=True, capture_output=True)

    def with_tls(nginx):
        return {"listen 80;": f"listen 127.0.0.1:{nginx.port} ssl; ssl_certificate {certificate}; ssl_certificate_key {key};"}

    with behind_nginx(deployed, tmp_path, also=with_tls) as nginx, nginx.client("https") as client:
        seen = client.get("/seen").json()
        assert (seen["scheme"], seen["forwarded_proto"]) == ("https", "https")
        assert client.get("/things").headers["location"] == "https://example.org/things/"


def test_nginx_takes_a_prefix_off(deployed, tmp_path):
    option = re.search(r"`(--root-path \S+)` puts it back", PAGE)
    assert option, "docs/deployment.md no longer says who puts the prefix back"
    root = re.search(r" *location / \{.*?\n    \}\n", snippet("nginx", "upstream app"), re.S).group()
    changes = {root: snippet("nginx", "location /api/")}
    with behind_nginx(deployed, tmp_path, *option.group(1).split(), changes=changes) as nginx, nginx.client() as client:
        assert client.get("/api/pid").status_code == 200
        document = re.search(r"[^'\"]*/openapi\.json", client.get("/api/docs").text).group()
        assert client.get(document).json()["info"]["title"] == "Deployed"
        assert client.get("/api/things", follow_redirects=False).headers["location"] == "http://example.org/api/things/"
        assert client.get("/pid").status_code == 404


def test_nginx_leaves_a_prefix_on(compile_program, tmp_path):
    declared = re.search(r'`(CITO_APP\(app, \.root_path = "/api"\);)`', PAGE).group(1)
    source = tmp_path / "declared.c"
    source.write_text(edited((HERE / "programs/deployed.c").read_text(), {'CITO_APP(app, .title = "Deployed");': declared}))
    left_on = re.search(r"\(`(proxy_pass http://app;)`\)", PAGE).group(1)
    assert left_on in snippet("nginx", "upstream app"), "which hands the whole path over"
    with behind_nginx(compile_program(source), tmp_path) as nginx, nginx.client() as client:
        assert client.get("/api/things/").json() == client.get("/things/").json() == {"things": 3}
        assert client.get("/api/things").headers["location"] == "http://example.org/api/things/"
        document = re.search(r"[^'\"]*/openapi\.json", client.get("/api/docs").text).group()
        assert client.get(document).status_code == 200 and document == "/api/openapi.json"


# ---- systemd -------------------------------------------------------------------------------------------------------------------------------


def read_unit():
    unit = configparser.ConfigParser(interpolation=None)
    unit.optionxform = str
    unit.read_string(snippet("ini", "[Service]"))
    return unit


def test_systemd_takes_the_unit(page_program, tmp_path):
    path = tmp_path / "app.service"
    for text, expected in ((snippet("ini", "[Service]"), ""), (snippet("ini", "[Service]").replace("KillMode", "KilMode"), "Unknown key")):
        path.write_text(edited(text, {"/opt/app/app": str(page_program)}))
        verified = subprocess.run([tool("systemd-analyze", "systemd"), "verify", "--man=no", "--recursive-errors=no", path], capture_output=True, text=True)
        said = "\n".join(line for line in verified.stderr.splitlines() if "app.service" in line)
        assert (verified.returncode == 0) == (not expected) and expected in said and bool(said) == bool(expected), f"exit code {verified.returncode}:\n{verified.stderr}"


def test_the_units_commands_start_reload_and_end(page_program, tmp_path):
    service = read_unit()["Service"]
    socket = tmp_path / "app.sock"
    words = command(service["ExecStart"], {"/opt/app/app": str(page_program)} | on_socket(socket))
    with running(words, tmp_path, workers=cores()) as app:
        before = app.children()
        with httpx.Client(transport=httpx.HTTPTransport(uds=str(socket)), base_url="http://example.org") as client:
            assert client.get("/").json()["pid"] in before
        subprocess.run(shlex.split(service["ExecReload"].replace("$MAINPID", str(app.process.pid))), check=True)
        app.wait_for_workers(2 * cores())
        wait_for(lambda: not any(map(is_alive, before)), "the old workers are gone")
        now = app.children()
        # What KillMode=mixed does: TERM to the main process, and to no other.
        app.process.send_signal(signal.SIGTERM)
        assert app.process.wait(int(service["TimeoutStopSec"])) == 0, app.written()
        assert not any(map(is_alive, now)) and not socket.exists()


def help_of(program):
    return subprocess.run([program, "--help"], env=runner.environment(BUILD), capture_output=True, text=True, check=True).stdout


def test_the_unit_agrees_with_the_program_and_the_page(page_program):
    service = read_unit()["Service"]
    words = shlex.split(service["ExecStart"])
    default_s = int(re.search(r"--timeout-graceful-shutdown .*\((\d+)\)", help_of(page_program)).group(1))
    assert int(service["TimeoutStopSec"]) > default_s + 3, "systemd would kill it before its shutdown hooks have run"
    assert service["KillMode"] == "mixed" and service["User"] != "root"
    # The socket of nginx's snippet, in the folder that systemd makes; the options that the page gives for nginx.
    assert words[words.index("--uds") + 1] == re.search(r"server unix:([^;]+);", snippet("nginx", "upstream app")).group(1) == f"/run/{service['RuntimeDirectory']}/app.sock"
    assert words[1:] == shlex.split(snippet("sh", "--uds"))[1:]
    assert service["WorkingDirectory"] == f"/var/lib/{service['StateDirectory']}"


# ---- containers ----------------------------------------------------------------------------------------------------------------------------


def dockerfile():
    """{instruction: [what follows]}"""
    found = {}
    for line in snippet("dockerfile", "FROM").replace("\\\n", " ").splitlines():
        word, rest = line.split(None, 1)
        found.setdefault(word, []).append(rest)
    return found


@pytest.fixture
def image(page_program, tmp_path):
    """A folder with what the Dockerfile copies, where it copies it."""
    ours = {"libcito.so.0": BUILD / "libcito.so.0", "app": page_program}
    for line in dockerfile()["COPY"]:
        source, target = line.split()
        assert source in ours, f"COPY {line}: this test knows {', '.join(ours)} only"
        path = tmp_path / "image" / target.lstrip("/") / (source if target.endswith("/") else "")
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ours[source], path)
    return tmp_path / "image"


def packages_of_dpkg():
    """{name: (is it in every minimal Debian, [the first choice of each dependency])}"""
    listed = subprocess.run(["dpkg-query", "-W", "-f", "${Package}\t${Essential}\t${Priority}\t${Pre-Depends}, ${Depends}\n"], capture_output=True, text=True, check=True)
    found = {}
    for line in listed.stdout.splitlines():
        name, essential, priority, needs = line.split("\t")
        found[name] = (essential == "yes" or priority == "required" or name == "apt", re.findall(r"(?:^|, *)([a-z0-9][a-z0-9.+-]+)", needs))
    return found


def with_dependencies(names, packages):
    found, more = set(), set(names)
    while more:
        found |= more
        more = {need for name in more for need in packages[name][1] if need in packages} - found
    return found


def owner(path):
    """The package of a library; /lib is /usr/lib, and a package may say either."""
    for name in {path, path.removeprefix("/usr"), "/usr" + path}:
        asked = subprocess.run(["dpkg", "-S", name], capture_output=True, text=True)
        if asked.returncode == 0:
            return asked.stdout.split(":")[0]
    pytest.fail(f"no package has {path}")


def test_the_images_packages_hold_every_library(image):
    dockerfile_packages = re.search(r"apt-get install -y --no-install-recommends (.*?) &&", dockerfile()["RUN"][0]).group(1).split()
    assert dockerfile()["FROM"] == ["debian:12-slim"]
    packages = packages_of_dpkg()
    assert not set(dockerfile_packages) - set(packages), "what the Dockerfile installs is here too: cito's -dev packages bring it"
    there = with_dependencies([name for name, (is_minimal, _) in packages.items() if is_minimal] + dockerfile_packages, packages)
    owners = set()
    for file in (image / "usr/local/lib/libcito.so.0", image / "usr/local/bin/app"):
        listed = subprocess.run(["ldd", file], env=runner.environment(BUILD) | {"LD_LIBRARY_PATH": str(image / "usr/local/lib")}, capture_output=True, text=True, check=True)
        assert "not found" not in listed.stdout, f"{file} needs what this machine has not:\n{listed.stdout}"
        for path in re.findall(r"(?:=> |^\s*)(/\S+) \(", listed.stdout, re.M):
            if pathlib.Path(path).is_relative_to(image):
                continue
            package = owner(path)
            owners.add(package)
            assert package in there, f"{file.name} loads {path} of {package}: the Dockerfile in docs/deployment.md has to install it"
    assert set(dockerfile_packages) <= owners, f"nothing loads what these hold: {set(dockerfile_packages) - owners}"


def test_the_images_entry_point_runs_and_ends(image, tmp_path):
    """Exec form, one process; the port from the environment, as the page says."""
    port = free_port()
    environment = {"PATH": f"{image}/usr/local/bin:{os.environ['PATH']}", "LD_LIBRARY_PATH": str(image / "usr/local/lib"), "CITO_PORT": str(port),
                   "CITO_TIMEOUT_GRACEFUL_SHUTDOWN": "5"}
    words = json.loads(dockerfile()["ENTRYPOINT"][0])
    words[0] = shutil.which(words[0], path=environment["PATH"])
    with running(words, tmp_path, environment=environment) as app:
        assert httpx.get(f"http://127.0.0.1:{port}/", trust_env=False).json() == {"worker_id": 1, "pid": app.process.pid}
        assert app.children() == []
    assert app.process.returncode == 0


def test_a_start_that_fails_ends_with_1(deployed, tmp_path):
    with running([deployed, "run", "--port", "0"], tmp_path) as first:
        port = re.search(r"http://127\.0\.0\.1:(\d+)", first.written()).group(1)
        (tmp_path / "second").mkdir()
        second = App([deployed, "run", "--port", port], tmp_path / "second")
        assert second.process.wait(20) == 1 and "already in use" in second.written()


def test_the_master_reaps_orphans(deployed, tmp_path):
    """As process 1 of a container is given them, so is whoever asks the kernel for those of its descendants."""
    libc, fifo, port = ctypes.CDLL(None), tmp_path / "fifo", free_port()
    os.mkfifo(fifo)
    words = [deployed, "run", "--workers", "1", "--port", str(port)]
    with running(words, tmp_path, workers=1, environment={"ORPHAN_WAITS_ON": str(fifo)}, preexec_fn=lambda: libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)) as app:
        workers = app.children()
        assert httpx.post(f"http://127.0.0.1:{port}/orphan", trust_env=False).json() == {"code": 0}
        wait_for(lambda: len(app.children()) == 2, "the orphan is the master's child")
        fifo.write_text("end\n")
        wait_for(lambda: app.children() == workers, "the orphan has ended and is no zombie")


# ---- workers and signals -----------------------------------------------------------------------------------------------------------------------


def test_the_first_command_starts_four_workers(page_program, tmp_path):
    port = free_port()
    words = command(snippet("sh", "--workers 4"), {"./workers": str(page_program), "--host 0.0.0.0": "--host 127.0.0.1", "--port 8000": f"--port {port}"})
    with running(words, tmp_path, workers=4) as app:
        assert len(app.children()) == 4
        assert {httpx.get(f"http://127.0.0.1:{port}/", trust_env=False).json()["worker_id"] for _ in range(40)} == {1, 2, 3, 4}
        memory_kb = int(re.search(r"RssAnon:\s+(\d+)", pathlib.Path(f"/proc/{app.process.pid}/status").read_text()).group(1))
        assert memory_kb < 1024, "the page says less than 1 MB of the master's own"


def test_auto_is_the_cores_that_the_process_may_run_on(page_program, tmp_path):
    assert "or --workers auto" in snippet("sh", "--workers 4")
    one = min(os.sched_getaffinity(0))
    with running([page_program, "run", "--workers", "auto", "--port", "0"], tmp_path, workers=1, preexec_fn=lambda: os.sched_setaffinity(0, {one})) as app:
        assert len(app.children()) == 1


def test_the_options_of_the_page_have_the_defaults_of_the_program(page_program):
    help_text = help_of(page_program)
    rows = re.findall(r"^\| (?:`-\w`, )?`--([\w-]+)[^|]*\| ([^|]+) \|", PAGE, re.M)
    assert len(rows) == 5, rows
    for name, default in rows:
        line = re.search(rf"--{name} .*", help_text)
        assert line, f"the program has no --{name}"
        assert not default.isdigit() or f"({default}" in line.group(), f"--{name} is {default} on the page: {line.group()}"


def is_read(port):
    """A connection is accepted, and what was sent on it is taken out of the kernel."""
    lines = [line.split() for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return any(line[1].endswith(f":{port:04X}") and line[3] == "01" and line[4].endswith(":00000000") and line[9] != "0" for line in lines)


@pytest.mark.parametrize("workers", [(), ("--workers", "2")], ids=["one", "master"])
def test_a_second_signal_makes_it_quick(example, tmp_path, workers):
    port = free_port()
    with running([example("contract"), "run", *workers, "--port", str(port)], tmp_path, workers=2 if workers else 0) as app:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("GET", "/slow?s=600")
        wait_for(lambda: is_read(port), "the request is being answered")
        app.process.send_signal(signal.SIGTERM)
        app.wait_for("Shutting down")
        app.process.send_signal(signal.SIGTERM)
        assert app.process.wait(20) == 0  # 30 s would be the graceful way
        connection.close()


def test_quit_kills_what_is_left(example, tmp_path):
    with running([example("contract"), "run", "--workers", "2", "--port", "0"], tmp_path, workers=2) as app:
        stopped = app.children()[0]
        os.kill(stopped, signal.SIGSTOP)  # only KILL ends it
        app.process.send_signal(signal.SIGQUIT)
        assert app.process.wait(20) == 0
        assert not is_alive(stopped)


def test_without_a_master_hup_ends_it(page_program, tmp_path):
    pid_file = tmp_path / "app.pid"
    with running([page_program, "run", "--port", "0", "--pid", pid_file], tmp_path) as app:
        assert int(pid_file.read_text()) == app.process.pid
        app.process.send_signal(signal.SIGHUP)
        assert app.process.wait(20) == -signal.SIGHUP


def test_a_running_program_is_moved_over_and_not_copied_over(page_program, tmp_path):
    program, new = tmp_path / "app", tmp_path / "new"
    shutil.copy(page_program, program)
    shutil.copy(page_program, new)
    with running([program, "run", "--workers", "1", "--port", "0"], tmp_path, workers=1) as app:
        copied = subprocess.run(["cp", new, program], capture_output=True, text=True, env=os.environ | {"LC_ALL": "C"})
        assert copied.returncode == 1 and "Text file busy" in copied.stderr
        subprocess.run(["mv", new, program], check=True)
        app.process.send_signal(signal.SIGHUP)
        app.wait_for_workers(2)
