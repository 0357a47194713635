"""Access to Slack and the Zoom lists: its tasks, Slack's invitation link, and Slack compared with the roster."""
