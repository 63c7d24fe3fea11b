"""The catalogue as web pages tell it to search engines: schema.org GovernmentService in JSON-LD."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from bot.pack import Pack
from services.ministries import Ministries
from services.record import Cost, Names, PublicService

Node = dict[str, Any]


def document(pack: Pack, ministries: Ministries, services: Iterable[PublicService]) -> Node:
    """One JSON-LD document with a node a service; its context is the name of schema.org, fetched by nobody."""
    return {
        "@context": {"@vocab": "https://schema.org/"},
        "@graph": [_service(pack, ministries, each) for each in services],
    }


def _service(pack: Pack, ministries: Ministries, service: PublicService) -> Node:
    authority = {
        "@type": "GovernmentOrganization",
        "identifier": service.authority,
        "name": _texts(ministries.by_code[service.authority].names),
    }
    country = {"@type": "Country", "name": _texts(pack.name)}
    node: Node = {
        "@id": f"urn:patou:{pack.id}:service:{service.id}",
        "@type": "GovernmentService",
        "identifier": service.id,
        "name": _texts(service.names),
        "alternateName": [
            {"@value": word, "@language": language}
            for language, words in service.synonyms.items()
            for word in words
        ],
        "description": _texts(service.description),
        "provider": authority,
        "serviceOperator": authority,
        "jurisdiction": country,
        "areaServed": country,
        "audience": [{"@type": "Audience", "audienceType": each} for each in service.audience],
        "availableChannel": list(_channels(service)),
        "serviceOutput": [
            {"@type": "Thing", "identifier": each.id, "name": _texts(each.names)} for each in service.outputs
        ],
        "offers": [_offer(each) for each in service.costs if each.amount is not None],
    }
    return {key: value for key, value in node.items() if value}


def _channels(service: PublicService) -> Iterator[Node]:
    yield {
        "@type": "ServiceChannel",
        "serviceLocation": {"@type": "Place", "name": _texts(service.office)},
    }
    for each in service.channels:
        yield {"@type": "ServiceChannel", "identifier": each.id, "name": _texts(each.names)}


def _offer(cost: Cost) -> Node:
    return {
        "@type": "Offer",
        "identifier": cost.id,
        "name": _texts(cost.label),
        "price": str(cost.amount),
        "priceCurrency": cost.currency,
    }


def _texts(names: Names) -> list[dict[str, str]]:
    return [{"@value": words, "@language": language} for language, words in names.items()]
