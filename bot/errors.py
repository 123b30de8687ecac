"""What can go wrong, as one tree; each leaf knows the sentence a person in Slack sees.

    ThreadwiseError
    ├── ConfigError             the admin's settings, all mistakes together
    ├── DatabaseUnreachable     nothing can be kept or read
    ├── WrongKey                what is kept can't be read with BOT_SECRET_KEY
    ├── OutdatedSchema          `bot migrate` was not run
    ├── LostTurn                another worker has taken this turn, or errand, over
    ├── ToolFailed              a tool could not do what the model asked
    ├── NotForYou               Slack would not show this to the person who asks
    ├── UnreadableChannel       we can't read a channel; its text says why
    │   └── NotInChannel        we are not in it: somebody has to take us in
    ├── UnclearRequest          a command's words can't be read; its text says which
    ├── UnreadablePage          a web page can't be read; its text says why
    ├── FileFailed              a file can't be made or handed over; `sentence` says why
    ├── NotInstalled            the bot is not, or no longer, in this workspace
    ├── UnreadableFile          a shared file can't be read; its text says why
    ├── SlackError              Slack did not do what it was asked
    │   ├── SlackRefused        it said why: `code` is Slack's own word
    │   ├── SlackLimited        429: too many calls of this method for now
    │   └── SlackUnreachable    no answer: nobody knows whether it was done
    └── ModelError              the model gave no (whole) answer
        ├── ModelBusy           429: too many requests or tokens for now
        ├── ModelUnavailable    5xx, or no connection
        ├── ModelCut            the stream ended before the answer did
        ├── ModelStalled        connected, but no data for too long
        ├── ContentRefused      Model Studio's content inspection said no
        ├── PromptTooLong       more input than the model's window
        ├── PromptRefused       any other fault of the request itself
        ├── UnfitAnswer         not the JSON that was asked for, even after a second try
        └── ModelMisconfigured  key, model name, region, access or bill: for the admin

A class exists only where somebody acts differently on it.
"""

from collections.abc import Sequence


class ThreadwiseError(Exception):
    """The base of every error that Threadwise raises itself."""


class ConfigError(ThreadwiseError):
    """The settings are wrong; `problems` names every mistake in words, one a line."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class DatabaseUnreachable(ThreadwiseError):
    """The database gives no answer."""


class WrongKey(ThreadwiseError):
    """What the database holds can't be read with BOT_SECRET_KEY; the words are for the admin."""


class OutdatedSchema(ThreadwiseError):
    """The database is not at the schema this program knows: `bot migrate` brings it there."""


class LostTurn(ThreadwiseError):
    """Another worker has taken this turn or errand over: stop before Slack is touched again."""


class ToolFailed(ThreadwiseError):
    """A tool could not do what the model asked; the words are for the model."""


class NotForYou(ThreadwiseError):
    """A person asks for something that Slack would not show them, here or at all; says so."""


class UnreadableChannel(ThreadwiseError):
    """We can't read a channel or a thread; its text is a sentence for people."""


class NotInChannel(UnreadableChannel):
    """We are not in the channel: we may join, or somebody has to take us in."""


class UnclearRequest(ThreadwiseError):
    """The words of a command can't be read; says which, and what would be understood."""


class UnreadablePage(ThreadwiseError):
    """A web page can't be read; its text is a sentence for people and for the model."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class FileFailed(ThreadwiseError):
    """A file could not be made, or not be handed over; `sentence` is for the person who waits."""

    def __init__(self, sentence: str = "I couldn't make the file.") -> None:
        super().__init__(sentence)
        self.sentence = sentence


class NotInstalled(ThreadwiseError):
    """The bot is not in this workspace, or its token is not valid any more: nothing can be said."""

    def __init__(self, team_id: str) -> None:
        super().__init__(f"not installed in {team_id or 'an unnamed workspace'}")
        self.team_id = team_id


class UnreadableFile(ThreadwiseError):
    """A shared file can't be shown to the model; its text is the reason, for people and the model."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class SlackError(ThreadwiseError):
    """Slack did not do what it was asked."""

    def __init__(self, method: str, detail: str) -> None:
        super().__init__(f"{method}: {detail}")
        self.method = method


class SlackRefused(SlackError):
    """Slack answered `ok: false`; `code` is its `error`."""

    def __init__(self, method: str, code: str) -> None:
        super().__init__(method, code)
        self.code = code


class SlackLimited(SlackError):
    """Too many calls of this method in this workspace; after `retry_after` seconds again."""

    def __init__(self, method: str, retry_after: float) -> None:
        super().__init__(method, f"limited for {retry_after:g} s")
        self.retry_after = retry_after


class SlackUnreachable(SlackError):
    """No answer, or one that can't be read: nobody knows whether Slack did it."""


class ModelError(ThreadwiseError):
    """The model gave no answer, or only a part of one.

    `sentence` is shown to the person who asked, `can_retry` says whether a Retry button helps.
    `code` and `request_id` are Model Studio's own, for the log.
    """

    sentence = "I couldn't get an answer from the model just now."
    can_retry = True

    def __init__(
        self,
        message: str = "",
        *,
        code: str = "",
        request_id: str = "",
        status: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message or self.sentence)
        self.code = code
        self.request_id = request_id
        self.status = status
        self.retry_after = retry_after


class ModelBusy(ModelError):
    """Model Studio limits requests or tokens a minute, and the limit is reached (HTTP 429)."""

    sentence = "The model is very busy right now. Please try again in a minute."


class ModelUnavailable(ModelError):
    """Model Studio answered with a fault of its own (5xx) or could not be reached."""

    sentence = "The model can't be reached at the moment. Please try again shortly."


class ModelCut(ModelError):
    """The stream ended before the answer did."""

    sentence = "The connection to the model broke before the answer was complete."


class ModelStalled(ModelError):
    """The stream stayed open, but no data came for too long."""

    sentence = "The model stopped responding before the answer was complete."


class ContentRefused(ModelError):
    """Model Studio's content inspection refused the input or the output."""

    sentence = (
        "The model's content filter stopped this answer. "
        "Rewording the question or starting a new thread usually helps."
    )
    can_retry = False


class PromptTooLong(ModelError):
    """The prompt is longer than the model's window, even after trimming."""

    sentence = (
        "This is more text than the model can take in at once. Please ask about a part of it."
    )
    can_retry = False


class PromptRefused(ModelError):
    """The service found a fault in the request itself."""

    sentence = "The model could not work with this request."
    can_retry = False


class UnfitAnswer(ModelError):
    """The answer is not JSON of the shape that was asked for."""

    sentence = "The model's answer made no sense to me. Trying again often helps."


class ModelMisconfigured(ModelError):
    """The key, the model's name, the region, the access rights or the bill: the admin's to mend."""

    sentence = (
        "I can't reach the model: my settings need an admin's attention (`bot check` says which)."
    )
