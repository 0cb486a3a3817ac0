"""server.py FOLDER PORT TLS-PORT CERTIFICATE KEY: aiosmtpd on 127.0.0.1, each message a file in FOLDER."""

import asyncio
import os
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

LARGEST = 26214400


class Keep:
    def __init__(self, folder):
        self.folder = folder
        self.count = 0

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("bounce@"):
            return "550 5.1.1 no such user"
        if address.startswith("later@"):
            return "451 4.3.0 try again later"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server, session, envelope):
        self.count += 1
        file = os.path.join(self.folder, f"{self.count:06d}")
        with open(file + ".arriving", "wb") as arriving:
            arriving.write(envelope.original_content)
        os.rename(file + ".arriving", file + ".eml")
        return f"250 2.0.0 kept as {self.count}"


def authenticate(server, session, envelope, mechanism, data):
    good = data.login == b"alice" and data.password == b"wonder land"
    return AuthResult(success=good, handled=False)


async def main(folder, port, tls_port, certificate, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    keep = Keep(folder)
    settings = {
        "hostname": "mail.test",
        "ident": "aiosmtpd",
        "enable_SMTPUTF8": True,
        "authenticator": authenticate,
        "data_size_limit": LARGEST,
    }
    loop = asyncio.get_running_loop()
    clear = await loop.create_server(lambda: SMTP(keep, tls_context=context, **settings), "127.0.0.1", int(port))
    # It does not see the TLS that it stands on here.
    tls = await loop.create_server(
        lambda: SMTP(keep, auth_require_tls=False, **settings), "127.0.0.1", int(tls_port), ssl=context
    )
    await asyncio.gather(clear.serve_forever(), tls.serve_forever())


asyncio.run(main(*sys.argv[1:]))
