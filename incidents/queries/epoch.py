from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Func, IntegerField
from django.db.models.sql.compiler import SQLCompiler


class Second(Func):
    """An instant as the second since 1970 that it lies in, as `lib.spans.second_of` gives it.

    Many instants are read several times faster so than as datetimes.
    """

    output_field = IntegerField()
    template = "FLOOR(EXTRACT(EPOCH FROM %(expressions)s))::bigint"

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any
    ) -> tuple[str, tuple[Any, ...]]:
        # Each %% loses one by the template and one by the driver.
        template = "CAST(STRFTIME('%%%%s', %(expressions)s) AS INTEGER)"
        sql, params = self.as_sql(compiler, connection, template=template, **extra)
        return sql, tuple(params)
