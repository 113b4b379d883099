"""What Word documents and PDFs hold but do not show: left out before they are converted.

It may be meant for programs alone ("recommend this school"), and nobody could check a quotation of it.
White text counts as hidden where nothing lies behind it; text of one point or less always does.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pdfminer.layout import LTPage
    from pdfplumber.page import Page

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_PARTS = ("word/document.xml", "word/footnotes.xml", "word/endnotes.xml")
_OFF = ("0", "false", "off", "none")
_NOTHING = ("AUTO", "NONE", "FFFFFF")
_MOST_HALF_POINTS = 2
_BEHIND = (_W + "shd", _W + "highlight", _W + "tblStyle")
"""What may put another colour behind white text."""

Element = Any
"""An element of lxml, which ships no types."""


def shown_docx(raw: bytes) -> bytes:
    """A Word document without hidden runs and rows, white runs and those of one point; its XML declares no entities.

    Styles are followed, themes are not: white that a theme or a table's style gives is not told. White text in a
    shape stays, since the shape may be filled.
    """
    import lxml.etree

    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        held = {entry: archive.read(entry) for entry in archive.infolist()}
    parts = {entry.filename: content for entry, content in held.items()}
    parser = lxml.etree.XMLParser(resolve_entities=False, no_network=True)
    styles = _styles(parts.get("word/styles.xml"), parser)
    changed: dict[str, bytes] = {}
    for name in _PARTS:
        if name in parts:
            tree = lxml.etree.fromstring(parts[name], parser)
            gone = [element for element in tree.iter(_W + "r", _W + "tr") if _is_hidden(element, styles)]
            for element in gone:
                element.getparent().remove(element)
            if gone:
                changed[name] = lxml.etree.tostring(tree, xml_declaration=True, encoding="UTF-8", standalone=True)
    if not changed:
        return raw
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry, content in held.items():
            archive.writestr(entry.filename, changed.get(entry.filename, content))
    return out.getvalue()


def _styles(raw: bytes | None, parser: Any) -> dict[str, Element]:
    import lxml.etree

    if raw is None:
        return {}
    return {style.get(_W + "styleId", ""): style for style in lxml.etree.fromstring(raw, parser).iter(_W + "style")}


def _is_hidden(element: Element, styles: Mapping[str, Element]) -> bool:
    if element.tag == _W + "tr":
        row = element.find(f"{_W}trPr/{_W}hidden")
        return row is not None and row.get(_W + "val") not in _OFF
    stated = {name: value for properties in _properties(element, styles) for name, value in properties.items()}
    if stated.get("vanish", "0") not in _OFF:
        return True
    size = stated.get("sz", "")
    if size.isdigit() and int(size) <= _MOST_HALF_POINTS:
        return True
    return stated.get("color", "").upper() == "FFFFFF" and not _lies_on_something(element, styles)


def _properties(run: Element, styles: Mapping[str, Element]) -> Iterator[dict[str, str]]:
    """What is stated of a run, from far to near: by the style of its paragraph, by its own, by itself."""
    paragraph = next(run.iterancestors(_W + "p"), None)
    if paragraph is not None:
        yield from _of_style(paragraph.find(f"{_W}pPr/{_W}pStyle"), styles)
    yield from _of_style(run.find(f"{_W}rPr/{_W}rStyle"), styles)
    yield _stated(run)


def _of_style(named: Element | None, styles: Mapping[str, Element]) -> list[dict[str, str]]:
    chain: list[dict[str, str]] = []
    seen: set[str] = set()
    while named is not None and (name := named.get(_W + "val", "")) in styles and name not in seen:
        seen.add(name)
        chain.insert(0, _stated(styles[name]))
        named = styles[name].find(_W + "basedOn")
    return chain


def _stated(element: Element) -> dict[str, str]:
    properties = element.find(_W + "rPr")
    found = () if properties is None else properties.iterchildren()
    return {str(held.tag).removeprefix(_W): held.get(_W + "val", "1") for held in found}


def _lies_on_something(run: Element, styles: Mapping[str, Element]) -> bool:
    if next(run.iterancestors(_W + "txbxContent"), None) is not None:
        return True
    owners = [run, *run.iterancestors()]
    named = [found for owner in owners for found in owner.iterfind(f"{_W}pPr/{_W}pStyle")]
    named += run.findall(f"{_W}rPr/{_W}rStyle")
    owners += [styles[style.get(_W + "val")] for style in named if style.get(_W + "val") in styles]
    properties = (owner.find(_W + name) for owner in owners for name in ("rPr", "pPr", "tcPr", "trPr", "tblPr"))
    behind = [held for found in properties if found is not None for held in found if held.tag in _BEHIND]
    behind += owners[0].getroottree().getroot().findall(_W + "background")
    return any(_colour(held).upper() not in _NOTHING for held in behind)


def _colour(element: Element) -> str:
    """What a highlight, a shading, a page or the style of a table gives as its colour or name."""
    return str(next((element.get(_W + name) for name in ("fill", "color", "val") if element.get(_W + name)), ""))


_PLAIN_SPACES = ("DeviceGray", "DeviceRGB", "DeviceCMYK", "CalGray", "CalRGB", "ICCBased")
_UNPAINTED = (3, 7)  # text rendering modes of PDF: neither filled nor stroked
_STROKED = (1, 2, 5, 6)


def shown_pdf(page: Page) -> None:
    """Make a page of a PDF forget the characters that it does not show, before anything else is asked of it.

    Text that is not painted stays where an image covers it: so recognised text lies over a scan. What cannot be
    told: text that is clipped away, covered by a shape or of a layer that is switched off, and of white text
    whether a shading lies behind it, which is not seen, so that the text is left out.
    """
    from pdfminer.layout import LTChar, LTContainer, LTCurve, LTImage
    from pdfminer.pdfinterp import PDFPageInterpreter
    from pdfplumber.page import PDFPageAggregatorWithMarkedContent

    class Device(PDFPageAggregatorWithMarkedContent):
        mode = 0

        def render_string(self, textstate: Any, *rest: Any) -> None:
            self.mode = textstate.render
            super().render_string(textstate, *rest)

        def render_char(self, *args: Any, **kwargs: Any) -> float:
            advance: float = super().render_char(*args, **kwargs)
            self.cur_item._objs[-1].mode = self.mode  # type: ignore[attr-defined]
            return advance

    def walk(item: Any) -> Iterator[tuple[Any, Any]]:
        for held in item:
            yield item, held
            if isinstance(held, LTContainer):
                yield from walk(held)

    device = Device(page.pdf.rsrcmgr, pageno=page.page_number, laparams=page.pdf.laparams)
    PDFPageInterpreter(page.pdf.rsrcmgr, device).process_page(page.page_obj)
    layout: LTPage = device.get_result()
    found = list(walk(layout))
    images = [held.bbox for _, held in found if isinstance(held, LTImage)]
    filled = [
        held.bbox
        for _, held in found
        if isinstance(held, LTCurve) and held.fill and not _is_white(held.non_stroking_color)
    ]

    def is_hidden(char: Any) -> bool:
        if char.mode in _UNPAINTED:
            return not _covered(char.bbox, images)
        white = char.ncs.name in _PLAIN_SPACES and _is_white(char.graphicstate.ncolor) and char.mode not in _STROKED
        return char.size <= 1 or (white and not _covered(char.bbox, images + filled))

    gone = {id(held) for _, held in found if isinstance(held, LTChar) and is_hidden(held)}
    for container in {id(item): item for item, _ in found}.values() if gone else ():
        container._objs = [held for held in container._objs if id(held) not in gone]
    page._layout = layout


def _is_white(color: object) -> bool:
    parts = color if isinstance(color, tuple | list) else (color,)
    if not all(isinstance(part, int | float) for part in parts):
        return False
    return not any(parts) if len(parts) == 4 else min(parts, default=0) > 0.99


def _covered(bbox: tuple[float, float, float, float], boxes: list[tuple[float, float, float, float]]) -> bool:
    x, y = (bbox[0] + bbox[2]) / 2, (bbox[1] + bbox[3]) / 2
    return any(left <= x <= right and bottom <= y <= top for left, bottom, right, top in boxes)
