"""The commands of operating.md, as the operator reads and types them."""

import os
import pty
import re
import select
from pathlib import Path

PROGRAMS = ("docker ", "python3 ", "git ", "curl ", "manage.py ")


def section(clone: Path, title: str) -> str:
    """The text of a section of the page in this clone."""
    page = (clone / "evabc/docs/operating.md").read_text()
    found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", page, re.M | re.S)
    assert found, f"operating.md has no section “{title}”"
    return found[1]


def commands(text: str) -> list[str]:
    """The commands in a text, in their order: those in backticks and those on indented lines."""
    found = re.findall(r"`([^`]+)`|^ {4}(\S.*)$", text, re.M)
    lines = [" ".join((inline or line).split()) for inline, line in found]
    # As the page says at its beginning.
    return [
        re.sub(r"^manage\.py", "docker compose exec web python manage.py", line)
        for line in lines
        if line.startswith(PROGRAMS)
    ]


def trouble(clone: Path) -> dict[str, list[str]]:
    """The commands that the page gives for each part of /readyz."""
    rows = re.findall(r"^\| (\w+) \| .* \| (.*) \|$", section(clone, "Troubleshooting"), re.M)
    return {part: commands(what_to_do) for part, what_to_do in rows[1:]}  # without the heading


def type_in(command: str, answers: dict[str, str], folder: Path, seconds: float = 900) -> str:
    """Run a command at a terminal. Each question that begins with a key of `answers` gets that answer.

    A question that has a default gets the default. Raises with the end of the output if the command fails.
    """
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(folder)
        os.execvp("bash", ["bash", "-c", command])  # noqa: S606 - a shell, as at a terminal
    output = ""
    while True:
        question = output.rpartition("\n")[2].strip()
        asks = question.endswith((":", "[y/N]"))
        known = [words for words in answers if asks and question.startswith(words)]
        answer = answers[known[0]] if known else None
        # Output that ends with a colon for so long is a question.
        if not known and not select.select([terminal], [], [], 20 if asks else seconds)[0]:
            assert question.endswith("]:"), f"{command} asks what nobody told us: {question}"
            answer = ""
        if answer is not None:
            os.write(terminal, f"{answer}\n".encode())
            output += "\n"
            continue
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # the terminal is closed
            break
        output += piece.decode(errors="replace").replace("\r\n", "\n")
    code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    assert code == 0, f"{command} ended with {code}:\n" + "\n".join(output.splitlines()[-25:])
    return output
