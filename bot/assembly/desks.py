"""Builds what turns work with: one model for all, and a desk for each workspace."""

from collections.abc import AsyncIterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager

import httpx

from bot.assembly.summaries import TeamSummaryDesks
from bot.config import Settings
from bot.conversation.context import Frame
from bot.conversation.desk import Desk
from bot.conversation.documents.finding import Finder
from bot.conversation.documents.tool import document_tool
from bot.conversation.first_tools import first_tools
from bot.conversation.modes import Habits, Thinking
from bot.conversation.ports import Conversations, Model, Uploader
from bot.conversation.ports_files import Reader, Readings
from bot.conversation.ports_model import Allowance
from bot.conversation.rules import Admission
from bot.conversation.sharing import CatchUp
from bot.conversation.tools import Toolbox
from bot.export.maker import Maker
from bot.model.allowance import TokenBuckets
from bot.model.client import ModelClient
from bot.model.connection import make_http, request_limit
from bot.model.protocols import UPLOADING
from bot.model.service import Service
from bot.model.uploads import Uploads as ModelUploads
from bot.model.vectors import Embeddings
from bot.reading.folder import files_folder
from bot.reading.pages import PublicPages
from bot.reading.reader import FileReader, ReadingLimits
from bot.reading.workshop import Workshop
from bot.slack.colleagues import SlackColleagues
from bot.slack.files import Files, slack_hosts
from bot.slack.installations import Installation, Installations
from bot.slack.replies.queued import QueueSigns
from bot.slack.replies.room import SlackReplies
from bot.slack.summaries.channel_reader import Recollections
from bot.slack.uploads import Uploads
from bot.slack.workspace import SlackWorkspace

_DIMENSIONS = 512
"""Of a passage's vector: half of the usual, for half of the memory, and nearly as exact."""


class TeamDesks:
    """Implements `conversation.desk.Desks`; a desk is built when its workspace first needs it."""

    def __init__(
        self,
        settings: Settings,
        installations: Installations,
        conversations: Conversations,
        *,
        admission: Admission,
        recollections: Recollections,
        model: Model,
        reader: Reader,
        finder: Finder,
        http: httpx.AsyncClient,
        executor: Executor,
    ) -> None:
        self._settings = settings
        self._installations = installations
        self._conversations = conversations
        self._admission = admission
        self.model = model
        self._files = Maker(executor)
        self.summaries = TeamSummaryDesks(
            settings,
            installations,
            model,
            recollections,
            self._files,
            file_reader=reader,
            file_source=self._workspace,
            picture_bytes=_request_bytes(settings),
        )
        self._reader = reader
        self._finder = finder
        self._http = http
        self._executor = executor
        self._desks: dict[str, tuple[Installation, Desk]] = {}

    async def of(self, team_id: str) -> Desk:
        """The desk of a workspace; a new one once it was installed anew."""
        here = await self._installations.of(team_id)
        kept = self._desks.get(team_id)
        if kept is None or kept[0] is not here:
            kept = self._desks[team_id] = (here, self._build(here))
        return kept[1]

    def _workspace(self, here: Installation) -> SlackWorkspace:
        files = Files(
            self._http,
            token=here.api.client.token or "",
            trusted=slack_hosts(self._settings.slack_api_url),
        )
        return SlackWorkspace(here.history, here.directory, files)

    def _build(self, here: Installation) -> Desk:
        settings = self._settings
        most = self.model.abilities(settings.model).most_tokens
        colleagues = SlackColleagues(here.api, here.access, here.history, here.directory)
        tools = [
            *first_tools(PublicPages(executor=self._executor), colleagues),
            document_tool(self._finder),
        ]
        return Desk(
            model=self.model,
            workspace=self._workspace(here),
            reader=self._reader,
            finder=self._finder,
            summaries=self.summaries.sources(here),
            replies=SlackReplies(here.api, here.budget, here.history, here.status),
            conversations=self._conversations,
            admission=self._admission,
            signs=QueueSigns(here.api, here.budget),
            frame=Frame(
                bot_name=here.identity.name,
                bot_user_id=here.identity.user_id,
                model=settings.model,
                context_tokens=min(settings.context_tokens, most or settings.context_tokens),
                instructions=settings.system_prompt,
                max_tokens=settings.max_tokens or None,
            ),
            files=self._files,
            publisher=Uploads(here.api, here.history),
            habits=Habits(
                preset=settings.preset,
                thinking=Thinking(settings.thinking),
                thinking_budget=settings.thinking_budget,
                search=settings.web_search,
            ),
            toolbox=Toolbox(tool for tool in tools if tool.name in settings.tools),
        )


