"""What is so now in the shape of Atlassian's Statuspage v2, for the JSON API and for webhooks."""
