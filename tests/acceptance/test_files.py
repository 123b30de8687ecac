"""What people share, seen through Slack: the model is shown what is in it."""

from tests.playground import AT, RunningBot, RunningPlayground
from tests.unit.reading.orders import FILES


def test_documents_reach_the_model_with_their_places(
    playground: RunningPlayground, bot: RunningBot
) -> None:
    names = ["report.docx", "plans.pptx", "ledger.xlsx", "locked.pdf", "letter.eml"]
    files = {name: (FILES / name).read_bytes() for name in names}
    ts = playground.share(f"{AT}what did dredging cost?", files)

    text = playground.answer(ts)["text"]

    shown = str(playground.asked()[-1]["messages"])
    assert "document 'report.docx', a Word document, shared by Anna" in shown
    assert "| Dredging | 120000 | 131500 |" in shown
    assert "[slide 2]" in shown
    assert "[sheet 'ledger', rows 2–4]" in shown
    assert "der Kai öffnet im Mai 2027" in shown
    assert "`locked.pdf`: it is protected with a password" in text
