// Runs in the browser. Everything that is shown is set as text: annotations and paths
// are the pods' own.

const MAX_REQUESTS = 200;

const $ = (id) => document.getElementById(id);

/** Makes an element with text or children. */
function make(tag, { text, className, title, ...rest } = {}, ...children) {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  if (className !== undefined) element.className = className;
  if (title !== undefined) element.title = title;
  for (const [name, value] of Object.entries(rest)) {
    element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

const view = { state: undefined, requests: [], key: "verdict", direction: 1 };

/** What a pod gets, in words; the worst comes first. */
function verdictOf({ decision, hostNetwork, phase, accountAnnotation }) {
  if (hostNetwork && accountAnnotation !== undefined) {
    return {
      rank: 0,
      kind: "bad",
      text: "in vain",
      why:
        "The pod is on the node's network, where its requests never come here",
    };
  }
  if (hostNetwork) {
    return {
      rank: 4,
      kind: "",
      text: "not served",
      why: "On the node's network",
    };
  }
  if (phase === "Succeeded" || phase === "Failed") {
    return { rank: 5, kind: "", text: phase.toLowerCase(), why: "" };
  }
  if (decision.outcome === "deny") {
    const isQuiet = decision.reason === "no-account";
    return {
      rank: isQuiet ? 3 : 1,
      kind: isQuiet ? "" : "bad",
      text: decision.reason,
      why: decision.message,
    };
  }
  if (decision.wouldDeny) {
    return {
      rank: 2,
      kind: "warn",
      text: "allowed",
      why: `In mode enforce: ${decision.wouldDeny}`,
    };
  }
  return { rank: 6, kind: "good", text: "allowed", why: "" };
}

function rowOf(pod) {
  const verdict = verdictOf(pod);
  const { account = "", scopes = [] } = pod.decision;
  return {
    verdict,
    pod: `${pod.namespace}/${pod.name}`,
    account: account || pod.accountAnnotation || "",
    scopes,
    address: pod.addresses.join(" "),
    source: pod,
  };
}

function compareRows(one, other) {
  const { key, direction } = view;
  const by = {
    verdict: () => one.verdict.rank - other.verdict.rank,
    scopes: () => one.scopes.length - other.scopes.length,
  }[key] ?? (() => one[key].localeCompare(other[key], "en", { numeric: true }));
  return by() * direction || one.pod.localeCompare(other.pod);
}

function showPods() {
  const words = $("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
  const isRefusedOnly = $("refused").checked;
  const rows = view.state.store.pods.map(rowOf);
  const shown = rows.filter(({ verdict, pod, account, address }) => {
    const text = [verdict.text, verdict.why, pod, account, address].join(" ")
      .toLowerCase();
    return words.every((word) => text.includes(word)) &&
      (!isRefusedOnly || verdict.rank < 4);
  }).sort(compareRows);
  $("count").textContent = `${shown.length} of ${rows.length}`;
  document.querySelector("#pod-table tbody").replaceChildren(
    ...shown.map((row) =>
      make(
        "tr",
        {},
        make(
          "td",
          {},
          make("span", {
            className: `badge ${row.verdict.kind}`,
            text: row.verdict.text,
          }),
          ...row.verdict.why
            ? [make("span", { className: "why", text: row.verdict.why })]
            : [],
        ),
        make(
          "td",
          {},
          make("span", {
            className: "namespace",
            text: `${row.source.namespace}/`,
          }),
          row.source.name,
        ),
        make("td", { text: row.account || "none", "data-label": "as" }),
        make("td", {
          className: "tight",
          title: row.scopes.join("\n"),
          text: row.scopes.length || "",
          "data-label": "scopes",
        }),
        make("td", {
          className: "tight",
          text: row.address,
          "data-label": "at",
        }),
      )
    ),
  );
}

function showState() {
  const { version, node, projectId, conditions, store, tokens } = view.state;
  $("place").textContent = [
    node && `node ${node}`,
    projectId && `project ${projectId}`,
    `version ${version}`,
  ]
    .filter(Boolean).join(" · ");
  $("conditions").replaceChildren(
    ...conditions.toSorted((one, other) => one.ok - other.ok).map((
      { name, ok, detail },
    ) =>
      make(
        "li",
        { className: ok ? "" : "bad" },
        make("strong", { text: `${ok ? "✓" : "✗"} ${name}` }),
        make("span", { className: "detail", text: detail }),
      )
    ),
  );
  const ranks = store.pods.map((pod) => verdictOf(pod).rank);
  const refused = ranks.filter((rank) => rank < 2).length;
  const totals = [
    ["refused", refused, refused > 0],
    ["allowed", ranks.filter((rank) => rank === 6 || rank === 2).length],
    ["without an account", ranks.filter((rank) => rank === 3).length],
    ["pods in all", store.pods.length],
    ["tokens in memory", tokens.length],
  ];
  $("totals").replaceChildren(
    ...totals.map(([name, value, isBad]) =>
      make(
        "div",
        { className: isBad ? "bad" : "" },
        make("dt", { text: name }),
        make("dd", { text: String(value) }),
      )
    ),
  );
  showTokens();
  showPods();
}

function showTokens() {
  const nowMs = Date.now();
  const sorted = view.state.tokens.toSorted((one, other) =>
    one.expiresAtMs - other.expiresAtMs
  );
  $("tokens").replaceChildren(...sorted.map((token) => {
    const {
      kind,
      account,
      detail,
      expiresAtMs,
      lifetimeSeconds,
      phase,
      holders,
    } = token;
    const secondsLeft = Math.max(0, Math.floor((expiresAtMs - nowMs) / 1000));
    const left = secondsLeft >= 120
      ? `${Math.floor(secondsLeft / 60)} min`
      : `${secondsLeft} s`;
    const pods = holders === 1 ? "1 pod" : `${holders} pods`;
    return make(
      "li",
      {},
      make(
        "div",
        { className: "head" },
        make("span", { text: account }),
        make("span", {
          className: "tight",
          text: phase === "fresh" ? left : `${left}, ${phase}`,
        }),
      ),
      make("meter", {
        min: "0",
        max: String(lifetimeSeconds),
        low: "300",
        high: "600",
        optimum: String(lifetimeSeconds),
        value: String(secondsLeft),
        "aria-label": `Time left of a token of ${account}`,
      }),
      make("div", { className: "detail", text: `${kind}, ${pods}: ${detail}` }),
    );
  }));
  if (sorted.length === 0) {
    $("tokens").append(make("li", { className: "quiet", text: "None yet" }));
  }
}

function kindOf({ status }) {
  return status >= 500 ? "bad" : status >= 400 ? "warn" : "good";
}

function showRequests() {
  const { requests } = view;
  const template = view.state?.traceUrlTemplate ?? "";
  document.querySelector("#request-table tbody").replaceChildren(
    ...requests.slice(0, 60).map((request) => {
      const { atMs, status, reason, pod, address, route, durationMs, traceId } =
        request;
      const time = new Date(atMs).toLocaleTimeString();
      const what = route.replace("/computeMetadata/v1/", "");
      return make(
        "tr",
        {},
        make(
          "td",
          { className: "tight" },
          template && traceId
            ? make("a", {
              href: template.replace("{traceId}", traceId),
              text: time,
              rel: "noreferrer",
              target: "_blank",
            })
            : time,
        ),
        make(
          "td",
          {},
          make("span", {
            className: `badge ${kindOf(request)}`,
            text: reason ?? String(status),
          }),
        ),
        make("td", { text: pod ?? address }),
        make("td", { text: what }),
        make("td", {
          className: "number tight",
          text: durationMs.toFixed(1),
          "data-label": "ms",
        }),
      );
    }),
  );
  showChart(requests.slice(0, 100).toReversed());
  const span = requests.length > 1
    ? requests[0].atMs - requests.at(-1).atMs
    : 0;
  $("rate").textContent = requests.length === 0
    ? "none yet"
    : `the last ${requests.length}${
      span > 10_000
        ? `, ${(requests.length / span * 60_000).toFixed(0)} a minute`
        : ""
    }`;
}

/** One bar a request, by the logarithm of its time: from 0.1 ms to 10 s. */
function showChart(requests) {
  const width = 600 / Math.max(requests.length, 40);
  $("chart").replaceChildren(...requests.map((request, index) => {
    const part = (Math.log10(Math.max(request.durationMs, 0.1)) + 1) / 5;
    const height = Math.max(3, Math.min(1, part) * 86);
    const bar = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    const place = {
      x: index * width,
      y: 88 - height,
      width: width * 0.75,
      height,
    };
    for (const [name, value] of Object.entries(place)) {
      bar.setAttribute(name, value.toFixed(1));
    }
    bar.setAttribute("class", kindOf(request));
    return bar;
  }));
}

function setLive(text, kind) {
  $("live").textContent = text;
  $("live").className = `badge ${kind}`;
}

function listen() {
  const events = new EventSource("/debug/events");
  events.addEventListener("open", () => {
    // All of the last requests come once more.
    view.requests = [];
    setLive("live", "good");
  });
  events.addEventListener(
    "error",
    () => setLive("connection lost, trying again", "bad"),
  );
  events.addEventListener("state", ({ data }) => {
    view.state = JSON.parse(data);
    showState();
  });
  events.addEventListener("requests", ({ data }) => {
    view.requests = [...JSON.parse(data), ...view.requests].slice(
      0,
      MAX_REQUESTS,
    );
    showRequests();
  });
}

$("filter").addEventListener("input", showPods);
$("refused").addEventListener("change", showPods);
for (const button of document.querySelectorAll("th button")) {
  button.addEventListener("click", () => {
    const { key } = button.dataset;
    view.direction = view.key === key ? -view.direction : 1;
    view.key = key;
    for (const other of document.querySelectorAll("#pod-table th")) {
      other.removeAttribute("aria-sort");
    }
    button.parentElement.setAttribute(
      "aria-sort",
      view.direction > 0 ? "ascending" : "descending",
    );
    showPods();
  });
}
$("config").addEventListener("toggle", async () => {
  if (!$("config").open) return;
  const answer = await fetch("/debug/config");
  $("config").querySelector("pre").textContent = await answer.text();
});
setInterval(() => view.state && showTokens(), 10_000);
listen();
