// The little that neither the server nor htmx does: notices of failure, and copying a citation.

const tray = () => document.getElementById("notices");

function notice(text, kind) {
  const place = tray();
  if (!place) return;
  const note = document.createElement("div");
  note.className = `alert alert-${kind} mb-2`;
  note.textContent = text;
  place.replaceChildren(note);
  setTimeout(() => note.remove(), 6000);
}

document.addEventListener("htmx:sendError", () => notice(tray().dataset.offline, "danger"));
document.addEventListener("htmx:responseError", () => notice(tray().dataset.failed, "danger"));

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copies]");
  if (!button) return;
  const text = document.getElementById(button.dataset.copies);
  await navigator.clipboard.writeText(text.textContent.trim());
  notice(tray().dataset.copied, "success");
});

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id !== "basket") return;
  const word = document.getElementById("word");
  htmx.trigger(word, "htmx:abort");
  word.value = "";
  document.getElementById("suggestions").replaceChildren();
});
