"""Public services out of somebody else's CPSV-AP: drafts of pack files, every fact reported by that source.

The document must be JSON-LD with its context inline: nothing is fetched. What the pack asks for and
the document does not say is left for a person to write.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.errors import PatouError

Node = Mapping[str, Any]

_CPSV = "http://purl.org/vocab/cpsv#"
_CV = "http://data.europa.eu/m8g/"
_DCT = "http://purl.org/dc/terms/"
_SKOS = "http://www.w3.org/2004/02/skos/core#"
_DAYS = re.compile(r"P(?:(\d{1,9})W)?(?:(\d{1,9})D)?(?:T.*)?")
# What the tables keep of a service's id.
_ID_LETTERS = 60
_NO_SLUG = re.compile(r"[^a-z0-9]+")


class NotImportable(PatouError):
    """The document cannot be read; the message says why and what to do."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """Who says it: `name` as it is told to citizens' staff, `year` in which they said so."""

    name: str
    year: int

    @property
    def fact(self) -> dict[str, Any]:
        """What every fact of the import is: reported, not confirmed."""
        return {"status": "reported", "year": self.year, "source": self.name}


def drafts(
    document: Any, source: Source, languages: Iterable[str], currency: str
) -> Iterator[dict[str, Any]]:
    """The services of a JSON-LD document in the shape of services/<id>.yml; raises NotImportable."""
    graph = _Graph.read(document)
    found = [node for node in graph.nodes if graph.is_a(node, f"{_CPSV}PublicService")]
    if not found:
        raise NotImportable("no cpsv:PublicService in the document; is it CPSV-AP?")
    writer = _Writer(graph=graph, source=source, languages=tuple(languages), currency=currency)
    return (writer.service(node) for node in found)


@dataclass(frozen=True, kw_only=True)
class _Graph:
    """The nodes of a document; `names` are the full addresses of the words of its context."""

    nodes: tuple[Node, ...]
    names: Mapping[str, str]
    by_id: Mapping[str, Node] = field(repr=False)

    @classmethod
    def read(cls, document: Any) -> _Graph:
        if not isinstance(document, dict):
            raise NotImportable('not a JSON-LD object; write {"@context": {…}, "@graph": […]}')
        names = _context(document.get("@context"))
        roots = document.get("@graph", [document])
        nodes = tuple(_walk(roots if isinstance(roots, list) else [roots]))
        return cls(
            nodes=nodes,
            names=names,
            by_id={str(node["@id"]): node for node in nodes if len(node) > 1 and "@id" in node},
        )

    def full(self, word: str) -> str:
        """The address of a word: a term, prefix:name, or itself."""
        word = self.names.get(word, word)
        prefix, colon, name = word.partition(":")
        if colon and prefix in self.names and not name.startswith("//"):
            return self.names[prefix] + name
        return word

    def is_a(self, node: Node, kind: str) -> bool:
        """Whether the node says that it is of that class."""
        return kind in {self.full(str(each)) for each in _listed(node.get("@type"))}

    def values(self, node: Node, address: str) -> list[Any]:
        """The values of a property, references followed."""
        found = [
            each
            for key, value in node.items()
            if not key.startswith("@") and self.full(key) == address
            for each in _listed(value)
        ]
        return [
            self.by_id.get(str(each["@id"]), each) if isinstance(each, dict) and "@id" in each else each
            for each in found
        ]


