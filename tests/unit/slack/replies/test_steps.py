"""Steps as Slack is told of them: every word once, and whole."""

from bot.conversation.messages import Step, StepState
from bot.slack.replies.steps import Steps


def _think(steps: Steps, words: str) -> str:
    steps.take(Step(id="thinking", title="Thinking", details=words))
    news = steps.news()
    news.told()
    return str(news.chunks[0].get("details", ""))


def test_words_that_come_in_pieces_stay_whole() -> None:
    steps = Steps()
    words = "The question is, first of all,\n\n  a question of style."
    told = [_think(steps, words[start : start + 4]) for start in range(0, len(words), 4)]

    assert " ".join("".join(told).split()) == " ".join(words.split())


def test_the_newest_thoughts_are_shown_when_they_come_too_fast() -> None:
    shown = _think(Steps(), "old " * 100 + "and new")

    assert len(shown) <= 250
    assert shown.startswith("… ")
    assert shown.endswith("and new")


def test_a_step_is_told_once_for_each_change() -> None:
    steps = Steps()
    _think(steps, "hm")
    quiet = steps.has_news

    steps.take(Step(id="thinking", title="Thought for 2 s", state=StepState.DONE))
    assert (quiet, steps.has_news) == (False, True)
    assert steps.news().chunks[0]["status"] == "complete"


def test_what_is_made_of_the_text_stands_beneath_it() -> None:
    steps, text = Steps(), [{"type": "markdown_text", "text": "words"}]
    steps.take(Step(id="search", title="Searching"))
    assert [one["type"] for one in steps.news().beside(text)] == ["task_update", "markdown_text"]

    steps.come_last()
    assert [one["type"] for one in steps.news().beside(text)] == ["markdown_text", "task_update"]
