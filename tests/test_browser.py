"""The page in a real browser (Debian's chromium through Playwright): what a person sees, clicks, types and hears.

Every test also fails on an error in the console and on a request that leaves this machine. With
SCREENSHOTS=folder in the environment (`make screenshots`) the tests write the README's pictures there.
"""

from __future__ import annotations

import io
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from conftest import WordEncoder, write_corpus
from model_server import ModelServer, model_server
from playwright.sync_api import Browser, BrowserContext, FloatRect, Locator, Page, Route, expect, sync_playwright

from careerbot import Answer, Careerbot, Settings, handout
from careerbot.building import build
from careerbot.feedback import Feedback, Rating
from careerbot.index import open_index
from careerbot.loading import load
from careerbot.models import ChatModel
from careerbot.rendering import quoted
from evals.load import served

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(shutil.which("chromium") is None, reason="needs chromium; make test-browser installs it"),
    pytest.mark.filterwarnings("default"),
]

AXE = next(Path(axe_playwright_python.__file__).parent.rglob("axe.min.js")).read_text(encoding="utf-8")
PICTURES = os.environ.get("SCREENSHOTS", "")
DESKTOP: dict[str, Any] = {"viewport": {"width": 1200, "height": 800}, "color_scheme": "light"}
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark", "has_touch": True}

SALARY = "What do medical coders earn at the median?"
"""Sources disagree about it, and one of them tells it in a table, of which a chart is drawn."""

PLAIN = "What is the CCS certification?"
"""Its answer is neither, which takes less time."""

HOSTILE = """\
# Diver <img src="x" onerror="window.harmed = 1">

## What does a diver earn? <script>window.harmed = 2</script>

A diver earns $25 an hour <img src="http://evil.example/p.png" onerror="window.harmed = 3"> on average.

![pixel](https://evil.example/p.png) <style>body {display: none}</style> [click](javascript:window.harmed=4)

## Is a <img src="x" onerror="window.harmed = 7"> suit dear?

A suit costs $300.

## Pay of a dive

| Dive | Pay |
|---|---|
| Reef <svg onload="window.harmed = 5"> <a href="https://evil.example">here</a> | $30 |
| Wreck <b style="position: fixed; inset: 0">all</b> | $40 |
"""


@dataclass(frozen=True)
class Served:
    """A running app: where it is, what answers, and the file that keeps its ratings."""

    address: str
    bot: Careerbot
    ratings: Path


class SlowBot(Careerbot):
    """Shows the beginning of an answer, and the rest of it once `go` is set."""

    go = threading.Event()

    def stream(self, question: str, history: Any = ()) -> Iterator[Answer]:
        answer = self.ask(question, history)
        yield replace(answer, text="It begins.", citations=(), disagreements=())
        self.go.wait(30)
        yield answer


@contextmanager
def serving(bot: Careerbot) -> Iterator[Served]:
    """The app on a free port of this machine."""
    assert bot.settings.feedback is not None
    with served(bot) as address:
        yield Served(address, bot, bot.settings.feedback)


def small_bot(kind: type[Careerbot], folder: Path, corpus: Path) -> Careerbot:
    """A bot with the toy encoder over a folder of documents."""
    encoder = WordEncoder()
    build(load([corpus]).documents, encoder, folder / "index")
    settings = Settings(
        index=folder / "index", answer_threshold=0, questions_per_minute=0, feedback=folder / "ratings.sqlite"
    )
    return kind(open_index(settings.index, encoder), encoder, settings)


@pytest.fixture(scope="module")
def real(real_index: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    ratings = tmp_path_factory.mktemp("real") / "ratings.sqlite"
    settings = Settings(index=real_index, questions_per_minute=0, feedback=ratings)
    bot = Careerbot.open(settings=settings)
    bot.ask(SALARY)  # loads the encoder before the first test waits for an answer
    with serving(bot) as held:
        yield held


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "diver.md").write_text(HOSTILE, encoding="utf-8")
    with serving(small_bot(Careerbot, folder, folder / "diver.md")) as held:
        yield held


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("slow")
    with serving(small_bot(SlowBot, folder, write_corpus(folder / "corpus"))) as held:
        yield held


@pytest.fixture(scope="module")
def model() -> Iterator[ModelServer]:
    with model_server() as held:
        yield held


