"""The settings: read once from the environment and `.env`, checked whole, never read again.

Every variable is documented in `.env.example`; this is the only module that reads the environment.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from dotenv import dotenv_values

from bot.errors import ConfigError
from bot.variables import (
    Variables,
    choice,
    ids,
    is_chosen,
    is_example,
    read_all,
    seconds,
    secret,
    setting,
    text,
    url,
    whole,
)

TOOLS = (
    "current_time",
    "calculate",
    "read_web_page",
    "read_slack_message",
    "read_document",
    "find_people",
)
PRESETS = ("balanced", "creative", "code", "factual", "translation")
_REGIONS = (
    *("cn-beijing", "ap-southeast-1", "us-east-1"),
    *("eu-central-1", "cn-hongkong", "ap-northeast-1"),
)
_KEY_LENGTH = 32
_SERVICE_PATH = re.compile(r"/(compatible-mode|compatible-api|api)/v1$")  # copied along
_NO_IDENTITY = (
    "SLACK_BOT_TOKEN is missing: copy the Bot User OAuth Token (xoxb-…) from your app's "
    "OAuth & Permissions page. (For many workspaces set SLACK_CLIENT_ID and "
    "SLACK_CLIENT_SECRET instead.)"
)
_WRONG_PORT = (
    "DATABASE_URL has something else where the port should be. In a name or a password write "
    "@ as %40, : as %3A, / as %2F and % as %25."
)
ReplyInThreads = Literal["auto", "mention", "always"]
LogFormat = Literal["text", "json"]

SLACK_API_URL = "https://slack.com/api/"
DEFAULT_MODEL = "qwen3.7-plus"
EMBEDDING_MODEL = "text-embedding-v4"
DASHSCOPE_BASE_URL = "https://dashscope-intl.aliyuncs.com"
DATABASE_URL = "sqlite:///threadwise.db"


def _base_url(reader: Variables) -> str:
    """The service's address: given whole, or made of region and workspace ("Regions")."""
    region = reader.text("DASHSCOPE_REGION")
    workspace = reader.text("DASHSCOPE_WORKSPACE_ID")
    if reader.text("DASHSCOPE_BASE_URL") or not (region or workspace):
        given = reader.url("DASHSCOPE_BASE_URL", DASHSCOPE_BASE_URL).rstrip("/")
        return _SERVICE_PATH.sub("", given)
    if region not in _REGIONS:
        reader.problems.append(
            f"DASHSCOPE_REGION is {region!r}; it may be {', '.join(_REGIONS)}. "
            "It goes with DASHSCOPE_WORKSPACE_ID."
        )
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9-]*", workspace):
        reader.problems.append(
            "DASHSCOPE_WORKSPACE_ID should be the workspace's id, such as ws-…: "
            "the Model Studio console shows it. It goes with DASHSCOPE_REGION."
        )
    return f"https://{workspace}.{region}.maas.aliyuncs.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything an admin can set, and by which variable. Secrets stay out of `repr`."""

    slack_bot_token: str = secret("SLACK_BOT_TOKEN")
    slack_client_id: str = text("SLACK_CLIENT_ID")
    """With the client secret: workspaces install the bot by OAuth, instead of the one token."""
    slack_client_secret: str = secret("SLACK_CLIENT_SECRET")
    slack_signing_secret: str = secret("SLACK_SIGNING_SECRET")
    slack_app_token: str = secret("SLACK_APP_TOKEN")
    slack_api_url: str = setting(
        lambda given: given.url("SLACK_API_URL", SLACK_API_URL).rstrip("/") + "/"
    )
    dashscope_api_key: str = secret("DASHSCOPE_API_KEY")
    dashscope_base_url: str = setting(_base_url)
    model: str = text("BOT_MODEL", DEFAULT_MODEL)
    model_protocol: str = choice("BOT_MODEL_PROTOCOL", ("auto", "chat", "responses", "dashscope"))
    database_url: str = text("DATABASE_URL", DATABASE_URL, secret=True)
    secret_keys: tuple[str, ...] = setting(
        lambda given: tuple(given.list("BOT_SECRET_KEY")), secret=True
    )
    """Seal texts and tokens at rest: the first seals, all of them open."""
    host: str = text("HOST", "127.0.0.1")
    port: int = whole("PORT", 3000, low=0, high=65535)
    log_level: str = choice("BOT_LOG_LEVEL", ("info", "debug", "warning", "error"))
    log_format: LogFormat = choice("BOT_LOG_FORMAT", ("text", "json"))
    otlp_endpoint: str = url("BOT_OTLP_ENDPOINT", "")
    """Where traces are sent; empty for nowhere."""
    system_prompt: str = text("BOT_SYSTEM_PROMPT")
    """The team's own instructions, added to ours."""
    reply_in_threads: ReplyInThreads = choice("BOT_REPLY_IN_THREADS", ("auto", "mention", "always"))
    allowed_bots: frozenset[str] = setting(lambda given: given.names("BOT_ALLOWED_BOTS"))
    """Bot ids (`B…`) whose messages are answered when they mention us."""
    allowed_channels: frozenset[str] = ids("BOT_ALLOWED_CHANNELS", "CG")
    """Channel ids (`C…`, `G…`); empty for all."""
    denied_channels: frozenset[str] = ids("BOT_DENIED_CHANNELS", "CGD")
    allowed_users: frozenset[str] = ids("BOT_ALLOWED_USERS", "UW")
    """People's ids (`U…`, `W…`); empty for everybody."""
    denied_users: frozenset[str] = ids("BOT_DENIED_USERS", "UW")
    guests: bool = is_chosen("BOT_GUESTS", "allow", among=("allow", "deny"))
    """Whether guests of a workspace are answered."""
    external: bool = is_chosen("BOT_EXTERNAL", "allow", among=("deny", "allow"))
    """Whether people of other organisations are, in channels shared by Slack Connect."""
    context_tokens: int = whole("BOT_CONTEXT_TOKENS", 60_000, low=1_000, high=1_000_000)
    """How much of a conversation the model is shown, in estimated tokens."""
    max_tokens: int = whole("BOT_MAX_TOKENS", 0, low=0, high=131_072)
    """Longest answer in tokens; 0 leaves it to the model."""
    fallback_models: tuple[str, ...] = setting(
        lambda given: tuple(given.list("BOT_FALLBACK_MODELS"))
    )
    """The models that stand in, in this order, when the chosen one does not answer."""
    preset: str = choice("BOT_PRESET", PRESETS)
    thinking: str = choice("BOT_THINKING", ("auto", "on", "off"))
    thinking_budget: int = whole("BOT_THINKING_BUDGET", 4_096, low=1, high=262_144)
    """Tokens to think for at most."""
    web_search: bool = is_chosen("BOT_WEB_SEARCH", "on", among=("on", "off"))
    """Whether a person may ask for a web search; the service bills each."""
    tools: frozenset[str] = setting(lambda given: given.some_of("BOT_TOOLS", TOOLS))
    audio_model: str = text("BOT_AUDIO_MODEL")
    """Writes down what is said in recordings, where the chosen model can't hear."""
    embedding_model: str = text("BOT_EMBEDDING_MODEL", EMBEDDING_MODEL)
    """Finds the passages of long documents by their meaning; `off`: by words alone."""
    file_max_mb: int = whole("BOT_FILE_MAX_MB", 100, low=1, high=1_024)
    """The largest shared file that is downloaded and read."""
    requests_a_minute: int = whole("BOT_MODEL_RPM", 0, low=0, high=1_000_000)
    """The account's limit, shared fairly among workspaces; 0 leaves it to the service."""
    tokens_a_minute: int = whole("BOT_MODEL_TPM", 0, low=0, high=1_000_000_000)
    retention_days: int = whole("BOT_RETENTION_DAYS", 0, low=0, high=36_500)
    """Conversations without a word for so long are deleted; 0 keeps them."""
    digest_grace_minutes: int = whole("BOT_DIGEST_GRACE_MINUTES", 120, low=1, high=1_440)
    """A digest that could not be made in time comes so much later at most."""
    digest_tokens: int = whole("BOT_DIGEST_TOKENS", 200_000, low=1_000, high=10_000_000)
    """What one digest may read, in estimated tokens."""
    first_token_seconds: float = seconds("BOT_FIRST_TOKEN_SECONDS", 120)
    stall_seconds: float = seconds("BOT_STALL_SECONDS", 60)
    socket_connections: int = whole("BOT_SOCKET_CONNECTIONS", 2, low=1, high=10)
    concurrency: int = whole("BOT_CONCURRENCY", 500, low=1, high=10_000)
    """Replies that one process writes at a time; the others wait their turn."""
    grace_seconds: float = seconds("BOT_GRACE_SECONDS", 20)
    """How long running replies may go on after SIGTERM."""

    @property
    def socket_mode(self) -> bool:
        """Whether events come through Slack's websocket instead of HTTP."""
        return bool(self.slack_app_token)

    @property
    def many_workspaces(self) -> bool:
        """Whether workspaces install the bot by OAuth."""
        return bool(self.slack_client_id)

    @property
    def embedded(self) -> bool:
        """Whether one process does everything on SQLite."""
        return self.database_url.startswith("sqlite")


