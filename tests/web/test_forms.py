"""The route of the forms: each as what it is, by its name alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession
from yarl import URL

from tests.servers.ports import free_port
from web.forms import routes
from web.server import Server

PDF = b"%PDF-1.4 a form\n"


@pytest.fixture
async def url(tmp_path: Path) -> AsyncIterator[str]:
    """A server with one form, and a secret beside it."""
    (tmp_path / "form-2.pdf").write_bytes(PDF)
    (tmp_path / "secret.pdf").write_bytes(b"%PDF-1.4 a secret\n")
    forms = routes({"form-2.pdf": tmp_path / "form-2.pdf"}, "/forms")
    async with Server({"anyone": forms}, https=False).listen("127.0.0.1", free_port()) as url:
        yield url


async def test_a_form_is_a_pdf_and_nothing_else(url: str) -> None:
    async with ClientSession() as session, session.get(f"{url}/forms/form-2.pdf") as response:
        assert (response.status, await response.read()) == (200, PDF)
        assert response.headers["Content-Type"] == "application/pdf"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Content-Disposition"] == 'inline; filename="form-2.pdf"'


@pytest.mark.parametrize(
    "path",
    [
        "secret.pdf", "", "form-2", "FORM-2.pdf", "..%2Fsecret.pdf", "%2E%2E/secret.pdf", "..%5Csecret.pdf",
        "form-2.pdf%00.pdf", "form-2.pdf/", "%2Fetc%2Fpasswd", "form-2.pdf%2F..%2Fsecret.pdf",
    ],
)  # fmt: skip
async def test_nothing_else_is_given_away(url: str, path: str) -> None:
    async with (
        ClientSession() as session,
        session.get(URL(f"{url}/forms/{path}", encoded=True), allow_redirects=False) as response,
    ):
        assert response.status == 404
        assert b"secret" not in await response.read()
