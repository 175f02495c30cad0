"""The text edition, both ways; the format is docs/report-format.md."""

from incidents.reports.hea_read import find_number_line, read
from incidents.reports.hea_rows import ReportSyntaxError
from incidents.reports.hea_title import split_title
from incidents.reports.hea_write import write

__all__ = ["ReportSyntaxError", "find_number_line", "read", "split_title", "write"]
