#!/usr/bin/python3
"""read-messages.py MAILDIR: what Python's email package makes of each message, one line of JSON each.

{"deliveredTo", "messageId", "from": [{"name", "address"}], "to": [...], "subject", "text", "html",
 "attachments": [{"name", "type", "disposition", "cid", "sha256"}], "headers": [[name, value]], "defects": [...]}

`text` and `html` are null where there is none. An attachment is any leaf but the two bodies, inline images included.
Wants Debian's package python3 and nothing else.
"""

import hashlib
import json
import re
import sys
from email import policy
from email.header import decode_header, make_header
from email.parser import BytesParser
from email.utils import getaddresses
from pathlib import Path


def mailboxes(message, field):
    if message[field] is None:
        return []
    raw = raw_field(message, field)
    return [{"name": display_name(a, raw), "address": a.addr_spec} for a in message[field].addresses]


def display_name(address, raw):
    # Python before 3.13.2 keeps the blank between adjacent encoded-words of a display name, which is not part of it
    # (RFC 2047 section 6.2). The package's older functions know better.
    if raw.count("=?") < 2:
        return address.display_name
    names = {spec: name for name, spec in getaddresses([raw])}
    return str(make_header(decode_header(names[address.addr_spec])))


def raw_field(message, field):
    """The field's body as it came, unfolded."""
    return next(re.sub(r"[\r\n]", "", body) for name, body in message.raw_items() if name.lower() == field)


def content(part):
    """The body's text with LF line ends; it is quoted from the message, so nothing is replaced in silence."""
    return None if part is None else part.get_payload(decode=True).decode(part.get_content_charset("ascii")).replace("\r\n", "\n")


def attachment(part):
    octets = part.get_payload(decode=True)
    return {
        "name": part.get_filename(),
        "type": part.get_content_type(),
        "disposition": part.get_content_disposition(),
        "cid": part["content-id"],
        "sha256": hashlib.sha256(octets).hexdigest(),
    }


def defects(message):
    found = []
    for part in message.walk():
        found += [repr(defect) for defect in part.defects]
        for name, value in part.items():
            found += [f"{name}: {defect!r}" for defect in getattr(value, "defects", ())]
    return found


def describe(message):
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    leaves = [part for part in message.walk() if not part.is_multipart()]
    return {
        "deliveredTo": message["delivered-to"],
        "messageId": message["message-id"],
        "from": mailboxes(message, "from"),
        "to": mailboxes(message, "to"),
        "subject": message["subject"],
        "text": content(text),
        "html": content(html),
        "attachments": [attachment(part) for part in leaves if part is not text and part is not html],
        "headers": [[name, str(value)] for name, value in message.items()],
        "defects": defects(message),
    }


def main(maildir):
    parser = BytesParser(policy=policy.default)
    for file in sorted((Path(maildir) / "new").iterdir()):
        with file.open("rb") as octets:
            print(json.dumps(describe(parser.parse(octets))))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: read-messages.py MAILDIR")
    main(sys.argv[1])
