"""Reading web pages, against a real server that answers as servers on the internet may."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import UnreadablePage
from bot.reading.pages import IPAddress, PageLimits, PublicPages, is_public

HERE = ip_address("127.0.0.1")
STORY = "The lighthouse keeper counted the ships that passed in the night, and there were seven. "
ARTICLE = f"""<!doctype html><html><head><title>The
 Lighthouse &amp; Co</title></head><body><nav><a href="/a">Menu entry</a></nav>
<article><h1>Seven ships</h1><p>{STORY * 4}</p><p>See <a href="/log">the log</a>.</p>
<ul><li>first ship</li><li>second ship</li></ul></article><footer>Cookies</footer></body></html>"""
Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


def answer(body: bytes | str, kind: str = "text/html", status: int = 200, **more: str) -> Answer:
    data = body.encode() if isinstance(body, str) else body
    headers = {"Content-Type": kind, "Content-Length": str(len(data)), "Connection": "close"}
    headers |= {name.replace("_", "-"): value for name, value in more.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items() if value)

    async def write(writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 {status} X\r\n{lines}\r\n".encode("utf-8", "surrogateescape"))
        writer.write(data)
        await writer.drain()

    return write


def redirect(to: str, status: int = 302) -> Answer:
    return answer("", status=status, Location=to)


class Site:
    """A server on a port of its own; `pages` says what each path answers."""

    def __init__(self) -> None:
        self.pages: dict[str, Answer] = {}
        self.requests: list[str] = []
        self.port = 0
        self.handlers: list[asyncio.Task[None] | None] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.handlers.append(asyncio.current_task())
        try:
            if (first := await reader.readexactly(1)) == b"\x16":
                return  # TLS is not spoken here
            head = (first + await reader.readuntil(b"\r\n\r\n")).decode()
            self.requests.append(head)
            await self.pages.get(head.split(" ")[1], answer("gone", status=404))(writer)
            writer.close()
            await writer.wait_closed()
        except (OSError, EOFError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()


@asynccontextmanager
async def site(address: str = "127.0.0.1", **pages: Answer) -> AsyncIterator[Site]:
    running = Site()
    running.pages = {f"/{name}": page for name, page in pages.items()}
    server = await asyncio.start_server(running.serve, address, 0)
    running.port = server.sockets[0].getsockname()[1]
    yield running
    server.close()
    for handler in running.handlers:
        if handler:
            handler.cancel()
    await asyncio.gather(*(one for one in running.handlers if one))
    await asyncio.sleep(0)  # an aborted transport closes its socket one step later


@pytest.fixture(scope="module")
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as executor:
        yield executor


Open = Callable[..., PublicPages]


@pytest.fixture
def reader(pool: ThreadPoolExecutor) -> Open:
    """A reader for which this machine's 127.0.0.1 and one site's port are the whole internet."""

    def make(running: Site, **limits: float) -> PublicPages:
        return PublicPages(
            pool,
            limits=PageLimits(**limits),  # type: ignore[arg-type]
            is_allowed=HERE.__eq__,
            ports=frozenset({running.port}),
        )

    return make


async def refused(pages: PublicPages, url: str) -> str:
    with pytest.raises(UnreadablePage) as raised:
        await pages.read(url)
    return raised.value.sentence


async def test_the_main_text_comes_as_markdown_without_the_menus(reader: Open) -> None:
    async with site(story=answer(ARTICLE)) as running:
        page = await reader(running).read(running.url + "/story#top")

    assert page.title == "The Lighthouse & Co"
    assert STORY.strip() in page.text
    assert "# Seven ships" in page.text
    assert f"[the log]({running.url}/log)" in page.text
    assert "- first ship" in page.text
    assert "Menu entry" not in page.text
    assert not page.truncated
    assert page.url == running.url + "/story"
    assert "cookie" not in running.requests[0].lower()
    assert "authorization" not in running.requests[0].lower()


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/plain", "one\u2028two\u2029three\n\nfour"),
        ("text/markdown; charset=utf-8", "# Title\n\n- a\n- b"),
        ("application/json", '{"a": "x\u2028y"}'),
        ("application/feed+json", "[1]"),
        ("application/xml", "<a><b>c</b></a>"),
        ("application/rss+xml", "<rss><channel/></rss>"),
    ],
)
async def test_plain_kinds_come_as_they_are(reader: Open, kind: str, body: str) -> None:
    async with site(x=answer(body, kind)) as running:
        page = await reader(running).read(running.url + "/x")

    assert (page.text, page.title, page.truncated) == (body, "", False)


async def test_line_separators_inside_a_page_do_not_cut_it(reader: Open) -> None:
    html = ARTICLE.replace("counted the ships", "counted\u2028the ships")
    async with site(x=answer(html)) as running:
        page = await reader(running).read(running.url + "/x")

    assert page.text.count("there were seven") == 4


CHARSETS = [
    ("text/html; charset=gb2312", "gb18030", "", "灯塔看守人数着夜里驶过的船只，一共镕镕七艘。"),
    ("text/html", "gb18030", '<meta charset="gbk">', "灯塔看守人数着夜里驶过的船只。"),
    (
        "text/html",
        "shift_jis",
        '<meta http-equiv=x content="text/html; charset=Shift_JIS">',
        "船が通る",
    ),
    ("text/html; charset=iso-8859-1", "cp1252", "", "The keeper’s “seven” ships cost 5 €"),
    ("text/html; charset=nonsense", "utf-8", "", "Große Schiffe"),
    ("text/html", "cp1252", "", "Große Schiffe"),
    ("text/html; charset=iso-8859-1", "utf-8-sig", "", "Große Schiffe"),
    ("text/html", "utf-16", "", "Große Schiffe"),
    ("application/xhtml+xml", "utf-8", "", "Große Schiffe"),
    ("text/html; charset=punycode", "utf-8", "", "Große Schiffe"),
]


@pytest.mark.parametrize(("kind", "codec", "head", "text"), CHARSETS)
async def test_charsets_mean_what_browsers_take_them_for(
    reader: Open, kind: str, codec: str, head: str, text: str
) -> None:
    declaration = '<?xml version="1.0" encoding="utf-8"?>' if "xhtml" in kind else ""
    html = f"{declaration}<html><head>{head}</head><body><p>{text}</p></body></html>"
    async with site(x=answer(html.encode(codec), kind)) as running:
        page = await reader(running).read(running.url + "/x")

    assert page.text == text


async def test_control_characters_are_left_out(reader: Open) -> None:
    async with site(x=answer("a\x00b\x1b[1m\r\nc", "text/plain")) as running:
        assert (await reader(running).read(running.url + "/x")).text == "ab[1m\nc"


# --- where it does not go ------------------------------------------------------------------------

INSIDE = """
127.0.0.1 127.255.0.1 0.0.0.0 0.1.2.3 10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1
169.254.169.254 100.64.0.1 100.100.100.200 100.127.255.255 192.0.2.1 198.18.0.1 198.51.100.1
203.0.113.1 224.0.0.1 239.255.255.250 240.0.0.1 255.255.255.255 192.88.99.1 168.63.129.16
:: ::1 fe80::1 fe80::1%eth0 fc00::1 fd00:ec2::254 fec0::1 ff02::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1
::ffff:0:127.0.0.1 ::127.0.0.1 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 64:ff9b:1::a00:1 2002:7f00:1::1
2002:808:808::1 2001:0:53aa:64c:0:7eff:80ff:fffe 2001:db8::1 100::1
"""
OUTSIDE = """
1.1.1.1 8.8.8.8 100.63.255.255 100.128.0.1 172.32.0.1 223.5.5.5 2606:4700::1111 2400:3200::1
::ffff:8.8.8.8 64:ff9b::808:808
"""


@pytest.mark.parametrize("address", INSIDE.split())
def test_what_is_not_everybodys_internet_is_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", OUTSIDE.split())
def test_everybodys_internet_is_public(address: str) -> None:
    assert is_public(ip_address(address))


@given(st.ip_addresses(v=4, network="0.0.0.0/0"))
def test_an_address_in_another_ones_clothes_is_no_more_public(inner: IPAddress) -> None:
    mapped = ip_address(f"::ffff:{inner}")
    translated = ip_address(int(ip_address("64:ff9b::")) + int(inner))
    relayed = ip_address((0x2002 << 112) + (int(inner) << 80) + 1)

    assert is_public(mapped) == is_public(translated) == is_public(inner)
    assert not is_public(relayed)


NOT_PUBLIC, NOT_AN_ADDRESS = "that address is not public", "that is not the address of a web page"
REFUSED = [
    ("http://127.0.0.1/", NOT_PUBLIC),
    ("http://localhost/", NOT_PUBLIC),
    ("http://LOCALHOST/", NOT_PUBLIC),
    ("https://[::1]/", NOT_PUBLIC),
    ("http://[::ffff:169.254.169.254]/", NOT_PUBLIC),
    ("http://100.100.100.200/latest/meta-data", NOT_PUBLIC),
    ("http://１２７.0.0.1/", NOT_PUBLIC),
    ("http://2130706433/", NOT_AN_ADDRESS),
    ("http://0x7f000001/", NOT_AN_ADDRESS),
    ("http://0177.0.0.1/", NOT_AN_ADDRESS),
    ("http://127.1/", NOT_AN_ADDRESS),
    ("http://127.0.0.0x1/", NOT_AN_ADDRESS),
    ("http://[::1%25lo]/", NOT_PUBLIC),
    ("http:///etc/passwd", NOT_AN_ADDRESS),
    ("http://", NOT_AN_ADDRESS),
    ("http://a:b:c/", NOT_AN_ADDRESS),
    ("http://[::1/", NOT_AN_ADDRESS),
    ("", "only http and https addresses can be read"),
    ("example.com/page", "only http and https addresses can be read"),
    ("file:///etc/passwd", "only http and https addresses can be read"),
    ("ftp://example.com/", "only http and https addresses can be read"),
    ("gopher://127.0.0.1:6379/_x", "only http and https addresses can be read"),
    ("http://me:secret@example.com/", "that address has a password in it"),
    ("http://me@example.com/", "that address has a password in it"),
    ("http://8.8.8.8:22/", "only the usual ports of the web can be read"),
    ("http://example.com:8080/", "only the usual ports of the web can be read"),
]


@pytest.mark.parametrize(("url", "sentence"), REFUSED)
async def test_addresses_that_lead_elsewhere_are_refused(
    pool: ThreadPoolExecutor, url: str, sentence: str
) -> None:
    assert await refused(PublicPages(pool), url) == sentence


async def test_one_private_address_among_a_names_addresses_is_enough_to_refuse(
    pool: ThreadPoolExecutor,
) -> None:
    async def resolve(host: str, port: int) -> Sequence[str]:
        return ["8.8.8.8", "10.0.0.7"]

    assert await refused(PublicPages(pool, resolve=resolve), "http://mixed.test/") == NOT_PUBLIC


async def test_a_name_that_nobody_knows_is_said_so(pool: ThreadPoolExecutor) -> None:
    async def resolve(host: str, port: int) -> Sequence[str]:
        raise OSError("Name or service not known")

    pages = PublicPages(pool, resolve=resolve)
    assert await refused(pages, "http://no.test/") == "there is no site of that name"


async def test_a_name_that_changes_its_meaning_leads_to_the_address_that_was_checked(
    pool: ThreadPoolExecutor,
) -> None:
    asked: list[str] = []

    async def resolve(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["127.0.0.2"]

    async with site(secret=answer(ARTICLE), again=redirect("/secret")) as running:
        pages = PublicPages(
            pool, is_allowed=HERE.__eq__, ports=frozenset({running.port}), resolve=resolve
        )
        page = await pages.read(f"http://rebinding.test:{running.port}/secret")
        assert asked == ["rebinding.test"], "asked once: the connection asks nobody again"
        assert page.url == f"http://rebinding.test:{running.port}/secret"
        assert f"Host: rebinding.test:{running.port}\r\n" in running.requests[0]

        del asked[:]
        assert await refused(pages, f"http://rebinding.test:{running.port}/again") == NOT_PUBLIC
        assert len(running.requests) == 2


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        ("http://127.0.0.2:{port}/x", NOT_PUBLIC),
        ("//169.254.169.254:{port}/latest", NOT_PUBLIC),
        ("http://[::1]:{port}/", NOT_PUBLIC),
        ("http://me:pw@127.0.0.1:{port}/x", "that address has a password in it"),
        ("http://127.0.0.1:22/", "only the usual ports of the web can be read"),
        ("file:///etc/passwd", "only http and https addresses can be read"),
    ],
)
async def test_each_redirect_is_checked_again(
    reader: Open, status: int, target: str, sentence: str
) -> None:
    async with site() as running:
        running.pages["/a"] = redirect(target.format(port=running.port), status)

        assert await refused(reader(running), running.url + "/a") == sentence
        assert len(running.requests) == 1


async def test_redirects_are_followed_five_times_and_no_more(reader: Open) -> None:
    async with site(s5=answer(ARTICLE), round=redirect("/round")) as running:
        running.pages |= {f"/s{n}": redirect(f"s{n + 1}?") for n in range(5)}
        running.pages |= {f"/s{n}?": redirect(f"s{n + 1}") for n in range(5)}
        running.pages["/s5?"] = running.pages["/s5"]
        page = await reader(running).read(running.url + "/s0")
        assert page.url.startswith(running.url + "/s5")

        del running.requests[:]
        sentence = await refused(reader(running), running.url + "/round")
        assert sentence == "the site sends its readers round in circles"
        assert len(running.requests) == 6


async def test_a_redirect_to_a_place_with_odd_letters_is_followed(reader: Open) -> None:
    async with site(a=redirect("/größe")) as running:
        running.pages["/gr%C3%B6%C3%9Fe"] = answer(ARTICLE)

        assert "seven" in (await reader(running).read(running.url + "/a")).text


# --- what it does not take in --------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["image/png", "application/pdf", "video/mp4", "text/css", ""])
async def test_other_kinds_are_refused_by_name(reader: Open, kind: str) -> None:
    async with site(x=answer(b"\x89PNG", kind)) as running:
        sentence = await refused(reader(running), running.url + "/x")

    assert sentence == f"that is not a page of text ({kind or 'application/octet-stream'})"


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (404, "there is no such page (HTTP 404)"),
        (403, "the site shows that page only to people it knows (HTTP 403)"),
        (429, "the site could not send that page (HTTP 429)"),
        (500, "the site could not send that page (HTTP 500)"),
        (304, "the site could not send that page (HTTP 304)"),
    ],
)
async def test_what_the_site_says_no_with_is_said(reader: Open, status: int, sentence: str) -> None:
    async with site(x=answer("", status=status)) as running:
        assert await refused(reader(running), running.url + "/x") == sentence


async def test_a_page_without_text_is_said_so(reader: Open) -> None:
    app = "<html><body><div id=root></div><script>render()</script></body></html>"
    async with site(x=answer(app), y=answer("")) as running:
        for path in "xy":
            sentence = await refused(reader(running), f"{running.url}/{path}")
            assert sentence == "that page shows no text without a browser"


async def test_a_huge_body_is_read_to_the_limit_only(reader: Open) -> None:
    sent = 0

    async def endless(writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
        while True:
            writer.write(b"word " * 2000)
            sent += 10_000
            await writer.drain()

    async with site(x=endless) as running:
        pages = reader(running, most_bytes=100_000, most_characters=200_000)
        page = await pages.read(running.url + "/x")

    assert page.truncated
    assert 99_990 <= len(page.text) <= 100_000
    assert sent < 20_000_000


async def test_a_gzip_bomb_is_not_unpacked_beyond_the_limit(reader: Open) -> None:
    bomb = gzip.compress(gzip.compress(b"a " * 20_000_000))
    once = gzip.compress(b"a " * 20_000_000)
    async with site(
        x=answer(once, "text/plain", Content_Encoding="gzip"),
        y=answer(bomb, "text/plain", Content_Encoding="gzip, gzip"),
    ) as running:
        pages = reader(running, most_bytes=50_000)
        page = await pages.read(running.url + "/x")
        with suppress(UnreadablePage):
            assert len((await pages.read(running.url + "/y")).text) <= 50_000

    assert page.truncated
    assert len(page.text) < 50_000


async def test_compressed_pages_are_read_and_broken_ones_refused(reader: Open) -> None:
    packed = gzip.compress(ARTICLE.encode())
    async with site(
        good=answer(packed, Content_Encoding="gzip"),
        bad=answer(b"this is no gzip", Content_Encoding="gzip"),
        short=answer("half", Content_Length="400"),
    ) as running:
        pages = reader(running)
        assert "seven" in (await pages.read(running.url + "/good")).text
        for path in ("bad", "short"):
            sentence = await refused(pages, f"{running.url}/{path}")
            assert sentence == "that site can't be reached"


async def test_a_slow_site_is_left_in_time(reader: Open) -> None:
    async def silent(writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    async def dripping(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
        while True:
            writer.write(b"a")
            await writer.drain()
            await asyncio.sleep(0.02)

    async with site(silent=silent, dripping=dripping) as running:
        pages = reader(running, seconds=0.2)
        for path in ("silent", "dripping"):
            assert await refused(pages, f"{running.url}/{path}") == "the page took too long"


async def test_a_long_text_is_cut_and_says_so(reader: Open) -> None:
    async with site(x=answer("a" * 50_001, "text/plain")) as running:
        page = await reader(running).read(running.url + "/x")
        assert (len(page.text), page.truncated) == (40_000, True)
        page = await reader(running, most_characters=50_001).read(running.url + "/x")
        assert (len(page.text), page.truncated) == (50_001, False)


async def test_a_page_of_countless_elements_is_read_without_looking_for_its_main_text(
    reader: Open,
) -> None:
    html = "<html><body>" + "<p>seven <b>ships</b></p>" * 30_000
    async with site(x=answer(html)) as running:
        page = await reader(running).read(running.url + "/x")

    assert page.text.startswith("seven ships seven")


async def test_a_site_that_is_not_there_or_speaks_no_tls_is_said_so(reader: Open) -> None:
    async with site(x=answer(ARTICLE)) as running:
        pages = reader(running)
        sentence = await refused(pages, f"https://127.0.0.1:{running.port}/x")
        assert sentence == "that site can't be reached"
    assert await refused(pages, running.url + "/x") == "that site can't be reached"
