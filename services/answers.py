"""From a public service to the lines that an answer shows, each as sure as its fact.

Nothing is worded here: sentences come from the pack's responses, the words around an amount or
a day from its labels, names from the catalogue. A line says its own status only where that is
not the status of the list, which the sentence around the lines says already.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.pack import Pack, fill
from services.record import Cost, Duration, Fact, Names, Notice, PublicService, Requirement, Status, Topic

# As many other types of citizen as leave an answer its parts.
TYPES_OFFERED = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """The key of the text that answers a question, and what stands in it."""

    key: str
    values: Mapping[str, object]


def answer(
    pack: Pack, service: PublicService, topic: Topic, language: str, narrowed: Sequence[str] = ()
) -> Answer:
    """What a service requires, costs or takes, and how sure that is; raises KeyError for another topic.

    `narrowed` are names of what the answer holds for only: a type of citizen, a place.
    """
    fact, lines = _LISTS[topic](pack, service, language)
    name = _words(pack, language, service.names)
    if narrowed:
        name = fill(pack.label(language, "noted"), {"line": name, "note": ", ".join(narrowed)})
    key, where = f"utter_{topic}", office(pack, service, language, brief=True)
    match fact.status:
        case Status.CONFIRMED:
            return Answer(key=key, values={"service": name, **lines})
        case Status.REPORTED:
            return Answer(key=f"{key}_reported", values={"service": name, "year": fact.year, **lines})
        case Status.UNKNOWN:
            return Answer(key=f"{key}_unknown", values={"service": name, "office": where})


def notice_answer(pack: Pack, service: PublicService, notice: Notice, language: str) -> Answer:
    """What is said of a notice in force, before any other answer."""
    values = {"service": _words(pack, language, service.names)}
    note = _words(pack, language, notice.text)
    if not notice.outage:
        return Answer(key="utter_service_notice", values={**values, "note": note})
    day, month = f"{notice.since.day:02d}", f"{notice.since.month:02d}"
    since = fill(pack.label(language, "date"), {"day": day, "month": month, "year": notice.since.year})
    if note:
        return Answer(key="utter_service_down_noted", values={**values, "date": since, "note": note})
    return Answer(key="utter_service_down", values={**values, "date": since})


def requirement_lines(pack: Pack, service: PublicService, language: str, *, brief: bool = False) -> list[str]:
    """The papers to bring, one a line."""
    return [
        _standing(
            pack,
            language,
            _requirement(pack, requirement, language, brief=brief),
            requirement.fact,
            service.requirements_fact,
        )
        for requirement in service.requirements
    ]


def cost_lines(pack: Pack, service: PublicService, language: str, *, brief: bool = False) -> list[str]:
    """The fees, one a line; `brief` says them in as few characters as the catalogue knows."""
    numbers = {cost.id: number(pack, cost.amount) for cost in service.costs if cost.amount is not None}
    return [
        _standing(
            pack, language, _cost(pack, cost, language, numbers, brief=brief), cost.fact, service.costs_fact
        )
        for cost in service.costs
        if cost.brief or not brief
    ]


def duration_lines(pack: Pack, service: PublicService, language: str, *, brief: bool = False) -> list[str]:
    """The processing times, one a line."""
    return [
        _standing(
            pack,
            language,
            _duration(pack, duration, language, brief=brief),
            duration.fact,
            service.durations_fact,
        )
        for duration in service.durations
        if duration.brief or not brief
    ]


def note_lines(
    pack: Pack, service: PublicService, topic: Topic, language: str, *, brief: bool = False
) -> list[str]:
    """What is worth saying beside the answer to one question; `brief` keeps only short wordings."""
    return [
        _standing(pack, language, words, note.fact, None)
        for note in service.notes
        if note.about is topic and (words := _words(pack, language, note.short if brief else note.text))
    ]


def office(pack: Pack, service: PublicService, language: str, *, brief: bool = False) -> str:
    """Where to go or ask."""
    return (brief and _words(pack, language, service.office_short)) or _words(pack, language, service.office)


def amount(pack: Pack, value: int, currency: str, language: str) -> str:
    """An amount in whole units of its currency as the country writes it: "1.000.000 kip"."""
    if value == 0:
        return pack.label(language, "free")
    unit = pack.label(language, f"unit_{currency.lower()}")
    return fill(pack.label(language, "amount"), {"number": number(pack, value), "unit": unit})


def number(pack: Pack, value: int) -> str:
    """Digits in groups of three: "1.000.000"."""
    return f"{value:,}".replace(",", pack.numbers.thousands)


def days(pack: Pack, count: int, language: str, *, working: bool) -> str:
    """A time in days: "the same day", "1 day", "10 working days"."""
    if count == 0:
        return pack.label(language, "same_day")
    one = "working_day" if working else "day"
    label = pack.label(language, one if count == 1 else f"{one}s")
    return fill(label, {"count": count})


def _requirements_told(pack: Pack, service: PublicService, language: str) -> tuple[Fact, dict[str, str]]:
    papers = [f"- {line}" for line in requirement_lines(pack, service, language)]
    notes = [f"{line}." for line in note_lines(pack, service, Topic.REQUIREMENTS, language)]
    where = office(pack, service, language, brief=True)
    return service.requirements_fact, {"items": "\n".join([*papers, *notes]), "office": where}


def _costs_told(pack: Pack, service: PublicService, language: str) -> tuple[Fact, dict[str, str]]:
    return service.costs_fact, {"costs": "; ".join(cost_lines(pack, service, language, brief=True))}


def _durations_told(pack: Pack, service: PublicService, language: str) -> tuple[Fact, dict[str, str]]:
    lines = duration_lines(pack, service, language, brief=True)
    return service.durations_fact, {"durations": "; ".join(lines)}


_LISTS = {
    Topic.REQUIREMENTS: _requirements_told,
    Topic.FEE: _costs_told,
    Topic.DURATION: _durations_told,
}


def _requirement(pack: Pack, requirement: Requirement, language: str, *, brief: bool) -> str:
    if brief and (short := _words(pack, language, requirement.short)):
        return short
    name = _words(pack, language, requirement.names)
    if requirement.original:
        name = fill(pack.label(language, "original"), {"name": name})
    if requirement.copies == 1:
        name = fill(pack.label(language, "copy"), {"name": name})
    elif requirement.copies:
        name = fill(pack.label(language, "copies"), {"name": name, "count": requirement.copies})
    if brief:
        return name
    return _noted(pack, language, _noted(pack, language, name, requirement.note), requirement.skip)


def _cost(pack: Pack, cost: Cost, language: str, numbers: Mapping[str, str], *, brief: bool) -> str:
    if brief and (short := _words(pack, language, cost.short)):
        return fill(short, numbers)
    label = _words(pack, language, cost.label)
    if cost.amount is None:
        return label
    told = amount(pack, cost.amount, cost.currency, language)
    line = fill(pack.label(language, "labelled"), {"label": label, "value": told})
    return line if brief else _noted(pack, language, line, cost.note)


def _duration(pack: Pack, duration: Duration, language: str, *, brief: bool) -> str:
    if brief and (short := _words(pack, language, duration.short)):
        return short
    label = _words(pack, language, duration.label)
    if duration.days is None:
        return label
    told = days(pack, duration.days, language, working=duration.working)
    line = fill(pack.label(language, "labelled"), {"label": label, "value": told}) if label else told
    return line if brief else _noted(pack, language, line, duration.note)


def _noted(pack: Pack, language: str, line: str, note: Names) -> str:
    words = _words(pack, language, note)
    return fill(pack.label(language, "noted"), {"line": line, "note": words}) if words else line


def _standing(pack: Pack, language: str, line: str, fact: Fact, told: Fact | None) -> str:
    if fact.status is Status.UNKNOWN:
        return fill(pack.label(language, "line_unknown"), {"line": line})
    if fact.status is Status.REPORTED and (told is None or fact.year != told.year):
        return fill(pack.label(language, "line_reported"), {"line": line, "year": fact.year})
    return line


def _words(pack: Pack, language: str, names: Names) -> str:
    return pack.pick(names, language)
