"""Behind a proxy: --proxy-headers, --forwarded-allow-ips and --root-path, and where each comes from. Which element of a header counts is tests/server/test_proxy_header.c's."""
import pytest

from conftest import HERE

CLAIMS = {"x-forwarded-for": "198.51.100.1, 203.0.113.7", "x-forwarded-proto": "https"}
BELIEVED, NOT_BELIEVED = ("203.0.113.7", "https"), ("127.0.0.1", "http")


@pytest.fixture(scope="module")
def deployed(compile_program):
    return compile_program(HERE / "programs/deployed.c")


@pytest.mark.parametrize(
    "words, environment, expected",
    [
        ([], {}, BELIEVED),
        (["--proxy-headers"], {}, BELIEVED),
        (["--no-proxy-headers"], {}, NOT_BELIEVED),
        (["--no-proxy-headers", "--forwarded-allow-ips", "*"], {}, NOT_BELIEVED),
        (["--forwarded-allow-ips", "10.0.0.0/8, 192.0.2.1"], {}, NOT_BELIEVED),
        (["--forwarded-allow-ips", "10.0.0.0/8, 127.0.0.0/8"], {}, BELIEVED),
        (["--forwarded-allow-ips", "127.0.0.1,203.0.113.7"], {}, ("198.51.100.1", "https")),
        (["--forwarded-allow-ips", "*"], {}, ("198.51.100.1", "https")),
        (["--forwarded-allow-ips", ""], {}, NOT_BELIEVED),
        ([], {"FORWARDED_ALLOW_IPS": "192.0.2.1"}, NOT_BELIEVED),
        ([], {"FORWARDED_ALLOW_IPS": ""}, NOT_BELIEVED),
        ([], {"FORWARDED_ALLOW_IPS": "*"}, ("198.51.100.1", "https")),
        ([], {"CITO_FORWARDED_ALLOW_IPS": "192.0.2.1"}, NOT_BELIEVED),
        ([], {"CITO_FORWARDED_ALLOW_IPS": "127.0.0.1", "FORWARDED_ALLOW_IPS": "192.0.2.1"}, BELIEVED),
        (["--forwarded-allow-ips", "127.0.0.1"], {"CITO_FORWARDED_ALLOW_IPS": "192.0.2.1", "FORWARDED_ALLOW_IPS": "192.0.2.1"}, BELIEVED),
        ([], {"CITO_PROXY_HEADERS": "false"}, NOT_BELIEVED),
    ],
)
def test_who_is_believed(serve, deployed, client, words, environment, expected):
    with serve(deployed, *words, **environment) as server:
        seen = client.get(server.url + "/seen", headers=CLAIMS).json()
        assert (seen["client"], seen["scheme"]) == expected
        location = client.get(server.url + "/things", headers=CLAIMS, follow_redirects=False).headers["location"]
        assert location == server.url.replace("http", expected[1], 1) + "/things/"
    assert f'INFO:     {expected[0]}:' in server.written() and server.written().count('"GET /seen HTTP/1.1" 200') == 1


def test_a_socket_for_both_kinds_knows_ipv4(serve, deployed, client):
    with serve(deployed, "--host", "") as server:
        assert client.get(server.url + "/seen", headers=CLAIMS).json()["client"] == "203.0.113.7"


def test_every_worker_knows_the_list(serve, deployed, client):
    with serve(deployed, "--workers", "2", "--forwarded-allow-ips", "127.0.0.1") as server:
        assert {client.get(server.url + "/seen", headers=CLAIMS | {"connection": "close"}).json()["client"] for _ in range(8)} == {"203.0.113.7"}


@pytest.mark.parametrize("words", [[], ["--workers", "2"]], ids=["one", "master"])
def test_a_list_that_matches_nobody_is_refused_before_the_start(run, deployed, words):
    said = run(deployed, "run", "--port", "0", *words, "--forwarded-allow-ips", "127.0.0.1,10.0.0.1/8")
    assert (said.returncode, said.stdout) == (1, "")
    assert said.stderr == "--forwarded-allow-ips: 10.0.0.1/8 is an address within a network: the network is 10.0.0.0/8\n"
    said = run(deployed, "run", "--port", "0", *words, FORWARDED_ALLOW_IPS="localhost:80")
    assert said.returncode == 1 and said.stderr.startswith("FORWARDED_ALLOW_IPS in the environment: localhost:80 is no address")


def test_the_root_path_is_what_a_proxy_has_taken_off(serve, deployed, client):
    """As `uvicorn --root-path /api` answers the same requests."""
    with serve(deployed, "--root-path", "/api") as server:
        def location(path):
            return client.get(server.url + path, follow_redirects=False).headers["location"]

        assert location("/things") == server.url + "/api/things/"
        assert location("/things?a=1") == server.url + "/api/things/?a=1"
        assert location("/pid/") == server.url + "/api/pid"
        assert client.get(server.url + "/things/").status_code == 200
        assert client.get(server.url + "/api/things/").status_code == 404
