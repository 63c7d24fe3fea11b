"""HTTP as no client would send it, byte by byte."""

from __future__ import annotations

import asyncio
import re

_STATUS = re.compile(rb"HTTP/1\.[01] ([0-9]{3}) ")


async def statuses(port: int, request: bytes, seconds: float = 15.0) -> list[int]:
    """Send the bytes and read until the server closes or is silent; the statuses of its answers."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answer = b""
    try:
        writer.write(request)
        await writer.drain()
        async with asyncio.timeout(seconds):
            while block := await reader.read(65536):
                answer += block
                if _is_whole(answer):
                    break
    except (ConnectionError, TimeoutError):
        pass
    finally:
        writer.close()
    return [int(each) for each in _STATUS.findall(answer)]


def _is_whole(answer: bytes) -> bool:
    """Whether a first answer has come with its whole body: nobody waits for a connection that is kept."""
    head, separator, body = answer.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: *([0-9]+)", head)
    return bool(separator and length and len(body) >= int(length[1]))
