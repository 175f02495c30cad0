import io
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from incidents.actions.imports import MOST_FAULTS, FileRefused, import_subscribers, preview_import
from incidents.models import (
    AuditEntry,
    Delivery,
    Page,
    ServiceGroup,
    Subscriber,
    SubscriberState,
    Suppression,
    SuppressionReason,
)
from incidents.queries.subscriber_file import write_subscribers
from incidents.queries.suppressions import suppression_key
from tests import make

pytestmark = pytest.mark.django_db

HEAD = "email,consent_date\n"


def csv_file(text: str, encoding: str = "utf-8") -> io.BytesIO:
    return io.BytesIO(text.encode(encoding))


def faults(page: Page, text: str, encoding: str = "utf-8") -> list[tuple[int, str, str]]:
    with pytest.raises(FileRefused) as refused:
        import_subscribers(page, csv_file(text, encoding))
    assert not Subscriber.objects.exists()
    return [(fault.line, fault.column, str(fault)) for fault in refused.value.faults]


def test_whoever_agreed_elsewhere_is_active_since_that_day_and_nobody_is_mailed() -> None:
    page = make.page()
    outcome = import_subscribers(page, csv_file(f"{HEAD}Reader@Example.com,2024-04-01\n"))
    made = Subscriber.objects.get()
    assert (outcome.added, made.email, made.state) == (1, "reader@example.com", SubscriberState.ACTIVE)
    assert made.confirmed_at == make.jst("2024-04-01 00:00")
    assert (made.all_services, made.language, made.consent_source) == (True, "ja", "import")
    assert not Delivery.objects.exists()


