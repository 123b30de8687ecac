"""What is not text: videos and recordings in each protocol, and where such prompts go."""

from typing import Any

import pytest

from bot.conversation.messages import (
    Audio,
    BuiltIn,
    Image,
    JsonShape,
    Part,
    Prompt,
    Text,
    UserTurn,
    Video,
)
from bot.model import chat, dashscope, responses
from bot.model.catalogue import lookup
from bot.model.protocols import Protocols

FRAMES = tuple(
    Image(name="f", media_type="image/jpeg", data=bytes([n]), width=64, height=64) for n in range(4)
)
INLINE = ["data:image/jpeg;base64,AA==", "data:image/jpeg;base64,AQ=="]
CLIP = Video(name="a.mp4", media_type="video/mp4", data=b"\x01\x02")
UPLOAD = Video(name="a.mp4", url="oss://dashscope-instant/x/a.mp4")
SLIDES = Video(name="a.mp4", frames=FRAMES, fps=0.5)
VOICE = Audio(name="a.mp3", media_type="audio/mpeg", data=b"\x01\x02")


def _prompt(*parts: Part, **more: Any) -> Prompt:
    entries = (UserTurn(parts=(Text(text="look"), *parts)),)
    given = {"system": "s", "entries": entries, "model": "qwen3.7-plus", **more}
    return Prompt(**given)


def _in_chat(part: Part) -> dict[str, Any]:
    body = chat.encode(_prompt(part), lookup("qwen3.7-plus"))
    found: dict[str, Any] = body["messages"][1]["content"][1]
    return found


def _native(part: Part) -> dict[str, Any]:
    body = dashscope.MULTIMODAL.encode(_prompt(part), lookup("qwen3.7-plus"))
    found: dict[str, Any] = body["input"]["messages"][1]["content"][1]
    return found


def test_chat_takes_videos_and_recordings_in_its_own_words() -> None:
    assert _in_chat(CLIP) == {
        "type": "video_url",
        "video_url": {"url": "data:video/mp4;base64,AQI="},
        "fps": 2.0,
    }
    frames = _in_chat(SLIDES)
    assert (frames["type"], frames["fps"], frames["video"][:2]) == ("video", 0.5, INLINE)
    assert _in_chat(VOICE) == {
        "type": "input_audio",
        "input_audio": {"data": "data:audio/mpeg;base64,AQI=", "format": "mp3"},
    }


def test_dashscope_takes_them_in_its_own_words() -> None:
    assert _native(UPLOAD) == {"video": "oss://dashscope-instant/x/a.mp4", "fps": 2.0}
    assert _native(SLIDES)["video"][:2] == INLINE
    assert _native(VOICE) == {"audio": "data:audio/mpeg;base64,AQI="}


@pytest.mark.parametrize(
    ("media_type", "name"),
    [("audio/mpeg", "mp3"), ("audio/x-wav", "wav"), ("audio/mp4; codecs=x", "m4a")],
)
def test_recordings_have_the_services_names(media_type: str, name: str) -> None:
    sound = _in_chat(Audio(name="a", media_type=media_type, data=b"x"))
    assert sound["input_audio"]["format"] == name


@pytest.mark.parametrize("setting", ["auto", "chat", "responses", "dashscope"])
def test_an_upload_is_only_sent_where_it_is_found(setting: str) -> None:
    wire, _ = Protocols(setting).choose(_prompt(UPLOAD))

    assert wire is dashscope.UPLOADS
    assert wire.headers["X-DashScope-OssResourceResolve"] == "enable"
    assert "X-DashScope-OssResourceResolve" not in dashscope.MULTIMODAL.headers


def test_need_and_setting_choose_the_protocol() -> None:
    search = {"built_in": frozenset({BuiltIn.WEB_SEARCH})}
    shape = JsonShape(name="S", schema={})
    auto = Protocols("auto")

    assert auto.choose(_prompt())[0] is chat.WIRE
    assert auto.choose(_prompt(**search))[0] is responses.WIRE
    assert auto.choose(_prompt(CLIP, **search))[0] is chat.WIRE, "Responses shows no videos"
    assert auto.choose(_prompt(shape=shape, **search))[0] is chat.WIRE, "nor has it JSON"
    assert auto.choose(_prompt(model="qwen-plus", **search))[0] is chat.WIRE, "nor this model"
    assert Protocols("dashscope").choose(_prompt())[0] is dashscope.MULTIMODAL
    assert Protocols("dashscope").choose(_prompt(model="qwen3.7-max"))[0] is dashscope.TEXT
