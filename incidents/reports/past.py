"""A past report, read from its text, taken into the record."""

from incidents.actions.past import PastLine, PastReport, import_past
from incidents.lib.errors import Refused
from incidents.models import Page, Report, Service, Staff
from incidents.models.fold import Change
from incidents.queries.service import names_of_code
from incidents.reports import hea
from incidents.reports.document import Document, split_number
