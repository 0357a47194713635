"""Topics: concerns and questions that members raise for their next meeting, and what came of them."""
