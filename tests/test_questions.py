from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careerbot.questions import MAX_PARTS, focus, read, understand

NAMES = frozenset({"jex", "mex", "fox", "welding-plus"})
MONEY, TIME = {"$", "€", "£"}, {"minutes", "months"}


@pytest.mark.parametrize(
    ("text", "units"),
    [
        pytest.param("How much does an electrician earn?", MONEY, id="how-much"),
        pytest.param("what does the exam cost", MONEY, id="cost"),
        pytest.param("What do welders make?", MONEY, id="what-do-they-make"),
        pytest.param("How much do bakers make an hour?", MONEY, id="pay-by-the-hour-is-no-duration"),
        pytest.param("What does a welder get paid per hour?", MONEY, id="pay-per-hour-is-no-duration"),
        pytest.param("Exam hours?", TIME, id="hours-alone-are-a-duration"),
        pytest.param("How long is the course?", TIME, id="how-long"),
        pytest.param("How many weeks of training?", TIME, id="how-many-weeks-is-no-count"),
        pytest.param("How much time does it take?", TIME, id="how-much-time-is-no-money"),
        pytest.param("How soon can I work?", TIME, id="how-soon"),
        pytest.param("What share of people passes?", {"count", "percent"}, id="what-share"),
        pytest.param("How many people pass the exam?", {"count", "percent"}, id="how-many"),
        pytest.param("What is the pass rate?", {"percent"}, id="pass-rate"),
        pytest.param("How fast is welding growing?", {"percent"}, id="how-fast-it-grows-is-no-duration"),
        pytest.param("How much flour goes into it?", MONEY | {"percent", "count"}, id="how-much-of-anything"),
        pytest.param("How much college do I need?", set(), id="how-much-college-is-no-amount"),
        pytest.param("Why do bakers earn so little?", set(), id="why-asks-for-a-reason"),
        pytest.param("What are the benefits of paid training?", set(), id="things-that-mention-pay"),
        pytest.param("What do bakers make sure of?", set(), id="make-sure"),
        pytest.param("Whats making shops want more bakers?", set(), id="what-makes-somebody-do-something"),
        pytest.param("What happens if a baker makes that kind of mistake?", set(), id="making-mistakes"),
        pytest.param("What would a new baker make?", MONEY, id="what-somebody-makes"),
        pytest.param("What do the top 10 percent earn?", MONEY, id="percent-of-people-is-no-percentage-asked-for"),
        pytest.param("What does a beekeeper do?", set(), id="no-amount"),
        pytest.param("Which badge do I have to earn?", set(), id="earning-a-badge-is-no-money"),
        pytest.param("Where can I earn a licence?", set(), id="earning-a-licence-is-no-money"),
        pytest.param("How much do bakers earn an hour?", {"$", "€", "£"}, id="earning-an-hour-is-money-and-no-time"),
        pytest.param("What do they earn a year?", {"$", "€", "£"}, id="earning-a-year-is-money"),
        pytest.param("Does earning a diploma help bakers?", set(), id="earning-a-diploma-is-no-money"),
        pytest.param("What does the pay of bakers depend on?", set(), id="what-it-depends-on-is-no-amount"),
        pytest.param("How much does the wage depend on the town?", MONEY, id="how-much-it-depends-is-one"),
        pytest.param("What do the bottom tenth of bakers earn?", MONEY, id="a-tenth-of-the-people"),
        pytest.param("Which trade is growing fastest?", {"percent"}, id="fastest-growing"),
        pytest.param("Before I pay any fees, what does a baker learn?", set(), id="money-in-an-aside"),
        pytest.param("We pay rent. What does a baker do by day?", set(), id="money-in-a-sentence-that-does-not-ask"),
        pytest.param("", set(), id="nothing"),
    ],
)
def test_the_unit_that_would_answer(text: str, units: set[str]) -> None:
    assert read(text).units == units


