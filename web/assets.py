"""Files that pages load, each under an address that holds its digest: a browser keeps one for ever."""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

_KINDS = {
    ".woff2": "font/woff2",
    ".svg": "image/svg+xml",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
}  # what another file may name comes before it
_NAMED = re.compile(rb'url\("([^"]+)"\)')
_FOR_EVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Asset:
    body: bytes
    zipped: bytes
    digest: str
    content_type: str


class Assets:
    """All files of some folders that a page can load; names are told apart across folders."""

    def __init__(self, folders: Iterable[Path], path: str = "/assets") -> None:
        """Read and pack them once; `url("name")` in a style sheet becomes the address of that file."""
        self._path = path
        self._assets: dict[str, _Asset] = {}
        self._lasting: dict[bytes, _Asset] = {}
        found = [file for folder in folders for file in sorted(folder.iterdir()) if file.suffix in _KINDS]
        for file in sorted(found, key=lambda each: list(_KINDS).index(each.suffix)):
            self._assets[file.name] = self._read(file)

    def url(self, name: str) -> str:
        """The address of a file; raises KeyError."""
        return f"{self._path}/{self._assets[name].digest}/{name}"

    def text(self, name: str) -> str:
        """What stands in a file, for a page that has it within itself; raises KeyError."""
        return self._assets[name].body.decode()

    def routes(self) -> list[web.RouteDef]:
        """`/assets/<digest>/<name>`."""
        return [web.get(f"{self._path}/{{digest}}/{{name}}", self.file)]

    async def file(self, request: web.Request) -> web.Response:
        """A file by its digest; that of another release is not found."""
        name = request.match_info["name"]
        asset = self._assets.get(name)
        if asset is None or asset.digest != request.match_info["digest"]:
            raise web.HTTPNotFound
        return _respond(request, asset, {"Cache-Control": _FOR_EVER})

    def answer(
        self,
        request: web.Request,
        body: bytes,
        content_type: str,
        headers: Mapping[str, str],
        *,
        lasting: bool = False,
    ) -> web.Response:
        """What a page is made of as it goes out: packed where that is understood, or only that it is unchanged.

        One that is `lasting`, the same for everybody, is packed once: that takes longer than all the rest.
        """
        if not lasting:
            return _respond(request, _asset(body, content_type), headers)
        if body not in self._lasting:
            self._lasting[body] = _asset(body, content_type)
        return _respond(request, self._lasting[body], headers)

    def _read(self, file: Path) -> _Asset:
        body = file.read_bytes()
        if file.suffix == ".css":
            body = _NAMED.sub(lambda found: f'url("{self.url(found[1].decode())}")'.encode(), body)
        return _asset(body, _KINDS[file.suffix])


def _asset(body: bytes, content_type: str) -> _Asset:
    packed = content_type.startswith("font/")
    return _Asset(
        body=body,
        # No time of packing: the same file is the same bytes in every process.
        zipped=b"" if packed else gzip.compress(body, mtime=0),
        digest=hashlib.sha256(body).hexdigest()[:16],
        content_type=content_type,
    )


def _respond(request: web.Request, asset: _Asset, headers: Mapping[str, str]) -> web.Response:
    # Weak (RFC 9110, 8.8.1): packed or not, it is the same to who reads it.
    etag = f'W/"{asset.digest}"'
    known = [each.strip() for each in request.headers.get("If-None-Match", "").split(",")]
    carried = {"ETag": etag, "Vary": "Accept-Encoding", "X-Content-Type-Options": "nosniff", **headers}
    if etag in known:
        return web.Response(status=304, headers=carried)
    carried["Content-Type"] = asset.content_type
    if asset.zipped and "gzip" in request.headers.get("Accept-Encoding", ""):
        return web.Response(body=asset.zipped, headers=carried | {"Content-Encoding": "gzip"})
    return web.Response(body=asset.body, headers=carried)
