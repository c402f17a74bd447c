"""Passwords, for whoever shows people a form: changed, forgotten, and set anew."""

import base64
from dataclasses import dataclass, field

from foodflow.identity.public.proving import confirm_password
from foodflow.identity.public.signing_in import Caller
from foodflow.identity.queries import passwords as queries
from foodflow.identity.rules.passwords import require_acceptable_password
from foodflow.identity.usecases import passwords as usecases
from foodflow.kernel import credentials, jobs
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, directory_transaction, platform_transaction
from foodflow.kernel.mail import Postbox
from foodflow.kernel.sealing import Sealer

HELP_WHO_FORGOT = "identity.help_who_forgot"


@dataclass(frozen=True, slots=True)
class Passwords:
    """The password that somebody has, and the one that they want; a log that shows this shows neither."""

    current: str = field(repr=False)
    new: str = field(repr=False)


async def change(database: Database, actor: Actor, given: Passwords, caller: Caller, *, postbox: Postbox) -> None:
    """Change the password of somebody who knows theirs; no connection is held while one is hashed."""
    async with platform_transaction(database) as session:
        holder = await usecases.holder(session, actor)
    await confirm_password(database, actor, given.current, caller)
    require_acceptable_password(given.new, holder.known, field="new_password")
    password_hash = await credentials.hashed(given.new)
    async with directory_transaction(database, actor) as session:
        await usecases.change(session, actor, password_hash, postbox)


async def ask_for_help(database: Database, email: str, *, sealer: Sealer, default: str) -> None:
    """Have somebody who forgot their password helped by mail. Whether there is such a person is found out by a job,
    whose company has nothing to do with theirs, so that neither the answer nor its time tells.
    """
    sealed = base64.b64encode(sealer.seal(email.encode())).decode()
    async with platform_transaction(database) as session:
        company = await queries.open_company(session, default)
        if company is not None:
            await jobs.enqueue_for(session, company, HELP_WHO_FORGOT, sealed=sealed)


async def help_who_forgot(database: Database, sealed: str, *, postbox: Postbox, sealer: Sealer, default: str) -> None:
    """Do what was asked for with `ask_for_help`."""
    email = sealer.open(base64.b64decode(sealed)).decode()
    async with platform_transaction(database) as session:
        await usecases.help_who_forgot(session, email, postbox, default=default)


async def reset(database: Database, link: str, password: str, *, postbox: Postbox, default: str) -> None:
    """Set the password of whoever was sent a link; signs nobody in, and takes no second factor away."""
    async with platform_transaction(database) as session:
        holder = await usecases.holder_of_link(session, link, default=default)
    require_acceptable_password(password, holder.known, field="new_password")
    password_hash = await credentials.hashed(password)
    async with directory_transaction(database, holder.actor) as session:
        await usecases.reset(session, holder.actor, link, password_hash=password_hash, postbox=postbox)
