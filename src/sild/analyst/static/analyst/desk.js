// Keys of the analyst's desk; they act only while a proposal has the focus (WCAG 2.1.4). All works without this file.
"use strict";

const proposals = () => [...document.querySelectorAll(".analyst-proposal")];

const move = (from, step) => {
  const all = proposals();
  const next = all[all.indexOf(from) + step];
  if (next) {
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  }
};

const press = (proposal, verdict) => proposal.querySelector(`button[value="${verdict}"]`)?.click();

const correct = (proposal) => {
  const details = proposal.querySelector("details");
  if (details) {
    details.open = true;
    details.querySelector("input[name=value]").focus();
  }
};

const keys = {
  j: (proposal) => move(proposal, 1),
  k: (proposal) => move(proposal, -1),
  a: (proposal) => press(proposal, "accepted"),
  r: (proposal) => press(proposal, "rejected"),
  o: (proposal) => press(proposal, "open"),
  c: correct,
};

document.addEventListener("keydown", (event) => {
  const proposal = event.target.closest?.(".analyst-proposal");
  if (!proposal || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") {
    proposal.querySelector("details[open]")?.removeAttribute("open");
    proposal.focus();
    return;
  }
  if (event.target.matches("input, textarea, select")) return;
  const act = keys[event.key.toLowerCase()];
  if (act) {
    event.preventDefault();
    act(proposal);
  }
});

if (location.hash) document.getElementById(location.hash.slice(1))?.focus();