@pytest.fixture(scope="module")
def worded(model: ModelServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("worded")
    bot = small_bot(Careerbot, folder, write_corpus(folder / "corpus"))
    settings = bot.settings.model_copy(update={"model": "openai:toy", "model_url": model.url, "model_seconds": 5.0})
    with serving(Careerbot(bot.index, bot.encoder, settings, ChatModel(settings))) as held:
        yield held


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Headless chromium that asks nothing of the network by itself."""
    quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    expect.set_options(timeout=30_000)
    with sync_playwright() as play:
        started = play.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu", *quiet]
        )
        yield started
        started.close()


class Visitors:
    """Opens pages, each for a person of their own, and notes what must not happen on any of them."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._contexts: dict[str, BrowserContext] = {}
        self._pages: list[Page] = []
        self.trouble: list[str] = []

    def open(self, address: str, **options: Any) -> Page:
        page = self._context(DESKTOP | {"reduced_motion": "reduce"} | options).new_page()
        self._pages.append(page)
        page.on("console", lambda message: self.trouble.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.trouble.append(str(error)))
        page.on("dialog", lambda dialog: self.trouble.append(dialog.message))
        page.on("request", lambda request: None if _own(request.url, address) else self.trouble.append(request.url))
        page.goto(address)
        page.wait_for_selector("#question textarea")
        return page

    def close(self) -> list[str]:
        """Close the pages; what must not happen and did."""
        while self._pages:
            self._pages.pop().close()
        trouble, self.trouble = self.trouble, []
        return trouble

    def _context(self, options: dict[str, Any]) -> BrowserContext:
        """The scripts of the page are cached in a context, which saves a second a test; each person has one."""
        number = len(self._pages)
        if repr((number, options)) not in self._contexts:
            context = self._browser.new_context(**options)
            context.grant_permissions(["clipboard-read", "clipboard-write"])
            context.add_init_script("window.print = () => {window.printed = true}")
            self._contexts[repr((number, options))] = context
        return self._contexts[repr((number, options))]


@pytest.fixture(scope="module")
def _visitors(browser: Browser) -> Visitors:
    return Visitors(browser)


@pytest.fixture
def visitors(_visitors: Visitors) -> Iterator[Visitors]:
    yield _visitors
    assert _visitors.close() == []


@pytest.fixture
def page(visitors: Visitors, real: Served) -> Page:
    """The page over the real documents on a desktop."""
    return visitors.open(real.address)


@pytest.fixture
def phone(visitors: Visitors, real: Served) -> Page:
    """The same on a phone in dark mode."""
    return visitors.open(real.address, **PHONE)


def _own(url: str, address: str) -> bool:
    return url.startswith((f"{address}/", "data:", "blob:"))


def _box(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Your question")


def _answers(page: Page) -> Locator:
    return page.get_by_role("group", name="Answer", exact=True)


def _asked(page: Page, question: str) -> Locator:
    """The answer to a question that is typed, once it is complete."""
    known = _answers(page).count()
    _box(page).fill(question)
    _box(page).press("Enter")
    return _complete(page, known + 1)


def _complete(page: Page, count: int) -> Locator:
    # Looked at in every frame; `expect` looks once a second after a while.
    page.wait_for_function(
        "count => document.querySelectorAll('[role=group][aria-label=Answer]').length === count"
        " && document.querySelector('#question .submit-button')",
        arg=count,
    )
    return _answers(page).last


def _panel(page: Page) -> Locator:
    return page.get_by_role("dialog", name="Source of the statement")


def _suggestions(page: Page) -> Locator:
    return page.get_by_role("group", name="You could ask").get_by_role("button")


def _tab(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name).click()
    expect(page.get_by_role("tab", name=name)).to_have_attribute("aria-selected", "true")


def _compared(page: Page, count: int = 2) -> Locator:
    """The table that compares the first options of the first kind."""
    _tab(page, "Compare")
    options = page.get_by_role("group", name="Options").get_by_role("checkbox")
    for at in range(count):
        options.nth(at).check()
        if at:
            expect(page.locator("table.compared:visible thead th")).to_have_count(at + 1)
    return page.locator("table.compared:visible")


def _read(page: Page, at: int = 0) -> Locator:
    """A document that is shown in full."""
    _tab(page, "Documents")
    page.get_by_label("Read a document in full").click()
    page.get_by_role("option").nth(at).click()
    return page.locator(".document")


def _picture(page: Page, name: str) -> None:
    """Write a picture for the README in 96 colours, where that is asked for."""
    if PICTURES:
        from PIL import Image

        Path(PICTURES).mkdir(exist_ok=True)
        shown = Image.open(io.BytesIO(page.screenshot(animations="disabled", caret="hide")))
        shown.convert("RGB").quantize(96, dither=Image.Dither.NONE).save(Path(PICTURES) / name, optimize=True)


def _placed(shown: Locator) -> FloatRect:
    """Where an element stands: x, y, width and height in pixels."""
    held = shown.bounding_box()
    assert held is not None
    return held


def _overflow(page: Page) -> int:
    """By how many pixels the page is wider than the screen."""
    return int(page.evaluate("document.documentElement.scrollWidth - innerWidth"))


class TestAsking:
    def test_a_marker_opens_its_quotation_by_keyboard_and_escape_leads_back(self, page: Page, real: Served) -> None:
        answer = _asked(page, SALARY)
        marker = answer.get_by_role("link", name="[1]").first
        marker.focus()
        page.keyboard.press("Enter")
        mark = _panel(page).locator("mark")
        expect(mark).to_have_text(real.bot.ask(SALARY).citations[0].quote)
        expect(mark).to_be_in_viewport()
        expect(_panel(page).get_by_role("button", name="Close")).to_be_focused()
        held, beside = _placed(page.locator(".gradio-container")), _placed(_panel(page))
        assert held["x"] + held["width"] <= beside["x"], "the panel covers the answer"
        _picture(page, "chat.png")
        page.keyboard.press("Escape")
        expect(_panel(page)).to_be_hidden()
        expect(marker).to_be_focused()

    def test_another_marker_changes_the_panel_and_close_leads_back_to_it(self, page: Page, real: Served) -> None:
        answer = _asked(page, PLAIN)
        answer.get_by_role("link", name="[1]").first.click()
        marker = answer.get_by_role("link", name="[2]").first
        marker.click()
        expect(_panel(page).get_by_role("heading").first).to_have_text(real.bot.ask(PLAIN).citations[1].title)
        _panel(page).get_by_role("button", name="Close").click()
        expect(marker).to_be_focused()

    def test_a_marker_in_a_tab_of_its_own_is_a_page_with_the_quotation(self, page: Page, real: Served) -> None:
        link = _asked(page, PLAIN).get_by_role("link", name="[2]").first.get_attribute("href")
        page.goto(f"{real.address}/{link}")
        expect(page.locator("mark").first).to_be_in_viewport()
        expect(page.get_by_role("heading").first).to_have_text(real.bot.ask(PLAIN).citations[1].title)

    def test_each_quotation_is_one_click_away_below_the_answer(self, page: Page, real: Served) -> None:
        answer = _asked(page, PLAIN)
        quotes = [f"“{quoted(citation)}”" for citation in real.bot.ask(PLAIN).citations]
        expect(answer.locator("blockquote").first).to_be_hidden()
        answer.get_by_text(f"{len(quotes)} sources").click()
        expect(answer.locator("blockquote").first).to_be_visible()
        expect(answer.locator("blockquote")).to_have_text(quotes)

    def test_a_follow_up_is_read_with_the_question_before(self, page: Page) -> None:
        _asked(page, "How many questions are on the CPC exam?")
        answer = _asked(page, "and the CCS?")
        expect(answer).to_contain_text("Answering: How many questions are on the CCS exam?")
        expect(answer).to_contain_text("97 questions")

    def test_a_reading_can_be_corrected(self, page: Page) -> None:
        _asked(page, "hwo long is the ccs exm")
        page.get_by_role("button", name="Read as “how long is the ccs exam”: correct it").click()
        expect(_box(page)).to_have_value("how long is the ccs exam")
        expect(_box(page)).to_be_focused()
        answer = _asked(page, "How long is the CCA exam?")
        expect(answer).to_contain_text("CCA")
        expect(page.get_by_role("button", name="correct it")).to_be_hidden()

    def test_a_refusal_shows_what_can_be_asked_as_buttons(self, page: Page) -> None:
        answer = _asked(page, "What score do I need to pass the CPC exam?")
        expect(answer).to_contain_text("The sources don't say.")
        expect(answer.get_by_role("link")).to_have_count(0)
        question = _suggestions(page).first.inner_text()
        _suggestions(page).first.press("Enter")
        expect(_complete(page, 2)).to_contain_text("[1]")
        expect(page.get_by_role("group", name="Question", exact=True).last).to_have_text(question)
        expect(_box(page)).to_be_focused()

    def test_an_example_at_the_start_is_asked_with_one_click(self, page: Page) -> None:
        examples = page.get_by_role("group", name="Examples").get_by_role("button")
        expect(examples).to_have_count(6)
        topic, question = examples.nth(2).inner_text().split("\n")
        assert "salary" in topic
        examples.nth(2).click()
        expect(_complete(page, 1)).to_contain_text("[1]")
        expect(page.get_by_role("group", name="Question", exact=True)).to_have_text(question)

    def test_a_long_answer_is_shown_from_its_beginning(self, page: Page) -> None:
        _asked(page, PLAIN)
        answer = _asked(page, SALARY)
        expect(page.get_by_role("group", name="Question", exact=True).last).to_be_in_viewport(ratio=1)
        expect(answer.locator("p").first).to_be_in_viewport(ratio=1)

    def test_what_is_copied_is_what_is_read(self, page: Page, real: Served) -> None:
        _asked(page, PLAIN)
        page.get_by_role("button", name="Copy message").last.click()
        page.wait_for_function("navigator.clipboard.readText().then(text => text.length > 100)")
        copied = str(page.evaluate("navigator.clipboard.readText()"))
        answer = real.bot.ask(PLAIN)
        assert copied.startswith(answer.text.partition(" [1]")[0])
        assert f"“{quoted(answer.citations[-1])}”" in copied
        assert "<" not in copied
        assert "\\" not in copied

    def test_a_cleared_conversation_leaves_nothing_behind(self, page: Page) -> None:
        _asked(page, SALARY)
        expect(page.locator("#picture")).to_be_visible()
        page.get_by_role("button", name="Clear").click()
        expect(_answers(page)).to_have_count(0)
        expect(page.locator("#picture")).to_be_hidden()
        expect(page.get_by_role("group", name="Examples")).to_be_visible()
        expect(_asked(page, "and the CCS?")).not_to_contain_text("Answering:")

    @pytest.mark.parametrize(
        ("click", "liked", "reason"),
        [
            pytest.param("Like", True, "", id="thumb-up"),
            pytest.param("Dislike", False, "", id="thumb-down"),
            pytest.param("Wrong source", False, "Wrong source", id="reason"),
        ],
    )
    def test_what_is_thought_of_an_answer_is_kept(
        self, page: Page, real: Served, click: str, liked: bool, reason: str
    ) -> None:
        _asked(page, PLAIN)
        if reason:
            page.get_by_role("button", name="Feedback").focus()
        page.get_by_role("button", name=click, exact=True).click()
        expect(page.get_by_text("Thank you, this was kept on the server.")).to_be_visible()
        known = len(Feedback(real.ratings).rated())
        _asked(page, "What is the CCA exam?")  # whatever else is on its way has come then
        ratings = Feedback(real.ratings).rated()
        assert len(ratings) == known, "one click is kept more than once"
        held = ratings[-1]
        assert held == Rating((PLAIN,), real.bot.ask(PLAIN).text, liked, reason, held.day)

    def test_a_thumb_that_is_taken_back_is_no_dislike(self, page: Page, real: Served) -> None:
        known = len(Feedback(real.ratings).rated())
        _asked(page, PLAIN)
        page.get_by_role("button", name="Like", exact=True).click()
        expect(page.get_by_text("Thank you, this was kept on the server.")).to_be_visible()
        page.get_by_role("button", name="Liked").click()
        _asked(page, "What is the CCA exam?")
        assert [held.liked for held in Feedback(real.ratings).rated()[known:]] == [True]


class TestStopping:
    @pytest.fixture
    def page(self, visitors: Visitors, slow: Served) -> Iterator[Page]:
        SlowBot.go.clear()
        yield visitors.open(slow.address)
        SlowBot.go.set()

    def test_an_answer_can_be_stopped_and_the_next_one_is_given(self, page: Page) -> None:
        _box(page).fill("What does a baker earn?")
        page.get_by_role("button", name="Ask", exact=True).click()
        expect(_answers(page)).to_have_text("It begins.")
        page.get_by_role("button", name="Stop").click()
        expect(page.get_by_role("button", name="Stop")).to_be_hidden()
        SlowBot.go.set()
        expect(_asked(page, "When are swarms caught?")).to_contain_text("Swarms are caught in May.")
        expect(_answers(page).first).to_have_text("It begins.")

    def test_what_is_asked_at_once_after_stopping_is_answered_too(self, page: Page) -> None:
        _box(page).fill("What does a baker earn?")
        _box(page).press("Enter")
        expect(_answers(page)).to_have_text("It begins.")
        page.get_by_role("button", name="Stop").click()
        expect(page.get_by_role("button", name="Ask", exact=True)).to_be_visible()
        _box(page).fill("When are swarms caught?")
        _box(page).press("Enter")
        expect(_answers(page)).to_contain_text(["It begins.", "It begins."])
        SlowBot.go.set()
        expect(_complete(page, 2)).to_contain_text("Swarms are caught in May.")

    def test_a_question_in_the_middle_of_an_answer_waits_in_the_box(self, page: Page) -> None:
        _box(page).fill("What does a baker earn?")
        _box(page).press("Enter")
        expect(_answers(page)).to_have_text("It begins.")
        _box(page).fill("When are swarms caught?")
        _box(page).press("Enter")
        SlowBot.go.set()
        expect(_complete(page, 1)).to_contain_text("$16.80")
        expect(_box(page)).to_have_value("When are swarms caught?")
        _box(page).press("Enter")
        expect(_complete(page, 2)).to_contain_text("Swarms are caught in May.")

    def test_two_users_at_once_see_nothing_of_each_other(self, page: Page, visitors: Visitors, slow: Served) -> None:
        other = visitors.open(slow.address)
        for visitor, question in ((page, "What does a baker earn?"), (other, "When are swarms caught?")):
            _box(visitor).fill(question)
            _box(visitor).press("Enter")
        for visitor in (page, other):
            expect(_answers(visitor)).to_have_text("It begins.")
        SlowBot.go.set()
        expect(_complete(page, 1)).to_contain_text("$16.80")
        expect(_complete(other, 1)).to_contain_text("Swarms are caught in May.")
        for visitor, own, foreign in ((page, "baker", "warms"), (other, "warms", "baker")):
            for said in (visitor.get_by_role("group", name="Question", exact=True), _answers(visitor)):
                expect(said).to_contain_text(own)
                expect(said).not_to_contain_text(foreign)
            _tab(visitor, "Hand-out")
            expect(visitor.locator(".handout h2")).to_contain_text([own])
            expect(visitor.locator(".handout")).not_to_contain_text(foreign)


class TestPicture:
    def test_a_chart_tells_its_unit_and_source_and_has_its_table(self, page: Page) -> None:
        _asked(page, SALARY)
        chart = page.get_by_role("img", name="Picture: National salary of medical coders by percentile")
        expect(chart).to_be_visible()
        expect(chart.locator(".xtitle")).to_contain_text("$ per year")
        expect(chart).to_contain_text("Source: Medical Coder (as of 2024)")
        table = page.locator("#picture table")
        expect(table).to_be_hidden()
        page.get_by_role("button", name="The table itself").click()
        expect(table.get_by_role("row", name="Median Annual Salary $48,780")).to_be_visible()

    def test_a_chart_stands_beside_the_answer_and_below_it_where_there_is_no_room(self, page: Page) -> None:
        _asked(page, SALARY)
        chart = page.locator("#picture .js-plotly-plot")
        expect(chart).to_contain_text("Source:")
        expect(chart).to_be_in_viewport(ratio=1)
        _picture(page, "picture.png")
        chat, beside = _placed(page.locator("[role=log]")), _placed(page.locator("#picture"))
        assert chat["x"] + chat["width"] <= beside["x"]
        assert chat["y"] <= beside["y"] + 1
        page.set_viewport_size({"width": 800, "height": 800})
        below, box = _placed(page.locator("#picture")), _placed(page.locator("#question"))
        assert below["y"] >= box["y"] + box["height"]
        assert _overflow(page) == 0

    def test_the_next_answer_replaces_the_chart_or_hides_it(self, page: Page) -> None:
        _asked(page, SALARY)
        chart = page.locator("#picture .js-plotly-plot")
        expect(chart).to_contain_text("Median Annual Salary: $48,780")
        _asked(page, "Which state pays medical coders the most?")
        expect(chart).not_to_contain_text("Median Annual Salary")
        expect(chart).to_contain_text("Source:")
        _asked(page, "Can medical coders work from home?")
        expect(page.locator("#picture")).to_be_hidden()
        _asked(page, SALARY)
        expect(chart).to_contain_text("Median Annual Salary: $48,780")

    def test_a_chart_that_is_drawn_while_the_hand_out_is_printed_fits_once_it_is_seen(self, phone: Page) -> None:
        held: list[Route] = []
        phone.route("**/PlotlyPlot*.js", lambda route: held.append(route))
        with phone.expect_request("**/PlotlyPlot*.js"):
            _asked(phone, SALARY)
        _tab(phone, "Hand-out")
        expect(phone.locator(".handout h2")).to_have_text(SALARY)
        phone.emulate_media(media="print")
        held[0].continue_()
        chart = phone.locator("#picture .js-plotly-plot")
        expect(chart).to_contain_text("Median Annual Salary: $48,780")
        phone.emulate_media(media="screen")
        _tab(phone, "Chat")
        phone.wait_for_function(
            "(plot => plot.clientWidth > 0 && plot.querySelector('.main-svg').clientWidth === plot.clientWidth)"
            "(document.querySelector('#picture .js-plotly-plot'))"
        )
        assert _overflow(phone) == 0


class TestTabs:
    def test_a_comparison_tells_each_value_with_its_source(self, page: Page) -> None:
        table = _compared(page)
        expect(table.get_by_role("row")).not_to_have_count(1)
        link = table.get_by_role("link", name="[source]").first
        value = link.locator("xpath=..").inner_text().split()[0]
        link.click()
        expect(_panel(page).locator("mark", has_text=value).first).to_be_in_viewport()
        page.get_by_role("group", name="Options").get_by_role("checkbox").first.uncheck()
        expect(page.locator("p[role=status]")).to_have_text("Pick two to five; 1 picked.")

    def test_words_are_found_in_a_document_and_the_first_place_is_shown(self, page: Page) -> None:
        document = _read(page, 4)
        expect(document.locator("h3").first).to_be_visible()
        page.get_by_label("Find in it").fill("wage")
        page.get_by_label("Find in it").press("Enter")
        expect(document.locator("mark").first).to_be_in_viewport()
        places = page.locator("p[role=status]").inner_text()
        assert int(places.split()[0]) == document.locator("mark").count() > 1

    def test_a_page_that_is_opened_after_the_documents_changed_shows_the_new_ones(
        self, visitors: Visitors, tmp_path: Path
    ) -> None:
        corpus = tmp_path / "corpus"
        corpus.mkdir()
        (corpus / "oven.md").write_text("# Oven\n\n## How hot is an oven?\n\nAn oven has 250 degrees.\n")
        with serving(small_bot(Careerbot, tmp_path, corpus)) as held:
            page = visitors.open(held.address)
            expect(page.get_by_role("group", name="Examples").get_by_role("button")).to_have_text(
                ["Oven\nHow hot is an oven?"]
            )
            (corpus / "diver.md").write_text(
                "# Diver\n\n## What does a diver earn?\n\nA diver earns $25 an hour.\n\n## Pay\n\n"
                "| Dive | Pay |\n|---|---|\n| Reef | $30 |\n| Wreck | $40 |\n"
            )
            build(load([corpus]).documents, WordEncoder(), tmp_path / "index")
            _asked(page, "How hot is an oven?")
            page.reload()
            examples = page.get_by_role("group", name="Examples").get_by_role("button")
            expect(examples.filter(has_text="What does a diver earn?")).to_be_visible()
            _tab(page, "Compare")
            expect(page.get_by_role("checkbox")).to_have_count(2)
            expect(_read(page)).to_contain_text("A diver earns $25")

    def test_a_hand_out_holds_the_chosen_answers_and_its_quotations_can_be_checked(
        self, page: Page, real: Served, tmp_path: Path
    ) -> None:
        for question in (SALARY, "How many questions are on the CPC exam?", PLAIN):
            _asked(page, question)
        _tab(page, "Hand-out")
        expect(page.locator(".handout h2")).to_have_count(3)
        page.get_by_role("checkbox", name=PLAIN).uncheck()
        expect(page.locator(".handout h2")).to_have_text([SALARY, "How many questions are on the CPC exam?"])
        with page.expect_download() as saved:
            page.get_by_role("button", name="Save as Markdown").click()
        saved.value.save_as(tmp_path / "saved.md")
        assert saved.value.suggested_filename == "careerbot.md"
        text = (tmp_path / "saved.md").read_text(encoding="utf-8")
        checked = handout.check(text, real.bot.index.documents)
        assert len(checked) > 5
        assert [held.reason for held in checked if held.reason] == []
        with page.expect_download() as saved:
            page.get_by_role("button", name="Save as a page").click()
        saved.value.save_as(tmp_path / "saved.html")
        html = (tmp_path / "saved.html").read_text(encoding="utf-8")
        assert html.startswith("<!doctype html>")
        assert "$42,988" in html

    def test_paper_shows_the_hand_out_alone(self, page: Page) -> None:
        _asked(page, PLAIN)
        _tab(page, "Hand-out")
        expect(page.locator(".handout h2")).to_have_text(PLAIN)
        page.get_by_role("button", name="Print").click()
        assert page.evaluate("window.printed")
        page.emulate_media(media="print")
        assert page.evaluate("document.body.innerText").strip() == page.locator(".handout").inner_text().strip()
        expect(page.locator(".handout blockquote").first).to_have_css("color", "rgb(0, 0, 0)")
        page.emulate_media(media="screen")
        _tab(page, "Chat")
        page.emulate_media(media="print")
        expect(_answers(page)).to_be_visible()


class TestPhone:
    def test_nothing_is_wider_than_the_screen(self, phone: Page) -> None:
        assert _overflow(phone) == 0
        _asked(phone, SALARY)
        assert _overflow(phone) == 0
        _compared(phone, 5)
        assert _overflow(phone) == 0
        _read(phone, 4)
        expect(phone.locator(".document table").first).to_be_visible()
        assert _overflow(phone) == 0
        _tab(phone, "Hand-out")
        expect(phone.locator(".handout h2")).to_be_visible()
        assert _overflow(phone) == 0

    def test_a_comparison_is_a_table_whose_marker_opens_its_rows(self, phone: Page) -> None:
        table = _asked(phone, "CPC or CCS?").get_by_role("table").first
        expect(table.get_by_role("columnheader")).to_have_count(3)
        expect(table.get_by_role("row", name="Exam fee")).to_contain_text("$299")
        assert _overflow(phone) == 0
        table.get_by_role("link").first.click()
        expect(_panel(phone).locator("mark").first).to_be_in_viewport()
        expect(_panel(phone)).to_contain_text("Certification")

    def test_the_names_of_its_rows_stay_while_a_wide_table_is_scrolled(self, phone: Page) -> None:
        wide = phone.locator(".wide").filter(has=_compared(phone, 5))
        wide.evaluate("wide => wide.scrollLeft = 1000")
        name = wide.get_by_role("rowheader").first
        expect(name).to_be_in_viewport(ratio=0.9)
        assert name.evaluate(
            "name => document.elementFromPoint(name.getBoundingClientRect().x + 9, "
            "name.getBoundingClientRect().y + 9) === name"
        )

    def test_a_disagreement_is_read_without_scrolling_sideways(self, phone: Page) -> None:
        answer = _asked(phone, SALARY)
        card = answer.get_by_role("table", name="The sources disagree")
        card.scroll_into_view_if_needed()
        _picture(phone, "phone.png")
        box = _placed(card)
        for cell in card.get_by_role("cell").all():
            held = _placed(cell)
            assert box["x"] <= held["x"] < held["x"] + held["width"] <= box["x"] + box["width"] + 1 <= 390
        expect(card.get_by_role("row", name="$42,988")).to_contain_text("2019-06")

    def test_the_source_panel_takes_the_whole_width_and_keeps_the_focus(self, phone: Page) -> None:
        marker = _asked(phone, PLAIN).get_by_role("link", name="[1]").first
        marker.tap()
        expect(_panel(phone).locator("mark").first).to_be_in_viewport()
        assert _panel(phone).bounding_box() == {"x": 0, "y": 0, "width": 390, "height": 844}
        assert _overflow(phone) == 0
        for _ in range(4):
            phone.keyboard.press("Tab")
            assert phone.evaluate(
                "document.activeElement === document.body || !!document.activeElement.closest('dialog')"
            )
        phone.keyboard.press("Escape")
        expect(_panel(phone)).to_be_hidden()
        expect(marker).to_be_focused()


class TestHostileDocument:
    @pytest.mark.parametrize("question", ["What does a diver earn?", "What is the pay of a wreck dive?"])
    def test_nothing_that_it_holds_acts_anywhere(self, visitors: Visitors, hostile: Served, question: str) -> None:
        page = visitors.open(hostile.address)
        expect(page.get_by_role("group", name="Examples")).to_contain_text('Diver <img src="x"')
        expect(page.get_by_role("group", name="Examples")).to_contain_text('Is a <img src="x" onerror')
        answer = _asked(page, question)
        answer.get_by_role("link", name="[1]").first.click()
        expect(_panel(page).locator("mark").first).to_be_visible()
        page.keyboard.press("Escape")
        _tab(page, "Hand-out")
        expect(page.locator(".handout blockquote").first).to_be_visible()
        expect(_read(page)).to_contain_text("javascript:window.harmed=4")
        expect(page.get_by_role("heading", name="Diver <img").first).to_be_visible()
        assert page.evaluate("window.harmed") is None
        assert page.locator("[src*='evil'], [href*='evil'], [href^='javascript'], [onerror], [onload]").count() == 0

    def test_each_block_runs_in_the_direction_of_its_letters(self, visitors: Visitors, hostile: Served) -> None:
        page = visitors.open(hostile.address)
        answer = _asked(page, "What does a diver earn?")
        answer.get_by_role("link", name="[1]").first.click()
        expect(_panel(page).locator("mark").first).to_be_visible()
        for block in (answer.locator("p").first, _panel(page).locator("p, li").last):
            assert block.evaluate("block => getComputedStyle(block).unicodeBidi") == "plaintext"

    def test_markup_in_a_message_stays_text(self, visitors: Visitors, hostile: Served) -> None:
        page = visitors.open(hostile.address)
        typed = (
            '<img src="http://evil.example/x.png" onerror="window.harmed=6"> ![x](http://evil.example/y.png) divers?'
        )
        _asked(page, typed)
        expect(page.get_by_role("group", name="Question", exact=True)).to_have_text(typed)
        assert page.evaluate("window.harmed") is None


class TestAccess:
    """What axe-core finds serious, and what it cannot see."""

    @pytest.mark.parametrize("options", [DESKTOP, PHONE], ids=["light-desktop", "dark-phone"])
    def test_axe_finds_nothing_serious(self, visitors: Visitors, real: Served, options: dict[str, Any]) -> None:
        page = visitors.open(real.address, **options)
        page.add_style_tag(content="* {transition: none !important; animation: none !important}")
        page.evaluate(AXE)
        found = _serious(page)
        answer = _asked(page, SALARY)
        answer.get_by_text("5 sources").click()
        page.get_by_role("button", name="The table itself").click()
        answer.get_by_role("link", name="[1]").first.click()
        expect(_panel(page).locator("mark")).to_be_visible()
        found += _serious(page)
        page.keyboard.press("Escape")
        _compared(page, 5)
        found += _serious(page)
        expect(_read(page, 4).locator("h3").first).to_be_visible()
        found += _serious(page)
        _tab(page, "Hand-out")
        expect(page.locator(".handout h2")).to_be_visible()
        assert found + _serious(page) == []

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_what_axe_cannot_measure_has_enough_contrast(self, visitors: Visitors, real: Served, scheme: str) -> None:
        page = visitors.open(real.address, color_scheme=scheme)
        _asked(page, SALARY)
        for selector in ("[role=tab]", "#picture .js-plotly-plot text", "#question textarea::placeholder"):
            assert page.evaluate(_CONTRAST, selector) >= 4.5, selector

    def test_the_keyboard_goes_through_the_page_in_the_order_of_reading(self, page: Page) -> None:
        expect(_box(page)).to_be_focused()
        _asked(page, SALARY)
        expect(_box(page)).to_be_focused()
        page.get_by_role("tab", name="Chat").focus()
        wanted = ["Compare", "[1]", "5 sources", _suggestions(page).first.inner_text(), "Your question", "Ask"]
        wanted += ["Picture: ", "The table itself"]
        reached = []
        for _ in range(40):
            page.keyboard.press("Tab")
            reached.append(
                str(page.evaluate("(e => e.innerText || e.placeholder || e.ariaLabel)(document.activeElement)"))
            )
        at = [next(place for place, name in enumerate(reached) if name.startswith(start)) for start in wanted]
        assert at == sorted(at)


_CONTRAST = """selector => {
  const [own, part] = selector.split("::");
  const parts = text => text.match(/[\\d.]+/g).map(Number);
  const light = text => { const [r, g, b] = parts(text).map(v => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b };
  const ground = held => { while (held) { const fill = getComputedStyle(held).backgroundColor;
    if ((parts(fill)[3] ?? 1) === 1) return fill; held = held.parentElement } return "rgb(255, 255, 255)" };
  return Math.min(...[...document.querySelectorAll(own)].filter(held => held.getBoundingClientRect().width).map(held => {
    const style = getComputedStyle(held, part ? "::" + part : null);
    const [one, other] = [light(held instanceof SVGElement ? style.fill : style.color), light(ground(held))];
    return (Math.max(one, other) + .05) / (Math.min(one, other) + .05) }));
}"""
"""The least contrast (WCAG 2, 1 to 21) of the elements of a selector with the colour that they stand on."""


def _serious(page: Page) -> list[str]:
    """What axe-core finds serious or critical on the page, once nothing is on its way any more."""
    expect(page.locator(":is([data-testid=status-tracker]:not(.hide), .pending, .empty):visible")).to_have_count(0)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [
        f"{held['id']}: {node['target']} {node['html'][:120]} {node['failureSummary']}"
        for held in found
        if held["impact"] in ("serious", "critical")
        for node in held["nodes"]
    ]


class TestModel:
    def test_the_page_tells_who_words_the_answers_and_where_questions_go(
        self, visitors: Visitors, worded: Served, model: ModelServer
    ) -> None:
        page = visitors.open(worded.address)
        host = model.url.removeprefix("http://").removesuffix("/v1")
        expect(page.get_by_text("A language model (toy")).to_contain_text(f"at {host})")
        expect(page.get_by_text("Your questions and the quotations are sent there.")).to_be_visible()

    def test_a_worded_sentence_opens_its_quotation_and_says_who_worded_it(
        self, visitors: Visitors, worded: Served, model: ModelServer
    ) -> None:
        page = visitors.open(worded.address)
        model.fault = ""
        model.says = lambda asked: "A shift of a baker lasts eight hours. [1]\nIt costs $99. [1]\n<img src=x> [1]"
        answer = _asked(page, "How long does the shift of a baker last?")
        expect(answer).to_contain_text("A shift of a baker lasts eight hours.")
        expect(answer).to_contain_text("Worded by toy (toy-2) at 127.0.0.1")
        expect(answer).to_contain_text("Left out, since they failed: 2.")
        expect(answer).not_to_contain_text("$99")
        answer.get_by_role("link", name="[1]").first.click()
        expect(_panel(page).locator("mark")).to_have_text("A shift lasts eight hours.")

    def test_where_the_model_fails_the_sources_speak_and_it_is_said(
        self, visitors: Visitors, worded: Served, model: ModelServer
    ) -> None:
        page = visitors.open(worded.address)
        model.fault = "500"
        answer = _asked(page, "When do bakers start in the morning?")
        expect(answer).to_contain_text("Most bakers start at three in the morning.")
        expect(answer).to_contain_text("Without model: toy")
        model.fault = ""

    def test_an_answer_can_be_stopped_while_the_model_is_silent(
        self, visitors: Visitors, worded: Served, model: ModelServer
    ) -> None:
        page = visitors.open(worded.address)
        model.fault = "drips"
        _box(page).fill("Which school teaches baking to pupils?")
        _box(page).press("Enter")
        expect(_answers(page).last).to_contain_text("Asking toy")
        page.locator("#question .stop-button").click()
        page.wait_for_selector("#question .submit-button")
        page.wait_for_timeout(1500)
        assert model.ended[-1:] == ["gone"]
        model.fault = ""
