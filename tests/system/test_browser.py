"""The docs pages in a browser that reaches no other server: Swagger UI tries an operation out, ReDoc renders."""
import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support import expected_conditions as until
from selenium.webdriver.support.wait import WebDriverWait

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
         "--disable-sync", "--window-size=1200,1600", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
CREATE_ITEM = "operations-items-create_item_items__post"


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for flag in [*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('browser')}"]:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options, webdriver.ChromeService("/usr/bin/chromedriver"))
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def shop(serve, example):
    with serve(example("shop")) as server:
        yield server


def find(browser, selector):
    return WebDriverWait(browser, 30).until(until.visibility_of_element_located((By.CSS_SELECTOR, selector)))


def click(browser, selector):
    element = WebDriverWait(browser, 30).until(until.element_to_be_clickable((By.CSS_SELECTOR, selector)))
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
    element.click()


def complaints(browser):
    """Errors of the page: a file that could not be had, a script that failed."""
    return [entry["message"] for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]


def test_an_operation_is_tried_out(browser, shop, tmp_path):
    browser.get(shop.url + "/docs")
    assert "Shop" in find(browser, ".info .title").text
    click(browser, f"#{CREATE_ITEM} .opblock-summary-control")
    click(browser, f"#{CREATE_ITEM} .try-out__btn")
    body = find(browser, f"#{CREATE_ITEM} textarea.body-param__text")
    assert '"Lamp"' in body.get_attribute("value"), "the example of the model's field is filled in"
    body.clear()
    body.send_keys('{"name": "Desk", "price": 99.5, "tags": ["wood"]}')
    click(browser, f"#{CREATE_ITEM} .execute")
    answer = find(browser, f"#{CREATE_ITEM} .live-responses-table .response")
    assert answer.find_element(By.CSS_SELECTOR, ".response-col_status").text.startswith("201")
    assert '"name": "Desk"' in answer.text and '"size": "medium"' in answer.text
    assert complaints(browser) == []


def test_a_mistake_is_answered_in_the_page(browser, shop):
    body = find(browser, f"#{CREATE_ITEM} textarea.body-param__text")
    body.clear()
    body.send_keys('{"name": "", "price": -1}')
    click(browser, f"#{CREATE_ITEM} .execute")
    WebDriverWait(browser, 30).until(
        until.text_to_be_present_in_element((By.CSS_SELECTOR, f"#{CREATE_ITEM} .live-responses-table .response .response-col_status"), "422"))
    answer = find(browser, f"#{CREATE_ITEM} .live-responses-table .response").text
    assert "string_too_short" in answer and "greater_than" in answer


def test_redoc_renders(browser, shop):
    complaints(browser)
    browser.get(shop.url + "/redoc")
    WebDriverWait(browser, 30).until(until.text_to_be_present_in_element((By.TAG_NAME, "h1"), "Shop"))
    assert "List the items" in browser.find_element(By.TAG_NAME, "body").text
    assert complaints(browser) == []
