"""The business: maintenance records, and the metrics that tell how it goes."""

from __future__ import annotations

import logging
from datetime import timedelta

from prometheus_client import Counter, Gauge, Histogram

from backend.database import Database, Record

log = logging.getLogger("app.maintenance")

maintenance_records_created = Counter(
    "maintenance_records_created", "Number of maintenance records created", ["type", "priority"]
)
maintenance_completion_time = Histogram(
    "maintenance_completion_time_days",
    "Time to complete maintenance tasks in days",
    ["type", "priority"],
    buckets=(1, 2, 3, 5, 7, 14, 30, 60, 90),
)
pending_maintenance_tasks = Gauge(
    "pending_maintenance_tasks", "Number of pending maintenance tasks", ["type", "priority"]
)
login_attempts = Counter("login_attempts", "Logins by how they ended", ["outcome"])
for _outcome in ("success", "failure"):
    login_attempts.labels(_outcome)


class MaintenanceService:
    def __init__(self, database: Database) -> None:
        self._database = database

    def create_record(self, title: str, type_: str, priority: str, age: timedelta) -> int:
        record_id = self._database.create(title, type_, priority, age)
        maintenance_records_created.labels(type_, priority).inc()
        pending_maintenance_tasks.labels(type_, priority).inc()
        log.info("record created", extra={"extra": {"record": record_id, "type": type_, "priority": priority}})
        return record_id

    def complete_task(self, record_id: int) -> Record | None:
        record = self._database.complete(record_id)
        if record is None or record.completed_at is None:
            log.warning("nothing to complete", extra={"extra": {"record": record_id}})
            return None
        days = (record.completed_at - record.created_at).days
        maintenance_completion_time.labels(record.type, record.priority).observe(days)
        pending_maintenance_tasks.labels(record.type, record.priority).dec()
        log.info("record completed", extra={"extra": {"record": record_id, "days": days}})
        return record


def log_in(user: str, password: str) -> bool:
    """Everybody's password is `wrench`."""
    good = password == "wrench"
    login_attempts.labels("success" if good else "failure").inc()
    if not good:
        log.warning("login failed", extra={"extra": {"user": user}})
    return good
