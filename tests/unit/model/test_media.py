"""What is not text: videos and recordings in each protocol, and where such prompts go."""

from dataclasses import replace
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
from bot.errors import (
    ContentRefused,
    ModelBusy,
    ModelError,
    ModelMisconfigured,
    ModelUnavailable,
    PromptRefused,
)
from bot.model import chat, dashscope, responses
from bot.model.catalogue import lookup
from bot.model.fitting import fit
from bot.model.protocols import Protocols
from bot.model.wire import Wire

FRAMES = tuple(
    Image(name="f", media_type="image/jpeg", data=bytes([n]), width=64, height=64) for n in range(4)
)
INLINE = ["data:image/jpeg;base64,AA==", "data:image/jpeg;base64,AQ=="]
CLIP = Video(name="a.mp4", media_type="video/mp4", data=b"\x01\x02")
UPLOAD = Video(name="a.mp4", url="oss://dashscope-instant/x/a.mp4")
SLIDES = Video(name="a.mp4", frames=FRAMES, fps=0.5)
LARGE = replace(UPLOAD, frames=FRAMES, url_model="qwen3.7-plus")
"""An upload, and the pictures that serve where it is not found."""
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


def _sent(protocols: Protocols, prompt: Prompt) -> tuple[Wire, str]:
    """The protocol of a prompt, and what it says."""
    fitted = fit(prompt, protocols.card(prompt.model), protocols.finds)
    wire, card = protocols.choose(fitted)
    return wire, str(wire.encode(fitted, card))


@pytest.mark.parametrize(
    ("setting", "model", "is_sent"),
    [
        ("auto", "qwen3.7-plus", True),
        ("dashscope", "qwen3.7-plus", True),
        ("auto", "qwen3.6-plus", False),
        ("dashscope", "qwen3.6-plus", False),
        ("chat", "qwen3.7-plus", False),
        ("responses", "qwen3.7-plus", False),
    ],
)
def test_the_pictures_serve_other_models_and_protocols(
    setting: str, model: str, is_sent: bool
) -> None:
    """A model that stands in does not find what was uploaded for the first."""
    wire, body = _sent(Protocols(setting), _prompt(LARGE, model=model))

    assert (wire is dashscope.UPLOADS) is is_sent
    assert ("oss://" in body) is is_sent
    assert ("data:image/jpeg" in body) is not is_sent


@pytest.mark.parametrize(
    "error",
    [
        PromptRefused("The provided URL does not appear to be valid.", status=400),
        ModelMisconfigured("Access denied.", status=403),
        ModelUnavailable("download timed out", status=500),
    ],
)
def test_the_pictures_serve_where_an_upload_is_refused(error: ModelError) -> None:
    """From then on; other uploads are tried."""
    protocols = Protocols()
    prompt = _prompt(LARGE)

    assert protocols.lose(prompt, error)
    wire, body = _sent(protocols, prompt)
    assert wire is chat.WIRE
    assert "oss://" not in body
    assert _sent(protocols, _prompt(replace(LARGE, url="oss://b")))[0] is dashscope.UPLOADS


@pytest.mark.parametrize(
    "error", [ContentRefused("x"), ModelBusy("x"), ModelMisconfigured("key", status=401)]
)
def test_a_refusal_that_is_about_no_upload_changes_nothing(error: ModelError) -> None:
    protocols = Protocols()

    assert not protocols.lose(_prompt(LARGE), error)
    assert not protocols.lose(_prompt(UPLOAD), PromptRefused("x")), "there is nothing in its place"
    assert not protocols.lose(_prompt(SLIDES), PromptRefused("x"))
    assert _sent(protocols, _prompt(LARGE))[0] is dashscope.UPLOADS


def test_need_and_setting_choose_the_protocol() -> None:
    search = {"built_in": frozenset({BuiltIn.WEB_SEARCH})}
    shape = JsonShape(name="S", schema={})
    auto = Protocols("auto")

    assert auto.choose(_prompt())[0] is chat.WIRE
    assert auto.choose(_prompt(**search))[0] is responses.WIRE
    assert auto.choose(_prompt(CLIP, **search))[0] is chat.WIRE, "Responses shows no videos"
    assert auto.choose(_prompt(shape=shape, **search))[0] is chat.WIRE, "nor has it JSON"
    assert auto.choose(_prompt(model="qwen-plus", **search))[0] is dashscope.TEXT, "nor this model"
    assert Protocols("dashscope").choose(_prompt())[0] is dashscope.MULTIMODAL
    assert Protocols("dashscope").choose(_prompt(model="qwen3.7-max"))[0] is dashscope.TEXT
