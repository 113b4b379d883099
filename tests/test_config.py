"""Settings: frozen, ranged, and the only reader of the environment."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from careerbot import InputError, Settings
from careerbot.config import read_settings


def test_the_environment_sets_every_field(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = Settings(
        index=Path("elsewhere"),
        encoder="some/model",
        candidates=11,
        passage_weight=0.125,
        lexical_weight=0.25,
        wording_weight=0.375,
        answer_words=30,
        max_statements=2,
        keep_ratio=0.4,
        suggestions=1,
        answer_threshold=0.75,
        max_question_chars=200,
        max_turns=3,
        host="::1",
        port=1234,
        title="Ask us",
        allowed_hosts="careers.example",
        concurrency=3,
        queue=5,
        questions_per_minute=7,
        password_file=Path("passwords"),
        model="ollama:toy",
        model_url="http://127.0.0.1:1",
        model_key=SecretStr("a key"),
        model_seconds=2.5,
        model_tokens_per_day=1000,
        feedback=Path("ratings.sqlite"),
    )
    given = wanted.model_dump()
    assert [name for name, value in given.items() if value == getattr(Settings(), name)] == []
    for name, value in given.items():
        shown = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
        monkeypatch.setenv(f"CAREERBOT_{name.upper()}", shown)
    assert read_settings() == wanted


def test_an_argument_overrules_the_environment_and_none_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAREERBOT_PORT", "1234")
    monkeypatch.setenv("CAREERBOT_INDEX", "from-environment")
    settings = read_settings(port=5678, index=None)
    assert (settings.port, settings.index) == (5678, Path("from-environment"))


def test_settings_cannot_be_changed_after_they_were_read() -> None:
    settings = Settings()
    with pytest.raises(ValidationError, match="frozen"):
        settings.port = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("PORT", "65536", id="port-that-does-not-exist"),
        pytest.param("PORT", "http", id="port-by-name"),
        pytest.param("CANDIDATES", "9", id="too-few-candidates"),
        pytest.param("CANDIDATES", "12.5", id="half-a-candidate"),
        pytest.param("KEEP_RATIO", "nan", id="a-ratio-that-is-no-number"),
        pytest.param("LEXICAL_WEIGHT", "inf", id="an-infinite-weight"),
        pytest.param("WORDING_WEIGHT", "2.5", id="a-weight-above-the-highest"),
        pytest.param("SUGGESTIONS", "11", id="too-many-suggestions"),
        pytest.param("SUGGESTIONS", "-1", id="fewer-than-no-suggestions"),
        pytest.param("ANSWER_THRESHOLD", "-0.1", id="threshold-below-zero"),
        pytest.param("MAX_QUESTION_CHARS", "1000000", id="question-without-limit"),
    ],
)
def test_a_wrong_setting_is_refused_in_one_line_that_names_it_and_its_value(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"CAREERBOT_{name}", value)
    with pytest.raises(InputError) as raised:
        read_settings()
    message = str(raised.value)
    assert message.startswith(f"wrong setting: {name.lower()}: ")
    assert message.endswith(f"got {value!r}")
    assert "\n" not in message


def test_every_wrong_setting_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAREERBOT_PORT", "-1")
    monkeypatch.setenv("CAREERBOT_MAX_TURNS", "0")
    with pytest.raises(InputError, match=r"max_turns: .*; port: "):
        read_settings()


def test_a_setting_that_does_not_exist_is_refused() -> None:
    with pytest.raises(InputError, match="wrong setting: prot: "):
        read_settings(prot=80)


@pytest.mark.parametrize("name", ["INDEX", "HOST", "PORT", "ENCODER"])
def test_an_empty_variable_means_the_default_not_the_current_folder_or_every_address(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    default = Settings()
    monkeypatch.setenv(f"CAREERBOT_{name}", "")
    assert read_settings() == default


def test_an_empty_host_would_listen_on_every_address_and_is_refused() -> None:
    with pytest.raises(InputError, match="wrong setting: host: "):
        read_settings(host="")


def test_the_web_app_listens_on_this_machine_only_unless_told() -> None:
    assert Settings().host == "127.0.0.1"


def test_the_key_of_a_model_is_not_shown_with_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAREERBOT_MODEL_KEY", "sk-very-secret")
    assert "sk-very-secret" not in f"{read_settings()!r} {read_settings()} {read_settings().model_dump()}"


def test_every_setting_says_what_it_is() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []
