"""JSONPath (RFC 9535) as far as it takes linear time: what is asked is written by staff, what it is asked of by
others."""

import json
from functools import lru_cache
from typing import Any

from jsonpath_rfc9535 import JSONPathEnvironment, JSONPathError, JSONPathQuery
from jsonpath_rfc9535.filter_expressions import (
    ComparisonExpression,
    Expression,
    FilterExpression,
    FilterExpressionLiteral,
    FunctionExtension,
    LogicalExpression,
    PrefixExpression,
    RelativeFilterQuery,
)
from jsonpath_rfc9535.function_extensions import Length
from jsonpath_rfc9535.segments import JSONPathRecursiveDescentSegment
from jsonpath_rfc9535.selectors import FilterSelector

from incidents.lib.errors import Refused

MOST_CHARACTERS = 200


class _Linear(JSONPathEnvironment):
    """Without match() and search(): the library runs their patterns through an engine that backtracks."""

    def setup_function_extensions(self) -> None:
        self.function_extensions["length"] = Length()


_ENVIRONMENT = _Linear()


def check_path(path: str, *, field: str) -> None:
    """Raises Refused for what is no JSON path, or one whose time grows faster than the answer it is asked of."""
    if len(path) > MOST_CHARACTERS:
        raise Refused(f"expected at most {MOST_CHARACTERS} characters", field=field)
    try:
        query = _ENVIRONMENT.compile(path)
    except (JSONPathError, RecursionError, ValueError) as error:
        raise Refused("expected a JSON path such as $.status or $.checks[*].status", field=field) from error
    if not _is_linear(query):
        message = (
            "expected a JSON path with one selector in each bracket, one .. at most, and filters on @ alone"
        )
        raise Refused(message, field=field)


def find_values(path: str, text: str) -> list[Any]:
    """What stands at a checked path; raises ValueError where the text is no JSON or is nested too deeply."""
    try:
        return list(_compiled(path).find(json.loads(text)).values())
    except (JSONPathError, RecursionError) as error:
        raise ValueError("nested too deeply") from error


@lru_cache(maxsize=256)
def _compiled(path: str) -> JSONPathQuery:
    return _ENVIRONMENT.compile(path)


def _is_linear(query: JSONPathQuery) -> bool:
    """Two descents meet each node once for each of its ancestors, [*,*] doubles at each step, and a filter that
    searches does so for every node."""
    descents = sum(isinstance(segment, JSONPathRecursiveDescentSegment) for segment in query.segments)
    selectors = [segment.selectors for segment in query.segments]
    return (
        descents <= 1
        and all(len(one) == 1 for one in selectors)
        and all(_is_constant(s.expression) for (s,) in selectors if isinstance(s, FilterSelector))
    )


def _is_constant(expression: Expression) -> bool:
    match expression:
        case FilterExpressionLiteral():
            return True
        case FilterExpression(expression=inner) | PrefixExpression(right=inner):
            return _is_constant(inner)
        case LogicalExpression(left=left, right=right) | ComparisonExpression(left=left, right=right):
            return _is_constant(left) and _is_constant(right)
        case FunctionExtension(args=args):
            return all(map(_is_constant, args))
        case RelativeFilterQuery(query=query):
            return query.singular_query()
    return False


def as_text(value: Any) -> str:
    """A value as staff write the one that they expect: a string without quotes, all else as JSON has it."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