@pytest.mark.parametrize(
    ("text", "units"),
    [
        pytest.param("Why do bakers earn so little?", MONEY, id="why"),
        pytest.param("What does the pay of bakers depend on?", MONEY, id="what-it-depends-on"),
        pytest.param("why? (about: How long is the course)", TIME, id="why-so-long"),
        pytest.param("Why do bakers rise early?", set(), id="no-amount"),
        pytest.param("What does a baker earn?", set(), id="the-amount-itself"),
        pytest.param("How much does the wage depend on the town?", set(), id="how-much-it-depends"),
    ],
)
def test_the_amount_of_which_the_reason_is_asked_for(text: str, units: set[str]) -> None:
    assert read(text).explains == units


@pytest.mark.parametrize(
    ("text", "statistic"),
    [
        pytest.param("What is the median wage?", "median", id="median"),
        pytest.param("What is the average wage?", "mean", id="average"),
        pytest.param("the mean, not the median wage", "mean", id="the-one-denied-is-not-asked-for"),
        pytest.param("What do the top 10 percent earn?", "90th percentile", id="top-tenth-starts-at-the-90th"),
        pytest.param("What do the lowest paid 10% earn?", "10th percentile", id="bottom-tenth"),
        pytest.param("pay of the top twenty-five percent", "75th percentile", id="share-in-words"),
        pytest.param("What do the bottom tenth earn?", "10th percentile", id="bottom-tenth-as-a-word"),
        pytest.param("What do the top tenth of bakers earn?", "90th percentile", id="top-tenth-as-a-word"),
        pytest.param("wages of the lowest quarter", "25th percentile", id="lowest-quarter"),
        pytest.param("What is the avg wage?", "mean", id="avg"),
        pytest.param("What do bakers earn? I mean at night.", None, id="i-mean-is-no-statistic"),
        pytest.param("Half of all bakers earn more than what?", "median", id="half-earn-more"),
        pytest.param("What is the middle yearly pay?", "median", id="middle-pay"),
        pytest.param("What does the baker smack in the middle earn?", "median", id="in-the-middle"),
        pytest.param("What do bakers of middle age earn?", None, id="middle-of-something-else"),
        pytest.param("median and mean wage", None, id="two-statistics-are-none"),
        pytest.param("What is the wage?", None, id="none"),
    ],
)
def test_the_statistic_asked_for(text: str, statistic: str | None) -> None:
    assert read(text).statistic == statistic


@pytest.mark.parametrize(
    ("text", "names"),
    [
        pytest.param("What does jex cost?", ("jex",), id="known-name-in-lower-case"),
        pytest.param("What does JEX's exam cost?", ("jex",), id="possessive"),
        pytest.param("JEXs and MEXs", ("jex", "mex"), id="plural"),
        pytest.param("Is Welding-Plus hard?", ("welding-plus",), id="hyphenated"),
        pytest.param("Is the QQX hard?", ("qqx",), id="unknown-acronym"),
        pytest.param("QQX: is it hard?", ("qqx",), id="acronym-that-begins-the-question"),
        pytest.param("Does the school in Gerlosta teach?", ("gerlosta",), id="unknown-name-inside-the-sentence"),
        pytest.param("Bakers start early. Welders too.", (), id="capital-that-begins-a-sentence"),
        pytest.param("What Does A Baker Earn", (), id="title-case-names-nothing"),
        pytest.param("WHAT DOES A BAKER EARN", (), id="upper-case-names-nothing"),
        pytest.param("WHAT DOES JEX COST", ("jex",), id="known-name-in-upper-case"),
        pytest.param("Aunt Gerlo runs one. Would it pay in JEX?", ("jex",), id="unknown-name-of-a-story"),
        pytest.param("Aunt Gerlo runs a JEX one. Would it pay Ann?", ("jex", "ann"), id="known-name-of-a-story"),
        pytest.param("Do I start on Monday in May?", (), id="calendar"),
        pytest.param("May I ask?", (), id="single-letter"),
    ],
)
def test_names(text: str, names: tuple[str, ...]) -> None:
    assert read(text, NAMES).names == names