@asynccontextmanager
async def open_desks(
    settings: Settings,
    installations: Installations,
    conversations: Conversations,
    admission: Admission,
    recollections: Recollections,
    readings: Readings,
    catch_up: CatchUp,
) -> AsyncIterator[TeamDesks]:
    """Open the model's connections and the threads for pages and files; close them at the end."""
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(make_http())
        pool = stack.enter_context(ThreadPoolExecutor(max_workers=2, thread_name_prefix="file"))
        model = ModelClient(
            http,
            base_url=settings.dashscope_base_url,
            api_key=settings.dashscope_api_key,
            protocol=settings.model_protocol,
            fallbacks=settings.fallback_models,
            first_token_seconds=settings.first_token_seconds,
            stall_seconds=settings.stall_seconds,
            allowance=_allowance(settings, catch_up),
        )
        uploader = _uploader(settings, http)
        reader = await stack.enter_async_context(_open_reader(settings, model, readings, uploader))
        yield TeamDesks(
            settings,
            installations,
            conversations,
            admission=admission,
            recollections=recollections,
            model=model,
            reader=reader,
            finder=_finder(settings, http),
            http=http,
            executor=pool,
        )


def _request_bytes(settings: Settings) -> int:
    """What one prompt may carry: base64 makes four bytes of three; some room is left for the text."""
    return request_limit(settings.dashscope_base_url) * 7 // 10


def _finder(settings: Settings, http: httpx.AsyncClient) -> Finder:
    """Finds passages by their meaning, too, where there is a model for that."""
    if settings.embedding_model == "off":
        return Finder()
    return Finder(
        Embeddings(_service(settings, http), model=settings.embedding_model, dimensions=_DIMENSIONS)
    )


def _uploader(settings: Settings, http: httpx.AsyncClient) -> Uploader | None:
    """Takes large videos, where prompts may go by the protocol that finds them then."""
    is_other_server = settings.dashscope_base_url.endswith("/v1")
    if is_other_server or settings.model_protocol not in UPLOADING:
        return None
    return ModelUploads(_service(settings, http))


def _service(settings: Settings, http: httpx.AsyncClient) -> Service:
    return Service(http, base_url=settings.dashscope_base_url, api_key=settings.dashscope_api_key)


def _allowance(settings: Settings, catch_up: CatchUp) -> Allowance | None:
    """The account's limits, where the admin has told them."""
    if not (settings.requests_a_minute or settings.tokens_a_minute):
        return None
    return TokenBuckets(
        requests_a_minute=settings.requests_a_minute,
        tokens_a_minute=settings.tokens_a_minute,
        catch_up=catch_up,
    )


@asynccontextmanager
async def _open_reader(
    settings: Settings, model: Model, readings: Readings, uploader: Uploader | None
) -> AsyncIterator[FileReader]:
    """Open the workshop that reads files, and the folder they lie in meanwhile."""
    workshop = Workshop()
    with files_folder() as folder:
        try:
            yield FileReader(
                workshop,
                model,
                folder=folder,
                limits=ReadingLimits(
                    file_bytes=settings.file_max_mb * 1024 * 1024,
                    request_bytes=_request_bytes(settings),
                ),
                audio_model=settings.audio_model,
                readings=readings,
                uploader=uploader,
            )
        finally:
            await workshop.close()
