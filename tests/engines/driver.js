// Walks a form in @getodk/xforms-engine, the engine of ODK Web Forms, as pipeline.javarosa walks it
// in JavaRosa: every relevant question in the order of the form, its answer judged at once.
import { loadForm } from "/node_modules/@getodk/xforms-engine/dist/index.js";

const ASKED = new Set(["input", "select", "rank", "trigger", "range", "upload", "note"]);
const loaded = new Map();

async function load(url) {
  if (!loaded.has(url)) {
    const folder = url.slice(0, url.lastIndexOf("/") + 1);
    const result = await loadForm(await (await fetch(url)).text(), {
      fetchFormAttachment: (resource) => fetch(folder + resource.href.split("/").pop()),
    });
    if (result.status === "failure") throw new Error(result.error.message);
    loaded.set(url, result);
  }
  return loaded.get(url);
}

export async function languages(url) {
  return (await load(url)).createInstance().root.languages.map((l) => l.language);
}

// `answers` by reference ("/data/rumah[1]/umur") or by name; an absent one leaves a question as it
// is. `phone` says the start and end in milliseconds, the seed (or the one number `random` that chance gives), the device, and when (`at`, by
// name) a question was answered. The walk ends behind the question named `until`, if there is one.
export async function fill(url, answers, phone, { language = "", wording = false, until = "" } = {}) {
  const form = await load(url);
  window.chance.seed(phone.seed);
  window.chance.value = phone.random;
  window.clock.now = phone.start;
  try {
    const { root } = form.createInstance({
      preloadProperties: { deviceID: phone.device, username: phone.username },
    });
    if (language) root.setLanguage(root.languages.find((l) => l.language === language));
    const steps = [];
    const complete = walk(root, { answers, phone, wording, until, steps });
    window.clock.now = phone.end;
    const payload = complete ? await root.prepareInstancePayload() : null;
    const xml = payload ? await payload.data[0].get("xml_submission_file").text() : "";
    return { steps, xml, violations: (payload?.violations ?? []).map((v) => v.reference) };
  } finally {
    window.clock.now = null;
  }
}

export async function fillAll(url, fills) {
  const found = [];
  for (const one of fills) found.push(await fill(url, ...one));
  return found;
}

function walk(node, filling) {
  for (let i = 0; i < node.currentState.children.length; i++) {
    const child = node.currentState.children[i];
    const state = child.currentState;
    if (!state.relevant) continue;
    if (child.nodeType === "repeat-range:uncontrolled") {
      const missing = Number(told(filling.answers, state.reference) ?? 0) - state.children.length;
      if (missing > 0) child.addInstances(state.children.length - 1, missing);
    }
    if (state.children) {
      if (!walk(child, filling)) return false;
    } else if (ASKED.has(child.nodeType)) {
      const step = ask(child, filling);
      filling.steps.push(step);
      if (step.outcome !== "ok" || step.name === filling.until) return false;
    }
  }
  return true;
}

const nameOf = (reference) => reference.split("/").pop().replace(/\[\d+\]$/, "");
const told = (answers, reference) => answers[reference] ?? answers[nameOf(reference)];

function ask(node, { answers, phone, wording }) {
  const state = node.currentState;
  const step = {
    name: nameOf(state.reference), path: state.reference, control: node.nodeType, answer: null,
    outcome: "ok", message: "", read_only: state.readonly || node.nodeType === "note",
    required: state.required, label: "", hint: "", choices: [],
  };
  if (wording) {
    step.label = state.label?.asString ?? "";
    step.hint = state.hint?.asString ?? "";
    step.choices = (state.valueOptions ?? []).map((o) => [o.value, o.label.asString]);
  }
  if (step.read_only) return step;
  if (phone.at[step.name] !== undefined) window.clock.now = phone.at[step.name];
  const answer = told(answers, state.reference) ?? "";
  if (answer !== "") {
    step.answer = answer;
    if (!put(node, answer)) return { ...step, outcome: "not offered" };
  }
  const violation = node.validationState.violation;
  if (violation) {
    step.outcome = violation.condition; // "required" or "constraint"
    step.message = violation.message?.asString ?? "";
  }
  return step;
}

function put(node, answer) {
  if (node.nodeType === "select" || node.nodeType === "rank") {
    const codes = node.selectType === "select1" ? [answer] : answer.split(" ");
    const offered = new Set(node.currentState.valueOptions.map((option) => option.value));
    if (!codes.every((code) => offered.has(code))) return false;
    if (node.nodeType === "rank") node.setValues(codes);
    else node.selectValues(codes);
  } else if (node.nodeType === "trigger") node.setValue(true);
  else node.setValue(answer);
  return true;
}
