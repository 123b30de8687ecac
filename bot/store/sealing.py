"""Texts at rest: sealed on their way into the database, readable on their way out.

What is kept begins with a mark that says how: `sealed:1:` and a Fernet token, or `sealed:0:` and the
text itself where it would be taken for a sealed one. Everything else is a plain text, kept while
there was no key. So rows from before the key stay readable, and new ones are sealed.
"""

import base64
import json
from collections.abc import Sequence
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import JSON, Dialect, Text
from sqlalchemy.types import TypeDecorator
from typing_extensions import override

from bot.conversation.legible import legible
from bot.errors import WrongKey

_MARK = "sealed:"
_PLAIN = "sealed:0:"
_FERNET = "sealed:1:"
WRONG_KEY = (
    "What the database holds was sealed with another BOT_SECRET_KEY. "
    "Put the key from before behind the new one, separated by a comma."
)


class Vault:
    """Seals with the first key, opens with any of them; without keys texts stay as they are."""

    def __init__(self, keys: Sequence[str] = ()) -> None:
        fernets = [Fernet(_derived(key)) for key in keys]
        self._fernet = MultiFernet(fernets) if fernets else None

    @property
    def seals(self) -> bool:
        """Whether there is a key."""
        return self._fernet is not None

    def seal(self, text: str) -> str:
        """What is kept of a text. An empty one stays empty: there is nothing to hide."""
        if self._fernet is not None and text:
            return _FERNET + self._fernet.encrypt(text.encode("utf-8", "surrogatepass")).decode()
        return _PLAIN + text if text.startswith(_MARK) else text

    def open(self, kept: str) -> str:
        """The text behind what was kept. Raises WrongKey."""
        if kept.startswith(_PLAIN):
            return kept.removeprefix(_PLAIN)
        if not kept.startswith(_FERNET):
            return kept
        if self._fernet is None:
            raise WrongKey(WRONG_KEY)
        try:
            opened = self._fernet.decrypt(kept.removeprefix(_FERNET))
        except InvalidToken as error:
            raise WrongKey(WRONG_KEY) from error
        return opened.decode("utf-8", "surrogatepass")


class Sealed(TypeDecorator[str]):
    """A column of texts that people wrote, or of secrets.

    Sealed texts can't be compared in SQL: two seals of one text differ.
    """

    impl = Text
    cache_ok = True

    def opened(self, raw: str, vault: Vault) -> Any:
        """The value behind the column's text as it stands in the database. Raises WrongKey."""
        return vault.open(raw)

    @override
    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else _vault(dialect).seal(legible(value))

    @override
    def process_result_value(self, value: Any | None, dialect: Dialect) -> str | None:
        return None if value is None else _vault(dialect).open(value)


class SealedJson(TypeDecorator[dict[str, Any]]):
    """A column of JSON objects with texts of people in them; a sealed one is kept as a string."""

    impl = JSON
    cache_ok = True

    def opened(self, raw: str, vault: Vault) -> Any:
        """The value behind the column's text as it stands in the database. Raises WrongKey."""
        return _opened_json(json.loads(raw), vault)

    @override
    def process_bind_param(self, value: dict[str, Any] | None, dialect: Dialect) -> Any:
        vault = _vault(dialect)
        return vault.seal(json.dumps(value)) if value and vault.seals else value

    @override
    def process_result_value(self, value: Any | None, dialect: Dialect) -> Any:
        return _opened_json(value, _vault(dialect))


def _opened_json(value: Any, vault: Vault) -> Any:
    return json.loads(vault.open(value)) if isinstance(value, str) else value


def give_vault(dialect: Dialect, vault: Vault) -> None:
    """Let an engine of this dialect seal with this vault: each engine has a dialect of its own."""
    dialect.threadwise_vault = vault  # type: ignore[attr-defined]


def _vault(dialect: Dialect) -> Vault:
    vault: Vault = dialect.threadwise_vault  # type: ignore[attr-defined]
    return vault


def _derived(key: str) -> bytes:
    """A Fernet key of any long secret ("HKDF" of the cryptography documentation)."""
    kdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"threadwise texts")
    return base64.urlsafe_b64encode(kdf.derive(key.encode()))
