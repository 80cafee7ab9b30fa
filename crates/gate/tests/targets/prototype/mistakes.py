"""Which mistakes the prototype makes. Each is one that quick starts and tutorials lead to."""

import os

ALL = {
    "nosniff": "no X-Content-Type-Options",
    "framing": "neither frame-ancestors nor X-Frame-Options",
    "content-policy": "a policy that allows inline and evaluated script",
    "hsts": "no Strict-Transport-Security",
    "referrer-policy": "no Referrer-Policy",
    "cookies": "a session cookie without HttpOnly, Secure and SameSite",
    "cors": "every origin may read, with credentials",
    "csrf": "cookies are enough for a request of another site, and are sent with it",
    "object-access": "whoever knows a note's id may read, change and remove it",
    "authentication": "an operation that the document calls secured asks for nobody",
    "token-forgery": "tokens are decoded and not verified",
    "token-in-query": "tokens are taken from the address",
    "log-out": "a log-out only takes the cookie away",
    "refresh-reuse": "a refresh token works again after it was exchanged",
    "errors": "statements are glued together, and errors show their traceback",
    "secret-files": "the folder of the project is served",
    "diagnostics": "metrics and a debug page are open to anybody",
    "forwarded-host": "links are built from the request's host",
    "version-headers": "every answer says what it is made with",
    "sign-in-limit": "passwords may be tried without end",
    "forwarded-address": "the client's address is what X-Forwarded-For says",
}


def chosen() -> set[str]:
    """The mistakes that are switched on."""
    wish = os.environ.get("PROTOTYPE_MISTAKES", "all")
    if wish in ("all", "none"):
        return set(ALL) if wish == "all" else set()
    names = {name.strip() for name in wish.split(",") if name.strip()}
    if unknown := names - set(ALL):
        raise SystemExit(f"PROTOTYPE_MISTAKES: no such mistake: {', '.join(sorted(unknown))}")
    return names
