"""A real mail server for the e-mail tests.

Prints its port as one JSON line, then one JSON line for each message it accepts, read with Python's
own mail parser. Ends when its standard input is closed.
"""

import argparse
import asyncio
import email
import email.policy
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult


def say(fact):
    print(json.dumps(fact), flush=True)


class Handler:
    def __init__(self, reply):
        self.reply = reply

    async def handle_DATA(self, server, session, envelope):
        if self.reply:
            return self.reply
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        parts = {part.get_content_type(): part.get_content() for part in mail.iter_parts()}
        say({
            "envelope_to": envelope.rcpt_tos,
            "encrypted": session.ssl is not None,
            "authenticated": session.authenticated,
            "headers": {name: str(value) for name, value in mail.items()},
            "type": mail.get_content_type(),
            "parts": parts,
            "ascii": envelope.content.isascii(),
            "line_bytes_max": max(len(line) for line in envelope.content.splitlines()),
            "defects": [repr(defect) for defect in mail.defects],
        })
        return "250 OK"


def authenticator(expected):
    def authenticate(server, session, envelope, mechanism, data):
        given = f"{data.login.decode()}:{data.password.decode()}"
        return AuthResult(success=given == expected, handled=False)

    return authenticate


async def main(options):
    context = None
    if options.tls != "none":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.cert, options.key)
    handler = Handler(options.reply)

    def factory():
        return SMTP(
            handler,
            hostname="mail.test",
            tls_context=context if options.tls == "starttls" else None,
            require_starttls=options.tls == "starttls",
            auth_required=options.auth is not None,
            auth_require_tls=options.tls == "starttls",
            authenticator=authenticator(options.auth) if options.auth else None,
        )

    wrap = context if options.tls == "implicit" else None
    loop = asyncio.get_running_loop()
    server = await loop.create_server(factory, "127.0.0.1", 0, ssl=wrap)
    say({"port": server.sockets[0].getsockname()[1]})
    await loop.run_in_executor(None, sys.stdin.read)


parser = argparse.ArgumentParser()
parser.add_argument("--tls", choices=["none", "starttls", "implicit"], default="none")
parser.add_argument("--auth", help="user:password")
parser.add_argument("--cert")
parser.add_argument("--key")
parser.add_argument("--reply", help="the answer to every message")
asyncio.run(main(parser.parse_args()))
