"""Notify: a message as a mail (RFC 5322), with its invitation where it has one (RFC 6047)."""

import re
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8, EmailPolicy
from email.utils import format_datetime

from services.kit import config
from services.notify import calendars
from services.notify.models import Account, Message
from services.notify.sentences import Words

# Any script, but nothing that could mean more than one plain address.
ADDRESS = re.compile(r"""([^\s@<>(),;:\\"\[\]]+)@([^\s@<>(),;:\\"\[\]]+)""")


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
    mail.set_content(f"{body}\n\n{words.say('打开：{url}', url=url)}\n\n{footer}\n", cte="base64")
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
