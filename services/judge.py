"""Judges a change before it is made: what would break an answer is refused, with every reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from bot.dispatcher import Response
from bot.messages import Capabilities
from bot.rendering import DEFAULT_BUDGET, Renderer
from bot.text.clean import clean
from bot.text.parts import count
from services.answers import TYPES_OFFERED, Answer, answer, notice_answer
from services.centres import Centres
from services.changes import Change, ChangeKind, centre_of, fact_of, overlay_of
from services.layers import Overlay
from services.reader import fact_problems
from services.record import PublicService, Status, Topic
from services.view import Services

_SMS = Capabilities(max_units=1600, sms=True)
_TOPICS = (Topic.REQUIREMENTS, Topic.FEE, Topic.DURATION)
_MOST = 10**15  # what no fee costs in any currency
_OTHER_BODY = "the change says nothing that can be changed"


class Judge:
    """Knows what an answer may cost: `budgets` are the parts of an SMS by the key of a text."""

    def __init__(
        self, *, services: Services, centres: Centres, renderer: Renderer, budgets: Mapping[str, int]
    ) -> None:
        self._services = services
        self._catalogue = services.catalogue
        self._pack = services.catalogue.pack
        self._centres = centres
        self._renderer = renderer
        self._budgets = budgets

    def reasons(self, change: Change, live: Sequence[Overlay], now: datetime) -> list[str]:
        """Why this change beside the `live` ones cannot be made; nothing if it can."""
        found = [*self._where_and_when(change, now), *self._said(change)]
        if found or change.kind is ChangeKind.CENTRE:
            return found
        return list(self._too_long(change, live, max(change.begins, now)))

    def _where_and_when(self, change: Change, now: datetime) -> Iterator[str]:
        if change.service and self._catalogue.get(change.service) is None:
            yield f"no service {change.service}"
        if change.kind is not ChangeKind.CENTRE and change.where and not self._centres.chain(change.where):
            yield f"no place or centre {change.where}"
        if change.ends <= change.begins:
            yield "it ends before it begins"
        elif change.ends <= now:
            yield "it is over already"

    def _said(self, change: Change) -> Iterator[str]:
        try:
            match change.kind:
                case ChangeKind.NOTICE:
                    yield from self._notice(change)
                case ChangeKind.FEE:
                    yield from self._fee(change)
                case ChangeKind.CENTRE:
                    yield from self._centre(change)
        except KeyError as error:
            yield f"{error.args[0]} is missing"
        except ValueError as error:
            yield str(error)
        except (AttributeError, TypeError):
            yield _OTHER_BODY

    def _notice(self, change: Change) -> Iterator[str]:
        text = change.body["text"]
        for language in sorted(set(text) - set(self._pack.languages)):
            yield f"{language} is not a language of the pack"
        if not change.body["outage"] and not text.get(self._pack.languages[0]):
            yield f"news needs words in {self._pack.languages[0]}, the language that most people read"
        for language, words in text.items():
            if "{" in words or "}" in words:
                yield f"{language}: a notice is said as written, with nothing in braces"
            if words != clean(words).strip() or not words or "\n" in words:
                yield f"{language}: one line of plain text, please"

    def _fee(self, change: Change) -> Iterator[str]:
        service, cost, amount = (
            self._catalogue.get(change.service), change.body["cost"], change.body["amount"],
        )  # fmt: skip
        if not change.service:
            yield "which service?"
        elif service and cost not in {each.id for each in service.costs}:
            yield f"no cost {cost}: {', '.join(each.id for each in service.costs) or 'the service has none'}"
        if isinstance(amount, bool) or not isinstance(amount, int) or not 0 <= amount < _MOST:
            yield f"{amount} is not a whole amount of at least 0 and below {_MOST}"
        fact = fact_of(change.body["fact"])
        if fact.status is Status.UNKNOWN:
            yield "an amount that nobody stands for"
        yield from (problem for problem, _ in fact_problems(fact))

    def _centre(self, change: Change) -> Iterator[str]:
        if not change.where:
            yield "which centre?"
            return
        if not change.body:
            yield _OTHER_BODY
        centre = centre_of(change, self._centres.get(change.where))
        if not self._centres.chain(centre.place):
            yield f"no place {centre.place}"
        if self._centres.get(change.where) is None and self._centres.chain(change.where):
            yield f"{change.where} is the code of a place"
        for language in sorted(set(centre.names) - set(self._pack.languages)):
            yield f"{language} is not a language of the pack"
        for service in centre.services:
            if self._catalogue.get(service) is None:
                yield f"no service {service}"
        yield from (problem for problem, _ in fact_problems(centre.fact))

    def _too_long(self, change: Change, live: Sequence[Overlay], at: datetime) -> Iterator[str]:
        """The answers that would cost more parts than they may, and did not before."""
        candidate = self._services.with_live([*live, overlay_of("", change, self._pack.zone)])
        for service_id in [change.service] if change.service else self._catalogue.services:
            for language in self._pack.languages:
                for topic in _TOPICS:
                    after, allowed = self._parts(candidate, service_id, change.where, topic, language, at)
                    before, may = self._parts(self._services, service_id, change.where, topic, language, at)
                    if after > allowed and before <= may:
                        yield (
                            f"{topic} of {service_id} would cost {after} parts in {language}, "
                            f"{allowed} are allowed: say it shorter"
                        )

    def _parts(
        self, services: Services, service_id: str, where: str, topic: Topic, language: str, at: datetime
    ) -> tuple[int, int]:
        """What the dearest answer to one question costs, by type of citizen, and what it may."""
        told = []
        for citizen in ((), *((each,) for each in services.other_types(service_id, topic, where, at=at))):
            service = services.of(service_id, where, citizen, at=at)
            narrowed = [services.types.name(each, language) for each in citizen]
            if where:
                narrowed.append(self._centres.name(where, language))
            others = services.other_types(service_id, topic, where, citizen, at=at)[:TYPES_OFFERED]
            offered = [services.types.name(each, language) for each in others]
            told.append(self._said_of(service, topic, language, narrowed, offered))
        return max(told, key=lambda each: each[0] - each[1])

    def _said_of(
        self,
        service: PublicService,
        topic: Topic,
        language: str,
        narrowed: Sequence[str],
        offered: Sequence[str],
    ) -> tuple[int, int]:
        back = [self._pack.label(language, "tell_me_when_back")]
        told = [
            _response(notice_answer(self._pack, service, notice, language), back if notice.outage else ())
            for notice in service.notices
        ]
        told.append(_response(answer(self._pack, service, topic, language, narrowed), offered))
        [draft] = self._renderer.render(told, language, _SMS).drafts
        return count(draft.text), max(self._budgets.get(each.key, DEFAULT_BUDGET) for each in told)


def _response(told: Answer, choices: Sequence[str]) -> Response:
    """As a dialog says it, for its length: where a choice leads costs nothing."""
    buttons = tuple({"title": title, "payload": ""} for title in choices)
    return Response(key=told.key, values=dict(told.values), buttons=buttons)
