// A marker [n] opens the passage of its source in a panel beside the chat; without scripts it is a plain link.
(() => {
  const all = selector => document.querySelectorAll(selector);
  const set = (held, name, value) => held.getAttribute(name) === value || held.setAttribute(name, value);
  let panel, marker;

  function made() {
    if (panel) return panel;
    panel = document.createElement("dialog");
    panel.id = "source-panel";
    panel.setAttribute("aria-label", "Source of the statement");
    panel.innerHTML = '<button class="close" type="button">Close</button><div class="passage" tabindex="0"></div>';
    panel.querySelector(".close").addEventListener("click", () => panel.close());
    panel.addEventListener("close", () => marker?.focus());
    document.body.append(panel);
    return panel;
  }
  async function show(link) {
    const held = made().querySelector(".passage");
    marker = link;
    held.textContent = "Loading…";
    // Beside the chat where there is room, over it on a phone: the browser then keeps the focus inside.
    if (!panel.open) innerWidth > 900 ? panel.show() : panel.showModal();
    try {
      const response = await fetch(link.href, {headers: {"x-part": "1"}});
      const text = await response.text();
      if (marker !== link) return;  // another marker was chosen meanwhile
      if (response.ok) held.innerHTML = text;
      else held.textContent = "The passage cannot be shown: " + text;
    } catch { held.textContent = "The passage cannot be shown: the server does not answer."; }
    held.querySelector("mark")?.scrollIntoView({block: "center"});
    panel.querySelector(".close").focus({preventScroll: true});
  }
  document.addEventListener("click", event => {
    const link = event.target.closest?.("a.cite");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    event.stopPropagation();
    show(link);
  }, true);
  document.addEventListener("keydown", event => {
    if (event.key === "Escape" && panel?.open) panel.close();
  });

  // A new question comes to the top, so that its answer is read from its beginning; whoever scrolls is left alone.
  let questions = 0, newest;
  function follow() {
    const rows = all(".user-row");
    if (rows.length > questions) newest = rows[rows.length - 1];
    questions = rows.length;
    const log = newest?.closest("[role=log]");
    if (log) log.scrollTop += newest.getBoundingClientRect().top - log.getBoundingClientRect().top - 8;
  }
  for (const moved of ["wheel", "touchmove", "pointerdown", "keydown"])
    document.addEventListener(moved, event => { if (event.target.closest?.("[role=log]")) newest = null; }, {passive: true});

  // Words that are looked for in a document are shown from their first place on.
  let first;
  function find() {
    const mark = document.querySelector(".document mark");
    if (mark && mark !== first) {
      const held = mark.closest(".document");
      held.scrollTop += mark.getBoundingClientRect().top - held.getBoundingClientRect().top - 40;
    }
    first = mark;
  }

  // What Gradio tells screen readers: a message's raw markup as its name, lists of buttons, and no name of choices and charts.
  function mend() {
    for (const held of all(".examples")) set(held, "role", "group"), set(held, "aria-label", "Examples");
    for (const held of all(".options")) set(held, "role", "group"), set(held, "aria-label", "You could ask");
    for (const [who, name] of [["bot", "Answer"], ["user", "Question"]])
      for (const held of all(`[data-testid="${who}"]`)) set(held, "role", "group"), set(held, "aria-label", name);
    for (const held of all("#picture .js-plotly-plot"))
      set(held, "role", "img"), set(held, "aria-label", document.querySelector("#picture button")?.innerText ?? "Picture");
    for (const held of all("fieldset:has([data-testid=block-info])"))
      set(held, "aria-label", held.querySelector("[data-testid=block-info]").innerText.trim());
    for (const held of all(".wide")) if (held.scrollWidth > held.clientWidth) set(held, "tabindex", "0");
    follow();
    find();
  }
  new MutationObserver(mend).observe(document.documentElement,
    {subtree: true, childList: true, attributeFilter: ["aria-label"]});

  // Gradio copies a message with its markup; what is copied here is what is read, with the quotations.
  let copied;
  document.addEventListener("click", event => {
    const row = event.target.closest?.("[aria-label='Copy message']")?.closest(".message-buttons")?.previousElementSibling;
    if (!row) return;
    const closed = [...row.querySelectorAll("details:not([open])")];
    for (const held of closed) held.open = true;
    copied = row.innerText;
    for (const held of closed) held.open = false;
  }, true);
  const write = navigator.clipboard?.writeText.bind(navigator.clipboard);
  if (write) navigator.clipboard.writeText = text => write(copied ?? text);

  // A question that is asked in the middle of an answer would be lost; it waits in the box.
  document.addEventListener("keydown", event => {
    if (event.key !== "Enter" || event.shiftKey || !event.target.closest?.("#question")) return;
    if (document.querySelector("#question .stop-button")) event.preventDefault(), event.stopPropagation();
  }, true);

  // The box is ready for the next question; on a phone its keyboard would cover the answer.
  window.careerbotFocus = always => {
    if (always || matchMedia("(pointer: fine)").matches) document.querySelector("#question textarea")?.focus();
  };
  window.careerbotSave = (text, name, type) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], {type}));
    link.download = name;
    link.click();
    URL.revokeObjectURL(link.href);
  };
})();
