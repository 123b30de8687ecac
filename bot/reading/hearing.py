"""What is said in a recording, written down by a model that hears."""

from bot.conversation.documents.document import Document
from bot.conversation.messages import Audio, Prompt, Text, TextDelta, UserTurn
from bot.conversation.ports import Model
from bot.errors import ModelError, UnreadableFile
from bot.reading.passages import cut

ASK = "Write down what is said in this recording, word for word, in its own language."
SYSTEM = (
    "You write down recordings. Give the words alone, a new paragraph for each speaker. "
    "Where nothing is said, write in brackets what is heard."
)
EXTENT = "what is said in it"
FAILED = "writing down what is said in it did not work just now"


async def write_down(model: Model, name: str, audio: Audio, *, workspace: str) -> Document:
    """The words of a recording by the model of that name. Raises UnreadableFile."""
    asked = UserTurn(parts=(audio, Text(text=ASK)))
    prompt = Prompt(system=SYSTEM, entries=(asked,), model=name, workspace=workspace)
    try:
        pieces = [one.text async for one in model.stream(prompt) if type(one) is TextDelta]
    except ModelError as error:
        raise UnreadableFile(FAILED) from error
    words = "".join(pieces).strip()
    if not words:
        raise UnreadableFile(FAILED)
    return Document(name=audio.name, extent=EXTENT, passages=tuple(cut(words)))
