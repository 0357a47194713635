"""A visitor who has a keyboard and nothing else: Tab, Space, Enter, arrows, letters."""

from playwright.sync_api import Locator, Page

# More than any page of the portal has ways to stop; a page that never comes to it fails.
MOST_STOPS = 150

# Whether one sees where one is: a ring or a shadow, on the thing itself or (for a hidden radio
# button) on its label, within the window and not under something else.
SEEN = """
() => {
  const thing = document.activeElement;
  const ringed = one => {
    const style = getComputedStyle(one);
    return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1)
      || style.boxShadow !== "none";
  };
  const box = thing.getBoundingClientRect();
  const inside = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
  const around = [thing, ...(thing.labels || []), thing.closest("label")].filter(Boolean);
  const top = document.elementFromPoint(
    Math.min(Math.max(box.left + box.width / 2, 0), innerWidth - 1),
    Math.min(Math.max(box.top + box.height / 2, 0), innerHeight - 1),
  );
  const free = around.some(one => one.contains(top) || top?.contains(one));
  return around.some(ringed) && inside && free;
}
"""


def go_to(page: Page, target: Locator) -> None:
    """Tab until `target` has the focus; at each stop one must see where one is."""
    target.first.wait_for()
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement !== document.body"):
            # Waited for: the page may scroll there smoothly.
            page.wait_for_function(SEEN, timeout=5_000)
            if target.evaluate("(wanted) => wanted === document.activeElement"):
                return
    raise AssertionError(f"{page.url}: {MOST_STOPS} times Tab do not lead to {target}")


def press(page: Page, target: Locator, key: str = "Enter") -> None:
    """Go to a link or a button and press it."""
    go_to(page, target)
    page.keyboard.press(key)


def write(page: Page, label: str, text: str) -> None:
    """Go to the field of this label and type."""
    go_to(page, page.get_by_label(label))
    page.keyboard.type(text)


def choose(page: Page, question: str, answer: str) -> None:
    """Go to the group of choices, and to the answer by the arrow keys, as browsers have it."""
    group = page.get_by_role("group", name=question)
    wanted = group.get_by_label(answer, exact=True)
    go_to(page, group.get_by_role("radio").first)
    page.keyboard.press("Space")
    for _ in range(group.get_by_role("radio").count()):
        if wanted.is_checked():
            return
        page.keyboard.press("ArrowDown")
    raise AssertionError(f"The arrow keys do not lead to {answer}.")