@pytest.mark.parametrize(
    ("text", "places"),
    [
        pytest.param("What does a baker earn in Peru?", ("peru",), id="place"),
        pytest.param("Nice, how much does a baker earn?", (), id="capital-that-begins-the-question"),
        pytest.param("READING PLANS, HOW LONG?", (), id="upper-case"),
        pytest.param("US pay?", ("united states",), id="abbreviation-at-the-beginning"),
        pytest.param("Is Nice a place to bake?", ("nice",), id="capital-inside-the-sentence"),
        pytest.param(
            "I live in Ohio with my son. He is four. What do bakers earn around here?",
            ("ohio",),
            id="here-is-where-the-story-says",
        ),
        pytest.param(
            "I live in Ohio with my son. He is four. What do night bakers earn?", (), id="story-without-a-here"
        ),
        pytest.param("I live in Ohio. What do bakers earn in Peru?", ("peru",), id="where-it-is-asked-about"),
        pytest.param("Their other shop is in Ohio. What would it pay in Peru?", ("peru",), id="two-sentences-kept"),
        pytest.param("Their other shop is in Ohio. What would it pay me?", ("ohio",), id="place-that-it-points-to"),
    ],
)
def test_places(text: str, places: tuple[str, ...]) -> None:
    assert read(text).places == places


@pytest.mark.parametrize(
    ("text", "extreme"),
    [
        pytest.param("Which state has the highest fee?", 1, id="highest"),
        pytest.param("Who pays the best?", 1, id="pays-best"),
        pytest.param("cheapest exam", -1, id="cheapest"),
        pytest.param("Which city has the second best pay?", 1, id="best-of-an-amount"),
        pytest.param("Which bread tastes best?", 0, id="best-of-no-amount"),
        pytest.param("Which trade grows slowest?", -1, id="slowest"),
        pytest.param("the highest and lowest fee", 0, id="both-cancel"),
        pytest.param("Who pays at least $20?", 0, id="a-limit"),
        pytest.param("Who asks a maximum of $20?", 0, id="a-limit-with-of"),
        pytest.param("What is the fee?", 0, id="neither"),
    ],
)
def test_the_extreme_asked_for(text: str, extreme: int) -> None:
    assert read(text).extreme == extreme


@pytest.mark.parametrize(
    ("text", "several", "yes_no", "why", "compares"),
    [
        pytest.param("List the duties of a welder", True, False, False, False, id="list"),
        pytest.param("What are the ovens made of?", True, False, False, False, id="what-are"),
        pytest.param("Do bakers need a degree?", False, True, False, False, id="yes-or-no"),
        pytest.param("So is it hard", False, True, False, False, id="yes-or-no-after-so"),
        pytest.param("How come bakers rise early?", False, False, True, False, id="how-come"),
        pytest.param("Is welding better paid than baking?", False, True, False, True, id="than"),
        pytest.param("What does a baker earn?", False, False, False, False, id="plain"),
    ],
)
def test_the_form_of_the_question(text: str, several: bool, yes_no: bool, why: bool, compares: bool) -> None:
    question = read(text)
    assert (question.several, question.yes_no, question.why, question.compares) == (several, yes_no, why, compares)


@pytest.mark.parametrize(
    ("text", "is_open"),
    [
        pytest.param("Do bakers earn well?", True, id="yes-or-no"),
        pytest.param("Which exam costs less?", True, id="which"),
        pytest.param("Where are bakers paid well?", True, id="where"),
        pytest.param("How can I afford the fee?", True, id="how-to"),
        pytest.param("If I bake at home, could my wages fall?", True, id="yes-or-no-after-a-condition"),
        pytest.param("We moved to a farm. Could our wages fall?", True, id="yes-or-no-after-a-story"),
        pytest.param("Which exam costs the least?", False, id="an-extreme-is-an-amount"),
        pytest.param("Do bakers know how much they earn?", False, id="how-much"),
        pytest.param("What do bakers earn?", False, id="plain"),
    ],
)
def test_a_question_that_speaks_of_money_may_do_without_an_amount(text: str, is_open: bool) -> None:
    question = read(text)
    assert question.units == MONEY
    assert question.open is is_open


