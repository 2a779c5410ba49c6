// What generated orders are made of: a small shop, with prices in integer cents.

export interface CatalogItem {
  readonly itemId: string;
  readonly unitPriceCents: number;
}

const products: readonly [name: string, unitPriceCents: number][] = [
  ["TEA-SENCHA", 895],
  ["TEA-ASSAM", 650],
  ["COFFEE-HOUSE", 1290],
  ["COFFEE-DECAF", 1390],
  ["MUG-STONE", 1450],
  ["KETTLE-STEEL", 5499],
  ["GRINDER-HAND", 7900],
  ["FILTER-PAPER", 425],
  ["SCALE-POCKET", 2999],
  ["CHOCOLATE-DARK", 349],
  ["BISCUIT-OAT", 280],
  ["HONEY-FOREST", 1175],
];

const packs: readonly [name: string, share: number][] = [
  ["S", 1],
  ["M", 2],
  ["L", 4],
  ["XL", 8],
];

/** Every product in every pack size: as many different lines as most generated orders have. */
export const catalog: readonly CatalogItem[] = products.flatMap(([product, unitPriceCents]) =>
  packs.map(([pack, share]) => ({ itemId: `${product}-${pack}`, unitPriceCents: unitPriceCents * share })),
);
