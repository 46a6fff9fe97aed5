// Walks a form in @getodk/xforms-engine, the engine of ODK Web Forms, as pipeline.javarosa walks it
// in JavaRosa: every relevant question in the order of the form, its answer judged at once.
import { loadForm } from "/node_modules/@getodk/xforms-engine/dist/index.js";

const ASKED = new Set(["input", "select", "rank", "trigger", "range", "upload", "note"]);
const ROLES = { "required": "required", "constraint": "constraint" };
const loaded = new Map();

async function form(url) {
  if (!loaded.has(url)) {
    const folder = url.slice(0, url.lastIndexOf("/") + 1);
    const text = await (await fetch(url)).text();
    const result = await loadForm(text, {
      fetchFormAttachment: (resource) => fetch(folder + resource.href.split("/").pop()),
    });
    if (result.status === "failure") throw new Error(result.error.message);
    loaded.set(url, result);
  }
  return loaded.get(url);
}

export async function languages(url) {
  return (await form(url)).createInstance().root.languages.map((l) => l.language);
}

// One fill: `answers` by reference ("/data/a/b") or by name; absent leaves a question as it is.
export async function fill(url, answers, { language = "", wording = false } = {}) {
  const created = (await form(url)).createInstance({
    preloadProperties: { deviceID: "persepsi:simulasi" },
  });
  const root = created.root;
  if (language) root.setLanguage(root.languages.find((l) => l.language === language));
  const steps = [];
  const complete = walk(root, answers, wording, steps);
  const payload = await root.prepareInstancePayload();
  const xml = complete ? await payload.data[0].get("xml_submission_file").text() : "";
  const violations = complete ? (payload.violations ?? []).map((v) => v.reference) : [];
  return { steps, xml, violations };
}

function walk(node, answers, wording, steps) {
  for (let i = 0; i < node.currentState.children.length; i++) {
    const child = node.currentState.children[i];
    const state = child.currentState;
    if (!state.relevant) continue;
    if (child.nodeType === "repeat-range:uncontrolled") {
      const wanted = Number(answerTo(answers, state.reference) ?? 0);
      const missing = wanted - state.children.length;
      if (missing > 0) child.addInstances(state.children.length - 1, missing);
    }
    if (state.children) {
      if (!walk(child, answers, wording, steps)) return false;
    } else if (ASKED.has(child.nodeType)) {
      const step = ask(child, answers, wording);
      steps.push(step);
      if (step.outcome !== "ok") return false;
    }
  }
  return true;
}

function answerTo(answers, reference) {
  return answers[reference] ?? answers[reference.split("/").pop()];
}

function ask(node, answers, wording) {
  const state = node.currentState;
  const step = {
    name: state.reference.split("/").pop(), path: state.reference, answer: null, outcome: "ok",
    message: "", read_only: state.readonly || node.nodeType === "note",
    required: state.required, label: "", hint: "", choices: [],
  };
  if (wording) {
    step.label = state.label?.asString ?? "";
    step.hint = state.hint?.asString ?? "";
    step.choices = (state.valueOptions ?? []).map((o) => [o.value, o.label.asString]);
  }
  if (step.read_only) return step;
  const answer = answerTo(answers, state.reference) ?? "";
  if (answer !== "") {
    step.answer = answer;
    if (!put(node, answer)) return { ...step, outcome: "not offered" };
  }
  const violation = node.validationState.violation;
  if (violation) {
    step.outcome = ROLES[violation.condition];
    step.message = violation.message?.asString ?? "";
  }
  return step;
}

function put(node, answer) {
  if (node.nodeType === "select" || node.nodeType === "rank") {
    const codes = answer.split(" ");
    const offered = new Set(node.currentState.valueOptions.map((option) => option.value));
    if (!codes.every((code) => offered.has(code))) return false;
    if (node.nodeType === "rank") node.setValues(codes);
    else node.selectValues(codes);
  } else if (node.nodeType === "trigger") node.setValue(true);
  else node.setValue(answer);
  return true;
}
