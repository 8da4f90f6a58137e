"""What the tests of docs/deployment.md share: its snippets, the programs and the nginx that run them."""
import contextlib
import grp
import importlib.machinery
import importlib.util
import os
import pathlib
import pwd
import shlex
import shutil
import ssl
import subprocess

import httpx

from brokers import ended, free_port, wait_for

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BUILD = pathlib.Path(os.environ.get("CITO_BUILD", ROOT / "build")).resolve()
PAGE = (ROOT / "docs/deployment.md").read_text()
# Where a user who is not root has not got them.
PATH = os.environ["PATH"] + ":/usr/sbin:/sbin"
# nginx's own files, all in the test's folder; what the page shows is read between.
NGINX = """daemon off;
{user}pid {folder}/nginx.pid;
worker_processes 1;
error_log {folder}/error.log warn;
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/page.conf;
}}
"""


def load_documentation_runner():
    """tests/documentation/run: it knows how a page is read and how its programs are built."""
    loader = importlib.machinery.SourceFileLoader("documentation_run", str(ROOT / "tests/documentation/run"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("documentation_run", loader))
    loader.exec_module(module)
    return module


runner = load_documentation_runner()


def snippet(kind, holds):
    """The one block of that kind with this text in it."""
    found = [text for block, text in runner.BLOCK.findall(PAGE) if block == kind and holds in text]
    assert len(found) == 1, f"docs/deployment.md has {len(found)} blocks ```{kind} with {holds!r}; this test is about the one"
    return found[0]


def edited(text, changes):
    for old, new in changes.items():
        assert text.count(old) == 1, f"{old!r} is there {text.count(old)} times, not once, in this snippet of docs/deployment.md:\n{text}"
        text = text.replace(old, new)
    return text


def command(text, changes):
    """The words of a command line of the page."""
    return shlex.split(edited(text, changes), comments=True)


def cores():
    return len(os.sched_getaffinity(0))


def tool(name, package):
    path = shutil.which(name, path=PATH)
    assert path, f"there is no {name}, of the package {package}: `tools/install_packages test` installs it"
    return path


# ---- the application ------------------------------------------------------------------------------------------------------------------------


class App:
    def __init__(self, words, folder, environment=None, **popen):
        self.log = folder / "app.log"
        with self.log.open("wb") as out:
            self.process = subprocess.Popen([str(word) for word in words], stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
                                            env=runner.environment(BUILD) | (environment or {}), **popen)

    def written(self):
        return self.log.read_text(errors="replace")

    def wait_for(self, text, count=1):
        wait_for(lambda: self.written().count(text) >= count or self.process.poll() is not None, lambda: f"{count} times {text!r}:\n{self.written()}")
        assert self.process.poll() is None, f"it has ended with {self.process.returncode}:\n{self.written()}"

    def wait_for_workers(self, count):
        """So many have become ready since it started."""
        self.wait_for("] is ready", count)

    def children(self):
        return [int(word) for word in pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()]


@contextlib.contextmanager
def running(words, folder, workers=0, **options):
    """It serves, by so many workers; it must end with code 0 unless the test has ended it."""
    app = App(words, folder, **options)
    with ended(app.process):
        app.wait_for("] is ready" if workers else "   Server  ", workers or 1)
        yield app
        was_ended = app.process.poll() is not None
    assert was_ended or app.process.returncode == 0, f"exit code {app.process.returncode} after SIGTERM:\n{app.written()}"


# ---- nginx -----------------------------------------------------------------------------------------------------------------------------------


class Nginx:
    def __init__(self, folder):
        self.folder, self.port = folder, free_port()

    def configure(self, server, changes):
        standard = {"unix:/run/app/app.sock": server, "listen 80;": f"listen 127.0.0.1:{self.port};"}
        (self.folder / "page.conf").write_text(edited(snippet("nginx", "upstream app"), standard | changes))
        # Its workers would be somebody who may not look into the folder; only root can choose who they are.
        user = f"user {pwd.getpwuid(os.getuid()).pw_name} {grp.getgrgid(os.getgid()).gr_name};\n" if os.getuid() == 0 else ""
        (self.folder / "nginx.conf").write_text(NGINX.format(folder=self.folder, user=user))

    def start(self):
        error_log = str(self.folder / "error.log")
        return subprocess.Popen([tool("nginx", "nginx"), "-p", str(self.folder), "-e", error_log, "-c", str(self.folder / "nginx.conf")], stdin=subprocess.DEVNULL)

    def errors(self):
        path = self.folder / "error.log"
        return path.read_text() if path.exists() else ""

    def client(self, scheme="http", address=None):
        """address: whose it is, an address of this machine."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        transport = httpx.HTTPTransport(verify=context, local_address=address)
        return httpx.Client(base_url=f"{scheme}://127.0.0.1:{self.port}", headers={"host": "example.org"}, timeout=20, trust_env=False, transport=transport)


@contextlib.contextmanager
def nginx_before(server, folder, changes=None, also=None):
    """nginx with the page's configuration. also(nginx): more changes, which need to know it."""
    nginx = Nginx(folder)
    nginx.configure(server, (changes or {}) | (also(nginx) if also else {}))
    process = nginx.start()
    with ended(process):
        wait_for(lambda: (folder / "nginx.pid").exists() or process.poll() is not None, lambda: f"nginx runs:\n{nginx.errors()}")
        assert process.poll() is None, f"nginx refuses the page's configuration:\n{nginx.errors()}"
        yield nginx
    assert process.returncode == 0, nginx.errors()


def command_behind_nginx(program, socket):
    return command(snippet("sh", "--uds"), {"./workers": str(program)} | on_socket(socket))


def on_socket(socket):
    """The page's socket stands twice in its commands."""
    return {f"{option} /run/app/app.sock": f"{option} {shlex.quote(str(socket))}" for option in ("--uds", "--forwarded-allow-ips")}


@contextlib.contextmanager
def behind_nginx(program, folder, *options, **nginx_options):
    """The page's command line and the page's nginx before it."""
    socket = folder / "app.sock"
    with running([*command_behind_nginx(program, socket), *options], folder, workers=cores()) as app:
        with nginx_before(f"unix:{socket}", folder, **nginx_options) as nginx:
            nginx.app, nginx.socket = app, socket
            yield nginx
