#!/usr/bin/python3
"""What Python's email package, policy.default, makes of messages. Wants Debian's package python3 and nothing else."""

import hashlib
import re
from email import policy
from email.header import decode_header, make_header
from email.parser import BytesParser

from framing import answer_all

PARSER = BytesParser(policy=policy.default)


def raw_field(message, field):
    """The field's body as it came, unfolded."""
    return next(re.sub(r"[\r\n]", "", body) for name, body in message.raw_items() if name.lower() == field)


def mailboxes(message, field):
    if message[field] is None:
        return []
    raw = raw_field(message, field)
    return [{"name": display_name(each, raw), "address": each.addr_spec} for each in message[field].addresses]


def display_name(address, raw):
    # The new parser makes one blank of several in an encoded-word, and until 3.13.2 keeps the one between adjacent words,
    # which is not part of the name (RFC 2047 section 6.2). The package's older functions know better.
    phrase = raw.rpartition(" <")[0].strip()
    return str(make_header(decode_header(phrase))) if phrase.startswith("=?") else address.display_name


def file_name(part):
    # get_filename() takes off blanks at the ends and angle brackets around a name, which belong to it.
    return part["content-disposition"].params.get("filename")


def complaints(message):
    found = []
    for part in message.walk():
        found += [repr(defect) for defect in part.defects]
        for name, value in part.items():
            found += [f"{name}: {defect!r}" for defect in getattr(value, "defects", ())]
    return found


def text(part):
    decoded = part.get_payload(decode=True).decode(part.get_content_charset("ascii"))
    return part.get_content_type(), decoded


def other(part):
    return {
        "type": part.get_content_type(),
        "name": file_name(part),
        "disposition": part.get_content_disposition(),
        "cid": part["content-id"] and str(part["content-id"]).strip("<>"),
        "sha256": hashlib.sha256(part.get_payload(decode=True)).hexdigest(),
    }


def describe(octets):
    message = PARSER.parsebytes(octets)
    leaves = [part for part in message.walk() if not part.is_multipart()]
    texts = [part for part in leaves if part.get_content_disposition() is None and part["content-id"] is None]
    return {
        "from": mailboxes(message, "from"),
        "to": mailboxes(message, "to"),
        "replyTo": mailboxes(message, "reply-to"),
        "subject": message["subject"],
        "texts": dict(text(part) for part in texts),
        "parts": [other(part) for part in leaves if part not in texts],
        "complaints": complaints(message),
    }


answer_all(describe)
