"""Settings: one frozen value that holds everything that can change an answer.

The only reader of the environment: `CAREERBOT_INDEX=…` sets `index`, and so on for every field.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from careerbot.errors import InputError


class Settings(BaseSettings):
    """What an operator may set. Weights multiply cosines or BM25 scores scaled to a maximum of 1."""

    model_config = SettingsConfigDict(env_prefix="CAREERBOT_", env_ignore_empty=True, frozen=True, extra="forbid")

    index: Path = Field(Path(".careerbot"), description="folder of the index")
    encoder: str = Field("", description="sentence-transformers model name or folder; empty: the built-in MiniLM")
    candidates: int = Field(60, ge=10, le=1000, description="chunks that each search brings in")
    passage_weight: float = Field(0.25, ge=0, le=2, description="weight of the passage around a statement")
    lexical_weight: float = Field(0.15, ge=0, le=2, description="weight of BM25 beside the cosine")
    wording_weight: float = Field(1.4, ge=0, le=2, description="weight of what the wordings say is asked")
    answer_words: int = Field(85, ge=20, le=400, description="words after which an answer takes no further statement")
    max_statements: int = Field(5, ge=1, le=12, description="statements in an answer, a list counting as one")
    keep_ratio: float = Field(0.5, ge=0, le=1, description="share of the best score that a further statement needs")
    suggestions: int = Field(3, ge=0, le=10, description="checked questions suggested after an answer; 0 for none")
    answer_threshold: float = Field(0.4, ge=0, le=1, description="confidence below which an answer is withheld")
    max_question_chars: int = Field(10_000, ge=100, le=100_000, description="characters of the longest question")
    max_turns: int = Field(20, ge=1, le=100, description="earlier turns of a conversation that are read")
    host: str = Field("127.0.0.1", min_length=1, description="address that the web app listens on")
    port: int = Field(7860, ge=0, le=65535, description="port of the web app; 0 takes a free one")
    title: str = Field("careerbot", min_length=1, max_length=60, description="title of the web app")
    allowed_hosts: str = Field("", description="further names by which browsers reach the web app, with commas")
    concurrency: int = Field(5, ge=1, le=100, description="questions of the web app that are answered at once")
    queue: int = Field(200, ge=1, le=10_000, description="questions of the web app that may wait")
    questions_per_minute: int = Field(30, ge=0, le=100_000, description="questions per address; 0 for no limit")
    password_file: Path | None = Field(None, description="file of name:password lines; empty: no login")
    model: str = Field("", max_length=200, description="provider:name of a chat model that words answers; empty: none")
    model_url: str = Field("", max_length=2000, description="address of the model's server; empty: the provider's own")
    model_key: SecretStr = Field(SecretStr(""), description="key of the model's server; empty: the provider's variable")
    model_seconds: float = Field(10, ge=1, le=300, description="seconds that an answer may take with a model")
    model_tokens_per_day: int = Field(500_000, ge=0, description="tokens of the model in a day (UTC); 0 for no limit")
    feedback: Path | None = Field(None, description="SQLite file that ratings are kept in; empty: none are kept")


def read_settings(**given: object) -> Settings:
    """Settings from the environment, overruled by the arguments that are not None.

    Raises InputError naming each wrong setting, what it was and what it may be.
    """
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(str(part) for part in item['loc'])}: {item['msg']}, got {item['input']!r}"
            for item in error.errors()
        )
        raise InputError(f"wrong setting: {wrong}") from error
