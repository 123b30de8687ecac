"""What is sealed comes back whole, and only with its key."""

import base64
import os
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import JSON, Text

from bot.errors import WrongKey
from bot.store.sealing import Vault
from bot.store.tables import Base

OLD, NEW, OTHER = (base64.b64encode(os.urandom(32)).decode() for _ in range(3))
TEXTS = st.text(alphabet=st.characters(exclude_characters="\0")) | st.builds(
    "sealed:{}:{}".format, st.integers(0, 2), st.text()
)


@given(TEXTS)
def test_no_text_is_lost_while_keys_come_and_change(text: str) -> None:
    """Plain, then with a key, then with a second one, then without the first."""
    vaults = [Vault(keys) for keys in ((), (OLD,), (NEW, OLD), (NEW,))]
    kept = vaults[0].seal(text)
    for before, after in pairwise(vaults):
        assert before.open(kept) == text
        assert after.open(kept) == text or after is vaults[-1]
        kept = after.seal(before.open(kept))
    assert vaults[-1].open(kept) == text


@given(TEXTS)
def test_a_sealed_text_shows_nothing_of_itself(text: str) -> None:
    kept = Vault((OLD,)).seal(text)

    assert len(text) < 8 or text not in kept.removeprefix("sealed:1:")
    assert bool(kept) == bool(text)


@pytest.mark.parametrize("keys", [(), (OTHER,)], ids=["no key", "another key"])
def test_without_the_key_it_stays_shut(keys: tuple[str, ...]) -> None:
    kept = Vault((OLD,)).seal("the merger is on Friday")

    with pytest.raises(WrongKey, match="BOT_SECRET_KEY"):
        Vault(keys).open(kept)


def test_a_changed_seal_is_refused() -> None:
    kept = Vault((OLD,)).seal("pay 10")

    with pytest.raises(WrongKey):
        Vault((OLD,)).open(kept[:-5] + "AAAA=")


def test_every_column_that_may_hold_peoples_words_is_sealed() -> None:
    """Short strings are ids, names of kinds and models; these are Slack's own words, and figures."""
    plain = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if type(column.type) in {Text, JSON}
    }

    assert plain == {"installations.scopes", "replies.segments", "commons.stakes"}


def test_a_vault_does_not_show_its_keys() -> None:
    assert OLD not in repr(Vault((OLD,)))
