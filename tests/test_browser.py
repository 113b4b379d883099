"""The page in a real browser: Debian's chromium through Playwright, a served app, the toy encoder."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn

from careerbot.pipeline import Careerbot

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("chromium") is None, reason="needs chromium"),
    pytest.mark.filterwarnings("default"),
]


@pytest.fixture(scope="module")
def address(_shared_bot: Careerbot) -> Iterator[str]:
    """A running app on a free port of this machine."""
    from careerbot.web import listen, web_app

    listening = listen("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(web_app(_shared_bot), log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join(timeout=10)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Headless chromium that asks nothing of the network by itself."""
    from playwright.sync_api import sync_playwright

    quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    with sync_playwright() as play:
        started = play.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu", *quiet]
        )
        yield started
        started.close()


@pytest.fixture
def page(browser: Any, address: str) -> Iterator[Any]:
    """A fresh page on the app that records what went wrong and what was asked of other hosts."""
    opened = browser.new_page()
    opened.trouble = []
    opened.on("console", lambda message: opened.trouble.append(message.text) if message.type == "error" else None)
    opened.on("request", lambda request: None if _own(request.url) else opened.trouble.append(request.url))
    opened.goto(address)
    opened.wait_for_selector("textarea")
    yield opened
    opened.close()


def _own(url: str) -> bool:
    return url.startswith(("http://127.0.0.1:", "data:", "blob:"))


def _ask(page: Any, question: str, number: int) -> str:
    page.fill("textarea", question)
    page.keyboard.press("Enter")
    page.wait_for_function(
        "count => document.querySelectorAll('.message.bot').length >= count"
        " && ![...document.querySelectorAll('.message.bot')].pop().innerText.includes('Loading content')",
        arg=number,
        timeout=20_000,
    )
    page.wait_for_timeout(300)
    return str(page.locator(".message.bot").last.inner_text())


def test_a_question_is_answered_with_its_quotation_and_source(page: Any) -> None:
    answer = _ask(page, "What do bakers do?", 1)
    assert "[1]" in answer
    page.locator(".message.bot summary").first.click()
    assert "“" in page.locator(".message.bot blockquote").first.inner_text()
    assert page.trouble == []


def test_markup_in_a_message_stays_text_and_asks_no_other_host(page: Any) -> None:
    _ask(page, '<img src="http://127.0.0.2:9/x.png"> ![x](http://127.0.0.2:9/y.png) bakers?', 1)
    assert page.locator(".message img[src*='127.0.0.2']").count() == 0
    assert page.trouble == []


def test_an_example_question_is_asked_with_one_click(page: Any) -> None:
    page.locator(".example").first.click()
    page.wait_for_selector(".message.bot", timeout=20_000)
    assert page.trouble == []
