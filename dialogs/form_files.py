"""The forms to fill in for a service: handed over where a channel can, and told in words everywhere."""

from __future__ import annotations

from bot.messages import Enclosure, MediaKind
from dialogs.action import Turn
from dialogs.ports import Ports
from services.record import Form, PublicService


def form_line(ports: Ports, turn: Turn, form: Form) -> str:
    """What a form is called and where it lies."""
    pick, language = ports.pack.pick, turn.words.language
    name, where = pick(form.names, language), pick(form.where, language)
    return turn.words.label("noted", line=name, note=where) if where else name


def tell_forms(ports: Ports, turn: Turn, service: PublicService) -> None:
    """Say which forms there are as files, and hand them over."""
    lines = [form_line(ports, turn, form) for form in service.forms if ports.forms.url(form)]
    if lines:
        turn.say("utter_forms_beside", forms=". ".join(lines))
        enclose_forms(ports, turn, service)


def enclose_forms(ports: Ports, turn: Turn, service: PublicService) -> None:
    """Hand over the forms that there are as files, beside what was said last."""
    for form in service.forms:
        if url := ports.forms.url(form):
            title = ports.pack.pick(form.names, turn.words.language)
            turn.enclose(Enclosure(kind=MediaKind.DOCUMENT, title=title, url=url))
