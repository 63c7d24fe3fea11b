"""`python -m bot.files.cleaner`: one file in, the same made safe out, in a process that can do nothing else.

The file is read from standard input. Standard output is a media type, a line end and the clean file, and
exit code 0; or the reason why it is not kept, and exit code 3. Any other end means that it could not be read.
"""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Callable

from bot.files import frames, kinds, recordings
from bot.files.errors import NotKept, Reason

REFUSED = 3
_YIELDING = 10
_SECONDS = 20  # of processor time: a large photo takes one on a slow machine
_MEMORY = 1 << 30  # bytes of address space, most of it libraries


def clean(data: bytes) -> tuple[str, bytes]:
    """The media type under which a file is kept, and its bytes. Raises NotKept, and what a decoder raises."""
    media_type = kinds.sniff(data)
    if media_type in kinds.PICTURES:
        from bot.files import pictures

        pictures.prepare()
        _confine()
        return kinds.JPEG, pictures.repaint(data)
    if media_type == kinds.PDF:
        from bot.files.papers import rewrite

        _confine()
        return media_type, rewrite(data)
    _confine()
    if media_type == kinds.MP4:
        film, has_pictures = recordings.untagged_mp4(data)
        return (kinds.MP4 if has_pictures else kinds.M4A), film
    if media_type not in kinds.KEPT:
        raise NotKept(Reason.NOT_TAKEN)
    return media_type, _SOUNDS[media_type](data)


_SOUNDS: dict[str, Callable[[bytes], bytes]] = {
    kinds.OGG: recordings.untagged_ogg,
    kinds.MP3: recordings.untagged_mp3,
    kinds.AAC: frames.adts,
    kinds.AMR: frames.amr,
}


def _confine() -> None:
    """Take from this process what a decoder needs none of: files, sockets, time and memory without end."""
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Those that are open stay so; no other can be opened.
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))


def main() -> int:
    """Clean what comes in, after everything else that the machine has to do; the exit code."""
    os.nice(_YIELDING)
    try:
        media_type, kept = clean(sys.stdin.buffer.read())
    except NotKept as error:
        sys.stdout.write(error.reason.value)
        return REFUSED
    sys.stdout.buffer.write(media_type.encode() + b"\n" + kept)
    return 0


if __name__ == "__main__":
    sys.exit(main())
