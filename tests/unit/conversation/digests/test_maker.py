"""A digest reads no more than it may cost."""

from bot.conversation.digests.maker import OVER_LIMIT, within
from bot.conversation.summaries.summary import ChannelReading
from tests.unit.conversation.digests.test_errand import message


def test_no_more_is_read_than_the_limit_allows_the_newest_first() -> None:
    messages = tuple(message(number) for number in range(100))
    reading = ChannelReading(channel_id="C1", messages=messages, total=100)

    limited = within(reading, 500)
    count = len(limited.messages)
    assert 0 < count < 100
    assert limited.messages == messages[-count:]
    assert limited.gaps == (OVER_LIMIT.format(count=100 - count),)
    assert within(reading, 100_000) == reading
