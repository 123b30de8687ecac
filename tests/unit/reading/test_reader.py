"""Files are opened by the best form Slack has of them, once, and as many as a request can carry."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest
from pydantic import BaseModel

from bot.conversation.documents.document import Document
from bot.conversation.messages import (
    Audio,
    Delta,
    Finished,
    FinishReason,
    Image,
    Prompt,
    TextDelta,
    UserTurn,
    Video,
)
from bot.conversation.ports import Abilities
from bot.conversation.ports_files import OtherForms, Shown
from bot.conversation.thread import SharedFile
from bot.errors import ModelUnavailable, UnreadableFile
from bot.reading.reader import MOST_SHOWN, FileReader, ReadingLimits
from bot.reading.recordings import INLINE_BYTES
from bot.reading.workshop import Workshop
from tests.unit.reading.filmed import film, speech
from tests.unit.reading.illustrated import png, slides
from tests.unit.reading.orders import FILES, opened

T = TypeVar("T", bound=BaseModel)
VTT = """WEBVTT

1
00:00:01.000 --> 00:00:04.000
The quay opens &amp; closes.

2
00:01:05.500 --> 00:01:07.000
<v Mira>In May 2027.
"""


class _Shelf:
    """Files by their address; remembers which were taken."""

    def __init__(self, files: dict[str, bytes], *forms: OtherForms) -> None:
        """`forms`: what Slack has one time after the other; the last stays."""
        self._files = files
        self._forms = list(forms or (OtherForms(),))
        self.taken: list[str] = []

    async def download(self, file: SharedFile, into: Path, *, most: int) -> None:
        self.taken.append(file.url)
        if file.url not in self._files:
            raise UnreadableFile("Slack could not send it")
        await asyncio.to_thread(into.write_bytes, self._files[file.url])

    async def other_forms(self, file: SharedFile) -> OtherForms:
        return self._forms.pop(0) if len(self._forms) > 1 else self._forms[0]


class _Readings:
    """Keeps in memory."""

    def __init__(self, given: str | None = None) -> None:
        self._given = given
        self.kept: dict[tuple[int, str, str], str] = {}

    async def load(self, conversation_id: int, file_id: str, form: str) -> str | None:
        return self.kept.get((conversation_id, file_id, form), self._given)

    async def keep(self, conversation_id: int, file_id: str, form: str, content: str) -> None:
        self.kept.setdefault((conversation_id, file_id, form), content)


class _Model:
    """A model that says one thing, or fails; remembers what it was asked."""

    def __init__(self, abilities: Abilities, words: str = "") -> None:
        self._abilities = abilities
        self._words = words
        self.asked: list[Prompt] = []

    async def stream(self, prompt: Prompt) -> AsyncIterator[Delta]:
        self.asked.append(prompt)
        if not self._words:
            raise ModelUnavailable
        yield TextDelta(self._words)
        yield Finished(reason=FinishReason.STOP)

    async def complete(self, prompt: Prompt, into: type[T]) -> T:
        raise ModelUnavailable

    def abilities(self, model: str) -> Abilities:
        return self._abilities


@pytest.fixture
async def workshop() -> AsyncIterator[Workshop]:
    shop = Workshop()
    yield shop
    await shop.close()


def _file(name: str, media_type: str, **more: Any) -> SharedFile:
    usual = {"file_id": name, "size": 9, "url": name}
    return SharedFile(name=name, media_type=media_type, **{**usual, **more})


def _reader(
    workshop: Workshop, folder: Path, model: _Model | None = None, **more: Any
) -> FileReader:
    limits = more.pop("limits", ReadingLimits(file_bytes=10_000_000, request_bytes=10_000_000))
    seeing = model or _Model(Abilities(videos=True))
    return FileReader(workshop, seeing, folder=folder, limits=limits, **more)


def _quiet(file: SharedFile, done: int, count: int) -> None:
    pass


async def test_a_file_is_fetched_once_and_not_left_behind(
    workshop: Workshop, tmp_path: Path
) -> None:
    shelf = _Shelf({"a.pdf": (FILES / "report.pdf").read_bytes()})
    reader = _reader(workshop, tmp_path)
    file = _file("a.pdf", "application/pdf")
    first = await reader.read([file], shelf, "m", _quiet)
    again = await reader.read([file], shelf, "m", _quiet)

    assert "131500" in str(first.by_file["a.pdf"])
    assert again == first
    assert shelf.taken == ["a.pdf"]
    assert not await asyncio.to_thread(lambda: list(tmp_path.iterdir()))


async def test_a_process_that_comes_later_reads_what_another_has_read(
    workshop: Workshop, tmp_path: Path
) -> None:
    """For as long as the thread is kept, and for a model that can take the same."""
    shelf = _Shelf({"a.pdf": (FILES / "scan.pdf").read_bytes()})
    readings = _Readings()
    file = _file("a.pdf", "application/pdf")

    async def read(abilities: Abilities, conversation_id: int) -> Shown:
        reader = _reader(workshop, tmp_path, _Model(abilities), readings=readings)
        return await reader.read([file], shelf, "m", _quiet, conversation_id=conversation_id)

    first = await read(Abilities(), 7)
    assert await read(Abilities(), 7) == first
    assert shelf.taken == ["a.pdf"]
    blind = await read(Abilities(pictures=False), 7)
    assert len(blind.by_file["a.pdf"]) == 1
    assert await read(Abilities(), 8) == first, "another thread has its own"
    assert len(shelf.taken) == 3


async def test_a_reading_that_is_none_of_ours_is_made_anew(
    workshop: Workshop, tmp_path: Path
) -> None:
    shelf = _Shelf({"a.txt": b"the quay"})
    reader = _reader(workshop, tmp_path, readings=_Readings("nonsense"))
    shown = await reader.read([_file("a.txt", "text/plain")], shelf, "m", _quiet)

    assert "the quay" in str(shown.by_file["a.txt"])


async def test_one_bad_file_leaves_the_others_alone(workshop: Workshop, tmp_path: Path) -> None:
    shelf = _Shelf({"a.pdf": b"%PDF-1.7 rubbish", "b.txt": b"the quay"})
    files = [_file("a.pdf", "application/pdf"), _file("b.txt", "text/plain"), _file("c", "x/y")]
    shown = await _reader(workshop, tmp_path).read(files, shelf, "m", _quiet)

    assert "the quay" in str(shown.by_file["b.txt"])
    assert shown.unreadable == {"a.pdf": "the file is damaged", "c": "Slack could not send it"}


async def test_a_file_that_cannot_be_opened_is_not_tried_with_every_question(
    workshop: Workshop, tmp_path: Path
) -> None:
    """One that Slack could not send is: it may come the next time."""
    shelf = _Shelf({"a.pdf": b"%PDF-1.7 rubbish"})
    files = [_file("a.pdf", "application/pdf"), _file("c", "x/y")]
    reader = _reader(workshop, tmp_path)
    first = await reader.read(files, shelf, "m", _quiet)

    assert await reader.read(files, shelf, "m", _quiet) == first
    assert sorted(shelf.taken) == ["a.pdf", "c", "c"]


async def test_the_first_pictures_come_first_where_there_is_no_room_for_all(
    workshop: Workshop, tmp_path: Path
) -> None:
    pdf = (FILES / "scan.pdf").read_bytes()
    shelf = _Shelf({"a.pdf": pdf, "b.pdf": pdf})
    files = [_file("a.pdf", "x"), _file("b.pdf", "x")]
    (_, picture) = opened(FILES / "scan.pdf")
    assert isinstance(picture, Image)
    room = ReadingLimits(file_bytes=10_000_000, request_bytes=len(picture.data) * 3 // 2)
    shown = await _reader(workshop, tmp_path, limits=room).read(files, shelf, "m", _quiet)

    assert [type(piece) for piece in shown.by_file["a.pdf"]] == [Document, Image]
    assert [type(piece) for piece in shown.by_file["b.pdf"]] == [Document]
    assert shown.unreadable == {"b.pdf": "there is no room for more of it in one question"}


async def test_of_many_pictures_those_come_first_that_the_question_names(
    workshop: Workshop, tmp_path: Path
) -> None:
    """And a later question about the same file gets others, without another look at it."""
    deck = slides(tmp_path / "a", *[[png(f"#{number * 6:02x}4040")] for number in range(1, 41)])
    shelf = _Shelf({"a.pptx": await asyncio.to_thread(deck.read_bytes)})
    folder = tmp_path / "folder"
    folder.mkdir()
    reader = _reader(workshop, folder)
    file = _file("a.pptx", "x")

    async def names(question: str) -> list[str]:
        shown = await reader.read([file], shelf, "m", _quiet, question=question)
        assert shown.unreadable == {}
        return [one.name for one in shown.by_file["a.pptx"] if isinstance(one, Image)]

    assert (await names("what does slide 35 show?"))[-1] == "a.pptx, picture 35, slide 35"
    assert (await names("and slide 40?"))[-1] == "a.pptx, picture 40, slide 40"
    assert len(await names("and what is it about?")) == MOST_SHOWN
    assert shelf.taken == ["a.pptx"]


async def test_an_old_word_file_is_read_as_slacks_pdf(workshop: Workshop, tmp_path: Path) -> None:
    shelf = _Shelf({"pdf": (FILES / "report.pdf").read_bytes()}, OtherForms(pdf="pdf"))
    files = [_file("a.doc", "application/msword")]
    shown = await _reader(workshop, tmp_path).read(files, shelf, "m", _quiet)

    assert "131500" in str(shown.by_file["a.doc"])


async def test_a_video_is_seen_in_slacks_form_and_read_in_its_transcript(
    workshop: Workshop, tmp_path: Path
) -> None:
    mp4 = film(tmp_path / "a.mp4").read_bytes()
    shelf = _Shelf({"mp4": mp4, "vtt": VTT.encode()}, OtherForms(mp4="mp4", subtitles="vtt"))
    folder = tmp_path / "folder"
    folder.mkdir()
    shown = await _reader(workshop, folder).read(
        [_file("a.mov", "video/quicktime")], shelf, "m", _quiet
    )

    video, said = shown.by_file["a.mov"]
    assert isinstance(video, Video)
    assert video.data == mp4
    assert isinstance(said, Document)
    assert said.markdown == "[minute 0]\nThe quay opens & closes.\n\n[minute 1]\nIn May 2027."


class _Storage:
    """An uploader that remembers what it was given."""

    def __init__(self) -> None:
        self.given: list[tuple[int, str]] = []

    async def upload(self, file: bytes | Path, *, name: str, model: str) -> str:
        assert isinstance(file, Path)
        self.given.append((await asyncio.to_thread(lambda: file.stat().st_size), model))
        return f"oss://{len(self.given)}/{name}"


async def test_a_large_video_is_handed_over_and_its_address_is_kept_nowhere(
    workshop: Workshop, tmp_path: Path
) -> None:
    """It is good for two days, what is kept of a file for longer."""
    mp4 = await asyncio.to_thread(_large_film, tmp_path)
    shelf = _Shelf({"a.mp4": mp4})
    storage, readings = _Storage(), _Readings()
    file = _file("a.mp4", "video/mp4")
    limits = ReadingLimits(file_bytes=20_000_000, request_bytes=10_000_000)
    reader = _reader(workshop, tmp_path, readings=readings, uploader=storage, limits=limits)

    async def read(reader: FileReader) -> Video:
        shown = await reader.read([file], shelf, "m", _quiet, conversation_id=1)
        (video,) = shown.by_file["a.mp4"]
        assert isinstance(video, Video)
        return video

    first = await read(reader)
    assert (first.url, first.url_model, len(first.frames)) == ("oss://1/video.mp4", "m", 4)
    assert await read(reader) == first
    assert storage.given == [(len(mp4), "m")]
    assert shelf.taken == ["a.mp4"]
    assert readings.kept, "its pictures are kept"
    later = _reader(workshop, tmp_path, readings=readings, uploader=storage, limits=limits)
    assert await read(later) == replace(first, url="", url_model="")


def _large_film(folder: Path) -> bytes:
    """Two seconds, and more bytes than go into a prompt: a box that players skip makes it so."""
    filler = INLINE_BYTES + 1
    return (
        film(folder / "film.mp4", seconds=2).read_bytes()
        + (filler + 8).to_bytes(4, "big")
        + b"free"
        + bytes(filler)
    )


async def test_a_voice_clip_with_a_transcript_is_not_even_fetched(
    workshop: Workshop, tmp_path: Path
) -> None:
    shelf = _Shelf({"vtt": VTT.encode()}, OtherForms(subtitles="vtt"))
    shown = await _reader(workshop, tmp_path).read([_file("a", "audio/mp4")], shelf, "m", _quiet)

    assert "In May 2027" in str(shown.by_file["a"])
    assert shelf.taken == ["vtt"]


async def test_a_clip_that_slack_is_still_writing_down_is_waited_for(
    workshop: Workshop, tmp_path: Path
) -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    coming = OtherForms(is_being_heard=True)
    shelf = _Shelf({"vtt": VTT.encode()}, coming, coming, OtherForms(subtitles="vtt"))
    reader = _reader(workshop, tmp_path, sleep=sleep)
    shown = await reader.read([_file("a", "audio/mp4")], shelf, "m", _quiet)

    assert "In May 2027" in str(shown.by_file["a"])
    assert len(waited) == 2
    slow = _Shelf({"a": speech(tmp_path / "a.m4a").read_bytes()}, coming)
    shown = await reader.read([_file("b", "audio/mp4", url="a")], slow, "m", _quiet)
    assert "can't hear" in shown.unreadable["b"]


async def test_the_words_that_slack_shows_beneath_a_clip_do_where_there_is_no_more(
    workshop: Workshop, tmp_path: Path
) -> None:
    shelf = _Shelf({}, OtherForms(subtitles="gone", said="The quay opens", is_all_said=False))
    shown = await _reader(workshop, tmp_path).read([_file("a", "audio/mp4")], shelf, "m", _quiet)

    (said,) = shown.by_file["a"]
    assert isinstance(said, Document)
    assert said.markdown == "The quay opens"
    assert said.note == "only the beginning of what is said is known"


async def test_a_video_whose_words_are_still_to_come_is_not_kept_without_them(
    workshop: Workshop, tmp_path: Path
) -> None:
    mp4 = film(tmp_path / "a.mp4").read_bytes()
    shelf = _Shelf(
        {"a": mp4, "vtt": VTT.encode()},
        OtherForms(is_being_heard=True),
        OtherForms(subtitles="vtt"),
    )
    reader = _reader(workshop, tmp_path)
    file = _file("a", "video/mp4")

    assert len((await reader.read([file], shelf, "m", _quiet)).by_file["a"]) == 1
    assert len((await reader.read([file], shelf, "m", _quiet)).by_file["a"]) == 2


async def test_a_voice_clip_without_one_is_written_down(workshop: Workshop, tmp_path: Path) -> None:
    shelf = _Shelf({"a": speech(tmp_path / "a.m4a").read_bytes()})
    model = _Model(Abilities(), words="The quay opens.")
    reader = _reader(workshop, tmp_path, model, audio_model="qwen3.5-omni-flash")
    shown = await reader.read([_file("a", "audio/mp4")], shelf, "m", _quiet, workspace="T1")

    assert "The quay opens." in str(shown.by_file["a"])
    assert (model.asked[0].model, model.asked[0].workspace) == ("qwen3.5-omni-flash", "T1")
    (turn,) = model.asked[0].entries
    assert isinstance(turn, UserTurn)
    assert isinstance(turn.parts[0], Audio)


async def test_a_voice_clip_that_nobody_can_hear_says_so(
    workshop: Workshop, tmp_path: Path
) -> None:
    shelf = _Shelf({"a": speech(tmp_path / "a.m4a").read_bytes()})
    deaf = _reader(workshop, tmp_path)
    failing = _reader(workshop, tmp_path, audio_model="omni")
    file = _file("a", "audio/mp4")

    shown = await deaf.read([file], shelf, "m", _quiet)
    assert "can't hear" in shown.unreadable["a"]
    shown = await failing.read([file], shelf, "m", _quiet)
    assert "did not work just now" in shown.unreadable["a"]


async def test_a_model_that_hears_is_given_the_recording(
    workshop: Workshop, tmp_path: Path
) -> None:
    shelf = _Shelf({"a": speech(tmp_path / "a.m4a").read_bytes()})
    hearing = _Model(replace(Abilities(), sound=True))
    shown = await _reader(workshop, tmp_path, hearing).read(
        [_file("a", "audio/mp4")], shelf, "m", _quiet
    )

    assert isinstance(shown.by_file["a"][0], Audio)


async def test_what_is_larger_than_allowed_is_not_fetched(
    workshop: Workshop, tmp_path: Path
) -> None:
    shelf = _Shelf({"a": b"x"})
    files = [_file("a", "text/plain", size=11 * 1024 * 1024)]
    shown = await _reader(workshop, tmp_path).read(files, shelf, "m", _quiet)

    assert shown.unreadable == {"a": "it is larger than 9 MB"}
    assert shelf.taken == []


async def test_a_model_that_sees_nothing_fetches_no_pictures(
    workshop: Workshop, tmp_path: Path
) -> None:
    blind = _Model(Abilities(pictures=False))
    shelf = _Shelf({})
    shown = await _reader(workshop, tmp_path, blind).read(
        [_file("a", "image/png")], shelf, "m", _quiet
    )

    assert "can't see pictures" in shown.unreadable["a"]
    assert shelf.taken == []