@dataclass(frozen=True, kw_only=True)
class _Writer:
    graph: _Graph
    source: Source
    languages: tuple[str, ...]
    currency: str

    def service(self, node: Node) -> dict[str, Any]:
        names = self._texts(node, f"{_DCT}title")
        identifier = _slug(self._identifier(node) or names.get("en", ""))
        if not 0 < len(identifier) <= _ID_LETTERS:
            raise NotImportable(
                f"a public service has no dct:identifier of 1 to {_ID_LETTERS} Latin letters; give it one"
            )
        authority = self._node(node, f"{_CV}hasCompetentAuthority")
        contact = self._node(node, f"{_CV}contactPoint")
        return {
            "id": identifier,
            "names": names,
            "description": self._texts(node, f"{_DCT}description"),
            "authority": self._identifier(authority),
            "office": self._texts(contact, f"{_DCT}description")
            or self._texts(authority, f"{_SKOS}prefLabel"),
            "requirements": self._list(node, f"{_CV}holdsRequirement", self._requirement),
            "costs": self._list(node, f"{_CV}hasCost", self._cost),
            "durations": self._durations(node),
            "reviewed": False,
        }

    def _list(self, node: Node, address: str, read: Callable[[Node], dict[str, Any]]) -> dict[str, Any]:
        items = [read(each) for each in self.graph.values(node, address) if isinstance(each, Mapping)]
        return {"fact": self.source.fact if items else {"status": "unknown"}, "items": items}

    def _requirement(self, node: Node) -> dict[str, Any]:
        return {"id": _slug(self._identifier(node)), "names": self._texts(node, f"{_DCT}title")}

    def _cost(self, node: Node) -> dict[str, Any]:
        value = next((_literal(each) for each in self.graph.values(node, f"{_CV}hasValue")), "")
        currency = self._node(node, f"{_CV}currency")
        cost: dict[str, Any] = {
            "id": _slug(self._identifier(node)).replace("-", "_"),
            "label": self._texts(node, f"{_DCT}description"),
            "amount": _whole(value),
            "currency": str(currency.get("@id", self.currency)).rsplit("/", 1)[-1],
        }
        if cost["amount"] is None:
            cost["fact"] = {"status": "unknown"}
        return cost

    def _durations(self, node: Node) -> dict[str, Any]:
        times = [_literal(each) for each in self.graph.values(node, f"{_CV}processingTime")]
        items = [{"days": days} for time in times if (days := _days(time)) is not None]
        return {"fact": self.source.fact if items else {"status": "unknown"}, "items": items}

    def _node(self, node: Node, address: str) -> Node:
        """The first node that a property names; empty where it names none, or is a text."""
        named = (each for each in self.graph.values(node, address) if isinstance(each, Mapping))
        return next(named, {})

    def _identifier(self, node: Node) -> str:
        return next((_literal(each) for each in self.graph.values(node, f"{_DCT}identifier")), "")

    def _texts(self, node: Node, address: str) -> dict[str, str]:
        said = {
            str(each.get("@language", self.languages[0])): str(each.get("@value", ""))
            for each in self.graph.values(node, address)
            if isinstance(each, Mapping)
        }
        return {language: said[language] for language in self.languages if said.get(language)}


def _context(context: Any) -> dict[str, str]:
    names: dict[str, str] = {}
    for part in _listed(context):
        if not isinstance(part, Mapping):
            raise NotImportable(
                "the context is an address; put the context itself into the document, nothing is fetched"
            )
        for name, meaning in part.items():
            address = meaning.get("@id") if isinstance(meaning, Mapping) else meaning
            if isinstance(address, str):
                names[name] = address
    return names


def _walk(values: Iterable[Any]) -> Iterator[Node]:
    """Every node, those inside others too; deeper than any catalogue is refused."""
    waiting = [(each, 0) for each in values]
    while waiting:
        value, depth = waiting.pop()
        if depth > 20:  # noqa: PLR2004  # a limit against hostile nesting, of no other meaning
            raise NotImportable("nodes stand more than 20 deep in each other; list them in @graph")
        if isinstance(value, dict) and "@value" not in value:
            yield value
            waiting += [(each, depth + 1) for part in value.values() for each in _listed(part)]


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _literal(value: Any) -> str:
    return str(value.get("@value", "")) if isinstance(value, Mapping) else str(value)


def _whole(value: str) -> int | None:
    try:
        amount = float(value)
    except ValueError:
        return None
    return int(amount) if amount >= 0 and amount.is_integer() else None


def _days(time: str) -> int | None:
    match = _DAYS.fullmatch(time)
    if not match or not (match[1] or match[2]):
        return None
    return 7 * int(match[1] or 0) + int(match[2] or 0)


def _slug(text: str) -> str:
    return _NO_SLUG.sub("-", text.lower()).strip("-")
