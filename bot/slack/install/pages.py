"""The pages people see while they install the bot: plain, without scripts, with nothing unescaped."""

from html import escape
from urllib.parse import quote

from starlette.responses import HTMLResponse

START_AGAIN = '<p><a class="button" href="/slack/install">Start again</a></p>'
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",  # the address has the code in it
    "X-Content-Type-Options": "nosniff",
}
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark }}
body {{ margin: 0; min-height: 100vh; display: grid; place-items: center;
  font: 16px/1.5 system-ui, sans-serif; background: light-dark(#f6f5f3, #1a1d21);
  color: light-dark(#1d1c1d, #e8e6e3) }}
main {{ max-width: 30rem; margin: 1.5rem; padding: 2rem 2.25rem; border-radius: 14px;
  overflow-wrap: anywhere;
  background: light-dark(#fff, #222529); box-shadow: 0 1px 3px #0002, 0 8px 30px #0001 }}
h1 {{ margin: 0 0 .75rem; font-size: 1.5rem; line-height: 1.25 }}
ul {{ padding-left: 1.25rem }}
.mark {{ color: light-dark(#4a154b, #d8a9da); margin-bottom: .5rem }}
.button {{ display: inline-flex; align-items: center; gap: .65rem; margin-top: .5rem;
  padding: .7rem 1.15rem; border-radius: 8px; background: #4a154b; color: #fff;
  border: 1px solid light-dark(#4a154b, #8b5a8d); font-weight: 600; text-decoration: none }}
.button:hover {{ background: #611f64 }}
.button:focus-visible {{ outline: 3px solid #1d9bd1; outline-offset: 2px }}
.quiet {{ color: light-dark(#616061, #ababad); font-size: .875rem }}
</style>
</head>
<body><main><div class="mark">{mark}</div><h1>{title}</h1>{body}</main></body>
</html>
"""
_MARK = (
    '<svg width="40" height="40" viewBox="0 0 24 24" fill="none" stroke="currentColor" '
    'stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">'
    '<path d="M4 4h16v12H10l-6 4z"/><path d="{strokes}"/></svg>'
)
_LINES, _CHECK, _DASH = "M8 8.5h8M8 12h5", "m8.5 10 2.5 2.5 4.5-5", "M9 10h6"
_LOGO = (
    '<svg width="20" height="20" viewBox="0 0 122.8 122.8" aria-hidden="true">'
    '<path fill="#e01e5a" d="M25.8 77.6a12.9 12.9 0 1 1-12.9-12.9h12.9zm6.5 0a12.9 12.9 0 0 1 25.8 '
    '0v32.3a12.9 12.9 0 1 1-25.8 0z"/>'
    '<path fill="#36c5f0" d="M45.2 25.8a12.9 12.9 0 1 1 12.9-12.9v12.9zm0 6.5a12.9 12.9 0 0 1 0 '
    '25.8H12.9a12.9 12.9 0 1 1 0-25.8z"/>'
    '<path fill="#2eb67d" d="M97 45.2a12.9 12.9 0 1 1 12.9 12.9H97zm-6.5 0a12.9 12.9 0 0 1-25.8 '
    '0V12.9a12.9 12.9 0 1 1 25.8 0z"/>'
    '<path fill="#ecb22e" d="M77.6 97a12.9 12.9 0 1 1-12.9 12.9V97zm0-6.5a12.9 12.9 0 0 1 '
    '0-25.8h32.3a12.9 12.9 0 1 1 0 25.8z"/></svg>'
)


def offer(authorize_url: str) -> HTMLResponse:
    """What the bot is, and the button."""
    body = (
        "<p>Ask it in a thread, show it a picture, have it summarise a channel. "
        "It answers where you ask, while it thinks.</p>"
        "<ul><li>It reads threads it is mentioned in, and its direct messages.</li>"
        "<li>It shows nobody what Slack would not show them.</li>"
        "<li>Remove it, and everything it has kept of your workspace is deleted.</li></ul>"
        f'<p><a class="button" href="{escape(authorize_url)}">{_LOGO} Add to Slack</a></p>'
        '<p class="quiet">Slack asks you next what it may do. You may need an admin.</p>'
    )
    return _page("Threadwise for your workspace", body, strokes=_LINES)


def success(name: str, *, app_id: str, team_id: str) -> HTMLResponse:
    """It is installed; and what to do next."""
    address = f"https://slack.com/app_redirect?app={quote(app_id)}"
    if team_id:
        address += f"&team={quote(team_id)}"
    body = (
        "<p>Invite it to a channel with <b>/invite @Threadwise</b> and mention it, "
        "or write it a direct message.</p>"
        f'<p><a class="button" href="{escape(address)}">{_LOGO} Open it in Slack</a></p>'
    )
    return _page(f"Threadwise is in {name} now", body, strokes=_CHECK)


def failure(title: str, words: str, *, status: int) -> HTMLResponse:
    """It is not installed; why, in a sentence, and the way back to the beginning."""
    body = f"<p>{escape(words)}</p>{START_AGAIN}"
    return _page(title, body, strokes=_DASH, status=status)


def _page(title: str, body: str, *, strokes: str, status: int = 200) -> HTMLResponse:
    html = _PAGE.format(title=escape(title), body=body, mark=_MARK.format(strokes=strokes))
    return HTMLResponse(html, status_code=status, headers=_HEADERS)
