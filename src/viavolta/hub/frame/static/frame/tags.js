/* <vv-tags>: a text field of words with commas becomes tags that can be added and taken out. */
import { say } from "viavolta/words";

class Tags extends HTMLElement {
  connectedCallback() {
    this.field = this.querySelector("input");
    if (!this.field || this.querySelector(".tag-input")) return;
    this.tags = split(this.field.value);
    this.box = document.createElement("div");
    this.box.className = "tag-input";
    this.entry = document.createElement("input");
    this.entry.type = "text";
    this.entry.id = `${this.field.id}-entry`;
    this.entry.autocomplete = "off";
    for (const name of ["aria-describedby", "aria-invalid"]) {
      if (this.field.hasAttribute(name)) this.entry.setAttribute(name, this.field.getAttribute(name));
    }
    const list = this.field.getAttribute("list");
    if (list) this.entry.setAttribute("list", list);
    document.querySelector(`label[for="${this.field.id}"]`)?.setAttribute("for", this.entry.id);
    this.field.type = "hidden";
    this.entry.addEventListener("keydown", (event) => this.onKey(event));
    this.entry.addEventListener("change", () => this.take());
    this.append(this.box);
    this.draw();
  }

  onKey(event) {
    if (event.key === "Enter" || event.key === ",") {
      if (!this.entry.value.trim()) return;
      event.preventDefault();
      this.take();
    } else if (event.key === "Backspace" && !this.entry.value && this.tags.length) {
      this.tags.pop();
      this.draw();
      this.entry.focus();
    }
  }

  take() {
    for (const tag of split(this.entry.value)) if (!this.tags.includes(tag)) this.tags.push(tag);
    this.entry.value = "";
    this.draw();
    this.entry.focus();
  }

  draw() {
    this.field.value = this.tags.join(", ");
    const shown = this.tags.map((tag) => {
      const item = document.createElement("span");
      item.className = "tag";
      const remove = document.createElement("button");
      remove.type = "button";
      remove.textContent = "×";
      remove.setAttribute("aria-label", say("remove", { what: tag }));
      remove.addEventListener("click", () => {
        this.tags = this.tags.filter((other) => other !== tag);
        this.draw();
        this.entry.focus();
      });
      item.append(tag, remove);
      return item;
    });
    this.box.replaceChildren(...shown, this.entry);
  }
}

function split(text) {
  return text.split(/[,;\n]/).map((tag) => tag.trim()).filter(Boolean);
}

customElements.define("vv-tags", Tags);
