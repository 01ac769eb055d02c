"""Records in SQLite, through SQLAlchemy, whose pool and queries are measured."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine, create_engine, delete, func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from exporters.app.sqlalchemy import watch

KEPT = 2000


class Base(DeclarativeBase):
    pass


class Record(Base):
    __tablename__ = "records"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    type: Mapped[str]
    priority: Mapped[str]
    created_at: Mapped[datetime]
    completed_at: Mapped[datetime | None]


class Database:
    """Begins empty each time."""

    def __init__(self, file: Path) -> None:
        self.engine: Engine = create_engine(f"sqlite:///{file}")
        watch(self.engine, pool="records")
        Base.metadata.drop_all(self.engine)
        Base.metadata.create_all(self.engine)

    def create(self, title: str, type_: str, priority: str, age: timedelta) -> int:
        with Session(self.engine) as session, session.begin():
            record = Record(title=title, type=type_, priority=priority, created_at=datetime.now() - age)
            session.add(record)
            session.flush()
            session.execute(delete(Record).where(Record.id <= record.id - KEPT))
            return record.id

    def get(self, record_id: int) -> Record | None:
        with Session(self.engine, expire_on_commit=False) as session:
            return session.get(Record, record_id)

    def complete(self, record_id: int) -> Record | None:
        """The record, unless there is none or it was complete before."""
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            record = session.get(Record, record_id)
            if record is None or record.completed_at is not None:
                return None
            record.completed_at = datetime.now()
            return record

    def latest(self, count: int = 20) -> Sequence[Record]:
        with Session(self.engine) as session:
            return session.scalars(select(Record).order_by(Record.id.desc()).limit(count)).all()

    def pending(self) -> int:
        with Session(self.engine) as session:
            return session.scalar(select(func.count()).where(Record.completed_at.is_(None))) or 0