STORY = (
    "I left school at sixteen. I worked in a shop for ten years and my knees hurt. "
    "{} My wife says bread is honest work. We live above the shop."
)


@pytest.mark.parametrize(
    ("text", "asking"),
    [
        pytest.param(
            STORY.format("How much do night bakers earn?"),
            "How much do night bakers earn?",
            id="question-inside-a-long-story",
        ),
        pytest.param(
            STORY.format("Tell me the duties of night bakers."),
            "Tell me the duties of night bakers.",
            id="request-without-mark",
        ),
        pytest.param(
            STORY.format("Does the course in Lyon take long? What is the exam fee there?"),
            "Does the course in Lyon take long? What is the exam fee there?",
            id="two-questions",
        ),
        pytest.param(
            "My son knows Welding-Plus already. Would it be recognised there?",
            "My son knows Welding-Plus already. Would it be recognised there?",
            id="sentence-that-the-pronoun-points-to",
        ),
        pytest.param(
            "We moved twice. How well do bakers sleep by day? I mean after a night shift.",
            "How well do bakers sleep by day? I mean after a night shift.",
            id="sentence-that-explains-the-question",
        ),
        pytest.param(
            "I am a teacher. I have three kids.", "I am a teacher. I have three kids.", id="nothing-asks: all-of-it"
        ),
        pytest.param(
            "Before I pay any fees, what does a baker learn?", "what does a baker learn?", id="clause-in-front"
        ),
        pytest.param(
            "Now that I am forty, do I need a degree?", "do I need a degree?", id="clause-in-front-of-yes-or-no"
        ),
        pytest.param(
            "Before I pay any fees, I want to bake.",
            "Before I pay any fees, I want to bake.",
            id="clause-in-front-of-no-question",
        ),
        pytest.param("welder pay", "welder pay", id="fragment"),
        pytest.param(
            "I like bread\nhow much do night bakers earn",
            "how much do night bakers earn",
            id="lines-without-full-stops",
        ),
        pytest.param("", "", id="nothing"),
    ],
)
def test_the_asking_sentences_of_a_story(text: str, asking: str) -> None:
    assert focus(text) == asking


@pytest.mark.parametrize(
    ("text", "focused"),
    [
        pytest.param("I'm a baker. How long does it take to become a smith?", False, id="it-takes"),
        pytest.param("I'm a baker. What would it cost to learn another trade?", False, id="it-costs"),
        pytest.param("I'm a baker. Is it possible to learn two trades?", False, id="is-it-possible-to"),
        pytest.param("I rent. What do courses cost, and can I take them by night?", False, id="to-the-clause-before"),
        pytest.param("I know two courses. What do they cost, and are places left?", True, id="in-the-first-clause"),
        pytest.param("I know the JEX exam. How long does it take?", True, id="how-long-it-takes"),
        pytest.param("I know the JEX exam. How much does it cost in town?", True, id="what-it-costs"),
        pytest.param("I know the JEX exam. Which trades does it lead to?", True, id="what-it-leads-to"),
    ],
)
def test_only_a_word_that_points_back_keeps_the_sentence_before(text: str, focused: bool) -> None:
    assert (focus(text) == text) is focused


