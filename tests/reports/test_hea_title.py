import pytest

from incidents.reports.hea import split_title

HEA = {"HEA": "HENNGE Email Archive", "ARC": "Minato"}


@pytest.mark.parametrize(
    ("title", "services", "service", "parts"),
    [
        ("HENNGE Email Archive メール検索の遅延", HEA, None, ("HENNGE Email Archive", "メール検索の遅延")),
        ("HENNGE Email Archive slow search", HEA, None, ("HENNGE Email Archive", "slow search")),
        ("HENNGE Email Archive", HEA, None, ("HENNGE Email Archive", "")),
        ("HENNGE Email Archives slow", HEA, None, ("HENNGE Email Archives", "slow")),
        ("Minato メールの遅延", HEA, None, ("Minato", "メールの遅延")),
        ("Other Name Box 検索 の遅延", {}, None, ("Other Name Box", "検索 の遅延")),
        ("Other Name Box slow", {}, None, ("Other Name Box", "slow")),
        ("メール配信 遅延 の件", {}, None, ("メール配信", "遅延 の件")),
        ("検索の遅延", {}, None, ("検索の遅延", "")),
        ("Mail Box 検索の遅延", {"HEA": "Mail Box"}, "Mail", ("Mail", "Box 検索の遅延")),
        ("Mail Box 検索の遅延", {}, "Vault", ("Vault", "検索の遅延")),
        ("検索の遅延", {}, "Vault", ("Vault", "検索の遅延")),
    ],
)
def test_a_title_is_split_by_what_is_known(
    title: str, services: dict[str, str], service: str | None, parts: tuple[str, str]
) -> None:
    assert split_title(title, number="HEA2020100801", services=services, service=service) == parts
