"""What was understood a moment ago: the same short words are understood once.

Most of what people write to a service is the same few words: a number of a menu, a greeting, "ລາຄາເທົ່າໃດ". What
they mean follows from the words and the conversation's context alone, so it need not be worked out again. Stories
are not kept: they are long and do not come twice. Nor is what has numbers in it, nor answers to a question, which may
be a PIN or a name and are nobody's business; unless somebody said the very same without being asked.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from typing import cast

import orjson

from bot.nlu.parse_data import Interpreter, ParseContext, ParseData

MOST = 4_096  # about 6 MB
LONGEST = 60  # code points; a question with its politeness is shorter, a complaint is longer
_NUMBER = re.compile(r"\d(?:\W?\d){3}")


class RememberingInterpreter:
    """An interpreter in front of another one, whose answers to short texts it keeps, the latest `most` of them."""

    def __init__(self, behind: Interpreter, most: int = MOST) -> None:
        self._behind = behind
        self._most = most
        self._kept: OrderedDict[tuple[str, ParseContext], bytes] = OrderedDict()
        self._unasked: OrderedDict[str, None] = OrderedDict()

    async def parse(self, text: str, context: ParseContext) -> ParseData:
        """Understand one message; what is given is the caller's own copy."""
        secret = context.expects and text not in self._unasked
        if secret or len(text) > LONGEST or _NUMBER.search(text):
            return await self._behind.parse(text, context)
        key = (text, context)
        kept = self._kept.get(key)
        if kept is not None:
            self._kept.move_to_end(key)
            return cast("ParseData", orjson.loads(kept))
        parsed = await self._behind.parse(text, context)
        self._kept[key] = orjson.dumps(parsed)
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)
        if not context.expects:
            self._unasked[text] = None
            if len(self._unasked) > self._most:
                self._unasked.popitem(last=False)
        return parsed