@given(st.lists(st.sampled_from(["I bake.", "How much is it?", "We left.", "What do bakers earn?", "I mean pay."])))
def test_the_focus_holds_whole_sentences_in_their_order(sentences: list[str]) -> None:
    text = " ".join(sentences)
    left = iter(sentences)
    rest = focus(text)
    while rest:
        begun = next((one for one in left if rest.startswith(one)), None)
        assert begun is not None
        rest = rest.removeprefix(begun).strip()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("What does a baker earn?", ["What does a baker earn?"], id="one"),
        pytest.param(
            "What does JEX cost, and how long is it?",
            ["What does JEX cost", "jex: how long is it?", "What does JEX cost, and how long is it?"],
            id="second-clause-takes-the-name-along",
        ),
        pytest.param(
            "What does a baker earn, and how long does training take?",
            [
                "What does a baker earn",
                "baker: how long does training take?",
                "What does a baker earn, and how long does training take?",
            ],
            id="second-clause-takes-the-topic-along",
        ),
        pytest.param(
            "what does a baker earn n how long is training",
            [
                "what does a baker earn",
                "baker: how long is training",
                "what does a baker earn n how long is training",
            ],
            id="and-written-as-one-letter",
        ),
        pytest.param(
            "My knees hurt from it. What do evening courses cost, and could I take them sitting?",
            [
                "What do evening courses cost",
                "evening, courses: could I take them sitting?",
                "My knees hurt from it. What do evening courses cost, and could I take them sitting?",
            ],
            id="topic-of-the-question-and-not-of-the-story",
        ),
        pytest.param(
            "I hold JEX and MEX. What yearly fees do the two charge?",
            [
                "jex, mex: What yearly fees do the two charge?",
                "jex: What yearly fees do the two charge?",
                "mex: What yearly fees do the two charge?",
            ],
            id="the-two-that-were-named-before",
        ),
        pytest.param(
            "What does a baker earn? Where do welders live?",
            [
                "What does a baker earn?",
                "baker: Where do welders live?",
                "What does a baker earn? Where do welders live?",
            ],
            id="two-sentences",
        ),
        pytest.param(
            "What does a baker earn, and what is the fee in Peru?",
            [
                "What does a baker earn",
                "what is the fee in Peru?",
                "What does a baker earn, and what is the fee in Peru?",
            ],
            id="place-of-the-second-question-is-not-that-of-the-first",
        ),
        pytest.param(
            "What is the fee in Peru, and how long does training take?",
            [
                "What is the fee in Peru",
                "peru: how long does training take?",
                "What is the fee in Peru, and how long does training take?",
            ],
            id="place-of-the-first-question-goes-on",
        ),
        pytest.param(
            "JEX or MEX, which exam costs more?",
            ["JEX or MEX, which exam costs more?", "JEX, which exam costs more?", "MEX, which exam costs more?"],
            id="names-compared-become-one-question-each",
        ),
        pytest.param("jex vs mex", ["jex vs mex", "jex", "mex"], id="names-alone"),
        pytest.param(
            "Do bakers earn more in Peru or Chile?",
            ["Do bakers earn more in Peru or Chile?", "Do bakers earn more in Peru?", "Do bakers earn more in Chile?"],
            id="places-compared-become-one-question-each",
        ),
        pytest.param(
            "Do bakers earn more in peru or chile?",
            ["Do bakers earn more in peru or chile?", "Do bakers earn more in peru?", "Do bakers earn more in chile?"],
            id="places-in-lower-case",
        ),
        pytest.param("What do bakers earn in Peru?", ["What do bakers earn in Peru?"], id="one-place"),
        pytest.param(
            "What do JEX, MEX and FOX each cost?",
            [
                "What do JEX, MEX and FOX each cost?",
                "What do JEX each cost?",
                "What do MEX each cost?",
                "What do FOX each cost?",
            ],
            id="three-names",
        ),
        pytest.param(
            "What are the fees for JEX and MEX, and how long do both take?",
            [
                "What are the fees for JEX",
                "What are the fees for MEX",
                "jex: how long do both take?",
                "mex: how long do both take?",
                "What are the fees for JEX and MEX, and how long do both take?",
            ],
            id="two-names-and-two-questions",
        ),
        pytest.param(
            "How do JEX and MEX work?",
            ["How do JEX and MEX work?", "How do JEX work?", "How do MEX work?"],
            id="two-names-listed",
        ),
        pytest.param(
            "What do bakers earn in Peru and in Chile?",
            [
                "What do bakers earn in Peru and in Chile?",
                "What do bakers earn in Peru?",
                "What do bakers earn in Chile?",
            ],
            id="two-places-listed",
        ),
        pytest.param(
            "bakers' pay in new mexico, chile & the UK",
            [
                "bakers' pay in new mexico, chile & the UK",
                "bakers' pay in new mexico",
                "bakers' pay in chile",
                "bakers' pay in UK",
            ],
            id="places-of-several-words-and-abbreviated",
        ),
        pytest.param(
            "Does JEX count in Peru and Chile?",
            ["Does JEX count in Peru and Chile?", "Does JEX count in Peru?", "Does JEX count in Chile?"],
            id="places-listed-beside-a-name",
        ),
        pytest.param(
            "Is JEX known in the US, the USA?", ["Is JEX known in the US, the USA?"], id="one-place-named-twice"
        ),
        pytest.param(
            "Who runs JEX Master Level II?", ["Who runs JEX Master Level II?"], id="acronym-and-number-in-a-long-name"
        ),
        pytest.param("What do JEX MEX courses teach?", ["What do JEX MEX courses teach?"], id="names-side-by-side"),
        pytest.param(
            "Are wages good in JEX roles, or MEX?",
            ["Are wages good in JEX roles, or MEX?"],
            id="names-that-stand-apart-stay-one-question",
        ),
        pytest.param(
            "Do bakers mix, knead, and bake?", ["Do bakers mix, knead, and bake?"], id="commas-that-divide-no-questions"
        ),
        pytest.param(
            "What would I gain, and what does JEX cost?",
            ["What would I gain, and what does JEX cost?"],
            id="clause-with-one-content-word-is-not-split-off",
        ),
        pytest.param(
            "Before I pay any fees, what does a baker learn?",
            ["Before I pay any fees, what does a baker learn?"],
            id="an-aside-is-no-question",
        ),
        pytest.param("", [""], id="nothing"),
    ],
)
def test_the_questions_of_a_message(text: str, expected: list[str]) -> None:
    assert [question.text for question in understand(text, NAMES)] == expected


