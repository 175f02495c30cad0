"""The Statuspage v2 JSON API, shaped as the clients of Atlassian's expect it; docs/statuspage-compat.md."""
