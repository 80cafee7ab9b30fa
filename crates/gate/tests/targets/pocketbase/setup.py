"""Starts PocketBase on a free port of this machine with two members and a collection of notes; prints its address."""

import argparse
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

START_SECONDS = 30


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def send(base: str, method: str, path: str, body: dict | None = None, token: str = "") -> dict:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(base + path, data, {"content-type": "application/json"}, method=method)
    if token:
        request.add_header("authorization", token)
    try:
        with urllib.request.urlopen(request) as answer:
            return json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as error:
        raise SystemExit(f"{method} {path}: {error.code} {error.read().decode()}") from None


def await_start(base: str, server: subprocess.Popen) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and server.poll() is None:
        try:
            urllib.request.urlopen(f"{base}/api/health").close()
            return
        except OSError:
            time.sleep(0.05)
    raise SystemExit("PocketBase did not start")


def fill(base: str, admin: tuple[str, str], is_limited: bool) -> None:
    session = send(base, "POST", "/api/collections/_superusers/auth-with-password", {"identity": admin[0], "password": admin[1]})
    token = session["token"]
    own = "owner = @request.auth.id"
    users = send(base, "GET", "/api/collections/users", token=token)
    for name in ("a", "b"):
        password = os.environ[f"SCAN_{name.upper()}_PASSWORD"]
        member = {"email": f"scan-{name}@example.com", "password": password, "passwordConfirm": password}
        send(base, "POST", "/api/collections/users/records", member, token)
    notes = {
        "name": "notes",
        "type": "base",
        "listRule": own,
        "viewRule": own,
        "createRule": f'@request.auth.id != "" && {own}',
        "updateRule": own,
        "deleteRule": own,
        "fields": [
            {"name": "owner", "type": "relation", "collectionId": users["id"], "maxSelect": 1, "required": True},
            {"name": "text", "type": "text", "max": 20000, "required": True},
        ],
    }
    send(base, "POST", "/api/collections", notes, token)
    if is_limited:
        # Its own proposals, which the administrator's pages fill in.
        rules = [
            {"label": "*:auth", "maxRequests": 2, "duration": 3, "audience": ""},
            {"label": "*:create", "maxRequests": 20, "duration": 5, "audience": ""},
            {"label": "/api/", "maxRequests": 300, "duration": 10, "audience": ""},
        ]
        send(base, "PATCH", "/api/settings", {"rateLimits": {"enabled": True, "rules": rules}}, token)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--pocketbase", required=True, help="the program")
    arguments.add_argument("--data", required=True, help="an empty folder for its data")
    arguments.add_argument("--as-it-comes", action="store_true", help="leave its limiter off, which is its default")
    options = arguments.parse_args()
    # In hexadecimal: a password that begins with a hyphen would be read as an option.
    admin = ("admin@example.com", secrets.token_hex(16))
    data = f"--dir={options.data}"
    subprocess.run([options.pocketbase, "superuser", "upsert", *admin, data], check=True, stdout=subprocess.DEVNULL)
    port = free_port()
    server = subprocess.Popen(
        [options.pocketbase, "serve", f"--http=127.0.0.1:{port}", data], stdout=subprocess.DEVNULL, stderr=sys.stderr
    )
    # Whoever ends this script ends the server with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        await_start(f"http://127.0.0.1:{port}", server)
        fill(f"http://127.0.0.1:{port}", admin, not options.as_it_comes)
        print(f"listening on http://localhost:{port}", flush=True)
        server.wait()
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main()
