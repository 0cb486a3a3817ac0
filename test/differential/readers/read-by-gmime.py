#!/usr/bin/python3
"""What GMime makes of messages. Wants Debian's packages python3-gi and gir1.2-gmime-3.0."""

import hashlib

import gi

gi.require_version("GMime", "3.0")
from gi.repository import GMime  # noqa: E402

from framing import answer_all  # noqa: E402

GMime.init()

OPTIONS = GMime.ParserOptions.new()
OPTIONS.set_address_compliance_mode(GMime.RfcComplianceMode.STRICT)
OPTIONS.set_parameter_compliance_mode(GMime.RfcComplianceMode.STRICT)
OPTIONS.set_rfc2047_compliance_mode(GMime.RfcComplianceMode.STRICT)


def mailboxes(addresses):
    found = (addresses.get_address(index) for index in range(addresses.length()))
    return [{"name": each.get_name() or "", "address": each.get_idn_addr()} for each in found]


def leaves(part):
    if not isinstance(part, GMime.Multipart):
        return [part]
    return [leaf for index in range(part.get_count()) for leaf in leaves(part.get_part(index))]


def content(part):
    stream = GMime.StreamMem.new()
    part.get_content().write_to_stream(stream)
    stream.flush()
    return bytes(stream.get_byte_array())


def type_of(part):
    return part.get_content_type().get_mime_type()


def text(part):
    charset = part.get_content_type().get_parameter("charset") or "ascii"
    return type_of(part), content(part).decode(charset)


def other(part):
    disposition = part.get_content_disposition()
    return {
        "type": type_of(part),
        "name": part.get_filename(),
        "disposition": disposition and disposition.get_disposition(),
        "cid": part.get_content_id(),
        "sha256": hashlib.sha256(content(part)).hexdigest(),
    }


def describe(octets):
    parser = GMime.Parser.new_with_stream(GMime.StreamMem.new_with_buffer(octets))
    message = parser.construct_message(OPTIONS)
    every = leaves(message.get_mime_part())
    texts = [part for part in every if part.get_content_disposition() is None and part.get_content_id() is None]
    return {
        "from": mailboxes(message.get_from()),
        "to": mailboxes(message.get_to()),
        "replyTo": mailboxes(message.get_reply_to()),
        "subject": message.get_subject(),
        "texts": dict(text(part) for part in texts),
        "parts": [other(part) for part in every if part not in texts],
        "complaints": [],
    }


answer_all(describe)