def load_settings(
    environ: Mapping[str, str] | None = None, *, dotenv: Path = Path(".env")
) -> Settings:
    """Read `.env`, let the real environment win, and return the checked settings.

    Raises ConfigError, which names every mistake at once.
    """
    return parse_settings(_variables(environ, dotenv))


def load_database_url(
    environ: Mapping[str, str] | None = None, *, dotenv: Path = Path(".env")
) -> str:
    """Where the database is, for what needs nothing else. Raises ConfigError."""
    variables = Variables(_variables(environ, dotenv))
    url = variables.text("DATABASE_URL", DATABASE_URL)
    if problem := _wrong_database(url):
        raise ConfigError([problem])
    return url


def load_unknown(
    environ: Mapping[str, str] | None = None, *, dotenv: Path = Path(".env")
) -> dict[str, str]:
    """Variables that look like settings and are none, each with the one that may be meant."""
    variables = Variables(_variables(environ, dotenv))
    read_all(Settings, variables)
    return variables.unread()


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelAccess:
    """Where Model Studio is, and the key, which may be missing."""

    base_url: str
    api_key: str = field(default="", repr=False)


def load_model_access(
    environ: Mapping[str, str] | None = None, *, dotenv: Path = Path(".env")
) -> ModelAccess:
    """The model's settings alone, for what needs no Slack. Raises ConfigError."""
    reader = Variables(_variables(environ, dotenv))
    access = ModelAccess(base_url=_base_url(reader), api_key=reader.secret("DASHSCOPE_API_KEY"))
    if reader.problems:
        raise ConfigError(reader.problems)
    return access


