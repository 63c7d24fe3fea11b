"""The report of an evaluation: a page that opens from the disk, its two pictures, and all figures as JSON."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from string import Template
from types import MappingProxyType
from typing import Any

import orjson

from bot.bands import Bands
from bot.learning.files import write_whole
from bot.learning.redacted import redacted
from bot.nlu.evaluate import Figures, Outcome, Report
from cli.pictures import confusion_picture, reliability_picture
from cli.sheet import font_face

_TEMPLATE = Path(__file__).parent / "templates" / "report.html"
_NUMBER = re.compile(r"[\d.%]+|-")
# So many on the page; all of them in report.json.
_ERRORS, _CONFUSIONS = 500, 20
_PERCENT = 0.01

# The figures in the words of people, in the order in which they are told.
NAMES = MappingProxyType(
    {
        "messages": "messages",
        "accuracy": "right",
        "top3": "among the first three",
        "macro_f1": "macro F1",
        "services": "services found",
        "confidently_wrong": "confidently wrong",
        "scope_auroc": "out of scope, AUROC",
        "calibration_error": "calibration error",
    }
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgement:
    """How well messages were understood; `about` says to people which, asked of whom.

    `noisy` are the figures of the same messages with mistakes at `share` of the places where some can be made.
    """

    about: str
    report: Report
    share: float = 0.0
    noisy: Figures | None = None

    def columns(self) -> dict[str, Figures]:
        """The figures to show side by side: of all messages, of each language if there are several, with noise."""
        languages = self.report.languages
        named = {language: figures for language, figures in languages.items() if language}
        with_noise = {_noise_of(self.share): self.noisy} if self.noisy else {}
        return {"all": self.report, **(named if len(languages) > 1 else {}), **with_noise}

    def record(self) -> dict[str, Any]:
        """All of it as JSON has it, but for the messages."""
        noise = {"share": self.share, **self.noisy.figures()} if self.noisy else None
        return {**self.report.record(), "noise": noise}


def write_report(folder: Path, judgement: Judgement, fonts: Mapping[str, bytes]) -> Path:
    """Write the four files into a folder, readable by their owner alone; the page.

    `fonts` are those of the page by weight, as WOFF2.
    """
    report = judgement.report
    pictures = {"confusion": confusion_picture(report), "reliability": reliability_picture(report)}
    for name, picture in pictures.items():
        write_whole(folder / f"{name}.svg", picture.encode())
    told = {
        "about": judgement.about,
        **judgement.record(),
        "columns": {name: figures.figures() for name, figures in judgement.columns().items()},
        "errors": [_record(each) for each in errors(report)],
    }
    write_whole(folder / "report.json", orjson.dumps(told, option=orjson.OPT_INDENT_2))
    page = folder / "report.html"
    write_whole(page, _page(judgement, fonts, pictures).encode())
    return page


def errors(report: Report) -> list[Outcome]:
    """What was understood wrongly, the surest first."""
    wrong = [each for each in report.outcomes if not each.right]
    return sorted(wrong, key=lambda each: (-each.confidence, each.example.language, each.example.text))


def cell(name: str, figures: Figures) -> str:
    """A figure as people read it."""
    value = getattr(figures, name)
    if value is None:
        return "-"
    return str(value) if isinstance(value, int) else f"{value:.3f}"


def _page(judgement: Judgement, fonts: Mapping[str, bytes], pictures: Mapping[str, str]) -> str:
    report, columns = judgement.report, judgement.columns()
    wrong = errors(report)
    left_out = len(wrong) - _ERRORS
    return Template(_TEMPLATE.read_text("utf-8")).substitute(
        fonts="\n".join(font_face(weight, body) for weight, body in fonts.items()),
        about=escape(judgement.about),
        sure=f"{Bands().sure:.0%}",
        figures=_table(
            "Shares between 0 and 1",
            ["", *columns],
            ([said, *(cell(name, each) for each in columns.values())] for name, said in NAMES.items()),
        ),
        **pictures,
        confusions=_table("The largest first", ["wanted", "understood", "messages"], _confusions(report)),
        intents=_table(
            "Every intent",
            ["intent", "wanted", "understood", "right", "F1", "most often taken for"],
            _intents(report),
        ),
        bins=_table("In tenths of confidence", ["confidence", "messages", "sure", "right"], _bins(report)),
        errors=_errors(wrong[:_ERRORS]),
        left_out=f" {left_out} more are in report.json." if left_out > 0 else "",
    )


def _noise_of(share: float) -> str:
    """The head of a column; below one percent with a decimal, so that little noise is not told as none."""
    return f"{share:.1%} noise" if share < _PERCENT else f"{share:.0%} noise"


def _confusions(report: Report) -> Iterator[Sequence[Any]]:
    for (wanted, understood), count in list(report.confusion.items())[:_CONFUSIONS]:
        yield wanted, understood, count


def _intents(report: Report) -> Iterator[Sequence[Any]]:
    wanted, understood = Counter[str](), Counter[str]()
    for (one, other), count in report.counts.items():
        wanted[one] += count
        understood[other] += count
    for name in sorted(wanted | understood):
        taken = [f"{other} {count}" for (one, other), count in report.confusion.items() if one == name]
        right = report.counts.get((name, name), 0)
        f1 = f"{report.f1[name]:.2f}" if name in report.f1 else "-"
        yield name, wanted[name], understood[name], right, f1, ", ".join(taken[:3])


def _bins(report: Report) -> Iterator[Sequence[Any]]:
    for each in report.bins:
        between = f"{each.low:.0%} to {each.high:.0%}"
        yield between, each.messages, f"{each.confidence:.1%}", f"{each.accuracy:.1%}"


def _table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table whose rows begin with what they are about."""
    cells = [[str(each) for each in row] for row in rows]
    # A column of numbers stands at the right, with its head.
    kinds = [
        ' class="number"' if all(map(_NUMBER.fullmatch, column)) else ""
        for column in zip(*cells, strict=True)
    ]
    head = "".join(
        f'<th scope="col"{kind}>{escape(each)}</th>' if each else "<td></td>"
        for each, kind in zip(heads, kinds or [""] * len(heads), strict=True)
    )
    body = "\n".join(
        f'<tr><th scope="row"{kinds[0]}>{escape(row[0])}</th>'
        + "".join(f"<td{kind}>{escape(each)}</td>" for each, kind in zip(row[1:], kinds[1:], strict=True))
        + "</tr>"
        for row in cells
    )
    return f"<table><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table>"


def _errors(outcomes: Sequence[Outcome]) -> str:
    rows = "\n".join(
        f"<tr><td{_lang(each.example.language)}>{escape(redacted(each.example.text))}</td>"
        f"<td>{escape(each.example.intent)}</td><td>{escape(each.predicted)}</td>"
        f'<td class="number">{each.confidence:.0%}</td><td>{escape(each.example.language)}</td></tr>'
        for each in outcomes
    )
    heads = "".join(
        f'<th scope="col">{each}</th>' for each in ("text", "wanted", "understood", "sure", "language")
    )
    return f'<table class="errors"><thead><tr>{heads}</tr></thead><tbody>\n{rows}\n</tbody></table>'


def _lang(language: str) -> str:
    return f' lang="{escape(language)}"' if language else ""


def _record(outcome: Outcome) -> dict[str, Any]:
    return {
        "text": redacted(outcome.example.text),
        "language": outcome.example.language,
        "wanted": outcome.example.intent,
        "understood": outcome.predicted,
        "confidence": outcome.confidence,
        "ranking": outcome.ranking,
    }
