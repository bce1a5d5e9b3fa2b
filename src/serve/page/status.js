
const live = document.querySelector("#live");
const state = document.querySelector("#state");
function show(text) {
  // Only what is new: a screen reader reads each change aloud.
  if (state.textContent !== text) state.textContent = text;
}
async function refresh() {
  if (!document.hidden) {
    try {
      const answer = await fetch("/live", { cache: "no-store" });
      if (!answer.ok) throw new Error(answer.status);
      live.innerHTML = await answer.text();
      live.classList.remove("stale");
      show("Live.");
    } catch {
      live.classList.add("stale");
      show("The daemon does not answer; this is how it was.");
    }
  }
  setTimeout(refresh, 3000);
}
show("Live.");
setTimeout(refresh, 3000);
