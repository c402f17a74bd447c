"""Calling the `foodflow` command: in this process where nothing depends on it being one of its own, else as one."""

import asyncio
import contextlib
import io
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from foodflow import cli

PATIENCE = 60


@dataclass(frozen=True, slots=True)
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def refusal(self) -> str:
        """The one line with which a command says what a person can mend; there is no traceback, and the code is 2."""
        assert "Traceback" not in self.err, self.err
        lines = [line for line in self.err.splitlines() if line.startswith(("foodflow: ", "Error: "))]
        assert (self.code, len(lines)) == (2, 1), self.err
        return lines[0]


async def foodflow(*arguments: object) -> Said:
    """Call the command in this process, with the environment that the test has set."""
    return await asyncio.to_thread(_call, [str(each) for each in arguments])


def _call(arguments: list[str]) -> Said:
    out, err, code = io.StringIO(), io.StringIO(), 0
    with (
        patch.object(sys, "argv", ["foodflow", *arguments]),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            cli.main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
    return Said(code, out.getvalue(), err.getvalue())


async def process(*arguments: object, environment: dict[str, str], folder: Path | None = None) -> Said:
    """Call the command as a process of its own, with nothing but its own settings in the environment."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("FOODFLOW_", "DATABASE_URL"))}
    command = [sys.executable, "-m", "foodflow", *(str(each) for each in arguments)]

    def call() -> Said:
        done = subprocess.run(
            command, env=ours | environment, cwd=folder, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
        return Said(done.returncode, done.stdout, done.stderr)

    return await asyncio.to_thread(call)
