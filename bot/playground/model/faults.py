"""The faults the rehearsal model can be told to have, in the service's words ("Error codes")."""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Fault:
    """An error of the service. Status 200 stands for one in the middle of a stream."""

    status: int
    code: str
    """As DashScope's own protocols and Responses say it."""
    compatible: str
    """As chat completions says it."""
    message: str
    kind: str = ""
    after: int = 0
    """Characters of the answer that come before it."""
    retry_after: int | None = None


_BUSY = "Requests rate limit exceeded, please try again later."
_INSIDE = "An internal error has occured, please try again later or contact service support."
_INSPECTED = (
    "InternalError.Algo.DataInspectionFailed: {what} data may contain inappropriate content."
)


def invalid(message: str, code: str = "InvalidParameter") -> Fault:
    """A mistake in the request itself."""
    prefix = "<400> InternalError.Algo.InvalidParameter: "
    return Fault(400, code, "invalid_parameter_error", prefix + message)


_KINDS = {
    "400": invalid("The content field is a required field."),
    "401": Fault(401, "InvalidApiKey", "invalid_api_key", "Incorrect API key provided. "),
    "403": Fault(403, "AccessDenied", "access_denied", "Access denied."),
    "404": Fault(
        404,
        "ModelNotFound",
        "model_not_found",
        "The model does not exist or you do not have access to it.",
    ),
    "409": Fault(409, "Conflict", "conflict", "The request conflicts with another one."),
    "429": Fault(429, "Throttling.RateQuota", "limit_requests", _BUSY),
    "429-retry-after": Fault(429, "Throttling.RateQuota", "limit_requests", _BUSY, retry_after=1),
    "burst": Fault(
        429,
        "Throttling.BurstRate",
        "limit_burst_rate",
        "Request rate increased too quickly. To ensure system stability, please adjust your client "
        "logic to scale requests more smoothly over time.",
    ),
    "quota": Fault(
        429,
        "Throttling.AllocationQuota",
        "insufficient_quota",
        "Allocated quota exceeded, please increase your quota limit.",
    ),
    "overdue": Fault(429, "PostpaidBillOverdue", "PostpaidBillOverdue", "The bill is overdue."),
    "freetier": Fault(
        403,
        "AllocationQuota.FreeTierOnly",
        "AllocationQuota.FreeTierOnly",
        "The free tier of the model has been exhausted.",
    ),
    "arrears": Fault(
        400,
        "Arrearage",
        "Arrearage",
        "Access denied, please make sure your account is in good standing.",
    ),
    "500": Fault(500, "InternalError", "internal_error", _INSIDE),
    "algo": Fault(500, "InternalError.Algo", "internal_error", "list index out of range"),
    "503": Fault(503, "ServiceUnavailable", "ServiceUnavailable", "Service is unavailable."),
    "serving": Fault(
        503,
        "ModelServingError",
        "ModelServingError",
        "Too many requests. Your requests are being throttled due to system capacity limits.",
    ),
    "504": Fault(504, "GatewayTimeout", "GatewayTimeout", "The gateway timed out."),
    "inspect": Fault(
        400,
        "DataInspectionFailed",
        "data_inspection_failed",
        "<400> " + _INSPECTED.format(what="Input text"),
    ),
    "inspect-output": Fault(
        200,
        "DataInspectionFailed",
        "data_inspection_failed",
        "<400> " + _INSPECTED.format(what="Output"),
        kind="error",
        after=200,
    ),
    "toolong": invalid("Range of input length should be [1, 991808]"),
    "toolarge": Fault(400, "BadRequest.TooLarge", "BadRequest.TooLarge", "Payload Too Large."),
    "nothinking": Fault(
        400,
        "InvalidParameter.NotSupportEnableThinking",
        "invalid_parameter_error",
        "The model does not support enable_thinking. (NotSupportEnableThinking)",
    ),
    "notools": invalid("The tool call is not supported."),
    "cut": Fault(200, "", "", "", kind="cut", after=200),
    "stall": Fault(200, "", "", "", kind="stall", after=200),
    "error": Fault(200, "InternalError", "internal_error", _INSIDE, kind="error", after=200),
    "drip": Fault(200, "", "", "", kind="drip"),
    "partial": Fault(200, "", "", "", kind="partial"),
}


def fault_of(kind: str, *, after: int | None = None) -> Fault:
    """The fault of that name; an unknown one is a 500.

    `drip` sends the bytes in threes; `partial` ends an unstreamed answer at the server's time limit.
    """
    fault = _KINDS.get(kind, _KINDS["500"])
    return fault if after is None else replace(fault, after=after)
