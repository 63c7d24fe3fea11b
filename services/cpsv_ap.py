"""The catalogue as linked data: CPSV-AP 3.2 in JSON-LD, its context inline, every node typed in the same graph.

What the standard has no word for (how sure a fact is, who said so, notes) stands beside it in our own
vocabulary. Source: CPSV-AP 3.2.0, SEMIC.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from bot.calendar import WorkingCalendar
from bot.pack import Pack
from services.ministries import Ministries
from services.record import Channel, Cost, Duration, Fact, Names, PublicService, Requirement, Status

Node = dict[str, Any]

CONTEXT: Mapping[str, Any] = {
    "adms": "http://www.w3.org/ns/adms#",
    "cpsv": "http://purl.org/vocab/cpsv#",
    "cv": "http://data.europa.eu/m8g/",
    "dct": "http://purl.org/dc/terms/",
    "eli": "http://data.europa.eu/eli/ontology#",
    "org": "http://www.w3.org/ns/org#",
    "patou": "urn:patou:vocabulary:",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "time": "http://www.w3.org/2006/time#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
_CURRENCIES = "http://publications.europa.eu/resource/authority/currency/"
_WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class CpsvAp:
    """Writes public services of one country; `base` begins the address of every node of ours."""

    def __init__(
        self, pack: Pack, ministries: Ministries, calendar: WorkingCalendar, *, base: str = ""
    ) -> None:
        self._pack, self._ministries, self._calendar = pack, ministries, calendar
        self._base = base or f"urn:patou:{pack.id}:"

    def document(self, services: Iterable[PublicService]) -> Node:
        """One JSON-LD document; a node that several services share stands in it once."""
        nodes: dict[str, Node] = {}
        for service in services:
            for node in self._nodes(service):
                nodes.setdefault(node["@id"], node)
        return {"@context": dict(CONTEXT), "@graph": list(nodes.values())}

    def _nodes(self, service: PublicService) -> Iterator[Node]:
        of = f"service:{service.id}"
        rules = self._rules(service, of)
        requirements = [self._requirement(each, of) for each in service.requirements]
        evidence = [self._evidence(each) for each in service.requirements]
        costs = [self._cost(each, of) for each in service.costs]
        channels = [self._channel(each, service, of) for each in service.channels]
        outputs = [
            self._node(f"{of}:output:{each.id}", "cv:Output", each.id, each.names, each.fact)
            for each in service.outputs
        ]
        events = [
            self._node(f"event:{each}", ["cv:LifeEvent", "cv:Event"], each, _humanised(each))
            for each in service.life_events
        ]
        audience = [self._concept(f"audience:{each}", each) for each in service.audience]
        laws = [self._law(title) for title in service.legal_basis]
        contact = self._contact(service, of)
        yield self._service(service, of) | _links(
            {
                "cv:hasCompetentAuthority": [self._reference(f"ministry:{service.authority}")],
                "cv:holdsRequirement": requirements,
                "cpsv:hasInput": evidence,
                "cv:hasInputType": [node["dct:conformsTo"] for node in evidence],
                "cv:hasCost": costs,
                "cv:hasChannel": channels,
                "cpsv:produces": outputs,
                "cpsv:follows": rules,
                "cv:hasLegalResource": laws,
                "cv:isGroupedBy": events,
                "dct:audience": audience,
                "cv:contactPoint": [contact],
                "dct:spatial": [self._reference("country")],
            }
        )
        yield from self._authority(service.authority)
        yield from (*requirements, *evidence, *costs, *channels, *outputs, *rules, *laws, *events, *audience)
        yield from self._contact_nodes(contact, of)
        yield from self._shared(service)

    def _service(self, service: PublicService, of: str) -> Node:
        node = self._node(of, "cpsv:PublicService", service.id, service.names)
        node["dct:description"] = _texts(service.description)
        synonyms = [
            {"@value": word, "@language": language}
            for language, words in service.synonyms.items()
            for word in words
        ]
        if synonyms:
            node["patou:keyword"] = synonyms
        general = next(
            (each for each in service.durations if each.days is not None and not each.citizens), None
        )
        if general is not None:
            node["cv:processingTime"] = _duration(general)
        lists = {
            "requirements": service.requirements_fact,
            "costs": service.costs_fact,
            "durations": service.durations_fact,
        }
        node["patou:knowledge"] = [{"patou:about": about, **_fact(fact)} for about, fact in lists.items()]
        node["patou:duration"] = [_told(each) for each in service.durations]
        node["patou:note"] = [
            {"patou:about": each.about.value, "dct:description": _texts(each.text), **_fact(each.fact)}
            for each in service.notes
        ]
        return {key: value for key, value in node.items() if value != []}

    def _rules(self, service: PublicService, of: str) -> list[Node]:
        rules = []
        for number, each in enumerate(service.who, start=1):
            identifier = f"{service.id}-who-{number}"
            node = self._node(
                f"{of}:rule:{number}", "cpsv:Rule", identifier, each.short or each.text, each.fact
            )
            node["dct:description"] = _texts(each.text)
            rules.append(node)
        return rules

    def _requirement(self, each: Requirement, of: str) -> Node:
        node = self._node(f"{of}:requirement:{each.id}", "cv:Requirement", each.id, each.names, each.fact)
        node["cv:hasSupportingEvidence"] = self._reference(f"evidence:{each.evidence or each.id}")
        return node | _only(
            {
                "patou:copies": each.copies,
                "patou:original": each.original,
                "patou:citizen": sorted(each.citizens),
                "patou:mayBeSkipped": _texts(each.skip),
            }
        )

    def _evidence(self, each: Requirement) -> Node:
        code = each.evidence or each.id
        node = self._node(f"evidence:{code}", "cv:Evidence", code, each.names)
        node["dct:conformsTo"] = self._reference(f"evidence-type:{code}")
        return node

    def _cost(self, each: Cost, of: str) -> Node:
        node: Node = {
            "@id": f"{self._base}{of}:cost:{each.id}",
            "@type": "cv:Cost",
            "dct:identifier": each.id,
            "dct:description": _texts(each.label),
            "cv:currency": {"@id": f"{_CURRENCIES}{each.currency}"},
            **_fact(each.fact),
            **_only({"patou:citizen": sorted(each.citizens)}),
        }
        if each.amount is not None:
            node["cv:hasValue"] = {"@value": f"{each.amount}.0", "@type": "xsd:double"}
        return node

    def _channel(self, each: Channel, service: PublicService, of: str) -> Node:
        return {
            "@id": f"{self._base}{of}:channel:{each.id}",
            "@type": "cv:Channel",
            "dct:identifier": each.id,
            "dct:description": _texts(each.names),
            "dct:type": self._reference(f"channel-kind:{each.kind}"),
            "cv:ownedBy": self._reference(f"ministry:{service.authority}"),
            **_fact(each.fact),
        }

    def _contact(self, service: PublicService, of: str) -> Node:
        return {
            "@id": f"{self._base}{of}:contact",
            "@type": "cv:ContactPoint",
            "dct:description": _texts(service.office),
            "cv:openingHours": self._reference("office-hours"),
        }

    def _contact_nodes(self, contact: Node, of: str) -> Iterator[Node]:
        del of
        yield contact
        yield {
            "@id": f"{self._base}office-hours",
            "@type": "time:TemporalEntity",
            "dct:description": {"@value": _hours(self._calendar), "@language": "en"},
        }

    def _authority(self, code: str) -> Iterator[Node]:
        ministry = self._ministries.by_code[code]
        yield {
            "@id": f"{self._base}ministry:{code}",
            "@type": ["cv:PublicOrganisation", "org:Organization"],
            "dct:identifier": code,
            "skos:prefLabel": _texts(ministry.names),
            "dct:spatial": self._reference("country"),
        }
        yield {
            "@id": f"{self._base}country",
            "@type": "dct:Location",
            "skos:prefLabel": _texts(self._pack.name),
        }

    def _shared(self, service: PublicService) -> Iterator[Node]:
        for code in {each.evidence or each.id for each in service.requirements}:
            yield {
                "@id": f"{self._base}evidence-type:{code}",
                "@type": "cv:EvidenceType",
                "dct:identifier": code,
            }
        for currency in {each.currency for each in service.costs}:
            yield {"@id": f"{_CURRENCIES}{currency}", "@type": "skos:Concept", "skos:notation": currency}
        for kind in {each.kind for each in service.channels}:
            yield self._concept(f"channel-kind:{kind}", kind)

    def _law(self, title: str) -> Node:
        slug = "-".join("".join(letter if letter.isalnum() else " " for letter in title.lower()).split())
        return {
            "@id": f"{self._base}law:{slug}",
            "@type": "eli:LegalResource",
            "dct:title": {"@value": title, "@language": "en"},
        }

    def _concept(self, path: str, code: str) -> Node:
        return {
            "@id": f"{self._base}{path}",
            "@type": "skos:Concept",
            "skos:notation": code,
            "skos:prefLabel": _texts(_humanised(code)),
        }

    def _node(
        self, path: str, kind: str | list[str], identifier: str, names: Names, fact: Fact | None = None
    ) -> Node:
        node: Node = {
            "@id": f"{self._base}{path}",
            "@type": kind,
            "dct:identifier": identifier,
            "dct:title": _texts(names),
        }
        return node | _fact(fact) if fact else node

    def _reference(self, path: str) -> Node:
        return {"@id": f"{self._base}{path}"}


def _links(lists: Mapping[str, Sequence[Node]]) -> Node:
    return {name: [{"@id": node["@id"]} for node in nodes] for name, nodes in lists.items() if nodes}


def _only(values: Mapping[str, Any]) -> Node:
    """What says something: an empty list and a false flag do not."""
    return {name: value for name, value in values.items() if value}


def _texts(names: Names) -> list[dict[str, str]]:
    return [{"@value": words, "@language": language} for language, words in names.items()]


def _humanised(code: str) -> dict[str, str]:
    return {"en": code.replace("-", " ").capitalize()}


def _duration(each: Duration) -> Node:
    return {"@value": f"P{each.days}D", "@type": "xsd:duration"}


def _told(each: Duration) -> Node:
    told: Node = {"dct:identifier": each.id, "dct:description": _texts(each.label), **_fact(each.fact)}
    if each.days is not None:
        told |= {"cv:processingTime": _duration(each), "patou:working": each.working}
    return told | _only({"patou:citizen": sorted(each.citizens)})


def _fact(fact: Fact) -> Node:
    """How sure, since when and by whom, in our own words and Dublin Core's."""
    found: Node = {"patou:status": fact.status.value}
    if fact.status is not Status.UNKNOWN and fact.source:
        found["dct:source"] = fact.source
    if fact.year is not None:
        found["patou:reportedIn"] = {"@value": str(fact.year), "@type": "xsd:gYear"}
    for name, day in (("patou:validFrom", fact.valid_from), ("patou:lastChecked", fact.last_checked)):
        if day:
            found[name] = {"@value": day.isoformat(), "@type": "xsd:date"}
    return found | _only({"patou:owner": fact.owner})


def _hours(calendar: WorkingCalendar) -> str:
    """The usual week as schema.org writes it: "Mo 08:00-12:00,13:00-16:00; Tu …"."""
    return "; ".join(
        f"{_WEEK[day][:2].capitalize()} " + ",".join(f"{begin:%H:%M}-{end:%H:%M}" for begin, end in intervals)
        for day, intervals in enumerate(calendar.week)
        if intervals
    )
