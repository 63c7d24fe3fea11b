"""Draws docs/images/conversation.png from what the program answers: `python -m tests.docs.picture`."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from html import escape
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from bot.yaml_read import read_yaml

IMAGES = Path(__file__).parents[2] / "docs" / "images"
_SCRIPT = IMAGES / "conversation.yml"
_CHROMIUM = "/usr/bin/chromium"
_STYLE = """
body { margin: 0; padding: 24px; display: inline-flex; gap: 28px; align-items: flex-start; background: #fff;
       font: 15px/1.4 'Noto Sans', 'Noto Sans Lao', sans-serif; color: #1c2126 }
.phone { width: 350px; border: 9px solid #22272e; border-radius: 30px; background: #e9edf1; overflow: hidden }
header { background: #35506b; color: #fff; padding: 9px 16px; font-weight: 600 }
main { padding: 12px 12px 18px; display: flex; flex-direction: column; gap: 9px }
p { margin: 0; padding: 7px 12px; border-radius: 14px; max-width: 84%; white-space: pre-line }
p.me { align-self: flex-end; background: #cfe6d2; border-bottom-right-radius: 3px }
p.patou { align-self: flex-start; background: #fff; border-bottom-left-radius: 3px }
small { align-self: flex-start; color: #66717d; margin: -5px 0 0 8px; font-size: 11.5px }
"""


def main() -> None:
    """Play the script, draw one phone a conversation, photograph them."""
    played = subprocess.run(  # noqa: S603 - our own command on our own file
        [sys.executable, "app.py", "play", str(_SCRIPT)],
        cwd=IMAGES.parents[1],
        check=True,
        capture_output=True,
    )
    turns = iter([json.loads(line) for line in played.stdout.splitlines()])
    script = read_yaml(_SCRIPT)
    phones = "".join(_phone([next(turns) for _ in each["steps"]]) for each in script)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        page_file = Path(folder) / "phones.html"
        page_file.write_text(f"<!doctype html><meta charset=utf-8><style>{_STYLE}</style>{phones}")
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(device_scale_factor=1.5)
        page.goto(page_file.as_uri())
        page.locator("body").screenshot(path=IMAGES / "conversation.png")
        browser.close()


def _phone(turns: list[dict[str, Any]]) -> str:
    lines = []
    for turn in turns:
        lines.append(f'<p class="me">{escape(turn["user"])}</p>')
        lines += [
            f'<p class="patou">{escape(reply["text"])}</p><small>{reply["parts"]} SMS</small>'
            for reply in turn["replies"]
        ]
    return f'<div class="phone"><header>1500</header><main>{"".join(lines)}</main></div>'


if __name__ == "__main__":
    main()
