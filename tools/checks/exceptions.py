"""The places that may break a rule, each with its reason; the list may only shrink."""

import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.checks.project import Finding

LIST = Path(__file__).with_suffix(".toml")
LISTED_AT = "tools/checks/exceptions.toml"


@dataclass(frozen=True)
class Allowed:
    """One listed exception: findings of this rule in this file, about this subject if one is named."""

    rule: str
    path: str
    reason: str
    subject: str = ""

    def covers(self, finding: Finding) -> bool:
        same_place = (finding.rule, finding.path) == (self.rule, self.path)
        return same_place and self.subject in {"", finding.subject}


def parse(text: str) -> list[Allowed]:
    """The exceptions in a TOML text; a field that is missing or unknown is a TypeError."""
    return [Allowed(**entry) for entry in tomllib.loads(text).get("exception", [])]


def apply(findings: Iterable[Finding], allowed: Iterable[Allowed]) -> Iterator[Finding]:
    """The findings that no exception covers, and a finding for each exception without a reason or without a use."""
    listed, found = list(allowed), list(findings)
    yield from (finding for finding in found if not any(exception.covers(finding) for exception in listed))
    for exception in listed:
        what = " ".join(filter(None, (exception.rule, exception.path, exception.subject)))
        if not exception.reason.strip():
            yield Finding(LISTED_AT, 1, "exception-without-reason", f"say why for {what}", exception.subject)
        if not any(exception.covers(finding) for finding in found):
            yield Finding(LISTED_AT, 1, "exception-not-needed", f"take it off the list: {what}", exception.subject)
