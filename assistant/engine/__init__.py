"""The conversation engine: flow files become checked flows, and a reply becomes the next turn. Pure.

Files are read by `load` into a `FlowBook`; `begin`, `advance`, `silence` and `repeat` move a conversation's
`Place` and say in a `Turn` what is to be done; `choose_text` picks the words. No database, clock or network.
"""

from assistant.engine.book import FlowBook
from assistant.engine.flow_model import (
    AUDIENCES,
    END,
    Ask,
    Caller,
    Command,
    Do,
    Effect,
    Flow,
    Option,
    Place,
    Say,
    Silence,
    Step,
    Texts,
    Turn,
    Wait,
)
from assistant.engine.known import Known
from assistant.engine.loading import load
from assistant.engine.movement import advance, begin, repeat, silence
from assistant.engine.problems import EngineError, FlowErrors, Problem, UnknownVersion
from assistant.engine.versions import flow_from_source, source_of
from assistant.engine.wording import audience, choose_text

__all__ = [
    "AUDIENCES",
    "END",
    "Ask",
    "Caller",
    "Command",
    "Do",
    "Effect",
    "EngineError",
    "Flow",
    "FlowBook",
    "FlowErrors",
    "Known",
    "Option",
    "Place",
    "Problem",
    "Say",
    "Silence",
    "Step",
    "Texts",
    "Turn",
    "UnknownVersion",
    "Wait",
    "advance",
    "audience",
    "begin",
    "choose_text",
    "flow_from_source",
    "load",
    "repeat",
    "silence",
    "source_of",
]
