"""The json stage: values of a JSON line, by JMESPath, into what is extracted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any, Final

import msgspec

from engine.foundation.decode import Report
from engine.promtail.entry import Entry
from engine.promtail.portion import Portion
from engine.promtail.stages.stage import Parts, Stage
from engine.promtail.stages.texts import as_text

_FAULTS: Final = (msgspec.DecodeError, UnicodeError, RecursionError)
_PLAIN_NAME: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")


class JsonConfig(msgspec.Struct, frozen=True, kw_only=True):
    """`expressions` maps names to JMESPath; an empty one is the name itself. Without `source` the line is read."""

    expressions: Mapping[str, str] = {}
    source: str | None = None
    drop_malformed: bool = False

    def check(self, report: Report) -> None:
        if not self.expressions:
            report.error("JMES expression is required", "expressions")
        if self.source is not None and not self.source:
            report.error("empty source", "source")
        for name, expression in self.expressions.items():
            if (fault := fault_of(expression or name)) is not None:
                report.error(f"could not compile JMES expression: {fault}", "expressions", name)


class Json(Stage):
    def __init__(self, config: JsonConfig, parts: Parts) -> None:
        self._source = config.source
        self._drop = config.drop_malformed
        self._counts = parts.counts
        self._plain = {name: path for name, text in config.expressions.items() if is_plain(path := text or name)}
        self._fields = {key: f"value_{at}" for at, key in enumerate(dict.fromkeys(self._plain.values()))}
        self._decoder = _decoder(self._fields)
        self._searched = {
            name: compiled(path) for name, text in config.expressions.items() if not is_plain(path := text or name)
        }

    def process(self, entry: Entry) -> Sequence[Entry]:
        text = entry.line if self._source is None else as_text(entry.extracted.get(self._source))
        try:
            self._read(text or "", entry.extracted)
        except _FAULTS:
            return self._malformed(entry)
        return (entry,)

    def _read(self, text: str, extracted: dict[str, object]) -> None:
        """Raises one of `_FAULTS`, and nothing was extracted then."""
        values = self._decoder.decode(text)
        whole = msgspec.json.decode(text) if self._searched else {}
        for name, key in self._plain.items():
            extracted[name] = _value(getattr(values, self._fields[key]))
        for name, path in self._searched.items():
            extracted[name] = _value(self._search(path, whole))

    def bulk(self, portion: Portion) -> bool:
        """Where every line is an object, and plain names say what is wanted of it."""
        texts = portion.lines if self._source is None else portion.texts(self._source)
        if self._searched:
            return False
        try:
            found = [self._decoder.decode(text or "") for text in texts]
        except _FAULTS:
            return False
        for name, key in self._plain.items():
            wanted = attrgetter(self._fields[key])
            values = list(map(wanted, found))
            portion.extracted[name] = [value if type(value) is str else _value(value) for value in values]
        return True

    def _malformed(self, entry: Entry) -> Sequence[Entry]:
        self._counts.faults["json"] += 1
        if not self._drop:
            return (entry,)
        self._counts.dropped["malformed json"] += 1
        return ()

    def _search(self, path: Any, found: object) -> object:
        from jmespath.exceptions import JMESPathError  # noqa: PLC0415 - few expressions need it

        try:
            return path.search(found)
        except (JMESPathError, TypeError, ValueError):  # a function that is called with what it does not take
            self._counts.faults["json"] += 1
            return None


def _decoder(fields: Mapping[str, str]) -> msgspec.json.Decoder[Any]:
    """Of objects of which these keys are wanted, as fields of those names; others are passed over, which takes a
    quarter of the time.
    """
    wanted = [(name, Any, msgspec.field(default=None, name=key)) for key, name in fields.items()]
    return msgspec.json.Decoder(msgspec.defstruct("Wanted", wanted))


def _value(found: object) -> object:
    """Numbers are floats, as there; lists and objects are JSON."""
    if isinstance(found, bool | str | None):
        return found
    return float(found) if isinstance(found, int | float) else msgspec.json.encode(found).decode()


def is_plain(path: str) -> bool:
    """A key of the object itself, for which no library is needed."""
    return _PLAIN_NAME.issuperset(path) and not path[0].isdigit()


def compiled(path: str) -> Any:
    """Raises jmespath's errors."""
    import jmespath  # noqa: PLC0415 - few expressions need it

    return jmespath.compile(path)


def fault_of(path: str) -> str | None:
    """Why it is no JMESPath."""
    if is_plain(path):
        return None
    from jmespath.exceptions import JMESPathError  # noqa: PLC0415 - few expressions need it

    try:
        compiled(path)
    except JMESPathError as error:
        return str(error).splitlines()[0]
    return None
