"""Mail: posted with the deed, delivered after it to a server or into a folder, and sealed while it waits."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import psycopg
import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from pydantic import SecretStr

from foodflow.kernel import mail
from foodflow.kernel.db import Database, platform_transaction
from foodflow.kernel.mail import Postbox
from foodflow.kernel.queue import build_queue
from foodflow.kernel.sealing import Sealer
from foodflow.kernel.tenancy import TenantName
from foodflow.settings import Settings
from tests.make import SECRET_KEY

DEMO = TenantName("demo")
LINK = "https://f.example/in#sesame-" + "o" * 120
SEALER = Sealer(SECRET_KEY)
LETTER = {"to": "ann@akron.example", "subject": "Grüße", "text": f"Here is the way in:\n\n{LINK}\n"}


class Inbox:
    """What a mail server took, and who had signed in to it."""

    def __init__(self, *, refusals: int = 0) -> None:
        self.refusals = refusals
        self.mails: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.users: list[str] = []

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - its name
        if self.refusals:
            self.refusals -= 1
            return "451 come back later"
        assert isinstance(envelope.content, bytes)
        self.mails.append(message_from_bytes(envelope.content, _class=EmailMessage, policy=policy.default))
        self.recipients += envelope.rcpt_tos
        return "250 taken"

    def signs_in(
        self, _server: object, _session: object, _envelope: object, _mechanism: str, given: object
    ) -> AuthResult:
        user, password = getattr(given, "login", b""), getattr(given, "password", b"")
        self.users.append(user.decode())
        return AuthResult(success=password == b"p@ss")


@asynccontextmanager
async def mail_server(inbox: Inbox, **options: Any) -> AsyncIterator[str]:  # noqa: ANN401 - the server's own
    """A mail server on a port of this machine, and its address."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(inbox, loop=loop, **options), "127.0.0.1", 0)
    async with server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"


@asynccontextmanager
async def working(database: Database, settings: Settings) -> AsyncIterator[None]:
    """A block after which every mail that waits was tried once."""
    yield
    async with build_queue(database, [mail.job_of(settings, SEALER)], []).open_async() as queue, asyncio.timeout(20):
        await queue.run_worker_async(wait=False, install_signal_handlers=False, listen_notify=False)


async def post(database: Database, settings: Settings, **letter: str) -> None:
    async with platform_transaction(database) as session:
        await Postbox(settings, SEALER).post(session, DEMO, **LETTER | letter)


async def post_and_fail(database: Database, settings: Settings) -> None:
    async with platform_transaction(database) as session:
        await Postbox(settings, SEALER).post(session, DEMO, **LETTER)
        raise OSError("the deed fails")


def settings_of(tmp_path: Path, **others: object) -> Settings:
    return Settings(home=tmp_path, secret_key=SecretStr(SECRET_KEY), **others)  # type: ignore[arg-type] # any of them


def files(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "mail").iterdir()) if (tmp_path / "mail").exists() else []


async def test_without_a_mail_server_a_mail_becomes_a_file_that_mail_programs_open(
    database: Database, tmp_path: Path
) -> None:
    settings = settings_of(tmp_path)
    async with working(database, settings):
        await post(database, settings)
    (file,) = files(tmp_path)
    assert file.suffix == ".eml"
    assert file.stat().st_mode & 0o077 == 0
    found = message_from_bytes(file.read_bytes(), _class=EmailMessage, policy=policy.default)
    assert (found["To"], found["Subject"], found["From"]) == ("ann@akron.example", "Grüße", "foodflow@localhost")
    assert found.get_content().splitlines() == LETTER["text"].splitlines()


async def test_a_mail_goes_to_the_server_signed_in_and_is_tried_again_when_that_is_busy(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    inbox = Inbox(refusals=1)
    async with mail_server(inbox, authenticator=inbox.signs_in, auth_require_tls=False) as host:
        settings = settings_of(tmp_path, smtp_url=f"smtp://bot:p%40ss@{host}", mail_from="plant@akron.example")
        async with working(database, settings):
            await post(database, settings)
        assert inbox.mails == []
        with psycopg.connect(database_url) as connection:
            connection.execute("SET search_path = jobs")
            sooner = "UPDATE procrastinate_jobs SET scheduled_at = now() WHERE task_name = 'mail.deliver'"
            connection.execute(sooner + " AND status = 'todo'")
        async with working(database, settings):
            pass
    assert (inbox.users[0], inbox.recipients) == ("bot", ["ann@akron.example"])
    assert inbox.mails[0]["From"] == "plant@akron.example"
    assert inbox.mails[0].get_content().splitlines() == LETTER["text"].splitlines()
    assert files(tmp_path) == []


async def test_a_link_stands_in_the_file_in_one_piece(database: Database, tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    async with working(database, settings):
        await post(database, settings)
    assert LINK.encode() in files(tmp_path)[0].read_bytes()


async def test_a_deed_that_fails_sends_no_mail(database: Database, tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    async with working(database, settings):
        with pytest.raises(OSError, match="the deed fails"):
            await post_and_fail(database, settings)
    assert files(tmp_path) == []


async def test_what_a_mail_says_cannot_be_read_while_it_waits(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    settings = settings_of(tmp_path)
    async with working(database, settings):
        await post(database, settings)
        with psycopg.connect(database_url) as connection:
            waiting = connection.execute(
                "SELECT args::text FROM jobs.procrastinate_jobs WHERE task_name = 'mail.deliver' AND status = 'todo'"
            ).fetchall()
        assert len(waiting) == 1
        assert not re.search("sesame|ann@|Here", str(waiting))
    assert len(files(tmp_path)) == 1


@pytest.mark.parametrize(
    "letter",
    [
        {"subject": "Hello\r\nBcc: all@akron.example"},
        {"subject": "Hello\nBcc: all@akron.example"},
        {"to": "ann@akron.example\r\nBcc: all@akron.example"},
        {"to": "ann@akron.example, all@akron.example"},
    ],
)
async def test_nobody_smuggles_a_header_or_a_reader_into_a_mail(
    database: Database, tmp_path: Path, letter: dict[str, str]
) -> None:
    inbox = Inbox()
    async with mail_server(inbox) as host:
        settings = settings_of(tmp_path, smtp_url=f"smtp://{host}")
        async with working(database, settings):
            await post(database, settings, **letter)
    assert "all@akron.example" not in str([mail.items() for mail in inbox.mails]) + str(inbox.recipients)


def test_links_begin_with_the_address_of_the_settings() -> None:
    assert Postbox(Settings(url="https://f.example/"), SEALER).link("/in") == "https://f.example/in"
    assert Postbox(Settings(port=8123), SEALER).link("/in") == "http://127.0.0.1:8123/in"


@pytest.mark.parametrize("address", ["a@b", "ann.o'neil+x@akron.example", "grün@büro.example"])
def test_addresses_that_are_taken(address: str) -> None:
    assert re.fullmatch(mail.ADDRESS_PATTERN, address)


@pytest.mark.parametrize(
    "address", ["", "a", "@b", "a@", "a b@c", "a@b@c", "a@b,c@d", "a@b\n", "<a@b>", "a@b\r\nBcc: c@d"]
)
def test_addresses_that_are_not(address: str) -> None:
    assert not re.fullmatch(mail.ADDRESS_PATTERN, address)
