"""The row-lock way of granting points, as most services do it: one transaction a request, the account locked by SELECT ... FOR UPDATE.

It does what Mainstay's grant does and no more: the key once, the balance changed, the entry written, all in one commit.
Started by `cargo xtask bench wallet` with DATABASE_URL; not part of the product.
"""

import os
import uuid

from fastapi import FastAPI, Header, HTTPException
from pydantic import BaseModel, Field
from sqlalchemy import BigInteger, ForeignKey, String, Uuid, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

engine = create_async_engine(os.environ["DATABASE_URL"], pool_size=20, max_overflow=0)
Session = async_sessionmaker(engine, expire_on_commit=False)
app = FastAPI()


class Base(DeclarativeBase):
    pass


class Account(Base):
    __tablename__ = "accounts"
    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    balance: Mapped[int] = mapped_column(BigInteger, default=0)


class Entry(Base):
    __tablename__ = "entries"
    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("accounts.id"), index=True)
    key: Mapped[str] = mapped_column(String(255), unique=True)
    amount: Mapped[int] = mapped_column(BigInteger)
    balance: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(String(200))


class Grant(BaseModel):
    amount: int = Field(ge=1, le=1_000_000_000_000)
    reason: str = Field(min_length=1, max_length=200)


async def make_tables() -> None:
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
        await connection.execute(
            text("INSERT INTO accounts SELECT ('00000000-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid, 0 FROM generate_series(0, 999) AS n")
        )


@app.get("/health")
async def health() -> dict[str, str]:
    return {"status": "ok"}


@app.post("/members/{member_id}/grants", status_code=201)
async def grant(member_id: uuid.UUID, wanted: Grant, idempotency_key: str = Header()) -> dict[str, object]:
    async with Session() as session:
        account = (
            await session.execute(select(Account).where(Account.id == member_id).with_for_update())
        ).scalar_one_or_none()
        if account is None:
            raise HTTPException(404)
        account.balance += wanted.amount
        entry = Entry(
            id=uuid.uuid4(),
            account_id=member_id,
            key=idempotency_key,
            amount=wanted.amount,
            balance=account.balance,
            reason=wanted.reason,
        )
        session.add(entry)
        try:
            await session.commit()
        except IntegrityError as error:
            raise HTTPException(409) from error
        return {"id": str(entry.id), "amount": entry.amount, "balance": entry.balance}


if __name__ == "__main__":
    import asyncio

    asyncio.run(make_tables())
