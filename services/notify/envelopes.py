"""Notify: a message as a mail (RFC 5322), with its invitation where it has one (RFC 6047)."""

import re
from datetime import datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8, EmailPolicy
from email.utils import format_datetime
from uuid import UUID

from services.kit import config, seals
from services.notify import calendars
from services.notify.models import Account, Message
from services.notify.sentences import Words

# Any script, but nothing that could mean more than one plain address.
ADDRESS = re.compile(r"""([^\s@<>(),;:\\"\[\]]+)@([^\s@<>(),;:\\"\[\]]+)""")


# What a lecturer may answer straight from the mail, and for how long the link is good at most.
ANSWERABLE = frozenset({"offer_received", "offer_retime", "offer_reminder"})
ANSWER_LIVES = timedelta(days=30)


class Unaddressable(Exception):
    """This address can never be written to."""


def seal(message: Message, account: Account, words: Words, *, title: str) -> tuple[bytes, bool]:
    """The mail as it goes over the wire, the same with every try, and whether the server has to
    know SMTPUTF8. `title` is what the district calls itself."""
    subject, body = words.of(message.kind, message.parameters)
    url = config.origin() + message.link
    mail = EmailMessage(policy=_policy(account))
    mail["From"] = Address(_line(title), addr_spec=config.mail_from())
    mail["To"] = _recipient(account)
    mail["Subject"] = _line(subject)
    mail["Date"] = format_datetime(message.created_at.astimezone(words.zone))
    mail["Message-ID"] = message.message_id
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers, please
    mail["X-Auto-Response-Suppress"] = "All"
    footer = words.say("这封邮件由约课系统自动发出，请勿回复。")
    ways = "\n".join([*direct(message, account, words), words.say("打开：{url}", url=url)])
    several = parts(message, account, words)
    mail.set_content(f"{body}\n\n{several}{ways}\n\n{footer}\n", cte="base64")
    told = told_by(message)
    if told is not None:
        text = calendars.invitation(
            told,
            message.parameters,
            words,
            title=title,
            at=message.created_at,
            name=account.name,
            email=account.email or "",
            link=url,
        )
        params = {"method": told.method}
        mail.add_alternative(text.decode(), subtype="calendar", params=params, cte="base64")
        mail.set_boundary(f"yueke-{message.id.hex}")  # the same text with every try
    return mail.as_bytes(), _policy(account) is SMTPUTF8


def parts(message: Message, account: Account, words: Words) -> str:
    """The things a message about several of them is about, each with its own links."""
    said = []
    for number, text in enumerate(words.items(message.kind, message.parameters), 1):
        of = message.parameters["items"][number - 1]
        ways = []
        if message.kind == "offers_received":
            ways = _answer(account, UUID(of["about"]["offer_id"]), message.created_at, words)
        ways.append(words.say("打开：{url}", url=config.origin() + of["link"]))
        said.append("\n".join([f"{number}. {text}", *ways]) + "\n\n")
    return "".join(said)


def direct(message: Message, account: Account, words: Words) -> list[str]:
    """Links that act without a sign-in, sealed only now: none stands in an event or a row."""
    if message.kind == "password_reset":
        ends_at = datetime.fromisoformat(message.parameters["link_ends_at"])
        token = seals.write("reset", [UUID(message.about["reset_id"])], ends_at)
        said = "设置新密码（30 分钟内有效，只能用一次）：{url}"
        return [words.say(said, url=f"{config.origin()}/reset/{token}")] if token else []
    if message.kind in ANSWERABLE:
        return _answer(account, UUID(message.about["offer_id"]), message.created_at, words)
    return []


def _answer(account: Account, offer_id: UUID, at: datetime, words: Words) -> list[str]:
    """By which a lecturer answers one offer."""
    if account.lecturer_id is None:
        return []
    token = seals.write("offer", [account.id, offer_id], at + ANSWER_LIVES)
    said = "直接答复（无需登录，只能用一次）：{url}"
    return [words.say(said, url=f"{config.origin()}/go/{token}")] if token else []


def told_by(message: Message) -> calendars.Told | None:
    """The invitation a message carries."""
    uid, sequence, method = (
        message.calendar_uid,
        message.calendar_sequence,
        message.calendar_method,
    )
    if uid is None or sequence is None or method is None:
        return None
    return calendars.Told(uid, sequence, method)


def _policy(account: Account) -> "EmailPolicy[EmailMessage]":
    return SMTP if (account.email or "").isascii() else SMTPUTF8


def _recipient(account: Account) -> Address:
    found = ADDRESS.fullmatch(account.email or "")
    if found is None:
        raise Unaddressable(f"not an address: {account.email!r}")
    return Address(_line(account.name), found[1], found[2])


def _line(text: str) -> str:
    """One line: what people wrote may hold line breaks, and a header must not."""
    return " ".join(text.split())
