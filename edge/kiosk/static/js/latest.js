/** The three newest pictures on the attract screen, laid out like prints; nothing where the gallery is closed or empty. */
import { ask } from "./api.js";
import { made } from "./icons.js";

export class Latest {
  constructor(list) {
    this.list = list;
  }

  async refresh() {
    const { photos } = await ask("/api/gallery?count=3").catch(() => ({ photos: [] }));
    this.list.replaceChildren(...photos.map((photo) => made("li", {}, made("img", { src: photo.thumbnail_url, alt: "" }))));
  }
}