def test_names_that_stand_apart_are_both_asked_for() -> None:
    assert understand("Are wages good in JEX roles, or MEX?", NAMES)[0].names == ("jex", "mex")


def test_each_compared_question_has_its_own_name_only() -> None:
    whole, *each = understand("Compare the fees of JEX and MEX", NAMES)
    assert whole.names == ("jex", "mex")
    assert [one.names for one in each] == [("jex",), ("mex",)]


@pytest.mark.parametrize(
    ("text", "last"),
    [
        pytest.param("What is the JEX fee, and what of the MEX?", "What is the mex fee", id="what-of-it"),
        pytest.param(
            "How long does the JEX take, and how long for a MEX?", "How long does the mex take", id="how-long"
        ),
        pytest.param("What is the JEX fee, and where is the MEX held?", "where is the MEX held?", id="asks-for-itself"),
        pytest.param("What do bakers earn, and what of the MEX?", "what of the MEX?", id="no-name-before"),
    ],
)
def test_a_clause_that_only_names_another_thing_asks_what_the_one_before_asks(text: str, last: str) -> None:
    assert understand(text, {"jex", "mex"})[1].text == last


def test_a_clause_remembers_how_it_was_asked() -> None:
    asked = [question.asked for question in understand("What does JEX cost, and how long is it?", NAMES)]
    assert asked == ["What does JEX cost", "how long is it?", ""]


@pytest.mark.parametrize(
    ("text", "at"),
    [
        pytest.param("JEX or MEX, which exam costs more?", 0, id="comparison-of-names-goes-first"),
        pytest.param("Do bakers earn more in Peru or Chile?", 0, id="comparison-of-places-goes-first"),
        pytest.param("What does JEX cost, and how long is it?", -1, id="several-clauses-come-last"),
    ],
)
def test_a_message_that_is_searched_in_parts_is_searched_as_a_whole_too(text: str, at: int) -> None:
    questions = list(understand(text, NAMES))
    whole = questions.pop(at)
    assert (whole.text, whole.asked) == (text, "")
    assert all(question.asked for question in questions)


