"""The OpenAPI document is exact, and whatever it allows is answered without a server error."""
from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from served_booth import ROOT, here, log_in, shot

from edge.kiosk.booth import Booth
from edge.kiosk.texts import Texts, languages

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed: pip install '.[dev]'")

from schemathesis.checks import not_a_server_error  # noqa: E402
from schemathesis.specs.openapi.checks import (  # noqa: E402
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]

MANY = settings(max_examples=20, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
"""Sound requests to each operation, and as many others."""

PROMISED = {
    "get": ["/api/state", "/api/changes", "/preview.mjpg", "/api/backgrounds/{name}/thumbnail.jpg",
            "/api/texts/{language}", "/api/gallery", "/api/photos/{token}", "/api/photos/{token}/{kind}",
            "/api/uploads/{token}", "/api/admin/state", "/health", "/metrics"],
    "post": ["/api/session/start", "/api/session/cancel", "/api/session/shoot", "/api/session/retake",
             "/api/session/keep", "/api/session/background", "/api/photos/{token}/background",
             "/api/photos/{token}/print", "/api/photos/{token}/share", "/api/uploads", "/api/admin/login",
             "/api/admin/logout", "/api/admin/test-print"],
    "delete": ["/api/photos/{token}"],
}

ENDLESS = {"/api/changes", "/preview.mjpg"}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx.Client, Booth]]:
    with here(tmp_path_factory.mktemp("openapi")) as (client, booth):
        shot(client, "fine")
        yield client, booth


def test_every_promised_route_is_in_the_document(served: tuple) -> None:
    paths = served[0].get("/openapi.json").json()["paths"]
    for method, wanted in PROMISED.items():
        for path in wanted:
            assert method in paths[path], f"{method} {path}"


def test_whatever_the_document_allows_is_answered_without_a_server_error(served: tuple, portrait_file: Path) -> None:
    """schemathesis makes requests of every operation, sound ones and others; also with the host's cookie."""
    from schemathesis.generation import GenerationMode

    client, booth = served
    log_in(client)
    document = client.get("/openapi.json").json()
    document["paths"] = {path: item for path, item in document["paths"].items() if path not in ENDLESS}
    schema = schemathesis.openapi.from_dict(document)
    cookie = f"masque_admin={client.cookies['masque_admin']}"
    answered, turn = set(), count()

    def real() -> str:
        return booth.gallery.add(portrait_file.read_bytes(), "event").token

    def answer(case) -> None:
        booth.pin._wrong, booth.pin._free_s = 0, 0.0
        if "token" in (case.path_parameters or {}) and next(turn) % 2:  # every other one is of a real picture
            case.path_parameters["token"] = case.path_parameters["token"] and real()
        response = case.call(base_url=str(client.base_url), headers={"cookie": cookie}, timeout=20)
        case.validate_response(response, checks=CHECKS)
        answered.add((case.operation.method, case.operation.path))

    for found in schema.get_all_operations():
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            with suppress(Unsatisfiable):  # an operation without parameters cannot be asked wrongly
                MANY(given(case=found.ok().as_strategy(generation_mode=mode))(answer))()
    assert len(answered) >= sum(map(len, PROMISED.values())) - len(ENDLESS)


@pytest.mark.parametrize("query", ["before=0", "before=-1", "before=9223372036854775808", f"before={'9' * 400}",
                                   "count=0", "count=101", "before=1.5", "before=", "count=1e2", "before=%00"])
def test_pages_of_the_gallery_that_cannot_be_are_refused(served: tuple, query: str) -> None:
    answer = served[0].get(f"/api/gallery?{query}")
    assert answer.status_code == 422 and answer.json()["key"] == "notice.problem"


def test_every_sentence_that_the_server_names_has_words_in_every_language() -> None:
    named = {key for file in (ROOT / "edge/kiosk").glob("*.py")
             for key in re.findall(r'"((?:notice|photo|fault)\.[a-z_]+)"', file.read_text(encoding="utf-8"))}
    named -= {"photo.html"}
    assert len(named) > 10
    for language in languages():
        assert named <= set(Texts(language)), named - set(Texts(language))
