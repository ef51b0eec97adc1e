// What is pasted into a lesson from Word or a web page becomes Markdown: headings, lists, bold, italic, links and tables,
// and nothing else. Anything without these is pasted as the plain text it is.

const area = document.querySelector("#id_body");
const tools = document.querySelector("#tools");
const LEFT_OUT = new Set(["SCRIPT", "STYLE", "TITLE", "META", "LINK", "HEAD", "IMG", "SVG", "TEMPLATE", "NOSCRIPT", "XML"]);
const BLOCKS = "address,article,aside,blockquote,dd,div,dl,dt,figcaption,figure,footer,form,h1,h2,h3,h4,h5,h6,header,hr,li,main,nav,ol,p,pre,section,table,ul";
const STRUCTURE = "h1,h2,h3,h4,h5,h6,ul,ol,table,b,strong,i,em,a[href],[data-style*='font-weight'],[data-style*='mso-list']";

area.addEventListener("paste", (event) => {
  const html = event.clipboardData.getData("text/html");
  if (!html) return;
  const text = toMarkdown(html);
  const plain = event.clipboardData.getData("text/plain");
  if (text === null || words(text) === words(plain)) return; // the browser pastes the plain text
  event.preventDefault();
  if (!document.execCommand("insertText", false, text)) area.setRangeText(text, area.selectionStart, area.selectionEnd, "end");
  const status = document.querySelector("[data-kept-status]");
  if (status) status.textContent = tools.dataset.pasted;
});

const words = (text) => text.replace(/\s+/g, " ").trim();

