"""Mail: posted within a transaction, delivered after its commit by a job; to a mail server, or into a folder.

A mail may carry a secret (the link of an invitation), so it waits in the queue sealed.
"""

import asyncio
import base64
import json
import re
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid
from pathlib import Path
from urllib.parse import unquote, urlsplit

import aiosmtplib
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import clock, jobs
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database
from foodflow.kernel.jobs import Job
from foodflow.kernel.sealing import Sealer
from foodflow.kernel.tenancy import TenantName
from foodflow.settings import Settings

DELIVER = "mail.deliver"
ADDRESS_PATTERN = r"^[^\s@<>\"(),:;\[\]\\]{1,64}@[^\s@<>\"(),:;\[\]\\]{1,189}$"
"""What we take for an e-mail address (RFC 5321 without its quoted forms); whether it exists shows when mail arrives."""

_SECONDS = 30
# Long lines stay whole (RFC 5322 allows 998 characters), so that a link can be copied from the file as it stands.
_POLICY = SMTP.clone(max_line_length=998)


class Postbox:
    """Takes mails; knows the address that links in them begin with."""

    def __init__(self, settings: Settings, sealer: Sealer) -> None:
        self._sealer, self._url = sealer, settings.public_url

    def link(self, path: str) -> str:
        """The whole address of a page."""
        return self._url + path

    async def post(self, session: AsyncSession, tenant: TenantName, *, to: str, subject: str, text: str) -> None:
        """Have a mail delivered once the transaction has committed; in a company's name, which its job runs in."""
        content = json.dumps({"to": to, "subject": subject, "text": text}).encode()
        sealed = base64.b64encode(self._sealer.seal(content)).decode()
        await jobs.enqueue_for(session, tenant, DELIVER, sealed=sealed)


def job_of(settings: Settings, sealer: Sealer) -> Job:
    """The job that delivers mails with these settings."""

    async def deliver(_database: Database, _actor: Actor, sealed: str) -> None:
        message = _message(settings.mail_from, **json.loads(sealer.open(base64.b64decode(sealed))))
        if settings.smtp_url is None:
            await asyncio.to_thread(_write, settings.mail_folder, message)
        else:
            await _send(settings.smtp_url, message)

    return Job(DELIVER, deliver, attempts=8)


def _message(sender: str, *, to: str, subject: str, text: str) -> EmailMessage:
    """The mail; a line break in a header, with which more headers could be smuggled in, raises ValueError."""
    message = EmailMessage(policy=_POLICY)
    name, _, domain = to.rpartition("@")
    message["From"], message["To"] = sender, Address(username=name, domain=domain)
    message["Subject"], message["Date"] = subject, format_datetime(clock.now())
    message["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    return message


def _write(folder: Path, message: EmailMessage) -> None:
    """As a file that mail programs open, readable by its owner; whole or not at all."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    to = re.sub(r"[^a-z0-9@.+-]", "_", str(message["To"]).lower())[:100]
    path = folder / f"{clock.now():%Y-%m-%dT%H-%M-%S}-{to}-{clock.new_id().hex[-8:]}.eml"
    partial = path.with_suffix(".partial")
    partial.touch(mode=0o600)
    partial.write_bytes(message.as_bytes())
    partial.rename(path)


async def _send(url: str, message: EmailMessage) -> None:
    """Through a mail server; STARTTLS is used wherever it is offered (RFC 3207)."""
    server = urlsplit(url)
    await aiosmtplib.send(
        message,
        hostname=server.hostname,
        port=server.port,
        username=unquote(server.username) if server.username else None,
        password=unquote(server.password) if server.password else None,
        use_tls=server.scheme == "smtps",
        timeout=_SECONDS,
    )