def test_every_choice_can_be_told() -> None:
    page = make.page()
    archive = make.service(page, slug="archive", name="メールアーカイブ")
    relay = make.service(page, slug="relay")
    group = ServiceGroup.objects.create(page=page, name="管理機能")
    import_subscribers(
        page,
        csv_file(
            "Email,Language,Services,Groups,Kinds,Stages,Time_Zone,Consent_Date,Consent_Source\n"
            "a@example.com,en,メールアーカイブ；relay,管理機能,incidents;reports,ends,Asia/Kathmandu,2024/4/1,契約書\n"
        ),
    )
    made = Subscriber.objects.get()
    assert set(made.services.all()) == {archive, relay}
    assert list(made.groups.all()) == [group]
    assert (made.all_services, made.language, made.stages, made.time_zone) == (
        False,
        "en",
        "ends",
        "Asia/Kathmandu",
    )
    assert (made.wants_incidents, made.wants_maintenance, made.wants_reports) == (True, False, True)
    assert (made.consent_source, made.confirmed_at) == ("契約書", make.jst("2024-04-01 00:00"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_a_file_is_read_as_spreadsheets_save_it(encoding: str) -> None:
    page = make.page()
    text = "email,consent_date,consent_source\r\na@example.com,2024-04-01,申込書①\r\n"
    import_subscribers(page, csv_file(text, encoding))
    assert Subscriber.objects.get().consent_source == "申込書①"


@pytest.mark.parametrize(("encoding", "line"), [("utf-16", 1), ("euc-jp", 2), ("utf-32", 1)])
def test_another_encoding_is_named_by_the_line_that_gives_it_away(encoding: str, line: int) -> None:
    text = "email,consent_date,consent_source\na@example.com,2024-04-01,契約書による同意\n"
    found = faults(make.page(), text, encoding)
    assert found == [(line, "", "expected text in UTF-8 or CP932 (Shift_JIS)")]


def test_all_that_is_wrong_is_told_by_line_and_column_and_nothing_is_imported() -> None:
    tomorrow = "2999-01-01"
    found = faults(
        make.page(),
        "email,language,services,consent_date\n"
        "good@example.com,ja,,2024-04-01\n"
        "bad,ja,,2024-04-01\n"
        "\n"
        f"a@example.com,ja,,{tomorrow}\n"
        "b@example.com,ja,,\n"
        "c@example.com,fr,,2024-04-01\n"
        "d@example.com,ja,unknown,2024-04-01\n"
        "e@example.com,ja\n"
        "GOOD@example.com,ja,,2024-04-01\n",
    )
    assert [(line, column) for line, column, _ in found] == [
        (3, "email"),
        (5, "consent_date"),
        (6, "consent_date"),
        (7, "language"),
        (8, "services"),
        (9, ""),
        (10, "email"),
    ]
    assert "expected names or slugs of this page, not 'unknown'" in found[4][2]
    assert found[6][2] == "expected each address once; this one is in line 2 too"


def test_every_wrong_cell_of_a_line_is_told_at_once() -> None:
    told = faults(
        make.page(),
        "email,consent_date,language,services,groups,kinds,stages,time_zone,consent_source\n"
        "nobody,2999-01-01,xx,無い,無い,zzz,some,Asia/Nowhere,a\x07b\n"
        "a@example.com,2024-04-01,ja,,,,,,\n",
    )
    assert [(line, column) for line, column, _sentence in told] == [
        (2, "email"),
        (2, "consent_date"),
        (2, "language"),
        (2, "services"),
        (2, "groups"),
        (2, "kinds"),
        (2, "stages"),
        (2, "time_zone"),
        (2, "consent_source"),
    ]


def test_lines_are_counted_through_cells_of_several_lines() -> None:
    found = faults(
        make.page(), 'email,consent_date,consent_source\na@example.com,2024-04-01,"x\ny"\nb,2024-04-01,\n'
    )
    assert [(line, column) for line, column, _ in found] == [(2, "consent_source"), (4, "email")]


@pytest.mark.parametrize(
    ("header", "column"),
    [
        ("email", "consent_date"),
        ("email,consent_date,colour", "colour"),
        ("email,consent_date,email", "email"),
        ("email,consent_date,", "(no name)"),
        ("", ""),
    ],
)
def test_a_header_that_is_not_understood_stops_the_file(header: str, column: str) -> None:
    assert [(line, name) for line, name, _ in faults(make.page(), header)] == [(1, column)]


def test_a_quote_that_never_ends_is_told_where_it_begins() -> None:
    found = faults(make.page(), f'{HEAD}a@example.com,2024-04-01\n"b@example.com,2024-04-01\nc\n')
    assert [(line, column) for line, column, _ in found] == [(3, "")]


def test_no_more_faults_are_listed_than_anyone_reads_and_the_rest_is_counted() -> None:
    with pytest.raises(FileRefused) as refused:
        preview_import(make.page(), csv_file(HEAD + "bad,2024-04-01\n" * 150))
    assert (len(refused.value.faults), refused.value.count) == (MOST_FAULTS, 150)


def test_importing_twice_changes_nothing() -> None:
    page = make.page()
    text = f"{HEAD}a@example.com,2024-04-01\nb@example.com,2024-04-02\n"
    import_subscribers(page, csv_file(text))
    before = list(Subscriber.objects.order_by("pk").values())
    again = import_subscribers(page, csv_file(text))
    assert (again.added, again.kept) == (0, 2)
    assert list(Subscriber.objects.order_by("pk").values()) == before
    assert AuditEntry.objects.filter(action="import_subscribers").count() == 1


def test_a_preview_tells_the_same_and_writes_nothing() -> None:
    page = make.page()
    make.subscriber(page, "kept@example.com")
    text = f"{HEAD}kept@example.com,2024-04-01\nnew@example.com,2024-04-01\n"
    preview = preview_import(page, csv_file(text))
    assert Subscriber.objects.count() == 1
    assert not AuditEntry.objects.filter(action="import_subscribers").exists()
    assert import_subscribers(page, csv_file(text)) == preview


def test_nobody_who_left_or_may_not_be_mailed_comes_back() -> None:
    page = make.page()
    for state in (SubscriberState.UNSUBSCRIBED, SubscriberState.DISABLED):
        Subscriber.objects.create(page=page, email=f"{state}@example.com", state=state)
    Suppression.objects.create(address=suppression_key("erased@example.com"), reason=SuppressionReason.ERASED)
    names = ("unsubscribed", "disabled", "erased")
    outcome = import_subscribers(
        page, csv_file(HEAD + "".join(f"{name}@example.com,2024-04-01\n" for name in names))
    )
    assert [(line, email) for line, email, _reason in outcome.skipped] == [
        (number, f"{name}@example.com") for number, name in enumerate(names, 2)
    ]
    assert (outcome.skipped_count, outcome.added) == (3, 0)
    assert not Subscriber.objects.filter(state=SubscriberState.ACTIVE).exists()


def test_the_readers_own_choices_win_over_a_file() -> None:
    page = make.page()
    service = make.service(page, slug="archive")
    make.subscriber(page, "a@example.com", service)
    import_subscribers(page, csv_file(f"{HEAD}a@example.com,2024-04-01\n"))
    assert Subscriber.objects.get().all_services is False


def test_who_waited_to_confirm_has_now_agreed() -> None:
    page = make.page()
    Subscriber.objects.create(page=page, email="a@example.com")
    outcome = import_subscribers(page, csv_file(f"{HEAD}a@example.com,2024-04-01\n"))
    found = Subscriber.objects.get()
    assert (outcome.confirmed, found.state) == (1, SubscriberState.ACTIVE)


def test_an_import_is_on_the_record() -> None:
    page, staff = make.page(), make.staff()
    import_subscribers(page, csv_file(f"{HEAD}a@example.com,2024-04-01\n"), actor=staff)
    entry = AuditEntry.objects.get(action="import_subscribers")
    assert (entry.actor, entry.after["added"]) == (staff, 1)


def test_who_chose_only_what_is_gone_is_not_brought_back_as_a_reader_of_everything() -> None:
    page, other = make.page(), make.page()
    gone = make.service(page)
    make.subscriber(page, "a@example.com", gone)
    gone.delete()
    import_subscribers(other, csv_file("".join(write_subscribers(page))))
    made = Subscriber.objects.get(page=other)
    assert (made.all_services, made.services.count()) == (False, 0)


LOCALS = st.text(alphabet="ab+='#-_", min_size=1, max_size=8).filter(lambda text: text[0] != "-")
SUBSCRIBERS = st.fixed_dictionaries(
    {
        "language": st.sampled_from(["ja", "en"]),
        "stages": st.sampled_from(["all", "ends"]),
        "time_zone": st.sampled_from(["", "Asia/Tokyo", "America/New_York"]),
        "consent_source": st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=20),
        "wants_incidents": st.booleans(),
        "wants_maintenance": st.booleans(),
        "wants_reports": st.booleans(),
        "day": st.dates(date(2000, 1, 1), date(2020, 1, 1)),
        "services": st.sets(st.integers(0, 2)),
        "groups": st.sets(st.integers(0, 2)),
    }
)
SLUGS = ("archive", "-relay", "_x")
NAMES = ("メール;アーカイブ\\", "=SUM(A1)", "(none)")


def furnished_page() -> Page:
    page = make.page()
    for slug, name in zip(SLUGS, NAMES, strict=True):
        make.service(page, slug=slug, name=name)
        ServiceGroup.objects.create(page=page, name=name)
    return page


def stored(page: Page) -> list[tuple[object, ...]]:
    fields = ("language", "all_services", "stages", "time_zone", "consent_source", "confirmed_at", "state")
    kinds = ("wants_incidents", "wants_maintenance", "wants_reports")
    return [
        (
            row.email,
            *(getattr(row, name) for name in (*fields, *kinds)),
            sorted(row.services.values_list("slug", flat=True)),
            sorted(row.groups.values_list("name", flat=True)),
        )
        for row in Subscriber.objects.filter(page=page).order_by("email")
    ]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(LOCALS, SUBSCRIBERS, max_size=4))
def test_what_is_exported_is_imported_as_it_was(wanted: dict[str, dict[str, Any]]) -> None:
    Page.objects.all().delete()
    page, other = furnished_page(), furnished_page()
    services = [page.services.get(slug=slug) for slug in SLUGS]
    groups = [page.groups.get(name=name) for name in NAMES]
    for local, given_values in wanted.items():
        values = dict(given_values)
        day, chosen, grouped = values.pop("day"), values.pop("services"), values.pop("groups")
        made = make.subscriber(page, f"{local}@example.com", **values)
        made.services.set(services[number] for number in chosen)
        made.groups.set(groups[number] for number in grouped)
        made.all_services = not chosen and not grouped
        made.confirmed_at = make.jst(f"{day} 00:00")
        made.save()
    text = "".join(write_subscribers(page))
    import_subscribers(other, io.BytesIO(text.encode()))
    assert stored(other) == stored(page)
    assert "".join(write_subscribers(other)) == text
