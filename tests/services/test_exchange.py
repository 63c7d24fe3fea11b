"""The catalogue in the formats of others: it satisfies shapes written from the standard, and comes back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyshacl import validate
from rdflib import Graph

from bot.calendar import WorkingCalendar
from bot.pack import Pack
from services import schema_org
from services.catalogue import Catalogue
from services.cpsv_ap import CpsvAp
from services.cpsv_import import NotImportable, Source, drafts
from services.ministries import Ministries

HERE = Path(__file__).parent
ROOTS = {"lao": Path("nlu_data"), "fictional": Path("tests/packs/fictional")}
# rdflib warns of itself when it reads JSON-LD.
pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")
CPSV, CV = "http://purl.org/vocab/cpsv#", "http://data.europa.eu/m8g/"
DCT = "http://purl.org/dc/terms/"
SAID = Source(name="formalities.example", year=2020)


def exported(root: Path) -> dict[str, Any]:
    pack = Pack.load(root)
    exporter = CpsvAp(pack, Ministries.load(pack), WorkingCalendar.load(pack))
    return exporter.document(Catalogue.load(pack).services.values())


def judged(document: dict[str, Any]) -> tuple[bool, str]:
    graph = Graph().parse(data=orjson.dumps(document), format="json-ld")
    conforms, _, report = validate(graph, shacl_graph=Graph().parse(HERE / "cpsv_ap.ttl"))
    return conforms, str(report)


@pytest.mark.parametrize("root", ROOTS.values(), ids=ROOTS)
def test_the_export_has_what_the_standard_asks(root: Path) -> None:
    document = exported(root)
    services = [node for node in document["@graph"] if node["@type"] == "cpsv:PublicService"]
    assert {node["dct:identifier"] for node in services} == set(Catalogue.load(Pack.load(root)).services)
    conforms, report = judged(document)
    assert conforms, report


@pytest.mark.parametrize("kind", ["cv:PublicOrganisation", "dct:Location", "cv:ContactPoint", "skos:Concept"])
def test_the_shapes_notice_a_node_that_is_not_in_the_graph(kind: str) -> None:
    document = exported(ROOTS["fictional"])
    nodes = document["@graph"]
    document["@graph"] = [node for node in nodes if kind not in node["@type"]]
    assert len(document["@graph"]) < len(nodes)
    assert not judged(document)[0]


@pytest.mark.parametrize(
    "missing", ["dct:title", "dct:description", "dct:identifier", "cv:hasCompetentAuthority"]
)
def test_the_shapes_notice_what_a_service_lacks(missing: str) -> None:
    document = exported(ROOTS["fictional"])
    service = next(node for node in document["@graph"] if node["@type"] == "cpsv:PublicService")
    del service[missing]
    assert not judged(document)[0]


@pytest.mark.parametrize("root", ROOTS.values(), ids=ROOTS)
def test_what_was_exported_comes_back_as_drafts(root: Path) -> None:
    pack = Pack.load(root)
    services = Catalogue.load(pack).services
    found = {each["id"]: each for each in drafts(exported(root), SAID, pack.languages, pack.currency)}
    assert found.keys() == services.keys()
    for service_id, draft in found.items():
        service = services[service_id]
        assert draft["names"] == dict(service.names)
        assert draft["authority"] == service.authority
        assert draft["office"] == dict(service.office)
        assert [each["amount"] for each in draft["costs"]["items"]] == [each.amount for each in service.costs]
        assert [each["names"] for each in draft["requirements"]["items"]] == [
            dict(each.names) for each in service.requirements
        ]
        told = {draft[name]["fact"]["status"] for name in ("requirements", "costs", "durations")}
        assert told <= {"reported", "unknown"}


def test_schema_org_names_provider_price_and_languages() -> None:
    pack = Pack.load(ROOTS["fictional"])
    catalogue = Catalogue.load(pack)
    document = schema_org.document(pack, Ministries.load(pack), catalogue.services.values())
    graph = Graph().parse(data=orjson.dumps(document), format="json-ld")
    rows = graph.query(
        "SELECT ?id (COUNT(DISTINCT ?name) AS ?names) (COUNT(DISTINCT ?provider) AS ?providers) WHERE {"
        " ?s a <https://schema.org/GovernmentService>; <https://schema.org/identifier> ?id;"
        " <https://schema.org/name> ?name; <https://schema.org/provider> ?provider } GROUP BY ?id"
    )
    found = {tuple(map(str, row)) for row in rows}  # type: ignore[arg-type]  # a SELECT gives tuples
    assert found == {(service.id, str(len(service.names)), "1") for service in catalogue.services.values()}
    prices = [offer["price"] for node in document["@graph"] for offer in node.get("offers", ())]
    assert prices
    assert all(price.isdigit() for price in prices)


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ([], "not a JSON-LD object"),
        ({"@graph": []}, "no cpsv:PublicService"),
        ({"@context": "https://example.org/context", "@graph": []}, "nothing is fetched"),
        ({"@context": {"a": "b", "b": "a"}, "@type": "a"}, "no cpsv:PublicService"),
        ({"@type": f"{CPSV}PublicService"}, "no dct:identifier"),
        ({"@type": f"{CPSV}PublicService", f"{DCT}identifier": "x" * 300}, "1 to 60"),
    ],
)
def test_what_cannot_be_imported_is_refused_with_the_reason(document: Any, reason: str) -> None:
    with pytest.raises(NotImportable, match=reason):
        list(drafts(document, SAID, ("en",), "XXX"))


def test_nodes_inside_nodes_are_found_and_hostile_depth_is_refused() -> None:
    service = {
        "@type": f"{CPSV}PublicService",
        "http://purl.org/dc/terms/identifier": "../../Etc Passwd",
        "http://data.europa.eu/m8g/hasCost": {"http://data.europa.eu/m8g/hasValue": {"@value": "12.0"}},
    }
    nested: dict[str, Any] = {"x": {"y": [service]}}
    (draft,) = drafts(nested, SAID, ("en",), "XXX")
    assert draft["id"] == "etc-passwd"
    assert draft["costs"]["items"][0]["amount"] == 12
    deep: dict[str, Any] = service
    for _ in range(30):
        deep = {"x": deep}
    with pytest.raises(NotImportable, match="deep"):
        list(drafts(deep, SAID, ("en",), "XXX"))


@pytest.mark.parametrize(
    "value", ["x", 7, True, "inf", "1e999", f"P{'9' * 5000}D", [["x"]], {"@value": {"x": []}}]
)
@pytest.mark.parametrize("of", ["hasCompetentAuthority", "contactPoint", "processingTime", "hasCost"])
def test_a_property_of_another_kind_says_nothing(of: str, value: Any) -> None:
    service = {"@type": f"{CPSV}PublicService", f"{DCT}identifier": "id-card", f"{CV}{of}": value}
    cost = {f"{CV}hasValue": value, f"{CV}currency": value}
    (draft,) = drafts({f"{CV}hasCost": cost} | service, SAID, ("en",), "XXX")
    assert (draft["authority"], draft["office"], draft["durations"]["items"]) == ("", {}, [])
    assert [each["amount"] for each in draft["costs"]["items"]] in ([], [7], [1], [None])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["@id", "@type", "@value", "@context", "@graph", "a", "a:b"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_no_document_breaks_the_import(document: Any) -> None:
    try:
        found = [each["id"] for each in drafts(document, SAID, ("en",), "XXX")]
    except NotImportable:
        found = []
    assert all(found)
