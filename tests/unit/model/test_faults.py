"""Every error of the service is classed once, whatever its shape."""

import json
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from bot.errors import (
    ContentRefused,
    ModelBusy,
    ModelCut,
    ModelError,
    ModelMisconfigured,
    ModelStalled,
    ModelUnavailable,
    PromptRefused,
    PromptTooLong,
    UnfitAnswer,
)
from bot.model.faults import classify, from_body
from bot.model.retry import another_model_helps, retry_after, retry_delay

TABLE = [
    (400, "InvalidParameter", "Input should be a valid string", PromptRefused),
    (400, "invalid_parameter_error", "'messages' must contain the word 'json'", PromptRefused),
    (
        400,
        "Arrearage",
        "Access denied, please make sure your account is in good standing.",
        ModelMisconfigured,
    ),
    (400, "DataInspectionFailed", "Input data may contain inappropriate content.", ContentRefused),
    (400, "data_inspection_failed", "Output data may..", ContentRefused),
    (
        500,
        "InternalError.Algo",
        "<400> InternalError.Algo.DataInspectionFailed: Input",
        ContentRefused,
    ),
    (
        400,
        "InvalidParameter.DataInspection",
        "Unable to download the media resource during the data inspection process.",
        PromptRefused,
    ),
    (401, "InvalidApiKey", "Invalid API-key provided.", ModelMisconfigured),
    (401, "invalid_api_key", "Incorrect API key provided. ", ModelMisconfigured),
    (403, "AccessDenied.Unpurchased", "", ModelMisconfigured),
    (403, "AllocationQuota.FreeTierOnly", "", ModelMisconfigured),
    (404, "ModelNotFound", "", ModelMisconfigured),
    (404, "model_not_found", "The model `x` does not exist", ModelMisconfigured),
    (
        400,
        "ServiceUnavailableError",
        "Role must be user or assistant and Content length",
        PromptRefused,
    ),
    (400, "BadRequest.TooLarge", "Payload Too Large.", PromptTooLong),
    (413, "", "", PromptTooLong),
    (400, "InvalidParameter", "Range of input length should be [1, 991808]", PromptTooLong),
    (429, "Throttling.RateQuota", "Requests rate limit exceeded", ModelBusy),
    (429, "limit_requests", "You exceeded your current requests list.", ModelBusy),
    (429, "insufficient_quota", "Allocated quota exceeded", ModelBusy),
    (429, "PostpaidBillOverdue", "", ModelMisconfigured),
    (500, "InternalError", "An internal error has occured", ModelUnavailable),
    (500, "InternalError.Algo.InvalidParameter", "<400> list index out of range", PromptRefused),
    (503, "ModelServingError", "Too many requests. Your requests are being throttled", ModelBusy),
    (503, "ModelUnavailable", "", ModelUnavailable),
    (504, "GatewayTimeout", "", ModelUnavailable),
    (409, "Conflict", "", PromptRefused),
    (200, "internal_error", "", ModelUnavailable),
    (400, "invalid_value", "-1 is lesser than the minimum of 0 - 'seed'", PromptRefused),
    (400, "InvalidURL.ConnectionRefused", "", PromptRefused),
    (400, "InvalidParameter.NotSupportEnableThinking", "", PromptRefused),
    (400, "InvalidParameter", "url error, please check url！", PromptRefused),
    (401, "", "NOT AUTHORIZED", ModelMisconfigured),
    (403, "Workspace.AccessDenied", "", ModelMisconfigured),
    (404, "Model.NotExist", "", ModelMisconfigured),
    (404, "WorkSpaceNotFound", "", ModelMisconfigured),
    (404, "model_not_supported", "", ModelMisconfigured),
    (429, "Throttling", "", ModelBusy),
    (429, "Throttling.BurstRate", "Request rate increased too quickly.", ModelBusy),
    (429, "limit_burst_rate", "", ModelBusy),
    (429, "Throttling.AllocationQuota", "Allocated quota exceeded", ModelBusy),
    (429, "CommodityNotPurchased", "", ModelMisconfigured),
    (429, "PrepaidBillOverdue", "", ModelMisconfigured),
    (500, "InternalError.Timeout", "", ModelUnavailable),
    (500, "SystemError", "", ModelUnavailable),
    (500, "ModelServiceFailed", "", ModelUnavailable),
    (500, "RequestTimeOut", "", ModelUnavailable),
    (500, "ResponseTimeout", "", ModelUnavailable),
    (500, "InternalError.Algo", "list index out of range", ModelUnavailable),
    (503, "ServiceUnavailable", "", ModelUnavailable),
    (200, "Throttling.RateQuota", "Requests rate limit exceeded", ModelBusy),
    (200, "server_error", "", ModelUnavailable),
]
CONSEQUENCES = [
    # is it tried again, is another model asked, may the person retry
    (ModelBusy, True, True, True),
    (ModelUnavailable, True, True, True),
    (ModelCut, True, True, True),
    (ModelStalled, False, True, True),
    (ContentRefused, False, False, False),
    (PromptTooLong, False, False, False),
    (PromptRefused, False, False, False),
    (UnfitAnswer, False, False, True),
    (ModelMisconfigured, False, True, True),
]


