from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from careerbot.datatypes import Chunk, Document, Kind, Status, Wording

BAKER = Document("baker", "Baker", "Bakers rise at three.", "baker.md", "Guild", "2024-05", "France")


def test_a_document_cannot_change_under_its_offsets() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        BAKER.text = "Bakers rise at nine."  # type: ignore[misc]


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(Document) if field.name != "wordings"])
def test_the_hash_changes_with_whatever_an_answer_shows(name: str) -> None:
    other: dict[str, Any] = {name: "other"}
    same: dict[str, Any] = {name: getattr(BAKER, name)}
    changed = dataclasses.replace(BAKER, **other)
    assert changed.sha256 != BAKER.sha256
    assert dataclasses.replace(changed, **same).sha256 == BAKER.sha256


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(
            dataclasses.replace(BAKER, id="a\x1fb", title="c"),
            dataclasses.replace(BAKER, id="a", title="b\x1fc"),
            id="separator-inside-a-field",
        ),
        pytest.param(
            dataclasses.replace(BAKER, wordings=(Wording("a", ("b",)), Wording("c", ()))),
            dataclasses.replace(BAKER, wordings=(Wording("a", ("b", "c")),)),
            id="wording-that-moves-to-another-quote",
        ),
        pytest.param(BAKER, dataclasses.replace(BAKER, wordings=(Wording("a", ()),)), id="wording-added"),
        pytest.param(
            dataclasses.replace(BAKER, publisher="", as_of="2024"),
            dataclasses.replace(BAKER, publisher="2024", as_of=""),
            id="value-that-moves-to-the-next-field",
        ),
    ],
)
def test_different_documents_never_share_a_hash(one: Document, other: Document) -> None:
    assert one.sha256 != other.sha256


def test_the_hash_is_the_same_in_every_process() -> None:
    # A literal: a hash that depended on PYTHONHASHSEED or on the platform would rebuild every index.
    assert Document("a", "b", "c", "d").sha256 == ("2409c8b4d6c1afa1880775ec92ddc1ed1123397c736be893dec217d042e6e684")


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        pytest.param(None, "baker/3", id="passage"),
        pytest.param(0, "baker/3/0", id="first-statement-is-not-the-passage"),
        pytest.param(12, "baker/3/12", id="later-statement"),
    ],
)
def test_chunk_ids_name_document_section_and_part(part: int | None, expected: str) -> None:
    assert Chunk("baker", 3, part, Kind.PROSE, 0, 1, "B", ()).id == expected


def test_status_and_kind_are_written_to_json_as_their_values() -> None:
    assert json.dumps([*Status]) == '["answered", "partial", "not_in_sources"]'
    assert json.dumps([*Kind]) == '["prose", "list", "table", "question"]'
