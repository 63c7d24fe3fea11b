"""A number and its secret told in one message: the secret is taken out of the words and stands beside them.

So it gets where the question for it is answered, and nowhere else: what keeps words, a draft or the last
wish, keeps none. What is read is a PIN of six digits; any other secret is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import accumulate

from bot.bands import Bands
from bot.parsed import Parsed, closest
from bot.text.digits import ascii_digits
from bot.trackers import TrackerState
from complaints import pins, references
from complaints.references import Reference, check
from services import application_numbers

# What the rules call them.
REFERENCE, APPLICATION, SECRET = "reference", "application", "secret"
_FORMS = frozenset({"", "complaint_status_form", "status_form", "rating_form"})
_LOST = "complaint_status/lost_pin"
# What a message with a secret in it may seem to want; one that surely wants anything else is left alone.
_SEEMING = frozenset({"inform", "out_of_scope", "status", "complaint_status", _LOST})
# After these a PIN alone is that of the case that they tell of.
_TOLD = frozenset(
    {
        "utter_complaint_status",
        "utter_complaint_status_closed",
        "utter_complaint_status_late",
        "utter_new_pin",
        "utter_receipt",
        "utter_receipt_again",
    }
)
# So many letters beside a PIN say what it is, and nothing more.
_FEW_LETTERS = 24
_DIGITS = re.compile(r"[0-9]+")
_SIX = r"(?:\d{6}|\d{3}[ -]\d{3})(?![\dA-Za-z/]|[.,-]\d| \d)"
# Six digits that are part of no other number, nor of one that begins with letters: "PP 654321".
_PIN = re.compile(rf"(?<![\dA-Za-z/.,-])(?<![A-Z] )(?<!\d ){_SIX}|(?i:(?<=pin)|(?<=pin )){_SIX}", re.ASCII)
# What six digits may be instead.
_OTHERWISE = frozenset({"amount", "date"})

Span = tuple[int, int]


def heard(parsed: Parsed, state: TrackerState) -> Parsed:
    """The message; one that is a number and a secret as nothing but these, its words without the secret."""
    text, form = ascii_digits(parsed["text"]), state.form.name if state.form else ""
    digits = sum(map(str.isdecimal, text))
    sure = parsed["intent"]["confidence"] >= Bands().act
    if digits < pins.LENGTH or form not in _FORMS or (sure and closest(parsed) not in _SEEMING):
        return parsed
    found = _case_and_pin(text) or _application_and_pin(text, digits)
    if found is None and not form and digits == pins.LENGTH:
        found = _pin_alone(parsed, text, state)
    if found is None or _is_otherwise(parsed, found[1]):
        return parsed
    named, (start, end) = found
    secret = pins.typed(text[start:end])
    entities = [
        {"entity": name, "value": value, "start": 0, "end": 0}
        for name, value in {**named, SECRET: secret}.items()
    ]
    inform = {"name": "inform", "confidence": 1.0}
    words = f"{parsed['text'][:start]} {parsed['text'][end:]}"
    return {
        **parsed,
        "text": words,
        "entities": entities,
        "intent": inform,
        "intent_ranking": [inform],
        "intent_response_key": "inform",
        "further": [{**each, "text": words} for each in parsed.get("further") or ()],
    }


def _case_and_pin(text: str) -> tuple[Mapping[str, str], Span] | None:
    """A reference and six digits, in either order, and no other digit; an application may have such a number."""
    groups = list(_DIGITS.finditer(text))
    sizes = list(accumulate(len(each.group()) for each in groups))
    if not sizes or sizes[-1] != references.LENGTH + pins.LENGTH:
        return None
    for before in (references.LENGTH, pins.LENGTH):
        if before not in sizes:
            continue
        cut = sizes.index(before) + 1
        parts = [(some[0].start(), some[-1].end()) for some in (groups[:cut], groups[cut:])]
        number, secret = parts if before == references.LENGTH else reversed(parts)
        found = check(text[slice(*number)])
        if isinstance(found, Reference) and pins.typed(text[slice(*secret)]).isdecimal():
            return {REFERENCE: found.digits, APPLICATION: found.digits}, secret
    return None


def _application_and_pin(text: str, digits: int) -> tuple[Mapping[str, str], Span] | None:
    """Any other number with more than a space between it and the only six digits that can be a PIN."""
    pins_told = list(_PIN.finditer(text))
    if len(pins_told) != 1:
        return None
    start, end = pins_told[0].span()
    number = application_numbers.find(f"{text[:start]}\n{text[end:]}")
    run = application_numbers.find(text)
    run_together = number != run and number in run
    if not number or run_together or sum(map(str.isdecimal, f"{number}{text[start:end]}")) != digits:
        return None
    mistyped = {REFERENCE: number} if len(number) == references.LENGTH and number.isdecimal() else {}
    return {APPLICATION: number, **mistyped}, (start, end)


def _pin_alone(parsed: Parsed, text: str, state: TrackerState) -> tuple[Mapping[str, str], Span] | None:
    """Six digits where a case was told of just now, or that are called a PIN; of whose case is told by the first."""
    pin = _PIN.search(text)
    if pin is None or sum(map(str.isalpha, text)) > _FEW_LETTERS:
        return None
    case = state.slots.get(REFERENCE)
    if case and any(said["key"] in _TOLD for said in state.said):
        # What the person's own application has for a number is that.
        return {REFERENCE: str(case), APPLICATION: pins.typed(pin.group())}, pin.span()
    return ({}, pin.span()) if closest(parsed) == _LOST else None


def _is_otherwise(parsed: Parsed, secret: Span) -> bool:
    return any(
        each["entity"] in _OTHERWISE and each["start"] < secret[1] and secret[0] < each["end"]
        for each in parsed["entities"]
    )
