/** The three newest pictures on the attract screen, laid out like prints; nothing where there are none. */
import { ask } from "./api.js";
import { made } from "./icons.js";

export class Latest {
  constructor(list) {
    this.list = list;
  }

  async refresh() {
    const { photos } = await ask("/api/gallery?count=3").catch(() => ({ photos: [] }));
    const drawn = photos.filter((photo) => photo.thumbnail_url);
    this.list.replaceChildren(...drawn.map(({ thumbnail_url: src }) => made("li", {}, made("img", { src, alt: "" }))));
  }
}
