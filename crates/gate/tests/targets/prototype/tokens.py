"""Sessions and their tokens: a signed JWT (HS256) for fifteen minutes, and a refresh token that is exchanged."""

import base64
import hashlib
import hmac
import json
import secrets
import time

KEY = secrets.token_bytes(32)
ACCESS_SECONDS = 900


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _signature(signed: str) -> bytes:
    return hmac.new(KEY, signed.encode(), hashlib.sha256).digest()


class Sessions:
    """Which sessions live, and which refresh token is the newest of each."""

    def __init__(self, mistakes: set[str]) -> None:
        self.mistakes = mistakes
        self.alive: dict[str, str] = {}
        self.refresh: dict[str, str] = {}
        self.used: dict[str, str] = {}

    def open(self, member: str) -> tuple[str, str]:
        session = secrets.token_urlsafe(16)
        self.alive[session] = member
        return self.access(session), self.next_refresh(session)

    def close(self, session: str) -> None:
        self.alive.pop(session, None)
        self.refresh = {token: owner for token, owner in self.refresh.items() if owner != session}

    def access(self, session: str) -> str:
        claims = {"sub": self.alive[session], "sid": session, "exp": int(time.time()) + ACCESS_SECONDS}
        signed = ".".join(_encode(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, claims))
        return f"{signed}.{_encode(_signature(signed))}"

    def next_refresh(self, session: str) -> str:
        token = secrets.token_urlsafe(32)
        self.refresh[token] = session
        return token

    def exchange(self, token: str) -> tuple[str, str] | None:
        session = self.refresh.get(token)
        if session is None:
            # Used before: two hands hold it, so the session ends for both.
            if token in self.used:
                self.close(self.used[token])
            return None
        if "refresh-reuse" not in self.mistakes:
            self.used[token] = self.refresh.pop(token)
        return self.access(session), self.next_refresh(session)

    def read(self, token: str) -> tuple[str, str] | None:
        """The member and the session of a token, if it is right."""
        try:
            header, payload, signature = token.split(".")
            claims = json.loads(_decode(payload))
            if "token-forgery" not in self.mistakes:
                if json.loads(_decode(header)).get("alg") != "HS256":
                    return None
                if not hmac.compare_digest(_decode(signature), _signature(f"{header}.{payload}")):
                    return None
            if claims["exp"] < time.time():
                return None
            if self.alive.get(claims["sid"]) != claims["sub"] and "log-out" not in self.mistakes:
                return None
            return claims["sub"], claims["sid"]
        except (ValueError, KeyError, TypeError, AttributeError):
            return None
