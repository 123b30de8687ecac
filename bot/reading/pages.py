"""Reads a public web page for the model: its title and main text, never anything inside our network.

A page's address comes from people and from the model, so it may be chosen by somebody who wants
to reach what only this machine can reach. Four rules keep that out:

* A name is resolved once, every address it has must be public, and the connection is made to the
  addresses that were checked: a name can't mean something else a moment later.
* The same is done again at each redirect; none is followed by the HTTP client itself.
* Only http and https, only their own ports, no credentials, no cookies, no proxies.
* Time, bytes (after decompression), redirects and kinds of content are limited.
"""

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from typing_extensions import override
from yarl import URL

from bot.errors import UnreadablePage
from bot.reading.page_text import is_text, read_text

IPAddress = IPv4Address | IPv6Address
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

_NOT_AN_ADDRESS = "that is not the address of a web page"
_NOT_HTTP = "only http and https addresses can be read"
_NOT_THE_PORT = "only the usual ports of the web can be read"
_CREDENTIALS = "that address has a password in it"
_NOT_PUBLIC = "that address is not public"
_NO_SUCH_SITE = "there is no site of that name"
_NOT_REACHED = "that site can't be reached"
_NOT_TRUSTED = "that site's certificate is not valid"
_TOO_SLOW = "the page took too long"
_TOO_MANY_REDIRECTS = "the site sends its readers round in circles"
_NOT_THERE = "there is no such page (HTTP {status})"
_NOT_FOR_US = "the site shows that page only to people it knows (HTTP {status})"
_SITE_FAILED = "the site could not send that page (HTTP {status})"
_NOT_TEXT = "that is not a page of text ({kind})"
_NO_TEXT = "that page shows no text without a browser"

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_AT_ONCE = 8
_HEADERS = {
    "User-Agent": "Mozilla/5.0 (compatible; Threadwise; reads one page when a person asks)",
    "Accept": "text/html,application/xhtml+xml,text/markdown,text/plain;q=0.9,*/*;q=0.5",
    "Accept-Language": "en,*;q=0.5",
    "Accept-Encoding": "gzip, deflate",
}
_PUBLIC_IPV6 = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")
# 168.63.129.16 has a public number, but is Azure's own service inside each of its machines.
_INSIDE = frozenset({IPv4Address("168.63.129.16")})
_RELAYS = IPv4Network("192.88.99.0/24")


@dataclass(frozen=True, slots=True)
class Page:
    """What a web page says."""

    url: str
    """Where it was found in the end, after redirects."""
    title: str
    text: str
    """Its main text, as Markdown where it was HTML."""
    truncated: bool
    """Whether the page goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageLimits:
    """What one page may cost."""

    seconds: float = 15.0
    """For everything: names, redirects, body and reading."""
    most_bytes: int = 5 * 1024 * 1024
    """Of the body, decompressed; the rest is left unread."""
    most_redirects: int = 5
    most_characters: int = 40_000
    """Of the text that is handed over."""


def is_public(address: IPAddress) -> bool:
    """Whether an address belongs to everybody's internet.

    Addresses that carry another one (IPv4-mapped, NAT64) are judged by that one; those that are
    carried through relays (6to4, Teredo) are refused.
    """
    if isinstance(address, IPv4Address):
        return (
            address.is_global
            and not address.is_multicast
            and address not in _INSIDE
            and address not in _RELAYS
        )
    if address.ipv4_mapped is not None:
        return is_public(address.ipv4_mapped)
    if address in _NAT64:
        # Networks without IPv4 reach every IPv4 site this way.
        return is_public(IPv4Address(address.packed[-4:]))
    is_carried = address.sixtofour is not None or address.teredo is not None
    return address.is_global and address in _PUBLIC_IPV6 and not is_carried


async def system_names(host: str, port: int) -> Sequence[str]:
    """The addresses of a name, as the machine's resolver has them. Raises OSError."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))