@given(
    st.lists(
        st.sampled_from("JEX MEX FOX or and vs , ? how what does cost long is it baker earn both I . Peru".split()),
        max_size=25,
    )
)
def test_any_message_gives_a_few_different_questions(words: list[str]) -> None:
    found = understand(" ".join(words), NAMES)
    assert 1 <= len(found) <= MAX_PARTS + 1  # several clauses are followed by the whole
    assert sum(not question.asked for question in found) <= (len(found) > 1) or not words
    assert len({question.text for question in found}) == len(found)


@given(st.text())
def test_any_text_is_a_question(text: str) -> None:
    assert read(text).text == text
    assert understand(text)


@pytest.mark.parametrize(
    ("text", "several"),
    [
        pytest.param("Which branches of baking are there", True, id="which-with-a-plural"),
        pytest.param("unions that bakers can join", True, id="fragment-that-begins-with-a-plural"),
        pytest.param("What does a baker do?", False, id="does-is-no-plural"),
        pytest.param("What do young bakers earn?", False, id="plural-after-the-verb"),
        pytest.param("Which of these timelines is right?", False, id="one-of-several"),
        pytest.param("What is the fee for each?", True, id="for-each"),
        pytest.param("What is the pass rate?", False, id="one-thing"),
    ],
)
def test_a_plural_asks_for_a_list(text: str, several: bool) -> None:
    assert read(text).several is several


@pytest.mark.parametrize(
    ("text", "count"),
    [
        pytest.param("the five best-paid cities", 5, id="word-before"),
        pytest.param("top 3 cities by wage", 3, id="digit-after"),
        pytest.param("top 10 percent of wages", 1, id="a-share-is-no-count"),
        pytest.param("which city pays the most", 1, id="one"),
        pytest.param("which cities pay the most", 3, id="some"),
        pytest.param("best paying cities for bakers", 3, id="some-without-a-verb"),
        pytest.param("which pays the most", 1, id="verb-is-no-plural"),
        pytest.param("the second best pay", 2, id="ordinal"),
        pytest.param("Which fee is the third highest?", 3, id="ordinal-before-highest"),
        pytest.param("the highest pay of third-year apprentices", 1, id="ordinal-inside-a-word"),
    ],
)
def test_the_number_of_extremes_is_the_one_asked_for(text: str, count: int) -> None:
    assert read(text).extremes == count


def test_a_clause_without_a_verb_asks_nothing_alone() -> None:
    text = "Which flours and which yeasts do bakers use?"
    assert [question.text for question in understand(text)] == [text]


def test_the_words_of_a_long_name_are_one_thing_to_compare() -> None:
    (alone,) = understand("Does the National Guild of Master Bakers have courses for beginners?", ())
    assert alone.names == ("national", "guild", "master", "bakers")
    compared = understand("How do the National Guild and the Royal Society of Bakers differ?", ())
    assert [part.text for part in compared[1:]] == [
        "How do National Guild differ?",
        "How do Royal Society of Bakers differ?",
    ]


def test_the_statistic_and_the_period_asked_for_are_those_of_the_question_not_of_the_story() -> None:
    asked = read("My aunt quotes me one typical monthly wage. What is the middle yearly pay in this job?")
    assert (asked.statistic, asked.period) == ("median", "year")
    assert read("I want the median. What is it in this job?").statistic == "median"


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        pytest.param("What's JEX?", True, id="what-is"),
        pytest.param("who is the MEX", True, id="who-is"),
        pytest.param("what do the letters JEX stand for in short", False, id="something-else-beside"),
        pytest.param("What does JEX stand for?", True, id="stand-for"),
        pytest.param("What is the JEX fee?", False, id="something-of-it"),
        pytest.param("What is the JEX and the MEX?", False, id="two-names"),
        pytest.param("Is it the JEX?", False, id="no-what"),
    ],
)
def test_what_only_asks_for_the_meaning_of_a_name(text: str, meaning: bool) -> None:
    assert read(text, {"jex", "mex"}).meaning is meaning
