"""Access to Slack and the Zoom lists: tasks, Slack's invitation link, and Slack compared with the roster."""
