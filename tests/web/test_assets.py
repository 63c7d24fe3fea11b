"""Files that pages load: kept by browsers for ever, packed, and changed by name only."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession, web
from fontTools.ttLib import TTFont

from bot.pack import Pack
from tests.servers.ports import free_port
from web.assets import Assets
from web.server import Server

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A font, a style that names it, and a page that is no asset."""
    (tmp_path / "lao.woff2").write_bytes(b"a font" * 100)
    (tmp_path / "page.css").write_text('@font-face { src: url("lao.woff2") }' * 20, "utf-8")
    (tmp_path / "page.html").write_text("<p>", "utf-8")
    return tmp_path


@pytest.fixture
async def served(folder: Path) -> AsyncIterator[tuple[Assets, str]]:
    """The assets and where they are."""
    assets = Assets([folder])

    async def plain(request: web.Request) -> web.Response:
        return assets.answer(request, b"<p>hello</p>", "text/html; charset=utf-8", {})

    async def lasting(request: web.Request) -> web.Response:
        body = request.query["says"].encode()
        return assets.answer(request, body, "text/html; charset=utf-8", {}, lasting=True)

    routes: list[web.RouteDef] = [*assets.routes(), web.get("/plain", plain), web.get("/lasting", lasting)]
    async with Server({"anyone": routes}, https=False).listen("127.0.0.1", free_port()) as url:
        yield assets, url


async def test_a_file_is_kept_for_ever_under_its_digest(served: tuple[Assets, str]) -> None:
    assets, url = served
    async with ClientSession(auto_decompress=False) as session:
        async with session.get(url + assets.url("page.css")) as response:
            body = gzip.decompress(await response.read())
            assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
            assert response.headers["Content-Type"] == "text/css; charset=utf-8"
            etag = response.headers["ETag"]
        assert body.decode() == f'@font-face {{ src: url("{assets.url("lao.woff2")}") }}' * 20
        for known in (etag, f'"another", {etag}'):
            again = {"If-None-Match": known}
            async with session.get(url + assets.url("page.css"), headers=again) as response:
                assert (response.status, await response.read()) == (304, b"")


async def test_what_is_packed_already_or_not_wanted_packed_is_sent_as_it_is(
    served: tuple[Assets, str],
) -> None:
    assets, url = served
    async with ClientSession(auto_decompress=False) as session:
        async with session.get(url + assets.url("lao.woff2")) as response:
            assert await response.read() == b"a font" * 100
            assert response.headers["Content-Type"] == "font/woff2"
        async with session.get(f"{url}/plain", headers={"Accept-Encoding": "br"}) as response:
            assert await response.read() == b"<p>hello</p>"


async def test_a_lasting_page_is_told_from_another(served: tuple[Assets, str]) -> None:
    _, url = served
    tags = set()
    async with ClientSession(auto_decompress=False) as session:
        for says in ("one", "two", "one"):
            async with session.get(f"{url}/lasting", params={"says": says}) as response:
                assert gzip.decompress(await response.read()) == says.encode()
                tags.add(response.headers["ETag"])
    assert len(tags) == 2


async def test_what_is_no_asset_is_not_found(served: tuple[Assets, str]) -> None:
    assets, url = served
    digest = assets.url("page.css").split("/")[2]
    async with ClientSession() as session:
        for path in (f"/assets/{digest}/page.html", "/assets/0/page.css", f"/assets/{digest}/lao.woff2"):
            async with session.get(url + path) as response:
                assert response.status == 404


def test_another_content_is_another_address(folder: Path) -> None:
    before = Assets([folder])
    (folder / "lao.woff2").write_bytes(b"another")
    after = Assets([folder])
    assert before.url("lao.woff2") != after.url("lao.woff2")
    assert before.url("page.css") != after.url("page.css"), "what names it changes with it"


@pytest.mark.parametrize("weight", ["Regular", "Bold"])
def test_the_fonts_have_every_lao_letter_that_is_said(weight: str) -> None:
    pack = Pack.load(ROOT / "nlu_data")
    said = {
        letter
        for table in (pack.texts["lo"], pack.labels["lo"])
        for text in table.values()
        for letter in text.text
        if "\u0e80" <= letter <= "\u0eff"
    }
    with TTFont(ROOT / f"web/static/noto-sans-lao-{weight}.woff2") as font:
        assert said <= {chr(code) for code in font.getBestCmap() or {}}
        assert {"GSUB", "GPOS"} <= set(font.keys()), "marks are put in their places"
