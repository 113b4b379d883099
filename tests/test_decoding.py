from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careerbot import InputError
from careerbot.decoding import WESTERN, decoded


@pytest.mark.parametrize(
    "text",
    [
        "Bäcker verdienen 2.000 € – „brutto“ …",
        "L’été à Noël, ça coûte £5 · 20°C ½ ™",
        "«CAFÉ», ¿Qué? niño año",
        "STRASSE GRÖßE ÜBER",
        "São João: coração, maçã, pão",
        "5×7 µm ±3 m², x²+y², 3º piso, 1ª, Möbel §5",
        "Acme® don’t — “quotes”",
        "Læge på Øen åå, créées à l’œuvre",
    ],
)
def test_western_text_of_windows_is_read(text: str) -> None:
    assert decoded(text.encode("cp1252")) == (text, WESTERN)


@pytest.mark.parametrize(
    ("text", "charset"),
    [
        pytest.param("café über", "mac_roman", id="mac-accents"),
        pytest.param("Bäcker", "mac_roman", id="mac-accents-behind-a-capital"),
        pytest.param("don’t go", "mac_roman", id="mac-quotes"),
        pytest.param("Bäcker größer café", "cp437", id="dos"),
        pytest.param("Most words are English, Привет is not", "cp1251", id="russian"),
        pytest.param("Пекарь", "koi8-r", id="russian-of-unix"),
        pytest.param("półka łódź", "cp1250", id="polish"),
        pytest.param("žluťoučký kůň", "cp1250", id="czech"),
        pytest.param("Türkiye için değil", "cp1254", id="turkish"),
        pytest.param("καλημέρα", "cp1253", id="greek"),
        pytest.param("שלום", "cp1255", id="hebrew"),
        pytest.param("日本語テキスト、パン屋", "euc_jp", id="japanese"),
        pytest.param("中文文本面包师工资", "gbk", id="chinese"),
    ],
)
def test_another_charset_is_never_taken_for_it(text: str, charset: str) -> None:
    with pytest.raises(InputError, match=r"^not UTF-8: byte \d+ cannot be decoded; save the file as UTF-8 text$"):
        decoded(text.encode(charset))


@pytest.mark.parametrize("text", ["Bäcker", "it’s", "5 §", "Пекарь", "日本語", "\ufeffpay"])
def test_damaged_utf8_is_refused_and_not_read_as_something_else(text: str) -> None:
    with pytest.raises(InputError, match=f"byte {len(text.encode())} cannot be decoded"):
        decoded(text.encode() + b"\xff pay")


@given(st.text(), st.sampled_from(["utf-8", "utf-16", "utf-32"]))
def test_what_was_written_is_what_is_read(text: str, charset: str) -> None:
    raw = ("x" * 200 + text).encode(charset)
    if text.count("\0") <= 2:
        assert decoded(raw)[0] == "x" * 200 + text


@given(st.binary(max_size=40))
def test_any_bytes_are_read_or_refused_in_one_line(raw: bytes) -> None:
    try:
        text, charset = decoded(raw)
    except InputError as error:
        assert "\n" not in str(error)
        assert "save the file as UTF-8 text" in str(error)
    else:
        assert charset != WESTERN or text.encode("cp1252") == raw


@pytest.mark.faults
@pytest.mark.parametrize("unit", [b"\xe9", b"\xe9a", b"a\xb3", b"\x82 ", b"\xc3a"])
def test_hostile_bytes_take_linear_time(unit: bytes) -> None:
    started = time.process_time()
    for raw in (unit * 500_000, unit * 500_000 + b"\x81"):
        try:
            decoded(raw)
        except InputError as error:
            assert "not UTF-8" in str(error)
    assert time.process_time() - started < 2
