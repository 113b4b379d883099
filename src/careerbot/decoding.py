"""Bytes → text: by the byte order mark, else as UTF-8, else as Windows-1252 where that gives Western words. Pure."""

from __future__ import annotations

import codecs
import re

from careerbot.errors import InputError

WESTERN = "Windows-1252"

_MARKS = (  # the mark of UTF-32 begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
_ADVICE = "save the file as UTF-8 text"
_MOST_NULS = 100  # characters for each; a text holds one by accident, a program is full of them

# What other charsets become when they are read as Windows-1252: a capital inside a word ("cafŽ", "BŠcker" of old Macs),
# a sign between letters or a low quotation mark behind one ("B„cker" of DOS, "pó³ka" of Poland), words of nothing
# but accents (Russian), "ð" and "þ" (more often Turkish "ğ" and "ş" than Icelandic).
_CAPITALS = "À-ÖØ-ÞŠŒŽŸ"
_SMALL = "ß-öø-ÿšœž"
_SIGNS = "‚ƒ„†‡ˆ‰‹›˜¡-¬®-¶¸-¿×÷"
_FOREIGN = re.compile(
    f"[a-z{_SMALL}][{_CAPITALS}]|[A-Z{_CAPITALS}][{_CAPITALS}](?=[a-z])"
    f"|[A-Za-z{_SMALL}{_CAPITALS}](?:[{_SIGNS}](?=[a-z{_SMALL}])|[‚„])"
    f"|[{_SMALL}{_CAPITALS}]{{3}}|[ÐÞðþ]"
)
_TRAIL = rb"[\x80-\xbf]"
_UTF8 = re.compile(
    rb"[\xc2\xc3]%b|\xe2[\x80-\x84]%b|(?:[\xc4-\xdf]%b){2}|[\xe0-\xef]%b{2}[\xe0-\xef]" % ((_TRAIL,) * 4)
)


def marked(raw: bytes) -> str:
    """The charset that a byte order mark announces, of those that are not bytes of ASCII; empty without one."""
    return next((name for mark, name in _MARKS if raw.startswith(mark)), "")


def decoded(raw: bytes) -> tuple[str, str]:
    """The text of a file and the charset that it was read as. Raises InputError with the byte that is wrong."""
    charset = marked(raw) or "UTF-8"
    try:
        text = raw.decode(charset)
    except UnicodeDecodeError as error:
        if charset != "UTF-8":
            told = f"byte {error.start} is not {charset}, which its first bytes announce"
            raise InputError(f"damaged: {told}; {_ADVICE}") from error
        western = _western(raw)
        if western is None:
            kind = "binary" if b"\0" in raw[:8192] else "not UTF-8"
            raise InputError(f"{kind}: byte {error.start} cannot be decoded; {_ADVICE}") from error
        return western, WESTERN
    if text.count("\0") * _MOST_NULS > len(text):
        raise InputError(f"binary: NUL character at {text.index(chr(0))}; if it is text, {_ADVICE}")
    return text, charset


def _western(raw: bytes) -> str | None:
    """The text as Windows-1252; None where it is of another charset, or UTF-8 that was damaged."""
    if b"\0" in raw or raw.startswith(codecs.BOM_UTF8) or _UTF8.search(raw):
        return None
    try:
        text = raw.decode("cp1252")
    except UnicodeDecodeError:
        return None
    return None if _FOREIGN.search(text) else text