def _variables(environ: Mapping[str, str] | None, dotenv: Path) -> dict[str, str]:
    """`.env`, and the real environment, which wins."""
    real = os.environ if environ is None else environ
    try:
        found = dotenv_values(dotenv, encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError([f"{dotenv} can't be read as text: save it as UTF-8."]) from error
    return {**{key: value for key, value in found.items() if value is not None}, **real}


def playground_environ(
    url: str, folder: Path, *, bot_token: str, app_token: str, model_key: str
) -> tuple[dict[str, str], bool]:
    """The environment of a bot in the playground, and whether it has a real model.

    Slack is the playground's; the model is too, unless the admin's own key is set.
    """
    environ = _variables(None, Path(".env"))
    key = environ.get("DASHSCOPE_API_KEY", "").strip()
    is_real = bool(key) and not is_example(key)
    slack = {
        "SLACK_BOT_TOKEN": bot_token,
        "SLACK_APP_TOKEN": app_token,
        "SLACK_SIGNING_SECRET": "",
        "SLACK_CLIENT_ID": "",
        "SLACK_CLIENT_SECRET": "",
        "SLACK_API_URL": f"{url}/api/",
        "DATABASE_URL": f"sqlite:///{folder / 'playground.db'}",
        "HOST": "127.0.0.1",
        "PORT": "0",
    }
    model = {} if is_real else {"DASHSCOPE_API_KEY": model_key, "DASHSCOPE_BASE_URL": url}
    return {**environ, **slack, **model}, is_real


def parse_settings(environ: Mapping[str, str]) -> Settings:
    """Turn environment variables into settings. Raises ConfigError with every mistake."""
    variables = Variables(environ)
    settings = read_all(Settings, variables)
    problems = [*variables.problems, *_missing_or_mixed_up(settings)]
    if problems:
        raise ConfigError(problems)
    return settings


def _missing_or_mixed_up(settings: Settings) -> list[str]:
    """What is absent, or visibly the wrong kind of secret in the wrong place."""
    problems = _wrong_identity(settings)
    if settings.slack_app_token and not settings.slack_app_token.startswith("xapp-"):
        problems.append("SLACK_APP_TOKEN should start with xapp- (an app-level token).")
    if not settings.slack_app_token and not settings.slack_signing_secret:
        problems.append(
            "Set SLACK_APP_TOKEN (Socket Mode, no public address needed) or "
            "SLACK_SIGNING_SECRET (Slack reaches POST /slack/events over HTTPS)."
        )
    if not settings.dashscope_api_key:
        problems.append("DASHSCOPE_API_KEY is missing: create one in the Model Studio console.")
    if any(len(key) < _KEY_LENGTH for key in settings.secret_keys):
        problems.append(
            f"BOT_SECRET_KEY should have {_KEY_LENGTH} characters or more: "
            "`openssl rand -base64 32` makes a good one."
        )
    if problem := _wrong_database(settings.database_url):
        problems.append(problem)
    return problems


def _wrong_database(url: str) -> str:
    scheme, _, rest = url.partition("://")
    match scheme.partition("+")[0]:
        case "sqlite":
            is_file = rest.startswith("/") and rest not in {"/", "/:memory:"}
            return "" if is_file else "DATABASE_URL should name a file: sqlite:///threadwise.db."
        case "postgresql" | "postgres" if rest:
            return "" if _port_is_right(url) else _WRONG_PORT
        case _:
            return "DATABASE_URL should start with sqlite:/// or postgresql://."


def _port_is_right(url: str) -> bool:
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False


def _wrong_identity(settings: Settings) -> list[str]:
    """The bot is one workspace's, by its token, or everybody's, by OAuth."""
    token = settings.slack_bot_token
    if not settings.slack_client_id and not settings.slack_client_secret:
        if not token:
            return [_NO_IDENTITY]
        if not token.startswith("xoxb-"):
            return ["SLACK_BOT_TOKEN should start with xoxb- (the Bot User OAuth Token)."]
        return []
    problems = []
    if token:
        problems.append(
            "SLACK_BOT_TOKEN is for one workspace, SLACK_CLIENT_ID and SLACK_CLIENT_SECRET are "
            "for many: remove one or the other."
        )
    for name, value in (
        ("SLACK_CLIENT_ID", settings.slack_client_id),
        ("SLACK_CLIENT_SECRET", settings.slack_client_secret),
    ):
        if not value:
            problems.append(f"{name} is missing: copy it from your app's Basic Information page.")
    if not settings.secret_keys:
        problems.append(
            "BOT_SECRET_KEY is missing: the tokens of workspaces are kept encrypted. "
            "`openssl rand -base64 32` makes a good one."
        )
    return problems