// The Markdown of a piece of HTML; null if there is nothing in it that plain text would not say.
function toMarkdown(html) {
  const start = html.indexOf("<!--StartFragment-->");
  const end = html.lastIndexOf("<!--EndFragment-->");
  const fragment = start >= 0 && end > start ? html.slice(start + 20, end) : html;
  // Styles are read, never applied, and scripts neither: under their own names the browser would complain of them.
  const tame = (tag) => tag.replace(/(\s|\/|["'])(style|on\w+)\s*=/gi, "$1 data-$2=");
  const page = new DOMParser().parseFromString(fragment.replace(/<[a-z][^>]*>/gi, tame), "text/html");
  const first = page.body.firstElementChild;
  const isCode = /white-space:\s*pre\b/.test(style(first)) && page.body.children.length === 1; // from a code editor
  if (isCode || !page.body.querySelector(STRUCTURE)) return null;
  return blocks(page.body).join("\n\n").replace(/\n{3,}/g, "\n\n");
}

const style = (element) => element?.getAttribute("data-style")?.toLowerCase() ?? "";

// The blocks in an element, as Markdown. What stands between blocks is a paragraph.
function blocks(element) {
  const found = [];
  let loose = [];
  const flush = () => {
    found.push(...paragraphs(loose));
    loose = [];
  };
  for (const node of element.childNodes) {
    if (node.nodeType === Node.ELEMENT_NODE && (node.matches(BLOCKS) || node.querySelector(BLOCKS))) {
      flush();
      const made = LEFT_OUT.has(node.tagName.toUpperCase()) ? [] : block(node);
      const isEntry = (text) => /^ *(-|\d+\.) /.test(text);
      if (node.matches("[data-style*='mso-list']") && found.length && isEntry(found.at(-1).split("\n").at(-1))) {
        found.push(`${found.pop()}\n${made.join("\n")}`); // Word's entries are paragraphs that follow each other
      } else found.push(...made);
    } else loose.push(node);
  }
  flush();
  return found.filter((text) => text.trim());
}

function block(node) {
  const tag = node.tagName;
  if (/^H[1-6]$/.test(tag)) return heading(node);
  if (tag === "UL" || tag === "OL") return [list(node, 0)];
  if (tag === "TABLE") return table(node);
  if (style(node).includes("mso-list") && tag === "P") return [wordEntry(node)];
  return node.querySelector(BLOCKS) ? blocks(node) : paragraphs([...node.childNodes]);
}

// The title of the page is its only first heading, so those in the text begin with the second.
function heading(node) {
  const level = Math.min(Math.max(Number(node.tagName[1]), 2), 4);
  const text = words(node.textContent);
  return text ? [`${"#".repeat(level)} ${escape(text)}`] : [];
}

function list(node, depth) {
  let number = Number(node.getAttribute("start") ?? 1) || 1;
  const lines = [];
  for (const entry of node.children) {
    if (entry.matches("ul, ol")) lines.push(list(entry, depth + 1)); // Google's lists in lists
    if (entry.tagName !== "LI") continue;
    const inner = [...entry.childNodes].filter((one) => !(one.nodeType === 1 && one.matches("ul, ol")));
    const mark = node.tagName === "OL" ? `${number++}. ` : "- ";
    lines.push(`${"   ".repeat(depth)}${mark}${inline(inner).replace(/\s*\n\s*/g, " ").trim()}`);
    for (const below of entry.querySelectorAll(":scope > ul, :scope > ol")) lines.push(list(below, depth + 1));
  }
  return lines.join("\n");
}

// Word writes an entry as a paragraph with its bullet as text.
function wordEntry(node) {
  const level = Number(/level(\d)/.exec(style(node))?.[1] ?? 1) - 1;
  const bullet = node.querySelector("[data-style*='mso-list:ignore' i], [data-style*='mso-list: ignore' i]");
  const isNumber = /^\s*[\da-z]{1,3}[.)]/i.test(bullet?.textContent ?? "");
  bullet?.remove();
  return `${"   ".repeat(level)}${isNumber ? "1. " : "- "}${inline([...node.childNodes]).replace(/\s*\n\s*/g, " ").trim()}`;
}

// Rows of cells; the first is the head. A table of one column only arranges a page.
function table(node) {
  const rows = [...node.rows].map((row) => [...row.cells]);
  const width = Math.max(0, ...rows.map((row) => row.length));
  if (width < 2) return rows.flat().flatMap(blocks);
  const cell = (one) => (one ? inline([one], false).replace(/\s+/g, " ").trim().replace(/\|/g, "\\|") : "");
  const lines = rows.map((row) => `| ${Array.from({ length: width }, (_one, n) => cell(row[n])).join(" | ")} |`);
  lines.splice(1, 0, `|${" --- |".repeat(width)}`);
  return [lines.join("\n")];
}

function paragraphs(nodes) {
  return inline(nodes).split(/\n\s*\n/).map((text) => lead(text.replace(/ *\n */g, "\n").replace(/ {2,}/g, " ").trim())).filter(Boolean);
}

// --- Within a line ---------------------------------------------------------------------------------------------------

// Runs of text that look alike; Word cuts a bold sentence into many.
function inline(nodes, linked = true) {
  const runs = [];
  const add = (text, { bold, italic, href }) => {
    const last = runs.at(-1);
    const alike = last && last.href === href && ((last.bold === bold && last.italic === italic) || !text.trim());
    if (alike) last.text += text;
    else runs.push({ text, bold, italic, href });
  };
  for (const node of nodes) walk(node, { bold: false, italic: false, href: "" }, add);
  return runs.map((run) => marked(run, linked)).join("");
}

function walk(node, look, add) {
  if (node.nodeType === Node.TEXT_NODE) {
    return add(node.data.replace(/[\u200b\u00ad\ufeff]/g, "").replace(/[\s\u00a0]+/g, " "), look);
  }
  if (node.nodeType !== Node.ELEMENT_NODE || LEFT_OUT.has(node.tagName.toUpperCase())) return;
  if (node.tagName === "BR") return add("\n", look);
  const inner = { ...look, ...emphasis(node, look) };
  if (node.tagName === "A") inner.href = node.getAttribute("href") ?? "";
  for (const child of node.childNodes) walk(child, inner, add);
  if (node.matches("p, div, li, td") && node.nextElementSibling) add(" ", look);
}

function emphasis(node, look) {
  const said = style(node);
  const weight = /(?<![\w-])font-weight:\s*(\w+)/.exec(said)?.[1];
  const slant = /(?<![\w-])font-style:\s*(\w+)/.exec(said)?.[1];
  const bold = weight ? weight === "bold" || Number(weight) >= 600 : look.bold || node.matches("b, strong");
  return { bold, italic: slant ? slant === "italic" : look.italic || node.matches("i, em, cite") };
}

function marked({ text, bold, italic, href }, linked) {
  const [, left, core, right] = /^(\s*)([^]*?)(\s*)$/.exec(text);
  if (!core) return text;
  const mark = "*".repeat(2 * bold + italic);
  const target = linked || !href ? address(href) : "";
  const whole = mark + escape(core) + mark;
  if (target.startsWith("/") || target.startsWith("#")) return `${left}[${whole}](${target})${right}`;
  const isSame = core === target || core === target.replace(/^https?:\/\/|^mailto:|\/$/g, "");
  return `${left}${whole}${target && !isSame ? ` (${escape(target)})` : ""}${right}`;
}

// Links of this site stay links. Lessons have no links to others, so of those the address is kept, in brackets.
function address(href) {
  if (!href) return "";
  try {
    const url = new URL(href, location.href);
    if (url.origin === location.origin) return `${url.pathname}${url.hash}`.replace(/[\s()\\]/g, encodeURIComponent);
    return ["http:", "https:", "mailto:"].includes(url.protocol) ? url.href : "";
  } catch {
    return "";
  }
}

// What Markdown would take for more than a letter.
function escape(text) {
  return text
    .replace(/[\\*`[\]]/g, "\\$&")
    .replace(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, "\\_")
    .replace(/&(?=#?\w+;)/g, "\\&");
}

// What it would take for more at the beginning of a line.
function lead(text) {
  return text.replace(/^(#{1,6}(?=\s)|[-+>|](?=\s|$)|:::|[-=]{2,}$)/gm, "\\$1").replace(/^(\d+)([.)])(?=\s)/gm, "$1\\$2");
}
