"""The Model Context Protocol: what careerbot can do, as tools of other programs, over stdin and stdout.

The schemas tell what a tool takes, and what comes is checked all the same: a client may send
anything, and a model reads the one line of an error and asks better.
"""

from __future__ import annotations

import asyncio
import json
import signal
import threading
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from careerbot import rendering
from careerbot.config import Settings
from careerbot.contents import sizes
from careerbot.datatypes import Status
from careerbot.errors import CareerbotError, InputError
from careerbot.pipeline import Careerbot

try:
    from mcp import types
    from mcp.server import Server, ServerRequestContext
    from mcp.server.stdio import stdio_server
except ImportError as error:
    raise InputError(f'the MCP tools are not installed ({error}); run: pip install "careerbot[mcp]"') from error

MAX_QUESTION_CHARS = 1_000
MAX_TURNS = 20

_INSTRUCTIONS = (
    "Answers career questions from loaded documents. Every statement of an answer is a quotation with its source: "
    "keep the numbers [n], the dates (as_of) and the sources beside the figures, and show values that disagree side "
    'by side. The status "not_in_sources" means that the documents do not say; tell that instead of guessing.'
)


def _object(**properties: Any) -> dict[str, Any]:
    """The JSON schema of an object that has all of these."""
    return {"type": "object", "properties": properties, "required": list(properties)}


def _list(items: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "array", "items": items, **more}


_TEXT = {"type": "string"}
_COUNT = {"type": "integer"}
_TURN = {"type": "string", "maxLength": MAX_QUESTION_CHARS}

_CITATION = _object(
    number=_COUNT,
    source=_TEXT,
    title=_TEXT,
    publisher=_TEXT,
    as_of=_TEXT,
    section=_list(_TEXT),
    quote=_TEXT,
    start=_COUNT,
    end=_COUNT,
    path=_TEXT,
)
_ANSWER = _object(
    id=_TEXT,
    question=_TEXT,
    searched_question=_TEXT,
    status={"type": "string", "enum": [status.value for status in Status]},
    answer=_TEXT,
    citations=_list(_CITATION),
    disagreements=_list(_object(about=_TEXT, values=_list(_object(value=_TEXT, as_of=_TEXT, citation=_COUNT)))),
    missing=_list(_TEXT),
    suggestions=_list(_TEXT),
    latency_ms={"type": "number"},
)
_SOURCE = _object(id=_TEXT, title=_TEXT, publisher=_TEXT, as_of=_TEXT, sections=_COUNT, chunks=_COUNT)

_READS_ONLY = types.ToolAnnotations(read_only_hint=True, open_world_hint=False)

_ASK = types.Tool(
    name="ask_career_question",
    title="Ask a career question",
    description=(
        "Answer one career question from the loaded documents: every statement is a checked quotation with its "
        "source and date. Says what the documents do not cover instead of guessing."
    ),
    input_schema={
        "type": "object",
        "properties": {
            "question": {**_TURN, "minLength": 1, "description": "The question, in the user's own words."},
            "history": _list(
                _TURN,
                maxItems=MAX_TURNS,
                description='What the user said before, oldest first, for a follow-up such as "and in Oregon?".',
            ),
        },
        "required": ["question"],
        "additionalProperties": False,
    },
    output_schema=_ANSWER,
    annotations=_READS_ONLY,
)
_LIST = types.Tool(
    name="list_sources",
    title="List the sources",
    description="List the loaded documents that answers come from: id, title, publisher, date and size of each.",
    input_schema={"type": "object", "properties": {}, "additionalProperties": False},
    output_schema=_object(sources=_list(_SOURCE)),
    annotations=_READS_ONLY,
)


def serve(settings: Settings) -> None:
    """Answer the program at the other end of stdin and stdout until it closes them.

    Raises IndexUnusable when there is no index or it does not fit the encoder.
    """
    bot = Careerbot.open(settings=settings)
    # Python would wait for the thread that reads stdin, and that one for the client; there is nothing to save.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    asyncio.run(_serve(bot))


async def _serve(bot: Careerbot) -> None:
    async with stdio_server() as (incoming, outgoing):  # from here on, what is printed goes to stderr
        # No daemon: Python would end while its native code runs, and abort.
        threading.Thread(target=bot.encoder.encode, args=(["warm up"],)).start()
        tools = server(bot)
        await tools.run(incoming, outgoing, tools.create_initialization_options())


def server(bot: Careerbot) -> Server[Any]:
    """The tools over one bot, for any transport. A mistake in a call is a tool error of one line."""

    async def list_tools(_: ServerRequestContext[Any], __: object) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[_ASK, _LIST])

    async def call_tool(_: ServerRequestContext[Any], call: types.CallToolRequestParams) -> types.CallToolResult:
        try:
            # In a thread, so that the client is still heard while an answer is made.
            result = await asyncio.to_thread(_result, bot, call.name, call.arguments or {})
        except CareerbotError as error:
            return types.CallToolResult(content=[types.TextContent(text=str(error))], is_error=True)
        text = json.dumps(result, ensure_ascii=False)
        return types.CallToolResult(content=[types.TextContent(text=text)], structured_content=result)

    return Server(
        "careerbot",
        version=version("careerbot"),
        instructions=_INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


def _result(bot: Careerbot, tool: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    if tool == _ASK.name:
        _check_names(_ASK, arguments)
        return rendering.as_json(bot.ask(_text("the question", arguments.get("question")), _history(arguments)))
    if tool == _LIST.name:
        _check_names(_LIST, arguments)
        return {"sources": _sources(bot)}
    raise InputError(f"there is no tool {tool!r}; expected {_ASK.name} or {_LIST.name}")


def _check_names(tool: types.Tool, arguments: Mapping[str, Any]) -> None:
    known = tool.input_schema["properties"]
    if unknown := [name for name in arguments if name not in known]:
        raise InputError(f"{tool.name} takes {' and '.join(known) or 'no arguments'}, not {unknown[0]!r}")


def _history(arguments: Mapping[str, Any]) -> list[str]:
    turns = arguments.get("history")
    if turns is None:
        return []
    if not isinstance(turns, list):
        raise InputError(f"the history must be a list of the user's earlier turns, not {type(turns).__name__}")
    if len(turns) > MAX_TURNS:
        raise InputError(f"the history has {len(turns):,} turns; at most {MAX_TURNS} are read: send the last ones")
    return [_text(f"turn {number} of the history", turn) for number, turn in enumerate(turns, start=1)]


def _text(what: str, given: object) -> str:
    if not isinstance(given, str):
        raise InputError(f"{what} must be text, not {'nothing' if given is None else type(given).__name__}")
    if len(given) > MAX_QUESTION_CHARS:
        raise InputError(f"{what} has {len(given):,} characters; at most {MAX_QUESTION_CHARS:,} are read")
    return given


def _sources(bot: Careerbot) -> list[dict[str, Any]]:
    index = bot.index
    sections, chunks = sizes(index.chunks)
    return [
        {
            "id": held.id,
            "title": held.title,
            "publisher": held.publisher,
            "as_of": held.as_of,
            "sections": sections[held.id],
            "chunks": chunks[held.id],
        }
        for held in index.documents.values()
    ]
