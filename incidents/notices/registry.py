"""All channels, by name. A new one is added here; docs/add-a-channel.md."""

from incidents.lib.addresses import clean_address
from incidents.notices.channel import Channel
from incidents.notices.channels import discord, slack, sms, teams, webhook
from incidents.notices.channels.email import open_sender
from incidents.notices.render import Mailroom

EMAIL = Channel("email", clean_address, Mailroom, open_sender)
CHANNELS = {
    channel.name: channel
    for channel in (EMAIL, webhook.CHANNEL, slack.CHANNEL, teams.CHANNEL, discord.CHANNEL, sms.CHANNEL)
}
