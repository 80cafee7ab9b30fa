"""A note service: sign-in by password, notes of one's own."""

import hmac
import os
import secrets
import sqlite3
import time
from collections import defaultdict, deque

from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.responses import JSONResponse
from fastapi.security import HTTPBearer

import edge
from tokens import Sessions

MEMBERS = {
    "scan-a@example.com": os.environ["SCAN_A_PASSWORD"],
    "scan-b@example.com": os.environ["SCAN_B_PASSWORD"],
}
WRONG_TRIES_MAX = 10
WRONG_TRIES_SECONDS = 60
TITLE_CHARS_MAX = 200

documented = HTTPBearer(auto_error=False)


def build(public_url: str, mistakes: set[str]) -> FastAPI:
    app = FastAPI(title="Notes", docs_url=None, redoc_url=None)
    sessions = Sessions(mistakes)
    wrong_tries: dict[str, deque] = defaultdict(deque)
    db = sqlite3.connect(":memory:", check_same_thread=False)
    db.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY AUTOINCREMENT, owner TEXT, title TEXT, text TEXT)")

    def address(request: Request) -> str:
        forwarded = request.headers.get("x-forwarded-for")
        if "forwarded-address" in mistakes and forwarded:
            return forwarded.split(",")[0].strip()
        return request.client.host

    def is_own_page(request: Request) -> bool:
        """A request that only a page of this origin can make: it read the cookie and sent it in a header."""
        sent, kept = request.headers.get("x-csrf-token", ""), request.cookies.get("csrf", "")
        return bool(kept) and hmac.compare_digest(sent.encode(), kept.encode())

    def caller(request: Request, _=Depends(documented)) -> tuple[str, str]:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not token and "token-in-query" in mistakes:
            token = request.query_params.get("access_token", "")
        if not token:
            token = request.cookies.get("session", "")
            is_safe = request.method in ("GET", "HEAD", "OPTIONS")
            if token and not is_safe and "csrf" not in mistakes and not is_own_page(request):
                raise HTTPException(403, "not from a page of this service")
        found = sessions.read(token)
        if found is None:
            raise HTTPException(401, "sign in first")
        return found

    async def fields(request: Request, *names: str) -> list[str]:
        """Texts of the body; as quick starts do, whatever its type says it is."""
        try:
            body = await request.json()
            values = [body[name] for name in names]
        except (ValueError, KeyError, TypeError):
            raise HTTPException(422, f"send JSON with {', '.join(names)}") from None
        if not all(isinstance(value, str) and "\x00" not in value for value in values):
            raise HTTPException(422, f"{', '.join(names)} are texts")
        return values

    def with_session(response: Response, access: str) -> None:
        if "cookies" in mistakes:
            response.set_cookie("session", access, samesite=None)
        elif "csrf" in mistakes:
            response.set_cookie("session", access, httponly=True, secure=True, samesite="none")
        else:
            response.set_cookie("session", access, httponly=True, secure=True, samesite="lax")
        response.set_cookie("csrf", secrets.token_urlsafe(24), secure=True, samesite="strict")

    @app.post("/api/login")
    async def login(request: Request) -> Response:
        email, password = await fields(request, "email", "password")
        tries = wrong_tries[address(request)]
        while tries and tries[0] < time.monotonic() - WRONG_TRIES_SECONDS:
            tries.popleft()
        if len(tries) >= WRONG_TRIES_MAX and "sign-in-limit" not in mistakes:
            return JSONResponse({"detail": "too many tries"}, 429, {"retry-after": str(WRONG_TRIES_SECONDS)})
        if not hmac.compare_digest(MEMBERS.get(email, secrets.token_hex()).encode(), password.encode(errors="replace")):
            tries.append(time.monotonic())
            return JSONResponse({"detail": "wrong address or password"}, 401)
        access, refresh = sessions.open(email)
        response = JSONResponse({"access_token": access, "refresh_token": refresh})
        with_session(response, access)
        return response

    @app.post("/api/refresh")
    async def refresh(request: Request) -> dict:
        (token,) = await fields(request, "refresh_token")
        pair = sessions.exchange(token)
        if pair is None:
            raise HTTPException(401, "sign in again")
        return {"access_token": pair[0], "refresh_token": pair[1]}

    @app.post("/api/logout", status_code=204)
    async def logout(response: Response, who=Depends(caller)) -> None:
        if "log-out" not in mistakes:
            sessions.close(who[1])
        response.delete_cookie("session")

    @app.post("/api/forgot-password")
    async def forgot(request: Request) -> dict:
        await fields(request, "email")
        # Shown here, so that what would be mailed can be seen.
        return {"mailed": f"{edge.base(request, mistakes, public_url)}/reset?code=000000"}

    @app.get("/api/me")
    async def me(who=Depends(caller)) -> dict:
        return {"id": who[0]}

    def is_visible(row: tuple, member: str) -> bool:
        return row is not None and (row[1] == member or "object-access" in mistakes)

    def note(note_id: int, member: str) -> tuple:
        row = db.execute("SELECT id, owner, title, text FROM notes WHERE id = ?", (note_id,)).fetchone()
        if not is_visible(row, member):
            raise HTTPException(404, "no such note")
        return row

    def shown(row: tuple) -> dict:
        return {"id": row[0], "title": row[2], "text": row[3]}

    def known(note_id: str) -> int:
        if not note_id.isdecimal() or len(note_id) > 15:
            raise HTTPException(404, "no such note")
        return int(note_id)

    @app.get("/api/notes")
    async def list_notes(q: str = "", who=Depends(caller)) -> list:
        if "errors" in mistakes:
            rows = db.execute(f"SELECT id, owner, title, text FROM notes WHERE title LIKE '%{q}%'").fetchall()
        else:
            rows = db.execute("SELECT id, owner, title, text FROM notes WHERE instr(title, ?) > 0 OR ? = ''", (q, q))
        return [shown(row) for row in rows if is_visible(row, who[0])]

    @app.post("/api/notes", status_code=201)
    async def create_note(request: Request, who=Depends(caller)) -> dict:
        title, text = await fields(request, "title", "text")
        cursor = db.execute("INSERT INTO notes (owner, title, text) VALUES (?, ?, ?)", (who[0], title[:TITLE_CHARS_MAX], text))
        return shown(note(cursor.lastrowid, who[0]))

    @app.get("/api/notes/{note_id}")
    async def read_note(note_id: str, who=Depends(caller)) -> dict:
        return shown(note(known(note_id), who[0]))

    @app.put("/api/notes/{note_id}")
    async def update_note(note_id: str, request: Request, who=Depends(caller)) -> dict:
        row = note(known(note_id), who[0])
        title, text = await fields(request, "title", "text")
        db.execute("UPDATE notes SET title = ?, text = ? WHERE id = ?", (title[:TITLE_CHARS_MAX], text, row[0]))
        return shown(note(row[0], who[0]))

    @app.delete("/api/notes/{note_id}", status_code=204)
    async def delete_note(note_id: str, who=Depends(caller)) -> None:
        db.execute("DELETE FROM notes WHERE id = ?", (note(known(note_id), who[0])[0],))

    @app.get("/api/statistics", openapi_extra={"security": [{"HTTPBearer": []}]})
    async def statistics(request: Request) -> dict:
        if "authentication" not in mistakes:
            caller(request)
        return {"members": len(MEMBERS), "notes": db.execute("SELECT count(*) FROM notes").fetchone()[0]}

    edge.pages(app, mistakes, public_url)
    edge.dress(app, mistakes)
    return app
