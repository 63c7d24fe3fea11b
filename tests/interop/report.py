"""What a run with the real Rasa found, as pages of docs/interop/."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.interop.talks import Answered


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Of the held-out messages that were `asked`, those whose intent was `right`; median time of one; seconds."""

    right: int
    asked: int
    milliseconds: float
    megabytes: int
    trained: float
    started: float


@dataclass(frozen=True, kw_only=True)
class Played:
    """What was found in one language: conversations by name, and the figures of both."""

    language: str
    talks: Mapping[str, Sequence[Answered]]
    theirs: Figures
    ours: Figures

    @property
    def turns(self) -> list[Answered]:
        """All answers."""
        return [each for talk in self.talks.values() for each in talk]


def report(played: Sequence[Played], epochs: int, folder: Path) -> None:
    """Write transcript.md and figures.md."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "figures.md").write_text("\n".join(_figures(played, epochs)) + "\n", "utf-8")
    (folder / "transcript.md").write_text("\n".join(_transcript(played)) + "\n", "utf-8")


def _figures(played: Sequence[Played], epochs: int) -> Iterator[str]:
    learnt = f"DIET, {epochs} epochs" if epochs else "logistic regression (`--light`)"
    yield "# Beside the real Rasa: figures"
    yield ""
    yield f"Written by `make interop`. Rasa 3.6.21 learnt by {learnt}; the messages are those of tests/nlu/heldout4.yml."
    yield "Times are of the machine and the load of the run: Rasa is asked over HTTP, Patou in its own process."
    yield "Patou learns all languages at once and serves them with everything else that it does in one process."
    yield ""
    yield "| | " + " | ".join(f"Rasa, {each.language} | Patou, {each.language}" for each in played) + " |"
    yield "|---" * (2 * len(played) + 1) + "|"
    rows: dict[str, Callable[[Figures], str]] = {
        "intents right": lambda each: f"{each.right} of {each.asked} ({each.right / each.asked:.0%})",
        "a message, median": lambda each: f"{each.milliseconds:.1f} ms",
        "learnt in": lambda each: f"{each.trained:.0f} s",
        "started in": lambda each: f"{each.started:.0f} s",
        "memory": lambda each: f"{each.megabytes} MB",
    }
    for name, shown in rows.items():
        cells = (f"{shown(each.theirs)} | {shown(each.ours)}" for each in played)
        yield f"| {name} | {' | '.join(cells)} |"
    cells = (f"{sum(turn.same for turn in each.turns)} of {len(each.turns)} | " for each in played)
    yield f"| turns answered alike | {' | '.join(cells)} |"


def _transcript(played: Sequence[Played]) -> Iterator[str]:
    yield "# Beside the real Rasa: the conversations"
    yield ""
    yield "Written by `make interop`. Figures in an answer are left out of the comparison: numbers, PINs and dates are drawn anew."
    for each in played:
        for name, talk in each.talks.items():
            yield ""
            yield f"## {each.language}, {name}"
            for turn in talk:
                yield ""
                yield f"**{turn.said}**"
                yield ""
                if turn.same:
                    yield from _quoted("both", turn.theirs)
                else:
                    yield from _quoted("Rasa", turn.theirs)
                    yield from _quoted("Patou", turn.ours)


def _quoted(who: str, texts: Sequence[str]) -> Iterator[str]:
    for text in texts or ("(nothing)",):
        lines = " / ".join(text.splitlines())
        yield f"- {who}: {lines}"