@pytest.mark.parametrize(("kind", "again", "another", "retry"), CONSEQUENCES)
def test_each_kind_has_one_consequence(
    kind: type[ModelError], again: bool, another: bool, retry: bool
) -> None:
    error = kind()
    assert (retry_delay(error, failed=1, elapsed=0, jitter=0.5) is not None) is again
    assert another_model_helps(error) is another
    assert error.can_retry is retry


def test_every_kind_has_a_consequence() -> None:
    assert {kind for kind, *_ in CONSEQUENCES} == set(ModelError.__subclasses__())


NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "3"}, 3.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "9", "retry-after-ms": "250"}, 0.25),
        ({"retry-after": "Wed, 25 Nov 2026 12:00:07 GMT"}, 7.0),
        ({"retry-after": "Wed, 25 Nov 2026 11:00:00 GMT"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-5"}, None),
        ({}, None),
    ],
)
def test_how_long_to_wait_is_read_in_any_form(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert retry_after(headers, now=NOW) == seconds


@pytest.mark.parametrize(("status", "code", "message", "kind"), TABLE, ids=lambda v: str(v)[:30])
def test_each_code_means_one_thing(
    status: int, code: str, message: str, kind: type[ModelError]
) -> None:
    nested = {"error": {"message": message, "type": code, "code": code}, "request_id": "r1"}
    flat = {"code": code, "message": message, "request_id": "r1"}
    for body in (nested, flat):
        error = from_body(status, orjson.dumps(body))
        assert type(error) is kind
        assert error.request_id == "r1"


def test_a_page_instead_of_json_is_understood() -> None:
    assert type(from_body(502, b"<html>Bad Gateway</html>")) is ModelUnavailable


def test_every_kind_has_a_calm_sentence() -> None:
    for kind in ModelError.__subclasses__():
        assert kind.sentence.endswith((".", ")."))
        assert "Error" not in kind.sentence


def test_only_passing_faults_are_tried_again_and_not_for_long() -> None:
    busy = ModelBusy(retry_after=2.0)
    assert retry_delay(busy, failed=1, elapsed=0, jitter=0.5) == 2.0
    assert retry_delay(ModelBusy(retry_after=60), failed=1, elapsed=0, jitter=0.5) is None
    assert retry_delay(ModelCut(), failed=1, elapsed=0, jitter=0.5) == 0.5
    assert retry_delay(ModelCut(), failed=3, elapsed=0, jitter=0.5) is None
    assert retry_delay(ModelMisconfigured(), failed=1, elapsed=0, jitter=0.5) is None


def test_recorded_errors_are_understood(shared: Path) -> None:
    folder = shared / "recordings" / "model-studio"
    auth = (folder / "auth-error-nosse.response.body.txt").read_bytes()
    wrong = (folder / "parameter-error-nosse.response.body.txt").read_bytes()

    assert type(from_body(401, auth)) is ModelMisconfigured
    assert type(from_body(400, wrong)) in {PromptRefused, PromptTooLong}
    assert json.loads(auth)["request_id"] == from_body(401, auth).request_id
    assert classify(status=200, code="", message="").can_retry


@pytest.mark.parametrize(
    "message",
    [
        "1 validation error: {'loc': ('body', 'messages', 0), 'input': [{'text': 'PLUM'}]}",
        "Input should be a valid string [type=string_type, input_value='PLUM', input_type=str]",
        "a" * 300 + "PLUM",
    ],
)
def test_what_a_service_repeats_of_the_request_is_not_part_of_its_error(message: str) -> None:
    error = classify(status=400, code="", message=message)

    assert "PLUM" not in str(error)
    assert str(error)[:10] == message[:10]
