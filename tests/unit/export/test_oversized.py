"""What a message would cut comes as a file, too."""

from bot.conversation.files import FileFormat
from bot.export.make import make_file
from bot.export.oversized import oversized

CODE = "\n".join(f"print({number})" for number in range(200))
ROWS = "\n".join(f"| {number} | name of {number} |" for number in range(150))


def test_long_code_is_a_file_in_its_language() -> None:
    [file] = oversized(f"## The script\n\n```python\n{CODE}\n```\n\n" + "words " * 500)

    assert file.name == "The script.py"
    assert file.data.decode() == f"{CODE}\n"


def test_a_long_table_is_csv() -> None:
    [file] = oversized(f"## Names\n\n| n | name |\n|---|---|\n{ROWS}\n\n" + "words " * 500)

    assert file.name == "Names.csv"
    assert file.data.decode().count("\r\n") == 151


def test_two_of_one_name_are_told_apart() -> None:
    code = f"```zig\n{CODE}\n```\n\n"

    assert [file.name for file in oversized(code * 2)] == ["Document.zig", "Document 2.zig"]


def test_what_fits_is_left_alone() -> None:
    assert oversized("```python\nx = 1\n```\n\n" + "words " * 2_000) == []


def test_a_document_in_a_fence_is_unwrapped() -> None:
    wrapped = "Here you are:\n\n````markdown\n# T\n\n```py\nx\n```\n````\n"

    assert make_file(wrapped, FileFormat.MARKDOWN).data == b"# T\n\n```py\nx\n```\n"
