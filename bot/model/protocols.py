"""Which protocol a prompt goes by, and what the service's refusals teach about a model."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from bot.conversation.messages import BuiltIn, Prompt, Video
from bot.errors import ModelError, ModelMisconfigured, ModelUnavailable, PromptRefused
from bot.model import chat, dashscope, responses
from bot.model.catalogue import ModelCard, lookup
from bot.model.wire import Wire

_WRONG_FAMILY = "url error"
UPLOADING = frozenset({"auto", "dashscope"})
"""The settings under which a prompt may go by the protocol that finds uploads."""
_OF_UPLOADS = (PromptRefused, ModelMisconfigured, ModelUnavailable)
Correction = Callable[[ModelCard], ModelCard]


def _other_family(card: ModelCard) -> ModelCard:
    return replace(card, family="text" if card.family == "multimodal" else "multimodal")


# Words of the service's refusals and what they say of the model ("Error codes").
_LESSONS: Mapping[str, Correction] = {
    "notsupportenablethinking": lambda card: replace(card, thinking="none"),
    "restricted to true": lambda card: replace(card, thinking="only"),
    "tool call is not supported": lambda card: replace(card, tools=False),
    "does not support function": lambda card: replace(card, tools=False),
    "partial": lambda card: replace(card, prefix=False),
    "json_schema": lambda card: replace(card, json="object"),
    "json mode response is not supported": lambda card: replace(card, json="none"),
    "image input is not supported": lambda card: replace(card, sees=frozenset()),
    "does not support image": lambda card: replace(card, sees=frozenset()),
    "content must be a string": lambda card: replace(card, sees=frozenset(), cache="implicit"),
}
_UNSERVED = re.compile(r"not.support|unsupported")
_MOST_TOKENS = re.compile(r"range of max_tokens should be \[1, (\d+)\]")


def _native(card: ModelCard) -> Wire:
    return dashscope.MULTIMODAL if card.family == "multimodal" else dashscope.TEXT


class Protocols:
    """Chooses; and remembers, for as long as the process lives, what the service taught."""

    def __init__(self, setting: str = "auto") -> None:
        self._setting = setting
        self._learned: dict[str, ModelCard] = {}
        self._lost: set[str] = set()
        """Addresses of uploads that were refused; there are few, if any."""

    def card(self, model: str) -> ModelCard:
        """What that model can do: the catalogue, corrected by the service."""
        return self._learned.get(model) or lookup(model)

    def choose(self, prompt: Prompt) -> tuple[Wire, ModelCard]:
        """The protocol for a prompt.

        Left to itself, chat completions: they serve every model, with pictures and structured
        output. The service's own tools need Responses; those have no structured output, and take
        neither videos nor recordings. Where they do not serve a model, DashScope's own protocol
        searches and tells its sources, which chat completions do not. What was uploaded for the
        model only that protocol finds ("Upload local files").
        """
        card = self.card(prompt.model)
        if prompt.uploads:
            return dashscope.UPLOADS, card
        if self._setting == "dashscope":
            return _native(card), card
        if self._setting == "chat" or prompt.shape is not None or prompt.has_moving:
            return chat.WIRE, card
        if self._setting == "responses" or (prompt.built_in and card.responses):
            return responses.WIRE, card
        if BuiltIn.WEB_SEARCH in prompt.built_in and card.is_known:
            return _native(card), card
        return chat.WIRE, card

    def finds(self, video: Video) -> bool:
        """Whether the model it was uploaded for can be given its address."""
        return self._setting in UPLOADING and video.url not in self._lost

    def lose(self, prompt: Prompt, error: ModelError) -> bool:
        """Do without the uploads of a prompt that failed; whether there are pictures in their place.

        The service's words for an upload that is gone, that can't be fetched, or that this host
        does not look for are not written down: any of these errors may be about it.
        """
        lost = {video.url for video in prompt.uploads if isinstance(video, Video) and video.frames}
        if not isinstance(error, _OF_UPLOADS) or error.status == 401:
            return False
        self._lost |= lost
        return bool(lost)

    def learn(self, model: str, wire: Wire, error: ModelError) -> bool:
        """Take a refusal as a lesson; whether the request may fare better now."""
        words = f"{error.code} {error}".lower()
        card = self.card(model)
        if _WRONG_FAMILY in words and wire in (dashscope.TEXT, dashscope.MULTIMODAL):
            if card.family != lookup(model).family:
                return False  # both families were tried
            return self._correct(model, _other_family(card))
        if limit := _MOST_TOKENS.search(words):
            return self._correct(model, replace(card, max_output=int(limit[1])))
        for lesson, correct in _LESSONS.items():
            if lesson in words:
                return self._correct(model, correct(card))
        if wire is responses.WIRE and _UNSERVED.search(words):
            return self._correct(model, replace(card, responses=False))
        return False

    def _correct(self, model: str, card: ModelCard) -> bool:
        is_new = card != self.card(model)
        self._learned[model] = card
        return is_new
