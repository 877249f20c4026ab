"""A server that answers as the vendors do, and an SMTP server; both keep what they were sent."""

import base64
import json
import socket
import ssl
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult


class Vendors:
    """Requests in the order in which they came, by their path's first word."""

    def __init__(self):
        self.requests = []
        vendors = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def answer(self):
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                vendors.requests.append((self.command, self.path, dict(self.headers.items()), body))
                status, headers, text = vendors.reply(self.command, self.path)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST = answer

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def reply(self, method, path):
        if path.startswith("/hooks/"):
            return 200, {}, b"ok"
        if path.endswith("/chat.postMessage") or path.endswith("/chat.update"):
            return 200, {}, json.dumps({"ok": True, "channel": "C1", "ts": f"17.{len(self.requests)}"}).encode()
        if "/bot" in path:
            return 200, {}, json.dumps({"ok": True, "result": {"message_id": len(self.requests)}}).encode()
        if path == "/v2/enqueue":
            return 202, {}, json.dumps({"status": "success", "dedup_key": "k"}).encode()
        if "/v2/alerts" in path:
            return 202, {}, json.dumps({"requestId": "r"}).encode()
        if "/2010-04-01/" in path:
            return 201, {}, json.dumps({"sid": "SM1", "status": "queued"}).encode()
        if path.endswith("/search/jql"):
            return 200, {}, json.dumps({"issues": []}).encode()
        if path.endswith("/rest/api/3/issue"):
            return 201, {}, json.dumps({"key": "OPS-1"}).encode()
        if "/rest/api/3/issue/OPS-1?" in path:
            fields = {"status": {"statusCategory": {"key": "indeterminate"}}}
            return 200, {}, json.dumps({"key": "OPS-1", "fields": fields}).encode()
        if path.endswith("/transitions") and method == "GET":
            return 200, {}, json.dumps({"transitions": [{"id": "31", "name": "Done"}]}).encode()
        if path.endswith("/transitions"):
            return 204, {}, b""
        if path.endswith("/comment"):
            return 201, {}, b"{}"
        if path.startswith("/redirect"):
            return 302, {"location": f"{self.url}/stolen"}, b""
        if path.startswith("/gone"):
            return 410, {}, b""
        if path.startswith("/busy"):
            return 429, {"retry-after": "7"}, b"slow down, hush-hush"
        if path.startswith("/large"):
            return 500, {}, b"x" * 3_000_000
        return 202, {}, b""

    def taken(self, word):
        """What came to paths with this word: (method, path, headers, body)."""
        return [request for request in self.requests if word in request[1]]


def certificate(folder):
    """A certificate for localhost and its own authority."""
    key, cert = folder / "key.pem", folder / "cert.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=critical,CA:FALSE"]
    subprocess.run([*command, "-keyout", key, "-out", cert], check=True, capture_output=True)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(cert, key)
    return cert, context


class Mailbox:
    """An SMTP server that asks for STARTTLS and a login, and knows who has a mailbox."""

    def __init__(self, context):
        self.mails, self.logins = [], []
        mailbox = self

        class Handler:
            async def handle_RCPT(self, server, session, envelope, address, options):
                if address.startswith("nobody@"):
                    return "550 5.1.1 no such mailbox"
                if address.startswith("later@"):
                    return "451 4.7.1 greylisted, try again later"
                envelope.rcpt_tos.append(address)
                return "250 OK"

            async def handle_DATA(self, server, session, envelope):
                mailbox.mails.append((envelope.mail_from, envelope.rcpt_tos, envelope.content, session.ssl is not None))
                return "250 2.0.0 queued as 4F"

        def login(server, session, envelope, mechanism, data):
            mailbox.logins.append((mechanism, data.login.decode(), session.ssl is not None))
            return AuthResult(success=data.password == b"letter-box", handled=False)

        class Strict(Controller):
            def factory(self):
                return SMTP(
                    self.handler, hostname="localhost", tls_context=context, require_starttls=True,
                    authenticator=login, auth_required=True, enable_SMTPUTF8=True,
                )

        self.port = free_port()
        self.controller = Strict(Handler(), hostname="localhost", port=self.port)
        self.controller.start()


class Stranger:
    """A mail server that nobody vouches for, or that offers no TLS; it hangs up when it is not believed."""

    def __init__(self, context):
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        self.context, self.heard = context, []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            peer, _ = self.listening.accept()
            with peer:
                peer.sendall(b"220 localhost\r\n")
                while line := peer.recv(1000):
                    self.heard.append(line)
                    if line.startswith(b"EHLO"):
                        peer.sendall(b"250-localhost\r\n250 STARTTLS\r\n" if self.context else b"250 localhost\r\n")
                    elif line.startswith(b"STARTTLS"):
                        peer.sendall(b"220 go on\r\n")
                        try:
                            self.context.wrap_socket(peer, server_side=True).close()
                        except OSError:
                            break
                    else:
                        peer.sendall(b"221 bye\r\n")


def free_port():
    """aiosmtpd and Alertmanager do not tell which port they were given."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


def basic(headers):
    return base64.b64decode(headers["authorization"].removeprefix("Basic ")).decode()