class PublicPages:
    """Reads web pages, a few at a time."""

    def __init__(
        self,
        executor: Executor,
        *,
        limits: PageLimits | None = None,
        is_allowed: Callable[[IPAddress], bool] = is_public,
        ports: frozenset[int] = frozenset({80, 443}),
        resolve: Resolve = system_names,
    ) -> None:
        """`executor` takes the work of finding the main text, some seconds for the worst page."""
        self._executor = executor
        self._limits = limits or PageLimits()
        self._is_allowed = is_allowed
        self._ports = ports
        self._resolve = resolve
        self._at_once = asyncio.Semaphore(_AT_ONCE)

    async def read(self, url: str) -> Page:
        """Read the page at an address. Raises UnreadablePage with the reason in words."""
        async with self._at_once:
            try:
                async with asyncio.timeout(self._limits.seconds):
                    return await self._read(url)
            except TimeoutError:
                raise UnreadablePage(_TOO_SLOW) from None
            except aiohttp.ClientConnectorCertificateError as error:
                raise UnreadablePage(_NOT_TRUSTED) from error
            except (aiohttp.ClientError, OSError, ValueError) as error:
                raise UnreadablePage(_NOT_REACHED) from error

    async def _read(self, url: str) -> Page:
        fetched = await self._fetch(_parsed(url))
        loop = asyncio.get_running_loop()
        title, text = await loop.run_in_executor(
            self._executor, read_text, fetched.body, fetched.kind, fetched.charset, fetched.url
        )
        if not text:
            raise UnreadablePage(_NO_TEXT)
        most = self._limits.most_characters
        is_long = len(text) > most
        return Page(
            url=fetched.url,
            title=title,
            text=text[:most].rstrip() if is_long else text,
            truncated=fetched.is_cut or is_long,
        )

    async def _fetch(self, url: URL) -> "_Fetched":
        pins = _Pins()
        # A session for each page: no connection, cookie or name is kept for the next.
        async with aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(resolver=pins, use_dns_cache=False, force_close=True),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None),
            headers=_HEADERS,
            trust_env=False,
        ) as session:
            for _ in range(self._limits.most_redirects + 1):
                pins.addresses[url.raw_host or ""] = await self._checked(url)
                async with session.get(url, allow_redirects=False) as response:
                    target = response.headers.get("Location")
                    if response.status not in _REDIRECTS or target is None:
                        return await self._received(response)
                    url = url.join(_parsed_target(target))
        raise UnreadablePage(_TOO_MANY_REDIRECTS)

    async def _checked(self, url: URL) -> Sequence[IPAddress]:
        """The addresses of a URL's host, all of them allowed. Raises UnreadablePage."""
        if url.scheme not in {"http", "https"}:
            raise UnreadablePage(_NOT_HTTP)
        host, port = url.raw_host, url.port
        if not host or port is None:
            raise UnreadablePage(_NOT_AN_ADDRESS)
        if url.raw_user is not None or url.raw_password is not None:
            raise UnreadablePage(_CREDENTIALS)
        if port not in self._ports:
            raise UnreadablePage(_NOT_THE_PORT)
        addresses = await self._addresses(host, port)
        if not addresses or not all(self._is_allowed(address) for address in addresses):
            raise UnreadablePage(_NOT_PUBLIC)
        return addresses

    async def _addresses(self, host: str, port: int) -> Sequence[IPAddress]:
        if _is_number(host):
            try:
                return (ip_address(host),)
            except ValueError:
                raise UnreadablePage(_NOT_AN_ADDRESS) from None
        try:
            return [ip_address(found) for found in await self._resolve(host, port)]
        except (OSError, ValueError) as error:
            raise UnreadablePage(_NO_SUCH_SITE) from error

    async def _received(self, response: aiohttp.ClientResponse) -> "_Fetched":
        status = response.status
        if not 200 <= status < 300:
            raise UnreadablePage(_refusal(status).format(status=status))
        kind = response.content_type.lower()
        if not is_text(kind):
            raise UnreadablePage(_NOT_TEXT.format(kind=kind))
        body = bytearray()
        is_cut = False
        async for piece in response.content.iter_any():
            body += piece
            if len(body) > self._limits.most_bytes:
                del body[self._limits.most_bytes :]
                is_cut = True
                response.close()
                break
        return _Fetched(
            url=str(response.url.with_fragment(None)),
            body=bytes(body),
            kind=kind,
            charset=response.charset or "",
            is_cut=is_cut,
        )


@dataclass(frozen=True, slots=True)
class _Fetched:
    url: str
    body: bytes
    kind: str
    charset: str
    is_cut: bool


class _Pins(AbstractResolver):
    """Gives the HTTP client the addresses that were checked, and asks nobody."""

    def __init__(self) -> None:
        self.addresses: dict[str, Sequence[IPAddress]] = {}

    @override
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        if host not in self.addresses:
            raise OSError(f"{host} was not checked")
        return [
            ResolveResult(
                hostname=host,
                host=str(address),
                port=port,
                family=socket.AF_INET if address.version == 4 else socket.AF_INET6,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST,
            )
            for address in self.addresses[host]
        ]

    @override
    async def close(self) -> None:
        pass


def _parsed(url: str) -> URL:
    try:
        return URL(url.strip())
    except ValueError:
        raise UnreadablePage(_NOT_AN_ADDRESS) from None


def _parsed_target(location: str) -> URL:
    # Sites send what is not ASCII as they have it, be it UTF-8 or not.
    return _parsed(location.encode("utf-8", "surrogateescape").decode("utf-8", "replace"))


_NUMBER = re.compile(r"[0-9.]+|.*:.*|.*\.(?:[0-9]+|0[xX][0-9a-fA-F]*)\.?|0[xX][0-9a-fA-F]*")


def _is_number(host: str) -> bool:
    """Whether a host is written as a number, in any of the ways that systems read as one."""
    return _NUMBER.fullmatch(host) is not None


def _refusal(status: int) -> str:
    if status in {404, 410}:
        return _NOT_THERE
    return _NOT_FOR_US if status in {401, 402, 403, 407, 451} else _SITE_FAILED
