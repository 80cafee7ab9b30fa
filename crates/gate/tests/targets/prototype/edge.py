"""What is around every answer: headers, origins, errors, and what is served beside the interface."""

import os
import traceback

from fastapi import FastAPI, Request
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse

POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; object-src 'none'"


def headers(mistakes: set[str]) -> dict[str, str]:
    policy = "default-src * 'unsafe-inline' 'unsafe-eval'" if "content-policy" in mistakes else POLICY
    if "framing" not in mistakes:
        policy += "; frame-ancestors 'none'"
    every = {"content-security-policy": policy}
    if "nosniff" not in mistakes:
        every["x-content-type-options"] = "nosniff"
    if "hsts" not in mistakes:
        every["strict-transport-security"] = "max-age=63072000; includeSubDomains"
    if "referrer-policy" not in mistakes:
        every["referrer-policy"] = "no-referrer"
    if "version-headers" in mistakes:
        every["x-powered-by"] = "FastAPI/0.121.3"
    return every


def dress(app: FastAPI, mistakes: set[str]) -> None:
    every = headers(mistakes)

    @app.middleware("http")
    async def guard(request: Request, call_next):
        try:
            response = await call_next(request)
        except Exception as error:  # noqa: BLE001 - the last line of defence
            detail = "something went wrong"
            if "errors" in mistakes:
                detail = "".join(traceback.format_exception(error))
            response = JSONResponse({"detail": detail}, status_code=500)
        response.headers.update(every)
        return response

    if "cors" in mistakes:
        app.add_middleware(
            CORSMiddleware, allow_origins=["*"], allow_credentials=True, allow_methods=["*"], allow_headers=["*"]
        )
    else:
        app.add_middleware(CORSMiddleware, allow_origins=["https://app.example.com"], allow_credentials=True)


def pages(app: FastAPI, mistakes: set[str], public_url: str) -> None:
    @app.get("/", response_class=HTMLResponse, include_in_schema=False)
    async def front(request: Request) -> str:
        return f'<!doctype html><title>Notes</title><link rel="canonical" href="{base(request, mistakes, public_url)}/"><p>Notes.'

    if "secret-files" in mistakes:

        @app.get("/.env", response_class=PlainTextResponse, include_in_schema=False)
        async def env() -> str:
            return "DATABASE_URL=postgres://notes:hunter2@db/notes\nSECRET_KEY=not-a-real-one\n"

        @app.get("/.git/HEAD", response_class=PlainTextResponse, include_in_schema=False)
        async def head() -> str:
            return "ref: refs/heads/main\n"

    if "diagnostics" in mistakes:

        @app.get("/metrics", response_class=PlainTextResponse, include_in_schema=False)
        async def metrics() -> str:
            return "# HELP notes_total Notes.\n# TYPE notes_total counter\nnotes_total 3\n"

        @app.get("/debug", include_in_schema=False)
        async def debug() -> dict:
            return {"environ": {"PATH": os.environ.get("PATH", "/usr/bin")}}


def base(request: Request, mistakes: set[str], public_url: str) -> str:
    """Where links lead: to the address of the configuration, or wherever the request says that it came."""
    if "forwarded-host" in mistakes:
        host = request.headers.get("x-forwarded-host") or request.headers.get("host", "localhost")
        return f"https://{host}"
    return public_url
