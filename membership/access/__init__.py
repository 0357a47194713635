"""Being in Slack and on the Zoom list: the tasks, Slack's invitation link, and holding Slack to the roster."""
