"""The shop example as its users see it."""
import pytest

LAMP = {"name": "Lamp", "price": 12.5, "tags": ["light"]}


@pytest.fixture(scope="module")
def shop(serve, example):
    with serve(example("shop")) as server:
        yield server


@pytest.fixture
def lamp(shop, client):
    answer = client.post(shop.url + "/items/", json=LAMP)
    assert answer.status_code == 201
    return answer.json()


def test_an_item_is_made_with_its_defaults(lamp):
    assert lamp == {"id": lamp["id"], "name": "Lamp", "description": None, "price": 12.5, "tax": None, "size": "medium", "tags": ["light"], "images": []}


def test_items_are_read_and_filtered(shop, client, lamp):
    listed = client.get(shop.url + "/items/", params={"tag": "light", "limit": 100}).json()
    assert lamp in listed
    assert client.get(shop.url + "/items/", params={"size": "large"}).json() == []
    assert client.get(f"{shop.url}/items/{lamp['id']}", params={"q": "x"}).json() == {"item_id": lamp["id"], "q": "x", "item": lamp}


def test_an_item_is_replaced_and_deleted(shop, client, lamp):
    url = f"{shop.url}/items/{lamp['id']}"
    replaced = client.put(url, json={"name": "Desk", "price": "99.5", "size": "large", "images": [{"url": "http://example.com", "name": "front"}]})
    assert replaced.status_code == 200
    assert replaced.json()["images"] == [{"url": "http://example.com/", "name": "front"}]
    deleted = client.delete(url)
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert client.delete(url).json() == {"detail": f"Item {lamp['id']} not found"}


def test_an_order_sums_its_lines(shop, client, lamp):
    order = {"customer": {"name": "Ada", "email": "ada@example.com"}, "lines": [{"item_id": lamp["id"], "quantity": 2}]}
    answer = client.post(shop.url + "/orders/", json=order)
    assert answer.status_code == 201
    made = answer.json()
    assert (made["total"], made["status"], made["customer"]["phone"]) == (25.0, "open", None)
    assert client.get(f"{shop.url}/orders/{made['id']}").json() == made


def test_an_order_of_an_unknown_item(shop, client):
    order = {"customer": {"name": "Ada", "email": "ada@example.com"}, "lines": [{"item_id": 999}]}
    answer = client.post(shop.url + "/orders/", json=order)
    assert (answer.status_code, answer.json()) == (404, {"detail": "Item 999 not found"})


def test_a_bad_body_is_told_all_its_errors(shop, client):
    answer = client.post(shop.url + "/items/", json={"name": "", "price": -1, "size": "huge", "tags": "light", "images": [{"url": "no url"}]})
    assert answer.status_code == 422
    assert [(error["type"], error["loc"]) for error in answer.json()["detail"]] == [
        ("string_too_short", ["body", "name"]),
        ("greater_than", ["body", "price"]),
        ("enum", ["body", "size"]),
        ("set_type", ["body", "tags"]),
        ("url_parsing", ["body", "images", 0, "url"]),
        ("missing", ["body", "images", 0, "name"]),
    ]


def test_bad_parameters_are_told_all_their_errors(shop, client):
    answer = client.get(shop.url + "/items/0", params={"q": "x" * 51})
    assert [(error["type"], error["loc"]) for error in answer.json()["detail"]] == [("greater_than_equal", ["path", "item_id"]), ("string_too_long", ["query", "q"])]


def test_broken_json(shop, client):
    answer = client.post(shop.url + "/items/", content=b'{"name": ', headers={"content-type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["type"] == "json_invalid"


def test_the_document_says_what_is_enforced(shop, client):
    document = client.get(shop.url + "/openapi.json").json()
    assert (document["openapi"], document["info"]["title"], document["info"]["version"]) == ("3.1.0", "Shop", "1.0.0")
    assert set(document["paths"]) == {"/", "/items/", "/items/{item_id}", "/orders/", "/orders/{order_id}"}
    item = document["components"]["schemas"]["ItemIn"]
    assert item["required"] == ["name", "price"]
    assert item["properties"]["name"] == {"type": "string", "maxLength": 50, "minLength": 1, "title": "Name", "examples": ["Lamp"]} or (
        item["properties"]["name"]["maxLength"] == 50 and item["properties"]["name"]["minLength"] == 1)


def test_the_docs_page_needs_no_other_server(shop, client):
    page = client.get(shop.url + "/docs")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "https://" not in page.text and "/openapi.json" in page.text
    head = client.head(shop.url + "/docs")
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", page.headers["content-length"])
    assert "redoc" in client.get(shop.url + "/redoc").text


def test_what_is_not_there(shop, client):
    missing = client.get(shop.url + "/nothing")
    assert (missing.status_code, missing.json()) == (404, {"detail": "Not Found"})
    wrong = client.patch(shop.url + "/items/")
    assert (wrong.status_code, wrong.json(), wrong.headers["allow"]) == (405, {"detail": "Method Not Allowed"}, "GET")
    moved = client.get(shop.url + "/items?limit=1")
    assert (moved.status_code, moved.headers["location"]) == (307, shop.url + "/items/?limit=1")


def test_a_connection_is_kept(shop, client):
    # One connection: httpx opens another only where the first was closed.
    ports = {client.get(shop.url + "/").extensions["network_stream"].get_extra_info("client_addr")[1] for _ in range(5)}
    assert len(ports) == 1
