"""What a process is for."""

from enum import Flag, auto


class Role(Flag):
    """Which parts a process runs."""

    WEB = auto()
    """Takes in what Slack sends."""
    WORKER = auto()
    """Answers it."""
